use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use credentials::{Clock, Credentials, StorageFailureKind, explain};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::cloud::{Cloud, error, sts_error};
use crate::{PRINCIPAL, ROLE, layer, options, request, role};

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_the_range_is_read_again() {
    let cloud = Cloud::start().await;
    cloud.put("a", "0123456789");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    let path = Path::from("a");
    assert_eq!(&bucket.get_range(&path, 0..2).await.unwrap()[..], b"01");
    cloud.expire("ASIA1");
    assert_eq!(&bucket.get_range(&path, 2..4).await.unwrap()[..], b"23");
    let signers: Vec<String> = cloud.s3_calls().iter().map(|call| call.signer().unwrap()).collect();
    assert_eq!(signers, ["ASIA1", "ASIA1", "ASIA2"]);
}

#[tokio::test]
async fn many_readers_of_expired_keys_renew_them_once() {
    let cloud = Cloud::start().await;
    cloud.put("a", "0123456789");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    cloud.expire("ASIA1");
    let path = Path::from("a");
    let reads = (0..32).map(|_| bucket.get_range(&path, 0..4));
    assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 2);
}

#[tokio::test]
async fn keys_that_stay_expired_end_in_an_error() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    cloud.rule(|seen| (!seen.is_sts()).then(|| error(seen, 400, "ExpiredToken", "expired")));
    let failure = explain(&bucket.get(&Path::from("a")).await.unwrap_err());
    assert_eq!(failure.kind, StorageFailureKind::Expired);
    assert_eq!(cloud.s3_calls().len(), 2);
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 2);
}

#[tokio::test]
async fn head_learns_of_expiry_though_its_answer_has_no_body() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    cloud.expire("ASIA1");
    assert_eq!(bucket.head(&Path::from("a")).await.unwrap().size, 1);
    assert_eq!(cloud.s3_calls().last().unwrap().signer().as_deref(), Some("ASIA2"));
}

#[tokio::test]
async fn a_listing_survives_a_renewal_between_pages() {
    let cloud = Cloud::start().await;
    for number in 0..6 {
        cloud.put(&format!("k{number}"), "x");
    }
    cloud.set_page_keys(2);
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    let mut listing = bucket.list(None);
    let mut keys = vec![listing.try_next().await.unwrap().unwrap().location.to_string()];
    cloud.expire("ASIA1");
    while let Some(meta) = listing.try_next().await.unwrap() {
        keys.push(meta.location.to_string());
    }
    assert_eq!(keys, ["k0", "k1", "k2", "k3", "k4", "k5"]);
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 2);
}

#[tokio::test]
async fn access_denied_is_not_retried() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    cloud.rule(|seen| (!seen.is_sts()).then(|| error(seen, 403, "AccessDenied", "Access Denied")));
    let failure = explain(&bucket.get(&Path::from("a")).await.unwrap_err());
    assert_eq!(failure.kind, StorageFailureKind::Denied);
    assert_eq!(cloud.s3_calls().len(), 1);
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 1);
}

#[tokio::test]
async fn keys_are_renewed_in_the_background_while_reads_go_on() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let ahead = Arc::new(AtomicU64::new(0));
    let hand = Arc::clone(&ahead);
    let clock = Clock::from_fn(move || SystemTime::now() + Duration::from_secs(hand.load(Ordering::SeqCst)));
    let mut options = options(&cloud);
    options.clock = clock;
    let layer = Credentials::load(options).await.unwrap();
    let bucket = layer.open_bucket(request(role(ROLE))).await.unwrap();
    let path = Path::from("a");
    ahead.store(3000, Ordering::SeqCst);
    bucket.get(&path).await.unwrap();
    assert_eq!(cloud.s3_calls().last().unwrap().signer().as_deref(), Some("ASIA1"));
    while layer.role_sessions("acme")[0].issued_at < SystemTime::now() + Duration::from_secs(1000) {
        tokio::task::yield_now().await;
    }
    bucket.get(&path).await.unwrap();
    assert_eq!(cloud.s3_calls().last().unwrap().signer().as_deref(), Some("ASIA2"));
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 2);
}

#[tokio::test]
async fn expired_keys_of_the_principal_are_renewed_once() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    let mut first = request(role(ROLE));
    first.principal = Some(PRINCIPAL.into());
    layer.open_bucket(first.clone()).await.unwrap();
    cloud.rule(|seen| {
        let expired = seen.is_sts() && seen.signer().as_deref() == Some("ASIA1");
        expired
            .then(|| sts_error(403, "ExpiredToken", "The security token included in the request is expired"))
    });
    first.user = "bob".into();
    layer.open_bucket(first).await.unwrap();
    assert_eq!(cloud.sts_calls("AssumeRole").last().unwrap().signer().as_deref(), Some("ASIA3"));
}

/// A cloud for which the keys of these serials have ended when they arrive, and a layer whose clock says so too.
async fn ending_on_the_way(cloud: &Cloud, ending: u64) -> Credentials {
    let ahead = Arc::new(AtomicU64::new(0));
    let hand = Arc::clone(&ahead);
    let clock = Clock::from_fn(move || SystemTime::now() + Duration::from_secs(hand.load(Ordering::SeqCst)));
    let mut options = options(cloud);
    options.clock = clock;
    let layer = Credentials::load(options).await.unwrap();
    let seen_so_far = AtomicU64::new(0);
    cloud.rule(move |seen| {
        if seen.is_sts() || seen.signer().is_none() || seen_so_far.fetch_add(1, Ordering::SeqCst) >= ending {
            return None;
        }
        ahead.fetch_add(2 * 3600, Ordering::SeqCst);
        Some(error(seen, 400, "ExpiredToken", "expired"))
    });
    layer
}

#[tokio::test]
async fn keys_that_end_again_within_one_request_are_renewed_again() {
    let cloud = Cloud::start().await;
    cloud.put("a", "0123456789");
    let layer = ending_on_the_way(&cloud, 3).await;
    let bucket = layer.open_bucket(request(role(ROLE))).await.unwrap();
    assert_eq!(&bucket.get_range(&Path::from("a"), 2..4).await.unwrap()[..], b"23");
    let signers: Vec<String> = cloud.s3_calls().iter().map(|call| call.signer().unwrap()).collect();
    assert_eq!(signers, ["ASIA1", "ASIA2", "ASIA3", "ASIA4"]);
}

#[tokio::test]
async fn keys_that_end_on_every_way_end_in_an_error() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let layer = ending_on_the_way(&cloud, u64::MAX).await;
    let bucket = layer.open_bucket(request(role(ROLE))).await.unwrap();
    let failure = explain(&bucket.get(&Path::from("a")).await.unwrap_err());
    assert_eq!(failure.kind, StorageFailureKind::Expired);
    assert_eq!(cloud.s3_calls().len(), 6, "the first, and five with newer keys");
}
