//! Where bytes live: in memory, or in files when the sandbox has a data directory.

pub(crate) mod content;
pub(crate) mod files;
pub(crate) mod reader;
pub(crate) mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::SandboxError;

/// Makes writers and remembers where files go.
#[derive(Clone)]
pub(crate) struct BlobStore {
    directory: Option<Arc<BlobDirectory>>,
}

/// The directory of content files.
pub(crate) struct BlobDirectory {
    path: PathBuf,
    /// set before the state is dropped at the end, so that dropping contents no longer deletes their files
    keep_files: AtomicBool,
}

impl BlobStore {
    /// In memory without a data directory.
    pub(crate) fn open(data: Option<&Path>) -> Result<Self, SandboxError> {
        let Some(data) = data else { return Ok(Self { directory: None }) };
        let path = data.join("blobs");
        std::fs::create_dir_all(&path)
            .map_err(|error| SandboxError::Data { path: path.clone(), reason: error.to_string() })?;
        Ok(Self { directory: Some(Arc::new(BlobDirectory { path, keep_files: AtomicBool::new(false) })) })
    }

    pub(crate) fn writer(&self, expected: Option<u64>) -> writer::ContentWriter {
        writer::ContentWriter::new(self.directory.clone(), expected)
    }

    pub(crate) fn directory(&self) -> Option<&Arc<BlobDirectory>> {
        self.directory.as_ref()
    }

    /// From now on, files outlive the contents that point to them.
    pub(crate) fn keep_files(&self) {
        if let Some(directory) = &self.directory {
            directory.keep_files.store(true, Ordering::Relaxed);
        }
    }
}

impl BlobDirectory {
    pub(crate) fn path_of(&self, id: &str) -> PathBuf {
        self.path.join(id)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn forget(&self, id: &str) {
        if !self.keep_files.load(Ordering::Relaxed) {
            let _ = std::fs::remove_file(self.path_of(id));
        }
    }
}
