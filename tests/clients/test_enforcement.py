"""Nothing is let through that AWS denies, and nothing is broken that AWS allows."""

import hashlib
import json

import pytest
from botocore.exceptions import ClientError

from support import http
from support.s3 import (
    CUSTOMER,
    PROVIDER,
    assume,
    document,
    endpoint,
    fill,
    iam,
    make,
    new_bucket,
    new_name,
    other_iam,
    read,
    refused,
    role,
    s3,
    statement,
    trust,
    user,
    with_keys,
)


@pytest.fixture(scope="module", autouse=True)
def shared_bucket(endpoint):
    """One bucket of the customer's for all tests here; they leave it without a policy."""
    global BUCKET, ARN
    BUCKET = new_bucket()
    ARN = f"arn:aws:s3:::{BUCKET}"
    fill(BUCKET, "in/a", "in/b", "out/c")


def test_basic():
    name, keys = user()
    client = with_keys(keys)
    for f, kw in (
        (client.list_objects_v2, dict(Bucket=BUCKET)),
        (client.get_object, dict(Bucket=BUCKET, Key="in/a")),
        (client.put_object, dict(Bucket=BUCKET, Key="z")),
        (client.delete_object, dict(Bucket=BUCKET, Key="in/a")),
        (client.get_bucket_policy, dict(Bucket=BUCKET)),
        (client.list_buckets, {}),
        (client.create_bucket, dict(Bucket=new_name("bb"))),
    ):
        assert refused(f, **kw) == (403, "AccessDenied")
    assert refused(client.head_object, Bucket=BUCKET, Key="in/a")[0] == 403
    assert refused(client.head_bucket, Bucket=BUCKET)[0] == 403


def test_get_only():
    name, keys = user(statement("Allow", "s3:GetObject", ARN + "/in/*"))
    client = with_keys(keys)
    read(BUCKET, "in/a", client)
    assert refused(client.get_object, Bucket=BUCKET, Key="out/c")[0] == 403
    assert refused(client.list_objects_v2, Bucket=BUCKET)[0] == 403
    assert refused(client.get_object, Bucket=BUCKET, Key="in/none") == (403, "AccessDenied")
    assert refused(client.get_object_acl, Bucket=BUCKET, Key="in/a")[0] == 403
    assert refused(client.get_object_tagging, Bucket=BUCKET, Key="in/a")[0] == 403
    assert refused(client.get_object_attributes, Bucket=BUCKET, Key="in/a", ObjectAttributes=["ETag"])[0] == 403


def test_star_object():
    name, keys = user(statement("Allow", "s3:*Object", ARN + "/*"), statement("Allow", "s3:ListBucket", ARN))
    client = with_keys(keys)
    client.put_object(Bucket=BUCKET, Key="so")
    client.delete_object(Bucket=BUCKET, Key="so")
    assert refused(client.get_bucket_location, Bucket=BUCKET)[0] == 403
    up = client.create_multipart_upload(Bucket=BUCKET, Key="so")["UploadId"]
    assert refused(client.abort_multipart_upload, Bucket=BUCKET, Key="so", UploadId=up)[0] == 403
    assert refused(client.list_parts, Bucket=BUCKET, Key="so", UploadId=up)[0] == 403
    assert refused(client.list_multipart_uploads, Bucket=BUCKET)[0] == 403
    s3.abort_multipart_upload(Bucket=BUCKET, Key="so", UploadId=up)
    assert refused(client.get_object, Bucket=BUCKET, Key="nope") == (404, "NoSuchKey")


def test_list_cond():
    name, keys = user(
        statement(
            "Allow",
            "s3:ListBucket",
            ARN,
            Condition={"StringLike": {"s3:prefix": ["in/*", ""]}, "StringEquals": {"s3:delimiter": "/"}},
        )
    )
    client = with_keys(keys)
    client.list_objects_v2(Bucket=BUCKET, Prefix="in/", Delimiter="/")
    client.list_objects_v2(Bucket=BUCKET, Prefix="", Delimiter="/")
    assert refused(client.list_objects_v2, Bucket=BUCKET, Prefix="in/")[0] == 403
    assert refused(client.list_objects_v2, Bucket=BUCKET, Prefix="out/", Delimiter="/")[0] == 403
    assert refused(client.list_objects_v2, Bucket=BUCKET, Delimiter="/")[0] == 403
    assert refused(client.list_object_versions, Bucket=BUCKET, Prefix="in/", Delimiter="/")[0] == 403
    assert refused(client.head_bucket, Bucket=BUCKET)[0] == 403


def test_maxkeys():
    name, keys = user(
        statement("Allow", "s3:ListBucket", ARN, Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}})
    )
    client = with_keys(keys)
    client.list_objects_v2(Bucket=BUCKET, MaxKeys=10)
    assert refused(client.list_objects_v2, Bucket=BUCKET, MaxKeys=11)[0] == 403
    assert refused(client.list_objects_v2, Bucket=BUCKET)[0] == 403


def test_deny_wins():
    name, keys = user(statement("Allow", "s3:*", "*"), statement("Deny", "s3:GetObject", ARN + "/in/a"))
    client = with_keys(keys)
    assert refused(client.get_object, Bucket=BUCKET, Key="in/a")[0] == 403
    read(BUCKET, "in/b", client)
    try:
        client.get_object(Bucket=BUCKET, Key="in/a")
    except ClientError as e:
        assert "explicit deny in an identity-based policy" in str(e)


def test_notaction():
    name, keys = user({"Effect": "Allow", "NotAction": ["s3:Delete*", "s3:Put*"], "Resource": "*"})
    client = with_keys(keys)
    read(BUCKET, "in/a", client)
    assert refused(client.put_object, Bucket=BUCKET, Key="z")[0] == 403
    name, keys = user(
        statement("Allow", "s3:*", "*"), {"Effect": "Deny", "Action": "s3:*", "NotResource": [ARN, ARN + "/in/*"]}
    )
    client = with_keys(keys)
    read(BUCKET, "in/a", client)
    assert refused(client.get_object, Bucket=BUCKET, Key="out/c")[0] == 403
    assert refused(client.list_buckets)[0] == 403


def test_vars():
    name, keys = user(statement("Allow", "s3:*", ARN + "/home/${aws:username}/*"))
    client = with_keys(keys)
    client.put_object(Bucket=BUCKET, Key=f"home/{name}/f")
    assert refused(client.put_object, Bucket=BUCKET, Key="home/other/f")[0] == 403
    name = "we*rd"


def test_boundary():
    name, keys = user(statement("Allow", "s3:*", "*"))
    p = iam.create_policy(PolicyName=new_name("p"), PolicyDocument=document(statement("Allow", "s3:GetObject", "*")))[
        "Policy"
    ]["Arn"]
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=p)
    client = with_keys(keys)
    read(BUCKET, "in/a", client)
    try:
        client.list_objects_v2(Bucket=BUCKET)
        assert 0
    except ClientError as e:
        assert "permissions boundary" in str(e), e
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{CUSTOMER}:user/{name}"},
                "Action": "s3:ListBucket",
                "Resource": ARN,
            }
        ),
    )
    client.list_objects_v2(Bucket=BUCKET)
    s3.delete_bucket_policy(Bucket=BUCKET)
    iam.delete_user_permissions_boundary(UserName=name)
    client.list_objects_v2(Bucket=BUCKET)


def test_session_policy():
    name, keys = user(statement("Allow", "sts:AssumeRole", "*"))
    role_name, arn = role(trust(f"arn:aws:iam::{CUSTOMER}:user/{name}"), statement("Allow", "s3:*", "*"))
    client = with_keys(assume(keys, arn, Policy=document(statement("Allow", "s3:GetObject", ARN + "/in/*"))))
    read(BUCKET, "in/a", client)
    assert refused(client.get_object, Bucket=BUCKET, Key="out/c")[0] == 403
    assert refused(client.list_objects_v2, Bucket=BUCKET)[0] == 403
    try:
        client.list_objects_v2(Bucket=BUCKET)
    except ClientError as e:
        assert "session policy" in str(e)
    client = with_keys(assume(keys, arn, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]))
    read(BUCKET, "in/a", client)
    assert refused(client.put_object, Bucket=BUCKET, Key="q")[0] == 403
    assert refused(lambda: assume(keys, arn, Policy="{")) == (400, "MalformedPolicyDocument")
    assert (
        refused(lambda: assume(keys, arn, Policy=document(statement("Allow", "s3:GetObject", ARN + "/" + "x" * 2040))))[
            0
        ]
        == 400
    )
    r2, arn2 = role(trust(f"arn:aws:iam::{CUSTOMER}:user/{name}"), statement("Allow", "s3:GetObject", ARN + "/in/*"))
    client = with_keys(assume(keys, arn2, Policy=document(statement("Allow", "s3:*", "*"))))
    assert refused(client.put_object, Bucket=BUCKET, Key="in/z")[0] == 403
    client = with_keys(assume(keys, arn2, "named", Policy=document(statement("Allow", "s3:GetObject", "*"))))
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            {"Effect": "Allow", "Principal": {"AWS": arn2}, "Action": "s3:PutObject", "Resource": ARN + "/*"}
        ),
    )
    assert refused(client.put_object, Bucket=BUCKET, Key="in/z")[0] == 403
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:sts::{CUSTOMER}:assumed-role/{r2}/named"},
                "Action": "s3:PutObject",
                "Resource": ARN + "/*",
            }
        ),
    )
    client.put_object(Bucket=BUCKET, Key="in/z")
    s3.delete_bucket_policy(Bucket=BUCKET)


def test_trust():
    their_name, their_keys = user(statement("Allow", "sts:AssumeRole", "*"), client=other_iam)
    parn = f"arn:aws:iam::{PROVIDER}:user/{their_name}"
    role_name, arn = role(trust(parn), statement("Allow", "s3:GetObject", ARN + "/*"))
    read(BUCKET, "in/a", with_keys(assume(their_keys, arn)))
    role_name, arn = role(trust(parn, StringEquals={"sts:ExternalId": "id-1"}))
    assume(their_keys, arn, ExternalId="id-1")
    assert refused(lambda: assume(their_keys, arn)) == (403, "AccessDenied")
    assert refused(lambda: assume(their_keys, arn, ExternalId="id-2")) == (403, "AccessDenied")
    assert refused(lambda: assume(their_keys, arn, ExternalId="ID-1")) == (403, "AccessDenied")
    role_name, arn = role(trust(PROVIDER))
    assume(their_keys, arn)
    role_name, arn = role(trust(CUSTOMER))
    assert refused(lambda: assume(their_keys, arn))[0] == 403
    nu, nk = user(client=other_iam)
    role_name, arn = role(trust(PROVIDER))
    assert refused(lambda: assume(nk, arn)) == (403, "AccessDenied")
    role_name, arn = role(trust(f"arn:aws:iam::{PROVIDER}:user/{nu}"))
    assert refused(lambda: assume(nk, arn)) == (403, "AccessDenied")
    su, sk = user()
    role_name, arn = role(trust(f"arn:aws:iam::{CUSTOMER}:user/{su}"))
    assume(sk, arn)
    role_name, arn = role(trust(f"arn:aws:iam::{CUSTOMER}:root"))
    assert refused(lambda: assume(sk, arn)) == (403, "AccessDenied")
    assert refused(lambda: assume(sk, f"arn:aws:iam::{CUSTOMER}:role/nope")) == (403, "AccessDenied")
    role_name, arn = role(trust(parn, StringLike={"sts:RoleSessionName": "stage*"}))
    assume(their_keys, arn, "stage1")
    assert refused(lambda: assume(their_keys, arn, "other"))[0] == 403
    role_name, arn = role(trust(parn, Bool={"aws:MultiFactorAuthPresent": "true"}))
    assert refused(lambda: assume(their_keys, arn))[0] == 403
    role_name, arn = role(trust(parn, BoolIfExists={"aws:MultiFactorAuthPresent": "true"}))
    assume(their_keys, arn)
    role_name, arn = role(trust(parn, IpAddress={"aws:SourceIp": "10.0.0.0/8"}))
    assert refused(lambda: assume(their_keys, arn))[0] == 403
    role_name, arn = role(trust(parn, IpAddress={"aws:SourceIp": "127.0.0.0/8"}))
    assume(their_keys, arn)
    role_name, arn = role(
        [
            trust(parn),
            {
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "bad"}},
            },
        ]
    )
    assume(their_keys, arn)
    assert refused(lambda: assume(their_keys, arn, ExternalId="bad"))[0] == 403
    role_name, arn = role(trust(parn))
    other_iam.delete_user_policy(UserName=their_name, PolicyName="p")
    for a in other_iam.list_access_keys(UserName=their_name)["AccessKeyMetadata"]:
        other_iam.delete_access_key(UserName=their_name, AccessKeyId=a["AccessKeyId"])
    other_iam.delete_user(UserName=their_name)
    other_iam.create_user(UserName=their_name)
    other_iam.put_user_policy(
        UserName=their_name, PolicyName="p", PolicyDocument=document(statement("Allow", "sts:AssumeRole", "*"))
    )
    keys = other_iam.create_access_key(UserName=their_name)["AccessKey"]
    nk = dict(aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"])
    assert refused(lambda: assume(nk, arn))[0] == 403
    d = iam.get_role(RoleName=role_name)["Role"]["AssumeRolePolicyDocument"]
    assert "AIDA" in json.dumps(d)


def test_duration():
    name, keys = user(statement("Allow", "sts:AssumeRole", "*"))
    role_name, arn = role(trust(f"arn:aws:iam::{CUSTOMER}:user/{name}"), statement("Allow", "sts:AssumeRole", "*"))
    assert refused(lambda: assume(keys, arn, DurationSeconds=3601)) == (400, "ValidationError")
    iam.update_role(RoleName=role_name, MaxSessionDuration=7200)
    assume(keys, arn, DurationSeconds=7200)
    r2, arn2 = role(trust(arn), MaxSessionDuration=7200)
    ch = assume(keys, arn)
    assume(ch, arn2, DurationSeconds=3600)
    try:
        assume(ch, arn2, DurationSeconds=3601)
        assert 0
    except ClientError as e:
        assert "role chaining" in str(e)


def test_keys():
    name, keys = user(statement("Allow", "s3:*", "*"))
    client = with_keys(keys)
    read(BUCKET, "in/a", client)
    iam.update_access_key(UserName=name, AccessKeyId=keys["aws_access_key_id"], Status="Inactive")
    assert refused(client.get_object, Bucket=BUCKET, Key="in/a") == (403, "InvalidAccessKeyId")
    iam.update_access_key(UserName=name, AccessKeyId=keys["aws_access_key_id"], Status="Active")
    read(BUCKET, "in/a", client)
    iam.delete_access_key(UserName=name, AccessKeyId=keys["aws_access_key_id"])
    assert refused(client.get_object, Bucket=BUCKET, Key="in/a") == (403, "InvalidAccessKeyId")
    assert refused(with_keys(keys, "sts").get_caller_identity) == (403, "InvalidClientTokenId")
    name, keys = user(statement("Allow", "sts:AssumeRole", "*"))
    role_name, arn = role(trust(f"arn:aws:iam::{CUSTOMER}:user/{name}"), statement("Allow", "s3:*", "*"))
    t = assume(keys, arn)
    t2 = assume(keys, arn)
    assert refused(with_keys({**t, "aws_session_token": None}).get_object, Bucket=BUCKET, Key="in/a")[0] == 403
    assert refused(with_keys({**t, "aws_session_token": "x"}).get_object, Bucket=BUCKET, Key="in/a") == (
        400,
        "InvalidToken",
    )
    assert refused(
        with_keys({**t, "aws_session_token": t2["aws_session_token"]}).get_object, Bucket=BUCKET, Key="in/a"
    ) == (400, "InvalidToken")
    assert refused(
        with_keys({**keys, "aws_session_token": t["aws_session_token"]}).get_object, Bucket=BUCKET, Key="in/a"
    ) == (400, "InvalidToken")
    read(BUCKET, "in/a", with_keys(t))
    iam.delete_role_policy(RoleName=role_name, PolicyName="p")
    assert refused(with_keys(t).get_object, Bucket=BUCKET, Key="in/a")[0] == 403
    iam.delete_role(RoleName=role_name)
    assert refused(with_keys(t).get_object, Bucket=BUCKET, Key="in/a")[0] == 403
    iam.create_role(
        RoleName=role_name,
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [trust(f"arn:aws:iam::{CUSTOMER}:user/{name}")]}
        ),
    )
    iam.put_role_policy(RoleName=role_name, PolicyName="p", PolicyDocument=document(statement("Allow", "s3:*", "*")))


def test_cross_account():
    their_name, their_keys = user(statement("Allow", "s3:*", "*"), client=other_iam)
    client = with_keys(their_keys)
    assert refused(client.get_object, Bucket=BUCKET, Key="in/a") == (403, "AccessDenied")
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            {"Effect": "Allow", "Principal": {"AWS": PROVIDER}, "Action": "s3:GetObject", "Resource": ARN + "/*"}
        ),
    )
    read(BUCKET, "in/a", client)
    nu, nk = user(client=other_iam)
    assert refused(with_keys(nk).get_object, Bucket=BUCKET, Key="in/a")[0] == 403
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{PROVIDER}:user/{nu}"},
                "Action": "s3:GetObject",
                "Resource": ARN + "/*",
            }
        ),
    )
    assert refused(with_keys(nk).get_object, Bucket=BUCKET, Key="in/a")[0] == 403
    try:
        with_keys(nk).get_object(Bucket=BUCKET, Key="in/a")
    except ClientError as e:
        assert e.response["Error"]["Message"] == "Access Denied"
    s3.delete_bucket_policy(Bucket=BUCKET)


def test_copy_source():
    b2 = new_bucket()
    name, keys = user(statement("Allow", "s3:PutObject", f"arn:aws:s3:::{b2}/*"))
    client = with_keys(keys)
    assert refused(client.copy_object, Bucket=b2, Key="c", CopySource=f"{BUCKET}/in/a") == (403, "AccessDenied")
    up = client.create_multipart_upload(Bucket=b2, Key="m")["UploadId"]
    assert (
        refused(client.upload_part_copy, Bucket=b2, Key="m", UploadId=up, PartNumber=1, CopySource=f"{BUCKET}/in/a")[0]
        == 403
    )
    iam.put_user_policy(
        UserName=name, PolicyName="q", PolicyDocument=document(statement("Allow", "s3:GetObject", ARN + "/in/*"))
    )
    client.copy_object(Bucket=b2, Key="c", CopySource=f"{BUCKET}/in/a")
    assert refused(client.copy_object, Bucket=b2, Key="c", CopySource=f"{BUCKET}/out/c")[0] == 403
    assert refused(client.copy_object, Bucket=b2, Key="c", CopySource=f"/{BUCKET}/in/../out/c")[0] in (403, 404)
    assert refused(client.copy_object, Bucket=b2, Key="c", CopySource=f"{BUCKET}/out%2Fc")[0] == 403


def test_delete_objects():
    fill(BUCKET, "d/1", "d/2", "e/1")
    name, keys = user(statement("Allow", "s3:DeleteObject", ARN + "/d/*"))
    role_name = with_keys(keys).delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": "d/1"}, {"Key": "e/1"}, {"Key": "d/2"}]}
    )
    assert (
        sorted((client["Key"] for client in role_name["Deleted"])) == ["d/1", "d/2"]
        and role_name["Errors"][0]["Key"] == "e/1"
        and (role_name["Errors"][0]["Code"] == "AccessDenied")
    )
    s3.head_object(Bucket=BUCKET, Key="e/1")
    role_name = with_keys(keys).delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "d/1", "VersionId": "null"}]})
    assert role_name["Errors"][0]["Code"] == "AccessDenied"


def test_versions():
    bucket = new_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    v = s3.put_object(Bucket=bucket, Key="k", Body="1")["VersionId"]
    name, keys = user(statement("Allow", ["s3:GetObject", "s3:DeleteObject"], f"arn:aws:s3:::{bucket}/*"))
    client = with_keys(keys)
    read(bucket, "k", client)
    assert refused(client.get_object, Bucket=bucket, Key="k", VersionId=v)[0] == 403
    assert refused(client.delete_object, Bucket=bucket, Key="k", VersionId=v)[0] == 403
    client.delete_object(Bucket=bucket, Key="k")


def test_conditions():

    def ok(cond, exp=True, **kw):
        name, keys = user(statement("Allow", "s3:*", "*", Condition=cond))
        f = lambda: with_keys(keys).get_object(Bucket=BUCKET, Key="in/a", **kw)
        if exp:
            f()
        else:
            assert refused(f)[0] == 403, cond

    ok({"Bool": {"aws:SecureTransport": "false"}})
    ok({"Bool": {"aws:SecureTransport": "true"}}, False)
    ok({"IpAddress": {"aws:SourceIp": "127.0.0.1"}})
    ok({"NotIpAddress": {"aws:SourceIp": "127.0.0.1"}}, False)
    ok({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})
    ok({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False)
    ok({"StringEquals": {"aws:PrincipalAccount": CUSTOMER}})
    ok({"StringEquals": {"aws:ResourceAccount": CUSTOMER}})
    ok({"StringEquals": {"s3:ResourceAccount": PROVIDER}}, False)
    ok({"StringLike": {"aws:UserAgent": "Boto3*"}})
    ok({"Null": {"aws:TokenIssueTime": "true"}})
    ok({"Null": {"aws:TokenIssueTime": "false"}}, False)
    ok({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False)
    ok({"StringEquals": {"aws:PrincipalType": "User"}})
    ok({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{CUSTOMER}:user/*"}})
    ok({"StringEquals": {"aws:RequestedRegion": "us-east-1"}})
    ok({"StringEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}})
    ok({"StringEquals": {"s3:authType": "REST-HEADER"}})
    ok({"StringEquals": {"aws:nonsense": "x"}}, False)
    ok({"StringNotEquals": {"aws:nonsense": "x"}})
    ok({"StringEqualsIfExists": {"aws:nonsense": "x"}})
    ok({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}})
    ok({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, False)
    ok({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, False)
    s3.put_object(Bucket=BUCKET, Key="in/a", Body=b"x", Tagging="team=blue")
    ok({"StringEquals": {"s3:ExistingObjectTag/team": "blue"}})
    ok({"StringEquals": {"s3:ExistingObjectTag/team": "red"}}, False)
    name, keys = user(
        statement(
            "Allow",
            "s3:GetObject",
            "*",
            Condition={"StringEquals": {"s3:ExistingObjectTag/team": "${aws:PrincipalTag/team}"}},
        )
    )
    assert refused(with_keys(keys).get_object, Bucket=BUCKET, Key="in/a")[0] == 403
    iam.tag_user(UserName=name, Tags=[{"Key": "team", "Value": "blue"}])
    read(BUCKET, "in/a", with_keys(keys))
    iam.tag_user(UserName=name, Tags=[{"Key": "team", "Value": "*"}])
    assert refused(with_keys(keys).get_object, Bucket=BUCKET, Key="in/a")[0] == 403


def test_put_conds():
    name, keys = user(
        statement(
            "Allow",
            "s3:PutObject",
            ARN + "/*",
            Condition={"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
        )
    )
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="q")[0] == 403
    with_keys(keys).put_object(Bucket=BUCKET, Key="q", ServerSideEncryption="AES256")
    name, keys = user(
        statement(
            "Allow",
            ["s3:PutObject", "s3:PutObjectTagging"],
            ARN + "/*",
            Condition={"StringEquals": {"s3:RequestObjectTag/a": "b"}},
        )
    )
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="q")[0] == 403
    with_keys(keys).put_object(Bucket=BUCKET, Key="q", Tagging="a=b")
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="q", Tagging="a=c")[0] == 403
    name, keys = user(
        statement(
            "Allow", "s3:PutObject", ARN + "/*", Condition={"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}}
        )
    )
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="q")[0] == 403
    with_keys(keys).put_object(Bucket=BUCKET, Key="q", StorageClass="STANDARD_IA")
    name, keys = user(statement("Allow", "s3:PutObject", ARN + "/*"))
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="q", Tagging="a=b")[0] == 403
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="q", ACL="bucket-owner-full-control")[0] == 403
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="q", ACL="private")[0] == 403
    name, keys = user(statement("Allow", "s3:PutObject", ARN + "/*", Condition={"Null": {"s3:if-none-match": "false"}}))
    assert refused(with_keys(keys).put_object, Bucket=BUCKET, Key="w1")[0] == 403
    with_keys(keys).put_object(Bucket=BUCKET, Key="w1", IfNoneMatch="*")


def test_presigned():
    name, keys = user(statement("Allow", "s3:GetObject", ARN + "/in/*"))
    client = with_keys(keys)
    url = client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "in/a"})
    assert http.get(url).status_code == 200
    assert http.put(url, data="x").status_code == 403
    assert http.get(url.replace("/in/a", "/in/b")).status_code == 403
    assert http.get(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000")).status_code == 403
    assert http.get(url + "&versionId=null").status_code == 403
    assert http.get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 403
    assert http.get(url, headers={"x-amz-request-payer": "requester"}).status_code == 403
    assert http.get(client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "out/c"})).status_code == 403
    assert http.get(url.replace("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=")).status_code in (400, 403)
    iam.delete_user_policy(UserName=name, PolicyName="p")
    assert http.get(url).status_code == 403


def test_iam_api():
    name, keys = user()
    client = with_keys(keys, "iam")
    assert refused(client.list_users) == (403, "AccessDenied")
    assert refused(client.create_user, UserName="zz")[0] == 403
    assert (
        refused(
            client.put_user_policy, UserName=name, PolicyName="p", PolicyDocument=document(statement("Allow", "*", "*"))
        )[0]
        == 403
    )
    name, keys = user(statement("Allow", "iam:GetRole", "*"))
    role_name, arn = role(trust(CUSTOMER))
    with_keys(keys, "iam").get_role(RoleName=role_name)
    assert refused(with_keys(keys, "iam").get_role, RoleName="nope") == (404, "NoSuchEntity")
    assert refused(with_keys(keys, "iam").delete_role, RoleName=role_name)[0] == 403


def test_root_deny():
    bucket = new_bucket()
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            }
        ),
    )
    assert refused(s3.list_objects_v2, Bucket=bucket)[0] == 403
    s3.get_bucket_policy(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.list_objects_v2(Bucket=bucket)


def test_transitive():
    name, keys = user(statement("Allow", ["sts:AssumeRole", "sts:TagSession"], "*"))
    ua = f"arn:aws:iam::{CUSTOMER}:user/{name}"
    t = trust(ua)
    role_name, arn = role(t, statement("Allow", "s3:*", "*"))
    assert refused(lambda: assume(keys, arn, Tags=[{"Key": "a", "Value": "b"}]))[0] == 403
    t["Action"] = ["sts:AssumeRole", "sts:TagSession"]
    role_name, arn = role(t, statement("Allow", "s3:GetObject", ARN + "/${aws:PrincipalTag/dir}/*"))
    client = with_keys(assume(keys, arn, Tags=[{"Key": "dir", "Value": "in"}]))
    read(BUCKET, "in/a", client)
    assert refused(client.get_object, Bucket=BUCKET, Key="out/c")[0] == 403
    client = with_keys(assume(keys, arn, Tags=[{"Key": "dir", "Value": "*"}]))
    assert refused(client.get_object, Bucket=BUCKET, Key="in/a")[0] == 403


def test_userid():
    name, keys = user(statement("Allow", "sts:AssumeRole", "*"))
    role_name, arn = role(trust(f"arn:aws:iam::{CUSTOMER}:user/{name}"), statement("Allow", "s3:*", "*"))
    rid = iam.get_role(RoleName=role_name)["Role"]["RoleId"]
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": ARN + "/out/*",
                "Condition": {"StringNotLike": {"aws:userid": [f"{rid}:*"]}},
            }
        ),
    )
    client = with_keys(assume(keys, arn))
    read(BUCKET, "out/c", client)
    assert refused(s3.get_object, Bucket=BUCKET, Key="out/c")[0] == 403
    s3.delete_bucket_policy(Bucket=BUCKET)
    i = with_keys(assume(keys, arn, "s1"), "sts").get_caller_identity()
    assert i["Arn"] == f"arn:aws:sts::{CUSTOMER}:assumed-role/{role_name}/s1" and i["UserId"] == f"{rid}:s1"


def test_notprincipal():
    name, keys = user(statement("Allow", "s3:*", "*"))
    u2, k2 = user(statement("Allow", "s3:*", "*"))
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            {
                "Effect": "Deny",
                "NotPrincipal": {"AWS": [f"arn:aws:iam::{CUSTOMER}:user/{name}", f"arn:aws:iam::{CUSTOMER}:root"]},
                "Action": "s3:GetObject",
                "Resource": ARN + "/out/*",
            }
        ),
    )
    read(BUCKET, "out/c", with_keys(keys))
    assert refused(with_keys(k2).get_object, Bucket=BUCKET, Key="out/c")[0] == 403
    s3.delete_bucket_policy(Bucket=BUCKET)


def test_region_scope():
    e = new_bucket(make(region="eu-west-1"), CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    url = make().generate_presigned_url("list_objects_v2", {"Bucket": e})
    role_name = http.get(url)
    assert role_name.status_code in (400, 301)


def test_unsigned_things():
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    name, keys = user(statement("Allow", "s3:*", "*"))

    def sign(method, url, headers, data=b""):
        request = AWSRequest(method=method, url=url, headers=headers, data=data)
        request.context["payload_signing_enabled"] = True
        credentials = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
        SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
        return dict(request.headers)

    url = f"{endpoint()}/{BUCKET}/h1"
    head = sign("PUT", url, {"x-amz-content-sha256": hashlib.sha256(b"a").hexdigest()}, b"a")
    assert http.put(url, data=b"a", headers={**head, "x-amz-acl": "private"}).status_code == 403
    assert http.put(url, data=b"b", headers=head).status_code == 400
    assert http.put(url, data=b"a", headers=head).status_code == 200
    assert http.put(url, data=b"a", headers={**head, "Host": "other.example.com"}).status_code in (403, 404, 400)
    other_day = http.put(url, data=b"a", headers={**head, "X-Amz-Date": "20200101T000000Z"})
    assert other_day.status_code == 400 and "AuthorizationHeaderMalformed" in other_day.text
