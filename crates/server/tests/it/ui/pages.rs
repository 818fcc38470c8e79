use reqwest::Method;

use super::Browser;
use crate::world::{World, send};

fn nonce_of(policy: &str) -> &str {
    policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap()
}

#[tokio::test]
async fn the_page_is_made_anew_for_every_request() {
    let world = World::new().await;
    let browser = Browser::new(&world.client, world.server.address());
    let page = |path: &'static str| {
        let request = browser.bare(Method::GET, path).header("accept", "text/html,*/*");
        async move { send(request).await }
    };
    let first = page("/").await;
    let second = page("/connections/any/deep/place").await;
    for answer in [&first, &second] {
        let policy = answer.header("content-security-policy");
        let html = String::from_utf8(answer.body.clone()).unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(html.contains(nonce_of(policy)), "the nonce is not in the page");
        assert!(!html.contains("{{"), "a placeholder was left");
        assert!(!html.contains("onclick") && !html.contains("style=\""));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    let nonces =
        [&first, &second].map(|answer| nonce_of(answer.header("content-security-policy")).to_owned());
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn what_is_no_page_is_not_answered_with_one() {
    let world = World::new().await;
    let browser = Browser::new(&world.client, world.server.address());
    for path in ["/assets/old-build.js", "/v1/nothing", "/ui/api/nothing", "/v1"] {
        let request = browser.bare(Method::GET, path).header("accept", "text/html,*/*");
        let answer = send(request).await;
        assert_eq!(answer.error().0, 404, "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert!(answer.header("content-security-policy").contains("sandbox"));
    }
    let fetched = send(browser.bare(Method::GET, "/worksheets/x").header("accept", "application/json")).await;
    assert_eq!(fetched.error().0, 404);
    let posted = send(browser.bare(Method::POST, "/worksheets/x").header("accept", "text/html")).await;
    assert_eq!(posted.error().0, 404);
}

#[tokio::test]
async fn the_build_is_told() {
    let world = World::new().await;
    let browser = Browser::new(&world.client, world.server.address());
    let answer = browser.get("/ui/api/session").await;
    assert_eq!(answer.json()["server"]["build"], answer.header("x-ui-build"));
}
