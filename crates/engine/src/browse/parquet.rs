//! What a Parquet footer says, for people.

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use arrow::util::display::array_value_to_string;
use credentials::Access;
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::basic::{LogicalType, TimeUnit, TimestampType};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use datafusion::parquet::schema::types::ColumnDescriptor;

use crate::session::Session;
use crate::stage::{FoundFooter, open_location};
use crate::{Error, Identity};

/// Row groups that are told; a file may have more.
const ROW_GROUPS_MAX: usize = 200;
/// Columns that are told; a file may have more.
const COLUMNS_MAX: usize = 1_000;
/// Longest text of a least or greatest value, in characters.
const VALUE_CHARACTERS_MAX: usize = 200;

/// Which file is looked at.
#[derive(Debug, Clone)]
pub struct FooterRequest {
    pub identity: Identity,
    pub query_id: String,
    /// The stage's name without `@`.
    pub stage: String,
    /// The path in the stage.
    pub path: String,
}

/// What the footer says.
#[derive(Debug, Clone)]
pub struct FooterSummary {
    pub size: u64,
    pub footer_bytes: u64,
    pub rows: u64,
    pub created_by: Option<String>,
    pub version: i32,
    pub metadata: Vec<(String, Option<String>)>,
    /// At most [`COLUMNS_MAX`] of `columns_total`.
    pub columns: Vec<LeafSummary>,
    pub columns_total: usize,
    /// At most [`ROW_GROUPS_MAX`] of `row_groups_total`.
    pub row_groups: Vec<RowGroupSummary>,
    pub row_groups_total: usize,
}

/// One column as the file keeps it: a leaf of its schema.
#[derive(Debug, Clone)]
pub struct LeafSummary {
    /// The parts of its path with points between.
    pub name: String,
    pub physical_type: String,
    pub logical_type: Option<String>,
    pub nullable: bool,
    /// The column that SQL sees, where that is this leaf and nothing more.
    pub field: Option<FieldRef>,
}

/// One row group.
#[derive(Debug, Clone)]
pub struct RowGroupSummary {
    pub rows: u64,
    pub bytes: u64,
    pub compressed_bytes: u64,
    pub offset: u64,
    pub columns: Vec<ChunkSummary>,
}

/// One column of one row group.
#[derive(Debug, Clone)]
pub struct ChunkSummary {
    pub codec: String,
    pub encodings: Vec<String>,
    pub bytes: u64,
    pub compressed_bytes: u64,
    pub nulls: Option<u64>,
    pub distinct: Option<u64>,
    pub min: Option<String>,
    pub max: Option<String>,
    pub has_bloom_filter: bool,
    pub has_page_index: bool,
}

pub(crate) async fn read_summary(session: &Session, request: FooterRequest) -> Result<FooterSummary, Error> {
    let location = sql::Location::Stage { stage: request.stage, path: request.path };
    let place = open_location(session, &location, None, Access::Read).await?;
    let footer = place.read_footer_of_file().await?;
    Ok(summarize(&footer))
}

fn summarize(footer: &FoundFooter) -> FooterSummary {
    let file = footer.metadata.file_metadata();
    let leaves = file.schema_descr().columns();
    let columns: Vec<LeafSummary> =
        leaves.iter().take(COLUMNS_MAX).map(|leaf| summarize_leaf(footer, leaf)).collect();
    let groups: Vec<&RowGroupMetaData> = footer.metadata.row_groups().iter().take(ROW_GROUPS_MAX).collect();
    let ranges: Vec<Range> = columns.iter().map(|column| Range::of_column(footer, column, &groups)).collect();
    let row_groups = groups.iter().enumerate().map(|(index, group)| RowGroupSummary {
        rows: unsigned(group.num_rows()),
        bytes: unsigned(group.total_byte_size()),
        compressed_bytes: unsigned(group.compressed_size()),
        offset: unsigned(group.columns().first().map_or(0, |chunk| chunk.byte_range().0.cast_signed())),
        columns: group
            .columns()
            .iter()
            .zip(&ranges)
            .map(|(chunk, range)| summarize_chunk(chunk, range, index))
            .collect(),
    });
    FooterSummary {
        size: footer.size,
        footer_bytes: footer.footer_bytes,
        rows: unsigned(file.num_rows()),
        created_by: file.created_by().map(str::to_owned),
        version: file.version(),
        metadata: file
            .key_value_metadata()
            .into_iter()
            .flatten()
            // The Arrow schema in base64 is for readers, not for people.
            .filter(|entry| entry.key != "ARROW:schema")
            .map(|entry| (entry.key.clone(), entry.value.clone()))
            .collect(),
        row_groups: row_groups.collect(),
        row_groups_total: footer.metadata.num_row_groups(),
        columns_total: leaves.len(),
        columns,
    }
}

fn summarize_leaf(footer: &FoundFooter, leaf: &ColumnDescriptor) -> LeafSummary {
    let parts = leaf.path().parts();
    let field = match parts {
        [name] => footer.schema.fields().iter().find(|field| field.name() == name).cloned(),
        _ => None,
    };
    LeafSummary {
        name: parts.join("."),
        physical_type: leaf.physical_type().to_string(),
        logical_type: leaf.logical_type_ref().map(logical_type_name),
        nullable: leaf.max_def_level() > 0,
        field,
    }
}

/// A logical type in the words of Parquet's own format: `STRING`, `DECIMAL(12, 2)`, `TIMESTAMP(MICROS, UTC)`.
fn logical_type_name(logical: &LogicalType) -> String {
    let with_unit = |name: &str, time: &TimestampType| {
        let unit = match time.unit {
            TimeUnit::MILLIS => "MILLIS",
            TimeUnit::MICROS => "MICROS",
            TimeUnit::NANOS => "NANOS",
        };
        format!("{name}({unit}, {})", if time.is_adjusted_to_u_t_c { "UTC" } else { "local" })
    };
    let name = match logical {
        LogicalType::String => "STRING",
        LogicalType::Map => "MAP",
        LogicalType::List => "LIST",
        LogicalType::Enum => "ENUM",
        LogicalType::Date => "DATE",
        LogicalType::Json => "JSON",
        LogicalType::Bson => "BSON",
        LogicalType::Uuid => "UUID",
        LogicalType::Float16 => "FLOAT16",
        LogicalType::Unknown => "UNKNOWN",
        LogicalType::Variant(_) => "VARIANT",
        LogicalType::Geometry(_) => "GEOMETRY",
        LogicalType::Geography(_) => "GEOGRAPHY",
        LogicalType::Decimal(decimal) => return format!("DECIMAL({}, {})", decimal.precision, decimal.scale),
        LogicalType::Time(time) => return with_unit("TIME", time),
        LogicalType::Timestamp(time) => return with_unit("TIMESTAMP", time),
        LogicalType::Integer(integer) => {
            return format!("{}({})", if integer.is_signed { "INT" } else { "UINT" }, integer.bit_width);
        }
        _ => "OTHER",
    };
    name.to_owned()
}

fn summarize_chunk(chunk: &ColumnChunkMetaData, range: &Range, group: usize) -> ChunkSummary {
    let statistics = chunk.statistics();
    let codec = chunk.compression().to_string();
    ChunkSummary {
        // `ZSTD(ZstdLevel(1))`: the level is what the reader assumes, the file does not have it.
        codec: codec.split('(').next().unwrap_or(&codec).to_owned(),
        encodings: chunk.encodings().map(|encoding| encoding.to_string()).collect(),
        bytes: unsigned(chunk.uncompressed_size()),
        compressed_bytes: unsigned(chunk.compressed_size()),
        nulls: statistics.and_then(|statistics| statistics.null_count_opt()),
        distinct: statistics.and_then(|statistics| statistics.distinct_count_opt()),
        min: text_of(range.min.as_ref(), group),
        max: text_of(range.max.as_ref(), group),
        has_bloom_filter: chunk.bloom_filter_offset().is_some(),
        has_page_index: chunk.offset_index_offset().is_some(),
    }
}

/// The least and greatest values of one column, an element a row group.
#[derive(Default)]
struct Range {
    min: Option<ArrayRef>,
    max: Option<ArrayRef>,
}

impl Range {
    /// Nothing for a leaf of a nested column, whose statistics no type says how to read.
    fn of_column(footer: &FoundFooter, column: &LeafSummary, groups: &[&RowGroupMetaData]) -> Self {
        let Some(field) = &column.field else { return Self::default() };
        let schema = footer.metadata.file_metadata().schema_descr();
        let Ok(converter) = StatisticsConverter::try_new(field.name(), &footer.schema, schema) else {
            return Self::default();
        };
        Self {
            min: converter.row_group_mins(groups.iter().copied()).ok(),
            max: converter.row_group_maxes(groups.iter().copied()).ok(),
        }
    }
}

fn text_of(values: Option<&ArrayRef>, index: usize) -> Option<String> {
    let values = values.filter(|values| index < values.len() && values.is_valid(index))?;
    let text = array_value_to_string(values, index).ok()?;
    if text.chars().count() <= VALUE_CHARACTERS_MAX {
        return Some(text);
    }
    Some(text.chars().take(VALUE_CHARACTERS_MAX).chain(['…']).collect())
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}
