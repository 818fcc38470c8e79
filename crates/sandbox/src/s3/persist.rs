//! Buckets in a data directory: one small file for a bucket's settings, one for each key, one for each upload.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::model::{
    Bucket, BucketSettings, Object, Part, StoredKey, StoredPart, StoredUpload, StoredVersion, Upload, Version,
};
use super::store::Dirty;
use crate::error::SandboxError;
use crate::storage::content::{Content, ContentFile, Piece, StoredPiece};
use crate::storage::files::{read_json, read_json_directory, write_json};
use crate::storage::{BlobDirectory, BlobStore};

/// Where buckets are written down.
pub(crate) struct Persist {
    directory: PathBuf,
}

impl Persist {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn bucket_directory(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn key_file(&self, bucket: &str, key: &str) -> PathBuf {
        // keys may be longer than file names
        let name = format!("{}.json", hex::encode(Sha256::digest(key.as_bytes())));
        self.bucket_directory(bucket).join("keys").join(name)
    }

    fn upload_file(&self, bucket: &str, id: &str) -> PathBuf {
        self.bucket_directory(bucket).join("uploads").join(format!("{id}.json"))
    }

    /// Writes what is dirty.
    pub(crate) fn write(&self, bucket: &Bucket, dirty: &Dirty) -> std::io::Result<()> {
        let name = &bucket.settings.name;
        if dirty.settings {
            write_json(&self.bucket_directory(name).join("settings.json"), &bucket.settings)?;
        }
        for key in &dirty.keys {
            let file = self.key_file(name, key);
            match bucket.objects.get(key) {
                Some(versions) => write_json(&file, &stored_key(key, versions))?,
                None => remove(&file)?,
            }
        }
        for upload_name in &dirty.uploads {
            let file = self.upload_file(name, &upload_name.1);
            match bucket.uploads.get(upload_name) {
                Some(upload) => write_json(&file, &stored_upload(upload))?,
                None => remove(&file)?,
            }
        }
        Ok(())
    }

    pub(crate) fn remove_bucket(&self, name: &str) -> std::io::Result<()> {
        std::fs::remove_dir_all(self.bucket_directory(name))
    }

    /// Reads everything, and deletes content files that nothing points to.
    pub(crate) fn load(&self, blobs: &BlobStore) -> Result<BTreeMap<String, Bucket>, SandboxError> {
        let failed = |error: std::io::Error| SandboxError::Data {
            path: self.directory.clone(),
            reason: error.to_string(),
        };
        std::fs::create_dir_all(&self.directory).map_err(failed)?;
        let mut buckets = BTreeMap::new();
        let Some(directory) = blobs.directory() else { return Ok(buckets) };
        let mut contents = Contents { directory: directory.clone(), files: HashMap::new() };
        for entry in std::fs::read_dir(&self.directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(settings) = read_json::<BucketSettings>(&path.join("settings.json"))? else { continue };
            let mut bucket = Bucket {
                settings,
                objects: BTreeMap::new(),
                uploads: BTreeMap::new(),
                completed: Default::default(),
            };
            for (_, stored) in read_json_directory::<StoredKey>(&path.join("keys"))? {
                bucket.objects.insert(stored.key, contents.versions(stored.versions));
            }
            for (_, stored) in read_json_directory::<StoredUpload>(&path.join("uploads"))? {
                let name = (stored.facts.key.clone(), stored.facts.id.clone());
                bucket.uploads.insert(name, contents.upload(stored));
            }
            buckets.insert(bucket.settings.name.clone(), bucket);
        }
        contents.delete_strays().map_err(failed)?;
        Ok(buckets)
    }
}

fn remove(file: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn stored_key(key: &str, versions: &[Version]) -> StoredKey {
    let versions = versions
        .iter()
        .map(|version| StoredVersion {
            id: version.id.clone(),
            modified: version.modified,
            owner: version.owner.clone(),
            facts: version.object.as_ref().map(|object| object.facts.clone()),
            content: version.object.as_ref().map(|object| object.content.stored()).unwrap_or_default(),
        })
        .collect();
    StoredKey { key: key.to_owned(), versions }
}

fn stored_upload(upload: &Upload) -> StoredUpload {
    let parts = upload
        .parts
        .iter()
        .map(|(number, part)| {
            let stored = StoredPart {
                content: part.content.stored(),
                etag: part.etag.clone(),
                checksum: part.checksum.clone(),
                modified: part.modified,
            };
            (*number, stored)
        })
        .collect();
    StoredUpload { facts: upload.facts.clone(), parts }
}

/// Content files by id, each shared by all that point to it.
struct Contents {
    directory: Arc<BlobDirectory>,
    files: HashMap<String, Arc<ContentFile>>,
}

impl Contents {
    fn content(&mut self, pieces: Vec<StoredPiece>) -> Content {
        let pieces = pieces
            .into_iter()
            .map(|piece| {
                let directory = &self.directory;
                let file = self.files.entry(piece.file.clone()).or_insert_with(|| {
                    Arc::new(ContentFile { id: piece.file, directory: directory.clone() })
                });
                Piece::File { file: file.clone(), range: piece.start..piece.end }
            })
            .collect();
        Content::from_pieces(pieces)
    }

    fn versions(&mut self, stored: Vec<StoredVersion>) -> Vec<Version> {
        stored
            .into_iter()
            .map(|version| {
                let content = self.content(version.content);
                Version {
                    id: version.id,
                    modified: version.modified,
                    owner: version.owner,
                    object: version.facts.map(|facts| Arc::new(Object { content, facts })),
                }
            })
            .collect()
    }

    fn upload(&mut self, stored: StoredUpload) -> Upload {
        let parts = stored
            .parts
            .into_iter()
            .map(|(number, part)| {
                let content = self.content(part.content);
                (number, Part { content, etag: part.etag, checksum: part.checksum, modified: part.modified })
            })
            .collect();
        Upload { facts: stored.facts, parts }
    }

    fn delete_strays(&self) -> std::io::Result<()> {
        let known: HashSet<&str> = self.files.keys().map(String::as_str).collect();
        for entry in std::fs::read_dir(self.directory.path())? {
            let entry = entry?;
            if entry.file_name().to_str().is_none_or(|name| !known.contains(name)) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}
