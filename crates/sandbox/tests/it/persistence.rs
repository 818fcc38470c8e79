//! What a data directory keeps.

use sandbox::SandboxOptions;
use sandbox::client::Keys;

use crate::support::{CUSTOMER, World, allow_all, code, trust_account};

#[tokio::test]
async fn everything_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let options = || SandboxOptions { data: Some(directory.path().to_owned()), ..SandboxOptions::default() };
    let world = World::with(options()).await;
    world.bucket("data").await;
    world.object("data", "a/1", "content").await;
    world.object("data", "a/2", "gone").await;
    world
        .customer
        .s3(
            "PUT",
            "data",
            "",
            "versioning",
            &[],
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        )
        .await
        .unwrap();
    world.object("data", "a/1", "newer").await;
    world.customer.s3("PUT", "data", "copy", "", &[("x-amz-copy-source", "data/a/1")], "").await.unwrap();
    world.customer.s3("DELETE", "data", "a/2", "versionId=null", &[], "").await.unwrap();
    let upload = world.customer.s3("POST", "data", "m", "uploads", &[], "").await.unwrap().text();
    let upload = sandbox::client::text_of(&upload, "UploadId").unwrap();
    let part = world
        .customer
        .s3("PUT", "data", "m", &format!("partNumber=1&uploadId={upload}"), &[], "part")
        .await
        .unwrap();
    let etag = part.header("etag").unwrap().to_owned();
    let assumer = world.assumer(&world.customer, "u").await;
    let arn = world.role(&world.customer, "r", &trust_account(CUSTOMER), &allow_all("\"s3:*\"")).await;
    let session: Keys = assumer.assume_role(&arn, "me", &[]).await.unwrap();
    let accounts = world.sandbox.accounts().to_vec();
    world.sandbox.stop().await;

    let world = World::with(options()).await;
    assert_eq!(world.sandbox.accounts(), accounts);
    let session = world.customer.with_keys(session);
    let text = |key: &'static str, query: &'static str| {
        let session = session.clone();
        async move { session.s3("GET", "data", key, query, &[], "").await.map(|answer| answer.text()) }
    };
    assert_eq!(text("a/1", "").await.unwrap(), "newer");
    assert_eq!(text("a/1", "versionId=null").await.unwrap(), "content");
    assert_eq!(text("copy", "").await.unwrap(), "newer");
    assert_eq!(code(text("a/2", "").await), "NoSuchKey");
    let complete = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    session.s3("POST", "data", "m", &format!("uploadId={upload}"), &[], complete).await.unwrap();
    assert_eq!(text("m", "").await.unwrap(), "part");
    // only the contents that are still pointed to have files
    assert_eq!(std::fs::read_dir(directory.path().join("blobs")).unwrap().count(), 3);
}
