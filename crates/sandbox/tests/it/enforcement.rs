//! Who may do what: a table of policies, requests and AWS's decision.

use crate::support::{CUSTOMER, PROVIDER, World, allow_all, code, trust_account};
use sandbox::client::AwsClient;

/// One request of a role's session, held against up to four policies. An empty policy is none.
struct Case {
    identity: &'static str,
    bucket: &'static str,
    session: &'static str,
    boundary: &'static str,
    request: Request,
    expected: &'static str,
}

/// Method, key, query and headers of a request to the bucket `data`.
type Request = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const ALL: &str = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
const READ: &str = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#;
const TUTORIAL: &str = r#"{"Effect":"Allow","Action":["s3:*Object"],"Resource":"arn:aws:s3:::data/*"},{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":"arn:aws:s3:::data"}"#;

const GET: Request = ("GET", "a/1", "", &[]);
const HEAD: Request = ("HEAD", "a/1", "", &[]);
const PUT: Request = ("PUT", "w/1", "", &[]);
const DELETE: Request = ("DELETE", "w/0", "", &[]);
const LIST: Request = ("GET", "", "list-type=2", &[]);

const fn identity(identity: &'static str, request: Request, expected: &'static str) -> Case {
    Case { identity, bucket: "", session: "", boundary: "", request, expected }
}

const fn bucket(
    identity: &'static str,
    bucket: &'static str,
    request: Request,
    expected: &'static str,
) -> Case {
    Case { identity, bucket, session: "", boundary: "", request, expected }
}

const fn session(
    identity: &'static str,
    session: &'static str,
    request: Request,
    expected: &'static str,
) -> Case {
    Case { identity, bucket: "", session, boundary: "", request, expected }
}

const fn boundary(
    identity: &'static str,
    boundary: &'static str,
    request: Request,
    expected: &'static str,
) -> Case {
    Case { identity, bucket: "", session: "", boundary, request, expected }
}

const CASES: &[Case] = &[
    // nothing is allowed by itself
    identity("", GET, "AccessDenied"),
    identity("", HEAD, "403"),
    identity("", PUT, "AccessDenied"),
    identity("", LIST, "AccessDenied"),
    identity("", ("HEAD", "", "", &[]), "403"),
    identity("", ("GET", "", "location", &[]), "AccessDenied"),
    // the tutorial's policy
    identity(TUTORIAL, GET, "ok"),
    identity(TUTORIAL, HEAD, "ok"),
    identity(TUTORIAL, PUT, "ok"),
    identity(TUTORIAL, DELETE, "ok"),
    identity(TUTORIAL, LIST, "ok"),
    identity(TUTORIAL, ("GET", "", "", &[]), "ok"),
    identity(TUTORIAL, ("HEAD", "", "", &[]), "ok"),
    identity(TUTORIAL, ("GET", "", "location", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "", "versions", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "", "uploads", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "", "policy", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "", "acl", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "a/1", "tagging", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "a/1", "acl", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "a/1", "versionId=null", &[]), "AccessDenied"),
    identity(TUTORIAL, ("DELETE", "a/9", "versionId=null", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "a/1", "attributes", &[("x-amz-object-attributes", "ETag")]), "AccessDenied"),
    identity(TUTORIAL, ("POST", "w/m", "uploads", &[]), "ok"),
    identity(TUTORIAL, ("PUT", "w/t", "", &[("x-amz-tagging", "a=1")]), "AccessDenied"),
    identity(TUTORIAL, ("PUT", "w/t", "", &[("x-amz-acl", "bucket-owner-full-control")]), "AccessDenied"),
    identity(TUTORIAL, ("DELETE", "", "", &[]), "AccessDenied"),
    identity(TUTORIAL, ("PUT", "", "versioning", &[]), "AccessDenied"),
    identity(TUTORIAL, ("GET", "none", "", &[]), "NoSuchKey"),
    identity(TUTORIAL, ("HEAD", "none", "", &[]), "404"),
    // a missing key is told only to those who may list
    identity(READ, GET, "ok"),
    identity(READ, HEAD, "ok"),
    identity(READ, ("GET", "none", "", &[]), "AccessDenied"),
    identity(READ, ("HEAD", "none", "", &[]), "403"),
    identity(READ, LIST, "AccessDenied"),
    identity(READ, PUT, "AccessDenied"),
    identity(READ, DELETE, "AccessDenied"),
    // bucket actions on objects and object actions on buckets allow nothing
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::data/*"}"#,
        LIST,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data"}"#,
        GET,
        "AccessDenied",
    ),
    identity(r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::dat*"}"#, GET, "ok"),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/a"}"#,
        GET,
        "AccessDenied",
    ),
    identity(r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/a/?"}"#, GET, "ok"),
    identity(r#"{"Effect":"Allow","Action":"S3:getobject","Resource":"arn:aws:s3:::data/*"}"#, GET, "ok"),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::DATA/*"}"#,
        GET,
        "AccessDenied",
    ),
    identity(r#"{"Effect":"Allow","NotAction":"s3:DeleteObject","Resource":"*"}"#, GET, "ok"),
    identity(r#"{"Effect":"Allow","NotAction":"s3:DeleteObject","Resource":"*"}"#, DELETE, "AccessDenied"),
    identity(
        r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::data/secret/*"}"#,
        ("GET", "secret/x", "", &[]),
        "AccessDenied",
    ),
    // an explicit deny wins wherever it stands
    identity(
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"},{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"arn:aws:s3:::data/a/*"}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"arn:aws:s3:::data/b/*"}"#,
        GET,
        "ok",
    ),
    // versions, tags, access lists and uploads have permissions of their own
    identity(r#"{"Effect":"Allow","Action":"s3:GetObjectVersion","Resource":"*"}"#, GET, "AccessDenied"),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObjectVersion","Resource":"*"}"#,
        ("GET", "a/1", "versionId=null", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"*"}"#,
        ("PUT", "w/t", "", &[("x-amz-tagging", "a=1")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:PutObjectAcl"],"Resource":"*"}"#,
        ("PUT", "w/t", "", &[("x-amz-acl", "bucket-owner-full-control")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectAttributes"],"Resource":"*"}"#,
        ("GET", "a/1", "attributes", &[("x-amz-object-attributes", "ETag")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObjectAttributes","Resource":"*"}"#,
        ("GET", "a/1", "attributes", &[("x-amz-object-attributes", "ETag")]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucketVersions","Resource":"*"}"#,
        ("GET", "", "versions", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucketMultipartUploads","Resource":"*"}"#,
        ("GET", "", "uploads", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetBucketLocation","Resource":"*"}"#,
        ("GET", "", "location", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:AbortMultipartUpload","Resource":"*"}"#,
        ("DELETE", "w/m", "uploadId=x", &[]),
        "NoSuchUpload",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}"#,
        ("DELETE", "w/m", "uploadId=x", &[]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListMultipartUploadParts","Resource":"*"}"#,
        ("GET", "w/m", "uploadId=x", &[]),
        "NoSuchUpload",
    ),
    identity(READ, ("GET", "w/m", "uploadId=x", &[]), "AccessDenied"),
    // copies read their source
    identity(
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::data/w/*"}"#,
        ("PUT", "w/c", "", &[("x-amz-copy-source", "data/a/1")]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::data/w/*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/a/*"}"#,
        ("PUT", "w/c", "", &[("x-amz-copy-source", "data/a/1")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::data/w/*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/a/*"}"#,
        ("PUT", "w/c", "", &[("x-amz-copy-source", "/data/secret%2Fx")]),
        "AccessDenied",
    ),
    identity(READ, ("PUT", "w/c", "", &[("x-amz-copy-source", "data/a/1")]), "AccessDenied"),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":"*"}"#,
        ("PUT", "w/c", "", &[("x-amz-copy-source", "data/a/tagged")]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject","s3:GetObjectTagging","s3:PutObjectTagging"],"Resource":"*"}"#,
        ("PUT", "w/c", "", &[("x-amz-copy-source", "data/a/tagged")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":"*"}"#,
        ("PUT", "w/c", "", &[("x-amz-copy-source", "data/a/1?versionId=null")]),
        "AccessDenied",
    ),
    // conditions on the request
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":"a/*"}}}"#,
        LIST,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":"a/*"}}}"#,
        ("GET", "", "list-type=2&prefix=a%2F", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":"a/*"}}}"#,
        ("GET", "", "list-type=2&prefix=b%2F", &[]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:delimiter":"/"}}}"#,
        ("GET", "", "list-type=2&delimiter=%2F", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"NumericLessThanEquals":{"s3:max-keys":"10"}}}"#,
        ("GET", "", "list-type=2&max-keys=10", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"NumericLessThanEquals":{"s3:max-keys":"10"}}}"#,
        ("GET", "", "list-type=2&max-keys=11", &[]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"NumericGreaterThan":{"aws:EpochTime":"1600000000"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"987654321987"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:ResourceAccount":"123456789012"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:authType":"REST-HEADER","s3:signatureversion":"AWS4-HMAC-SHA256"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:authType":"REST-QUERY-STRING"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringLike":{"aws:userid":"AROA*:session"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::987654321987:role/case-*"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/${aws:PrincipalTag/letter}/*"}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/${aws:PrincipalTag/star}/*"}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/team":"blue"}}}"#,
        ("GET", "a/tagged", "", &[]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/team":"blue"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"*","Condition":{"StringEquals":{"s3:RequestObjectTag/team":"blue"}}}"#,
        ("PUT", "w/t", "", &[("x-amz-tagging", "team=blue")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"*","Condition":{"StringEquals":{"s3:RequestObjectTag/team":"blue"}}}"#,
        ("PUT", "w/t", "", &[("x-amz-tagging", "team=red")]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}"#,
        PUT,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}"#,
        ("PUT", "w/1", "", &[("x-amz-server-side-encryption", "aws:kms")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-storage-class":"STANDARD_IA"}}}"#,
        ("PUT", "w/1", "", &[("x-amz-storage-class", "STANDARD_IA")]),
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":"*","Condition":{"StringLikeIfExists":{"s3:x-amz-copy-source":"data/a/*"}}}"#,
        ("PUT", "w/c", "", &[("x-amz-copy-source", "data/secret/x")]),
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:NoSuchKey":"x"}}}"#,
        GET,
        "AccessDenied",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}"#,
        GET,
        "ok",
    ),
    identity(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"false"}}}"#,
        GET,
        "ok",
    ),
    // bucket policies
    bucket(
        "",
        r#"{"Effect":"Allow","Principal":{"AWS":"987654321987"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "AccessDenied",
    ),
    bucket(
        "",
        r#"{"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "ok",
    ),
    bucket(
        "",
        r#"{"Effect":"Allow","Principal":{"AWS":"SESSION"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "ok",
    ),
    bucket(
        "",
        r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "ok",
    ),
    bucket(
        "",
        r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "AccessDenied",
    ),
    bucket(
        ALL,
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "AccessDenied",
    ),
    bucket(
        ALL,
        r#"{"Effect":"Deny","Principal":{"AWS":"ROLE"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "AccessDenied",
    ),
    bucket(
        ALL,
        r#"{"Effect":"Deny","NotPrincipal":{"AWS":["ROLE","SESSION","987654321987"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
        GET,
        "ok",
    ),
    bucket(
        ALL,
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::data","arn:aws:s3:::data/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
        GET,
        "AccessDenied",
    ),
    bucket(
        ALL,
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::data/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"AES256"}}}"#,
        PUT,
        "AccessDenied",
    ),
    bucket(
        ALL,
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::data/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"AES256"}}}"#,
        ("PUT", "w/1", "", &[("x-amz-server-side-encryption", "AES256")]),
        "ok",
    ),
    // session policies cap
    session(
        ALL,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/a/*"}"#,
        GET,
        "ok",
    ),
    session(
        ALL,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/b/*"}"#,
        GET,
        "AccessDenied",
    ),
    session(
        ALL,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/a/*"}"#,
        LIST,
        "AccessDenied",
    ),
    session(READ, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, PUT, "AccessDenied"),
    session(READ, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, GET, "ok"),
    session(ALL, r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#, GET, "AccessDenied"),
    session(
        ALL,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}"#,
        GET,
        "AccessDenied",
    ),
    // boundaries cap
    boundary(ALL, r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#, GET, "ok"),
    boundary(ALL, r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#, PUT, "AccessDenied"),
    boundary("", r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, GET, "AccessDenied"),
    boundary(
        ALL,
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}"#,
        GET,
        "AccessDenied",
    ),
];

fn document(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

async fn prepared() -> (World, AwsClient) {
    let world = World::start().await;
    world.open_bucket("data").await;
    for key in ["a/1", "a/9", "b/1", "secret/x", "w/0"] {
        world.object("data", key, "content").await;
    }
    world
        .customer
        .s3("PUT", "data", "a/tagged", "", &[("x-amz-tagging", "team=blue")], "content")
        .await
        .unwrap();
    let assumer = world.assumer(&world.customer, "assumer").await;
    (world, assumer)
}

#[tokio::test]
async fn table() {
    let (world, assumer) = prepared().await;
    let mut wrong = Vec::new();
    for (index, case) in CASES.iter().enumerate() {
        let name = format!("case-{index}");
        let identity = if case.identity.is_empty() { String::new() } else { document(case.identity) };
        let arn = world.role(&world.customer, &name, &trust_account(CUSTOMER), &identity).await;
        let tags = [
            ("RoleName", name.as_str()),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "blue"),
            ("Tags.member.2.Key", "letter"),
            ("Tags.member.2.Value", "a"),
            ("Tags.member.3.Key", "star"),
            ("Tags.member.3.Value", "*"),
        ];
        // a tag's value of `*` is no wildcard where it stands in a resource
        world.customer.iam("TagRole", &tags).await.unwrap();
        if !case.boundary.is_empty() {
            let text = document(case.boundary);
            let params = [("PolicyName", name.as_str()), ("PolicyDocument", text.as_str())];
            world.customer.iam("CreatePolicy", &params).await.unwrap();
            let policy = format!("arn:aws:iam::{CUSTOMER}:policy/{name}");
            let params = [("RoleName", name.as_str()), ("PermissionsBoundary", policy.as_str())];
            world.customer.iam("PutRolePermissionsBoundary", &params).await.unwrap();
        }
        if !case.bucket.is_empty() {
            let session = format!("arn:aws:sts::{CUSTOMER}:assumed-role/{name}/session");
            let text = document(case.bucket).replace("ROLE", &arn).replace("SESSION", &session);
            world.bucket_policy("data", &text).await;
        }
        let session_text = document(case.session);
        let params: &[(&str, &str)] =
            if case.session.is_empty() { &[] } else { &[("Policy", &session_text)] };
        let keys = assumer.assume_role(&arn, "session", params).await.unwrap();
        let (method, key, query, headers) = case.request;
        let outcome = code(world.customer.with_keys(keys).s3(method, "data", key, query, headers, "").await);
        if outcome != case.expected {
            wrong.push(format!(
                "{index}: {method} {key}?{query} {headers:?} with {} {} {} {}: {outcome} instead of {}",
                case.identity, case.bucket, case.session, case.boundary, case.expected
            ));
        }
        if !case.bucket.is_empty() {
            world.customer.s3("DELETE", "data", "", "policy", &[], "").await.unwrap();
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[tokio::test]
async fn across_accounts_both_sides_must_allow() {
    let (world, _) = prepared().await;
    let reader = world.user(&world.provider, "reader", &document(READ)).await;
    let nobody = world.user(&world.provider, "nobody", "").await;
    let get = |client: AwsClient| async move { code(client.s3("GET", "data", "a/1", "", &[], "").await) };
    assert_eq!(get(reader.clone()).await, "AccessDenied");
    for principal in [
        PROVIDER.to_owned(),
        format!("arn:aws:iam::{PROVIDER}:root"),
        format!("arn:aws:iam::{PROVIDER}:user/reader"),
    ] {
        let policy = format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}}"#
        );
        world.bucket_policy("data", &document(&policy)).await;
        assert_eq!(get(reader.clone()).await, "ok", "{principal}");
        assert_eq!(get(nobody.clone()).await, "AccessDenied", "{principal}");
        assert_eq!(get(world.anonymous.clone()).await, "AccessDenied");
    }
    // strangers are told nothing
    let error = nobody.s3("GET", "data", "a/1", "", &[], "").await.unwrap_err();
    assert_eq!(error.message, "Access Denied");
}

#[tokio::test]
async fn refusals_name_user_action_resource_and_policy() {
    let (world, assumer) = prepared().await;
    let arn = world.role(&world.customer, "r", &trust_account(CUSTOMER), "").await;
    let keys = assumer.assume_role(&arn, "me", &[]).await.unwrap();
    let session = world.customer.with_keys(keys);
    let error = session.s3("GET", "data", "a/1", "", &[], "").await.unwrap_err();
    assert_eq!(error.status, 403);
    assert_eq!(
        error.message,
        "User: arn:aws:sts::987654321987:assumed-role/r/me is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::data/a/1\" because no identity-based policy allows the s3:GetObject action"
    );
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::data"}"#;
    world.bucket_policy("data", &document(deny)).await;
    let error = session.s3("GET", "data", "", "", &[], "").await.unwrap_err();
    assert_eq!(
        error.message,
        "User: arn:aws:sts::987654321987:assumed-role/r/me is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::data\" with an explicit deny in a resource-based policy"
    );
    let error = session.iam("ListRoles", &[]).await.unwrap_err();
    assert!(
        error.message.ends_with("because no identity-based policy allows the iam:ListRoles action"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn each_key_of_a_multi_delete_is_decided_by_itself() {
    let (world, _) = prepared().await;
    let policy =
        document(r#"{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::data/a/*"}"#);
    let user = world.user(&world.customer, "deleter", &policy).await;
    let body = "<Delete><Object><Key>a/1</Key></Object><Object><Key>b/1</Key></Object><Object><Key>a/9</Key><VersionId>null</VersionId></Object></Delete>";
    let answer = user.s3("POST", "data", "", "delete", &[], body).await.unwrap().text();
    assert!(answer.contains("<Deleted><Key>a/1</Key></Deleted>"), "{answer}");
    assert!(
        answer.contains("<Key>b/1</Key>") && answer.matches("<Code>AccessDenied</Code>").count() == 2,
        "{answer}"
    );
    assert_eq!(code(world.customer.s3("HEAD", "data", "b/1", "", &[], "").await), "ok");
    assert_eq!(code(world.customer.s3("HEAD", "data", "a/9", "", &[], "").await), "ok");
    assert_eq!(code(world.customer.s3("HEAD", "data", "a/1", "", &[], "").await), "404");
}

#[tokio::test]
async fn root_obeys_denies_of_the_bucket_but_can_mend_them() {
    let (world, _) = prepared().await;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::data","arn:aws:s3:::data/*"]}"#;
    world.bucket_policy("data", &document(deny)).await;
    assert_eq!(code(world.customer.s3("GET", "data", "a/1", "", &[], "").await), "AccessDenied");
    assert_eq!(code(world.customer.s3("GET", "data", "", "policy", &[], "").await), "ok");
    assert_eq!(code(world.customer.s3("DELETE", "data", "", "policy", &[], "").await), "ok");
    assert_eq!(code(world.customer.s3("GET", "data", "a/1", "", &[], "").await), "ok");
}

#[tokio::test]
async fn a_policy_that_is_gone_allows_nothing() {
    let (world, assumer) = prepared().await;
    let arn = world.role(&world.customer, "r", &trust_account(CUSTOMER), &allow_all("\"s3:*\"")).await;
    let keys = assumer.assume_role(&arn, "me", &[]).await.unwrap();
    let session = world.customer.with_keys(keys);
    assert_eq!(code(session.s3("GET", "data", "a/1", "", &[], "").await), "ok");
    world.customer.iam("DeleteRolePolicy", &[("RoleName", "r"), ("PolicyName", "inline")]).await.unwrap();
    assert_eq!(code(session.s3("GET", "data", "a/1", "", &[], "").await), "AccessDenied");
    // a role made anew under the same name is another role
    world.customer.iam("DeleteRole", &[("RoleName", "r")]).await.unwrap();
    world.role(&world.customer, "r", &trust_account(CUSTOMER), &allow_all("\"s3:*\"")).await;
    assert_eq!(code(session.s3("GET", "data", "a/1", "", &[], "").await), "AccessDenied");
}

#[tokio::test]
async fn block_public_access_stands_before_public_policies() {
    let world = World::start().await;
    world.bucket("data").await;
    world.object("data", "a/1", "content").await;
    let public = document(
        r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}"#,
    );
    let put = |text: String| async { code(world.customer.s3("PUT", "data", "", "policy", &[], text).await) };
    assert_eq!(put(public.clone()).await, "AccessDenied");
    let configuration = "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
    world.customer.s3("PUT", "data", "", "publicAccessBlock", &[], configuration).await.unwrap();
    assert_eq!(put(public).await, "ok");
    assert_eq!(code(world.anonymous.s3("GET", "data", "a/1", "", &[], "").await), "AccessDenied");
    world.customer.s3("DELETE", "data", "", "publicAccessBlock", &[], "").await.unwrap();
    assert_eq!(code(world.anonymous.s3("GET", "data", "a/1", "", &[], "").await), "ok");
    assert_eq!(code(world.anonymous.s3("PUT", "data", "a/1", "", &[], "").await), "AccessDenied");
}
