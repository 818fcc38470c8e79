use credentials::Access;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{GetRange, ObjectStore, ObjectStoreExt};

use crate::cloud::Cloud;
use crate::{BUCKET, PRINCIPAL, ROLE, SERVER_KEY, layer, request, role};

#[tokio::test]
async fn a_role_is_assumed_with_everything_that_scopes_it() {
    let cloud = Cloud::start().await;
    cloud.put("raw/a.csv", "one,two");
    let layer = layer(&cloud).await;
    let mut request = request(role(ROLE));
    request.prefix = "raw/".into();
    let bucket = layer.open_bucket(request).await.unwrap();
    let content = bucket.get(&Path::from("raw/a.csv")).await.unwrap().bytes().await.unwrap();
    assert_eq!(&content[..], b"one,two");

    let calls = cloud.sts_calls("AssumeRole");
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!(call.parameter("RoleArn").as_deref(), Some(ROLE));
    assert_eq!(call.parameter("ExternalId").as_deref(), Some("sd-acme-id"));
    assert_eq!(call.parameter("RoleSessionName").as_deref(), Some("acme.ann"));
    assert_eq!(call.parameter("DurationSeconds").as_deref(), Some("3600"));
    let policy = call.parameter("Policy").unwrap();
    assert!(policy.contains(&format!("arn:aws:s3:::{BUCKET}/raw/*")), "{policy}");
    assert!(!policy.contains("s3:PutObject"), "{policy}");
    assert_eq!(call.signer().as_deref(), Some(SERVER_KEY));
    // S3 sees the role's keys and nothing of the server's.
    for call in cloud.s3_calls() {
        assert_eq!(call.signer().as_deref(), Some("ASIA1"));
        assert_eq!(call.headers["x-amz-security-token"], "issued-token-1");
    }
}

#[tokio::test]
async fn write_access_asks_for_more() {
    let cloud = Cloud::start().await;
    let mut request = request(role(ROLE));
    request.access = Access::Write;
    layer(&cloud).await.open_bucket(request).await.unwrap();
    let policy = cloud.sts_calls("AssumeRole")[0].parameter("Policy").unwrap();
    assert!(policy.contains("s3:PutObject"), "{policy}");
}

#[tokio::test]
async fn the_principal_is_assumed_first() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    for user in ["ann", "bob"] {
        let mut request = request(role(ROLE));
        request.principal = Some(PRINCIPAL.into());
        request.user = user.into();
        layer.open_bucket(request).await.unwrap();
    }
    let calls = cloud.sts_calls("AssumeRole");
    let of = |call: &crate::cloud::Seen| {
        (
            call.parameter("RoleArn").unwrap(),
            call.parameter("RoleSessionName").unwrap(),
            call.signer().unwrap(),
        )
    };
    assert_eq!(
        calls.iter().map(of).collect::<Vec<_>>(),
        [
            (PRINCIPAL.into(), "stagedoor.acme".into(), SERVER_KEY.into()),
            (ROLE.into(), "acme.ann".into(), "ASIA1".into()),
            // The principal's keys serve every user of the organization.
            (ROLE.into(), "acme.bob".into(), "ASIA1".into()),
        ]
    );
    assert_eq!(calls[0].parameter("ExternalId"), None);
}

#[tokio::test]
async fn without_a_connection_nothing_is_signed() {
    let cloud = Cloud::start().await;
    cloud.put("a.csv", "public");
    let mut request = request(role(ROLE));
    request.connection = None;
    let bucket = layer(&cloud).await.open_bucket(request).await.unwrap();
    assert!(!bucket.is_signed());
    bucket.get(&Path::from("a.csv")).await.unwrap();
    let listed: Vec<_> = bucket.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(cloud.seen().iter().all(|seen| seen.signer().is_none()));
}

#[tokio::test]
async fn nothing_outside_the_prefix_is_asked_for() {
    let cloud = Cloud::start().await;
    cloud.put("raw/a.csv", "x");
    cloud.put("secret/b.csv", "x");
    let mut request = request(role(ROLE));
    request.prefix = "raw/".into();
    let bucket = layer(&cloud).await.open_bucket(request).await.unwrap();
    let before = cloud.s3_calls().len();
    let outside = Path::from("secret/b.csv");
    assert!(bucket.get(&outside).await.is_err());
    assert!(bucket.head(&outside).await.is_err());
    assert!(bucket.get_range(&outside, 0..1).await.is_err());
    assert!(bucket.list(None).try_next().await.is_err());
    assert!(bucket.list(Some(&Path::from("secret"))).try_next().await.is_err());
    assert!(bucket.list_prefix("r").try_next().await.is_err());
    assert!(bucket.list_with_delimiter(None).await.is_err());
    let error = bucket.put(&Path::from("raw/new.csv"), "x".into()).await.unwrap_err();
    assert!(credentials::explain(&error).message.contains("reading only"));
    assert!(bucket.delete(&Path::from("raw/a.csv")).await.is_err());
    assert!(bucket.copy(&Path::from("raw/a.csv"), &Path::from("raw/c.csv")).await.is_err());
    assert_eq!(cloud.s3_calls().len(), before);
    assert!(bucket.get(&Path::from("raw/a.csv")).await.is_ok());
    let found: Vec<_> = bucket.list(Some(&Path::from("raw"))).try_collect().await.unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn listings_go_by_text_and_by_folder() {
    let cloud = Cloud::start().await;
    for key in ["raw/", "raw/ab.csv", "raw/ab/cd.csv", "raw/b.csv"] {
        cloud.put(key, "x");
    }
    cloud.set_page_keys(1);
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    let keys = |metas: Vec<object_store::ObjectMeta>| -> Vec<String> {
        metas.into_iter().map(|meta| meta.location.to_string()).collect()
    };
    let by_text = keys(bucket.list_prefix("raw/ab").try_collect().await.unwrap());
    assert_eq!(by_text, ["raw/ab.csv", "raw/ab/cd.csv"]);
    let by_folder = keys(bucket.list(Some(&Path::from("raw/ab"))).try_collect().await.unwrap());
    assert_eq!(by_folder, ["raw/ab/cd.csv"]);
    let after = bucket
        .list_with_offset(Some(&Path::from("raw")), &Path::from("raw/ab.csv"))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(keys(after), ["raw/ab/cd.csv", "raw/b.csv"]);
    let before = cloud.s3_calls().len();
    assert_eq!(keys(bucket.list_some("raw/", 3).await.unwrap()), ["raw/", "raw/ab.csv", "raw/ab/cd.csv"]);
    assert_eq!(cloud.s3_calls().len(), before + 1);
}

#[tokio::test]
async fn ranges_are_read() {
    let cloud = Cloud::start().await;
    cloud.put("a", "0123456789");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    let path = Path::from("a");
    assert_eq!(&bucket.get_range(&path, 2..5).await.unwrap()[..], b"234");
    let ranges = bucket.get_ranges(&path, &[0..2, 7..9]).await.unwrap();
    assert_eq!([&ranges[0][..], &ranges[1][..]], [b"01", b"78"]);
    let options = object_store::GetOptions { range: Some(GetRange::Offset(8)), ..Default::default() };
    assert_eq!(&bucket.get_opts(&path, options).await.unwrap().bytes().await.unwrap()[..], b"89");
    assert_eq!(bucket.head(&path).await.unwrap().size, 10);
}
