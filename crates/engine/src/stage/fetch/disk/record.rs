//! How a range lies in a file of the cache: a head of fixed length, what it is as JSON, its bytes.
//!
//! Both parts have a checksum, and what is read must say that it is what was looked for: a file that was cut
//! short or changed holds nothing, never something else.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use flate2::Crc;
use object_store::ObjectMeta;
use serde::{Deserialize, Serialize};

use crate::stage::fetch::ranges::FileKey;

const MAGIC: [u8; 4] = *b"SDR1";
/// Magic, length of the description, length of the bytes, checksums of both.
const FIXED_BYTES: usize = 24;
const DESCRIPTION_BYTES_MAX: usize = 16 << 10;

/// What a range is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) binding: String,
    pub(super) path: String,
    pub(super) e_tag: String,
    pub(super) file_bytes: u64,
    pub(super) modified_ms: i64,
    pub(super) start: u64,
    pub(super) read_at_ms: i64,
}

impl Description {
    pub(super) fn file_key(&self) -> FileKey {
        let Self { binding, path, e_tag, .. } = self.clone();
        FileKey { binding, path, e_tag }
    }

    pub(super) fn meta(&self) -> Option<ObjectMeta> {
        Some(ObjectMeta {
            location: credentials::path_of_text(&self.path),
            last_modified: chrono::DateTime::from_timestamp_millis(self.modified_ms)?,
            size: self.file_bytes,
            e_tag: Some(self.e_tag.clone()),
            version: None,
        })
    }
}

/// The head of a record that was found.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) description: Description,
    /// Where in the file the bytes begin.
    pub(super) bytes_at: u64,
    pub(super) bytes: u64,
    checksum: u32,
}

impl Head {
    /// Where the next record begins.
    pub(super) fn end(&self) -> u64 {
        self.bytes_at.saturating_add(self.bytes)
    }
}

/// What is written before the bytes; `None` for a description that is too long to be read again.
pub(super) fn encode_head(description: &Description, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = serde_json::to_vec(description).ok().filter(|text| text.len() <= DESCRIPTION_BYTES_MAX)?;
    let mut head = Vec::with_capacity(FIXED_BYTES + text.len());
    head.extend(MAGIC);
    head.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
    head.extend((bytes.len() as u64).to_le_bytes());
    head.extend(checksum(bytes).to_le_bytes());
    let mut described = Crc::new();
    described.update(&head);
    described.update(&text);
    head.extend(described.sum().to_le_bytes());
    head.extend(text);
    Some(head)
}

/// The head at that place of the file; `None` where there is none that is whole.
pub(super) fn read_head(file: &File, at: u64) -> Option<Head> {
    let mut fixed = [0; FIXED_BYTES];
    file.read_exact_at(&mut fixed, at).ok()?;
    let (front, described) = fixed.split_at(FIXED_BYTES - 4);
    let number = |from: usize| -> Option<u32> {
        Some(u32::from_le_bytes(front.get(from..from + 4)?.try_into().ok()?))
    };
    let length = usize::try_from(number(4)?).ok()?;
    if !front.starts_with(&MAGIC) || length > DESCRIPTION_BYTES_MAX {
        return None;
    }
    let mut text = vec![0; length];
    file.read_exact_at(&mut text, at + FIXED_BYTES as u64).ok()?;
    let mut sum = Crc::new();
    sum.update(front);
    sum.update(&text);
    if described != sum.sum().to_le_bytes() {
        return None;
    }
    Some(Head {
        description: serde_json::from_slice(&text).ok()?,
        bytes_at: at + (FIXED_BYTES + length) as u64,
        bytes: u64::from(number(8)?) | u64::from(number(12)?) << 32,
        checksum: number(16)?,
    })
}

/// The bytes of a record, if they are what was written.
pub(super) fn read_bytes(file: &File, head: &Head) -> Option<Bytes> {
    let mut bytes = vec![0; usize::try_from(head.bytes).ok()?];
    file.read_exact_at(&mut bytes, head.bytes_at).ok()?;
    (checksum(&bytes) == head.checksum).then(|| bytes.into())
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum.sum()
}
