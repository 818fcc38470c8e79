//! Queries that need more memory than there is: they spill, or fail with what used it, and others go on.

use serde_json::{Value, json};

use crate::sql::SqlWorld;

const MEMORY: usize = 24 << 20;

/// The whole of what EXPLAIN ANALYZE says.
async fn analysis(world: &SqlWorld, sql: &str) -> String {
    let rows = world.client.rows(&format!("EXPLAIN ANALYZE {sql}")).await;
    rows.iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

fn has_spilled(analysis: &str) -> bool {
    analysis.split("spill_count=").skip(1).any(|rest| !rest.starts_with('0'))
}

#[tokio::test]
async fn a_sort_spills() {
    let world = SqlWorld::with_memory(MEMORY).await;
    let sql = "SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY number % 7919, number) AS r, \
               number AS n FROM numbers(1500000))";
    assert_eq!(world.client.rows(sql).await, [[json!("1500000")]]);
    let analysis = analysis(&world, sql).await;
    assert!(has_spilled(&analysis), "{analysis}");
}

#[tokio::test]
async fn an_aggregate_spills() {
    let world = SqlWorld::with_memory(MEMORY).await;
    let sql = "SELECT count(*), sum(c) FROM (SELECT number % 700000 AS k, count(*) AS c FROM numbers(1400000) \
               GROUP BY k)";
    assert_eq!(world.client.rows(sql).await, [[json!("700000"), json!("1400000")]]);
    let analysis = analysis(&world, sql).await;
    assert!(has_spilled(&analysis), "{analysis}");
}

#[tokio::test]
async fn a_join_spills() {
    let world = SqlWorld::with_memory(MEMORY).await;
    let sql = "SELECT count(*), sum(a.number) FROM numbers(900000) a JOIN numbers(900000) b \
               ON a.number = b.number";
    assert_eq!(world.client.rows(sql).await, [[json!("900000"), json!("404999550000")]]);
    let analysis = analysis(&world, sql).await;
    assert!(analysis.contains("SortMergeJoin") && has_spilled(&analysis), "{analysis}");
    let outer = "SELECT count(*), count(b.number) FROM numbers(900000) a LEFT JOIN numbers(800000) b \
                 ON a.number = b.number";
    assert_eq!(world.client.rows(outer).await, [[json!("900000"), json!("800000")]]);
}

#[tokio::test]
async fn a_query_that_cannot_spill_says_what_used_the_memory_and_others_go_on() {
    let world = SqlWorld::with_memory(MEMORY).await;
    let heavy = "SELECT length(array_agg(number)) FROM numbers(20000000)";
    let (heavy, light) = tokio::join!(world.client.run(heavy), async {
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(world.client.rows("SELECT sum(number) FROM numbers(1000)").await);
        }
        answers
    });
    let (_, message) = heavy.unwrap_err();
    assert!(message.contains("Aggregate") && message.contains("memory"), "{message}");
    let session = json!({"settings": {"max_memory_usage": "1000000"}});
    let narrow = "SELECT array_length(array_agg(number)) FROM numbers(400000)";
    let (_, message) = world.client.run_in(narrow, session).await.unwrap_err();
    assert!(message.contains("that it may have"), "{message}");
    assert_eq!(world.client.rows(narrow).await, [[json!("400000")]]);
    assert_eq!(light, vec![vec![vec![json!("499500")]]; 5]);
    assert_eq!(world.client.rows("SELECT sum(number) FROM numbers(1000)").await, [[json!("499500")]]);
}
