use credentials::{Access, explain};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::cloud::{Cloud, xml};
use crate::{ROLE, layer, request, role};

async fn open_for_writing(cloud: &Cloud) -> std::sync::Arc<credentials::OpenedBucket> {
    let mut request = request(role(ROLE));
    request.access = Access::Write;
    layer(cloud).await.open_bucket(request).await.unwrap()
}

#[tokio::test]
async fn a_put_survives_a_renewal() {
    let cloud = Cloud::start().await;
    let bucket = open_for_writing(&cloud).await;
    cloud.expire("ASIA1");
    bucket.put(&Path::from("a"), PutPayload::from("content")).await.unwrap();
    assert_eq!(cloud.object("a").unwrap(), "content");
}

#[tokio::test]
async fn parts_of_an_upload_survive_a_renewal() {
    let cloud = Cloud::start().await;
    let bucket = open_for_writing(&cloud).await;
    let mut upload = bucket.put_multipart(&Path::from("big")).await.unwrap();
    upload.put_part("one".into()).await.unwrap();
    cloud.expire("ASIA1");
    let (second, third) = (upload.put_part("two".into()), upload.put_part("three".into()));
    futures::future::try_join(second, third).await.unwrap();
    upload.complete().await.unwrap();
    let completed = cloud.s3_calls().into_iter().last().unwrap();
    let body = String::from_utf8(completed.body.to_vec()).unwrap();
    for number in 1..=3 {
        assert!(body.contains(&format!("<PartNumber>{number}</PartNumber>")), "{body}");
    }
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 2);
}

#[tokio::test]
async fn an_upload_is_not_completed_before_its_parts() {
    let cloud = Cloud::start().await;
    let bucket = open_for_writing(&cloud).await;
    let mut upload = bucket.put_multipart(&Path::from("big")).await.unwrap();
    let _never_sent = upload.put_part("one".into());
    assert!(upload.complete().await.is_err());
    upload.abort().await.unwrap();
}

#[tokio::test]
async fn deletes_tell_key_by_key() {
    let cloud = Cloud::start().await;
    let bucket = open_for_writing(&cloud).await;
    cloud.rule(|seen| {
        let answer = "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>\
                      <Message>Access Denied</Message></Error></DeleteResult>";
        (seen.query == "delete").then(|| xml(200, answer))
    });
    let paths = stream::iter([Ok(Path::from("a")), Ok(Path::from("b"))]).boxed();
    let outcome: Vec<_> = bucket.delete_stream(paths).collect().await;
    assert_eq!(outcome.len(), 2);
    assert_eq!(outcome[0].as_ref().unwrap().as_ref(), "a");
    let failure = explain(outcome[1].as_ref().unwrap_err());
    assert_eq!(failure.code.as_deref(), Some("AccessDenied"));
    assert!(failure.message.contains("`b`"), "{}", failure.message);
}

#[tokio::test]
async fn a_refused_delete_is_one_error() {
    let cloud = Cloud::start().await;
    let bucket = open_for_writing(&cloud).await;
    cloud.rule(|seen| {
        let denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        (seen.query == "delete").then(|| xml(403, denied))
    });
    let paths = stream::iter([Ok(Path::from("a")), Ok(Path::from("b"))]).boxed();
    assert!(bucket.delete_stream(paths).try_collect::<Vec<_>>().await.is_err());
}
