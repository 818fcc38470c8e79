//! URLs that clients use themselves.

use std::time::Duration;

use credentials::PresignMethod;

use super::Place;
use super::failure::credentials_error;
use crate::{Error, ErrorKind};

/// What PRESIGN answers.
pub(crate) struct Presigned {
    pub(crate) method: &'static str,
    pub(crate) headers: std::collections::BTreeMap<String, String>,
    pub(crate) url: String,
    pub(crate) warning: Option<String>,
}

impl Place {
    /// Signs a URL for the file that the location names.
    pub(crate) async fn presign(
        &self,
        method: PresignMethod,
        life: Duration,
        content_type: Option<&str>,
    ) -> Result<Presigned, Error> {
        if self.path().is_empty() || self.path().ends_with('/') {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                "PRESIGN needs the name of a file, not of a folder",
            ));
        }
        let signed = self
            .bucket()
            .presign(method, &self.prefix(), life, content_type)
            .await
            .map_err(|error| credentials_error(&self.names, &error))?;
        let warning = signed.shortened.then(|| {
            "the URL ends before the time asked for: it cannot outlive the role session that signs it"
                .to_owned()
        });
        Ok(Presigned {
            method: match method {
                PresignMethod::Get => "GET",
                PresignMethod::Put => "PUT",
            },
            headers: signed.headers.into_iter().collect(),
            url: signed.url.to_string(),
            warning,
        })
    }
}
