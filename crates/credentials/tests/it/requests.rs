//! The request log: what was asked of AWS, and for whom.

use std::sync::Arc;

use credentials::StatementOrigin;
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::cloud::Cloud;
use crate::{BUCKET, ROLE, layer, request, role};

fn statement(query_id: &str) -> StatementOrigin {
    StatementOrigin { query_id: query_id.into(), stage: Some("raw".into()), ..StatementOrigin::default() }
}

#[tokio::test]
async fn every_request_names_its_statement() {
    let cloud = Cloud::start().await;
    cloud.put("in/a b", "12345");
    let layer = layer(&cloud).await;
    let first = statement("q1");
    let bucket = layer.open_bucket_for(request(role(ROLE)), &first).await.unwrap();
    let read = bucket.get(&Path::from("in/a b")).await.unwrap().bytes().await.unwrap();
    assert_eq!(read, "12345");
    let listed: Vec<_> = bucket.list_prefix("in/").try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(bucket.get(&Path::from("absent")).await.is_err());

    let records = layer.requests("acme");
    let of = |operation: &str| {
        let found: Vec<_> = records.iter().filter(|record| record.operation == operation).collect();
        assert_eq!(found.len(), 1, "{operation}: {records:#?}");
        Arc::clone(found[0])
    };
    for record in &records {
        let origin = &record.origin;
        assert_eq!(
            (origin.organization.as_str(), origin.user.as_str(), origin.query_id.as_str()),
            ("acme", "ann", "q1")
        );
        assert_eq!((origin.connection.as_deref(), origin.stage.as_deref()), (Some("sales"), Some("raw")));
    }
    let assume = of("AssumeRole");
    assert_eq!((assume.action.as_ref(), assume.resource.as_deref()), ("sts:AssumeRole", Some(ROLE)));
    assert_eq!((assume.bucket.as_deref(), assume.status), (None, Some(200)));
    let list = of("ListObjectsV2");
    assert_eq!((list.action.as_ref(), list.resource.as_deref()), ("s3:ListBucket", Some("in/")));
    let got: Vec<_> = records.iter().filter(|record| record.operation == "GetObject").collect();
    assert_eq!(got[0].resource.as_deref(), Some("in/a b"));
    assert_eq!((got[0].bucket.as_deref(), got[0].bytes, got[0].status), (Some(BUCKET), 5, Some(200)));
    assert_eq!((got[1].status, got[1].error_code.as_deref()), (Some(404), Some("NoSuchKey")));
    assert_eq!(first.counters.sts_requests(), 1);
    assert_eq!(first.counters.s3_requests() as usize, records.len() - 1);
    assert!(first.counters.bytes_received() >= 5);
    assert!(layer.requests("globex").is_empty());
}

#[tokio::test]
async fn a_shared_opening_still_knows_who_reads() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let layer = layer(&cloud).await;
    for id in ["q1", "q2"] {
        let bucket = layer.open_bucket_for(request(role(ROLE)), &statement(id)).await.unwrap();
        bucket.get(&Path::from("a")).await.unwrap().bytes().await.unwrap();
    }
    let ids: Vec<_> = layer
        .requests("acme")
        .iter()
        .filter(|record| record.operation == "GetObject")
        .map(|record| record.origin.query_id.clone())
        .collect();
    assert_eq!(ids, ["q1", "q2"]);
    let sts = layer.requests("acme").iter().filter(|record| record.bucket.is_none()).count();
    assert_eq!(sts, 1, "the second statement used the keys of the first");
}
