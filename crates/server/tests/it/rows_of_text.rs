//! Members of `$1` are read without the rest of their rows, and mean the same; what follows the first block of a file
//! is asked for at once.

use sandbox::{Fault, FaultMatch, FaultRule};
use serde_json::{Value, json};

use crate::reading::wait_until;
use crate::sql::{ROLE, SqlWorld, account};
use crate::world::Rows;

const BUCKET: &str = "test-bucket-123";
const FILES: &str = "FILE_FORMAT => 'ndjson'";

/// Rows that readers of JSON disagree on.
const ODD: &str = concat!(
    "{\"a\":1,\"b\":{\"c\":\"x\",\"d\":[1,{\"e\":null}]}}\n",
    "\n",
    "  { \"b\" : { \"c\" : true , \"c\" : false } , \"a\" : 2.50 }  \r\n",
    "{\"a\":{\"c\":1},\"a\":\"last\",\"b\":{\"c\":1},\"b\":{\"d\":2}}\n",
    "{\"\\u0061\":\"esc\\u00e4\\ud83d\\ude00\\n\\/\\\"\",\"b\":{\"\\u0063\":\"\\u0000\"}}\n",
    "{\"a\":123456789012345678901234567890,\"b\":{\"c\":-0.0e-7}}\n",
    "{\"a\":1e400,\"b\":[{\"c\":1}]}\n",
    "{\"a\":null,\"b\":null}\n",
    "{\"b\":{\"z\":1,\"c\":{\"y\":2,\"x\":[ 1 , 2 ],\"y\":3}}}\n",
    "{\"a\":\"\",\"b\":{}}\n",
    "{}\n",
    "[{\"a\":1}]\n",
    "\"a\"\n",
    "7\n",
    "null\n",
    "{\"a\":\"ä😀\u{2028}\",\"b\":{\"c\":\"null\"}}\n",
    "{\"a\":true,\"b\":{\"c\":\"{\\\"c\\\":1}\"}}"
);

async fn world(files: &[(&str, &str)]) -> SqlWorld {
    let world = SqlWorld::new().await;
    for statement in [
        format!("CREATE CONNECTION sales STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'"),
        format!("CREATE STAGE raw URL = 's3://{BUCKET}/' CONNECTION = (CONNECTION_NAME = 'sales')"),
    ] {
        world.client.rows(&statement).await;
    }
    for (key, content) in files {
        put(&world, key, content.as_bytes().to_vec()).await;
    }
    world
}

async fn put(world: &SqlWorld, key: &str, content: Vec<u8>) {
    account(&world.sandbox, "987654321987").s3("PUT", BUCKET, key, "", &[], content).await.unwrap();
}

/// The query as it is, and over rows that are whole before a member is looked at.
async fn both_ways(world: &SqlWorld, query: &str, file: &str) -> [Result<Rows, (u64, String)>; 2] {
    let location = format!("@raw/{file} ({FILES})");
    let as_it_is = query.replace("{}", &location);
    let whole = query.replace("$1", "whole").replace("{}", &format!("(SELECT $1 AS whole FROM {location})"));
    [world.client.run(&as_it_is).await, world.client.run(&whole).await]
}

/// Joins and filters keep no order.
fn sorted(mut rows: Rows) -> Rows {
    rows.sort_by_key(|row| format!("{row:?}"));
    rows
}

async fn plan(world: &SqlWorld, query: &str) -> String {
    let rows = world.client.rows(&format!("EXPLAIN {query}")).await;
    rows.into_iter().flatten().map(|value| value.as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn members_mean_what_they_mean_in_the_whole_row() {
    let world = world(&[("odd.ndjson", ODD)]).await;
    for query in [
        "SELECT $1:a, $1:b, $1:b.c, $1:b.d[1].e, $1['b']['c'], $1:x, $1:b.c.y FROM {}",
        "SELECT $1:a::STRING, $1:b::STRING, $1:b.c::STRING, $1:b.c.x::STRING FROM {}",
        "SELECT $1:a::STRING, $1:a, json_typeof($1:a), $1:a IS NULL FROM {}",
        "SELECT try_cast($1:a AS DOUBLE), $1:a = 'last', $1:b.c = $1:a FROM {}",
        "SELECT $1, $1:a FROM {} WHERE $1:b IS NOT NULL",
        "SELECT $1:a FROM {} WHERE $1:b.c::STRING = 'x' OR $1:a > 2",
        "SELECT $1:b.c::STRING, count(*), min($1:a::STRING) FROM {} GROUP BY 1 ORDER BY 1",
        "SELECT count(*), count($1:a), count(DISTINCT $1:b.c) FROM {}",
        "SELECT $1:a FROM {} ORDER BY $1:b.c::STRING NULLS LAST, $1:a::STRING LIMIT 5",
        "SELECT x.$1:a, y.$1:b FROM {} x JOIN {} y ON x.$1:a::STRING = y.$1:a::STRING ORDER BY 1, 2",
        "SELECT $1:a FROM {} WHERE $1:a::STRING IN (SELECT $1:a::STRING FROM {} WHERE $1:b IS NOT NULL)",
        "SELECT $1:a::STRING FROM {} UNION ALL SELECT $1:b.c::STRING FROM {} ORDER BY 1",
        "SELECT $1:a::STRING, row_number() OVER (ORDER BY $1:b.c::STRING, $1:a::STRING) FROM {} ORDER BY 2",
        "WITH r AS (SELECT $1:b AS b, $1:a AS a FROM {}) SELECT b:c, a FROM r WHERE a IS NOT NULL",
        "SELECT $1:a::INT FROM {}",
    ] {
        let [members, whole] = both_ways(&world, query, "odd.ndjson").await;
        // Errors name the expression, which is another one.
        match (members, whole) {
            (Ok(members), Ok(whole)) => assert_eq!(sorted(members), sorted(whole), "{query}"),
            (Err(members), Err(whole)) => assert_eq!(members.0, whole.0, "{query}"),
            (members, whole) => panic!("{query}: {members:?}, {whole:?}"),
        }
    }
}

#[tokio::test]
async fn a_row_that_is_no_json_is_an_error_wherever_it_is_broken() {
    for broken in
        ["{\"a\":1,\"z\":tru}", "{\"z\":\"\u{1}\",\"a\":1}", "{\"a\":1}}", "{\"a\":1", "{\"a\":\"\\x\"}"]
    {
        let text = format!("{{\"a\":1}}\n\n{{\"a\":2}}\n{broken}\n{{\"a\":3}}\n");
        let world = world(&[("broken.ndjson", text.as_str())]).await;
        let [members, whole] = both_ways(&world, "SELECT sum($1:a::INT) FROM {}", "broken.ndjson").await;
        let (members, whole) = (members.unwrap_err(), whole.unwrap_err());
        assert_eq!(members, whole, "{broken}");
        assert!(members.1.contains("broken.ndjson` line 4: it is not a row of JSON"), "{members:?}");
    }
}

#[tokio::test]
async fn scans_read_members_and_not_rows() {
    let world = world(&[("odd.ndjson", ODD)]).await;
    let file = format!("@raw/odd.ndjson ({FILES})");
    world
        .client
        .rows(&format!("CREATE VIEW members AS SELECT $1:a::STRING AS a, $1:b AS b FROM {file}"))
        .await;
    for (query, read) in [
        (format!("SELECT $1:a::STRING, $1:b.c FROM {file}"), "$1:b.c"),
        (format!("SELECT $1['b']['c'] FROM {file} WHERE $1:a IS NOT NULL"), "$1:b.c"),
        (format!("SELECT $1:b.d[0], $1:b.d[1].e FROM {file}"), "projection=[$1:b.d]"),
        (format!("SELECT count(*) FROM {file} WHERE $1:a::INT > 1"), "projection=[$1:a]"),
        (format!("SELECT r.$1:b.c, sum(r.$1:a::INT) FROM {file} r GROUP BY 1"), "projection=[$1:"),
        ("SELECT a, count(*) FROM members GROUP BY a".to_owned(), "projection=[$1:a]"),
    ] {
        let plan = plan(&world, &query).await;
        let scan = plan.split("StreamingTableExec").nth(1).unwrap_or_default();
        assert!(scan.contains(read) && !scan.contains("[$1,") && !scan.contains("[$1]"), "{query}: {plan}");
    }
    let plan = plan(&world, &format!("SELECT $1, $1:a FROM {file}")).await;
    assert!(plan.contains("projection=[$1, $1:a]"), "{plan}");
}

/// By name, columns have types: what the quick reading cannot tell for certain is read as before.
#[tokio::test]
async fn columns_by_name_hold_whatever_their_type_may_hold() {
    let text = concat!(
        "{\"i\":1,\"f\":1.5,\"t\":\"x\",\"b\":true,\"v\":1,\"l\":[1]}\n",
        "{\"i\":\"2\",\"f\":2,\"t\":\"\\u00e4\\n\",\"b\":null,\"v\":\"a\"}\n",
        "{\"i\":-0,\"f\":null,\"t\":null,\"v\":null,\"x\":{\"i\":5},\"l\":null}\n",
        "{\"i\":4,\"i\":5,\"f\":\"1e2\",\"t\":\"\",\"b\":false,\"v\":{\"b\":1,\"a\":2}}\n",
    );
    let plain = text.replace("\"2\"", "2");
    let world = world(&[("typed.ndjson", text), ("plain.ndjson", plain.as_str())]).await;
    for file in ["typed.ndjson", "plain.ndjson"] {
        let rows = world.client.rows(&format!("SELECT v, t FROM @raw/{file}")).await;
        let expected = [
            [json!("1"), json!("x")],
            [json!("\"a\""), json!("ä\n")],
            [Value::Null, Value::Null],
            [json!("{\"a\":2,\"b\":1}"), json!("")],
        ];
        assert_eq!(rows, expected, "{file}");
    }
    let quick = world.client.rows("SELECT i, b, v FROM @raw/plain.ndjson").await;
    let whole = world.client.rows("SELECT i, b, v, l FROM @raw/plain.ndjson").await;
    assert!(quick.iter().zip(&whole).all(|(quick, whole)| quick[..] == whole[..3]), "{quick:?} {whole:?}");
    let rows = world.client.rows("SELECT i, b, x['i'], l FROM @raw/plain.ndjson").await;
    assert_eq!(rows[2], [json!("0"), Value::Null, json!("5"), Value::Null]);
    assert_eq!(rows[3], [json!("5"), json!("0"), Value::Null, Value::Null]);
}

#[tokio::test]
async fn what_follows_the_first_block_is_asked_for_at_once() {
    const LINE: &str =
        "{\"a\":1,\"filler\":\"0123456789012345678901234567890123456789012345678901234567890\"}\n";
    let world = world(&[]).await;
    let content = LINE.repeat((28 << 20) / LINE.len());
    let rows = content.len() / LINE.len();
    put(&world, "one.ndjson", content.clone().into_bytes()).await;
    put(&world, "all.ndjson", content.into_bytes()).await;
    // The first row is in the first block.
    let first = world.client.rows(&format!("SELECT $1:a FROM @raw/one.ndjson ({FILES}) LIMIT 1")).await;
    assert_eq!(first, [[json!("1")]]);
    wait_until("no request is under way", || world.sandbox.requests_under_way() == 0).await;
    let read: u64 = world.sandbox.requests().iter().map(|request| request.bytes_out).sum();
    assert!(read < 8 << 20, "{read} bytes for one row");

    let reads = FaultMatch {
        action: Some("GetObject".to_owned()),
        key_prefix: Some("all.ndjson".to_owned()),
        ..FaultMatch::default()
    };
    let faults = world.sandbox.faults();
    faults.add(FaultRule { matches: reads, fault: Fault::Hold, times: None });
    let client = world.client.clone();
    let answer =
        tokio::spawn(
            async move { client.rows(&format!("SELECT count(*) FROM @raw/all.ndjson ({FILES})")).await },
        );
    wait_until("the first block is asked for", || faults.held() == 1).await;
    faults.release();
    // The first MiB is there; the rest is cut into 24 pieces, and what is over.
    let rest = rows * LINE.len() - (1 << 20);
    let pieces = rest.div_ceil(rest / 24);
    wait_until("all pieces are asked for", || faults.held() == pieces).await;
    let before = world.sandbox.requests().len();
    faults.clear();
    assert_eq!(answer.await.unwrap(), [[json!(rows.to_string())]]);
    assert_eq!(world.sandbox.requests().len(), before + pieces);
}
