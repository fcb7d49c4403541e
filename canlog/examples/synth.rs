//! Writes a made-up drive for measurements: `drive.dbc`, `drive.log` (candump) and `drive.csv` (team CSV).
//!
//! `cargo run --release -p canlog --example synth -- FOLDER [SECONDS]`; without seconds 2,600: 5.46 million
//! frames, 140 signals in 30 messages.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use canlog::synth::{Drive, LogShape};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("a folder to write to is needed")?);
    let drive = match arguments.next() {
        Some(seconds) => Drive { seconds: seconds.parse()?, ..Drive::bench() },
        None => Drive::bench(),
    };
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("drive.dbc"), drive.dbc())?;
    for (name, shape) in [("drive.log", LogShape::Candump), ("drive.csv", LogShape::TeamCsv)] {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.join(name))?);
        drive.write_log(shape, &mut out)?;
        out.flush()?;
    }
    Ok(())
}
