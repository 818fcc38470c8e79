//! From a location in a statement to an opened bucket.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use catalog::{GrantObject, Privilege};
use credentials::{
    Access, AssumedRole, ConnectionAccess, Grant, OpenRequest, OpenedBucket, SealedKeys, key_of_path,
};
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::failure::{Action, credentials_error, no_file, storage_error};
use super::fetch::{FetchPool, FileKey};
use super::url::BucketUrl;
use crate::session::Session;
use crate::transfer::Ledger;
use crate::{Error, ErrorKind};

/// Tells the stores of one process apart; an address is never used twice.
static NEXT_ADDRESS: AtomicU64 = AtomicU64::new(0);

/// A location that has been opened: a bucket, by what right, and which part of it is meant.
pub(crate) struct Place {
    bucket: Arc<OpenedBucket>,
    address: u64,
    fetches: Arc<FetchPool>,
    ledger: Ledger,
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
    /// `https://host`, where it is no bucket.
    pub(super) web: Option<String>,
}

impl Names {
    /// A key as people know it: `s3://bucket/key`, `https://host/key`.
    pub(super) fn url_of(&self, key: &str) -> String {
        match &self.web {
            Some(host) => format!("{host}/{key}"),
            None => format!("s3://{}/{key}", self.bucket),
        }
    }
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
    // The one place where a statement, a URL for a client or an upload gets at a stage's files. Whoever may
    // read through a stage need not be able to use its connection.
    let privilege = match access {
        Access::Read => Privilege::Read,
        _ => Privilege::Write,
    };
    session.require(privilege, &GrantObject::Stage(stage.name.clone()))?;
    let (access_of_connection, connection) = stage_access(session, &stage).await?;
    let names = Names {
        bucket: stage.bucket,
        root: stage.prefix,
        stage: Some(stage.name),
        connection: connection.map(|connection| connection.name),
        role_arn: None,
        web: None,
    };
    let connection = access_of_connection;
    open(
        session,
        Opening { connection, names, path: path.to_owned(), file_format: stage.file_format, access },
    )
    .await
}

/// By what right a stage is opened, and its connection where it has one with a name.
pub(crate) async fn stage_access(
    session: &Session,
    stage: &catalog::Stage,
) -> Result<(Option<ConnectionAccess>, Option<catalog::Connection>), Error> {
    match &stage.access {
        catalog::StageAccess::Unsigned => Ok((None, None)),
        catalog::StageAccess::Connection(name) => {
            let connection = stored_connection(session, name).await?;
            let access = connection_access(
                Some(&connection.name),
                connection.version,
                &connection.parameters,
                Some(&connection.external_id),
            );
            Ok((Some(access), Some(connection)))
        }
        catalog::StageAccess::Inline(parameters) => {
            let external_id = stage.inline_external_id.as_deref();
            Ok((Some(connection_access(None, stage.version, parameters, external_id)), None))
        }
    }
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
                // A role or keys named in a query are a connection without a name.
                session.require_globally(Privilege::CreateConnection)?;
                let checked = crate::statement::check_parameters(session, parameters)?;
                crate::statement::require_pair(session, None, &checked).await?;
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
    let names = Names {
        bucket: url.bucket,
        root,
        stage: None,
        connection: connection_name,
        role_arn: None,
        web: None,
    };
    open(session, Opening { connection, names, path, file_format: "{}".to_owned(), access }).await
}

pub(super) struct Opening {
    pub(super) connection: Option<ConnectionAccess>,
    pub(super) names: Names,
    pub(super) path: String,
    pub(super) file_format: String,
    pub(super) access: Access,
}

pub(super) async fn open(session: &Session, opening: Opening) -> Result<Arc<Place>, Error> {
    let mut names = opening.names;
    names.role_arn = opening.connection.as_ref().and_then(|connection| match &connection.grant {
        Grant::Role(role) | Grant::Keys { role: Some(role), .. } => Some(role.arn.clone()),
        Grant::WebIdentity { role_arn } => Some(role_arn.clone()),
        Grant::Keys { role: None, .. } | Grant::Unsigned | Grant::Web => None,
    });
    if let Some(role_arn) = &names.role_arn {
        session.require_allowed_role(role_arn)?;
    }
    let request = OpenRequest {
        organization: session.identity.organization.clone(),
        user: session.identity.user.clone(),
        principal: session.organization.principal.clone(),
        connection: opening.connection,
        bucket: names.bucket.clone(),
        prefix: names.root.clone(),
        access: opening.access,
    };
    let (fetches, credentials) = (session.engine.fetches(), session.engine.credentials().clone());
    let refused = names.clone();
    let origin = session.origin(names.stage.clone());
    let bucket = fetches
        .run(async move {
            let opened = credentials.open_bucket_for(request, &origin).await;
            opened.map_err(|error| credentials_error(&refused, &error))
        })
        .await?;
    Ok(Arc::new(Place {
        bucket,
        address: NEXT_ADDRESS.fetch_add(1, Ordering::Relaxed),
        fetches: session.engine.fetches().clone(),
        ledger: session.progress.ledger().clone(),
        root: names.root.clone(),
        path: opening.path,
        file_format: opening.file_format,
        names,
    }))
}

pub(crate) fn connection_access(
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
        (_, Some(role)) if parameters.web_identity => Grant::WebIdentity { role_arn: role.arn },
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
        kms_key: parameters.kms_key_arn.clone(),
        session_tags: parameters.session_tags.unwrap_or(false),
    }
}

/// The stage of that name: as written, else in lower case.
pub(crate) async fn find_stage(session: &Session, name: &str) -> Result<catalog::Stage, Error> {
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

/// The connection of that name, for a session that may use it.
pub(crate) async fn find_connection(session: &Session, name: &str) -> Result<catalog::Connection, Error> {
    let connection = stored_connection(session, name).await?;
    session.require(Privilege::AccessConnection, &GrantObject::Connection(connection.name.clone()))?;
    Ok(connection)
}

/// The connection of that name, whoever asks: for stages that refer to it.
async fn stored_connection(session: &Session, name: &str) -> Result<catalog::Connection, Error> {
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

    pub(super) fn root(&self) -> &str {
        &self.root
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
        self.names.url_of(&key_of_path(key))
    }

    /// A key without the stage's prefix.
    pub(crate) fn below_root<'a>(&self, key: &'a str) -> &'a str {
        key.strip_prefix(&self.root).unwrap_or(key)
    }

    /// The key without the stage's prefix, as LIST shows it.
    pub(crate) fn relative<'a>(&self, key: &'a Path) -> Cow<'a, str> {
        match key_of_path(key) {
            Cow::Borrowed(key) => Cow::Borrowed(self.below_root(key)),
            Cow::Owned(key) => Cow::Owned(self.below_root(&key).to_owned()),
        }
    }

    /// Where the statement's requests are entered.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The threads that wait for S3.
    pub(super) fn fetches(&self) -> &Arc<FetchPool> {
        &self.fetches
    }

    /// What a version of a file is called in caches; `None` where S3 gave no ETag.
    pub(super) fn file_key(&self, meta: &ObjectMeta) -> Option<Arc<FileKey>> {
        Some(Arc::new(FileKey {
            binding: self.bucket.binding_id().to_owned(),
            path: meta.location.to_string(),
            e_tag: meta.e_tag.clone()?,
        }))
    }

    /// The location is there and has no file to read.
    pub(super) fn nothing_found(&self) -> Error {
        no_file(&self.names, &self.names.url_of(&self.prefix()))
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
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("names", &self.names).field("path", &self.path).finish_non_exhaustive()
    }
}
