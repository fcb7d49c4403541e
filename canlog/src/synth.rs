//! A made-up drive: its DBC and its log, for benches, tests and the demonstration.
//!
//! Smooth signals that follow wandering targets, with sensor noise of a few steps; states with value
//! tables; counters; ids of both kinds on one or more buses, sent at 10 to 200 Hz with the jitter of
//! arbitration. The same settings make the same bytes on every machine: only additions and
//! multiplications of its own generator go in.

use std::fmt::Write as _;
use std::io::{self, Write};

mod line;
mod signal;

use line::LineWriter;
use signal::{Channel, LAYOUTS, Layout, Random};

/// Frames a second of each message, by its number.
const RATES: [u32; 10] = [200, 100, 100, 50, 50, 100, 20, 50, 20, 10];
/// The frame that carries one of three pages, and how often a second.
const PAGED: (u32, u32) = (0x6F0, 20);
/// The first id that the DBC leaves out, and how often a second each is sent.
const UNKNOWN: (u32, u32) = (0x700, 10);
/// Most microseconds that a frame is late.
const JITTER: u64 = 200;

/// The settings of a drive. It starts 2024-06-01 09:00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drive {
    /// Same seed, same drive.
    pub seed: u64,
    /// How long it lasts, at most 29 days.
    pub seconds: u32,
    /// Plain messages, at most 200; three carry 14 signals.
    pub messages: u32,
    /// Buses (`can0` …) the messages are spread over, at least one.
    pub buses: u32,
    /// Whether states have value tables.
    pub value_tables: bool,
    /// Whether there is a multiplexed message, too.
    pub multiplexed: bool,
    /// How many ids are sent that the DBC does not know.
    pub unknown_ids: u32,
    /// A broken line after every so many frames; 0: none.
    pub bad_line_every: u64,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogShape {
    /// `(1717232400.000000) can0 100#0011223344556677`
    Candump,
    /// `year,month,day,hour,min,sec,ms,id,data`, UTC
    TeamCsv,
}

/// What a written log holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriveCounts {
    /// Frames, those of unknown ids among them.
    pub frames: u64,
    /// Frames of ids that the DBC does not know.
    pub unknown: u64,
    /// Broken lines.
    pub bad_lines: u64,
}

impl Drive {
    /// 30 messages, 140 signals, 5.46 million frames: what throughput is measured with.
    #[must_use]
    pub fn bench() -> Self {
        Self { messages: 30, seconds: 2_600, ..Self::demo().plain() }
    }

    /// A few minutes with some of everything, for a first look.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            seed: 2_024,
            seconds: 240,
            messages: 12,
            buses: 2,
            value_tables: true,
            multiplexed: true,
            unknown_ids: 3,
            bad_line_every: 20_000,
        }
    }

    /// The same drive without multiplexing, unknown ids and broken lines.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { multiplexed: false, unknown_ids: 0, bad_line_every: 0, ..self }
    }

    /// The DBC that decodes the drive.
    #[must_use]
    pub fn dbc(&self) -> String {
        let mut text = String::from("VERSION \"1\"\n\nNS_ :\n\nBS_:\n\nBU_: Car\n\n");
        let mut tables = String::new();
        for number in 0..self.messages {
            let (layout, id) = (layout(number), id(number));
            let flagged = if id > 0x7FF { id | 0x8000_0000 } else { id };
            _ = writeln!(text, "BO_ {flagged} {}{}: 8 Car", layout.name, number / 3 + 1);
            for signal in layout.signals {
                _ = writeln!(text, " {}", signal.declaration(layout.big_endian));
                if self.value_tables && !signal.labels.is_empty() {
                    _ = writeln!(tables, "VAL_ {flagged} {} {};", signal.name, signal.labels);
                }
            }
            text.push('\n');
        }
        if self.multiplexed {
            text.push_str(&paged_declaration());
        }
        text + &tables
    }

    /// Writes the log.
    ///
    /// # Errors
    /// Whatever `out` answers.
    pub fn write_log(&self, shape: LogShape, out: &mut dyn Write) -> io::Result<DriveCounts> {
        let mut random = Random::new(self.seed);
        let mut senders = self.senders(&mut random);
        let mut lines = LineWriter::new(shape, out)?;
        let mut counts = DriveCounts::default();
        let end = u64::from(self.seconds) * 1_000_000;
        while let Some(sender) = senders.iter_mut().min_by_key(|sender| sender.due).filter(|s| s.due < end) {
            let payload = sender.payload(&mut random);
            lines.frame(sender.due, sender.bus, sender.id, payload)?;
            counts.frames += 1;
            counts.unknown += u64::from(sender.kind == Kind::Unknown);
            if self.bad_line_every > 0 && counts.frames.is_multiple_of(self.bad_line_every) {
                lines.broken(sender.due, sender.bus, sender.id)?;
                counts.bad_lines += 1;
            }
            sender.schedule(&mut random);
        }
        lines.finish()?;
        Ok(counts)
    }

    fn senders(&self, random: &mut Random) -> Vec<Sender> {
        let plain = (0..self.messages).map(|number| {
            let channels = layout(number).signals.iter().map(Channel::new).collect();
            (id(number), RATES[number as usize % RATES.len()], Kind::Plain(layout(number)), channels)
        });
        let paged = self.multiplexed.then_some((PAGED.0, PAGED.1, Kind::Paged, Vec::new()));
        let unknown = (0..self.unknown_ids).map(|n| (UNKNOWN.0 + n, UNKNOWN.1, Kind::Unknown, Vec::new()));
        let all = plain.chain(paged).chain(unknown).enumerate();
        all.map(|(at, (id, rate, kind, channels))| {
            let period = 1_000_000 / u64::from(rate);
            let bus = at as u32 % self.buses.max(1);
            let mut sender =
                Sender { id, bus, kind, channels, period, nominal: random.below(period), due: 0, sent: 0 };
            sender.due = sender.nominal;
            sender
        })
        .collect()
    }
}

fn layout(number: u32) -> &'static Layout {
    // A sixth has the wheels instead of the inertial sensor: big-endian signals of the same count.
    match number % 6 {
        5 => &LAYOUTS[3],
        other => &LAYOUTS[other as usize % 3],
    }
}

fn id(number: u32) -> u32 {
    if number % 3 == 2 { 0x18F0_0021 + number * 0x100 } else { 0x100 + number * 4 }
}

fn paged_declaration() -> String {
    let mut text = format!("BO_ {} Diagnosis: 8 Car\n SG_ Page M : 0|8@1+ (1,0) [0|2] \"\" Car\n", PAGED.0);
    for page in 0..3 {
        for (place, start) in ["A", "B", "C"].into_iter().zip([8, 24, 40]) {
            _ = writeln!(text, " SG_ Cell{page}{place} m{page} : {start}|16@1+ (0.0001,0) [0|5] \"V\" Car");
        }
    }
    text + "\n"
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain(&'static Layout),
    Paged,
    Unknown,
}

struct Sender {
    id: u32,
    bus: u32,
    kind: Kind,
    channels: Vec<Channel>,
    period: u64,
    nominal: u64,
    due: u64,
    sent: u64,
}

impl Sender {
    fn payload(&mut self, random: &mut Random) -> u64 {
        self.sent += 1;
        match self.kind {
            Kind::Plain(layout) => {
                let channels = self.channels.iter_mut().zip(layout.signals);
                channels.fold(0, |word, (channel, signal)| {
                    word | signal.place(channel.next(signal, random), layout.big_endian)
                })
            }
            Kind::Paged => {
                let cells =
                    (0..3).fold(0, |word, cell| word | (36_000 + random.below(300)) << (8 + 16 * cell));
                cells | (self.sent % 3)
            }
            Kind::Unknown => random.next_bits(),
        }
    }

    fn schedule(&mut self, random: &mut Random) {
        self.nominal += self.period;
        self.due = self.nominal + random.below(JITTER);
    }
}
