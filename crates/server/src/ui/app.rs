//! The app's files over HTTP.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use webui::{Asset, Assets, INDEX};

/// Where a build of the app is read from instead, while somebody works on it.
#[cfg(debug_assertions)]
const FOLDER_VARIABLE: &str = "STAGEDOOR_WEB_DIST";
/// The build's name where there is no app.
const NO_BUILD: &str = "none";

/// The app, or nothing. Cheap to clone.
#[derive(Clone)]
pub(crate) struct WebFiles(Arc<Assets>);

impl WebFiles {
    /// What is in the binary. In debug builds, what lies in the folder of `STAGEDOOR_WEB_DIST` where that is set.
    pub(crate) fn load() -> Self {
        #[cfg(debug_assertions)]
        if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
            let folder = std::path::PathBuf::from(folder);
            match Assets::in_folder(&folder) {
                Ok(assets) => return Self(Arc::new(assets)),
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "cannot read the web app");
                }
            }
        }
        Self(Arc::new(Assets::embedded()))
    }

    /// Tells builds apart.
    pub(crate) fn build(&self) -> &str {
        self.0.build().unwrap_or(NO_BUILD)
    }

    /// The page that every path of the app begins with, if there is an app.
    pub(super) fn page(&self) -> Option<&str> {
        let page = self.0.get(INDEX).filter(|_| self.0.build().is_some())?;
        std::str::from_utf8(&page.bytes).ok()
    }

    /// A file of the app. Its page is none: it is made anew for each request.
    pub(super) fn file(&self, path: &str, request: &HeaderMap) -> Option<Response<Body>> {
        let asset = self.0.get(path).filter(|_| path != INDEX)?;
        Some(answer(asset, request))
    }
}

fn answer(asset: &Asset, request: &HeaderMap) -> Response<Body> {
    let accepts = |coding: &str| {
        let texts = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        texts.flat_map(|text| text.split(',')).any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding))
                && parts.all(|weight| !matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    let (bytes, coding) = match (&asset.brotli, &asset.gzip) {
        (Some(brotli), _) if accepts("br") => (brotli, Some("br")),
        (_, Some(gzip)) if accepts("gzip") => (gzip, Some("gzip")),
        _ => (&asset.bytes, None),
    };
    let is_known = request
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.split(',').any(|known| known.trim().trim_start_matches("W/") == asset.etag));
    let mut response = match is_known {
        true => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        false => match bytes {
            std::borrow::Cow::Borrowed(bytes) => Response::new(Body::from(*bytes)),
            std::borrow::Cow::Owned(bytes) => Response::new(Body::from(bytes.clone())),
        },
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let caching = if asset.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(ETAG, etag);
    }
    if let Some(coding) = coding.filter(|_| !is_known) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset() -> Asset {
        Asset {
            bytes: b"plain"[..].into(),
            brotli: Some(b"br"[..].into()),
            gzip: Some(b"gz"[..].into()),
            etag: "\"1\"".into(),
            content_type: "text/javascript",
            is_immutable: true,
        }
    }

    fn ask(name: &str, value: &str) -> Response<Body> {
        let mut request = HeaderMap::new();
        request
            .insert(axum::http::HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        answer(&asset(), &request)
    }

    #[test]
    fn browsers_get_the_smallest_form_that_they_take() {
        let coding = |accept: &str| {
            let response = ask("accept-encoding", accept);
            response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(coding("gzip, deflate, br, zstd").as_deref(), Some("br"));
        assert_eq!(coding("gzip").as_deref(), Some("gzip"));
        assert_eq!(coding("br;q=0, GZIP;q=0.5").as_deref(), Some("gzip"));
        assert_eq!(coding("identity"), None);
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        assert_eq!(ask("if-none-match", "W/\"0\", W/\"1\"").status(), 304);
        let response = ask("if-none-match", "\"0\"");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    }
}
