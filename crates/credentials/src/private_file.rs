//! Files that only the server's own user may read: keys. They appear whole or not at all.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// The file's text; `None` when there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Makes the file; `false` when there is one already. Two servers that start at once on one folder must end with
/// the same keys: a link fails when another was quicker.
pub(crate) fn create(path: &Path, text: &str) -> Result<bool, String> {
    let draft = write_draft(path, text)?;
    let linked = std::fs::hard_link(&draft, path);
    let _ = std::fs::remove_file(&draft);
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

/// Puts a new text in the place of the file's.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let draft = write_draft(path, text)?;
    std::fs::rename(&draft, path).map_err(|error| {
        let _ = std::fs::remove_file(&draft);
        error.to_string()
    })
}

fn write_draft(path: &Path, text: &str) -> Result<PathBuf, String> {
    let mut suffix = [0u8; 8];
    SystemRandom::new().fill(&mut suffix).map_err(|_| "the system has no randomness to give".to_owned())?;
    let draft = path.with_extension(format!("{:016x}.new", u64::from_be_bytes(suffix)));
    write_private(&draft, text).map_err(|error| {
        let _ = std::fs::remove_file(&draft);
        error.to_string()
    })?;
    Ok(draft)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
