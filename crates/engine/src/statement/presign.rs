//! PRESIGN: a URL that reads or writes one file for a while, for clients that transfer files themselves.

use std::time::Duration;

use crate::rows::{self, Column};
use crate::session::Session;
use crate::stage::open_location;
use crate::{Error, ErrorKind, StatementOutput};

/// Seconds a URL lives when EXPIRE is not given, as in Databend.
const EXPIRE_SECONDS_DEFAULT: u64 = 3600;
/// What signature version 4 allows at most: seven days.
const EXPIRE_SECONDS_MAX: u64 = 7 * 24 * 3600;

pub(super) async fn run(session: &Session, statement: sql::Presign) -> Result<StatementOutput, Error> {
    let seconds = statement.expire_seconds.unwrap_or(EXPIRE_SECONDS_DEFAULT);
    if seconds == 0 || seconds > EXPIRE_SECONDS_MAX {
        return Err(Error::new(
            ErrorKind::InvalidValue,
            format!("EXPIRE = {seconds} is outside 1 to {EXPIRE_SECONDS_MAX} seconds"),
        )
        .with_hint("AWS signs URLs for at most seven days"));
    }
    let (access, method) = match statement.action {
        sql::PresignAction::Download => (credentials::Access::Read, credentials::PresignMethod::Get),
        sql::PresignAction::Upload => (credentials::Access::Write, credentials::PresignMethod::Put),
    };
    let place = open_location(session, &statement.location, None, access).await?;
    let content_type = statement.content_type.as_ref().map(|text| text.value.as_str());
    let presigned = place.presign(method, Duration::from_secs(seconds), content_type).await?;
    let headers = serde_json::to_string(&presigned.headers).unwrap_or_else(|_| "{}".to_owned());
    let mut output = rows::answer(
        session,
        vec![
            Column::text("method", [presigned.method]),
            Column::variant("headers", [Some(headers)]),
            Column::text("url", [presigned.url]),
        ],
    )?;
    output.warnings = place.warnings();
    if statement.expire_seconds.is_some() {
        output.warnings.extend(presigned.warning);
    }
    Ok(output)
}
