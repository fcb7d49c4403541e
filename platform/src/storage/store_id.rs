//! The mark of a folder, by which a worker knows that it sees the API's bytes.

use std::{fs, io, path::Path};

use uuid::Uuid;

/// Its file.
const NAME: &str = ".dataviewer-store-id";

/// The id in `folder`; a new one when there is none.
pub(super) fn of(folder: &Path) -> io::Result<Uuid> {
    let path = folder.join(NAME);
    match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let id = Uuid::new_v4();
    // Written aside and linked: whoever comes second finds the whole id of the first.
    let aside = folder.join(format!("{NAME}.{id}"));
    fs::write(&aside, format!("{id}\n"))?;
    let linked = fs::hard_link(&aside, &path);
    fs::remove_file(&aside)?;
    match linked {
        Ok(()) => Ok(id),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path),
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> io::Result<Uuid> {
    let text = fs::read_to_string(path)?;
    text.trim().parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it holds no UUID"))
}
