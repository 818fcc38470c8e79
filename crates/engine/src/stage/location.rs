//! From a location in a statement to an opened bucket.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use credentials::{
    Access, AssumedRole, ConnectionAccess, Grant, OpenRequest, OpenedBucket, SealedKeys, StorageFailureKind,
};
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::{FutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt, coalesce_ranges};

use super::failure::{Action, credentials_error, no_file, storage_error};
use super::footer::TAIL_BYTES;
use super::listing::{StagedFile, Tail};
use super::url::BucketUrl;
use crate::session::Session;
use crate::{Error, ErrorKind};

/// Ranges of one file that are nearer than this are fetched by one request: a request costs a round trip,
/// in which a connection would bring about this much.
const GAP_BYTES_MAX: u64 = 1 << 20;

/// Tells the stores of one process apart; an address is never used twice.
static NEXT_ADDRESS: AtomicU64 = AtomicU64::new(0);

/// A location that has been opened: a bucket, by what right, and which part of it is meant.
pub(crate) struct Place {
    bucket: Arc<OpenedBucket>,
    address: u64,
    /// The stage's own prefix: empty, or ending in `/`.
    root: String,
    /// What the statement adds to it: a file, a folder, or the first characters of names.
    path: String,
    /// JSON of the stage's file format.
    pub(crate) file_format: String,
    pub(super) names: Names,
}

/// What the place is called in messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) bucket: String,
    pub(super) root: String,
    pub(super) stage: Option<String>,
    pub(super) connection: Option<String>,
    pub(super) role_arn: Option<String>,
}

/// Opens a location for reading or writing.
pub(crate) async fn open_location(
    session: &Session,
    location: &sql::Location,
    options: Option<&sql::LocationOptions>,
    access: Access,
) -> Result<Arc<Place>, Error> {
    let inline = options.and_then(|options| options.connection.as_ref());
    match location {
        sql::Location::Stage { stage, path } => {
            if inline.is_some() {
                return Err(Error::new(
                    ErrorKind::InvalidValue,
                    format!("stage `{stage}` has its connection: CONNECTION goes with a URI only"),
                ));
            }
            open_stage(session, stage, path, access).await
        }
        sql::Location::Uri(uri) => open_uri(session, uri, inline, access).await,
        sql::Location::User { .. } => Err(Error::new(
            ErrorKind::Unsupported,
            "stage `~` does not exist: Stagedoor keeps no files of its own",
        )
        .with_hint("use a stage over a bucket: `SHOW STAGES` lists them")),
    }
}

async fn open_stage(session: &Session, stage: &str, path: &str, access: Access) -> Result<Arc<Place>, Error> {
    refuse_traversal(path)?;
    let stage = find_stage(session, stage).await?;
    let (connection, connection_name) = match &stage.access {
        catalog::StageAccess::Unsigned => (None, None),
        catalog::StageAccess::Connection(name) => {
            let connection = find_connection(session, name).await?;
            let access = connection_access(
                Some(&connection.name),
                connection.version,
                &connection.parameters,
                Some(&connection.external_id),
            );
            (Some(access), Some(connection.name))
        }
        catalog::StageAccess::Inline(parameters) => {
            let external_id = stage.inline_external_id.as_deref();
            (Some(connection_access(None, stage.version, parameters, external_id)), None)
        }
    };
    let names = Names {
        bucket: stage.bucket,
        root: stage.prefix,
        stage: Some(stage.name),
        connection: connection_name,
        role_arn: None,
    };
    open(
        session,
        Opening { connection, names, path: path.to_owned(), file_format: stage.file_format, access },
    )
    .await
}

async fn open_uri(
    session: &Session,
    uri: &str,
    parameters: Option<&sql::ConnectionParameters>,
    access: Access,
) -> Result<Arc<Place>, Error> {
    let url = BucketUrl::parse(uri)?;
    let (connection, connection_name) = match parameters {
        None => (None, None),
        Some(parameters) => match super::connection_name(session, parameters)? {
            Some(name) => {
                let connection = find_connection(session, &name).await?;
                let access = connection_access(
                    Some(&connection.name),
                    connection.version,
                    &connection.parameters,
                    Some(&connection.external_id),
                );
                (Some(access), Some(connection.name))
            }
            None => {
                let checked = crate::statement::check_parameters(session, parameters)?;
                let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
                let external_id = match (&checked.role_arn, &checked.external_id) {
                    (Some(role_arn), Some(typed)) => {
                        catalog.claim_role(organization, role_arn, typed).await?;
                        Some(typed.clone())
                    }
                    // An external id is always sent: the one that queries of this organization have.
                    (Some(_), None) => Some(
                        catalog.external_id_for_owner(organization, catalog::ExternalIdOwner::Query).await?,
                    ),
                    (None, _) => None,
                };
                (Some(connection_access(None, 0, &checked, external_id.as_deref())), None)
            }
        },
    };
    // Keys are shared between the files of a folder.
    let (root, path) = match url.prefix.rfind('/').and_then(|at| url.prefix.split_at_checked(at + 1)) {
        Some((root, path)) => (root.to_owned(), path.to_owned()),
        None => (String::new(), url.prefix.clone()),
    };
    let names = Names { bucket: url.bucket, root, stage: None, connection: connection_name, role_arn: None };
    open(session, Opening { connection, names, path, file_format: "{}".to_owned(), access }).await
}

struct Opening {
    connection: Option<ConnectionAccess>,
    names: Names,
    path: String,
    file_format: String,
    access: Access,
}

async fn open(session: &Session, opening: Opening) -> Result<Arc<Place>, Error> {
    let mut names = opening.names;
    names.role_arn = opening.connection.as_ref().and_then(|connection| match &connection.grant {
        Grant::Role(role) | Grant::Keys { role: Some(role), .. } => Some(role.arn.clone()),
        Grant::Keys { role: None, .. } | Grant::Unsigned => None,
    });
    let request = OpenRequest {
        organization: session.identity.organization.clone(),
        user: session.identity.user.clone(),
        principal: session.organization.principal.clone(),
        connection: opening.connection,
        bucket: names.bucket.clone(),
        prefix: names.root.clone(),
        access: opening.access,
    };
    let bucket = session
        .engine
        .credentials()
        .open_bucket(request)
        .await
        .map_err(|error| credentials_error(&names, &error))?;
    Ok(Arc::new(Place {
        bucket,
        address: NEXT_ADDRESS.fetch_add(1, Ordering::Relaxed),
        root: names.root.clone(),
        path: opening.path,
        file_format: opening.file_format,
        names,
    }))
}

fn connection_access(
    name: Option<&str>,
    version: i64,
    parameters: &catalog::ConnectionParameters,
    external_id: Option<&str>,
) -> ConnectionAccess {
    let role = parameters
        .role_arn
        .clone()
        .map(|arn| AssumedRole { arn, external_id: external_id.map(str::to_owned) });
    let grant = match (&parameters.sealed_keys, role) {
        (Some(sealed), role) => Grant::Keys { sealed: SealedKeys::from_stored(sealed.clone()), role },
        (None, Some(role)) => Grant::Role(role),
        (None, None) => Grant::Unsigned,
    };
    ConnectionAccess {
        name: name.map(str::to_owned),
        version,
        grant,
        region: parameters.region.clone(),
        endpoint_url: parameters.endpoint_url.clone(),
        virtual_host_style: parameters.virtual_host_style.unwrap_or(false),
    }
}

/// The stage of that name: as written, else in lower case.
async fn find_stage(session: &Session, name: &str) -> Result<catalog::Stage, Error> {
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if let Some(stage) = catalog.stage(organization, name).await? {
        return Ok(stage);
    }
    if let Some(stage) = catalog.stage(organization, &name.to_lowercase()).await? {
        return Ok(stage);
    }
    Err(Error::new(ErrorKind::UnknownStage, format!("stage `{name}` does not exist"))
        .with_hint("`SHOW STAGES` lists them"))
}

pub(crate) async fn find_connection(session: &Session, name: &str) -> Result<catalog::Connection, Error> {
    session.engine.catalog().connection(&session.identity.organization, name).await?.ok_or_else(|| {
        Error::new(ErrorKind::UnknownConnection, format!("connection `{name}` does not exist"))
            .with_hint("`SHOW CONNECTIONS` lists them")
    })
}

/// `..` in a path means nothing in S3 and something in clients: it is refused.
fn refuse_traversal(path: &str) -> Result<(), Error> {
    if path.split('/').any(|part| part == ".." || part == ".") {
        return Err(Error::new(ErrorKind::InvalidValue, format!("path `{path}` has a `.` or `..` part")));
    }
    Ok(())
}

impl Place {
    /// The whole prefix that the statement means.
    pub(super) fn prefix(&self) -> String {
        format!("{}{}", self.root, self.path)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn bucket(&self) -> &OpenedBucket {
        &self.bucket
    }

    /// What the user should be told, such as keys that could not be scoped to the prefix.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.bucket.warnings().to_vec()
    }

    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        self.bucket.clone()
    }

    pub(crate) fn store_address(&self) -> String {
        format!("stage{}://{}", self.address, self.names.bucket)
    }

    pub(crate) fn store_url(&self) -> Result<ObjectStoreUrl, datafusion::error::DataFusionError> {
        ObjectStoreUrl::parse(self.store_address())
    }

    /// A key as people know it: `s3://bucket/key`.
    pub(crate) fn describe_key(&self, key: &Path) -> String {
        format!("s3://{}/{key}", self.names.bucket)
    }

    /// The key without the stage's prefix, as LIST shows it.
    pub(crate) fn relative<'a>(&self, key: &'a Path) -> &'a str {
        key.as_ref().strip_prefix(&self.root).unwrap_or(key.as_ref())
    }

    /// The end of one file with its size and ETag by a single request; `None` where there is no such file.
    pub(super) async fn probe(&self, key: &str) -> Result<Option<StagedFile>, Error> {
        let path = self.key_path(key)?;
        let options = GetOptions { range: Some(GetRange::Suffix(TAIL_BYTES)), ..GetOptions::default() };
        match self.bucket.get_opts(&path, options).await {
            Ok(result) => self.staged_file(result).await.map(Some),
            Err(error) => {
                let failure = credentials::explain(&error);
                if failure.status == Some(416) {
                    // An empty file has no last bytes.
                    let meta = self
                        .bucket
                        .head(&path)
                        .await
                        .map_err(|error| self.failure(Action::Read, &path, &error))?;
                    return Ok(Some(StagedFile { meta, tail: None }));
                }
                let code = failure.code.as_deref();
                if failure.kind == StorageFailureKind::NotFound && code != Some("NoSuchBucket") {
                    return Ok(None);
                }
                if failure.kind == StorageFailureKind::Denied && self.is_absent(key).await {
                    return Ok(None);
                }
                Err(self.failure(Action::Read, &path, &error))
            }
        }
    }

    /// Whether a listing shows that there is no such file. S3 refuses to say so to those who may not list the
    /// whole bucket, as who may list one prefix alone: it answers a GET of an absent key with 403.
    async fn is_absent(&self, key: &str) -> bool {
        match self.bucket.list_some(key, 1).await {
            Ok(found) => found.first().is_none_or(|first| first.location.as_ref() != key),
            Err(_) => false,
        }
    }

    /// Reads the end of a file that a listing found.
    pub(super) async fn read_tail(&self, file: StagedFile) -> Result<StagedFile, Error> {
        let options = GetOptions {
            range: Some(GetRange::Suffix(TAIL_BYTES)),
            if_match: file.meta.e_tag.clone(),
            ..GetOptions::default()
        };
        let location = file.meta.location.clone();
        let result = self
            .bucket
            .get_opts(&location, options)
            .await
            .map_err(|error| self.failure(Action::Read, &location, &error))?;
        self.staged_file(result).await
    }

    async fn staged_file(&self, result: GetResult) -> Result<StagedFile, Error> {
        let (meta, start) = (result.meta.clone(), result.range.start);
        let bytes =
            result.bytes().await.map_err(|error| self.failure(Action::Read, &meta.location, &error))?;
        Ok(StagedFile { meta, tail: Some(Tail { start, bytes }) })
    }

    /// Reads ranges of one file: from its tail where they lie there, near ones by one request.
    pub(super) async fn read_ranges(
        &self,
        file: &StagedFile,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, Error> {
        let in_tail = |range: &Range<u64>| file.tail.as_ref().and_then(|tail| tail.slice(range));
        let wanted: Vec<Range<u64>> =
            ranges.iter().filter(|range| in_tail(range).is_none()).cloned().collect();
        let fetched =
            coalesce_ranges(&wanted, |range| self.read_range(file, range).boxed(), GAP_BYTES_MAX).await?;
        let mut fetched = fetched.into_iter();
        ranges
            .iter()
            .map(|range| {
                in_tail(range)
                    .or_else(|| fetched.next())
                    .ok_or_else(|| Error::new(ErrorKind::Internal, "a range of a file was not read"))
            })
            .collect()
    }

    async fn read_range(&self, file: &StagedFile, range: Range<u64>) -> Result<Bytes, Error> {
        let location = &file.meta.location;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: file.meta.e_tag.clone(),
            ..GetOptions::default()
        };
        let failed = |error: object_store::Error| self.failure(Action::Read, location, &error);
        let result = self.bucket.get_opts(location, options).await.map_err(failed)?;
        result.bytes().await.map_err(failed)
    }

    /// The location is there and has no file to read.
    pub(super) fn nothing_found(&self) -> Error {
        no_file(&self.names, &format!("s3://{}/{}", self.names.bucket, self.prefix()))
    }

    /// Deletes files; the first refusal ends it.
    pub(crate) async fn delete(&self, keys: Vec<Path>) -> Result<(), Error> {
        let first = keys.first().cloned().unwrap_or_default();
        let keys = futures::stream::iter(keys.into_iter().map(Ok));
        let deleted = self.bucket.delete_stream(Box::pin(keys));
        deleted
            .try_for_each(|_| async { Ok(()) })
            .await
            .map_err(|error| self.failure(Action::Delete, &first, &error))
    }

    pub(super) fn failure(&self, action: Action, key: &Path, error: &object_store::Error) -> Error {
        storage_error(&self.names, action, key, error)
    }

    pub(super) fn key_path(&self, key: &str) -> Result<Path, Error> {
        Path::parse(key).map_err(|error| {
            Error::new(
                ErrorKind::InvalidValue,
                format!("`s3://{}/{key}` cannot be a file: its name has an empty part", self.names.bucket),
            )
            .with_context(error.to_string())
        })
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("names", &self.names).field("path", &self.path).finish_non_exhaustive()
    }
}
