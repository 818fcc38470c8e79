use serde_json::{Value, json};
use server::Limits;

use super::Browser;
use crate::world::{PASSWORD, World};

#[tokio::test]
async fn a_browser_logs_in_and_out() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.client, world.server.address());
    let nobody = browser.get("/ui/api/session").await;
    assert_eq!((nobody.status.as_u16(), &nobody.json()["login"]), (200, &Value::Null));
    assert_eq!(browser.get("/ui/api/worksheets").await.error().0, 401);

    let answer = browser.log_in(json!({"user": "root", "password": PASSWORD})).await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    let login = answer.json();
    assert_eq!(login["login"]["user"], "root");
    assert_eq!(login["login"]["organization"], "default");
    let dsn = login["server"]["dsn"].as_str().unwrap();
    assert_eq!(dsn, format!("databend://root:PASSWORD@{}/default?sslmode=disable", world.server.address()));
    assert_eq!(answer.header("cache-control"), "no-store");

    // Queries of the app are queries like all others.
    let page = browser.post("/v1/query", json!({"sql": "rows 2"})).await.json();
    assert_eq!(page["state"], "Succeeded", "{page:#}");
    assert_eq!(browser.post("/v1/verify", json!({})).await.json()["user"], "root");

    let elsewhere = browser.clone();
    assert_eq!(browser.delete("/ui/api/session").await.status, 204);
    assert_eq!(elsewhere.post("/v1/query", json!({"sql": "rows 2"})).await.error().0, 401);
    assert_eq!(elsewhere.get("/ui/api/session").await.json()["login"], Value::Null);
}

#[tokio::test]
async fn a_wrong_password_gets_no_cookie_and_no_prompt() {
    let world = World::with_limits(Limits { failed_logins_max: 2, ..Limits::default() }).await;
    let mut browser = Browser::new(&world.client, world.server.address());
    for _ in 0..2 {
        let answer = browser.log_in(json!({"user": "root", "password": "wrong"})).await;
        assert_eq!(answer.error().0, 401);
        assert!(!answer.headers.contains_key("set-cookie"));
        // A browser would remember what it asks for by itself, and send it to every page.
        assert!(!answer.headers.contains_key("www-authenticate"));
    }
    let answer = browser.log_in(json!({"user": "root", "password": PASSWORD})).await;
    assert_eq!(answer.error().0, 429);
    let unknown = browser.log_in(json!({"user": "root", "password": PASSWORD, "more": 1})).await;
    assert!(unknown.error().2.contains("more"), "{unknown:?}");
}

#[tokio::test]
async fn a_new_login_ends_the_one_before_it() {
    let world = World::new().await;
    let mut browser = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let before = browser.clone();
    browser.log_in(json!({"user": "alice", "password": PASSWORD})).await;
    assert_ne!(browser.cookie, before.cookie);
    assert_eq!(before.get("/ui/api/worksheets").await.status, 401);
    assert_eq!(browser.get("/ui/api/session").await.json()["login"]["user"], "alice");
}

#[tokio::test]
async fn a_login_ends_with_its_password_and_with_its_user() {
    let world = World::new().await;
    let root = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let alice = Browser::logged_in(&world.client, world.server.address(), "alice").await;
    world.catalog.set_password("default", "root", Some("new")).await.unwrap();
    world.catalog.drop_user("default", "alice", false).await.unwrap();
    for browser in [root, alice] {
        assert_eq!(browser.get("/ui/api/worksheets").await.status, 401);
        assert_eq!(browser.get("/ui/api/session").await.json()["login"], Value::Null);
    }
}

#[tokio::test]
async fn a_login_ends_by_itself() {
    let limits = Limits { web_login_idle_secs_max: 0, ..Limits::default() };
    let world = World::with_limits(limits).await;
    let browser = Browser::logged_in(&world.client, world.server.address(), "root").await;
    assert_eq!(browser.get("/ui/api/worksheets").await.status, 401);
}

#[tokio::test]
async fn a_user_sees_and_ends_their_logins_alone() {
    let world = World::new().await;
    let here = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let there = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let alice = Browser::logged_in(&world.client, world.server.address(), "alice").await;
    let logins = here.get("/ui/api/logins").await.json();
    let logins = logins["logins"].as_array().unwrap().clone();
    assert_eq!(logins.len(), 2);
    let other = logins.iter().find(|login| login["is_this"] == false).unwrap();
    let path = format!("/ui/api/logins/{}", other["id"].as_str().unwrap());
    assert_eq!(alice.delete(&path).await.error().0, 404);
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!(there.get("/ui/api/logins").await.status, 401);
    assert_eq!(here.get("/ui/api/logins").await.status, 200);
}

#[tokio::test]
async fn organizations_are_named_at_the_login() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.client, world.server.address());
    browser.log_in(json!({"user": "root", "password": PASSWORD, "organization": "acme"})).await;
    assert_eq!(browser.post("/v1/verify", json!({})).await.json()["tenant"], "acme");
    let absent = json!({"user": "root", "password": PASSWORD, "organization": "nowhere"});
    assert!(browser.log_in(absent).await.error().2.contains("`nowhere`"));
}
