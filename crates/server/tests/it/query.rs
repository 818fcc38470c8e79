//! Queries and their pages, as clients see them.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn a_small_result_comes_with_the_first_response() {
    let world = World::new().await;
    let answer = world.client.start("q1", "rows 4").await;
    assert_eq!(answer.status, 200);
    let page = answer.json();
    assert_eq!(page["id"], "q1");
    assert_eq!(page["state"], "Succeeded");
    assert_eq!(page["error"], Value::Null);
    assert_eq!(page["has_result_set"], true);
    assert_eq!(
        page["schema"],
        json!([{"name": "n", "type": "Int64"}, {"name": "t", "type": "Nullable(String)"}])
    );
    assert_eq!(page["data"], json!([["0", null], ["1", "text 1"], ["2", "text 2"], ["3", null]]));
    assert_eq!(page["next_uri"], Value::Null);
    // Without a node, clients send no heartbeats for a query that has ended.
    assert_eq!(page["node_id"], Value::Null);
    assert_eq!(page["settings"]["timezone"], "UTC");
    assert_eq!(page["stats"]["result_progress"]["rows"], 4);
    assert_eq!(answer.header("x-databend-query-id"), "q1");
    assert_eq!(answer.header("x-databend-query-state"), "Succeeded");
    assert_eq!(answer.header("x-databend-query-page-rows"), "4");
    assert!(answer.header("x-databend-version").starts_with("stagedoor-"));
}

#[tokio::test]
async fn a_large_result_comes_page_by_page() {
    let world = World::new().await;
    let rows = world.client.rows("rows 25500").await;
    assert_eq!(rows.len(), 25_500);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row[0], index.to_string());
    }
}

#[tokio::test]
async fn the_client_chooses_the_rows_of_a_page() {
    let world = World::new().await;
    let body = json!({"sql": "rows 10", "pagination": {"max_rows_per_page": 4}});
    let first = world.client.start_with("q", body).await.json();
    assert_eq!(first["data"].as_array().unwrap().len(), 4);
    assert_eq!(first["state"], "Running");
    assert_eq!(first["next_uri"], "/v1/query/q/page/1");
    assert_eq!(first["node_id"], "stagedoor");
    let second = world.client.get("/v1/query/q/page/1").await.json();
    assert_eq!(second["data"][0][0], "4");
    assert_eq!(second["schema"], first["schema"]);
    let third = world.client.get("/v1/query/q/page/2").await.json();
    assert_eq!(third["data"], json!([["8", "text 8"], ["9", null]]));
    assert_eq!(third["next_uri"], Value::Null);
    assert_eq!(third["state"], "Succeeded");
}

#[tokio::test]
async fn the_last_page_is_given_again() {
    let world = World::new().await;
    let body = json!({"sql": "rows 10", "pagination": {"max_rows_per_page": 4}});
    world.client.start_with("q", body).await;
    let second = world.client.get("/v1/query/q/page/1").await;
    let again = world.client.get("/v1/query/q/page/1").await;
    assert_eq!(again.json()["data"], second.json()["data"]);
    assert_eq!(again.json()["next_uri"], "/v1/query/q/page/2");
    let (status, code, message) = world.client.get("/v1/query/q/page/0").await.error();
    assert_eq!((status, code), (404, 1127));
    assert!(message.contains("no page 0"), "{message}");
    assert_eq!(world.client.get("/v1/query/q/page/7").await.status, 404);
}

#[tokio::test]
async fn a_repeated_start_gives_the_first_page_again() {
    let world = World::new().await;
    let first = world.client.start("q", "rows 3").await.json();
    let again = world.client.start("q", "rows 3").await.json();
    assert_eq!(again["data"], first["data"]);
    assert_eq!(world.made.requests.lock().len(), 1);
    let (status, code, _) = world.client.start("q", "rows 4").await.error();
    assert_eq!((status, code), (400, 1006));
}

#[tokio::test]
async fn an_id_of_another_user_is_refused() {
    let world = World::new().await;
    world.client.start("q", "rows 3").await;
    let alice = world.client.user("alice", crate::world::PASSWORD);
    assert_eq!(alice.start("q", "rows 3").await.status, 400);
}

#[tokio::test]
async fn ids_are_checked() {
    let world = World::new().await;
    for id in ["a/b", "a b", "é", &"a".repeat(65)] {
        assert_eq!(world.client.start(id, "rows 1").await.status, 400, "{id}");
    }
    let answer = world.client.post("/v1/query", json!({"sql": "rows 1"})).await;
    assert_eq!(answer.json()["id"].as_str().unwrap().len(), 32);
    assert_eq!(world.client.post("/v1/query/", json!({"sql": "rows 1"})).await.status, 200);
}

#[tokio::test]
async fn a_failed_statement_is_told_with_status_200() {
    let world = World::new().await;
    let body = json!({"sql": "fail", "session": {"database": "d", "kept": [1]}});
    let answer = world.client.start_with("q", body).await;
    assert_eq!(answer.status, 200);
    let page = answer.json();
    assert_eq!(page["state"], "Failed");
    assert_eq!(page["error"]["code"], 1005);
    assert_eq!(page["error"]["message"], "this is no statement");
    assert_eq!(page["error"]["detail"], "1 | fail\n  | ^^^^\nhint: write another");
    assert_eq!(page["data"], json!([]));
    assert_eq!(page["next_uri"], Value::Null);
    assert_eq!(page["session"], json!({"database": "d", "kept": [1]}));
    let late = world.client.start("r", "fail late").await.json();
    assert_eq!(late["error"]["code"], 3002);
}

#[tokio::test]
async fn statements_without_a_result_have_an_empty_schema() {
    let world = World::new().await;
    let page = world.client.start("q", "use sales").await.json();
    assert_eq!(page["has_result_set"], false);
    assert_eq!(page["schema"], json!([]));
    assert_eq!(page["data"], json!([]));
    assert_eq!(page["affect"], json!({"type": "UseDB", "name": "sales"}));
    assert_eq!(page["session"]["database"], "sales");
}

#[tokio::test]
async fn the_session_comes_back_with_what_the_statement_changed() {
    let world = World::new().await;
    let session = json!({
        "catalog": "default", "database": "d", "role": "r", "txn_state": "AutoCommit", "internal": "{}",
        "settings": {"unknown_to_the_server": "1", "number": 2}, "other": {"deep": true}
    });
    let page =
        world.client.start_with("q", json!({"sql": "set timezone Asia/Tokyo", "session": session})).await;
    assert_eq!(
        page.json()["session"],
        json!({
            "catalog": "default", "database": "d", "role": "r", "txn_state": "AutoCommit", "internal": "{}",
            "settings": {"unknown_to_the_server": "1", "number": "2", "timezone": "Asia/Tokyo"},
            "other": {"deep": true}
        })
    );
    assert_eq!(
        page.json()["affect"],
        json!({"type": "ChangeSettings", "keys": ["timezone"], "values": ["Asia/Tokyo"], "is_globals": [false]})
    );
    let request = world.made.requests.lock()[0].clone();
    assert_eq!(request.state.database, "d");
    assert_eq!(request.state.settings["number"], "2");
}

/// A later page must not undo what another statement has done to the client's session meanwhile.
#[tokio::test]
async fn only_the_first_page_carries_the_session() {
    let world = World::new().await;
    let body =
        json!({"sql": "rows 10", "pagination": {"max_rows_per_page": 4}, "session": {"database": "d"}});
    assert_eq!(world.client.start_with("q", body).await.json()["session"]["database"], "d");
    assert_eq!(world.client.get("/v1/query/q/page/1").await.json()["session"], Value::Null);
}

#[tokio::test]
async fn an_unknown_zone_fails_the_query() {
    let world = World::new().await;
    let body = json!({"sql": "rows 1", "session": {"settings": {"timezone": "Mars/Olympus"}}});
    let page = world.client.start_with("q", body).await.json();
    assert_eq!(page["error"]["code"], 1006);
    assert!(page["error"]["message"].as_str().unwrap().contains("Mars/Olympus"));
}

#[tokio::test]
async fn a_client_may_poll_without_waiting() {
    let world = World::new().await;
    let body = json!({"sql": "never", "pagination": {"wait_time_secs": 0}});
    let page = world.client.start_with("q", body).await.json();
    assert_eq!(page["state"], "Starting");
    assert_eq!(page["next_uri"], "/v1/query/q/page/0");
    assert_eq!(page["schema"], json!([]));
    let state = world.client.get("/v1/query/q").await.json();
    assert_eq!(state["state"], "Starting");
    assert_eq!(state["error"], Value::Null);
}

#[tokio::test]
async fn the_schema_comes_before_the_rows() {
    let world = World::new().await;
    let body = json!({"sql": "hang", "pagination": {"wait_time_secs": 0}});
    let mut page = world.client.start_with("q", body).await.json();
    while page["state"] == "Starting" {
        page = world.client.get("/v1/query/q/page/0").await.json();
    }
    assert_eq!(page["state"], "Running");
    assert_eq!(page["schema"].as_array().unwrap().len(), 2);
    assert_eq!(page["data"], json!([]));
}

#[tokio::test]
async fn a_killed_query_says_so() {
    for sql in ["never", "hang"] {
        let world = World::new().await;
        let body = json!({"sql": sql, "pagination": {"wait_time_secs": 0}});
        world.client.start_with("q", body).await;
        let kill = world.client.post("/v1/query/q/kill", Value::Null).await;
        assert_eq!((kill.status.as_u16(), kill.body.len()), (200, 0));
        let page = world.client.get("/v1/query/q/page/0").await.json();
        assert_eq!(page["state"], "Failed");
        assert_eq!(page["error"]["code"], 1043);
        world.made.stopped.cancelled().await;
        // A second kill finds nothing to stop and is no error.
        assert_eq!(world.client.get("/v1/query/q/kill").await.status, 200);
    }
}

#[tokio::test]
async fn final_stops_and_forgets_the_query() {
    let world = World::new().await;
    world.client.start_with("q", json!({"sql": "hang", "pagination": {"wait_time_secs": 0}})).await;
    let page = world.client.post("/v1/query/q/final", Value::Null).await.json();
    assert_eq!(page["data"], json!([]));
    assert_eq!(page["next_uri"], Value::Null);
    assert_eq!(page["session"], Value::Null);
    world.made.stopped.cancelled().await;
    let (status, code, message) = world.client.get("/v1/query/q/final").await.error();
    assert_eq!((status, code), (404, 1127));
    assert!(message.contains("`q` does not exist"), "{message}");
    assert_eq!(world.client.get("/v1/query/q").await.status, 404);
    assert_eq!(world.client.get("/v1/query/q/page/0").await.status, 404);
}

#[tokio::test]
async fn heartbeats_name_what_needs_none_any_more() {
    let world = World::new().await;
    world.client.start_with("running", json!({"sql": "hang", "pagination": {"wait_time_secs": 0}})).await;
    world.client.start("finished", "rows 1").await;
    let body = json!({"node_to_queries": {"stagedoor": ["running", "finished", "unknown"]}});
    let answer = world.client.post("/v1/session/heartbeat", body).await;
    assert_eq!(answer.json(), json!({"queries_to_remove": ["finished", "unknown"]}));
    let empty = world.client.post("/v1/session/heartbeat", Value::Null).await;
    assert_eq!(empty.status, 400);
    assert_eq!(world.client.post("/v1/session/heartbeat", json!({})).await.status, 200);
}

#[tokio::test]
async fn what_the_server_does_not_take_is_refused_by_name() {
    let world = World::new().await;
    let refuse = async |body: Value| world.client.start_with("q", body).await.error();
    let (status, code, message) = refuse(json!({"sql": "rows 1", "params": [1]})).await;
    assert_eq!((status, code), (400, 1002));
    assert!(message.contains("parameters"), "{message}");
    let (_, code, _) = refuse(json!({"sql": "rows 1", "stage_attachment": {"location": "@~/x"}})).await;
    assert_eq!(code, 1002);
    let (status, code, _) = refuse(json!({"sql": 1})).await;
    assert_eq!((status, code), (400, 1006));
    let not_json = world.client.request(reqwest::Method::POST, "/v1/query").body("SELECT 1");
    assert_eq!(crate::world::send(not_json).await.error().0, 400);
}

#[tokio::test]
async fn the_route_hint_comes_back() {
    let world = World::new().await;
    let request =
        world.client.request(reqwest::Method::GET, "/v1/health").header("X-DATABEND-ROUTE-HINT", "rh:1");
    assert_eq!(crate::world::send(request).await.header("x-databend-route-hint"), "rh:1");
}
