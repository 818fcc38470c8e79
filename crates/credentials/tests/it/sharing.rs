use std::collections::HashSet;
use std::sync::Arc;

use credentials::{Access, Grant, OpenRequest};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::cloud::Cloud;
use crate::{ROLE, layer, request, role};

#[tokio::test]
async fn sixty_four_openings_are_one_sts_call() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    let openings = (0..64).map(|_| {
        let layer = layer.clone();
        tokio::spawn(async move { layer.open_bucket(request(role(ROLE))).await.unwrap() })
    });
    let buckets = futures::future::join_all(openings).await;
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 1);
    // The region was asked for once, too.
    assert_eq!(cloud.seen().len(), 2);
    let again = layer.open_bucket(request(role(ROLE))).await.unwrap();
    assert_eq!(buckets[0].as_ref().unwrap().binding_id(), again.binding_id());
    assert_eq!(cloud.seen().len(), 2);
}

#[tokio::test]
async fn two_roles_on_one_bucket_never_share() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let layer = layer(&cloud).await;
    let first = layer.open_bucket(request(role(ROLE))).await.unwrap();
    let second = layer.open_bucket(request(role("arn:aws:iam::987654321987:role/other"))).await.unwrap();
    assert_ne!(first.binding_id(), second.binding_id());
    let (path, rounds) = (Path::from("a"), 3);
    for _ in 0..rounds {
        let (first, second) = tokio::join!(first.get(&path), second.get(&path));
        assert!(first.is_ok() && second.is_ok());
    }
    let signers: Vec<String> = cloud.s3_calls().iter().map(|call| call.signer().unwrap()).collect();
    assert_eq!(signers.iter().filter(|signer| *signer == "ASIA1").count(), rounds);
    assert_eq!(signers.iter().filter(|signer| *signer == "ASIA2").count(), rounds);
}

#[tokio::test]
async fn everything_that_separates_is_in_the_binding() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    let base = request(role(ROLE));
    let changed = |change: &dyn Fn(&mut OpenRequest)| {
        let mut request = base.clone();
        change(&mut request);
        request
    };
    let connection = |change: &dyn Fn(&mut credentials::ConnectionAccess)| {
        changed(&|request| change(request.connection.as_mut().unwrap()))
    };
    let variants = [
        base.clone(),
        changed(&|request| request.organization = "globex".into()),
        changed(&|request| request.principal = Some(crate::PRINCIPAL.into())),
        changed(&|request| request.bucket = "other-bucket".into()),
        changed(&|request| request.prefix = "raw/".into()),
        changed(&|request| request.access = Access::Write),
        changed(&|request| request.connection = None),
        connection(&|connection| connection.name = Some("other".into())),
        connection(&|connection| connection.name = None),
        connection(&|connection| connection.version = 2),
        connection(&|connection| connection.grant = Grant::Unsigned),
        connection(&|connection| connection.region = Some("eu-west-1".into())),
    ];
    let mut ids = HashSet::new();
    for request in &variants {
        let bucket = layer.open_bucket(request.clone()).await.unwrap();
        ids.insert(bucket.binding_id().to_owned());
    }
    assert_eq!(ids.len(), variants.len());

    // Users share what they read, but not a session: the customer's log must tell them apart.
    let ann = layer.open_bucket(base.clone()).await.unwrap();
    let bob = layer.open_bucket(changed(&|request| request.user = "bob".into())).await.unwrap();
    assert_eq!(ann.binding_id(), bob.binding_id());
    assert!(!Arc::ptr_eq(&ann, &bob));
    let names: HashSet<String> =
        layer.role_sessions("acme").into_iter().map(|session| session.session_name).collect();
    assert!(names.contains("acme.ann") && names.contains("acme.bob"), "{names:?}");
    assert!(layer.role_sessions("globex").iter().all(|session| session.session_name.starts_with("globex.")));
}

#[tokio::test]
async fn organizations_do_not_share_a_session_of_the_same_role() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    for organization in ["acme", "globex"] {
        let mut request = request(role(ROLE));
        request.organization = organization.into();
        layer.open_bucket(request).await.unwrap();
    }
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 2);
}
