use serde_json::{Value, json};
use server::Limits;

use super::Browser;
use crate::world::World;

#[tokio::test]
async fn a_token_stands_for_the_password_in_clients_alone() {
    let world = World::new().await;
    let root = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let made = root.post("/ui/api/tokens", json!({"name": "laptop", "days": 30})).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("sdt_"));
    assert!(made["dsn"].as_str().unwrap().contains(&format!("root:{token}@")));
    let client = world.client.user("root", token);
    assert_eq!(client.rows("rows 3").await.len(), 3);
    assert_eq!(client.post("/v1/session/login", json!({})).await.status, 200);
    // Not for another user, not for another organization, not for the app.
    assert_eq!(world.client.user("alice", token).post("/v1/verify", json!({})).await.error().0, 401);
    assert_eq!(client.organization("acme").post("/v1/verify", json!({})).await.error().0, 401);
    let mut browser = Browser::new(&world.client, world.server.address());
    assert_eq!(browser.log_in(json!({"user": "root", "password": token})).await.error().0, 401);
    let list = root.get("/ui/api/tokens").await.json();
    assert_eq!(list["tokens"][0]["name"], "laptop");
    assert!(list["tokens"][0]["used_at"].is_string());
    assert!(!list.to_string().contains(token), "the token is shown again");
    let path = format!("/ui/api/tokens/{}", made["id"].as_str().unwrap());
    let alice = Browser::logged_in(&world.client, world.server.address(), "alice").await;
    assert_eq!(alice.delete(&path).await.error().0, 404);
    assert_eq!(root.delete(&path).await.status, 204);
    assert_eq!(client.post("/v1/verify", json!({})).await.error().0, 401);
}

#[tokio::test]
async fn a_token_goes_with_its_user() {
    let world = World::new().await;
    let alice = Browser::logged_in(&world.client, world.server.address(), "alice").await;
    let made = alice.post("/ui/api/tokens", json!({"name": "t"})).await.json();
    assert_eq!(made["expires_at"], Value::Null);
    alice.post("/ui/api/worksheets", json!({"text": "hers"})).await;
    world.catalog.drop_user("default", "alice", false).await.unwrap();
    let user = catalog::NewUser {
        name: "alice",
        password: Some(crate::world::PASSWORD),
        ..catalog::NewUser::default()
    };
    world.catalog.create_user("default", &user, catalog::CreateMode::Create).await.unwrap();
    let token = made["token"].as_str().unwrap();
    assert_eq!(world.client.user("alice", token).post("/v1/verify", json!({})).await.error().0, 401);
    let namesake = Browser::logged_in(&world.client, world.server.address(), "alice").await;
    assert_eq!(namesake.get("/ui/api/worksheets").await.json()["worksheets"], json!([]));
}

#[tokio::test]
async fn tokens_have_limits() {
    let world = World::with_limits(Limits { tokens_per_user_max: 1, ..Limits::default() }).await;
    let root = Browser::logged_in(&world.client, world.server.address(), "root").await;
    assert_eq!(root.post("/ui/api/tokens", json!({"name": " "})).await.error().0, 400);
    assert_eq!(root.post("/ui/api/tokens", json!({"name": "t", "days": 0})).await.error().0, 400);
    assert_eq!(root.post("/ui/api/tokens", json!({"name": "t"})).await.status, 201);
    assert!(
        root.post("/ui/api/tokens", json!({"name": "t"})).await.error().2.contains("`tokens_per_user_max`")
    );
}
