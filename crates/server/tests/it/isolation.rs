//! A query of one user does not exist for another, nor for the same name in another organization.

use reqwest::Method;
use serde_json::json;

use crate::world::{PASSWORD, World, send};

#[tokio::test]
async fn a_query_exists_for_its_user_alone() {
    let world = World::new().await;
    let body = json!({"sql": "rows 100", "pagination": {"max_rows_per_page": 10}});
    world.client.start_with("secret", body).await;
    let strangers = [
        world.client.user("alice", PASSWORD),
        world.client.organization("acme"),
        world.client.organization("acme").user("alice", PASSWORD),
    ];
    let routes = [
        (Method::GET, "/v1/query/ID"),
        (Method::GET, "/v1/query/ID/page/1"),
        (Method::GET, "/v1/query/ID/page/0"),
        (Method::POST, "/v1/query/ID/kill"),
        (Method::GET, "/v1/query/ID/kill"),
        (Method::POST, "/v1/query/ID/final"),
    ];
    for stranger in strangers {
        for (method, path) in &routes {
            let theirs = send(stranger.request(method.clone(), &path.replace("ID", "secret"))).await.error();
            let nothing = send(stranger.request(method.clone(), &path.replace("ID", "absent"))).await.error();
            assert_eq!(theirs.0, 404, "{path}");
            assert_eq!(theirs.2.replace("secret", "absent"), nothing.2, "the answer tells that it exists");
            assert_eq!(theirs.1, nothing.1);
        }
        let body = json!({"node_to_queries": {"stagedoor": ["secret"]}});
        let heartbeat = stranger.post("/v1/session/heartbeat", body).await;
        assert_eq!(heartbeat.json()["queries_to_remove"], json!(["secret"]));
    }
    let page = world.client.get("/v1/query/secret/page/1").await.json();
    assert_eq!(page["data"][0][0], "10", "its own user still reads it");
}

#[tokio::test]
async fn statements_run_as_the_user_who_asked() {
    let world = World::new().await;
    world.client.organization("acme").user("alice", PASSWORD).start("q", "rows 1").await;
    let identity = world.made.requests.lock()[0].identity.clone();
    assert_eq!((identity.organization.as_str(), identity.user.as_str()), ("acme", "alice"));
}

#[tokio::test]
async fn a_token_works_in_its_organization_alone() {
    let world = World::new().await;
    let login = world.client.organization("acme").post("/v1/session/login", json!({})).await.json();
    let token = login["tokens"]["session_token"].as_str().unwrap();
    let verify = async |client: crate::world::Client| {
        send(client.nobody().request(Method::POST, "/v1/verify").bearer_auth(token)).await
    };
    assert_eq!(verify(world.client.clone()).await.json()["tenant"], "acme");
    assert_eq!(verify(world.client.organization("acme")).await.json()["tenant"], "acme");
    assert_eq!(verify(world.client.organization("default")).await.error().0, 401);
}
