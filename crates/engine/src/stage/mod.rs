//! Staged files as tables: from `@stage/path` or a URI to a scan.
//!
//! A location is resolved to a bucket opened by `credentials` (`location`), its files are found
//! (`listing`, `lookup`), and their format decides how they are read (`open`): Parquet by its footers
//! (`footer`, `table`, `scan`), every other format from its beginning (`bytes`, `formats`). `fetch` brings
//! the bytes.

mod bytes;
mod failure;
mod fetch;
mod footer;
mod footers;
mod formats;
mod hive;
mod inspect;
mod key_ranges;
mod keys;
mod layouts;
pub(crate) mod listing;
mod location;
mod look;
mod lookup;
mod open;
mod presign;
mod row_variant;
mod scan;
mod schema;
mod sql_type;
mod table;
mod trial;
mod upload;
mod url;
mod web;

pub(crate) use fetch::{DiskLimits, FetchLimits, FetchPool};
pub(crate) use formats::{ColumnUse, FilesTable, MetadataColumn};
pub(crate) use hive::{Comparison, Condition};
pub(crate) use inspect::{infer_columns, read_parquet_footer, read_small_files};
pub(crate) use location::{
    Place, connection_access, find_connection, find_stage, open_location, stage_access,
};
pub(crate) use look::FoundFooter;
pub(crate) use open::{OpenedTable, open_table};
pub(crate) use scan::ScanHints;
pub(crate) use sql_type::sql_type;
pub(crate) use table::StageTable;
pub(crate) use trial::try_stage;
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
