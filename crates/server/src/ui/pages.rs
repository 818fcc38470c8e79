//! Pages: the app's own for every path of the app, or one that says how to get the app.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::info;
use crate::state::ServerState;

/// What is shown where the binary has no app.
const NO_APP: &str = include_str!("no_app.html");

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// `GET /`.
pub(crate) async fn index(State(server): State<ServerState>) -> Response<Body> {
    page(&server)
}

/// Every path that no route has: a file of the app, or a place in it, or nothing.
pub(crate) async fn any_other_path(State(server): State<ServerState>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_reading && !is_of_the_api(&path) {
        let name = path.trim_start_matches('/');
        if let Some(response) = server.web.file(name, request.headers()) {
            return response;
        }
        // A stale page that asks for a script must not get a page instead.
        if !path.starts_with("/assets/") && wants_a_page(request.headers()) {
            return page(&server);
        }
    }
    info::not_found(request.into_parts().0.uri).await.into_response()
}

/// Headers that no answer of the server is without.
pub(crate) fn add_security_headers(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    // What is no page of ours may do nothing at all if a browser shows it as one.
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"));
}

fn page(server: &ServerState) -> Response<Body> {
    let random: [u8; 16] = rand::random();
    let nonce = STANDARD_NO_PAD.encode(random);
    let (html, policy) = match server.web.page() {
        Some(html) => {
            let html = html.replace("{{nonce}}", &nonce).replace("{{build}}", server.web.build());
            (html, app_policy(&nonce))
        }
        None => {
            let html = NO_APP.replace("{{nonce}}", &nonce).replace("{{address}}", &server.address);
            (html, no_app_policy(&nonce))
        }
    };
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(
        PERMISSIONS_POLICY,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Nothing from elsewhere, nothing inline, no text that becomes a script. `data:` is for the marks that the
/// editor draws under errors, the nonce for the styles that it makes.
fn app_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html"
    )
}

fn no_app_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn is_of_the_api(path: &str) -> bool {
    ["/v1", "/ui/api"]
        .iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn wants_a_page(request: &HeaderMap) -> bool {
    let accept = request.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}
