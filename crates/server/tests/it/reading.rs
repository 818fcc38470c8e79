//! What S3 does while a query reads: a file changes, the query is killed, S3 refuses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::arrow::array::{ArrayRef, Int64Array, StringArray};
use ::arrow::datatypes::{DataType, Field, Schema};
use ::arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use sandbox::{Fault, FaultMatch, FaultRule};
use serde_json::{Value, json};

use crate::sql::{ROLE, SqlWorld, account};

/// No machine is so slow.
const DEADLINE: Duration = Duration::from_secs(120);
const BUCKET: &str = "test-bucket-123";

/// Rows of a number and a text, in row groups that are not read with the footer.
fn file(rows: i64, text: &str) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("n", DataType::Int64, false),
        Field::new("t", DataType::Utf8, false),
    ]));
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(1_000))
        .set_dictionary_enabled(false)
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, schema.clone(), Some(properties)).unwrap();
    let numbers = Int64Array::from_iter_values(0..rows);
    let texts = StringArray::from_iter_values((0..rows).map(|row| format!("{text} {row:0>400}")));
    let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(texts)];
    writer.write(&RecordBatch::try_new(schema, columns).unwrap()).unwrap();
    writer.close().unwrap();
    file
}

async fn world() -> SqlWorld {
    let world = SqlWorld::new().await;
    for statement in [
        format!("CREATE CONNECTION sales STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'"),
        format!("CREATE STAGE raw URL = 's3://{BUCKET}/' CONNECTION = (CONNECTION_NAME = 'sales')"),
    ] {
        world.client.rows(&statement).await;
    }
    world
}

async fn put(world: &SqlWorld, key: &str, content: Vec<u8>) {
    account(&world.sandbox, "987654321987").s3("PUT", BUCKET, key, "", &[], content).await.unwrap();
}

fn on_reads(key: &str, fault: Fault, times: Option<u32>) -> FaultRule {
    let matches = FaultMatch {
        action: Some("GetObject".to_owned()),
        key_prefix: Some(key.to_owned()),
        ..FaultMatch::default()
    };
    FaultRule { matches, fault, times }
}

pub(crate) async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < DEADLINE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Begins a query whose footer is read, and whose first ranges S3 holds back.
async fn begin(world: &SqlWorld, key: &str, id: &str) -> tokio::task::JoinHandle<Value> {
    let faults = world.sandbox.faults();
    faults.add(on_reads(key, Fault::Hold, None));
    let (client, id) = (world.client.clone(), id.to_owned());
    let sql = format!("SELECT count(n), max(t) FROM @raw/{key}");
    let answer = tokio::spawn(async move {
        let body = json!({ "sql": sql, "pagination": { "wait_time_secs": 1 } });
        client.start_with(&id, body).await.json()
    });
    wait_until("the request for the footer is held", || faults.held() == 1).await;
    faults.release();
    wait_until("requests for ranges are held", || {
        let footers = world.sandbox.requests().iter().filter(|request| request.status == 206).count();
        footers == 1 && faults.held() >= 1
    })
    .await;
    answer
}

/// The last page of a query.
async fn last_page(world: &SqlWorld, mut page: Value) -> Value {
    while let Some(next) = page["next_uri"].as_str().filter(|_| page["error"].is_null()) {
        page = world.client.get(next).await.json();
    }
    page
}

#[tokio::test]
async fn a_file_that_is_overwritten_while_it_is_read_is_an_error() {
    let world = world().await;
    put(&world, "big/f.parquet", file(5_000, "old")).await;
    let answer = begin(&world, "big/f.parquet", "q").await;
    put(&world, "big/f.parquet", file(5_000, "new")).await;
    world.sandbox.faults().clear();
    let page = last_page(&world, answer.await.unwrap()).await;
    let message = page["error"]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("`s3://test-bucket-123/big/f.parquet` was overwritten while it was read"),
        "{page:#}"
    );
    let rows = world.client.rows("SELECT count(n), min(left(t, 3)) FROM @raw/big/f.parquet").await;
    assert_eq!(rows, [[json!("5000"), json!("new")]]);
}

#[tokio::test]
async fn a_killed_query_has_no_request_under_way() {
    let world = world().await;
    put(&world, "big/f.parquet", file(5_000, "text")).await;
    let answer = begin(&world, "big/f.parquet", "q").await;
    let asked = world.sandbox.requests().len();
    world.client.post("/v1/query/q/kill", Value::Null).await;
    // They are held for ever: that they end means that their connections are closed.
    wait_until("no request is under way", || world.sandbox.requests_under_way() == 0).await;
    last_page(&world, answer.await.unwrap()).await;
    assert_eq!(world.sandbox.faults().held(), 0);
    assert_eq!(world.sandbox.requests().len(), asked, "nothing was asked for after that");
}

#[tokio::test]
async fn a_query_that_has_its_rows_asks_for_no_more() {
    let world = world().await;
    put(&world, "big/f.parquet", file(20_000, "text")).await;
    let rows = world.client.rows("SELECT n FROM @raw/big/f.parquet LIMIT 1").await;
    assert_eq!(rows, [[json!("0")]]);
    wait_until("no request is under way", || world.sandbox.requests_under_way() == 0).await;
    let read: u64 = world.sandbox.requests().iter().map(|request| request.bytes_out).sum();
    assert!(read < 2_000_000, "{read} bytes of a file of 8 MB");
}

#[tokio::test]
async fn a_prefix_that_is_asked_for_too_much_is_asked_more_slowly() {
    const FILES: i64 = 40;
    const REFUSALS: u32 = 25;
    let world = world().await;
    for number in 0..FILES {
        put(&world, &format!("days/{number:02}.parquet"), file(10, &format!("{number}"))).await;
    }
    world.sandbox.faults().add(on_reads("days/", Fault::SlowDown, Some(REFUSALS)));
    let rows = world.client.rows("SELECT count(*), sum(n) FROM @raw/days/").await;
    assert_eq!(rows, [[json!("400"), json!("1800")]]);
    let requests = world.sandbox.requests();
    let refused = requests.iter().filter(|request| request.error_code.as_deref() == Some("SlowDown"));
    assert_eq!(refused.count(), REFUSALS as usize);
}
