//! Small JSON files, each replaced as a whole, so that a killed process leaves the old one or the new one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::SandboxError;

/// Writes a value beside the old file and renames it into place.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let temporary = path.with_extension("tmp");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // secrets are in some of these files
        options.mode(0o600);
    }
    let mut file = std::io::BufWriter::new(options.open(&temporary)?);
    serde_json::to_writer(&mut file, value)?;
    file.flush()?;
    drop(file);
    std::fs::rename(&temporary, path)
}

/// Reads a value; `None` when there is no file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, SandboxError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SandboxError::Data { path: path.to_owned(), reason: error.to_string() }),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| SandboxError::Data { path: path.to_owned(), reason: error.to_string() })
}

/// Reads every `.json` file of a directory; none when there is no directory.
pub(crate) fn read_json_directory<T: DeserializeOwned>(
    directory: &Path,
) -> Result<Vec<(PathBuf, T)>, SandboxError> {
    let failed =
        |error: std::io::Error| SandboxError::Data { path: directory.to_owned(), reason: error.to_string() };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut values = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Some(value) = read_json(&path)?
        {
            values.push((path, value));
        }
    }
    Ok(values)
}
