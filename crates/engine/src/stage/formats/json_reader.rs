//! NDJSON and JSON: rows as VARIANT in `$1`, and their members as columns with the types of a sample.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, FieldRef, Fields, Schema};
use arrow::json::ReaderBuilder;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use futures::StreamExt;
use sql::{FileFormatOptions, FileFormatType};

use super::ColumnUse;
use super::delimited_reader::decode_apart;
use super::json_scan::{ScannedColumns, Wanted};
use super::json_shape::Shape;
use super::json_values::JsonValues;
use super::options::type_of;
use super::records::{Block, Boundary, RecordBlocks};
use super::source::{BatchStream, FileReader, FileSource};
use crate::variant::{Json, JsonReader, ROW, RowMember, is_variant, variant_field};
use crate::{Error, ErrorKind};

/// The column of rows that are no objects, as DuckDB calls it.
const WHOLE_ROW: &str = "json";
/// Rows of a sample that are looked at.
const SAMPLE_ROWS_MAX: usize = 20_000;

/// Where things stand in a text.
type Places = Vec<Range<usize>>;

/// How files of one schema are read.
#[derive(Debug, Clone)]
pub(crate) struct JsonFileReader {
    lines: bool,
    compression: Option<sql::Compression>,
    null_if: Vec<String>,
    fields: Fields,
    visible: usize,
    /// The first field is the row itself.
    whole_row: bool,
    /// What the last fields are.
    members: Vec<RowMember>,
}

impl JsonFileReader {
    pub(crate) async fn open(
        format: &FileFormatOptions,
        sources: &[FileSource],
        used: &ColumnUse,
    ) -> Result<Self, Error> {
        if used.position_max.is_some_and(|position| position > 1) {
            return Err(Error::new(
                ErrorKind::Semantic,
                format!("a {} file has `$1` as its only position: the row", type_of(format)),
            )
            .with_hint("name a member: `$1:name`"));
        }
        let lines = type_of(format) == FileFormatType::Ndjson;
        let mut reader = Self {
            lines,
            compression: format.compression,
            null_if: format.null_if.clone().unwrap_or_default(),
            fields: Fields::empty(),
            visible: 0,
            whole_row: false,
            members: Vec::new(),
        };
        let mut shape = Shape::Nothing;
        for source in sources {
            shape = shape.merge(reader.shape_of(source).await?);
        }
        let mut fields: Vec<FieldRef> = match &shape {
            Shape::Nothing => Vec::new(),
            Shape::Object(members) => members.iter().map(|(name, shape)| shape.field(name)).collect(),
            _ => {
                reader.whole_row = true;
                vec![Arc::new(variant_field(WHOLE_ROW))]
            }
        };
        reader.visible = fields.len();
        if used.position_max.is_some() {
            fields.push(Arc::new(variant_field(ROW)));
        }
        reader.fields = fields.into();
        Ok(reader)
    }

    fn boundary(&self) -> Boundary {
        if self.lines { Boundary::Lines } else { Boundary::JsonValues(JsonValues::default()) }
    }

    /// What the field at this place is read from.
    fn wanted(&self, at: usize) -> Wanted<'_> {
        let own = self.fields.len() - self.members.len();
        match self.members.get(at.wrapping_sub(own)) {
            Some(member) => Wanted::Member(member),
            None if at >= self.visible || self.whole_row => Wanted::Row,
            None => Wanted::Column(&self.fields[at]),
        }
    }

    async fn shape_of(&self, source: &FileSource) -> Result<Shape, Error> {
        let (sample, is_whole) = source.sample(self.compression).await?;
        let bytes = futures::stream::iter([Ok(sample.into())]).boxed();
        let mut blocks = RecordBlocks::new(bytes, self.boundary(), source.name());
        let mut shape = Shape::Nothing;
        let mut first = true;
        // What is wrong with a row is said when it is read; the last one may be cut.
        while let Ok(Some(block)) = blocks.next().await {
            let text = String::from_utf8_lossy(&block.bytes);
            let is_first = std::mem::take(&mut first);
            let (rows, broken) = match self.rows(&text, is_first) {
                Ok(rows) => (rows, None),
                Err((rows, broken)) => (rows, Some(broken)),
            };
            // Where the first row is none, there is no column whose reading would say so.
            let tells = is_first && (is_whole || rows.len() > 1);
            if let Some(broken) = broken.filter(|_| tells && rows.is_empty()) {
                return Err(broken_row(&source.name(), block.line_at(broken.at), &broken.reason));
            }
            for (at, row) in rows.into_iter().take(SAMPLE_ROWS_MAX).enumerate() {
                let start = row.start;
                match Json::parse(text.get(row).unwrap_or_default()) {
                    Ok(value) => shape = shape.merge(Shape::of(&value)),
                    Err(error) if tells && at == 0 => {
                        return Err(broken_row(&source.name(), block.line_at(start), &error.reason));
                    }
                    Err(_) => break,
                }
            }
        }
        Ok(shape)
    }

    /// Where the rows of a block stand; on an error those before it, and where it is.
    fn rows(&self, text: &str, first: bool) -> Result<Places, (Places, Broken)> {
        let mut rows = Vec::new();
        if self.lines {
            let mut start = 0;
            for line in text.split_inclusive('\n') {
                if !line.trim().is_empty() {
                    rows.push(start..start + line.trim_end().len());
                }
                start += line.len();
            }
            return Ok(rows);
        }
        let mut reader = JsonReader::new(text);
        let mut may_open = first;
        loop {
            reader.skip_blanks();
            match reader.peek() {
                None => return Ok(rows),
                Some(b'[') if std::mem::take(&mut may_open) => reader.skip_byte(),
                // `JsonValues` has seen that these stand where they may.
                Some(b',' | b']') => reader.skip_byte(),
                Some(_) => {
                    may_open = false;
                    let start = reader.position();
                    if let Err(error) = reader.value() {
                        return Err((rows, Broken { at: error.at, reason: error.reason }));
                    }
                    rows.push(start..reader.position());
                }
            }
        }
    }
}

fn broken_row(name: &str, line: u64, reason: &str) -> Error {
    Error::new(ErrorKind::BadFile, format!("`{name}` line {line}: it is not a row of JSON: {reason}")).with_hint(
        "leave the file out with PATTERN or FILES, or name its format: a file of one JSON array is of format JSON",
    )
}

struct Broken {
    at: usize,
    reason: String,
}

impl FileReader for JsonFileReader {
    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn visible(&self) -> usize {
        self.visible
    }

    fn with_row_members(&self, members: &[RowMember]) -> Option<Arc<dyn FileReader>> {
        self.fields.iter().skip(self.visible).find(|field| field.name() == ROW)?;
        let mut fields = self.fields.to_vec();
        for member in members {
            let mut name = format!("{ROW}:{}", member.path.join("."));
            while fields.iter().any(|field| *field.name() == name) {
                name.push('\'');
            }
            fields.push(Arc::new(member.field(&name)));
        }
        let members = self.members.iter().chain(members).cloned().collect();
        Some(Arc::new(Self { fields: fields.into(), members, ..self.clone() }))
    }

    fn read(
        self: Arc<Self>,
        source: FileSource,
        projection: Arc<[usize]>,
        side_by_side: usize,
    ) -> BatchStream {
        let name = source.name();
        let bytes = match source.unpacked(self.compression) {
            Ok(bytes) => bytes,
            Err(error) => return futures::stream::iter([Err(error)]).boxed(),
        };
        let blocks = RecordBlocks::new(bytes, self.boundary(), name.clone());
        let decoder = Arc::new(Decoder::new(self, name, &projection));
        futures::stream::unfold((blocks, true), |(mut blocks, first)| async move {
            blocks.next().await.transpose().map(|block| ((block, first), (blocks, false)))
        })
        .map(move |(block, first)| {
            let decoder = decoder.clone();
            decode_apart(block, move |block| decoder.decode(&block, first))
        })
        .buffered(side_by_side.max(1))
        .boxed()
    }
}

struct Decoder {
    reader: Arc<JsonFileReader>,
    name: String,
    projection: Vec<usize>,
    fields: Vec<FieldRef>,
    /// How the columns are read where no row has to be taken apart.
    scanned: Option<ScannedColumns>,
}

impl Decoder {
    fn new(reader: Arc<JsonFileReader>, name: String, projection: &[usize]) -> Self {
        let wanted: Vec<Wanted<'_>> = projection.iter().map(|at| reader.wanted(*at)).collect();
        let scanned = ScannedColumns::new(&wanted);
        let fields = projection.iter().map(|at| reader.fields[*at].clone()).collect();
        Self { projection: projection.to_vec(), fields, scanned, name, reader }
    }

    fn decode(&self, block: &Block, first: bool) -> Result<RecordBatch, Error> {
        let text = std::str::from_utf8(&block.bytes)
            .map_err(|error| self.broken(block, error.valid_up_to(), "it is not text in UTF-8"))?;
        let rows = self
            .reader
            .rows(text, first)
            .map_err(|(_, error)| self.broken(block, error.at, &error.reason))?;
        let columns = match self.scanned.as_ref().and_then(|scanned| scanned.read(text, &rows)) {
            Some(columns) => self.null_if_by_name(columns),
            None => self.take_apart(block, text, &rows)?,
        };
        let with_rows = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let schema = Arc::new(Schema::new(self.fields.clone()));
        RecordBatch::try_new_with_options(schema, columns, &with_rows).map_err(|error| {
            Error::new(ErrorKind::Internal, "columns of a file do not fit").with_context(error.to_string())
        })
    }

    fn broken(&self, block: &Block, at: usize, reason: &str) -> Error {
        broken_row(&self.name, block.line_at(at), reason)
    }

    /// The columns out of whole rows.
    fn take_apart(&self, block: &Block, text: &str, rows: &[Range<usize>]) -> Result<Vec<ArrayRef>, Error> {
        let wanted: Vec<Wanted<'_>> = self.projection.iter().map(|at| self.reader.wanted(*at)).collect();
        let typed: Vec<FieldRef> = wanted.iter().filter_map(typed_column).cloned().collect();
        let typed_columns = if typed.is_empty() {
            Vec::new()
        } else {
            let columns = self.typed_columns(text, rows, typed);
            columns.map_err(|(row, reason)| self.broken(block, row, &reason))?
        };
        let of_tree: Vec<Wanted<'_>> =
            wanted.iter().filter(|wanted| typed_column(wanted).is_none()).copied().collect();
        let mut texts: Vec<StringBuilder> = of_tree.iter().map(|_| StringBuilder::new()).collect();
        if !of_tree.is_empty() {
            let mut written = String::new();
            for row in rows {
                let value = Json::parse(text.get(row.clone()).unwrap_or_default())
                    .map_err(|error| self.broken(block, row.start + error.at, &error.reason))?;
                for (wanted, builder) in of_tree.iter().zip(&mut texts) {
                    let found = match wanted {
                        Wanted::Row => Some(&value),
                        Wanted::Column(field) => {
                            value.member(field.name()).filter(|value| **value != Json::Null)
                        }
                        Wanted::Member(member) => {
                            member.path.iter().try_fold(&value, |value, key| value.member(key))
                        }
                    };
                    match (found, wanted) {
                        (None, _) => builder.append_null(),
                        (Some(found), Wanted::Member(member)) if member.as_text => {
                            builder.append_option(found.plain_text());
                        }
                        (Some(found), _) => {
                            written.clear();
                            found.write(&mut written);
                            builder.append_value(&written);
                        }
                    }
                }
            }
        }
        let mut typed_columns = typed_columns.into_iter();
        let mut texts = texts.into_iter();
        let columns: Option<Vec<ArrayRef>> = wanted
            .iter()
            .map(|wanted| match typed_column(wanted) {
                Some(_) => typed_columns.next(),
                None => texts.next().map(|mut builder| Arc::new(builder.finish()) as ArrayRef),
            })
            .collect();
        Ok(columns.unwrap_or_default())
    }

    /// The columns that are no VARIANT; on an error the place of the row and the reason.
    fn typed_columns(
        &self,
        text: &str,
        rows: &[Range<usize>],
        fields: Vec<FieldRef>,
    ) -> Result<Vec<ArrayRef>, (usize, String)> {
        let schema = Arc::new(Schema::new(fields));
        let columns = match decode_rows(&schema, text, rows) {
            Ok(columns) => columns,
            Err(reason) => {
                // Which row it was is looked for only now.
                for row in rows {
                    if let Err(reason) = decode_rows(&schema, text, std::slice::from_ref(row)) {
                        return Err((row.start, reason));
                    }
                }
                return Err((0, reason));
            }
        };
        Ok(columns.into_iter().map(|column| self.null_if(column)).collect())
    }

    /// NULL_IF is said of columns by name, not of members of `$1`.
    fn null_if_by_name(&self, columns: Vec<ArrayRef>) -> Vec<ArrayRef> {
        let by_name = |at: &usize| typed_column(&self.reader.wanted(*at)).is_some();
        let columns = columns.into_iter().zip(&self.projection);
        columns.map(|(column, at)| if by_name(at) { self.null_if(column) } else { column }).collect()
    }

    fn null_if(&self, column: ArrayRef) -> ArrayRef {
        if self.reader.null_if.is_empty() || column.data_type() != &DataType::Utf8 {
            return column;
        }
        let texts: &StringArray = column.as_string();
        let kept =
            texts.iter().map(|text| text.filter(|text| !self.reader.null_if.iter().any(|n| n == text)));
        Arc::new(kept.collect::<StringArray>())
    }
}

/// A column by name that has a type of its own.
fn typed_column<'a>(wanted: &Wanted<'a>) -> Option<&'a FieldRef> {
    match *wanted {
        Wanted::Column(field) if !is_variant(field) => Some(field),
        _ => None,
    }
}

fn decode_rows(schema: &Arc<Schema>, text: &str, rows: &[Range<usize>]) -> Result<Vec<ArrayRef>, String> {
    if rows.is_empty() {
        return Ok(schema.fields().iter().map(|f| arrow::array::new_empty_array(f.data_type())).collect());
    }
    let plain = |error: arrow::error::ArrowError| {
        let text = error.to_string();
        text.strip_prefix("Json error: ").unwrap_or(&text).to_owned()
    };
    let mut decoder = ReaderBuilder::new(schema.clone())
        .with_batch_size(rows.len())
        .with_coerce_primitive(true)
        .build_decoder()
        .map_err(plain)?;
    for row in rows {
        let row = text.as_bytes().get(row.clone()).unwrap_or_default();
        let mut read = 0;
        while read < row.len() {
            let step = decoder.decode(&row[read..]).map_err(plain)?;
            if step == 0 {
                return Err("it has more than one value".to_owned());
            }
            read += step;
        }
        if decoder.has_partial_record() {
            return Err("it ends inside of a value".to_owned());
        }
    }
    let batch = decoder.flush().map_err(plain)?;
    match batch {
        Some(batch) if batch.num_rows() == rows.len() => Ok(batch.columns().to_vec()),
        _ => Err("a line has more than one value".to_owned()),
    }
}
