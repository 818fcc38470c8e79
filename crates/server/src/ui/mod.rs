//! The web app: its files, and what it asks of the server beside SQL. `docs/web-api.md` is the agreement.

mod app;
mod body;
mod browsing;
mod completion;
mod drafts;
mod exports;
mod guard;
mod handoffs;
mod logins;
mod pages;
mod session;
mod shares;
mod tokens;
mod worksheets;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post};

use crate::state::ServerState;

pub(crate) use app::WebFiles;
pub(crate) use exports::WaitingExports;
pub(crate) use guard::{BrowserRules, browser_login, refuse_foreign_hosts};
pub(crate) use pages::{add_security_headers, any_other_path, index};

const BUILD_HEADER: HeaderName = HeaderName::from_static("x-ui-build");

/// Everything below `/ui/api`.
pub(crate) fn routes(server: &ServerState) -> Router<ServerState> {
    Router::new()
        .route("/ui/api/session", get(session::show).post(session::log_in).delete(session::log_out))
        .route("/ui/api/logins", get(logins::list))
        .route("/ui/api/logins/{id}", delete(logins::end))
        .route("/ui/api/worksheets", get(worksheets::list).post(worksheets::create))
        .route(
            "/ui/api/worksheets/{id}",
            get(worksheets::show).put(worksheets::save).delete(worksheets::delete_worksheet),
        )
        .route("/ui/api/worksheets/{id}/versions", get(worksheets::versions))
        .route("/ui/api/worksheets/{id}/versions/{rev}", get(worksheets::version))
        .route("/ui/api/worksheets/{id}/share", post(shares::share).delete(shares::take_back))
        .route("/ui/api/shares/{token}", get(shares::show))
        .route("/ui/api/catalog", get(completion::catalog))
        .route("/ui/api/stages/{stage}/objects", get(browsing::objects))
        .route("/ui/api/stages/{stage}/parquet", get(browsing::parquet))
        .route("/ui/api/drafts", get(drafts::list).post(drafts::create))
        .route("/ui/api/drafts/{id}", get(drafts::show).put(drafts::save).delete(drafts::delete_draft))
        .route("/ui/api/drafts/{id}/handoff", post(handoffs::create).delete(handoffs::take_back))
        .route("/ui/api/handoff/{token}", get(handoffs::show))
        .route("/ui/api/tokens", get(tokens::list).post(tokens::create))
        .route("/ui/api/tokens/{id}", delete(tokens::revoke))
        .route("/ui/api/exports", post(exports::start))
        .route("/ui/api/exports/{id}", get(exports::download))
        .layer(from_fn_with_state(server.clone(), around_the_api))
}

/// Answers are one user's and of one moment: nobody keeps them.
async fn around_the_api(State(server): State<ServerState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(build) = HeaderValue::from_str(server.web.build()) {
        headers.insert(BUILD_HEADER, build);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
