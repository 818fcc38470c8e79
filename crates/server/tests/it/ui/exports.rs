use reqwest::Method;
use serde_json::{Value, json};

use super::Browser;
use crate::engine::EngineWorld;
use crate::world::{Answer, World, send};

async fn export(browser: &Browser, sql: &str, format: &str) -> Answer {
    let started = browser.post("/ui/api/exports", json!({"sql": sql, "format": format, "name": "r"})).await;
    assert_eq!(started.status, 201, "{started:?}");
    let path = started.json()["path"].as_str().unwrap().to_owned();
    // A link sends no header of ours.
    send(browser.bare(Method::GET, &path).header("sec-fetch-site", "same-origin")).await
}

#[tokio::test]
async fn results_of_any_size_become_files() {
    let world = World::new().await;
    let root = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let csv = export(&root, "rows 150000", "csv").await;
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"r.csv\"; filename*=UTF-8''r.csv");
    assert!(csv.header("content-type").starts_with("text/csv"));
    let text = String::from_utf8(csv.body).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 150_002);
    assert_eq!((lines[0], lines[1], lines[2], lines[150_001]), ("n,t", "0,", "1,text 1", ""));
    let ndjson = export(&root, "rows 70000", "ndjson").await.body;
    let last: Value =
        serde_json::from_slice(ndjson.trim_ascii().split(|byte| *byte == b'\n').next_back().unwrap())
            .unwrap();
    assert_eq!(last, json!({"n": 69_999, "t": null}));
    let array = export(&root, "rows 4", "json").await.json();
    assert_eq!(array[3], json!({"n": 3, "t": null}));
    assert_eq!(array.as_array().unwrap().len(), 4);
    assert_eq!(export(&root, "rows 0", "json").await.json(), json!([]));
    let parquet = export(&root, "rows 70000", "parquet").await.body;
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
}

#[tokio::test]
async fn an_export_is_fetched_once_by_its_user() {
    let world = World::new().await;
    let root = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let alice = Browser::logged_in(&world.client, world.server.address(), "alice").await;
    let started = root.post("/ui/api/exports", json!({"sql": "rows 5", "format": "csv"})).await.json();
    assert_eq!(started["file_name"], "result.csv");
    let path = started["path"].as_str().unwrap();
    assert_eq!(alice.get(path).await.error().0, 404);
    let foreign = root.bare(Method::GET, path).header("sec-fetch-site", "cross-site");
    assert_eq!(send(foreign).await.error().0, 403);
    assert_eq!(root.get(path).await.status, 200);
    assert_eq!(root.get(path).await.error().0, 404);
}

#[tokio::test]
async fn what_is_no_result_is_no_file() {
    let world = World::new().await;
    let root = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let refuse = async |body: Value| root.post("/ui/api/exports", body).await.error();
    assert_eq!(refuse(json!({"sql": "fail", "format": "csv"})).await.1, 1005);
    assert!(refuse(json!({"sql": "use d", "format": "csv"})).await.2.contains("no result"));
    assert!(refuse(json!({"sql": "rows 1", "format": "xlsx"})).await.2.contains("xlsx"));
}

#[tokio::test]
async fn a_statement_that_fails_in_the_middle_breaks_the_file_off() {
    let world = World::new().await;
    let root = Browser::logged_in(&world.client, world.server.address(), "root").await;
    let sql = "fail late";
    let answer = root.post("/ui/api/exports", json!({"sql": sql, "format": "csv"})).await;
    // It fails before its first row here, which is known at once.
    assert_eq!(answer.error().0, 403, "{answer:?}");
}

#[tokio::test]
async fn values_keep_all_their_digits() {
    let world = EngineWorld::new().await;
    let root = Browser::logged_in(&world.client, world.address(), "root").await;
    let sql = "SELECT 9223372036854775807 AS i, CAST('12345678901234567890.123456789' AS DECIMAL(38,9)) AS d, true AS b, \
               CAST('NaN' AS DOUBLE) AS f, 'a\"b,\nc' AS t, '' AS e, NULL AS n, [1, NULL, 3] AS l";
    let csv = String::from_utf8(export(&root, sql, "csv").await.body).unwrap();
    let line = csv.split_once("\r\n").unwrap().1.trim_end().to_owned();
    assert_eq!(
        line,
        "9223372036854775807,12345678901234567890.123456789,1,NaN,\"a\"\"b,\nc\",\"\",,\"[1,NULL,3]\""
    );
    let body = export(&root, sql, "ndjson").await.body;
    let text = String::from_utf8(body).unwrap();
    assert_eq!(
        text.trim_end(),
        "{\"i\":9223372036854775807,\"d\":12345678901234567890.123456789,\"b\":true,\"f\":\"NaN\",\
         \"t\":\"a\\\"b,\\nc\",\"e\":\"\",\"n\":null,\"l\":[1,null,3]}"
    );
}

#[tokio::test]
async fn names_are_there_to_be_completed() {
    let world = EngineWorld::new().await;
    let root = Browser::logged_in(&world.client, world.address(), "root").await;
    let answer = root.get("/ui/api/catalog").await;
    let snapshot = answer.json();
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&snapshot["databases"]).contains(&"system".to_owned()));
    assert!(names(&snapshot["functions"]).contains(&"abs".to_owned()));
    assert!(names(&snapshot["settings"]).contains(&"timezone".to_owned()));
    let system =
        snapshot["databases"].as_array().unwrap().iter().find(|entry| entry["name"] == "system").unwrap();
    let one = system["tables"].as_array().unwrap().iter().find(|table| table["name"] == "one").unwrap();
    assert_eq!(one["columns"].as_array().unwrap().len(), 1);
    let known = root.request(Method::GET, "/ui/api/catalog").header("if-none-match", answer.header("etag"));
    let known = send(known).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
}
