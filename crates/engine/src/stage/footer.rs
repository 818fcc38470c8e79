//! Parquet footers: schema, row groups and statistics of one file, in as few requests as possible.

use std::sync::Arc;
use std::time::Instant;

use arrow::datatypes::{Schema, TimeUnit};
use bytes::Bytes;
use datafusion::datasource::physical_plan::parquet::{Int96Coercer, transform_schema_to_view};
use datafusion::parquet::DecodeResult;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};

use super::Place;
use super::footers::KnownFooter;
use super::listing::StagedFile;
use crate::{Error, ErrorKind};

/// A file whose footer has been read.
#[derive(Debug, Clone)]
pub(crate) struct ParquetFile {
    pub(crate) file: StagedFile,
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) schema: Arc<Schema>,
}

/// The footer of a file that a query before this one has read, if it serves for this version.
pub(crate) fn known_footer(place: &Place, file: &StagedFile) -> Option<Arc<KnownFooter>> {
    file.known.clone().or_else(|| {
        let known = place.fetches().footers.get(place.bucket().binding_id(), file.meta.location.as_ref())?;
        let same = known.meta.e_tag.is_some() && known.meta.e_tag == file.meta.e_tag;
        (same && known.meta.size == file.meta.size && known.serves_listings()).then_some(known)
    })
}

/// Reads the footer of one file: from the tail that the listing brought along, else with one request. The
/// page index is read later, by those who need it.
pub(crate) async fn read_footer(place: &Arc<Place>, file: StagedFile) -> Result<ParquetFile, Error> {
    let size = file.meta.size;
    let known = known_footer(place, &file);
    if let Some(known) = known {
        place.ledger().add_cached(0);
        let (metadata, schema) = (known.metadata.clone(), known.schema.clone());
        return Ok(ParquetFile { file, metadata, schema });
    }
    let broken = |reason: String| broken_file(place, &file.meta, reason);
    if size < 12 {
        return Err(broken(format!("it has {size} bytes, and the smallest Parquet file has 12")));
    }
    let file = match file.tail {
        Some(_) => file,
        None => place.read_tail(file).await?,
    };
    let broken = |reason: String| broken_file(place, &file.meta, reason);
    if let Some(tail) = &file.tail {
        check_trailer(&tail.bytes, size).map_err(broken)?;
    }
    let decoder = ParquetMetaDataPushDecoder::try_new(size)
        .map_err(|error| broken(error.to_string()))?
        .with_page_index_policy(PageIndexPolicy::Skip);
    let metadata = decode(place, &file, decoder).await?;
    check_chunks(&metadata, size).map_err(broken)?;
    let schema = arrow_schema(&metadata).map_err(|error| broken(error.to_string()))?;
    let footer = ParquetFile { file, metadata: Arc::new(metadata), schema: Arc::new(schema) };
    footer.keep(place);
    Ok(footer)
}

async fn decode(
    place: &Arc<Place>,
    file: &StagedFile,
    mut decoder: ParquetMetaDataPushDecoder,
) -> Result<ParquetMetaData, Error> {
    let broken = |reason: String| broken_file(place, &file.meta, reason);
    if let Some(tail) = &file.tail {
        decoder
            .push_range(tail.start..file.meta.size, tail.bytes.clone())
            .map_err(|error| broken(error.to_string()))?;
    }
    loop {
        match decoder.try_decode().map_err(|error| broken(plain_reason(&error.to_string())))? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::NeedsData(ranges) => {
                let buffers: Vec<Bytes> = place.read_ranges(file, &ranges).await?;
                decoder.push_ranges(ranges, buffers).map_err(|error| broken(error.to_string()))?;
            }
            DecodeResult::Finished => return Err(broken("its footer ends early".into())),
        }
    }
}

pub(super) fn broken_file(place: &Place, meta: &object_store::ObjectMeta, reason: String) -> Error {
    let name = place.describe_key(&meta.location);
    Error::new(ErrorKind::BadFile, format!("`{name}` is not a readable Parquet file: {reason}"))
        .with_hint("name a Parquet file, or leave this one out with PATTERN or FILES")
}

impl ParquetFile {
    /// The same with its page index, where the file has one.
    pub(crate) async fn with_page_index(&self, place: &Arc<Place>) -> Result<Self, Error> {
        if !self.lacks_page_index() {
            return Ok(self.clone());
        }
        let metadata = self.metadata.as_ref().clone();
        let decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(self.file.meta.size, metadata)
            .map_err(|error| broken_file(place, &self.file.meta, error.to_string()))?
            .with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = decode(place, &self.file, decoder).await?;
        let indexed = Self { metadata: Arc::new(metadata), ..self.clone() };
        indexed.keep(place);
        Ok(indexed)
    }

    /// Whether the file has a page index that has not been read.
    pub(crate) fn lacks_page_index(&self) -> bool {
        let has_one =
            self.metadata.row_groups().first().is_some_and(|group| {
                group.columns().iter().any(|chunk| chunk.offset_index_offset().is_some())
            });
        has_one && self.metadata.offset_index().is_none()
    }

    fn keep(&self, place: &Place) {
        let footer = KnownFooter {
            meta: self.file.meta.clone(),
            metadata: self.metadata.clone(),
            schema: self.schema.clone(),
            read_at: Instant::now(),
        };
        place.fetches().footers.insert(place.bucket().binding_id(), Arc::new(footer));
    }
}

/// Looks at the last eight bytes: the footer's length and the magic. The decoder takes the length on trust.
fn check_trailer(tail: &[u8], size: u64) -> Result<(), String> {
    let Some((rest, magic)) = tail.split_last_chunk::<4>() else {
        return Err("its end is missing".to_owned());
    };
    match magic {
        b"PAR1" => {}
        b"PARE" => return Err("its footer is encrypted".to_owned()),
        _ => return Err("it does not end in `PAR1`".to_owned()),
    }
    let length = rest.last_chunk::<4>().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
    if length == 0 || length + 8 > size {
        return Err(format!("its footer says that it has {length} bytes, and the file has {size}"));
    }
    Ok(())
}

/// Looks at where the footer says that the columns lie. What reads them takes that on trust.
fn check_chunks(metadata: &ParquetMetaData, size: u64) -> Result<(), String> {
    for (index, group) in metadata.row_groups().iter().enumerate() {
        for chunk in group.columns() {
            let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
            let range = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
            let inside =
                range.and_then(|(start, length)| start.checked_add(length)).is_some_and(|end| end <= size);
            if !inside || group.num_rows() < 0 {
                return Err(format!(
                    "its footer says that column `{}` of row group {index} lies outside of the file",
                    chunk.column_path().string()
                ));
            }
        }
    }
    Ok(())
}

/// The Arrow schema a file is read with: INT96 as microseconds (nanoseconds end in the year 2262),
/// strings and binaries as views.
fn arrow_schema(metadata: &ParquetMetaData) -> Result<Schema, datafusion::parquet::errors::ParquetError> {
    let file = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())?;
    let schema =
        Int96Coercer::new(file.schema_descr(), &schema, &TimeUnit::Microsecond).coerce().unwrap_or(schema);
    let schema = transform_schema_to_view(&schema);
    Ok(Schema::new(schema.fields))
}

/// Parquet's own words without its prefix.
fn plain_reason(text: &str) -> String {
    let text = text.strip_prefix("Parquet error: ").unwrap_or(text);
    text.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_that_lies_is_refused() {
        let trailer = |length: u32, magic: &[u8; 4]| [&length.to_le_bytes()[..], magic].concat();
        assert_eq!(check_trailer(&trailer(20, b"PAR1"), 100), Ok(()));
        assert!(check_trailer(&trailer(93, b"PAR1"), 100).unwrap_err().contains("93 bytes"));
        assert!(check_trailer(&trailer(u32::MAX, b"PAR1"), 100).is_err());
        assert!(check_trailer(&trailer(20, b"PARQ"), 100).unwrap_err().contains("PAR1"));
        assert!(check_trailer(b"PA", 2).is_err());
    }
}
