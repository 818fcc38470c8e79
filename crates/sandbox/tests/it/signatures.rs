//! Only what was signed is believed.

use std::time::Duration;

use http::{HeaderMap, Method};
use sandbox::client::{AwsClient, Keys};

use crate::support::{CUSTOMER, World, allow_all, code, trust_account};

async fn world() -> World {
    let world = World::start().await;
    world.bucket("data").await;
    world.object("data", "k", "content").await;
    world
}

async fn fetch(world: &World, url: &str, headers: &[(&str, &str)]) -> (u16, String) {
    send(world, "GET", url, headers, "").await
}

async fn send(
    world: &World,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> (u16, String) {
    let path = url.strip_prefix(&world.sandbox.endpoint()).unwrap();
    let mut map = HeaderMap::new();
    map.insert("host", world.sandbox.address().to_string().parse().unwrap());
    for (name, value) in headers {
        map.insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let answer = world.anonymous.send_raw(method, path.parse().unwrap(), map, body.into()).await.unwrap();
    let text = answer.text();
    (answer.status.as_u16(), sandbox::client::text_of(&text, "Code").unwrap_or(text))
}

#[tokio::test]
async fn wrong_secrets_and_unknown_keys() {
    let world = world().await;
    let account = world.sandbox.account(CUSTOMER).unwrap();
    let mut keys = Keys::from(account);
    keys.secret_access_key.push('x');
    let wrong = world.customer.with_keys(keys.clone());
    assert_eq!(code(wrong.s3("GET", "data", "k", "", &[], "").await), "SignatureDoesNotMatch");
    assert_eq!(code(wrong.sts("GetCallerIdentity", &[]).await), "SignatureDoesNotMatch");
    keys.access_key_id = "AKIAAAAAAAAAAAAAAAAA".to_owned();
    let unknown = world.customer.with_keys(keys);
    assert_eq!(code(unknown.s3("GET", "data", "k", "", &[], "").await), "InvalidAccessKeyId");
    assert_eq!(code(unknown.sts("GetCallerIdentity", &[]).await), "InvalidClientTokenId");
    assert_eq!(code(unknown.iam("ListRoles", &[]).await), "InvalidClientTokenId");
    assert_eq!(code(world.anonymous.sts("GetCallerIdentity", &[]).await), "MissingAuthenticationToken");
    assert_eq!(code(world.anonymous.s3("GET", "data", "k", "", &[], "").await), "AccessDenied");
}

#[tokio::test]
async fn clock_skew() {
    let world = world().await;
    let ahead = sandbox::Clock::system();
    let early = world.customer.clone().with_clock(&ahead);
    ahead.advance(Duration::from_secs(14 * 60));
    assert_eq!(code(early.s3("GET", "data", "k", "", &[], "").await), "ok");
    ahead.advance(Duration::from_secs(2 * 60));
    assert_eq!(code(early.s3("GET", "data", "k", "", &[], "").await), "RequestTimeTooSkewed");
    assert_eq!(code(early.sts("GetCallerIdentity", &[]).await), "SignatureDoesNotMatch");
    world.sandbox.clock().advance(Duration::from_secs(40 * 60));
    assert_eq!(code(early.s3("GET", "data", "k", "", &[], "").await), "RequestTimeTooSkewed");
}

#[tokio::test]
async fn the_body_must_be_the_signed_one() {
    let world = world().await;
    let url = world.customer.presign("PUT", "data", "p", "", 60);
    // a presigned upload may say what its body is, but then as a signed header
    let hash = "0".repeat(64);
    let (status, code) = send(&world, "PUT", &url, &[("x-amz-content-sha256", &hash)], "x").await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    let (status, _) = send(&world, "PUT", &url, &[("content-length", "1")], "x").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn presigned_urls() {
    let world = world().await;
    let url = world.customer.presign("GET", "data", "k", "", 60);
    assert_eq!(fetch(&world, &url, &[]).await, (200, "content".to_owned()));
    assert_eq!(fetch(&world, &url, &[("x-amz-meta-a", "1")]).await.1, "AccessDenied");
    assert_eq!(fetch(&world, &url.replace("/k?", "/other?"), &[]).await.1, "SignatureDoesNotMatch");
    assert_eq!(
        fetch(&world, &url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), &[]).await.1,
        "SignatureDoesNotMatch"
    );
    assert_eq!(
        fetch(&world, &format!("{url}&response-content-type=a"), &[]).await.1,
        "SignatureDoesNotMatch"
    );
    assert_eq!(send(&world, "DELETE", &url, &[], "").await.1, "SignatureDoesNotMatch");
    let long = world.customer.presign("GET", "data", "k", "", 604_801);
    assert_eq!(fetch(&world, &long, &[]).await, (400, "AuthorizationQueryParametersError".to_owned()));
    let week = world.customer.presign("GET", "data", "k", "", 604_800);
    assert_eq!(fetch(&world, &week, &[]).await.0, 200);
    world.sandbox.clock().advance(Duration::from_secs(61));
    assert_eq!(fetch(&world, &url, &[]).await, (403, "AccessDenied".to_owned()));
    world.sandbox.clock().advance(Duration::from_secs(604_800));
    assert_eq!(fetch(&world, &week, &[]).await.0, 403);
    let both = [(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
    )];
    assert_eq!(fetch(&world, &url, &both).await, (400, "InvalidArgument".to_owned()));
}

#[tokio::test]
async fn temporary_keys_need_their_own_token_in_time() {
    let world = world().await;
    let assumer = world.assumer(&world.customer, "u").await;
    let arn = world.role(&world.customer, "r", &trust_account(CUSTOMER), &allow_all("\"s3:*\"")).await;
    let keys = assumer.assume_role(&arn, "one", &[]).await.unwrap();
    let others = assumer.assume_role(&arn, "two", &[]).await.unwrap();
    let get = |keys: Keys| {
        let client = world.customer.with_keys(keys);
        async move { code(client.s3("GET", "data", "k", "", &[], "").await) }
    };
    assert_eq!(get(keys.clone()).await, "ok");
    assert_eq!(get(Keys { session_token: None, ..keys.clone() }).await, "InvalidAccessKeyId");
    assert_eq!(
        get(Keys { session_token: others.session_token.clone(), ..keys.clone() }).await,
        "InvalidToken"
    );
    assert_eq!(
        get(Keys { session_token: Some("nonsense".to_owned()), ..keys.clone() }).await,
        "InvalidToken"
    );
    let mut root = Keys::from(world.sandbox.account(CUSTOMER).unwrap());
    root.session_token = others.session_token.clone();
    assert_eq!(get(root).await, "InvalidToken");
    // a presigned URL dies with the keys that made it
    let url = world.customer.with_keys(keys.clone()).presign("GET", "data", "k", "", 7200);
    assert_eq!(fetch(&world, &url, &[]).await.0, 200);
    world.sandbox.clock().advance(Duration::from_secs(3601));
    assert_eq!(get(keys.clone()).await, "ExpiredToken");
    assert_eq!(fetch(&world, &url, &[]).await.1, "ExpiredToken");
    assert_eq!(code(world.customer.with_keys(keys).sts("GetCallerIdentity", &[]).await), "ExpiredToken");
}

#[tokio::test]
async fn keys_can_be_switched_off_and_deleted() {
    let world = world().await;
    let user = world.user(&world.customer, "u", &allow_all("\"s3:*\"")).await;
    let list = world.customer.iam("ListAccessKeys", &[("UserName", "u")]).await.unwrap();
    let id = sandbox::client::text_of(&list, "AccessKeyId").unwrap();
    let get = || async { code(user.s3("GET", "data", "k", "", &[], "").await) };
    assert_eq!(get().await, "ok");
    let params = |status| [("UserName", "u"), ("AccessKeyId", id.as_str()), ("Status", status)];
    world.customer.iam("UpdateAccessKey", &params("Inactive")).await.unwrap();
    assert_eq!(get().await, "InvalidAccessKeyId");
    world.customer.iam("UpdateAccessKey", &params("Active")).await.unwrap();
    assert_eq!(get().await, "ok");
    world.customer.iam("DeleteAccessKey", &[("UserName", "u"), ("AccessKeyId", &id)]).await.unwrap();
    assert_eq!(get().await, "InvalidAccessKeyId");
}

#[tokio::test]
async fn regions_and_services_of_the_scope() {
    let world = world().await;
    let europe = world.customer.with_region("eu-central-1");
    let error = europe.s3("GET", "data", "k", "", &[], "").await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "AuthorizationHeaderMalformed"));
    assert_eq!(
        error.message,
        "The authorization header is malformed; the region 'eu-central-1' is wrong; expecting 'us-east-1'"
    );
    assert_eq!(sandbox::client::text_of(&error.document, "Region").as_deref(), Some("us-east-1"));
    assert_eq!(error.headers.get("x-amz-bucket-region").unwrap(), "us-east-1");
    let head = europe.s3_raw("HEAD", "data", "", "", &[], "").await.unwrap();
    assert_eq!((head.status.as_u16(), head.header("x-amz-bucket-region")), (400, Some("us-east-1")));
    let unsigned = world.anonymous.s3_raw("HEAD", "data", "", "", &[], "").await.unwrap();
    assert_eq!((unsigned.status.as_u16(), unsigned.header("x-amz-bucket-region")), (403, Some("us-east-1")));
    let missing = world.anonymous.s3_raw("HEAD", "no-such-bucket", "", "", &[], "").await.unwrap();
    assert_eq!(missing.status.as_u16(), 404);
    // IAM and STS are asked from anywhere
    assert_eq!(code(europe.sts("GetCallerIdentity", &[]).await), "ok");
    assert_eq!(code(europe.iam("ListRoles", &[]).await), "ok");
}

#[tokio::test]
async fn headers_that_were_not_signed() {
    let world = world().await;
    let endpoint = world.sandbox.endpoint();
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIA/20261124/us-east-1/s3/aws4_request, SignedHeaders=x-amz-date, Signature=00";
    for (value, expected) in [
        ("garbage", "InvalidArgument"),
        ("AWS AKIA:abc", "InvalidAccessKeyId"),
        ("AWS AKIA", "InvalidArgument"),
        ("AWS4-HMAC-SHA256 nonsense", "AuthorizationHeaderMalformed"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0",
            "AuthorizationHeaderMalformed",
        ),
        (authorization, "AccessDenied"),
    ] {
        let answer = fetch(&world, &format!("{endpoint}/data/k"), &[("authorization", value)]).await;
        assert_eq!(answer.1, expected, "{value}");
    }
    let client: &AwsClient = &world.customer;
    assert_eq!(code(client.s3("GET", "data", "k", "", &[("x-amz-meta-signed", "1")], "").await), "ok");
}
