//! Formats that DataFusion does not scan: text of all kinds, Avro, Arrow, all read from the beginning of a file,
//! and ORC, which is read from its end. One file each.
//!
//! [`FileReader`] is what a format is to the rest: columns, and batches out of the bytes of one file.
//! `table` puts metadata columns beside them and makes a table of many files.

mod adapt;
mod arrow_footer;
mod arrow_ipc;
mod avro;
mod avro_blocks;
mod blocking;
mod compression;
mod delimited;
mod delimited_quotes;
mod delimited_reader;
mod infer_text;
mod json_reader;
mod json_scan;
mod json_shape;
mod json_values;
pub(crate) mod metadata;
pub(crate) mod options;
mod orc;
mod records;
mod sniff;
mod source;
mod table;
mod transcode;

use std::sync::Arc;

use sql::{FileFormatOptions, FileFormatType};

pub(crate) use metadata::MetadataColumn;
pub(crate) use sniff::{ends_by_name, sniff_format};
pub(crate) use source::{FileReader, FileSource};
pub(crate) use table::FilesTable;

use options::type_of;

use super::Place;
use super::hive::FolderColumn;
use super::listing::StagedFile;
use crate::{Error, ErrorKind, Progress};

/// Which columns a statement may ask a location for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ColumnUse {
    /// Columns are named by position somewhere; the highest position.
    pub(crate) position_max: Option<usize>,
    /// The metadata columns that are named somewhere.
    pub(crate) metadata: Vec<MetadataColumn>,
}

/// Files read at planning, to know the columns; their first blocks are kept.
const SAMPLE_FILES_MAX: usize = 16;

/// What is known of a location when its files are opened.
pub(crate) struct Opening<'a> {
    pub(crate) place: Arc<Place>,
    pub(crate) files: Vec<StagedFile>,
    /// Columns that the names of the folders give.
    pub(crate) folders: Vec<FolderColumn>,
    pub(crate) format: &'a FileFormatOptions,
    pub(crate) used: &'a ColumnUse,
    /// Files that differ are an error.
    pub(crate) strict: bool,
    pub(crate) progress: Arc<Progress>,
}

/// The files of a location as a table. `None` for Parquet, which is read from the end of its files.
pub(crate) async fn open_files(opening: Opening<'_>) -> Result<FilesTable, Error> {
    let Opening { place, mut files, folders, format, used, strict, progress } = opening;
    let sample = match type_of(format) {
        FileFormatType::Orc => files.len().min(SAMPLE_FILES_MAX),
        _ => fetch_heads(&place, &mut files).await?,
    };
    let sources: Vec<FileSource> = files
        .iter()
        .take(sample)
        .map(|file| FileSource::new(place.clone(), file.clone(), Arc::default()))
        .collect();
    let reader: Arc<dyn FileReader> = match type_of(format) {
        FileFormatType::Csv | FileFormatType::Text => {
            Arc::new(delimited_reader::DelimitedReader::open(format, &sources, used).await?)
        }
        FileFormatType::Ndjson | FileFormatType::Json => {
            Arc::new(json_reader::JsonFileReader::open(format, &sources, used).await?)
        }
        FileFormatType::Avro => Arc::new(avro::AvroReader::open(&sources, strict).await?),
        FileFormatType::Arrow | FileFormatType::ArrowStream => {
            Arc::new(arrow_ipc::ArrowReader::open(&sources, used, strict).await?)
        }
        FileFormatType::Orc => Arc::new(orc::OrcReader::open(&sources, strict).await?),
        other => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("files of format {other} cannot be read by this version of Stagedoor"),
            )
            .with_hint("PARQUET, ORC, CSV, TEXT, NDJSON, JSON, AVRO, ARROW and ARROW_STREAM can"));
        }
    };
    Ok(FilesTable::new(place, files, folders, reader, used.metadata.clone(), progress))
}

/// Brings the first blocks of the first files; how many they are.
async fn fetch_heads(place: &Arc<Place>, files: &mut [StagedFile]) -> Result<usize, Error> {
    let count = files.len().min(SAMPLE_FILES_MAX);
    let heads = files.iter().take(count).map(|file| place.with_head(file.clone()));
    let heads = futures::future::try_join_all(heads).await?;
    for (file, with_head) in files.iter_mut().zip(heads) {
        *file = with_head;
    }
    Ok(count)
}
