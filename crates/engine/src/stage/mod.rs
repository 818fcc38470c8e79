//! Staged files as tables: from `@stage/path` or a URI to a scan.
//!
//! A location is resolved to a bucket opened by `credentials` (`location`), its files are found
//! (`listing`), their footers read (`footer`), and a table provider scans them (`table`, `reader`).

mod failure;
mod footer;
pub(crate) mod listing;
mod location;
mod presign;
mod reader;
mod schema;
mod table;
mod upload;
mod url;

pub(crate) use location::{Place, find_connection, open_location};
pub(crate) use table::StageTable;
pub use upload::Upload;
pub(crate) use upload::write_file;
pub(crate) use url::BucketUrl;

use crate::session::Session;
use crate::{Error, ErrorKind};

/// The name in `CONNECTION = (CONNECTION_NAME = '…')`, which stands alone; `None` for parameters.
pub(crate) fn connection_name(
    session: &Session,
    parameters: &sql::ConnectionParameters,
) -> Result<Option<String>, Error> {
    let Some(name) = parameters.get("connection_name") else { return Ok(None) };
    if parameters.len() > 1 {
        let error = Error::new(
            ErrorKind::InvalidStorage,
            "CONNECTION_NAME cannot be used together with other parameters of a connection",
        );
        return Err(match parameters.entry("connection_name") {
            Some(entry) => error.with_excerpt(sql::excerpt(&session.sql, entry.key_span)),
            None => error,
        });
    }
    Ok(Some(name.to_owned()))
}
