//! CSV and TEXT: columns by position as text, or by the names of a header with the types of a sample.
//!
//! A statement that names a column by position (`$1`) sees every record behind SKIP_HEADER, as text. One
//! that does not sees columns by name: of the last skipped record, of a header that is found, or else
//! `column_1`, `column_2`, ….

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, Int64Builder, StringBuilder, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use futures::StreamExt;
use sql::FileFormatOptions;

use super::ColumnUse;
use super::adapt::refuse_more_columns;
use super::delimited::FieldSpan;
use super::infer_text::Kind;
use super::options::DelimitedOptions;
use super::records::{Block, Boundary, RecordBlocks};
use super::source::{BatchStream, FileReader, FileSource};
use super::transcode::transcode;
use crate::query;
use crate::{Error, ErrorKind};

/// The columns one file may have.
const COLUMNS_MAX: usize = 10_000;

/// How files of one format and schema are read.
#[derive(Debug)]
pub(crate) struct DelimitedReader {
    options: DelimitedOptions,
    fields: Fields,
    columns: Vec<Column>,
    visible: usize,
    /// Records before the data.
    skip: u64,
    /// The last of them has the names of the columns.
    has_names: bool,
    /// Records must have as many fields as there are columns.
    counts_fields: bool,
}

/// Where a column's values stand in a record.
#[derive(Debug, Clone)]
enum Column {
    Position(usize),
    Named(String),
}

/// The first records of a file.
struct Sample {
    records: Vec<Vec<Option<String>>>,
    skipped: Vec<Vec<String>>,
}

impl DelimitedReader {
    pub(crate) async fn open(
        format: &FileFormatOptions,
        sources: &[FileSource],
        used: &ColumnUse,
    ) -> Result<Self, Error> {
        let options = DelimitedOptions::new(format)?;
        let mut samples = Vec::new();
        for source in sources {
            samples.push(read_sample(&options, source).await?);
        }
        Ok(match used.position_max {
            Some(position_max) => Self::by_position(options, &samples, position_max),
            None => Self::by_name(options, &samples),
        })
    }

    fn by_position(options: DelimitedOptions, samples: &[Sample], position_max: usize) -> Self {
        let widest = samples.iter().flat_map(|sample| &sample.records).map(Vec::len).max().unwrap_or(0);
        let count = widest.max(position_max).min(COLUMNS_MAX);
        let mut fields: Vec<FieldRef> = Vec::new();
        let mut columns = Vec::new();
        // A header that is skipped gives names too; they are texts as well, so that both mean the same.
        for name in unique_names(samples.first().and_then(|sample| sample.skipped.last())) {
            fields.push(Arc::new(Field::new(&name, DataType::Utf8, true)));
            columns.push(Column::Named(name));
        }
        let named = fields.len();
        for position in 0..count {
            fields.push(Arc::new(Field::new(format!("${}", position + 1), DataType::Utf8, true)));
            columns.push(Column::Position(position));
        }
        let visible = if named > 0 { named } else { fields.len() };
        let skip = options.skip_header;
        Self {
            options,
            fields: fields.into(),
            columns,
            visible,
            skip,
            has_names: named > 0,
            counts_fields: false,
        }
    }

    fn by_name(options: DelimitedOptions, samples: &[Sample]) -> Self {
        let found = options.skip_header == 0 && samples.iter().all(|sample| has_header(&options, sample));
        let found = found && !samples.is_empty();
        let has_names = found || options.skip_header > 0;
        let mut names: Vec<String> = Vec::new();
        let mut kinds: Vec<Kind> = Vec::new();
        let mut columns = Vec::new();
        for sample in samples {
            let header: Option<Vec<String>> = match sample.skipped.last() {
                Some(last) => Some(last.clone()),
                None if found => sample
                    .records
                    .first()
                    .map(|first| first.iter().map(|name| name.clone().unwrap_or_default()).collect()),
                None => None,
            };
            let records = sample.records.get(usize::from(found)..).unwrap_or_default();
            let own: Vec<String> = match &header {
                Some(_) => unique_names(header.as_ref()),
                None => {
                    let count = records.iter().map(Vec::len).max().unwrap_or(0).min(COLUMNS_MAX);
                    (1..=count).map(|number| format!("column_{number}")).collect()
                }
            };
            for (position, name) in own.into_iter().enumerate() {
                let texts = records
                    .iter()
                    .filter_map(|record| record.get(position)?.as_deref())
                    .filter(|text| !text.is_empty());
                let kind = texts.fold(Kind::Nothing, |kind, text| {
                    if kind == Kind::Text { kind } else { kind.merge(Kind::of(text, &options.nan_display)) }
                });
                match names.iter().position(|known| *known == name) {
                    Some(at) => kinds[at] = kinds[at].merge(kind),
                    None => {
                        columns.push(match has_names {
                            true => Column::Named(name.clone()),
                            false => Column::Position(position),
                        });
                        names.push(name);
                        kinds.push(kind);
                    }
                }
            }
        }
        let fields: Vec<FieldRef> = names
            .iter()
            .zip(&kinds)
            .map(|(name, kind)| Arc::new(Field::new(name, kind.data_type(), true)) as _)
            .collect();
        let counts_fields = options.error_on_column_count_mismatch;
        let skip = options.skip_header.max(u64::from(found));
        let visible = fields.len();
        Self { options, fields: fields.into(), columns, visible, skip, has_names, counts_fields }
    }
}

impl FileReader for DelimitedReader {
    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn visible(&self) -> usize {
        self.visible
    }

    fn read(
        self: Arc<Self>,
        source: FileSource,
        projection: Arc<[usize]>,
        side_by_side: usize,
    ) -> BatchStream {
        let name = source.name();
        let begin = async move {
            let bytes = source.unpacked(self.options.compression)?;
            let bytes = transcode(self.options.encoding, self.options.replace_invalid, name.clone(), bytes);
            let boundary = Boundary::Delimited(self.options.layout.clone());
            let mut blocks = RecordBlocks::new(bytes, boundary, name.clone());
            let skipped = blocks.take_records(&self.options.layout, self.skip).await?;
            if self.has_names && self.counts_fields {
                let header = unique_names(skipped.last());
                let names = header.iter().map(String::as_str);
                refuse_more_columns(names, &self.fields, self.visible, &projection, &name)?;
            }
            let decoder = Arc::new(Decoder::new(self, name, skipped.last(), &projection));
            let batches = futures::stream::unfold(blocks, |mut blocks| async move {
                blocks.next().await.transpose().map(|block| (block, blocks))
            })
            .map(move |block| {
                let decoder = decoder.clone();
                decode_apart(block, move |block| decoder.decode(&block))
            })
            .buffered(side_by_side.max(1));
            Ok::<_, Error>(batches)
        };
        futures::stream::once(begin)
            .flat_map(|batches| match batches {
                Ok(batches) => batches.boxed(),
                Err(error) => futures::stream::iter([Err(error)]).boxed(),
            })
            .boxed()
    }
}

/// Decodes a block in a task of its own, so that those of one file are decoded side by side.
pub(super) async fn decode_apart(
    block: Result<Block, Error>,
    decode: impl FnOnce(Block) -> Result<RecordBatch, Error> + Send + 'static,
) -> Result<RecordBatch, Error> {
    let block = block?;
    match query::spawn(async move { decode(block) }).await {
        Ok(batch) => batch,
        Err(failure) => Err(Error::new(ErrorKind::Internal, "the engine met a condition it does not handle")
            .with_context(failure.to_string())),
    }
}

/// The columns that are asked for, placed in the records of one file.
struct Decoder {
    reader: Arc<DelimitedReader>,
    name: String,
    fields: Vec<FieldRef>,
    /// `None` for a column that this file lacks.
    positions: Vec<Option<usize>>,
    /// Fields that each record has.
    count: Option<usize>,
}

enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    /// Read as text, then cast.
    Other(StringBuilder, DataType),
}

impl Decoder {
    fn new(
        reader: Arc<DelimitedReader>,
        name: String,
        header: Option<&Vec<String>>,
        projection: &[usize],
    ) -> Self {
        let header = if reader.has_names { unique_names(header) } else { Vec::new() };
        let positions = projection
            .iter()
            .map(|index| match &reader.columns[*index] {
                Column::Position(position) => Some(*position),
                Column::Named(name) => header.iter().position(|known| known == name),
            })
            .collect();
        let fields = projection.iter().map(|index| reader.fields[*index].clone()).collect();
        let count = match (reader.counts_fields, reader.has_names) {
            (false, _) => None,
            (true, true) => Some(header.len()),
            (true, false) => Some(reader.columns.len()),
        };
        Self { reader, name, fields, positions, count }
    }

    fn decode(&self, block: &Block) -> Result<RecordBatch, Error> {
        let options = &self.reader.options;
        let text = match std::str::from_utf8(&block.bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if options.replace_invalid => String::from_utf8_lossy(&block.bytes),
            Err(error) => {
                let line = block.line_at(error.valid_up_to());
                return Err(self.broken(line, "it is not text in UTF-8").with_hint(
                    "name the ENCODING in the file format, or set ENCODING_ERROR_MODE = REPLACE",
                ));
            }
        };
        let text: &str = &text;
        let mut builders: Vec<Builder> = self
            .fields
            .iter()
            .map(|field| match field.data_type() {
                DataType::Utf8 => Builder::Text(StringBuilder::new()),
                DataType::Int64 => Builder::Integer(Int64Builder::new()),
                DataType::Float64 => Builder::Float(Float64Builder::new()),
                other => Builder::Other(StringBuilder::new(), other.clone()),
            })
            .collect();
        let mut spans = Vec::new();
        let (mut at, mut rows) = (0, 0usize);
        let broken = |at: usize, reason: &str| self.broken(block.line_at(at), reason);
        while let Some(next) = options
            .layout
            .record(text.as_bytes(), at, true, Some(&mut spans))
            .map_err(|reason| broken(at, &reason))?
        {
            if let Some(count) = self.count.filter(|count| *count != spans.len()) {
                let start = spans.first().map_or(at, |span| span.start);
                let reason = format!("it has {} fields, and the file has {count} columns", spans.len());
                return Err(broken(start, &reason).with_hint(
                    "ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE in the file format takes missing ones as NULL and leaves out the rest",
                ));
            }
            for (index, builder) in builders.iter_mut().enumerate() {
                let span = self.positions[index].and_then(|position| spans.get(position));
                let value = span.and_then(|span| value_of(options, text, span));
                if let Err(reason) = builder.push(value.as_deref(), &options.nan_display) {
                    let start = spans.first().map_or(at, |span| span.start);
                    return Err(self.mistyped(block.line_at(start), index, &reason));
                }
            }
            rows += 1;
            at = next;
        }
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(builders.len());
        for (index, builder) in builders.into_iter().enumerate() {
            columns.push(builder.finish().map_err(|(row, value)| {
                let line = self.line_of_row(block, text, row);
                self.mistyped(line, index, &value)
            })?);
        }
        let schema = Arc::new(Schema::new(self.fields.clone()));
        let with_rows = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, columns, &with_rows).map_err(|error| {
            Error::new(ErrorKind::Internal, "columns of a file do not fit").with_context(error.to_string())
        })
    }

    fn line_of_row(&self, block: &Block, text: &str, row: usize) -> u64 {
        let layout = &self.reader.options.layout;
        let (mut at, mut spans) = (0, Vec::new());
        for _ in 0..row {
            match layout.record(text.as_bytes(), at, true, None) {
                Ok(Some(next)) => at = next,
                _ => break,
            }
        }
        let _ = layout.record(text.as_bytes(), at, true, Some(&mut spans));
        block.line_at(spans.first().map_or(at, |span| span.start))
    }

    fn broken(&self, line: u64, reason: &str) -> Error {
        Error::new(ErrorKind::BadFile, format!("`{}` line {line}: {reason}", self.name))
    }

    fn mistyped(&self, line: u64, index: usize, value: &str) -> Error {
        let field = &self.fields[index];
        let shown: String = value.chars().take(60).collect();
        let position = self.positions[index].map_or(0, |position| position + 1);
        self.broken(
            line,
            &format!(
                "`{shown}` in column `{}` is not a {}, which the first rows of the file are",
                field.name(),
                word_of(field.data_type())
            ),
        )
        .with_hint(format!("read the column as text by its position: `${position}`"))
    }
}

fn word_of(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int64 => "BIGINT",
        DataType::Decimal128(_, _) => "DECIMAL",
        DataType::Float64 => "DOUBLE",
        DataType::Boolean => "BOOLEAN",
        DataType::Date32 => "DATE",
        DataType::Timestamp(_, _) => "TIMESTAMP",
        _ => "VARCHAR",
    }
}

impl Builder {
    /// Adds a value; what it is not is given back.
    fn push(&mut self, value: Option<&str>, nan: &str) -> Result<(), String> {
        match (self, value) {
            (Self::Text(builder) | Self::Other(builder, _), value) => builder.append_option(value),
            (Self::Integer(builder), None | Some("")) => builder.append_null(),
            (Self::Float(builder), None | Some("")) => builder.append_null(),
            (Self::Integer(builder), Some(text)) => {
                builder.append_value(text.trim().parse().map_err(|_| text.to_owned())?);
            }
            (Self::Float(builder), Some(text)) if text == nan => builder.append_value(f64::NAN),
            (Self::Float(builder), Some(text)) => {
                builder.append_value(text.trim().parse().map_err(|_| text.to_owned())?);
            }
        }
        Ok(())
    }

    /// The column, or the row whose text is none of its type.
    fn finish(self) -> Result<ArrayRef, (usize, String)> {
        match self {
            Self::Text(mut builder) => Ok(Arc::new(builder.finish())),
            Self::Integer(mut builder) => Ok(Arc::new(builder.finish())),
            Self::Float(mut builder) => Ok(Arc::new(builder.finish())),
            Self::Other(mut builder, data_type) => {
                let texts: ArrayRef = Arc::new(builder.finish());
                let options = CastOptions { safe: true, ..CastOptions::default() };
                let values = cast_with_options(&texts, &data_type, &options)
                    .unwrap_or_else(|_| new_null_array(&data_type, texts.len()));
                let is_whole = matches!(data_type, DataType::Decimal128(_, 0));
                if values.null_count() == texts.null_count() && !is_whole {
                    return Ok(values);
                }
                let texts: &arrow::array::StringArray = arrow::array::cast::AsArray::as_string(&texts);
                // A cast to a decimal rounds what does not fit.
                let fits = |text: &str| !is_whole || !text.contains(['.', 'e', 'E']);
                let missed = texts.iter().enumerate().find(|(row, text)| {
                    text.is_some_and(|text| !text.is_empty() && (values.is_null(*row) || !fits(text)))
                });
                match missed {
                    Some((row, text)) => Err((row, text.unwrap_or_default().to_owned())),
                    None => Ok(values),
                }
            }
        }
    }
}

/// The value of one field; `None` for NULL.
fn value_of<'a>(options: &DelimitedOptions, block: &'a str, span: &FieldSpan) -> Option<Cow<'a, str>> {
    let is_null = |text: &str| text == options.null_display;
    if span.quoted {
        let text = options.layout.text_of(block, span);
        let null =
            text.is_empty() && options.quoted_empty_is_null || options.allow_quoted_nulls && is_null(&text);
        return (!null).then_some(text);
    }
    let raw = block.get(span.start..span.end).unwrap_or_default();
    let raw = if options.trim_space { raw.trim() } else { raw };
    if is_null(raw) || raw.is_empty() && options.empty_is_null {
        return None;
    }
    if !span.escaped {
        return Some(Cow::Borrowed(raw));
    }
    let text = options.layout.text_of(block, span);
    Some(if options.trim_space { Cow::Owned(text.trim().to_owned()) } else { text })
}

/// Names of a header, none empty and none twice: as DuckDB makes them.
fn unique_names(header: Option<&Vec<String>>) -> Vec<String> {
    let mut seen: HashSet<String> = HashSet::new();
    let header = header.map(Vec::as_slice).unwrap_or_default();
    header
        .iter()
        .take(COLUMNS_MAX)
        .enumerate()
        .map(|(index, name)| {
            let name = name.trim();
            let base = if name.is_empty() { format!("column_{}", index + 1) } else { name.to_owned() };
            let mut unique = base.clone();
            let mut number = 0;
            while !seen.insert(unique.clone()) {
                number += 1;
                unique = format!("{base}_{number}");
            }
            unique
        })
        .collect()
}

/// Whether the first record names the columns: texts, each another, none of them a value of another type. A
/// name may be empty, as that of the row numbers that pandas writes, where no text stands below it.
fn has_header(options: &DelimitedOptions, sample: &Sample) -> bool {
    let Some((first, records)) = sample.records.split_first() else { return true };
    let kind = |text: &str| Kind::of(text, &options.nan_display);
    let is_text_below = |at: usize| {
        let mut below = records.iter().filter_map(|record| record.get(at)?.as_deref());
        below.any(|text| !text.is_empty() && kind(text) == Kind::Text)
    };
    let mut seen = HashSet::new();
    let are_names = first.iter().enumerate().all(|(at, name)| match name.as_deref() {
        None | Some("") => !records.is_empty() && !is_text_below(at),
        Some(name) => kind(name) == Kind::Text && seen.insert(name),
    });
    are_names && !seen.is_empty()
}

async fn read_sample(options: &DelimitedOptions, source: &FileSource) -> Result<Sample, Error> {
    let (bytes, is_whole) = source.sample(options.compression).await?;
    let name = source.name();
    // A character may be cut at the end of a sample.
    let bytes = futures::stream::iter([Ok(bytes.into())]).boxed();
    let bytes = transcode(options.encoding, options.replace_invalid || !is_whole, name.clone(), bytes);
    let mut blocks = RecordBlocks::new(bytes, Boundary::Delimited(options.layout.clone()), name);
    let skipped = blocks.take_records(&options.layout, options.skip_header).await?;
    let mut records = Vec::new();
    let mut spans = Vec::new();
    // What is wrong with a record is said when it is read.
    while let Ok(Some(block)) = blocks.next().await {
        let text = String::from_utf8_lossy(&block.bytes);
        let mut at = 0;
        while let Ok(Some(next)) = options.layout.record(text.as_bytes(), at, true, Some(&mut spans)) {
            let value = |span| value_of(options, &text, span).map(Cow::into_owned);
            records.push(spans.iter().map(value).collect());
            at = next;
        }
    }
    if !is_whole && records.len() > 1 {
        // The last one may be cut.
        records.pop();
    }
    Ok(Sample { records, skipped })
}
