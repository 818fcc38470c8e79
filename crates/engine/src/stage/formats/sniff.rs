//! What format a file is in where nobody says: by its first bytes, its name, then its content.

use sql::{FileFormatBase, FileFormatOptions, FileFormatType};

use super::arrow_ipc::FILE_MAGIC;
use super::compression::Packing;
use super::source::FileSource;
use crate::Error;
use crate::variant::Json;

/// Endings that say how a file is packed.
const PACKINGS: [&str; 12] =
    ["gz", "gzip", "bz2", "br", "zst", "zstd", "deflate", "zz", "xz", "sz", "snappy", "zip"];

/// The format that a name promises.
fn format_by_name(key: &str) -> Option<FileFormatType> {
    let mut parts: Vec<&str> = key.rsplit('/').next().unwrap_or(key).split('.').skip(1).collect();
    if parts.last().is_some_and(|ending| PACKINGS.contains(&ending.to_ascii_lowercase().as_str())) {
        parts.pop();
    }
    Some(match parts.last()?.to_ascii_lowercase().as_str() {
        "parquet" | "pq" | "parq" => FileFormatType::Parquet,
        "csv" => FileFormatType::Csv,
        "tsv" | "tab" => FileFormatType::Text,
        "ndjson" | "jsonl" | "jsonlines" => FileFormatType::Ndjson,
        "json" => FileFormatType::Json,
        "avro" => FileFormatType::Avro,
        "orc" => FileFormatType::Orc,
        "arrow" | "feather" | "ipc" => FileFormatType::Arrow,
        "arrows" => FileFormatType::ArrowStream,
        _ => return None,
    })
}

/// Whether a file of this name is read from its end, as Parquet is. What has no telling name is taken for it.
pub(crate) fn ends_by_name(key: &str) -> bool {
    matches!(format_by_name(key), None | Some(FileFormatType::Parquet | FileFormatType::Orc))
        && Packing::from_name(key) == Packing::Plain
}

/// The format of a file with its first block; Parquet where nothing tells.
pub(crate) async fn sniff_format(source: &FileSource) -> Result<FileFormatOptions, Error> {
    let head = source.head();
    let by_magic = [
        (&b"PAR1"[..], FileFormatType::Parquet),
        (b"PARE", FileFormatType::Parquet),
        (b"ORC", FileFormatType::Orc),
        (b"Obj\x01", FileFormatType::Avro),
        (FILE_MAGIC, FileFormatType::Arrow),
    ];
    if let Some((_, format)) = by_magic.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Ok(plain(*format));
    }
    if let Some(format) = format_by_name(source.file.meta.location.as_ref()) {
        // A `.json` file of one object a line is as good as NDJSON; JSON reads both.
        return Ok(plain(format));
    }
    let (sample, _) = source.sample(None).await?;
    Ok(by_content(&sample))
}

fn by_content(sample: &[u8]) -> FileFormatOptions {
    let text = String::from_utf8_lossy(sample);
    let text = text.trim_start_matches('\u{feff}');
    // Bytes that no text has.
    if text.is_empty() || text.contains('\0') || text.matches('\u{fffd}').count() > text.len() / 100 + 1 {
        return plain(FileFormatType::Parquet);
    }
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if matches!(Json::parse(line), Ok(Json::Object(_))) {
        return plain(FileFormatType::Ndjson);
    }
    if text.trim_start().starts_with(['{', '[']) {
        return plain(FileFormatType::Json);
    }
    let count = |delimiter: char| line.matches(delimiter).count();
    let mut format = plain(FileFormatType::Csv);
    let best =
        [',', '\t', ';', '|'].into_iter().max_by_key(|delimiter| (count(*delimiter), *delimiter == ','));
    match best.filter(|delimiter| count(*delimiter) > 0) {
        Some('\t') => return plain(FileFormatType::Text),
        Some(delimiter) if delimiter != ',' => format.field_delimiter = Some(delimiter.to_string()),
        _ => {}
    }
    format
}

fn plain(format: FileFormatType) -> FileFormatOptions {
    FileFormatOptions::new(FileFormatBase::Type(format))
}

#[cfg(test)]
mod tests {
    use super::super::options::type_of;
    use super::*;

    #[test]
    fn names_promise_formats() {
        assert_eq!(format_by_name("a/b.csv.gz"), Some(FileFormatType::Csv));
        assert_eq!(format_by_name("a.csv/b"), None);
        assert_eq!(format_by_name("b.JSONL"), Some(FileFormatType::Ndjson));
        assert!(ends_by_name("a/part-0"));
        assert!(!ends_by_name("a/part-0.gz"));
    }

    #[test]
    fn content_tells_the_rest() {
        assert_eq!(type_of(&by_content(b"{\"a\":1}\n{\"a\":2}\n")), FileFormatType::Ndjson);
        assert_eq!(type_of(&by_content(b"[\n {\"a\":1}]")), FileFormatType::Json);
        assert_eq!(type_of(&by_content(b"a\tb\n1\t2\n")), FileFormatType::Text);
        assert_eq!(by_content(b"a;b\n1;2\n").field_delimiter.as_deref(), Some(";"));
        assert_eq!(type_of(&by_content(b"\0\0\0\0")), FileFormatType::Parquet);
    }
}
