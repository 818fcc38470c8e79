//! `/ui/api/exports`: the result of a statement as a file, of any size, in bounded memory.
//!
//! An export is a query like every other: it has its id, its limits and its place in the history. It is started by
//! POST and fetched by a link, since only a link lets the browser write a file as it arrives.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use engine::{Error, ParquetEncoder, Progress, StatementRequest};
use futures::stream;
use parking_lot::Mutex;
use protocol::SessionObject;
use serde::Deserialize;
use serde_json::json;

use super::body::{AppBody, not_there};
use super::guard::Browser;
use crate::encode::ResultEncoder;
use crate::errors::{ApiError, error_body};
use crate::queries::routes::{refuse, session_state};
use crate::queries::{
    BufferLimits, End, NextPage, Page, PageLimits, PageNotThere, Queries, Query, QuerySpec,
};
use crate::state::ServerState;

/// How long the start of an export waits to learn whether its statement fails at once.
const START_WAIT: Duration = Duration::from_secs(3);
/// Rows that are written at once.
const PAGE_ROWS: usize = 65_536;
/// Longest name of a file, without its ending.
const NAME_CHARACTERS_MAX: usize = 100;

/// What is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportBody {
    sql: String,
    format: ExportFormat,
    #[serde(default)]
    name: String,
    #[serde(default)]
    session: Option<SessionObject>,
}

/// The files that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExportFormat {
    Csv,
    Json,
    Ndjson,
    Parquet,
}

impl ExportFormat {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// Exports that were started and not fetched yet.
#[derive(Default)]
pub(crate) struct WaitingExports(Mutex<HashMap<String, WaitingExport>>);

struct WaitingExport {
    query: Arc<Query>,
    format: ExportFormat,
    file_name: String,
}

/// Starts the statement.
pub(crate) async fn start(
    State(server): State<ServerState>,
    browser: Browser,
    AppBody(body): AppBody<ExportBody>,
) -> Result<impl IntoResponse, ApiError> {
    let limits = &server.limits;
    if body.sql.len() > limits.sql_bytes_max {
        let what = format!("the statement has {} bytes", body.sql.len());
        return Err(ApiError::limit(StatusCode::BAD_REQUEST, "sql_bytes_max", &what, limits.sql_bytes_max));
    }
    let session = body.session.unwrap_or_default();
    let spec = QuerySpec {
        request: StatementRequest {
            query_id: uuid::Uuid::now_v7().simple().to_string(),
            identity: browser.identity().clone(),
            state: session_state(&session, limits)?,
            sql: body.sql,
            progress: Arc::new(Progress::default()),
        },
        session,
        wait: START_WAIT,
        page_limits: PageLimits { rows_max: PAGE_ROWS, bytes_max: limits.page_bytes_max },
        buffer_limits: BufferLimits { rows_max: PAGE_ROWS, bytes_max: limits.buffer_bytes_max },
        arrow_version_max: None,
        result_timeout_secs: limits.result_timeout_secs,
    };
    let query = server.queries.start(spec).map_err(|refusal| refuse(refusal, limits))?;
    refuse_what_is_no_file(&server.queries, &query).await?;
    let id = query.id().to_owned();
    let file_name = file_name(&body.name, body.format);
    let answer = json!({ "id": id, "path": format!("/ui/api/exports/{id}"), "file_name": file_name });
    server.exports.add(&server.queries, id, WaitingExport { query, format: body.format, file_name });
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The file, once.
pub(crate) async fn download(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<Response<Body>, ApiError> {
    let export = server.exports.take(&id, &browser).ok_or_else(|| not_there("export", &id))?;
    let mut response = Response::new(Body::from_stream(stream::try_unfold(
        Download::new(export.query, server.queries.clone(), export.format),
        Download::next_piece,
    )));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(export.format.content_type()));
    if let Ok(disposition) = HeaderValue::from_str(&disposition(&export.file_name)) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

impl WaitingExports {
    /// Adds one, and forgets those whose queries nobody came for.
    fn add(&self, queries: &Queries, id: String, export: WaitingExport) {
        let mut waiting = self.0.lock();
        waiting.retain(|id, export| queries.find(id, export.query.identity()).is_some());
        waiting.insert(id, export);
    }

    fn take(&self, id: &str, browser: &Browser) -> Option<WaitingExport> {
        let mut waiting = self.0.lock();
        if waiting.get(id)?.query.identity() != browser.identity() {
            return None;
        }
        waiting.remove(id)
    }
}

/// Waits a little for the statement's beginning: what fails at once is told at once.
async fn refuse_what_is_no_file(queries: &Queries, query: &Query) -> Result<(), ApiError> {
    // The first page stays there to be asked for again.
    let page = query.page(0).await;
    let refused = match (page.as_deref().map(|page| &page.next), query.started()) {
        (Ok(NextPage::None(End::Failed(error))), _) => ApiError::from(error.clone()),
        (_, Some(started)) if !started.has_result_set => {
            ApiError::bad_request("the statement has no result: only a result can become a file")
        }
        _ => return Ok(()),
    };
    queries.remove(query);
    Err(refused)
}

/// A file on its way to the browser. Dropping it stops the query.
struct Download {
    query: Arc<Query>,
    queries: Queries,
    format: ExportFormat,
    page: usize,
    writer: Option<FileWriter>,
    is_done: bool,
}

impl Download {
    fn new(query: Arc<Query>, queries: Queries, format: ExportFormat) -> Self {
        Self { query, queries, format, page: 0, writer: None, is_done: false }
    }

    /// What comes next of the file. An error breaks the connection off, so that no browser takes what it has
    /// for the whole.
    async fn next_piece(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while !self.is_done {
            let page = self.query.page(self.page).await;
            let page = page.map_err(|PageNotThere| broken("somebody else took the export's pages"))?;
            let piece = self.write_page(&page).map_err(|error| broken(&error.message))?;
            match &page.next {
                NextPage::Same => {}
                NextPage::Following => self.page += 1,
                NextPage::None(End::Succeeded) => self.is_done = true,
                NextPage::None(End::Failed(error)) => return Err(broken(&error_body(error).message)),
            }
            self.queries.finish(&self.query, &page);
            if !piece.is_empty() {
                return Ok(Some((piece.into(), self)));
            }
        }
        Ok(None)
    }

    fn write_page(&mut self, page: &Page) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let Some(started) = self.query.started() else { return Ok(out) };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            empty => empty.insert(FileWriter::begin(self.format, &started.encoder, &mut out)?),
        };
        for batch in &page.batches {
            let batch = started.encoder.to_plain(batch)?;
            writer.write(&started.encoder, &batch, &mut out)?;
        }
        if matches!(page.next, NextPage::None(End::Succeeded))
            && let Some(writer) = self.writer.take()
        {
            writer.end(&mut out)?;
        }
        Ok(out)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if !self.is_done {
            self.query.kill();
        }
    }
}

/// One file being written.
enum FileWriter {
    Csv,
    Json { is_first: bool },
    Ndjson { is_first: bool },
    Parquet(Box<ParquetEncoder>),
}

impl FileWriter {
    fn begin(format: ExportFormat, encoder: &ResultEncoder, out: &mut Vec<u8>) -> Result<Self, Error> {
        Ok(match format {
            ExportFormat::Csv => {
                encoder.write_csv_header(out);
                Self::Csv
            }
            ExportFormat::Json => {
                out.push(b'[');
                Self::Json { is_first: true }
            }
            ExportFormat::Ndjson => Self::Ndjson { is_first: true },
            ExportFormat::Parquet => {
                Self::Parquet(Box::new(ParquetEncoder::new(encoder.plain_schema().clone())?))
            }
        })
    }

    fn write(
        &mut self,
        encoder: &ResultEncoder,
        batch: &arrow::record_batch::RecordBatch,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match self {
            Self::Csv => encoder.write_csv_rows(batch, out),
            Self::Json { is_first } => encoder.write_objects(batch, b",\n", is_first, out),
            Self::Ndjson { is_first } => encoder.write_objects(batch, b"\n", is_first, out),
            Self::Parquet(parquet) => parquet.write(batch, out)?,
        }
        Ok(())
    }

    fn end(self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Csv => {}
            Self::Json { .. } => out.extend_from_slice(b"]\n"),
            Self::Ndjson { is_first } => {
                if !is_first {
                    out.push(b'\n');
                }
            }
            Self::Parquet(parquet) => parquet.finish(out)?,
        }
        Ok(())
    }
}

fn broken(reason: &str) -> io::Error {
    tracing::info!(reason, "an export broke off");
    io::Error::other(reason.to_owned())
}

/// A name that every file system takes.
fn file_name(name: &str, format: ExportFormat) -> String {
    let clean: String = name
        .chars()
        .map(|letter| if letter.is_control() || "/\\:*?\"<>|".contains(letter) { '_' } else { letter })
        .take(NAME_CHARACTERS_MAX)
        .collect();
    let clean = clean.trim_matches(['.', ' ']);
    let stem = if clean.is_empty() { "result" } else { clean };
    format!("{stem}.{}", format.ending())
}

/// The name for old browsers in ASCII, for all others in UTF-8 (RFC 6266).
fn disposition(file_name: &str) -> String {
    let ascii: String =
        file_name.chars().map(|letter| if letter.is_ascii() { letter } else { '_' }).collect();
    let encoded: String = file_name
        .bytes()
        .map(|byte| match byte {
            b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_harmless() {
        assert_eq!(file_name("sales 2026", ExportFormat::Csv), "sales 2026.csv");
        assert_eq!(file_name("../../etc/\"x\"\r\n", ExportFormat::Json), "_.._etc__x___.json");
        assert_eq!(file_name(" .. ", ExportFormat::Parquet), "result.parquet");
        let header = disposition("Umsätze.csv");
        assert_eq!(header, "attachment; filename=\"Ums_tze.csv\"; filename*=UTF-8''Ums%C3%A4tze.csv");
    }
}
