//! Temporary keys while queries run: sessions of three seconds, on a clock that the sandbox and the server share.

use std::sync::Arc;
use std::time::Duration;

use ::arrow::array::{ArrayRef, Int64Array, StringArray};
use ::arrow::datatypes::{DataType, Field, Schema};
use ::arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use sandbox::{Fault, FaultMatch, FaultRule};
use serde_json::{Value, json};

use crate::reading::wait_until;
use crate::sql::{SqlWorld, account};

const SESSION: Duration = Duration::from_secs(3);
const GROUPS: i64 = 160;
const GROUP_ROWS: i64 = 1_024;
/// Half a row group, so that there are pages enough for minutes.
const PAGE_ROWS: i64 = GROUP_ROWS / 2;
const PAGES_BETWEEN_ENDS: u64 = 16;
const ROLE: &str = "arn:aws:iam::987654321987:role/databend-test";

/// A file much larger than the 64 MiB that are read ahead, so that most of it is read as its rows are fetched, however
/// slowly the pages come.
fn long_file() -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("n", DataType::Int64, false),
        Field::new("t", DataType::Utf8, false),
    ]));
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(GROUP_ROWS as usize))
        .set_dictionary_enabled(false)
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, schema.clone(), Some(properties)).unwrap();
    for group in 0..GROUPS {
        let numbers = Int64Array::from_iter_values(group * GROUP_ROWS..(group + 1) * GROUP_ROWS);
        let texts = StringArray::from_iter_values((0..GROUP_ROWS).map(|_| "x".repeat(1_000)));
        let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(texts)];
        writer.write(&RecordBatch::try_new(schema.clone(), columns).unwrap()).unwrap();
    }
    writer.close().unwrap();
    file
}

async fn world() -> SqlWorld {
    let world = SqlWorld::new().await;
    let customer = account(&world.sandbox, "987654321987");
    customer.s3("PUT", "test-bucket-123", "long/file.parquet", "", &[], long_file()).await.unwrap();
    world.sandbox.faults().set_session_life(Some(SESSION));
    for statement in [
        format!("CREATE CONNECTION sales STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'"),
        "CREATE STAGE raw URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'sales')".to_owned(),
    ] {
        world.client.rows(&statement).await;
    }
    world
}

/// How often the customer's role was assumed.
fn assumed(world: &SqlWorld) -> usize {
    let requests = world.sandbox.requests();
    let granted = requests.iter().filter(|request| request.action == "AssumeRole" && request.status == 200);
    granted.filter(|request| request.principal.contains(":assumed-role/")).count()
}

fn sts_is_gone() -> FaultRule {
    let matches = FaultMatch { service: Some("sts".to_owned()), ..FaultMatch::default() };
    FaultRule { matches, fault: Fault::Reset, times: None }
}

#[tokio::test]
async fn a_query_that_reads_for_minutes_outlives_its_keys() {
    let world = world().await;
    let body = json!({
        "sql": "SELECT n, length(t) FROM @raw/long/file.parquet",
        "pagination": { "max_rows_per_page": PAGE_ROWS, "max_rows_in_buffer": PAGE_ROWS },
    });
    let mut page = world.client.post("/v1/query", body).await.json();
    let (mut rows, mut sum, mut seconds, mut pages) = (0_i64, 0_i64, 0_u64, 0_u64);
    loop {
        assert_eq!(page["error"], Value::Null, "{page:#}");
        for row in page["data"].as_array().unwrap() {
            rows += 1;
            sum += row[0].as_str().unwrap().parse::<i64>().unwrap();
        }
        let Some(next) = page["next_uri"].as_str().map(str::to_owned) else { break };
        if !page["data"].as_array().unwrap().is_empty() {
            pages += 1;
            // All keys end at once, between requests: this clock is ahead of time, and a request that waits for
            // its answer meanwhile would live longer than any key.
            if pages.is_multiple_of(PAGES_BETWEEN_ENDS) {
                wait_until("no request is under way", || world.sandbox.requests_under_way() == 0).await;
                world.sandbox.clock().advance(SESSION * 4);
                seconds += SESSION.as_secs() * 4;
            }
        }
        page = world.client.get(&next).await.json();
    }
    let expected = GROUPS * GROUP_ROWS;
    assert_eq!((rows, sum), (expected, expected * (expected - 1) / 2));
    assert!(seconds >= 120, "the query was read for {seconds} seconds");
    assert!(assumed(&world) >= 3, "the role was assumed {} times in {seconds} seconds", assumed(&world));
}

#[tokio::test]
async fn sixty_four_clients_at_once_are_one_call_for_each_life_of_the_keys() {
    const LIVES: usize = 5;
    let world = world().await;
    // Long enough for a round of queries on a busy machine, short enough for five lives on the sandbox's clock.
    let session = Duration::from_secs(120);
    world.sandbox.faults().set_session_life(Some(session));
    for life in 0..LIVES {
        let queries = (0..64).map(|_| world.client.rows("SELECT count(*) FROM @raw/test.parquet"));
        for rows in futures::future::join_all(queries).await {
            assert_eq!(rows.len(), 1);
        }
        assert_eq!(assumed(&world), life + 1);
        world.sandbox.clock().advance(session + Duration::from_secs(1));
    }
}

fn sts_throttles(times: Option<u32>) -> FaultRule {
    let matches = FaultMatch { service: Some("sts".to_owned()), ..FaultMatch::default() };
    FaultRule { matches, fault: Fault::SlowDown, times }
}

/// Calls of AssumeRole, granted or not, for either hop.
fn asked(world: &SqlWorld) -> usize {
    world.sandbox.requests().iter().filter(|request| request.action == "AssumeRole").count()
}

/// Results of 64 clients that read at once.
async fn read_by_many(world: &SqlWorld) -> Vec<Result<crate::world::Rows, (u64, String)>> {
    let queries = (0..64).map(|_| world.client.run("SELECT count(*) FROM @raw/test.parquet"));
    futures::future::join_all(queries).await
}

#[tokio::test]
async fn a_throttling_sts_is_asked_again_by_one_for_all() {
    const THROTTLED: u32 = 3;
    let world = world().await;
    world.sandbox.faults().set_session_life(Some(Duration::from_secs(600)));
    world.sandbox.faults().add(sts_throttles(Some(THROTTLED)));
    for rows in read_by_many(&world).await {
        assert_eq!(rows.unwrap().len(), 1);
    }
    // Two hops, and what was throttled; not one of it 64 times.
    assert_eq!(asked(&world), 2 + THROTTLED as usize);
    assert_eq!(assumed(&world), 1);
}

#[tokio::test]
async fn a_throttling_sts_hurts_nobody_whose_keys_work() {
    let world = world().await;
    world.sandbox.faults().set_session_life(Some(Duration::from_secs(600)));
    world.client.rows("SELECT count(*) FROM @raw/test.parquet").await;
    let before = asked(&world);
    world.sandbox.faults().add(sts_throttles(None));
    // The keys would be renewed by now, and are not in their last minute.
    world.sandbox.clock().advance(Duration::from_secs(490));
    for rows in read_by_many(&world).await {
        assert_eq!(rows.unwrap().len(), 1);
    }
    // Calls go on behind the queries: wait for the first, whatever the machine.
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while asked(&world) == before {
        assert!(std::time::Instant::now() < deadline, "nobody renewed the keys");
        tokio::task::yield_now().await;
    }
    // Five attempts for a hop in a flight, and a pause between flights: fewer than clients.
    assert!(asked(&world) - before < 64, "{} calls", asked(&world) - before);

    // Without keys that work, everybody is told, by the answer to a few calls.
    world.sandbox.clock().advance(Duration::from_secs(200));
    let before = asked(&world);
    for refused in read_by_many(&world).await {
        let (_, message) = refused.unwrap_err();
        assert!(message.contains("AWS STS asks for fewer calls"), "{message}");
    }
    assert!(asked(&world) - before < 64, "{} calls", asked(&world) - before);

    // It is over: what was remembered of it ends within seconds.
    world.sandbox.faults().clear();
    world.sandbox.clock().advance(Duration::from_secs(60));
    assert_eq!(world.client.rows("SELECT count(*) FROM @raw/test.parquet").await.len(), 1);
}

#[tokio::test]
async fn an_sts_that_is_gone_hurts_nobody_whose_keys_work() {
    let world = world().await;
    // Ten minutes: the sandbox takes no signature that is fifteen minutes older than its clock.
    world.sandbox.faults().set_session_life(Some(Duration::from_secs(600)));
    let read = || world.client.rows("SELECT count(*) FROM @raw/test.parquet");
    read().await;
    world.sandbox.faults().add(sts_is_gone());
    // Fresh keys; keys that would be renewed in the background; keys in their last minute. Each in time.
    for seconds in [200, 290, 70] {
        world.sandbox.clock().advance(Duration::from_secs(seconds));
        let started = std::time::Instant::now();
        for _ in 0..5 {
            read().await;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "slow after {seconds} more seconds");
    }
    assert_eq!(assumed(&world), 1);
    world.sandbox.faults().clear();
    world.sandbox.clock().advance(Duration::from_secs(60));
    read().await;
    assert_eq!(assumed(&world), 2);
}
