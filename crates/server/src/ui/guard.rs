//! Which requests of browsers are believed.
//!
//! A cookie is sent by the browser, whoever made the page that asks. So it counts only for requests that no
//! other site's page can make: same-origin by the browser's own word where it gives one, and with a header that
//! a page of another site may not set. Whoever sends `Authorization` shows a secret and needs none of this.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, HOST, ORIGIN, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::Identity;
use protocol::ErrorCode;

use crate::config::WebConfig;
use crate::errors::ApiError;
use crate::login::{BrowserLogin, session_is_over};
use crate::state::ServerState;

const SEC_FETCH_SITE: &str = "sec-fetch-site";
/// What a page of another site cannot send: a header that needs this server's consent.
const OWN_HEADER: &str = "x-ui";
/// The one `GET` that a link makes, which cannot send headers.
const DOWNLOADS: &str = "/ui/api/exports/";

/// Where the server is, as browsers see it.
#[derive(Debug, Clone)]
pub(crate) struct BrowserRules {
    listens_on_loopback: bool,
    /// Names besides `localhost`, in lower case.
    hosts: Vec<String>,
    /// `https://warehouse.acme.test`, where one is configured.
    public_origin: Option<String>,
    cookie_name: String,
}

impl BrowserRules {
    pub(crate) fn new(config: &WebConfig, address: SocketAddr) -> Self {
        let public_origin = config.public_url.as_deref().and_then(origin_of).map(str::to_lowercase);
        let public_host = public_origin.as_deref().and_then(|origin| origin.split_once("://"));
        let hosts = config
            .hosts
            .iter()
            .map(String::as_str)
            .chain(public_host.map(|(_, authority)| name_of(authority)))
            .map(str::to_lowercase)
            .collect();
        let is_secure = public_origin.as_deref().is_some_and(|origin| origin.starts_with("https://"));
        // Cookies do not know ports: two servers of one machine would log each other's users out.
        let cookie_name = match is_secure {
            true => "__Host-stagedoor".to_owned(),
            false => format!("stagedoor-{}", address.port()),
        };
        Self { listens_on_loopback: address.ip().is_loopback(), hosts, public_origin, cookie_name }
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.cookie_name.starts_with("__Host-")
    }

    /// Where people find the server: as configured, else where it listens.
    pub(crate) fn public_origin(&self) -> Option<&str> {
        self.public_origin.as_deref()
    }

    /// The `Set-Cookie` of a login, or of its end.
    pub(crate) fn cookie(&self, value: &str, max_age_secs: u64) -> String {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let name = &self.cookie_name;
        format!("{name}={value}; Path=/; Max-Age={max_age_secs}; HttpOnly; SameSite=Strict{secure}")
    }

    /// The value of our cookie.
    pub(crate) fn cookie_of<'a>(&self, request: &'a HeaderMap) -> Option<&'a str> {
        let texts = request.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        texts
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie_name)
            .map(|(_, value)| value)
    }

    /// Whether a page of that name may be this server's. A page whose name was made to point at this machine
    /// would be of our origin in the browser's eyes.
    fn knows_host(&self, request: &HeaderMap) -> bool {
        let mut values = request.get_all(HOST).iter();
        let (Some(host), None) = (values.next(), values.next()) else {
            // Browsers always send one.
            return !is_of_browser(request);
        };
        let Ok(host) = host.to_str() else { return false };
        let name = name_of(host).to_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        name == "localhost"
            || name.ends_with(".localhost")
            || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|known| known == name)
            // Drivers may reach a listener for others by any name; what they send says who they are.
            || (!self.listens_on_loopback && !is_of_browser(request))
    }

    /// Refuses what a page of another site could have made a browser send.
    fn check_request(&self, parts: &Parts) -> Result<(), ApiError> {
        let headers = &parts.headers;
        let path = parts.uri.path();
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        if let Some(site) = text(SEC_FETCH_SITE)
            && site != "same-origin"
        {
            return Err(foreign(&format!("the browser says that it comes from `{site}`")));
        }
        if let Some(origin) = text(ORIGIN.as_str()) {
            let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
            let is_ours = text(HOST.as_str()).is_some_and(|host| host.eq_ignore_ascii_case(authority))
                || self.public_origin.as_deref().is_some_and(|ours| ours.eq_ignore_ascii_case(origin));
            if !is_ours {
                return Err(foreign(&format!("it comes from a page of `{origin}`")));
            }
        }
        let is_download = parts.method == Method::GET && path.starts_with(DOWNLOADS);
        if text(OWN_HEADER) != Some("1") && !is_download {
            return Err(foreign("it has no header `X-UI: 1`"));
        }
        if parts.method == Method::GET && (path.ends_with("/kill") || path.ends_with("/final")) {
            let message = format!("a browser's login changes nothing by GET: use POST for `{path}`");
            return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::HTTP_NOT_FOUND, message));
        }
        Ok(())
    }
}

/// The user of a request by cookie; `None` for requests that show something else, or nothing.
pub(crate) async fn browser_login(
    server: &ServerState,
    parts: &Parts,
) -> Result<Option<BrowserLogin>, ApiError> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let Some(cookie) = server.browsers.cookie_of(&parts.headers) else { return Ok(None) };
    server.browsers.check_request(parts)?;
    match server.logins.browsers.find(cookie) {
        Some(login) if server.logins.is_current(&login.identity, &login.fingerprint).await? => {
            Ok(Some(login))
        }
        _ => Err(session_is_over()),
    }
}

/// A browser that is logged in, and nothing else.
pub(crate) struct Browser(pub(crate) BrowserLogin);

impl Browser {
    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub(crate) fn owner(&self) -> catalog::Owner<'_> {
        catalog::Owner { organization: &self.0.identity.organization, user: &self.0.identity.user }
    }
}

impl FromRequestParts<ServerState> for Browser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, server: &ServerState) -> Result<Self, ApiError> {
        let login = browser_login(server, parts).await?;
        login.map(Self).ok_or_else(session_is_over)
    }
}

/// A request that only this server's pages make, from whomever.
pub(crate) struct OwnPage;

impl FromRequestParts<ServerState> for OwnPage {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, server: &ServerState) -> Result<Self, ApiError> {
        server.browsers.check_request(parts).map(|()| Self)
    }
}

/// Before everything else: a request under a name that is not ours is answered with nothing of ours.
pub(crate) async fn refuse_foreign_hosts(
    State(server): State<ServerState>,
    request: Request,
    next: Next,
) -> Response {
    // AWS reads the issuer's public keys under whatever name the configuration gives it.
    let is_for_everybody = request.uri().path().starts_with("/.well-known/");
    if is_for_everybody || server.browsers.knows_host(request.headers()) {
        return next.run(request).await;
    }
    let name = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let message = format!(
        "this server does not answer by the name `{}`: use its IP address or `localhost`, or add the name to `web.hosts` of its configuration",
        name_of(name)
    );
    ApiError::new(StatusCode::MISDIRECTED_REQUEST, ErrorCode::PERMISSION_DENIED, message).into_response()
}

fn is_of_browser(request: &HeaderMap) -> bool {
    let names = [ORIGIN, REFERER, COOKIE, ACCEPT_LANGUAGE];
    names.iter().any(|name| request.contains_key(name)) || request.contains_key(SEC_FETCH_SITE)
}

fn foreign(why: &str) -> ApiError {
    let message = format!("the request is not one of this server's own pages: {why}");
    ApiError::new(StatusCode::FORBIDDEN, ErrorCode::PERMISSION_DENIED, message)
}

/// The host of `host:port`.
fn name_of(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.split_once(']').map_or(authority, |(name, _)| name.trim_start_matches('['));
    }
    authority.split_once(':').map_or(authority, |(name, _)| name)
}

/// `https://a.test/b` is of `https://a.test`.
fn origin_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    url.get(..scheme.len() + 3 + authority.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn rules(listen: &str, hosts: &[&str], public_url: Option<&str>) -> BrowserRules {
        let config = WebConfig {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            public_url: public_url.map(str::to_owned),
        };
        BrowserRules::new(&config, listen.parse().unwrap())
    }

    fn parts(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = axum::http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn with_host(rules: &BrowserRules, host: &str, more: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        for name in more {
            headers.insert(HeaderName::try_from(*name).unwrap(), HeaderValue::from_static("x"));
        }
        rules.knows_host(&headers)
    }

    #[test]
    fn a_name_made_to_point_here_is_refused() {
        let local = rules("127.0.0.1:8000", &["warehouse.acme.test"], None);
        for host in ["localhost:8000", "LOCALHOST", "127.0.0.1:1", "[::1]:8000", "a.localhost", "10.1.2.3"] {
            assert!(with_host(&local, host, &["origin"]), "{host}");
        }
        assert!(with_host(&local, "Warehouse.acme.test:443", &["origin"]));
        for host in ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "", "evil.test:8000"] {
            assert!(!with_host(&local, host, &[]), "{host}");
        }
        // Clients inside a network use names that nobody told the server; browsers are told to be told.
        let shared = rules("0.0.0.0:8000", &[], Some("https://w.acme.test/app"));
        assert!(with_host(&shared, "stagedoor:8000", &[]));
        assert!(!with_host(&shared, "stagedoor:8000", &["cookie"]));
        assert!(with_host(&shared, "w.acme.test", &["cookie", "origin"]));
    }

    #[test]
    fn a_cookie_counts_for_requests_of_our_own_pages() {
        let rules = rules("127.0.0.1:8000", &[], None);
        let host = ("host", "127.0.0.1:8000");
        let own =
            [host, ("x-ui", "1"), ("origin", "http://127.0.0.1:8000"), ("sec-fetch-site", "same-origin")];
        assert!(rules.check_request(&parts("POST", "/v1/query", &own)).is_ok());
        assert!(rules.check_request(&parts("GET", "/v1/query/a", &[host, ("x-ui", "1")])).is_ok());
        let refused = |method: &str, path: &str, headers: &[(&str, &str)]| {
            let error = rules.check_request(&parts(method, path, headers)).unwrap_err();
            (error.status.as_u16(), error.body.message)
        };
        let (status, message) = refused("POST", "/v1/query", &[host]);
        assert_eq!(status, 403);
        assert!(message.contains("X-UI"), "{message}");
        for site in ["cross-site", "same-site", "none"] {
            let (_, message) =
                refused("GET", "/v1/query/a", &[host, ("x-ui", "1"), ("sec-fetch-site", site)]);
            assert!(message.contains(site), "{message}");
        }
        for origin in ["http://evil.test", "null", "http://127.0.0.1:8001", "http://localhost:8000"] {
            let (_, message) = refused("POST", "/v1/query", &[host, ("x-ui", "1"), ("origin", origin)]);
            assert!(message.contains(origin), "{message}");
        }
        assert_eq!(refused("GET", "/v1/query/a/kill", &own).0, 405);
        assert_eq!(refused("GET", "/v1/query/a/final", &own).0, 405);
        assert!(rules.check_request(&parts("POST", "/v1/query/a/kill", &own)).is_ok());
        assert!(rules.check_request(&parts("GET", "/ui/api/exports/a", &[host])).is_ok());
        assert_eq!(refused("POST", "/ui/api/exports/a", &[host]).0, 403);
    }

    #[test]
    fn cookies_are_told_apart_by_port_and_are_secure_behind_tls() {
        let plain = rules("127.0.0.1:8000", &[], None);
        let cookie = plain.cookie("abc", 60);
        assert_eq!(cookie, "stagedoor-8000=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Strict");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("stagedoor-8001=other; stagedoor-8000=abc"));
        assert_eq!(plain.cookie_of(&headers), Some("abc"));
        let behind_tls = rules("0.0.0.0:8000", &[], Some("https://w.acme.test"));
        assert!(behind_tls.cookie("abc", 60).starts_with("__Host-stagedoor=abc; Path=/;"));
        assert!(behind_tls.cookie("abc", 60).ends_with("; Secure"));
        let origin = [("host", "10.0.0.1"), ("x-ui", "1"), ("origin", "https://w.acme.test")];
        assert!(behind_tls.check_request(&parts("POST", "/v1/query", &origin)).is_ok());
    }
}
