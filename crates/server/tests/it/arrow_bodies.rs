//! Arrow bodies for clients that accept them.

use std::io::Cursor;

use ::arrow::array::AsArray;
use ::arrow::datatypes::Int64Type;
use ::arrow::ipc::reader::StreamReader;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World, send};

const ARROW: &str = "application/vnd.apache.arrow.stream";

async fn start(world: &World, accept: &str, body: Value) -> Answer {
    let request = world.client.request(Method::POST, "/v1/query").header("X-DATABEND-QUERY-ID", "q");
    send(request.header("Accept", accept).json(&body)).await
}

#[tokio::test]
async fn pages_are_arrow_streams_with_the_head_in_their_schema() {
    let world = World::new().await;
    let body =
        json!({"sql": "rows 2500", "arrow_result_version_max": 3, "pagination": {"max_rows_per_page": 1500}});
    let mut answer = start(&world, ARROW, body).await;
    let mut rows = Vec::new();
    loop {
        assert_eq!(answer.header("content-type"), ARROW);
        let reader = StreamReader::try_new(Cursor::new(&answer.body), None).unwrap();
        let head: Value = serde_json::from_str(&reader.schema().metadata()["response_header"]).unwrap();
        assert_eq!(head["id"], "q");
        assert_eq!(head["data"], json!([]));
        assert_eq!(head["schema"], json!([]));
        assert_eq!(head["settings"]["arrow_result_version"], 2);
        for batch in reader {
            rows.extend_from_slice(batch.unwrap().column(0).as_primitive::<Int64Type>().values());
        }
        let Some(next) = head["next_uri"].as_str() else {
            break;
        };
        answer = send(world.client.request(Method::GET, next).header("Accept", ARROW)).await;
    }
    assert_eq!(rows, (0..2500).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_version_is_the_clients_if_it_is_older() {
    let world = World::new().await;
    let answer = start(&world, ARROW, json!({"sql": "rows 1", "arrow_result_version_max": 1})).await;
    let reader = StreamReader::try_new(Cursor::new(&answer.body), None).unwrap();
    let head: Value = serde_json::from_str(&reader.schema().metadata()["response_header"]).unwrap();
    assert_eq!(head["settings"]["arrow_result_version"], 1);
}

#[tokio::test]
async fn answers_without_rows_are_json() {
    let world = World::new().await;
    let answer = start(&world, ARROW, json!({"sql": "rows 0", "arrow_result_version_max": 2})).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["schema"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_client_that_names_no_version_gets_json() {
    // Drivers before 0.34, among them the one for Node, accept Arrow without naming a version.
    let world = World::new().await;
    let answer = start(&world, ARROW, json!({"sql": "rows 1"})).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn any_other_accept_is_json() {
    let world = World::new().await;
    let accept = format!("{ARROW}, application/json");
    let answer = start(&world, &accept, json!({"sql": "rows 1", "arrow_result_version_max": 2})).await;
    assert_eq!(answer.header("content-type"), "application/json");
}
