//! `PUT /v1/upload_to_stage`.

use serde::{Deserialize, Serialize};

/// The answer to an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadResponse {
    pub id: String,
    pub stage_name: String,
    /// `SUCCESS`.
    pub state: String,
    /// The paths in the stage, as they were sent.
    pub files: Vec<String>,
}
