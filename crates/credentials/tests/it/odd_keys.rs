//! Keys that the object store's paths cannot hold.

use credentials::{Access, key_of_path, path_of_key};
use futures::{StreamExt, TryStreamExt};
use http::Method;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::cloud::{Cloud, error, xml};
use crate::{BUCKET, ROLE, layer, request, role};

#[tokio::test]
async fn every_key_is_listed_read_and_written() {
    let cloud = Cloud::start().await;
    let keys = ["/lead", "//two", "a/", "a//b", "a/b", "b//"];
    for key in keys {
        cloud.put(key, key);
    }
    let mut request = request(role(ROLE));
    request.access = Access::Write;
    let bucket = layer(&cloud).await.open_bucket(request).await.unwrap();
    let listed: Vec<_> = bucket.list_prefix("").try_collect().await.unwrap();
    let mut named: Vec<String> =
        listed.iter().map(|object| key_of_path(&object.location).into_owned()).collect();
    named.sort();
    assert_eq!(named, ["//two", "/lead", "a/", "a//b", "a/b", "b//"]);
    for object in &listed {
        let answer = bucket.get(&object.location).await.unwrap();
        assert_eq!(answer.meta.location, object.location);
        let content = answer.bytes().await.unwrap();
        assert_eq!(content, key_of_path(&object.location).as_bytes());
        assert_eq!(bucket.head(&object.location).await.unwrap().size, content.len() as u64);
    }
    for key in ["/new//", "a//new"] {
        bucket.put(&path_of_key(key), "written".into()).await.unwrap();
        assert_eq!(cloud.object(key).unwrap(), "written");
    }
    // Signed as it was sent, with the bucket before it once.
    let sent: Vec<_> = cloud.s3_calls().iter().map(|call| call.path.clone()).collect();
    assert!(
        sent.contains(&format!("/{BUCKET}///two")) && sent.contains(&format!("/{BUCKET}//new//")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn an_odd_key_is_deleted_by_a_request_of_its_own() {
    let cloud = Cloud::start().await;
    let mut request = request(role(ROLE));
    request.access = Access::Write;
    let bucket = layer(&cloud).await.open_bucket(request).await.unwrap();
    cloud.rule(|seen| {
        (seen.query == "delete")
            .then(|| xml(200, "<DeleteResult><Deleted><Key>plain</Key></Deleted></DeleteResult>"))
    });
    cloud.rule(|seen| {
        let refuses = seen.method == Method::DELETE && seen.path.ends_with("/kept/");
        refuses.then(|| error(seen, 403, "AccessDenied", "Access Denied"))
    });
    let paths = ["plain", "a//b", "/c", "kept/"].map(|key| Ok(path_of_key(key)));
    let deleted: Vec<_> = bucket.delete_stream(futures::stream::iter(paths).boxed()).collect().await;
    assert_eq!(deleted.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    let refused = deleted.into_iter().find_map(Result::err).unwrap();
    assert_eq!(credentials::explain(&refused).code.as_deref(), Some("AccessDenied"));
    let sent: Vec<String> = cloud
        .s3_calls()
        .iter()
        .filter(|call| call.method == Method::DELETE)
        .map(|call| call.path.clone())
        .collect();
    assert_eq!(sent, [format!("/{BUCKET}/a//b"), format!("/{BUCKET}//c"), format!("/{BUCKET}/kept/")]);
}

#[tokio::test]
async fn what_no_url_can_say_is_refused_before_it_is_sent() {
    let cloud = Cloud::start().await;
    let mut request = request(role(ROLE));
    request.prefix = "in/".into();
    let bucket = layer(&cloud).await.open_bucket(request).await.unwrap();
    for key in ["in/../out/x", "in/./x", "in/x\ty"] {
        let refused = bucket.get(&path_of_key(key)).await.unwrap_err();
        let told = credentials::explain(&refused).message;
        assert!(told.contains("cannot be asked for"), "{told}");
    }
    for key in ["/in/x", "out//x", "in"] {
        let refused = bucket.get(&path_of_key(key)).await.unwrap_err();
        let told = credentials::explain(&refused).message;
        assert!(told.contains("is outside the opened prefix `in/`"), "{told}");
    }
    assert!(cloud.s3_calls().is_empty());
}
