use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use credentials::{Credentials, CredentialsError, FailureClass, IdentitySource, StorageFailureKind, explain};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::cloud::{Cloud, error, sts_error};
use crate::{PRINCIPAL, ROLE, layer, options, request, role};

const GENERIC: &str = "User: arn:aws:sts::123456789012:assumed-role/server/i-1 is not authorized to perform: \
                       sts:AssumeRole on resource: arn:aws:iam::987654321987:role/databend-test";

#[tokio::test]
async fn a_refused_role_names_all_that_the_customer_needs() {
    let cloud = Cloud::start().await;
    cloud.rule(|seen| {
        let of_role = seen.parameter("RoleArn").as_deref() == Some(ROLE);
        of_role.then(|| sts_error(403, "AccessDenied", GENERIC))
    });
    let layer = layer(&cloud).await;
    let mut with_principal = request(role(ROLE));
    with_principal.principal = Some(PRINCIPAL.into());
    let error = layer.open_bucket(with_principal).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot assume role `{ROLE}` for connection `sales`: AWS refused sts:AssumeRole")
    );
    assert_eq!(
        error.hint().unwrap(),
        format!(
            "the role must exist, and its trust policy must allow `{PRINCIPAL}` with external id `sd-acme-id`; \
             `SHOW ORGANIZATION` and `DESC CONNECTION sales` show both"
        )
    );
    assert_eq!(error.class(), FailureClass::Denied);
    let aws = error.aws().unwrap();
    assert_eq!((aws.status, aws.code.as_deref()), (Some(403), Some("AccessDenied")));
    assert_eq!(aws.request_id.as_deref(), Some("STSREQ"));
    assert_eq!(aws.message, GENERIC);

    // Without a principal the server's own role is what the customer must trust.
    let error = layer.open_bucket(request(role(ROLE))).await.unwrap_err();
    let hint = error.hint().unwrap();
    assert!(hint.contains("`arn:aws:iam::123456789012:role/server` (with the role's path"), "{hint}");
    // No request went to the bucket: the server's rights are no way in.
    assert!(cloud.s3_calls().is_empty());
}

#[tokio::test]
async fn our_own_side_is_told_apart() {
    let cloud = Cloud::start().await;
    let own = format!("{GENERIC} because no identity-based policy allows the sts:AssumeRole action");
    cloud.rule(move |seen| {
        let of_role = seen.parameter("RoleArn").as_deref() == Some(ROLE);
        of_role.then(|| sts_error(403, "AccessDenied", &own))
    });
    let error = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap_err();
    assert!(matches!(error, CredentialsError::CallerNotAllowed(_)), "{error}");
    assert!(error.hint().unwrap().contains("the operator"));

    let cloud = Cloud::start().await;
    cloud.rule(|seen| {
        let of_principal = seen.parameter("RoleArn").as_deref() == Some(PRINCIPAL);
        of_principal.then(|| sts_error(403, "AccessDenied", "not authorized"))
    });
    let mut with_principal = request(role(ROLE));
    with_principal.principal = Some(PRINCIPAL.into());
    let error = layer(&cloud).await.open_bucket(with_principal).await.unwrap_err();
    assert!(matches!(error, CredentialsError::PrincipalRefused(_)), "{error}");
    assert!(error.to_string().contains(PRINCIPAL), "{error}");
}

#[tokio::test]
async fn each_answer_of_sts_has_its_cause() {
    type Check = fn(&CredentialsError) -> bool;
    let cases: [(u16, &str, &str, Check); 7] = [
        (403, "ExpiredToken", "expired", |e| matches!(e, CredentialsError::ServerIdentityRefused(_))),
        (403, "InvalidClientTokenId", "invalid", |e| matches!(e, CredentialsError::ServerIdentityRefused(_))),
        (403, "SignatureDoesNotMatch", "no", |e| matches!(e, CredentialsError::ServerIdentityRefused(_))),
        (400, "ValidationError", "1 validation error detected", |e| {
            matches!(e, CredentialsError::InvalidRequest(_))
        }),
        (400, "PackedPolicyTooLarge", "110 %", |e| matches!(e, CredentialsError::PolicyTooLarge(_))),
        (403, "RegionDisabledException", "off", |e| matches!(e, CredentialsError::RegionDisabled(_))),
        (400, "SomethingNew", "what is this", |e| matches!(e, CredentialsError::StsFailed(_))),
    ];
    for (status, code, message, check) in cases {
        let cloud = Cloud::start().await;
        cloud.rule(move |seen| seen.is_sts().then(|| sts_error(status, code, message)));
        let error = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap_err();
        assert!(check(&error), "{code}: {error:?}");
        assert_eq!(error.aws().unwrap().code.as_deref(), Some(code));
        assert!(error.hint().is_some(), "{code}");
    }
}

#[tokio::test]
async fn throttling_is_met_with_another_attempt() {
    let cloud = Cloud::start().await;
    let left = AtomicUsize::new(2);
    cloud.rule(move |seen| {
        let throttled = seen.is_sts()
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        throttled.then(|| sts_error(400, "Throttling", "Rate exceeded"))
    });
    layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    assert_eq!(cloud.sts_calls("AssumeRole").len(), 3);
}

#[tokio::test]
async fn a_shorter_session_is_taken_where_aws_grants_no_more() {
    for (asked, granted, words) in [
        (
            43_200,
            "3600",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ),
        (3600, "900", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
    ] {
        let cloud = Cloud::start().await;
        cloud.rule(move |seen| {
            let refused = seen.parameter("DurationSeconds").as_deref() != Some(granted);
            (seen.is_sts() && refused).then(|| sts_error(400, "ValidationError", words))
        });
        let mut options = options(&cloud);
        options.session_duration = Duration::from_secs(asked);
        Credentials::load(options).await.unwrap().open_bucket(request(role(ROLE))).await.unwrap();
        assert_eq!(cloud.sts_calls("AssumeRole").len(), 2);
    }
}

#[tokio::test]
async fn a_policy_too_large_for_the_prefix_is_widened_with_a_warning() {
    let cloud = Cloud::start().await;
    cloud.rule(|seen| {
        let scoped = seen.parameter("Policy").is_some_and(|policy| policy.contains("raw/"));
        (seen.is_sts() && scoped).then(|| sts_error(400, "PackedPolicyTooLarge", "105 %"))
    });
    let mut request = request(role(ROLE));
    request.prefix = "raw/".into();
    let bucket = layer(&cloud).await.open_bucket(request).await.unwrap();
    assert_eq!(bucket.warnings().len(), 1);
    assert!(cloud.sts_calls("AssumeRole").iter().all(|call| call.parameter("Policy").is_some()));
}

#[tokio::test]
async fn a_server_without_identity_opens_what_needs_none() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let mut options = options(&cloud);
    options.server.identity = IdentitySource::Nothing;
    let layer = Credentials::load(options).await.unwrap();
    let error = layer.open_bucket(request(role(ROLE))).await.unwrap_err();
    assert!(matches!(error, CredentialsError::NoServerIdentity { .. }), "{error}");
    assert_eq!(error.class(), FailureClass::NoServerIdentity);
    assert!(error.hint().unwrap().contains("the operator"));
    assert!(layer.server_identity().await.is_err());
    let unsigned = layer.open_bucket(request(credentials::Grant::Unsigned)).await.unwrap();
    assert!(unsigned.get(&Path::from("a")).await.is_ok());
}

#[tokio::test]
async fn an_unreachable_sts_is_said_to_be_so() {
    let cloud = Cloud::start().await;
    let mut options = options(&cloud);
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    options.server.sts_endpoint = Some(format!("http://127.0.0.1:{port}"));
    let layer = Credentials::load(options).await.unwrap();
    let unknown = layer.server_identity().await.unwrap_err();
    assert!(matches!(unknown, CredentialsError::IdentityUnknown(_)), "{unknown:?}");
    let error = layer.open_bucket(request(role(ROLE))).await.unwrap_err();
    assert!(matches!(error, CredentialsError::StsUnreachable(_)), "{error:?}");
    assert_eq!(error.class(), FailureClass::Unavailable);
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn the_server_identity_is_asked_for_once() {
    let cloud = Cloud::start().await;
    let layer = layer(&cloud).await;
    assert!(cloud.seen().is_empty(), "nothing is asked at start");
    let identity = layer.server_identity().await.unwrap();
    assert_eq!(identity.trust_arn(), "arn:aws:iam::123456789012:role/server");
    assert!(identity.path_unknown());
    assert_eq!(layer.server_identity().await.unwrap(), identity);
    assert_eq!(cloud.sts_calls("GetCallerIdentity").len(), 1);
}

#[tokio::test]
async fn what_s3_says_is_taken_apart() {
    let cloud = Cloud::start().await;
    let words = "User: arn:aws:sts::987654321987:assumed-role/databend-test/acme.ann is not authorized to perform: \
                 s3:GetObject on resource: \"arn:aws:s3:::test-bucket-123/a\" because no identity-based policy allows \
                 the s3:GetObject action";
    cloud.rule(move |seen| seen.path.ends_with("/a").then(|| error(seen, 403, "AccessDenied", words)));
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    let path = Path::from("a");
    // A HEAD is refused without words; they are fetched by a GET of one byte.
    for failed in [bucket.get(&path).await.map(|_| ()), bucket.head(&path).await.map(|_| ())] {
        let failure = explain(&failed.unwrap_err());
        assert_eq!(failure.kind, StorageFailureKind::Denied);
        assert_eq!((failure.status, failure.code.as_deref()), (Some(403), Some("AccessDenied")));
        assert_eq!(failure.request_id.as_deref(), Some("S3REQ"));
        assert_eq!(failure.denial.unwrap().action, "s3:GetObject");
        assert_eq!(failure.message, words);
    }
    let missing = explain(&bucket.get(&Path::from("b")).await.unwrap_err());
    assert_eq!((missing.kind, missing.code.as_deref()), (StorageFailureKind::NotFound, Some("NoSuchKey")));
    let missing = explain(&bucket.head(&Path::from("b")).await.unwrap_err());
    assert_eq!(missing.kind, StorageFailureKind::NotFound);
    assert!(missing.without_body);
    assert_eq!(missing.request_id.as_deref(), Some("S3REQ"));
}

#[tokio::test]
async fn a_role_that_is_refused_in_the_middle_is_explained_as_such() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let bucket = layer(&cloud).await.open_bucket(request(role(ROLE))).await.unwrap();
    cloud.rule(|seen| {
        let of_role = seen.parameter("RoleArn").is_some() && seen.is_sts();
        of_role.then(|| sts_error(403, "AccessDenied", GENERIC))
    });
    cloud.expire("ASIA1");
    let failure = explain(&bucket.get(&Path::from("a")).await.unwrap_err());
    let cause = failure.credentials.unwrap();
    assert!(matches!(cause, CredentialsError::RoleRefused(_)));
    assert!(cause.to_string().contains("connection `sales`"), "{cause}");
}

#[tokio::test]
async fn an_unreachable_endpoint_is_told_plainly() {
    let cloud = Cloud::start().await;
    let mut options = options(&cloud);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    options.server.s3_endpoint = Some(format!("http://127.0.0.1:{port}"));
    let layer = Credentials::load(options).await.unwrap();
    let mut unsigned = request(credentials::Grant::Unsigned);
    unsigned.connection.as_mut().unwrap().region = Some("us-east-1".into());
    let bucket = layer.open_bucket(unsigned).await.unwrap();
    let failure = explain(&bucket.get(&Path::from("a")).await.unwrap_err());
    assert_eq!(failure.kind, StorageFailureKind::Unavailable);
    assert!(failure.message.contains("refused"), "{}", failure.message);
    assert!(!failure.message.contains("reqwest"), "{}", failure.message);
}
