//! Looking through a stage, without AWS: what is refused before it. The rest is tested in a browser.

use serde_json::json;

use super::Browser;
use crate::engine::EngineWorld;

#[tokio::test]
async fn stages_that_are_not_there_are_named() {
    let world = EngineWorld::new().await;
    let root = Browser::logged_in(&world.client, world.address(), "root").await;
    for path in ["/ui/api/stages/nowhere/objects", "/ui/api/stages/nowhere/parquet?path=a"] {
        let (status, code, message) = root.get(path).await.error();
        assert_eq!((status, code), (404, 2501), "{path}");
        assert!(message.contains("`nowhere`"), "{message}");
    }
    let long = format!("/ui/api/stages/s/objects?prefix={}", "x".repeat(1_025));
    assert!(root.get(&long).await.error().2.contains("1024 bytes"));
    assert_eq!(root.get("/ui/api/stages/s/objects?unknown=1").await.status, 400);
    root.post("/v1/query", json!({"sql": "CREATE STAGE s URL = 's3://bucket-of-nobody/'"})).await;
    let traversal = root.get("/ui/api/stages/s/objects?prefix=../x").await.error();
    assert!(traversal.0 == 400 && traversal.2.contains("`..`"), "{traversal:?}");
}
