//! Faults by rule, late IAM and the log.

use std::time::{Duration, Instant};

use sandbox::{Fault, FaultMatch, FaultRule};

use crate::support::{CUSTOMER, World, allow_all, code, trust_account};

fn rule(action: &str, fault: Fault, times: Option<u32>) -> FaultRule {
    let matches = FaultMatch { action: Some(action.to_owned()), ..FaultMatch::default() };
    FaultRule { matches, fault, times }
}

#[tokio::test]
async fn faults_hit_what_they_name_as_often_as_they_say() {
    let world = World::start().await;
    world.bucket("data").await;
    world.object("data", "a/1", "content").await;
    world.object("data", "b/1", "content").await;
    let get = |key: &'static str| {
        let customer = world.customer.clone();
        async move { code(customer.s3("GET", "data", key, "", &[], "").await) }
    };
    let faults = world.sandbox.faults();
    let mut slow_down = rule("GetObject", Fault::SlowDown, Some(2));
    slow_down.matches.key_prefix = Some("a/".to_owned());
    faults.add(slow_down);
    assert_eq!(get("b/1").await, "ok");
    assert_eq!(get("a/1").await, "SlowDown");
    assert_eq!(get("a/1").await, "SlowDown");
    assert_eq!(get("a/1").await, "ok");
    faults.add(rule("GetObject", Fault::Reset, Some(1)));
    assert_eq!(get("a/1").await, "Unreachable");
    faults.add(rule("GetObject", Fault::ResetAfter(3), Some(1)));
    assert_eq!(get("a/1").await, "Unreachable");
    faults.add(rule("GetObject", Fault::ExpiredToken, None));
    assert_eq!(get("a/1").await, "ExpiredToken");
    faults.clear();
    faults.add(rule("GetObject", Fault::Latency(Duration::from_millis(120)), None));
    let since = Instant::now();
    assert_eq!(get("a/1").await, "ok");
    assert!(since.elapsed() >= Duration::from_millis(120));
    faults.add(rule("GetCallerIdentity", Fault::SlowDown, None));
    assert_eq!(code(world.customer.sts("GetCallerIdentity", &[]).await), "Throttling");
}

#[tokio::test]
async fn iam_changes_can_become_visible_late() {
    let world = World::start().await;
    world.bucket("data").await;
    let user = world.user(&world.customer, "u", "").await;
    world.sandbox.faults().set_iam_delay(Duration::from_secs(30));
    let policy = allow_all("\"s3:*\"");
    let params = [("UserName", "u"), ("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
    world.customer.iam("PutUserPolicy", &params).await.unwrap();
    assert_eq!(code(user.s3("GET", "data", "", "", &[], "").await), "AccessDenied");
    // the IAM API itself sees what it wrote
    assert_eq!(
        code(world.customer.iam("GetUserPolicy", &[("UserName", "u"), ("PolicyName", "p")]).await),
        "ok"
    );
    world.sandbox.clock().advance(Duration::from_secs(31));
    assert_eq!(code(user.s3("GET", "data", "", "", &[], "").await), "ok");
}

#[tokio::test]
async fn every_request_is_logged() {
    let world = World::start().await;
    world.bucket("data").await;
    world.object("data", "a/1", "content").await;
    let assumer = world.assumer(&world.customer, "u").await;
    let arn = world.role(&world.customer, "r", &trust_account(CUSTOMER), "").await;
    world.sandbox.clear_requests();
    let keys = assumer.assume_role(&arn, "me", &[]).await.unwrap();
    let session = world.customer.with_keys(keys);
    let _ = session.s3("GET", "data", "a/1", "", &[("range", "bytes=0-1")], "").await;
    world.customer.s3("GET", "data", "a/1", "", &[], "").await.unwrap();
    let records = world.sandbox.requests();
    let told: Vec<(String, String, u16, Option<String>)> = records
        .iter()
        .map(|record| {
            (record.service.clone(), record.action.clone(), record.status, record.error_code.clone())
        })
        .collect();
    let row = |service: &str, action: &str, status, code: Option<&str>| {
        (service.to_owned(), action.to_owned(), status, code.map(str::to_owned))
    };
    assert_eq!(
        told,
        [
            row("sts", "AssumeRole", 200, None),
            row("s3", "GetObject", 403, Some("AccessDenied")),
            row("s3", "GetObject", 200, None),
        ]
    );
    assert_eq!(records[1].principal, "arn:aws:sts::987654321987:assumed-role/r/me");
    assert_eq!(records[1].range.as_deref(), Some("bytes=0-1"));
    assert_eq!(records[2].bytes_out, 7);
}
