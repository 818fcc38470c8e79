//! What another site's page can make a browser send, and what it gets.

use reqwest::Method;
use serde_json::json;

use super::Browser;
use crate::world::{PASSWORD, World, send};

#[tokio::test]
async fn other_sites_cannot_use_the_cookie() {
    let world = World::new().await;
    let browser = Browser::logged_in(&world.client, world.server.address(), "root").await;
    // A form: no header of ours, and a content type that needs no consent.
    let form = browser
        .bare(Method::POST, "/v1/query")
        .header("origin", "http://evil.test")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "text/plain")
        .body(r#"{"sql": "rows 1"}"#);
    assert_eq!(send(form).await.error().0, 403);
    // An image, a script, a link: a GET.
    for path in ["/v1/query/q/kill", "/v1/query/q/final", "/v1/catalog/databases", "/ui/api/worksheets"] {
        for site in ["cross-site", "same-site", "none"] {
            let image = browser.bare(Method::GET, path).header("sec-fetch-site", site);
            assert_eq!(send(image).await.error().0, 403, "{path} {site}");
        }
    }
    // Browsers that say nothing of sites: the header is missing.
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let (status, _, message) =
            send(browser.bare(method, "/ui/api/worksheets").json(&json!({}))).await.error();
        assert!(status == 403 && message.contains("X-UI") || status == 405, "{status} {message}");
    }
    // Another port of this machine is another origin, though the same site.
    let port =
        browser.bare(Method::POST, "/v1/query").header("x-ui", "1").header("origin", "http://127.0.0.1:1");
    assert_eq!(send(port.json(&json!({"sql": "rows 1"}))).await.error().0, 403);
    assert!(world.made.requests.lock().is_empty(), "a statement ran");
}

#[tokio::test]
async fn consent_is_given_to_nobody() {
    let world = World::new().await;
    let browser = Browser::new(&world.client, world.server.address());
    let preflight = browser
        .bare(Method::OPTIONS, "/v1/query")
        .header("origin", "http://evil.test")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-ui,content-type");
    let answer = send(preflight).await;
    assert_eq!(answer.status, 405);
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn a_login_cannot_be_forced_on_a_browser() {
    let world = World::new().await;
    let browser = Browser::new(&world.client, world.server.address());
    let body = json!({"user": "root", "password": PASSWORD});
    let form = browser.bare(Method::POST, "/ui/api/session").header("origin", "http://evil.test").json(&body);
    assert_eq!(send(form).await.error().0, 403);
    let plain = browser.request(Method::POST, "/ui/api/session").header("content-type", "text/plain");
    assert_eq!(send(plain.body(body.to_string())).await.error().0, 415);
}

#[tokio::test]
async fn get_changes_nothing_by_cookie() {
    let world = World::new().await;
    let browser = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let body = json!({"sql": "hang", "pagination": {"wait_time_secs": 0}});
    let request = browser.request(Method::POST, "/v1/query").header("X-DATABEND-QUERY-ID", "q");
    send(request.json(&body)).await;
    for end in ["kill", "final"] {
        assert_eq!(browser.get(&format!("/v1/query/q/{end}")).await.error().0, 405);
    }
    assert_eq!(browser.get("/v1/query/q").await.json()["state"], "Running");
    assert_eq!(browser.post("/v1/query/q/kill", json!(null)).await.status, 200);
    assert_eq!(browser.get("/v1/query/q").await.json()["state"], "Failed");
    // A client that shows its password goes on as Databend's do.
    assert_eq!(world.client.get("/v1/query/q/final").await.status, 200);
}

#[tokio::test]
async fn a_foreign_name_gets_nothing() {
    let world = World::new().await;
    let port = world.server.address().port();
    for host in ["evil.test".to_owned(), format!("evil.test:{port}"), format!("127.0.0.1.evil.test:{port}")] {
        for path in ["/", "/v1/health", "/v1/verify", "/ui/api/session"] {
            let answer = send(world.client.request(Method::GET, path).header("host", &host)).await;
            let (status, _, message) = answer.error();
            assert_eq!(status, 421, "{host} {path}");
            assert!(message.contains("web.hosts"), "{message}");
        }
    }
    let local = world.client.request(Method::POST, "/v1/verify").header("host", format!("localhost:{port}"));
    assert_eq!(send(local.json(&json!({}))).await.status, 200);
}

#[tokio::test]
async fn the_cookie_is_no_password_and_the_password_no_cookie() {
    let world = World::new().await;
    let browser = Browser::logged_in(&world.client, world.server.address(), "root").await;
    // `/ui/api` is for browsers that are logged in.
    let by_password = world.client.request(Method::GET, "/ui/api/worksheets").header("x-ui", "1");
    assert_eq!(send(by_password).await.error().0, 401);
    // A header that is wrong is not saved by a cookie that is right.
    let both = browser.request(Method::POST, "/v1/verify").basic_auth("root", Some("wrong"));
    assert_eq!(send(both.json(&json!({}))).await.error().0, 401);
    let secret = browser.cookie.as_deref().unwrap().split_once('=').unwrap().1;
    let as_bearer = world.client.nobody().request(Method::POST, "/v1/verify").bearer_auth(secret);
    assert_eq!(send(as_bearer).await.error().0, 401);
}
