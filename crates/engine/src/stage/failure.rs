//! Refusals of S3 and STS in words that name the object, who refused, and what to do.

use credentials::{CredentialsError, FailureClass, StorageFailure, StorageFailureKind, key_of_path};
use object_store::path::Path;

use super::location::Names;
use crate::{Error, ErrorKind};

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Read,
    List,
    Write,
    Delete,
}

impl Action {
    fn verb(self) -> &'static str {
        match self {
            Action::Read => "read",
            Action::List => "list",
            Action::Write => "write",
            Action::Delete => "delete",
        }
    }

    /// The action that a policy must allow, see
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>.
    fn permission(self) -> &'static str {
        match self {
            Action::Read => "s3:GetObject",
            Action::List => "s3:ListBucket",
            Action::Write => "s3:PutObject",
            Action::Delete => "s3:DeleteObject",
        }
    }
}

/// An error of an opened bucket.
pub(crate) fn storage_error(names: &Names, action: Action, key: &Path, error: &object_store::Error) -> Error {
    let failure = credentials::explain(error);
    if let Some(cause) = &failure.credentials {
        return credentials_error(names, cause);
    }
    let object = names.url_of(&key_of_path(key));
    let context = format!("{failure:?}");
    let error = match failure.kind {
        StorageFailureKind::NotFound => not_found(names, &object, &failure),
        StorageFailureKind::Denied | StorageFailureKind::Expired => denied(names, action, &object, &failure),
        StorageFailureKind::Precondition => {
            Error::new(ErrorKind::BadFile, format!("`{object}` was overwritten while it was read"))
                .with_hint("run the statement again")
        }
        StorageFailureKind::WrongRegion => {
            let region = failure.region.as_deref().unwrap_or("another region");
            Error::new(
                ErrorKind::StorageUnavailable,
                format!(
                    "cannot {} `{object}`{}: bucket `{}` is in {region}",
                    action.verb(),
                    through(names),
                    names.bucket
                ),
            )
            .with_hint(
                "leave REGION out of the connection to have it found, or set it to the bucket's region",
            )
        }
        StorageFailureKind::Unavailable | StorageFailureKind::Other => Error::new(
            ErrorKind::StorageUnavailable,
            format!("cannot {} `{object}`{}: {}", action.verb(), through(names), plain(&failure.message)),
        ),
    };
    error.with_context(context)
}

fn not_found(names: &Names, object: &str, failure: &StorageFailure) -> Error {
    if failure.code.as_deref() == Some("NoSuchBucket") {
        return Error::new(
            ErrorKind::StorageNotFound,
            format!("bucket `{}`{} does not exist: S3 answered NoSuchBucket", names.bucket, through(names)),
        )
        .with_hint(match &names.stage {
            Some(stage) => format!("check the URL of stage `{stage}`: `DESC STAGE {stage}`"),
            None => "check the bucket's name".to_owned(),
        });
    }
    no_file(names, object)
}

/// S3 knows no file of that name, or none under that prefix.
pub(super) fn no_file(names: &Names, object: &str) -> Error {
    Error::new(ErrorKind::StorageNotFound, format!("no file `{object}`{}: S3 knows none", through(names)))
        .with_hint(list_hint(names))
}

fn denied(names: &Names, action: Action, object: &str, failure: &StorageFailure) -> Error {
    let denial = failure.denial.as_ref();
    let permission = denial.map_or(action.permission(), |denial| denial.action.as_str());
    let reason = match denial.and_then(|denial| denial.because.as_deref()) {
        Some(because) => format!(" {because}"),
        None => failure.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default(),
    };
    let message =
        format!("cannot {} `{object}`{}: S3 refused {permission}{reason}", action.verb(), through(names));
    let hint = with_ladder(names, denied_hint(names, permission, &reason));
    Error::new(ErrorKind::StoragePermissionDenied, message).with_hint(hint)
}

fn denied_hint(names: &Names, permission: &str, reason: &str) -> String {
    let resource = match permission {
        "s3:ListBucket" => format!("arn:aws:s3:::{}", names.bucket),
        _ => format!("arn:aws:s3:::{}/{}*", names.bucket, names.root),
    };
    if reason.contains("explicit deny") {
        return format!(
            "somebody denies {permission} on `{resource}` on purpose: find the Deny that AWS names"
        );
    }
    match &names.role_arn {
        Some(role_arn) => format!("the policy of role `{role_arn}` must allow {permission} on `{resource}`"),
        None if names.connection.is_some() => {
            format!("the keys of the connection must allow {permission} on `{resource}`")
        }
        None => format!(
            "the location has no connection, so it was asked for without a signature: give it one: `(CONNECTION => (CONNECTION_NAME = '…'))` behind a URI, `CONNECTION = (CONNECTION_NAME = '…')` of a stage, or make `{resource}` public"
        ),
    }
}

/// Adds the statement that tries each step.
fn with_ladder(names: &Names, hint: String) -> String {
    let Some(connection) = &names.connection else { return hint };
    format!(
        "{hint}; `VALIDATE CONNECTION {connection} ON 's3://{}/{}'` tries each step",
        names.bucket, names.root
    )
}

fn list_hint(names: &Names) -> String {
    match &names.stage {
        Some(stage) => format!("`LIST @{stage}` shows the files there are"),
        None => "check the name: S3 keys are case-sensitive".to_owned(),
    }
}

/// ` through connection c with role r`, as far as there is one.
fn through(names: &Names) -> String {
    let mut text = String::new();
    if let Some(stage) = &names.stage {
        text.push_str(&format!(" of stage `{stage}`"));
    }
    if let Some(connection) = &names.connection {
        text.push_str(&format!(" through connection `{connection}`"));
    }
    if let Some(role_arn) = &names.role_arn {
        text.push_str(&format!(" with role `{role_arn}`"));
    }
    text
}

fn plain(message: &str) -> &str {
    message.trim_end_matches('.')
}

/// A bucket that could not be opened.
pub(super) fn credentials_error(names: &Names, error: &CredentialsError) -> Error {
    if error.class() == FailureClass::NoServerIdentity
        && let Some(role_arn) = &names.role_arn
    {
        let connection =
            names.connection.as_ref().map(|name| format!(" for connection `{name}`")).unwrap_or_default();
        let ours = Error::new(
            ErrorKind::NoServerIdentity,
            format!("cannot assume role `{role_arn}`{connection}: the server has no AWS identity"),
        )
        .with_context(error.to_string());
        return match error.hint() {
            Some(hint) => ours.with_hint(hint),
            None => ours,
        };
    }
    let mut ours = Error::from(error.clone());
    if error.class() == FailureClass::Denied {
        ours.hint = ours.hint.map(|hint| with_ladder(names, hint));
    }
    ours
}

impl From<CredentialsError> for Error {
    fn from(error: CredentialsError) -> Self {
        let kind = match error.class() {
            FailureClass::NoServerIdentity => ErrorKind::NoServerIdentity,
            FailureClass::Denied => ErrorKind::StoragePermissionDenied,
            FailureClass::Unavailable => ErrorKind::StorageUnavailable,
            FailureClass::Invalid => ErrorKind::InvalidStorage,
            FailureClass::Internal => ErrorKind::Internal,
        };
        let context = error.aws().map(|aws| format!("{aws:?}")).unwrap_or_default();
        let ours = Error::new(kind, error.to_string()).with_context(context);
        match error.hint() {
            Some(hint) => ours.with_hint(hint),
            None => ours,
        }
    }
}
