use credentials::{Credentials, CredentialsError, EndpointRules, Grant};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::cloud::{Cloud, xml};
use crate::{layer, options, request};

#[tokio::test]
async fn a_users_endpoint_is_refused_unless_allowed() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let mut request = request(Grant::Unsigned);
    request.connection.as_mut().unwrap().endpoint_url = Some(cloud.endpoint());
    let error = layer(&cloud).await.open_bucket(request.clone()).await.unwrap_err();
    assert!(matches!(error, CredentialsError::EndpointRefused { .. }), "{error}");
    assert!(cloud.seen().is_empty());

    let mut options = options(&cloud);
    options.server.s3_endpoint = Some("http://127.0.0.1:1".into());
    options.endpoint_rules = EndpointRules::new(&["127.0.0.0/8"], true).unwrap();
    let layer = Credentials::load(options).await.unwrap();
    let bucket = layer.open_bucket(request).await.unwrap();
    bucket.get(&Path::from("a")).await.unwrap();
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    let cloud = Cloud::start().await;
    let by_name = format!("http://localhost:{}", cloud.address().port());
    let mut request = request(Grant::Unsigned);
    request.connection.as_mut().unwrap().endpoint_url = Some(by_name);
    let open = |rule: &'static str| {
        let (mut options, request) = (options(&cloud), request.clone());
        options.endpoint_rules = EndpointRules::new(&[rule], true).unwrap();
        async move { Credentials::load(options).await.unwrap().open_bucket(request).await }
    };
    let error = open("10.0.0.0/8").await.unwrap_err();
    assert!(error.to_string().contains("not in a network"), "{error}");
    assert!(open("127.0.0.0/8").await.is_ok());
    assert!(open("localhost").await.is_ok());
}

#[tokio::test]
async fn no_redirection_is_followed() {
    let (cloud, other) = (Cloud::start().await, Cloud::start().await);
    other.put("a", "stolen");
    let target = format!("{}/test-bucket-123/a", other.endpoint());
    cloud.rule(move |_| {
        let answer = http::Response::builder().status(307).header("location", &target);
        Some(answer.body(Default::default()).unwrap())
    });
    let bucket = layer(&cloud).await.open_bucket(request(Grant::Unsigned)).await.unwrap();
    let failure = credentials::explain(&bucket.get(&Path::from("a")).await.unwrap_err());
    assert_eq!(failure.status, Some(307));
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn an_odd_bucket_name_never_becomes_a_url() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    for bucket in ["..", "a/../b", "s3://bucket", "b?acl", "", "x@y"] {
        let mut request = request(Grant::Unsigned);
        request.bucket = bucket.into();
        let error = layer.open_bucket(request).await.unwrap_err();
        assert!(matches!(error, CredentialsError::InvalidBucket { .. }), "{bucket}");
    }
    assert!(cloud.seen().is_empty());
}

#[tokio::test]
async fn virtual_host_style_puts_the_bucket_into_the_host() {
    let cloud = Cloud::start().await;
    cloud.rule(|seen| seen.path.ends_with("/a").then(|| xml(200, "x")));
    let mut request = request(Grant::Unsigned);
    request.bucket = "localhost".into();
    let connection = request.connection.as_mut().unwrap();
    connection.virtual_host_style = true;
    connection.endpoint_url = Some(format!("http://localhost:{}", cloud.address().port()));
    let mut options = options(&cloud);
    options.endpoint_rules = EndpointRules::new(&["localhost", "*.localhost"], true).unwrap();
    let bucket = Credentials::load(options).await.unwrap().open_bucket(request).await.unwrap();
    let _ = bucket.get(&Path::from("a")).await;
    if let Some(call) = cloud.seen().iter().find(|seen| seen.method == http::Method::GET) {
        assert!(call.headers["host"].to_str().unwrap().starts_with("localhost.localhost:"));
        assert_eq!(call.path, "/a");
    }
}
