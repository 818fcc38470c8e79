//! Stopping lets clients have what runs.

use serde_json::json;
use server::Limits;

use crate::world::World;

#[tokio::test]
async fn running_queries_finish_and_new_ones_are_refused() {
    let World { server, client, .. } = World::new().await;
    let body = json!({"sql": "rows 30", "pagination": {"max_rows_per_page": 10}});
    client.start_with("q", body).await;
    let stopping = tokio::spawn(server.stop());
    // The server stops taking queries as soon as it is told; ask until it has been.
    let refused = loop {
        let answer = client.start(&uuid::Uuid::new_v4().simple().to_string(), "rows 1").await;
        if answer.status != 200 {
            break answer;
        }
    };
    let (status, code, message) = refused.error();
    assert_eq!((status, code), (503, 5002));
    assert!(message.contains("stopping"), "{message}");
    assert_eq!(client.get("/v1/query/q/page/1").await.json()["data"][0][0], "10");
    assert_eq!(client.get("/v1/query/q/page/2").await.json()["state"], "Succeeded");
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_query_that_does_not_end_is_stopped() {
    let World { server, client, made, .. } =
        World::with_limits(Limits { drain_secs_max: 0, ..Limits::default() }).await;
    client.start_with("q", json!({"sql": "hang", "pagination": {"wait_time_secs": 0}})).await;
    server.stop().await;
    made.stopped.cancelled().await;
}
