use std::time::Duration;

use credentials::{
    AssumedRole, Credentials, CredentialsError, CustomerKeys, Grant, PresignMethod, SealedKeys,
};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::cloud::{Cloud, sts_error};
use crate::{ROLE, layer, options, request, role};

fn customer() -> CustomerKeys {
    CustomerKeys::new("AKIACUSTOMER", "customer-secret", None)
}

#[tokio::test]
async fn keys_of_a_connection_sign_its_requests() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let layer = layer(&cloud).await;
    let sealed = layer.seal(&customer()).unwrap();
    let bucket = layer.open_bucket(request(Grant::Keys { sealed, role: None })).await.unwrap();
    bucket.get(&Path::from("a")).await.unwrap();
    assert_eq!(cloud.s3_calls()[0].signer().as_deref(), Some("AKIACUSTOMER"));
    assert!(cloud.sts_calls("AssumeRole").is_empty());
}

#[tokio::test]
async fn keys_with_a_role_assume_it() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    let sealed = layer.seal(&customer()).unwrap();
    let assumed = AssumedRole { arn: ROLE.into(), external_id: None };
    let grant = Grant::Keys { sealed, role: Some(assumed) };
    layer.open_bucket(request(grant.clone())).await.unwrap();
    assert_eq!(cloud.sts_calls("AssumeRole")[0].signer().as_deref(), Some("AKIACUSTOMER"));

    cloud.rule(|seen| seen.is_sts().then(|| sts_error(403, "InvalidClientTokenId", "no such key")));
    let mut other = request(grant);
    other.user = "bob".into();
    let error = layer.open_bucket(other).await.unwrap_err();
    assert!(matches!(error, CredentialsError::CustomerKeysRefused(_)), "{error}");
}

#[tokio::test]
async fn keys_sealed_elsewhere_do_not_open() {
    let cloud = Cloud::start().await;
    let elsewhere = Credentials::load(options(&cloud)).await.unwrap().seal(&customer()).unwrap();
    let layer = layer(&cloud).await;
    for sealed in [elsewhere, SealedKeys::from_stored("rubbish")] {
        let error = layer.open_bucket(request(Grant::Keys { sealed, role: None })).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot open the keys of connection `sales`");
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn a_presigned_url_lives_no_longer_than_its_session() {
    let cloud = Cloud::start().await;
    cloud.put("dir/ä b.csv", "content");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    let long = Duration::from_secs(24 * 3600);
    let signed = bucket.presign(PresignMethod::Get, "dir/ä b.csv", long, None).await.unwrap();
    assert!(signed.shortened);
    assert!(signed.url.query().unwrap().contains("X-Amz-Security-Token=issued-token-1"));
    let short =
        bucket.presign(PresignMethod::Get, "dir/ä b.csv", Duration::from_secs(60), None).await.unwrap();
    assert!(!short.shortened);
    assert!(short.url.query().unwrap().contains("X-Amz-Expires=60"));
    assert!(!format!("{short:?}").contains("Signature"));
    let content = reqwest::get(short.url).await.unwrap().text().await.unwrap();
    assert_eq!(content, "content");
}

#[tokio::test]
async fn presigning_a_put_needs_write_access() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    let minute = Duration::from_secs(60);
    let read = layer.open_bucket(request(role(ROLE))).await.unwrap();
    let error = read.presign(PresignMethod::Put, "a", minute, None).await.unwrap_err();
    assert!(matches!(error, CredentialsError::ReadOnly { .. }));

    let mut write = request(role(ROLE));
    write.access = credentials::Access::Write;
    write.prefix = "in/".into();
    let write = layer.open_bucket(write).await.unwrap();
    let signed = write.presign(PresignMethod::Put, "in/a", minute, Some("text/csv")).await.unwrap();
    assert_eq!(signed.headers, [("content-type".to_owned(), "text/csv".to_owned())]);
    for key in ["out/a", "/in/a", ""] {
        let error = write.presign(PresignMethod::Put, key, minute, None).await.unwrap_err();
        assert!(matches!(error, CredentialsError::OutsidePrefix { .. }), "{key}");
    }
    for key in ["in/../out/a", "in/./a", "in/a\nb"] {
        let error = write.presign(PresignMethod::Put, key, minute, None).await.unwrap_err();
        assert!(matches!(error, CredentialsError::UnnameableKey { .. }), "{key}");
    }

    let unsigned = layer.open_bucket(request(Grant::Unsigned)).await.unwrap();
    let error = unsigned.presign(PresignMethod::Get, "a", minute, None).await.unwrap_err();
    assert!(matches!(error, CredentialsError::CannotPresign { .. }));
}
