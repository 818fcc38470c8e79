//! All buckets, and the one place where they change.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::RwLock;
use time::OffsetDateTime;

use super::model::{Bucket, BucketSettings, NULL_VERSION, Object, UploadName, Version, Versioning};
use super::persist::Persist;
use crate::error::{AwsError, SandboxError};
use crate::ids;
use crate::storage::BlobStore;

/// The buckets of all accounts; their names are one space, as at AWS.
pub(crate) struct BucketStore {
    buckets: RwLock<BTreeMap<String, Bucket>>,
    persist: Option<Persist>,
}

/// What a change has touched and must be written down.
#[derive(Default)]
pub(crate) struct Dirty {
    pub(crate) settings: bool,
    pub(crate) keys: BTreeSet<String>,
    pub(crate) uploads: BTreeSet<UploadName>,
}

impl BucketStore {
    pub(crate) fn load(data: Option<&std::path::Path>, blobs: &BlobStore) -> Result<Self, SandboxError> {
        let persist = data.map(|data| Persist::new(data.join("buckets")));
        let buckets = match &persist {
            Some(persist) => persist.load(blobs)?,
            None => BTreeMap::new(),
        };
        Ok(Self { buckets: RwLock::new(buckets), persist })
    }

    /// Reads a bucket.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Bucket) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let buckets = self.buckets.read();
        read(buckets.get(name).ok_or_else(|| no_such_bucket(name))?)
    }

    /// A bucket's settings as they are now.
    pub(crate) fn settings(&self, name: &str) -> Result<BucketSettings, AwsError> {
        self.read(name, |bucket| Ok(bucket.settings.clone()))
    }

    /// Changes a bucket and writes down what the change has marked.
    pub(crate) fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Bucket, &mut Dirty) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let mut buckets = self.buckets.write();
        let bucket = buckets.get_mut(name).ok_or_else(|| no_such_bucket(name))?;
        let mut dirty = Dirty::default();
        let result = change(bucket, &mut dirty)?;
        if let Some(persist) = &self.persist {
            persist.write(bucket, &dirty).map_err(AwsError::internal)?;
        }
        Ok(result)
    }

    /// Changes only the settings.
    pub(crate) fn change_settings<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut BucketSettings) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        self.change(name, |bucket, dirty| {
            dirty.settings = true;
            change(&mut bucket.settings)
        })
    }

    /// Adds a bucket, or says whose the name is.
    pub(crate) fn create(&self, settings: BucketSettings) -> Result<(), BucketTaken> {
        let mut buckets = self.buckets.write();
        if let Some(existing) = buckets.get(&settings.name) {
            return Err(BucketTaken { account: existing.settings.account.clone() });
        }
        let bucket = Bucket {
            settings,
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
            completed: Default::default(),
        };
        if let Some(persist) = &self.persist {
            let dirty = Dirty { settings: true, ..Dirty::default() };
            if let Err(error) = persist.write(&bucket, &dirty) {
                tracing::error!(%error, "cannot write down a new bucket");
            }
        }
        buckets.insert(bucket.settings.name.clone(), bucket);
        Ok(())
    }

    /// Removes an empty bucket.
    pub(crate) fn remove(&self, name: &str) -> Result<(), AwsError> {
        let mut buckets = self.buckets.write();
        let bucket = buckets.get(name).ok_or_else(|| no_such_bucket(name))?;
        if !bucket.objects.is_empty() {
            let versioned = bucket.settings.versioning != Versioning::Off;
            let message = if versioned {
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
            } else {
                "The bucket you tried to delete is not empty"
            };
            return Err(AwsError::new(409, "BucketNotEmpty", message).detail("BucketName", name));
        }
        buckets.remove(name);
        if let Some(persist) = &self.persist {
            persist.remove_bucket(name).map_err(AwsError::internal)?;
        }
        Ok(())
    }

    /// The settings of an account's buckets, by name.
    pub(crate) fn of_account(&self, account: &str) -> Vec<BucketSettings> {
        let buckets = self.buckets.read();
        buckets
            .values()
            .map(|bucket| &bucket.settings)
            .filter(|settings| settings.account == account)
            .cloned()
            .collect()
    }
}

/// The name belongs to a bucket already.
pub(crate) struct BucketTaken {
    pub(crate) account: String,
}

pub(crate) fn no_such_bucket(name: &str) -> AwsError {
    AwsError::new(404, "NoSuchBucket", "The specified bucket does not exist").detail("BucketName", name)
}

pub(crate) fn no_such_key(key: &str) -> AwsError {
    AwsError::new(404, "NoSuchKey", "The specified key does not exist.").detail("Key", key)
}

impl Bucket {
    /// The newest version of a key, which may be a delete marker.
    pub(crate) fn latest(&self, key: &str) -> Option<&Version> {
        self.objects.get(key)?.first()
    }

    /// The newest version of a key if that is an object.
    pub(crate) fn latest_object(&self, key: &str) -> Option<(&Version, &Arc<Object>)> {
        let version = self.latest(key)?;
        version.object.as_ref().map(|object| (version, object))
    }

    /// The version a request names, or the newest.
    pub(crate) fn version(&self, key: &str, id: Option<&str>) -> Result<&Version, AwsError> {
        match id {
            None => self.latest(key).ok_or_else(|| no_such_key(key)),
            Some(id) => {
                check_version_id(id)?;
                self.objects
                    .get(key)
                    .and_then(|versions| versions.iter().find(|version| version.id == id))
                    .ok_or_else(|| {
                        AwsError::new(404, "NoSuchVersion", "The specified version does not exist.")
                            .detail("Key", key)
                            .detail("VersionId", id)
                    })
            }
        }
    }

    /// Puts a new version in front; gives its id where the bucket has had versioning.
    pub(crate) fn add_version(
        &mut self,
        key: &str,
        object: Option<Arc<Object>>,
        owner: &str,
        now: OffsetDateTime,
        dirty: &mut Dirty,
    ) -> Option<String> {
        let versioning = self.settings.versioning;
        let versions = self.objects.entry(key.to_owned()).or_default();
        let id = match versioning {
            Versioning::Enabled => ids::opaque(32),
            Versioning::Off | Versioning::Suspended => {
                versions.retain(|version| version.id != NULL_VERSION);
                NULL_VERSION.to_owned()
            }
        };
        versions.insert(0, Version { id: id.clone(), modified: now, owner: owner.to_owned(), object });
        dirty.keys.insert(key.to_owned());
        (versioning != Versioning::Off).then_some(id)
    }

    /// Takes a version away.
    pub(crate) fn remove_version(&mut self, key: &str, id: &str, dirty: &mut Dirty) -> Option<Version> {
        let versions = self.objects.get_mut(key)?;
        let position = versions.iter().position(|version| version.id == id)?;
        let version = versions.remove(position);
        if versions.is_empty() {
            self.objects.remove(key);
        }
        dirty.keys.insert(key.to_owned());
        Some(version)
    }

    /// Changes the facts of a version in place.
    pub(crate) fn change_object<T>(
        &mut self,
        key: &str,
        id: Option<&str>,
        dirty: &mut Dirty,
        change: impl FnOnce(&mut Object) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let wanted = self.version(key, id)?.id.clone();
        let version = self
            .objects
            .get_mut(key)
            .and_then(|versions| versions.iter_mut().find(|version| version.id == wanted))
            .ok_or_else(|| no_such_key(key))?;
        let Some(object) = &mut version.object else { return Err(delete_marker(key, &wanted, id.is_some())) };
        let mut changed = Object::clone(object);
        let result = change(&mut changed)?;
        *object = Arc::new(changed);
        dirty.keys.insert(key.to_owned());
        Ok(result)
    }
}

/// What a request for a delete marker is answered.
pub(crate) fn delete_marker(key: &str, version: &str, named: bool) -> AwsError {
    let error = if named {
        AwsError::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
            .detail("Method", "GET")
            .detail("ResourceType", "DeleteMarker")
            .header("allow", "DELETE")
    } else {
        no_such_key(key)
    };
    error.header("x-amz-delete-marker", "true").header("x-amz-version-id", version)
}

/// Version ids have one shape.
pub(crate) fn check_version_id(id: &str) -> Result<(), AwsError> {
    if id == NULL_VERSION
        || (id.len() == 32
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_'))
    {
        return Ok(());
    }
    Err(AwsError::new(400, "InvalidArgument", "Invalid version id specified")
        .detail("ArgumentName", "versionId")
        .detail("ArgumentValue", id))
}
