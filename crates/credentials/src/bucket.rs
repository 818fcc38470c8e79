//! An open bucket: an object store whose requests are signed with whatever keys are valid then.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::client::HttpClient;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::RwLock;

use crate::explain::{explain, is_expired, other_region};
use crate::keys::TemporaryKeys;
use crate::listing::{ListPage, ListRequest, is_below, list_objects, list_page, list_pages};
use crate::location::Location;
use crate::object_key::{key_of_path, path_of_key, request_path};
use crate::provider::KeySource;
use crate::region::{OrganizationRegions, is_region_like};
use crate::request_log::RequestOrigin;
use crate::store::build_store;
use crate::transport::Transport;
use crate::upload::RenewingUpload;
use crate::{Access, Clock, CredentialsError, StorageFailureKind};

/// How often one request is repeated with newer keys: keys of seconds may end between signing and arrival again. Keys that
/// S3 refuses although they are fresh are not renewed more than once in a row.
const RENEWALS_MAX: usize = 5;
/// How much earlier than by our clock keys may have ended by S3's.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(2);
/// Keys S3 deletes in one request.
const DELETE_KEYS_MAX: usize = 1_000;

/// One bucket, opened for one prefix and access with what one connection says. Cheap to clone.
///
/// On ExpiredToken or InvalidToken it renews the keys and repeats the request, and on AccessDenied if the keys ended on
/// the way, as long as the keys are really others and as often as [`RENEWALS_MAX`] says; when S3 names another region
/// it moves there once.
#[derive(Clone)]
pub struct OpenedBucket(Arc<Inner>);

struct Inner {
    bucket: String,
    prefix: String,
    access: Access,
    binding_id: String,
    warnings: Vec<String>,
    location: Location,
    keys: KeySource,
    transport: Transport,
    /// For whom requests are made; `None` in the opening that those of statements are made from.
    origin: Option<Arc<RequestOrigin>>,
    /// What this opening was made from, and what is told when the bucket turns out to be elsewhere.
    shared: Option<Arc<OpenedBucket>>,
    regions: OrganizationRegions,
    clock: Clock,
    store: RwLock<Store>,
}

struct Store {
    region: String,
    s3: Arc<AmazonS3>,
}

/// What an opened bucket is made of.
pub(crate) struct BucketParts {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) access: Access,
    pub(crate) binding_id: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) location: Location,
    pub(crate) region: String,
    pub(crate) keys: KeySource,
    pub(crate) transport: Transport,
    pub(crate) regions: OrganizationRegions,
    pub(crate) clock: Clock,
}

impl OpenedBucket {
    pub(crate) fn new(parts: BucketParts) -> std::result::Result<Self, CredentialsError> {
        let BucketParts {
            bucket,
            prefix,
            access,
            binding_id,
            warnings,
            location,
            region,
            keys,
            transport,
            regions,
            clock,
        } = parts;
        let client = transport.client(&location);
        let s3 = Arc::new(build_store(&bucket, &region, &location, &keys, client, 0)?);
        let store = RwLock::new(Store { region, s3 });
        Ok(Self(Arc::new(Inner {
            bucket,
            prefix,
            access,
            binding_id,
            warnings,
            location,
            keys,
            transport,
            origin: None,
            shared: None,
            regions,
            clock,
            store,
        })))
    }

    /// The same opening for the requests of one statement.
    pub(crate) fn for_origin(
        self: &Arc<Self>,
        origin: Arc<RequestOrigin>,
    ) -> std::result::Result<Self, CredentialsError> {
        let inner = &self.0;
        let keys = inner.keys.for_origin(Arc::clone(&origin));
        let client = inner.transport.observed(&inner.location, &inner.bucket, Arc::clone(&origin));
        let region = self.region();
        let s3 = Arc::new(build_store(&inner.bucket, &region, &inner.location, &keys, client, 0)?);
        Ok(Self(Arc::new(Inner {
            bucket: inner.bucket.clone(),
            prefix: inner.prefix.clone(),
            access: inner.access,
            binding_id: inner.binding_id.clone(),
            warnings: inner.warnings.clone(),
            location: inner.location.clone(),
            keys,
            transport: inner.transport.clone(),
            origin: Some(origin),
            shared: Some(Arc::clone(self)),
            regions: inner.regions.clone(),
            clock: inner.clock.clone(),
            store: RwLock::new(Store { region, s3 }),
        })))
    }

    pub fn bucket(&self) -> &str {
        &self.0.bucket
    }

    /// Every key of this opening starts with it.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    pub fn access(&self) -> Access {
        self.0.access
    }

    /// The region requests are signed for at the moment.
    pub fn region(&self) -> String {
        self.0.store.read().region.clone()
    }

    /// Whether requests are signed at all.
    pub fn is_signed(&self) -> bool {
        !matches!(self.0.keys, KeySource::Unsigned)
    }

    /// Stable text of hex digits, equal for two openings only if organization, connection and its version,
    /// grant, endpoint, bucket, prefix and access are equal. For keys of caches; the user is not in it.
    pub fn binding_id(&self) -> &str {
        &self.0.binding_id
    }

    /// What the user should be told, such as a session policy that had to be widened to the bucket.
    pub fn warnings(&self) -> &[String] {
        &self.0.warnings
    }

    /// Lists by plain text prefix: `raw/a` finds `raw/ab.csv` and `raw/a/b.csv`. Keys come in S3's order.
    pub fn list_prefix(&self, prefix: &str) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(error) = self.check_listing(prefix) {
            return stream::once(async { Err(error) }).boxed();
        }
        list_objects(self.clone(), ListRequest { prefix: prefix.to_owned(), ..ListRequest::default() })
    }

    /// At most `keys_max` (up to 1000) objects below the plain text prefix, in one request.
    pub async fn list_some(&self, prefix: &str, keys_max: usize) -> Result<Vec<ObjectMeta>> {
        self.check_listing(prefix)?;
        let request =
            ListRequest { prefix: prefix.to_owned(), page_keys: Some(keys_max), ..ListRequest::default() };
        let page = list_pages(self.clone(), request).try_next().await?;
        let objects = page.map(|page| page.objects).unwrap_or_default();
        Ok(objects.into_iter().filter(|object| is_below(object, prefix)).collect())
    }

    /// One page of up to 1,000 keys below the plain text prefix, in one request: those after the key `after`,
    /// or from where an earlier page says the `next` one begins. With `folders`, keys below a `/` are told by
    /// their common prefix.
    pub async fn list_page(
        &self,
        prefix: &str,
        after: Option<&str>,
        next: Option<&str>,
        folders: bool,
    ) -> Result<ListPage> {
        self.check_listing(prefix)?;
        let request = ListRequest {
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
            token: next.map(str::to_owned),
            folders,
            page_keys: None,
        };
        list_page(self, request).await
    }

    /// One page of at most `keys_max` (up to 1000) keys and folders below the plain text prefix, in one request.
    pub async fn list_folder(&self, prefix: &str, next: Option<String>, keys_max: usize) -> Result<ListPage> {
        self.check_listing(prefix)?;
        let request = ListRequest {
            prefix: prefix.to_owned(),
            after: None,
            token: next,
            folders: true,
            page_keys: Some(keys_max),
        };
        list_page(self, request).await
    }

    /// The first key below the plain text prefix that comes after `after`, in one small request.
    pub async fn first_key_after(&self, prefix: &str, after: &str) -> Result<Option<Path>> {
        self.check_listing(prefix)?;
        let request = ListRequest {
            prefix: prefix.to_owned(),
            after: Some(after.to_owned()),
            page_keys: Some(1),
            ..ListRequest::default()
        };
        let page = list_page(self, request).await?;
        Ok(page.objects.into_iter().next().map(|object| object.location))
    }

    /// Runs a request; on expired keys or a wrong region puts that right and repeats it.
    pub(crate) async fn attempt<T, F, R>(&self, request: F) -> Result<T>
    where
        F: Fn(Arc<AmazonS3>) -> R,
        R: Future<Output = Result<T>>,
    {
        let (mut renewals, mut moved) = (0, false);
        let mut keys = self.0.keys.of_session();
        loop {
            let error = match request(self.s3()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if renewals < RENEWALS_MAX && self.are_over(&error, keys.as_deref(), renewals > 0) {
                let serial = keys.map(|keys| keys.serial);
                if self.0.keys.invalidate(serial) {
                    keys = self.0.keys.renewed().await?;
                    // The same keys would be refused again.
                    if serial.is_none() || keys.as_ref().map(|keys| keys.serial) != serial {
                        renewals += 1;
                        continue;
                    }
                }
                return Err(error);
            }
            if moved || !other_region(&error).is_some_and(|region| self.move_to(&region)) {
                return Err(error);
            }
            moved = true;
        }
    }

    /// Whether a request failed since its keys have ended. Of `fresh` keys S3's word alone is not enough: keys that it takes
    /// for expired from the start would be renewed again and again.
    fn are_over(&self, error: &object_store::Error, keys: Option<&TemporaryKeys>, fresh: bool) -> bool {
        let now = self.0.clock.now();
        let ends_by = |time| keys.is_some_and(|keys| keys.expires_at <= time);
        if is_expired(error) {
            return !fresh || ends_by(now + CLOCKS_APART_MAX);
        }
        // Not every cloud says that keys have ended: some deny, and keys that ended on the way tell why.
        ends_by(now) && explain(error).kind == StorageFailureKind::Denied
    }

    /// Runs a request for one key, as `attempt` does. `request` gets the store and the path to ask it for.
    pub(crate) async fn attempt_key<T, F, R>(&self, path: &Path, request: F) -> Result<T>
    where
        F: Fn(Arc<AmazonS3>, Path) -> R,
        R: Future<Output = Result<T>>,
    {
        let (slashes, rest) = self.request_path(path).map_err(refused)?;
        self.attempt(|s3| {
            let store = self.store_of(s3, slashes);
            let answer = store.map(|s3| request(s3, rest.clone()));
            async move { answer.map_err(refused)?.await }
        })
        .await
    }

    /// The same store for paths that `slashes` many `/` are taken from.
    pub(crate) fn store_of(
        &self,
        s3: Arc<AmazonS3>,
        slashes: usize,
    ) -> std::result::Result<Arc<AmazonS3>, CredentialsError> {
        match slashes {
            0 => Ok(s3),
            _ => Ok(Arc::new(self.build_store(&self.region(), slashes)?)),
        }
    }

    fn build_store(&self, region: &str, slashes: usize) -> std::result::Result<AmazonS3, CredentialsError> {
        let inner = &self.0;
        build_store(&inner.bucket, region, &inner.location, &inner.keys, self.client(), slashes)
    }

    pub(crate) fn client(&self) -> HttpClient {
        let inner = &self.0;
        match &inner.origin {
            Some(origin) => inner.transport.observed(&inner.location, &inner.bucket, Arc::clone(origin)),
            None => inner.transport.client(&inner.location),
        }
    }

    pub(crate) fn request_path(&self, path: &Path) -> std::result::Result<(usize, Path), CredentialsError> {
        request_path(path).ok_or_else(|| CredentialsError::UnnameableKey {
            key: key_of_path(path).into_owned(),
            bucket: self.0.bucket.clone(),
        })
    }

    pub(crate) fn s3(&self) -> Arc<AmazonS3> {
        Arc::clone(&self.0.store.read().s3)
    }

    /// For whom requests are made.
    pub(crate) fn origin(&self) -> Option<&Arc<RequestOrigin>> {
        self.0.origin.as_ref()
    }

    pub(crate) fn keys(&self) -> &KeySource {
        &self.0.keys
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The key as a path of the object store, if it lies in what was opened.
    pub(crate) fn checked_path(&self, key: &str) -> std::result::Result<Path, CredentialsError> {
        let is_inside = !key.is_empty() && key.starts_with(&self.0.prefix);
        is_inside.then(|| path_of_key(key)).ok_or_else(|| self.outside(key))
    }

    /// Whether S3 serves the bucket in that region; `false` when we are there already.
    fn move_to(&self, region: &str) -> bool {
        let inner = &self.0;
        if !is_region_like(region) || inner.store.read().region == region {
            return false;
        }
        let Ok(s3) = self.build_store(region, 0) else { return false };
        tracing::info!(bucket = %inner.bucket, region, "bucket is in another region");
        inner.regions.correct(&inner.location, &inner.bucket, region);
        *inner.store.write() = Store { region: region.to_owned(), s3: Arc::new(s3) };
        if let Some(shared) = &inner.shared {
            shared.move_to(region);
        }
        true
    }

    fn check_key(&self, path: &Path) -> Result<()> {
        let key = key_of_path(path);
        if key.starts_with(&self.0.prefix) {
            return Ok(());
        }
        Err(denied(&key, self.outside(&key)))
    }

    pub(crate) fn check_write(&self, path: &Path) -> Result<()> {
        if self.0.access == Access::Read {
            let error = CredentialsError::ReadOnly { bucket: self.0.bucket.clone() };
            return Err(denied(path.as_ref(), error));
        }
        self.check_key(path)
    }

    fn check_listing(&self, prefix: &str) -> Result<()> {
        if prefix.starts_with(&self.0.prefix) {
            return Ok(());
        }
        Err(denied(prefix, self.outside(prefix)))
    }

    fn outside(&self, key: &str) -> CredentialsError {
        CredentialsError::OutsidePrefix {
            key: key.to_owned(),
            bucket: self.0.bucket.clone(),
            prefix: self.0.prefix.clone(),
        }
    }

    /// A refused HEAD says nothing: the same right, asked for by a GET of one byte, has S3's words.
    async fn head(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let request = |options: GetOptions| {
            self.attempt_key(location, move |s3, path| {
                let options = options.clone();
                async move { s3.get_opts(&path, options).await }
            })
        };
        let error = match request(options.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let failure = explain(&error);
        if !(failure.without_body && matches!(failure.status, Some(400 | 401 | 403))) {
            return Err(error);
        }
        let one_byte = GetOptions { head: false, range: Some(GetRange::Bounded(0..1)), ..options.clone() };
        match request(one_byte).await {
            // The GET was let through, perhaps since it renewed the keys: HEAD may be too now.
            Ok(_) => request(options).await,
            Err(told) if explain(&told).code.is_some() && explain(&told).status != Some(416) => Err(told),
            Err(_) => Err(error),
        }
    }
}

pub(crate) fn generic(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: source.into() }
}

fn refused(error: CredentialsError) -> object_store::Error {
    generic(error)
}

fn denied(path: &str, error: CredentialsError) -> object_store::Error {
    object_store::Error::PermissionDenied { path: path.to_owned(), source: Box::new(error) }
}

#[async_trait]
impl ObjectStore for OpenedBucket {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.check_write(location)?;
        self.attempt_key(location, |s3, path| {
            let (payload, options) = (payload.clone(), options.clone());
            async move { s3.put_opts(&path, payload, options).await }
        })
        .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check_write(location)?;
        if !options.attributes.is_empty() || !options.tags.encoded().is_empty() {
            return Err(object_store::Error::NotSupported {
                source: "a multipart upload takes no attributes and no tags here".into(),
            });
        }
        let id = self
            .attempt_key(location, |s3, path| async move {
                object_store::multipart::MultipartStore::create_multipart(s3.as_ref(), &path).await
            })
            .await?;
        Ok(Box::new(RenewingUpload::new(self.clone(), location.clone(), id)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.check_key(location)?;
        let mut answer = match options.head {
            true => self.head(location, options).await?,
            false => {
                self.attempt_key(location, |s3, path| {
                    let options = options.clone();
                    async move { s3.get_opts(&path, options).await }
                })
                .await?
            }
        };
        answer.meta.location = location.clone();
        Ok(answer)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.check_key(location)?;
        object_store::coalesce_ranges(
            ranges,
            |range| async move {
                let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
                self.get_opts(location, options).await?.bytes().await
            },
            object_store::OBJECT_STORE_COALESCE_DEFAULT,
        )
        .await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let bucket = self.clone();
        locations
            .try_chunks(DELETE_KEYS_MAX)
            .then(move |chunk| {
                let bucket = bucket.clone();
                async move {
                    stream::iter(match chunk {
                        Ok(paths) => bucket.delete_some(paths).await,
                        Err(error) => vec![Err(error.1)],
                    })
                }
            })
            .flatten()
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_prefix(&folder_of(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let request = ListRequest {
            prefix: folder_of(prefix),
            after: Some(key_of_path(offset).into_owned()),
            ..ListRequest::default()
        };
        match self.check_listing(&request.prefix) {
            Ok(()) => list_objects(self.clone(), request),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let folder = folder_of(prefix);
        self.check_listing(&folder)?;
        let request = ListRequest { prefix: folder.clone(), folders: true, ..ListRequest::default() };
        let mut pages = list_pages(self.clone(), request);
        let mut all = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        while let Some(page) = pages.try_next().await? {
            all.common_prefixes.extend(page.common_prefixes);
            all.objects.extend(page.objects.into_iter().filter(|object| is_below(object, &folder)));
        }
        all.common_prefixes.sort();
        all.common_prefixes.dedup();
        Ok(all)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check_key(from)?;
        self.check_write(to)?;
        for path in [from, to] {
            if self.request_path(path).map_err(refused)?.0 > 0 {
                return Err(object_store::Error::NotSupported {
                    source: "a key that begins with `/` is not copied".into(),
                });
            }
        }
        self.attempt(|s3| {
            let options = options.clone();
            async move { s3.copy_opts(from, to, options).await }
        })
        .await
    }
}

/// The object store's prefixes are whole segments.
fn folder_of(prefix: Option<&Path>) -> String {
    match prefix {
        Some(prefix) if !prefix.as_ref().is_empty() => format!("{}/", key_of_path(prefix)),
        _ => String::new(),
    }
}

impl fmt::Debug for OpenedBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedBucket")
            .field("bucket", &self.0.bucket)
            .field("prefix", &self.0.prefix)
            .field("access", &self.0.access)
            .field("region", &self.region())
            .field("keys", &self.0.keys)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for OpenedBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.0.bucket, self.0.prefix)
    }
}
