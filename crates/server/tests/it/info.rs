//! What the server says about itself.

use reqwest::Method;
use serde_json::json;

use crate::world::{World, send};

#[tokio::test]
async fn health_needs_no_login() {
    let world = World::new().await;
    let answer = world.client.nobody().get("/v1/health").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"status": "pass"}));
}

#[tokio::test]
async fn without_the_app_the_page_says_how_to_connect() {
    let world = World::new().await;
    if world.client.nobody().get("/ui/api/session").await.json()["server"]["build"] != "none" {
        // The binary has the app; what its page says is tested in a browser.
        return;
    }
    let answer = world.client.nobody().get("/").await;
    let page = String::from_utf8(answer.body.clone()).unwrap();
    assert!(page.contains(&format!("@{}/default", world.server.address())));
    assert!(page.contains("bendsql"));
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn other_paths_and_methods_are_json_errors() {
    let world = World::new().await;
    let (status, code, message) = world.client.get("/v1/nothing").await.error();
    assert_eq!((status, code), (404, 1072));
    assert!(message.contains("`/v1/nothing`"), "{message}");
    let wrong_method = send(world.client.request(Method::DELETE, "/v1/query")).await;
    assert_eq!(wrong_method.error().0, 405);
    let not_a_number = world.client.get("/v1/query/q/page/x").await;
    assert_eq!(not_a_number.status, 400);
}

#[tokio::test]
async fn the_only_node_is_this_one() {
    let world = World::new().await;
    let nodes = world.client.get("/v1/discovery_nodes").await.json();
    assert_eq!(nodes, json!([{"address": world.server.address().to_string()}]));
}
