//! S3 where boto3 does not lead: protocols of bodies, odd requests, the shape of errors.

use crate::support::{World, code};
use sandbox::client::text_of;

#[tokio::test]
async fn errors_tell_bucket_key_and_request() {
    let world = World::start().await;
    world.bucket("data").await;
    let error = world.customer.s3("GET", "data", "none", "", &[], "").await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (404, "NoSuchKey"));
    assert_eq!(text_of(&error.document, "Key").as_deref(), Some("none"));
    assert_eq!(text_of(&error.document, "Resource").as_deref(), Some("/data/none"));
    assert_eq!(
        error.request_id.as_deref(),
        error.headers.get("x-amz-request-id").and_then(|id| id.to_str().ok())
    );
    assert!(text_of(&error.document, "HostId").is_some());
    assert!(error.document.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
}

#[tokio::test]
async fn unsigned_bodies_and_lengths() {
    let world = World::start().await;
    world.bucket("data").await;
    let put = |headers: &'static [(&'static str, &'static str)]| {
        let customer = world.customer.clone();
        async move { code(customer.s3("PUT", "data", "k", "", headers, "hello").await) }
    };
    assert_eq!(put(&[]).await, "ok");
    assert_eq!(put(&[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")]).await, "ok");
    assert_eq!(put(&[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")]).await, "BadDigest");
    assert_eq!(put(&[("x-amz-checksum-crc32", "NhCmhg==")]).await, "ok");
    assert_eq!(put(&[("x-amz-checksum-crc32c", "mnG7TA==")]).await, "ok");
    assert_eq!(put(&[("x-amz-checksum-crc32", "AAAAAA==")]).await, "BadDigest");
    assert_eq!(
        put(&[("x-amz-checksum-crc32", "NhCmhg=="), ("x-amz-checksum-crc32c", "mnG7TA==")]).await,
        "InvalidRequest"
    );
    assert_eq!(put(&[("x-amz-sdk-checksum-algorithm", "CRC32")]).await, "InvalidRequest");
    assert_eq!(put(&[("if-none-match", "*")]).await, "PreconditionFailed");
    assert_eq!(put(&[("if-none-match", "\"etag\"")]).await, "NotImplemented");
    let error = world.customer.s3("GET", "data", "k", "", &[("range", "bytes=9-")], "").await.unwrap_err();
    assert_eq!(text_of(&error.document, "ActualObjectSize").as_deref(), Some("5"));
}

#[tokio::test]
async fn crc64_is_the_checksum_of_those_who_ask_for_none() {
    let world = World::start().await;
    world.bucket("data").await;
    let put = world.customer.s3("PUT", "data", "k", "", &[], "hello").await.unwrap();
    let checksum = put.header("x-amz-checksum-crc64nvme").unwrap().to_owned();
    let head =
        world.customer.s3("HEAD", "data", "k", "", &[("x-amz-checksum-mode", "ENABLED")], "").await.unwrap();
    assert_eq!(head.header("x-amz-checksum-crc64nvme"), Some(checksum.as_str()));
    assert_eq!(head.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
    let plain = world.customer.s3("HEAD", "data", "k", "", &[], "").await.unwrap();
    assert_eq!(plain.header("x-amz-checksum-crc64nvme"), None);
}

#[tokio::test]
async fn operations_that_do_not_exist() {
    let world = World::start().await;
    world.bucket("data").await;
    world.object("data", "k", "1").await;
    for (method, key, query) in [
        ("POST", "k", ""),
        ("POST", "k", "select&select-type=2"),
        ("GET", "k", "torrent"),
        ("PATCH", "k", ""),
    ] {
        let outcome = code(world.customer.s3(method, "data", key, query, &[], "").await);
        assert!(
            ["NotImplemented", "MethodNotAllowed", "MalformedXML", "MissingRequestBodyError"]
                .contains(&outcome.as_str()),
            "{method} {query}: {outcome}"
        );
    }
}

#[tokio::test]
async fn large_objects_arrive_whole() {
    let world = World::start().await;
    world.bucket("data").await;
    let body: Vec<u8> = (0..9_000_001_u32).map(|index| (index % 251) as u8).collect();
    world.customer.s3("PUT", "data", "big", "", &[], body.clone()).await.unwrap();
    let got = world.customer.s3("GET", "data", "big", "", &[], "").await.unwrap();
    assert!(got.body == body);
    let part =
        world.customer.s3("GET", "data", "big", "", &[("range", "bytes=4194300-4194310")], "").await.unwrap();
    assert_eq!(part.status.as_u16(), 206);
    assert_eq!(part.header("content-range"), Some("bytes 4194300-4194310/9000001"));
    assert!(part.body == body[4_194_300..=4_194_310]);
}
