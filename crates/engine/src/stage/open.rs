//! A location of a query as a table: which files, in which format.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use sql::{FileFormatBase, FileFormatOptions, FileFormatType};

use super::bytes::FileEnd;
use super::footer::known_footer;
use super::formats::options::{resolve_format, type_of};
use super::formats::{ColumnUse, FileSource, Opening, ends_by_name, open_files, sniff_format};
use super::hive::Condition;
use super::listing::{Found, Selection, StagedFile, find_in_folders};
use super::row_variant::{with_row_number, with_row_variant};
use super::web::open_for_reading;
use super::{MetadataColumn, Place, StageTable};
use crate::query::from_datafusion;
use crate::session::Session;
use crate::{Error, ErrorKind};

/// Ends of files read side by side, before the others.
const TAILS_AT_ONCE: usize = 1_024;

/// What the last bytes of a Parquet file are.
const PARQUET_MAGIC: [&[u8]; 2] = [b"PAR1", b"PARE"];

/// A location ready to be planned with.
pub(crate) struct OpenedTable {
    pub(crate) place: Arc<Place>,
    pub(crate) provider: Arc<dyn TableProvider>,
    /// Columns that `*` does not mean.
    pub(crate) hidden: Vec<String>,
    /// What the user should know of the files.
    pub(crate) warnings: Vec<String>,
}

/// Opens a location, finds its files and knows their columns.
pub(crate) async fn open_table(
    session: &Session,
    location: &sql::LocationTable,
    used: &ColumnUse,
    conditions: Vec<Condition>,
) -> Result<OpenedTable, Error> {
    let options = &location.options;
    let (place, selection) = open_for_reading(session, location).await?;
    let stated = resolve_format(session, &place, options.file_format.as_ref()).await?;
    let selection = selection.with_conditions(conditions);
    open_selection(place, stated, &selection, used, session).await
}

/// The same for files that are selected already.
async fn open_selection(
    place: Arc<Place>,
    stated: Option<FileFormatOptions>,
    selection: &Selection,
    used: &ColumnUse,
    session: &Session,
) -> Result<OpenedTable, Error> {
    let end = match stated.as_ref().map(type_of) {
        Some(FileFormatType::Parquet | FileFormatType::Orc) => FileEnd::Tail,
        Some(_) => FileEnd::Head,
        None if ends_by_name(place.path()) => FileEnd::Tail,
        None => FileEnd::Head,
    };
    let found = find_in_folders(&place, selection, end).await?;
    if found.files.is_empty() {
        return Err(place.nothing_found());
    }
    open_found(place, stated, found, used, session).await
}

/// The same for files that are found already.
pub(super) async fn open_found(
    place: Arc<Place>,
    stated: Option<FileFormatOptions>,
    mut found: Found,
    used: &ColumnUse,
    session: &Session,
) -> Result<OpenedTable, Error> {
    let format = match stated {
        Some(format) => format,
        None => find_format(&place, &mut found.files).await?,
    };
    let strict = session.setting("strict_file_schemas") == "1";
    if type_of(&format) == FileFormatType::Parquet {
        refuse_positions(&format, used)?;
        let progress = session.progress.clone();
        let (table, warnings) =
            StageTable::open(place.clone(), found, used.metadata.clone(), strict, progress).await?;
        let visible = table.visible();
        let mut provider: Arc<dyn TableProvider> = Arc::new(table);
        if used.metadata.contains(&MetadataColumn::FileRowNumber) {
            provider = with_row_number(provider).map_err(from_datafusion)?;
        }
        let opened = finish(place, provider, visible, used.position_max.is_some())?;
        return Ok(OpenedTable { warnings, ..opened });
    }
    let opening = Opening {
        place: place.clone(),
        files: found.files,
        folders: found.folders,
        format: &format,
        used,
        strict,
        progress: session.progress.clone(),
    };
    let table = open_files(opening).await?;
    let visible = table.visible();
    let warnings = table.warnings();
    let has_row =
        used.position_max.is_some() && matches!(type_of(&format), FileFormatType::Avro | FileFormatType::Orc);
    if has_row {
        refuse_positions(&format, used)?;
    }
    let opened = finish(place, Arc::new(table), visible, has_row)?;
    Ok(OpenedTable { warnings, ..opened })
}

/// Puts `$1` beside the columns where that is asked for.
fn finish(
    place: Arc<Place>,
    provider: Arc<dyn TableProvider>,
    visible: usize,
    has_row: bool,
) -> Result<OpenedTable, Error> {
    let provider =
        if has_row { with_row_variant(provider, visible).map_err(from_datafusion)? } else { provider };
    let hidden = provider.schema().fields().iter().skip(visible).map(|field| field.name().clone()).collect();
    Ok(OpenedTable { place, provider, hidden, warnings: Vec::new() })
}

/// A file of columns has one position: the row.
fn refuse_positions(format: &FileFormatOptions, used: &ColumnUse) -> Result<(), Error> {
    if used.position_max.is_none_or(|position| position == 1) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Semantic,
        format!("a {} file has `$1` as its only position: the row", type_of(format)),
    )
    .with_hint("name its columns, or a member of the row: `$1:name`"))
}

/// Reads the ends of the first files, those that will be wanted whatever the first one turns out to be.
async fn read_tails(place: &Arc<Place>, files: &mut [StagedFile]) -> Result<(), Error> {
    let wanted = files.iter_mut().filter(|file| {
        let by_name = file.meta.size > 0 && ends_by_name(file.meta.location.as_ref());
        by_name && file.tail.is_none() && known_footer(place, file).is_none()
    });
    let reading = wanted.take(TAILS_AT_ONCE).map(|file| async move {
        *file = place.read_tail(file.clone()).await?;
        Ok::<(), Error>(())
    });
    futures::future::try_join_all(reading).await?;
    Ok(())
}

/// The format of files that nobody states one of: that of the first of them.
async fn find_format(place: &Arc<Place>, files: &mut [StagedFile]) -> Result<FileFormatOptions, Error> {
    let parquet = || FileFormatOptions::new(FileFormatBase::Type(FileFormatType::Parquet));
    let Some(at) = files.iter().position(|file| file.meta.size > 0) else { return Ok(parquet()) };
    if ends_by_name(files[at].meta.location.as_ref()) {
        // A footer that was read before is one of Parquet.
        if known_footer(place, &files[at]).is_some() {
            return Ok(parquet());
        }
        read_tails(place, files).await?;
    }
    let first = &mut files[at];
    if ends_by_name(first.meta.location.as_ref()) {
        let is_parquet = first
            .tail
            .as_ref()
            .is_some_and(|tail| PARQUET_MAGIC.iter().any(|magic| tail.bytes.ends_with(magic)));
        if is_parquet {
            return Ok(parquet());
        }
    }
    let with_head = place.with_head(first.clone()).await?;
    let source = FileSource::new(place.clone(), with_head, Arc::default());
    let format = sniff_format(&source).await?;
    if type_of(&format) != FileFormatType::Parquet {
        *first = source.file;
    }
    Ok(format)
}
