//! What a bucket holds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::acl::Acl;
use super::checksum::{Checksum, ChecksumAlgorithm, ChecksumType};
use super::encryption::Encryption;
use super::locks::Locks;
use super::policy::BucketPolicy;
use crate::storage::content::{Content, StoredPiece};

/// The version id of objects written while versioning is off.
pub(crate) const NULL_VERSION: &str = "null";

/// A bucket and everything in it.
pub(crate) struct Bucket {
    pub(crate) settings: BucketSettings,
    /// versions of each key, newest first
    pub(crate) objects: BTreeMap<String, Vec<Version>>,
    pub(crate) uploads: BTreeMap<UploadName, Upload>,
    /// uploads that were completed lately, oldest first: completing one again is no error
    pub(crate) completed: VecDeque<CompletedUpload>,
}

/// An upload that is an object now.
pub(crate) struct CompletedUpload {
    pub(crate) name: UploadName,
    /// what the client listed: number and ETag of each part
    pub(crate) parts: Vec<(u16, String)>,
    pub(crate) object: Arc<Object>,
    pub(crate) version_id: Option<String>,
}

/// Uploads are listed by key, then by id.
pub(crate) type UploadName = (String, String);

/// What is known of a bucket besides its objects.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct BucketSettings {
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) region: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) created: OffsetDateTime,
    pub(crate) versioning: Versioning,
    pub(crate) object_lock: bool,
    pub(crate) ownership: Option<Ownership>,
    pub(crate) public_access_block: Option<PublicAccessBlock>,
    pub(crate) policy: Option<BucketPolicy>,
    pub(crate) acl: Acl,
    pub(crate) tags: Option<BTreeMap<String, String>>,
    /// documents that are stored and given back, by the name of their sub-resource
    pub(crate) documents: BTreeMap<String, String>,
}

impl BucketSettings {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }

    pub(crate) fn acls_disabled(&self) -> bool {
        self.ownership == Some(Ownership::BucketOwnerEnforced)
    }
}

/// Whether old versions of an object are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Versioning {
    Off,
    Enabled,
    Suspended,
}

/// Who owns the objects that others write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ownership {
    BucketOwnerEnforced,
    BucketOwnerPreferred,
    ObjectWriter,
}

impl Ownership {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::BucketOwnerEnforced => "BucketOwnerEnforced",
            Self::BucketOwnerPreferred => "BucketOwnerPreferred",
            Self::ObjectWriter => "ObjectWriter",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::BucketOwnerEnforced, Self::BucketOwnerPreferred, Self::ObjectWriter]
            .into_iter()
            .find(|ownership| ownership.as_str() == text)
    }
}

/// The four switches of Block Public Access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublicAccessBlock {
    pub(crate) block_acls: bool,
    pub(crate) ignore_acls: bool,
    pub(crate) block_policy: bool,
    pub(crate) restrict_buckets: bool,
}

impl PublicAccessBlock {
    /// What new buckets have.
    pub(crate) const ALL: Self =
        Self { block_acls: true, ignore_acls: true, block_policy: true, restrict_buckets: true };
}

/// One version of a key: an object, or a marker that it was deleted.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) modified: OffsetDateTime,
    pub(crate) owner: String,
    /// `None` is a delete marker.
    pub(crate) object: Option<Arc<Object>>,
}

/// An object's bytes and all that was said about them.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) content: Content,
    pub(crate) facts: ObjectFacts,
}

/// All of an object but its bytes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ObjectFacts {
    pub(crate) etag: String,
    pub(crate) description: Description,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) checksum: Option<Checksum>,
    /// the parts of a multipart upload
    pub(crate) parts: Vec<PartFacts>,
    pub(crate) acl: Acl,
    pub(crate) locks: Locks,
    /// until when an archived object can be read
    #[serde(default, with = "time::serde::timestamp::option")]
    pub(crate) restored_until: Option<OffsetDateTime>,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) modified: OffsetDateTime,
}

/// What the client says of an object and gets back with it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) content_type: Option<String>,
    pub(crate) cache_control: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) website_redirect: Option<String>,
    pub(crate) storage_class: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// the client wrote its metadata in Latin-1
    #[serde(default)]
    pub(crate) metadata_is_latin1: bool,
    pub(crate) encryption: Encryption,
}

/// A part of a finished multipart upload.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PartFacts {
    pub(crate) number: u16,
    pub(crate) size: u64,
    pub(crate) checksum: Option<Checksum>,
}

/// A multipart upload under way.
#[derive(Clone)]
pub(crate) struct Upload {
    pub(crate) facts: UploadFacts,
    pub(crate) parts: BTreeMap<u16, Part>,
}

/// An upload without its parts.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UploadFacts {
    pub(crate) key: String,
    pub(crate) id: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) initiated: OffsetDateTime,
    pub(crate) owner: String,
    pub(crate) initiator: String,
    pub(crate) initiator_arn: String,
    pub(crate) description: Description,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) acl: Acl,
    pub(crate) locks: Locks,
    pub(crate) checksum_algorithm: Option<ChecksumAlgorithm>,
    pub(crate) checksum_type: Option<ChecksumType>,
}

/// An uploaded part.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) content: Content,
    pub(crate) etag: String,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) modified: OffsetDateTime,
}

/// The versions of a key as they are written down.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredKey {
    pub(crate) key: String,
    pub(crate) versions: Vec<StoredVersion>,
}

/// A version as it is written down.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredVersion {
    pub(crate) id: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) modified: OffsetDateTime,
    pub(crate) owner: String,
    pub(crate) facts: Option<ObjectFacts>,
    pub(crate) content: Vec<StoredPiece>,
}

/// An upload as it is written down.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredUpload {
    pub(crate) facts: UploadFacts,
    pub(crate) parts: BTreeMap<u16, StoredPart>,
}

/// A part as it is written down.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPart {
    pub(crate) content: Vec<StoredPiece>,
    pub(crate) etag: String,
    pub(crate) checksum: Option<Checksum>,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) modified: OffsetDateTime,
}
