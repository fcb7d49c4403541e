//! Local folders: private ones, their free room, what they lie on, leftovers in them.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::{KeyPrefix, ObjectKey};

/// Makes the folder and its parents, readable by their owner only. One that exists is left as it is.
///
/// # Errors
/// When it cannot be made, or the name is taken by something else.
pub fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// As [`make_private`], and refuses a symbolic link: it would lead writes elsewhere.
pub(crate) fn make_private_here(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.file_type().is_symlink() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link"))
        }
        _ => make_private(folder),
    }
}

/// Bytes that an ordinary user can still write where `folder` lies.
pub(crate) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let figures = rustix::fs::statvfs(folder)?;
    Ok(figures.f_bavail.saturating_mul(figures.f_frsize))
}

/// The kind of network file system that `folder` lies on; `None` on a local disk.
///
/// # Errors
/// When there is no such folder.
pub fn network_file_system(folder: &Path) -> io::Result<Option<&'static str>> {
    let magic = u64::try_from(rustix::fs::statfs(folder)?.f_type).unwrap_or(0) & 0xFFFF_FFFF;
    Ok(network_kind(magic))
}

fn network_kind(magic: u64) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0xFF53_4D42 | 0xFE53_4D42 | 0x517B => Some("SMB"),
        0x0102_1997 => Some("9P"),
        0x6573_5546 => Some("FUSE"),
        0x00C3_6400 => Some("CephFS"),
        0x0BD0_0BD0 => Some("Lustre"),
        0x5346_414F => Some("AFS"),
        _ => None,
    }
}

/// What a killed writer left beside `path`: `path#1`, `path#2` …
pub(crate) fn staging_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().and_then(staged_name).is_some_and(|staged| staged == name) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Removes what killed writers left in `folder` of objects under `prefix`, then the folder if it is empty.
pub(crate) fn sweep(folder: &Path, prefix: KeyPrefix) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let target = name.to_str().and_then(staged_name);
        if target.is_some_and(|target| format!("{prefix}/{target}").parse::<ObjectKey>().is_ok()) {
            fs::remove_file(entry.path())?;
        }
    }
    if let KeyPrefix::Conversion { .. } = prefix {
        // Not empty: something that is not ours lies there, and stays.
        let _ = fs::remove_dir(folder);
        let _ = folder.parent().map(fs::remove_dir);
    }
    Ok(())
}

/// The name that a staging file's content was meant for.
pub(crate) fn staged_name(name: &str) -> Option<&str> {
    let (target, number) = name.rsplit_once('#')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_told_from_local_ones() {
        // As statfs(2) lists them: NFS, CIFS, SMB2, 9P, FUSE; ext4, XFS, tmpfs, overlayfs.
        for magic in [0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x6573_5546] {
            assert!(network_kind(magic).is_some(), "{magic:x}");
        }
        for magic in [0xEF53, 0x5846_5342, 0x0102_1994, 0x794C_7630] {
            assert_eq!(network_kind(magic), None, "{magic:x}");
        }
        assert_eq!(network_file_system(Path::new("/proc")).unwrap(), None);
    }
}
