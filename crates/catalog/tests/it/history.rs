//! The past in its file: it survives, within limits, apart for each organization.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use catalog::{HistoryFile, HistoryLimits, Past, PastRequest, PastStatement};

pub(crate) const LIMITS: HistoryLimits = HistoryLimits {
    age_max: Duration::from_secs(3600),
    statements_max: 5,
    text_bytes_max: 1_000,
    requests_max: 7,
    file_bytes_max: 64 << 20,
};

fn statement(organization: &str, number: u64, sql: &str) -> PastStatement {
    // Whole microseconds: the file has no more.
    let started_at = SystemTime::UNIX_EPOCH + Duration::from_secs(now()) + Duration::from_micros(number);
    PastStatement {
        organization: organization.into(),
        user: "ann".into(),
        query_id: format!("q{number}"),
        database: "default".into(),
        sql: sql.into(),
        state: "succeeded".into(),
        started_at,
        ended_at: started_at + Duration::from_millis(2),
        duration: Duration::from_micros(1999),
        error: (number % 2 == 1).then(|| "it failed".to_owned()),
        figures: "{}".into(),
    }
}

fn request(organization: &str, number: u64) -> PastRequest {
    PastRequest {
        organization: organization.into(),
        user: "ann".into(),
        query_id: format!("q{number}"),
        connection: Some("sales".into()),
        stage: None,
        started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(now()),
        duration: Duration::from_millis(number),
        action: "s3:GetObject".into(),
        operation: "GetObject".into(),
        bucket: Some("lake".into()),
        resource: Some("a/ü?*.parquet".into()),
        bytes: u64::MAX,
        status: Some(206),
        error_code: None,
        request_id: Some("R".into()),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

async fn open(path: &Path) -> (HistoryFile, Past) {
    HistoryFile::open(path, LIMITS).await.unwrap()
}

fn ids(past: &Past, organization: &str) -> Vec<String> {
    let of = past.statements.iter().filter(|statement| statement.organization == organization);
    of.map(|statement| statement.query_id.clone()).collect()
}

#[tokio::test]
async fn what_was_written_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let (file, past) = open(&path).await;
    assert!(past.statements.is_empty() && past.requests.is_empty());
    let statements = [statement("acme", 1, "SELECT 'ü'"), statement("globex", 2, "SELECT 2")];
    let request = request("acme", 1);
    file.add(&statements, std::slice::from_ref(&request)).await.unwrap();
    // As a killed process leaves it: nobody closes the file.
    let copy = folder.path().join("copy.sqlite");
    for ending in ["", "-wal"] {
        let from = folder.path().join(format!("history.sqlite{ending}"));
        std::fs::copy(from, folder.path().join(format!("copy.sqlite{ending}"))).unwrap();
    }
    file.close().await;
    for path in [&path, &copy] {
        let (file, past) = open(path).await;
        assert_eq!(past.statements, statements);
        // SQLite's numbers end at half of ours.
        let expected = PastRequest { bytes: i64::MAX as u64, ..request.clone() };
        assert_eq!(past.requests, std::slice::from_ref(&expected));
        file.close().await;
    }
}

#[tokio::test]
async fn an_organization_keeps_its_newest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let (file, _) = open(&path).await;
    let mut statements: Vec<_> = (0..9).map(|number| statement("acme", number, "SELECT 1")).collect();
    statements.insert(4, statement("globex", 100, "SELECT 100"));
    let requests: Vec<_> = (0..20).map(|number| request("acme", number)).collect();
    file.add(&statements, &requests).await.unwrap();
    file.forget(&BTreeSet::from(["acme".to_owned()])).await.unwrap();
    file.close().await;
    let (file, past) = open(&path).await;
    assert_eq!(ids(&past, "acme"), ["q4", "q5", "q6", "q7", "q8"]);
    assert_eq!(ids(&past, "globex"), ["q100"]);
    let kept: Vec<&str> = past.requests.iter().map(|request| request.query_id.as_str()).collect();
    assert_eq!(kept, ["q13", "q14", "q15", "q16", "q17", "q18", "q19"]);

    // Three of these texts are within the bytes, and one of them with the small ones is not.
    let long = "x".repeat(300);
    let statements: Vec<_> = (20..24).map(|number| statement("acme", number, &long)).collect();
    file.add(&statements, &[]).await.unwrap();
    file.forget(&BTreeSet::from(["acme".to_owned()])).await.unwrap();
    file.close().await;
    let (_, past) = open(&path).await;
    assert_eq!(ids(&past, "acme"), ["q21", "q22", "q23"]);
    assert_eq!(ids(&past, "globex"), ["q100"]);
}

#[tokio::test]
async fn what_is_too_old_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let (file, _) = open(&path).await;
    let old = |started_at: SystemTime| started_at - LIMITS.age_max - Duration::from_secs(60);
    let (mut early, mut asked) = (statement("acme", 1, "SELECT 1"), request("acme", 1));
    early.started_at = old(early.started_at);
    asked.started_at = old(asked.started_at);
    file.add(&[early, statement("acme", 2, "SELECT 2")], &[asked, request("acme", 2)]).await.unwrap();
    file.close().await;
    let (_, past) = open(&path).await;
    assert_eq!(ids(&past, "acme"), ["q2"]);
    assert_eq!(past.requests.len(), 1);
}

#[tokio::test]
async fn the_whole_file_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let limits = HistoryLimits { file_bytes_max: 256 << 10, text_bytes_max: 64 << 20, ..LIMITS };
    let (file, _) = HistoryFile::open(&path, limits).await.unwrap();
    let long = "x".repeat(4_000);
    for round in 0..10 {
        // Organizations enough that none is beyond its own limits.
        let statements: Vec<_> =
            (0..50).map(|number| statement(&format!("o{round}x{number}"), number, &long)).collect();
        file.add(&statements, &[]).await.unwrap();
        file.forget(&BTreeSet::new()).await.unwrap();
    }
    file.close().await;
    let bytes = std::fs::metadata(&path).unwrap().len();
    assert!(bytes < 1 << 20, "{bytes}");
    let (_, past) = HistoryFile::open(&path, limits).await.unwrap();
    assert!(!past.statements.is_empty());
    assert_eq!(past.statements.last().unwrap().organization, "o9x49");
}

#[tokio::test]
async fn a_damaged_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    std::fs::write(&path, "this is no database, and long enough to be taken for one".repeat(100)).unwrap();
    let (file, past) = open(&path).await;
    assert!(past.statements.is_empty());
    file.add(&[statement("acme", 1, "SELECT 1")], &[]).await.unwrap();
    file.close().await;
    assert!(folder.path().join("history.sqlite.damaged").exists());
    let (_, past) = open(&path).await;
    assert_eq!(ids(&past, "acme"), ["q1"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent").join("history.sqlite");
    let refused = HistoryFile::open(&path, LIMITS).await.unwrap_err();
    assert!(refused.to_string().starts_with("cannot open history `"), "{refused}");
}
