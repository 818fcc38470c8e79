//! Looks at staged files without a query over their rows.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use bytes::Bytes;
use datafusion::parquet::file::metadata::ParquetMetaData;

use super::Place;
use super::bytes::FileEnd;
use super::footer::read_footer;
use super::formats::ColumnUse;
use super::formats::options::resolve_format;
use super::listing::{Found, StagedFile, find_files};
use super::open::open_found;
use super::web::open_for_reading;
use crate::session::Session;
use crate::{Error, ErrorKind};

async fn open(
    session: &Session,
    location: &sql::LocationTable,
    end: FileEnd,
) -> Result<(Arc<Place>, Vec<StagedFile>), Error> {
    let (place, selection) = open_for_reading(session, location).await?;
    let files = find_files(&place, &selection, end).await?;
    Ok((place, files))
}

/// The columns of the first files of a location together, and the names of those files.
pub(crate) async fn infer_columns(
    session: &Session,
    location: &sql::LocationTable,
    file_count_max: usize,
) -> Result<(Vec<FieldRef>, Vec<String>), Error> {
    let (place, mut files) = open(session, location, FileEnd::Tail).await?;
    files.truncate(file_count_max);
    if files.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let names = files.iter().map(|file| place.relative(&file.meta.location).into_owned()).collect();
    let stated = resolve_format(session, &place, location.options.file_format.as_ref()).await?;
    let table =
        open_found(place, stated, Found { files, folders: Vec::new() }, &ColumnUse::default(), session)
            .await?;
    Ok((table.provider.schema().fields().iter().cloned().collect(), names))
}

/// The footer of the first file of a location, and the file's size.
pub(crate) async fn read_parquet_footer(
    session: &Session,
    location: &sql::LocationTable,
) -> Result<(Arc<ParquetMetaData>, u64), Error> {
    let (place, files) = open(session, location, FileEnd::Tail).await?;
    let Some(file) = files.into_iter().next() else { return Err(place.nothing_found()) };
    let size = file.meta.size;
    let footer = read_footer(&place, file).await?;
    Ok((footer.metadata.clone(), size))
}

/// Files of a location whole, with their names below the stage.
pub(crate) async fn read_small_files(
    session: &Session,
    location: &sql::LocationTable,
    bytes_max: u64,
) -> Result<Vec<(String, Bytes)>, Error> {
    let (place, files) = open(session, location, FileEnd::Head).await?;
    if files.is_empty() {
        return Err(place.nothing_found());
    }
    let total: u64 = files.iter().map(|file| file.meta.size).sum();
    if total > bytes_max {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("the files have {total} bytes, and {bytes_max} may be read whole"),
        )
        .with_hint("name a smaller file"));
    }
    let mut contents = Vec::with_capacity(files.len());
    for file in files {
        let name = place.relative(&file.meta.location).into_owned();
        let content = match file.meta.size {
            0 => Bytes::new(),
            size => {
                place.read_ranges(&file, std::slice::from_ref(&(0..size))).await?.pop().unwrap_or_default()
            }
        };
        contents.push((name, content));
    }
    Ok(contents)
}
