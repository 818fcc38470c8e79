//! `PUT /v1/upload_to_stage`: files go to a stage as they arrive.

use axum::Json;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use engine::{Error, ErrorKind, Identity, Upload};
use futures::StreamExt;
use protocol::{UploadResponse, headers};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::errors::ApiError;
use crate::limits::Limits;
use crate::login::LoggedIn;
use crate::queries::routes::query_id;
use crate::state::ServerState;

/// Pieces of a file that wait for the storage; the client waits beyond them.
const PIECES_WAITING_MAX: usize = 4;
/// Longest path of a file in a stage, which is S3's limit for keys.
const PATH_BYTES_MAX: usize = 1024;
/// The part of the form that holds a file.
const PART_NAME: &str = "upload";

/// Each part named `upload` is a file; its file name is the path in the stage.
pub(crate) async fn upload(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    request: Request,
) -> Result<Json<UploadResponse>, ApiError> {
    if server.queries.is_stopping() {
        let message = "the server is stopping and takes no new uploads";
        let code = protocol::ErrorCode::ALREADY_STOPPED;
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message));
    }
    let request_headers = request.headers();
    let id = query_id(request_headers)?;
    let stage = text_header(request_headers, [headers::STAGE_NAME, headers::STAGE_NAME_OLD])?
        .ok_or_else(|| ApiError::bad_request("header X-DATABEND-STAGE-NAME is missing"))?;
    let folder = text_header(request_headers, [headers::RELATIVE_PATH, headers::RELATIVE_PATH_OLD])?
        .unwrap_or_default();
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error| ApiError::bad_request(error.body_text()))?;

    let mut files = Vec::new();
    let mut bytes_left = server.limits.upload_bytes_max;
    while let Some(part) =
        form.next_field().await.map_err(|error| ApiError::bad_request(error.body_text()))?
    {
        if part.name() != Some(PART_NAME) {
            continue;
        }
        if files.len() == server.limits.upload_files_max {
            return Err(ApiError::limit(
                StatusCode::PAYLOAD_TOO_LARGE,
                "upload_files_max",
                "too many files in one upload",
                server.limits.upload_files_max,
            ));
        }
        let name = part.file_name().unwrap_or_default().to_owned();
        let target = Target {
            identity: identity.clone(),
            query_id: id.clone(),
            stage: stage.clone(),
            path: path_in_stage(&folder, &name)?,
        };
        bytes_left -= upload_file(&server, target, part, bytes_left).await?;
        files.push(name);
    }
    if files.is_empty() {
        return Err(ApiError::bad_request("the form has no part named `upload`"));
    }
    Ok(Json(UploadResponse { id, stage_name: stage, state: "SUCCESS".to_owned(), files }))
}

struct Target {
    identity: Identity,
    query_id: String,
    stage: String,
    path: String,
}

/// Streams one part to its stage. The storage's pace is the client's pace.
async fn upload_file(
    server: &ServerState,
    target: Target,
    part: Field<'_>,
    bytes_max: u64,
) -> Result<u64, ApiError> {
    let (pieces, content) = mpsc::channel(PIECES_WAITING_MAX);
    let upload = server.runner.upload(Upload {
        identity: target.identity,
        query_id: target.query_id,
        stage: target.stage,
        path: target.path,
        content: ReceiverStream::new(content).boxed(),
    });
    let (uploaded, forwarded) = tokio::join!(upload, forward_pieces(part, pieces, bytes_max, &server.limits));
    // A storage that refuses ends the forwarding too, so its reason comes first unless ours caused it.
    forwarded?;
    Ok(uploaded?)
}

async fn forward_pieces(
    mut part: Field<'_>,
    pieces: mpsc::Sender<Result<Bytes, Error>>,
    bytes_max: u64,
    limits: &Limits,
) -> Result<(), ApiError> {
    let mut bytes = 0;
    loop {
        let refusal = match part.chunk().await {
            Ok(Some(piece)) => {
                bytes += piece.len() as u64;
                if bytes <= bytes_max {
                    if pieces.send(Ok(piece)).await.is_err() {
                        return Ok(());
                    }
                    continue;
                }
                let what = "the upload is larger";
                let max = limits.upload_bytes_max;
                ApiError::limit(StatusCode::PAYLOAD_TOO_LARGE, "upload_bytes_max", what, max)
            }
            Ok(None) => return Ok(()),
            Err(error) => ApiError::bad_request(format!("the upload was cut off: {}", error.body_text())),
        };
        // The storage must not take what has arrived for the whole file.
        let message = refusal.body.message.clone();
        let _ = pieces.send(Err(Error::new(ErrorKind::Cancelled, message))).await;
        return Err(refusal);
    }
}

fn text_header(request: &HeaderMap, names: [&str; 2]) -> Result<Option<String>, ApiError> {
    let Some((name, value)) = names.iter().find_map(|name| Some((name, request.get(*name)?))) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok("") => Ok(None),
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => Err(ApiError::bad_request(format!("header {name} is not text"))),
    }
}

fn path_in_stage(folder: &str, name: &str) -> Result<String, ApiError> {
    let folder = folder.trim_matches('/');
    let name = name.trim_start_matches('/');
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let refuse = |reason: &str| Err(ApiError::bad_request(format!("cannot upload to `{path}`: {reason}")));
    if name.is_empty() {
        return refuse("the part has no file name");
    }
    if path.len() > PATH_BYTES_MAX {
        return refuse("the path is longer than 1024 bytes");
    }
    if path.chars().any(char::is_control) {
        return refuse("the path has a control character");
    }
    if path.split('/').any(|component| matches!(component, "." | "..")) {
        return refuse("the path has a component `.` or `..`");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_stage() {
        let path = |folder: &str, name: &str| path_in_stage(folder, name).map_err(|error| error.body.message);
        assert_eq!(path("", "a/b.csv").unwrap(), "a/b.csv");
        assert_eq!(path("/x/", "/b.csv").unwrap(), "x/b.csv");
        assert!(path("", "../b").unwrap_err().contains("`..`"));
        assert!(path("a/../..", "b").unwrap_err().contains("`..`"));
        assert!(path("", "a/./b").is_err());
        assert!(path("a", "").unwrap_err().contains("no file name"));
        assert!(path("", "a\nb").is_err());
        assert!(path("", &"a".repeat(1025)).is_err());
        assert_eq!(path("", "a..b/..c").unwrap(), "a..b/..c");
    }
}
