use http::Method;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::cloud::{Cloud, Seen, xml};
use crate::{ROLE, layer, request, role};

fn is_probe(seen: &Seen) -> bool {
    seen.method == Method::HEAD && !seen.path[1..].contains('/')
}

#[tokio::test]
async fn the_region_is_found_by_an_unsigned_head() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    cloud.rule(|seen| {
        let answer = http::Response::builder().status(403).header("x-amz-bucket-region", "eu-central-1");
        is_probe(seen).then(|| answer.body(Default::default()).unwrap())
    });
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    assert_eq!(bucket.region(), "eu-central-1");
    bucket.get(&Path::from("a")).await.unwrap();
    assert_eq!(cloud.s3_calls()[0].signed_region().as_deref(), Some("eu-central-1"));
    let probes: Vec<Seen> = cloud.seen().into_iter().filter(is_probe).collect();
    assert!(probes.iter().all(|probe| probe.signer().is_none()));
    assert_eq!(probes.len(), 1);
}

#[tokio::test]
async fn a_region_that_cannot_be_learnt_is_the_servers() {
    let cloud = Cloud::start().await;
    cloud.rule(|seen| is_probe(seen).then(|| xml(404, "")));
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    assert_eq!(bucket.region(), "us-east-1");
}

#[tokio::test]
async fn a_typed_region_is_not_asked_for() {
    let cloud = Cloud::start().await;
    let mut request = request(role(ROLE));
    request.connection.as_mut().unwrap().region = Some("eu-north-1".into());
    let bucket = layer(&cloud).await.open_bucket(request).await.unwrap();
    assert_eq!(bucket.region(), "eu-north-1");
    assert!(!cloud.seen().iter().any(is_probe));
}

#[tokio::test]
async fn a_wrong_region_is_put_right_once() {
    // S3 answers in two ways; HEAD has neither code nor body.
    for status in [400, 301] {
        let cloud = Cloud::start().await;
        cloud.put("a", "x");
        cloud.rule(move |seen| {
            if seen.is_sts() || seen.signed_region().as_deref() == Some("eu-central-1") || is_probe(seen) {
                return None;
            }
            let (code, region) = match status {
                400 => ("AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>"),
                _ => ("PermanentRedirect", ""),
            };
            let body = match seen.method {
                Method::HEAD => String::new(),
                _ => format!("<Error><Code>{code}</Code><Message>wrong</Message>{region}</Error>"),
            };
            let answer =
                http::Response::builder().status(status).header("x-amz-bucket-region", "eu-central-1");
            Some(answer.body(bytes::Bytes::from(body).into()).unwrap())
        });
        let layer = layer(&cloud).await;
        let mut wrong = request(role(ROLE));
        wrong.connection.as_mut().unwrap().region = Some("us-west-2".into());
        let bucket = layer.open_bucket(wrong).await.unwrap();
        assert_eq!(bucket.head(&Path::from("a")).await.unwrap().size, 1, "status {status}");
        bucket.get(&Path::from("a")).await.unwrap();
        assert_eq!(bucket.region(), "eu-central-1");
        assert_eq!(cloud.s3_calls().len(), 3);
        // Others profit from it.
        let other = layer.open_bucket(request(role(ROLE))).await.unwrap();
        assert_eq!(other.region(), "eu-central-1");
    }
}

#[tokio::test]
async fn two_regions_that_point_at_each_other_end() {
    let cloud = Cloud::start().await;
    cloud.rule(|seen| {
        let here = seen.signed_region()?;
        let there = if here == "us-east-1" { "eu-west-1" } else { "us-east-1" };
        let text = format!(
            "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>{there}</Region></Error>"
        );
        (!seen.is_sts()).then(|| xml(400, &text))
    });
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    let failure = credentials::explain(&bucket.get(&Path::from("a")).await.unwrap_err());
    assert_eq!(failure.kind, credentials::StorageFailureKind::WrongRegion);
    assert_eq!(cloud.s3_calls().len(), 2);
}
