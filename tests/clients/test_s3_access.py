"""Access lists, ownership, Block Public Access, and bucket policies."""

import json
import uuid

import pytest

from support import http
from support.s3 import (
    anonymous,
    endpoint,
    fill,
    open_bucket,
    other,
    read,
    refused,
    s3,
)


@pytest.fixture(scope="module", autouse=True)
def canonical_ids(endpoint):
    """What S3 calls the two accounts."""
    global MY_ID, OTHER_ID
    MY_ID = s3.list_buckets()["Owner"]["ID"]
    OTHER_ID = other.list_buckets()["Owner"]["ID"]


ALL = "http://acs.amazonaws.com/groups/global/AllUsers"

AUTH = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def perms(answer):
    return sorted(((g["Grantee"].get("URI") or g["Grantee"].get("ID"), g["Permission"]) for g in answer["Grants"]))


def test_bucket_acls():
    bucket = open_bucket()
    assert perms(s3.get_bucket_acl(Bucket=bucket)) == [(MY_ID, "FULL_CONTROL")]
    for acl, exp in (
        ("public-read", [(ALL, "READ")]),
        ("public-read-write", [(ALL, "READ"), (ALL, "WRITE")]),
        ("authenticated-read", [(AUTH, "READ")]),
        ("private", []),
        ("log-delivery-write", None),
    ):
        s3.put_bucket_acl(Bucket=bucket, ACL=acl)
        if exp is not None:
            assert perms(s3.get_bucket_acl(Bucket=bucket)) == sorted([(MY_ID, "FULL_CONTROL")] + exp), acl


def test_object_acls():
    bucket = open_bucket()
    fill(bucket, "foo")
    assert perms(s3.get_object_acl(Bucket=bucket, Key="foo")) == [(MY_ID, "FULL_CONTROL")]
    for acl, exp in (
        ("public-read", [(ALL, "READ")]),
        ("public-read-write", [(ALL, "READ"), (ALL, "WRITE")]),
        ("authenticated-read", [(AUTH, "READ")]),
        ("private", []),
        ("bucket-owner-read", []),
        ("bucket-owner-full-control", []),
    ):
        s3.put_object(Bucket=bucket, Key="foo", ACL=acl)
        assert perms(s3.get_object_acl(Bucket=bucket, Key="foo")) == sorted([(MY_ID, "FULL_CONTROL")] + exp), acl
        s3.put_object_acl(Bucket=bucket, Key="foo", ACL=acl)
        assert perms(s3.get_object_acl(Bucket=bucket, Key="foo")) == sorted([(MY_ID, "FULL_CONTROL")] + exp), acl


def test_bucket_owner_canned():
    bucket = open_bucket(acl="public-read-write")
    other.put_object(Bucket=bucket, Key="foo", Body=b"1", ACL="bucket-owner-read")
    assert perms(other.get_object_acl(Bucket=bucket, Key="foo")) == sorted(
        [(OTHER_ID, "FULL_CONTROL"), (MY_ID, "READ")]
    )
    other.put_object(Bucket=bucket, Key="foo", Body=b"1", ACL="bucket-owner-full-control")
    assert perms(s3.get_object_acl(Bucket=bucket, Key="foo")) == sorted(
        [(OTHER_ID, "FULL_CONTROL"), (MY_ID, "FULL_CONTROL")]
    )
    other.put_object(Bucket=bucket, Key="mine", Body=b"1")
    assert other.get_object(Bucket=bucket, Key="mine")["Body"].read() == b"1"
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    other.put_object(Bucket=bucket, Key="pref", Body=b"1", ACL="bucket-owner-full-control")
    assert read(bucket, "pref") == b"1"
    assert s3.get_object_acl(Bucket=bucket, Key="pref")["Owner"]["ID"] == MY_ID
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert read(bucket, "mine") == b"1"
    assert refused(
        s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "X"}]}
    ) == (400, "MalformedXML")
    c = open_bucket(acl="public-read")
    assert refused(
        s3.put_bucket_ownership_controls,
        Bucket=c,
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    ) == (400, "InvalidBucketAclWithObjectOwnership")


def test_grants():
    bucket = open_bucket()
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]

    def put(perm, who=OTHER_ID):
        s3.put_bucket_acl(
            Bucket=bucket,
            AccessControlPolicy={
                "Owner": owner,
                "Grants": [
                    {"Grantee": {"ID": MY_ID, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"},
                    {"Grantee": {"ID": who, "Type": "CanonicalUser"}, "Permission": perm},
                ],
            },
        )

    put("READ")
    other.list_objects(Bucket=bucket)
    assert refused(other.get_bucket_acl, Bucket=bucket) == (403, "AccessDenied")
    assert refused(other.put_object, Bucket=bucket, Key="x") == (403, "AccessDenied")
    put("WRITE")
    other.put_object(Bucket=bucket, Key="x")
    assert refused(other.list_objects, Bucket=bucket) == (403, "AccessDenied")
    put("READ_ACP")
    other.get_bucket_acl(Bucket=bucket)
    assert refused(other.put_bucket_acl, Bucket=bucket, ACL="public-read") == (403, "AccessDenied")
    put("WRITE_ACP")
    assert refused(other.get_bucket_acl, Bucket=bucket) == (403, "AccessDenied")
    other.put_bucket_acl(Bucket=bucket, ACL="public-read")
    other.list_objects(Bucket=bucket)
    put("FULL_CONTROL")
    other.list_objects(Bucket=bucket)
    other.get_bucket_acl(Bucket=bucket)
    other.put_object(Bucket=bucket, Key="y")

    def bad(**g):
        return refused(s3.put_bucket_acl, Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": [g]})

    assert bad(Grantee={"ID": "_foo", "Type": "CanonicalUser"}, Permission="FULL_CONTROL") == (400, "InvalidArgument")
    assert bad(
        Grantee={"EmailAddress": "nobody@x.invalid", "Type": "AmazonCustomerByEmail"}, Permission="FULL_CONTROL"
    ) == (400, "UnresolvableGrantByEmailAddress")
    assert bad(Grantee={"URI": "http://x/", "Type": "Group"}, Permission="READ") == (400, "InvalidArgument")
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": []})
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == []
    s3.list_objects(Bucket=bucket) if 0 else None
    s3.get_bucket_acl(Bucket=bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    assert refused(s3.put_bucket_acl, Bucket=bucket, AccessControlPolicy={"Owner": {"ID": OTHER_ID}, "Grants": []}) == (
        403,
        "AccessDenied",
    )
    assert refused(s3.put_bucket_acl, Bucket=bucket, ACL="public-read", GrantRead="id=" + OTHER_ID) == (
        400,
        "InvalidRequest",
    )


def test_header_grants():
    bucket = open_bucket()
    s3.put_object(
        Bucket=bucket,
        Key="f",
        GrantFullControl="id=" + OTHER_ID,
        GrantRead=f'id="{OTHER_ID}", uri="{ALL}"',
        GrantReadACP="id=" + OTHER_ID,
        GrantWriteACP="id=" + OTHER_ID,
    )
    assert (ALL, "READ") in perms(s3.get_object_acl(Bucket=bucket, Key="f"))
    n = f"b-{uuid.uuid4()}"
    s3.create_bucket(Bucket=n, ObjectOwnership="ObjectWriter", GrantRead="id=" + OTHER_ID, GrantWrite="id=" + OTHER_ID)
    assert (OTHER_ID, "WRITE") in perms(s3.get_bucket_acl(Bucket=n))
    assert refused(s3.create_bucket, Bucket=f"b-{uuid.uuid4()}", ACL="public-read") == (
        400,
        "InvalidBucketAclWithObjectOwnership",
    )


def test_access_matrix():
    for bacl in ("private", "public-read", "public-read-write"):
        bucket = open_bucket(acl=bacl)
        s3.put_object(Bucket=bucket, Key="a", ACL="private", Body="x")
        s3.put_object(Bucket=bucket, Key="r", ACL="public-read", Body="x")
        s3.put_object(Bucket=bucket, Key="w", ACL="public-read-write", Body="x")
        s3.put_object(Bucket=bucket, Key="au", ACL="authenticated-read", Body="x")
        for c in (other, anonymous):
            assert refused(c.get_object, Bucket=bucket, Key="a") == (403, "AccessDenied")
            assert read(bucket, "r", c) == b"x" and read(bucket, "w", c) == b"x"
            if bacl == "private":
                assert refused(c.list_objects, Bucket=bucket)[0] == 403
            else:
                c.list_objects_v2(Bucket=bucket)
            if bacl != "public-read-write":
                assert refused(c.put_object, Bucket=bucket, Key="w")[0] == 403
            else:
                c.put_object(Bucket=bucket, Key="new")
        assert read(bucket, "au", other) == b"x"
        assert refused(anonymous.get_object, Bucket=bucket, Key="au")[0] == 403


def test_pab():
    bucket = open_bucket()
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": False,
        },
    )
    for a in ("public-read", "public-read-write", "authenticated-read"):
        assert refused(s3.put_bucket_acl, Bucket=bucket, ACL=a) == (403, "AccessDenied")
        assert refused(s3.put_object, Bucket=bucket, Key="x", ACL=a) == (403, "AccessDenied")
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": False,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        },
    )
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    s3.put_object(Bucket=bucket, Key="x", ACL="public-read", Body="x")
    assert (
        refused(anonymous.list_objects, Bucket=bucket)[0] == 403
        and refused(anonymous.get_object, Bucket=bucket, Key="x")[0] == 403
    )
    pol = lambda p, **k: json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": p,
                    "Action": "s3:ListBucket",
                    "Resource": f"arn:aws:s3:::{bucket}",
                    **k,
                }
            ],
        }
    )
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=pol("*")) == (403, "AccessDenied")
    s3.put_bucket_policy(Bucket=bucket, Policy=pol({"AWS": "arn:aws:iam::123456789012:root"}))
    other.list_objects(Bucket=bucket)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    s3.put_bucket_policy(Bucket=bucket, Policy=pol("*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    assert refused(
        s3.put_bucket_policy, Bucket=bucket, Policy=pol("*", Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})
    ) == (403, "AccessDenied")
    s3.delete_public_access_block(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=pol("*"))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    anonymous.list_objects(Bucket=bucket)


def test_policy():
    bucket = open_bucket()
    fill(bucket, "asdf")

    def put_statements(*statements):
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        return s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

    put_policy = lambda **k: put_statements(
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:ListBucket",
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            **k,
        }
    )
    put_policy()
    anonymous.list_objects(Bucket=bucket)
    anonymous.list_objects_v2(Bucket=bucket)
    other.list_objects(Bucket=bucket)
    put_policy(Effect="Deny", Action="s3:ListBucket")
    assert refused(other.list_objects, Bucket=bucket)[0] == 403
    assert refused(s3.list_objects, Bucket=bucket)[0] == 403
    s3.delete_bucket_policy(Bucket=bucket)
    assert refused(s3.get_bucket_policy, Bucket=bucket) == (404, "NoSuchBucketPolicy")
    put_policy(Action="s3:*", Principal={"AWS": "*"})
    s3.put_bucket_acl(Bucket=bucket, ACL="authenticated-read")
    other.list_objects(Bucket=bucket)
    for bad in ("", " ", "{", "[]", '{"Version":"2012-10-17"}'):
        assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=bad)[0] == 400, bad
    assert refused(put_policy, Action="s3:Foo") == (400, "MalformedPolicy")
    assert refused(put_policy, Principal={"AWS": "arn:aws:iam::123456789012:user/none"}) == (400, "MalformedPolicy")
    assert refused(put_policy, Resource="arn:aws:s3:::other-x") == (400, "MalformedPolicy")
    assert refused(put_policy, Condition={"StringEqualsX": {"aws:Referer": "x"}}) == (400, "MalformedPolicy")
    put_policy(
        Action="s3:GetObject",
        Resource=f"arn:aws:s3:::{bucket}/*",
        Condition={"StringLike": {"aws:Referer": "http://www.example.com/*"}},
    )
    assert (
        http.get(f"{endpoint()}/{bucket}/asdf", headers={"referer": "http://www.example.com/index.html"}).status_code
        == 200
    )
    assert http.get(f"{endpoint()}/{bucket}/asdf", headers={"referer": "http://example.com"}).status_code == 403
    s3.put_object_tagging(Bucket=bucket, Key="asdf", Tagging={"TagSet": [{"Key": "security", "Value": "public"}]})
    fill(bucket, "priv")
    put_policy(
        Action="s3:GetObject",
        Resource=f"arn:aws:s3:::{bucket}/*",
        Condition={"StringEquals": {"s3:ExistingObjectTag/security": "public"}},
    )
    assert other.get_object(Bucket=bucket, Key="asdf")
    assert refused(other.get_object, Bucket=bucket, Key="priv")[0] == 403
    put_policy(
        Action="s3:GetObjectTagging",
        Resource=f"arn:aws:s3:::{bucket}/*",
        Condition={"StringEquals": {"s3:ExistingObjectTag/security": "public"}},
    )
    other.get_object_tagging(Bucket=bucket, Key="asdf")
    assert refused(other.get_object_tagging, Bucket=bucket, Key="priv")[0] == 403
    assert refused(other.get_object, Bucket=bucket, Key="asdf")[0] == 403
    put_policy(
        Action="s3:PutObject",
        Resource=f"arn:aws:s3:::{bucket}/*",
        Condition={"StringEquals": {"s3:RequestObjectTag/security": "public"}},
    )
    assert refused(other.put_object, Bucket=bucket, Key="n")[0] == 403
    put_statements(
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:PutObject", "s3:PutObjectTagging"],
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringEquals": {"s3:RequestObjectTag/security": "public"}},
        }
    )
    other.put_object(Bucket=bucket, Key="n", Tagging="security=public")
    put_statements(
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        },
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringLike": {"s3:x-amz-copy-source": f"{bucket}/as*"}},
        },
    )
    # its tags would need rights of their own
    s3.delete_object_tagging(Bucket=bucket, Key="asdf")
    other.copy_object(Bucket=bucket, Key="new", CopySource=f"{bucket}/asdf")
    assert refused(other.copy_object, Bucket=bucket, Key="new", CopySource=f"{bucket}/priv")[0] == 403
    assert refused(other.put_object, Bucket=bucket, Key="new")[0] == 403
    put_statements(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "public-read"}},
        },
    )
    other.put_object(Bucket=bucket, Key="q")
    assert refused(other.put_object, Bucket=bucket, Key="q", ACL="public-read")[0] == 403
    put_statements(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}},
        },
    )
    assert refused(s3.put_object, Bucket=bucket, Key="q")[0] == 403
    s3.put_object(Bucket=bucket, Key="q", ServerSideEncryption="AES256")
    put_statements(
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringEquals": {"s3:x-amz-grant-full-control": "id=" + MY_ID}},
        }
    )
    assert refused(other.put_object, Bucket=bucket, Key="g")[0] == 403
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    put_policy(Action="s3:ListBucket", Condition={"StringEquals": {"s3:prefix": "foo"}})
    other.list_objects(Bucket=bucket, Prefix="foo")
    assert refused(other.list_objects, Bucket=bucket)[0] == 403
    put_policy(Action="s3:ListBucket", Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}})
    other.list_objects(Bucket=bucket, MaxKeys=5)
    assert refused(other.list_objects, Bucket=bucket, MaxKeys=50)[0] == 403
