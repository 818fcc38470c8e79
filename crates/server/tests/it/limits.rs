//! What is too large or too much is refused with the limit's name.

use reqwest::Method;
use serde_json::json;
use server::Limits;

use crate::world::{Answer, World, send};

fn assert_names(answer: &Answer, status: u16, limit: &str) {
    let (found, _, message) = answer.error();
    assert_eq!(found, status, "{message}");
    assert!(message.contains(&format!("`{limit}`")), "{message}");
}

#[tokio::test]
async fn statements_and_bodies() {
    let world =
        World::with_limits(Limits { sql_bytes_max: 100, body_bytes_max: 1000, ..Limits::default() }).await;
    let sql = "x".repeat(101);
    assert_names(&world.client.start("q", &sql).await, 400, "sql_bytes_max");
    let body = "y".repeat(1000);
    assert_names(&world.client.start("q", &body).await, 413, "body_bytes_max");
}

#[tokio::test]
async fn sessions() {
    let world =
        World::with_limits(Limits { settings_max: 2, session_bytes_max: 200, ..Limits::default() }).await;
    let session = json!({"settings": {"a": "1", "b": "2", "c": "3"}});
    let answer = world.client.start_with("q", json!({"sql": "rows 1", "session": session})).await;
    assert_names(&answer, 400, "settings_max");
    let session = json!({"anything": "x".repeat(200)});
    let answer = world.client.start_with("q", json!({"sql": "rows 1", "session": session})).await;
    assert_names(&answer, 400, "session_bytes_max");
}

#[tokio::test]
async fn headers() {
    let world = World::with_limits(Limits { header_bytes_max: 2000, ..Limits::default() }).await;
    let request = world.client.request(Method::GET, "/v1/health").header("X-Long", "x".repeat(2000));
    assert_names(&send(request).await, 431, "header_bytes_max");
}

#[tokio::test]
async fn running_queries() {
    let limits = Limits { running_queries_per_user_max: 1, running_queries_max: 2, ..Limits::default() };
    let world = World::with_limits(limits).await;
    let never = json!({"sql": "never", "pagination": {"wait_time_secs": 0}});
    world.client.start_with("1", never.clone()).await;
    let refused = world.client.start("2", "rows 1").await;
    assert_names(&refused, 429, "running_queries_per_user_max");
    assert_eq!(refused.error().1, 1041);
    let acme = world.client.organization("acme");
    assert_eq!(acme.start_with("3", never).await.status, 200);
    let alice = world.client.user("alice", crate::world::PASSWORD);
    assert_names(&alice.start("4", "rows 1").await, 429, "running_queries_max");
}

#[tokio::test]
async fn page_rows_that_a_client_asks_for() {
    let world = World::with_limits(Limits { page_rows_max: 5, ..Limits::default() }).await;
    let body = json!({"sql": "rows 10", "pagination": {"max_rows_per_page": 1000}});
    let page = world.client.start_with("q", body).await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 5);
    // Nonsense is the default.
    let body = json!({"sql": "rows 10", "pagination": {"max_rows_per_page": -1}});
    let page = world.client.start_with("r", body).await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn connections_wait_for_their_turn() {
    let world = World::with_limits(Limits { connections_max: 1, ..Limits::default() }).await;
    let clients = (0..4).map(|_| async {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let url = format!("http://{}/v1/health", world.server.address());
        client.get(url).header("Connection", "close").send().await.unwrap().status()
    });
    for status in futures::future::join_all(clients).await {
        assert_eq!(status, 200);
    }
}

#[tokio::test]
async fn sixty_four_clients_at_once() {
    let world = World::new().await;
    let clients = (0..64).map(|_| async { world.client.rows("rows 2500").await.len() });
    for rows in futures::future::join_all(clients).await {
        assert_eq!(rows, 2500);
    }
}
