//! Parquet footers: schema, row groups and statistics of one file, in as few requests as possible.

use std::sync::Arc;

use arrow::datatypes::{Schema, TimeUnit};
use bytes::Bytes;
use datafusion::datasource::physical_plan::parquet::{Int96Coercer, transform_schema_to_view};
use datafusion::parquet::DecodeResult;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};

use super::Place;
use super::listing::StagedFile;
use crate::{Error, ErrorKind};

/// How much of a file's end is read at first: most footers with their page index fit, and a small
/// file is there whole.
pub(crate) const TAIL_BYTES: u64 = 512 * 1024;

/// A file whose footer has been read.
#[derive(Debug, Clone)]
pub(crate) struct ParquetFile {
    pub(crate) file: StagedFile,
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) schema: Arc<Schema>,
}

/// Reads the footer of one file: from the tail that the listing brought along, else with one request.
pub(crate) async fn read_footer(place: &Arc<Place>, file: StagedFile) -> Result<ParquetFile, Error> {
    let size = file.meta.size;
    let name = place.describe_key(&file.meta.location);
    let broken = |reason: String| {
        Error::new(ErrorKind::BadFile, format!("`{name}` is not a readable Parquet file: {reason}"))
            .with_hint("name a Parquet file, or leave this one out with PATTERN or FILES")
    };
    if size < 12 {
        return Err(broken(format!("it has {size} bytes, and the smallest Parquet file has 12")));
    }
    let file = match file.tail {
        Some(_) => file,
        None => place.read_tail(file).await?,
    };
    if let Some(tail) = &file.tail {
        check_trailer(&tail.bytes, size).map_err(broken)?;
    }
    let mut decoder = ParquetMetaDataPushDecoder::try_new(size)
        .map_err(|error| broken(error.to_string()))?
        .with_page_index_policy(PageIndexPolicy::Optional);
    if let Some(tail) = &file.tail {
        decoder
            .push_range(tail.start..size, tail.bytes.clone())
            .map_err(|error| broken(error.to_string()))?;
    }
    let metadata = loop {
        match decoder.try_decode().map_err(|error| broken(plain_reason(&error.to_string())))? {
            DecodeResult::Data(metadata) => break metadata,
            DecodeResult::NeedsData(ranges) => {
                let buffers: Vec<Bytes> = place.read_ranges(&file, &ranges).await?;
                decoder.push_ranges(ranges, buffers).map_err(|error| broken(error.to_string()))?;
            }
            DecodeResult::Finished => return Err(broken("its footer ends early".into())),
        }
    };
    let schema = arrow_schema(&metadata).map_err(|error| broken(error.to_string()))?;
    Ok(ParquetFile { file, metadata: Arc::new(metadata), schema: Arc::new(schema) })
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
