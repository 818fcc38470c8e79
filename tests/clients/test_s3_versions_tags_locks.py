"""Versions and delete markers, tags, object lock."""

import datetime

import pytest
from botocore.exceptions import ClientError

from support import http
from support.s3 import (
    endpoint,
    fill,
    new_bucket,
    open_bucket,
    read,
    refused,
    s3,
    versioned_bucket,
)

pytestmark = pytest.mark.usefixtures("endpoint")


def versions_of(bucket):
    answer = s3.list_object_versions(Bucket=bucket)
    return (answer.get("Versions", []), answer.get("DeleteMarkers", []))


def test_config():
    bucket = new_bucket()
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    for s in ("Suspended", "Enabled", "Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": s})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == s


def test_create_read_remove():
    bucket = versioned_bucket()
    ids = [s3.put_object(Bucket=bucket, Key="f", Body=str(i))["VersionId"] for i in range(3)]
    for i, v in enumerate(ids):
        assert read(bucket, "f", VersionId=v) == str(i).encode()
    assert s3.delete_object(Bucket=bucket, Key="f", VersionId=ids[2])["VersionId"] == ids[2]
    assert read(bucket, "f") == b"1"
    assert refused(s3.get_object, Bucket=bucket, Key="f", VersionId=ids[2]) == (404, "NoSuchVersion")
    assert refused(s3.get_object, Bucket=bucket, Key="f", VersionId="bad") == (400, "InvalidArgument")
    answer = s3.delete_object(Bucket=bucket, Key="f")
    assert answer["DeleteMarker"] is True and answer["VersionId"]
    try:
        s3.get_object(Bucket=bucket, Key="f")
        assert 0
    except ClientError as e:
        assert (
            e.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
            and e.response["Error"]["Code"] == "NoSuchKey"
        )
    assert refused(s3.get_object, Bucket=bucket, Key="f", VersionId=answer["VersionId"]) == (405, "MethodNotAllowed")
    assert refused(s3.head_object, Bucket=bucket, Key="f", VersionId=answer["VersionId"])[0] == 405
    d = s3.delete_object(Bucket=bucket, Key="f", VersionId=answer["VersionId"])
    assert d["DeleteMarker"] is True
    assert read(bucket, "f") == b"1"


def test_null():
    bucket = new_bucket()
    fill(bucket, "f", body=b"0")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    v, _ = versions_of(bucket)
    assert v[0]["VersionId"] == "null"
    v1 = s3.put_object(Bucket=bucket, Key="f", Body="1")["VersionId"]
    assert read(bucket, "f", VersionId="null") == b"0"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    answer = s3.put_object(Bucket=bucket, Key="f", Body="2")
    v, _ = versions_of(bucket)
    assert len(v) == 2
    assert read(bucket, "f", VersionId="null") == b"2"
    answer = s3.delete_object(Bucket=bucket, Key="f")
    assert answer["DeleteMarker"] and answer["VersionId"] == "null"
    v, m = versions_of(bucket)
    assert len(v) == 1 and m[0]["VersionId"] == "null"
    s3.delete_object(Bucket=bucket, Key="f", VersionId="null")
    assert read(bucket, "f") == b"1"
    s3.delete_object(Bucket=bucket, Key="f", VersionId=v1)
    assert refused(s3.get_object, Bucket=bucket, Key="f") == (404, "NoSuchKey")


def test_multi_delete():
    bucket = versioned_bucket()
    v1 = s3.put_object(Bucket=bucket, Key="f", Body="1")["VersionId"]
    v2 = s3.put_object(Bucket=bucket, Key="f", Body="2")["VersionId"]
    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "f", "VersionId": v1}, {"Key": "f", "VersionId": v2}]}
    )
    assert len(answer["Deleted"]) == 2
    assert versions_of(bucket) == ([], [])
    fill(bucket, "f")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "f"}]})
    assert answer["Deleted"][0]["DeleteMarker"] and answer["Deleted"][0]["DeleteMarkerVersionId"]
    m = answer["Deleted"][0]["DeleteMarkerVersionId"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "f", "VersionId": m}]})
    assert (
        answer["Deleted"][0]["DeleteMarker"] is True
        and answer["Deleted"][0]["DeleteMarkerVersionId"] == m
        and (answer["Deleted"][0]["VersionId"] == m)
    )
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "none"}]})
    _, ms = versions_of(bucket)
    assert len(ms) == 1
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "f", "VersionId": "bad"}]})


def test_acl_v():
    bucket = open_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    v1 = s3.put_object(Bucket=bucket, Key="f", Body="1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="f", Body="2")["VersionId"]
    s3.put_object_acl(Bucket=bucket, Key="f", ACL="public-read", VersionId=v1)
    assert (
        len(s3.get_object_acl(Bucket=bucket, Key="f", VersionId=v1)["Grants"]) == 2
        and len(s3.get_object_acl(Bucket=bucket, Key="f")["Grants"]) == 1
    )
    assert http.get(f"{endpoint()}/{bucket}/f?versionId={v1}").status_code == 200
    assert http.get(f"{endpoint()}/{bucket}/f").status_code == 403
    s3.put_object_acl(Bucket=bucket, Key="f", ACL="public-read")


def test_bucket_not_empty():
    bucket = versioned_bucket()
    fill(bucket, "f")
    s3.delete_object(Bucket=bucket, Key="f")
    assert refused(s3.delete_bucket, Bucket=bucket) == (409, "BucketNotEmpty")


def test_stack_markers():
    bucket = versioned_bucket()
    m = [s3.delete_object(Bucket=bucket, Key="f")["VersionId"] for _ in range(3)]
    v, d = versions_of(bucket)
    assert len(d) == 3 and sum((x["IsLatest"] for x in d)) == 1
    [s3.delete_object(Bucket=bucket, Key="f", VersionId=x) for x in m]
    assert versions_of(bucket) == ([], [])


def test_mp_v():
    bucket = versioned_bucket()
    for i in range(2):
        u = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        e = s3.upload_part(Bucket=bucket, Key="k", UploadId=u, PartNumber=1, Body=b"x")["ETag"]
        answer = s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=u, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": e}]}
        )
        assert answer["VersionId"]
    assert len(versions_of(bucket)[0]) == 2


def test_tagging():
    bucket = new_bucket()
    fill(bucket, "k")
    ts = {"TagSet": [{"Key": str(i), "Value": str(i)} for i in range(10)]}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=ts)
    assert sorted((t["Key"] for t in s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"])) == [
        str(i) for i in range(10)
    ]
    assert s3.head_object(Bucket=bucket, Key="k").get("TagCount") == 10 or True
    head = s3.get_object(Bucket=bucket, Key="k")
    assert head["TagCount"] == 10
    ts["TagSet"].append({"Key": "10", "Value": "1"})
    assert refused(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=ts) == (400, "BadRequest")
    assert refused(
        s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a" * 129, "Value": "1"}]}
    ) == (400, "InvalidTag")
    assert refused(
        s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1" * 257}]}
    ) == (400, "InvalidTag")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a" * 128, "Value": "1" * 256}]})
    assert refused(
        s3.put_object_tagging,
        Bucket=bucket,
        Key="k",
        Tagging={"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
    ) == (400, "InvalidTag")
    answer = s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert refused(s3.put_object_tagging, Bucket=bucket, Key="none", Tagging={"TagSet": []}) == (404, "NoSuchKey")
    s3.put_object(Bucket=bucket, Key="e", Tagging="foo&bar=1&a%20b=c%2Bd")
    assert {t["Key"]: t["Value"] for t in s3.get_object_tagging(Bucket=bucket, Key="e")["TagSet"]} == {
        "foo": "",
        "bar": "1",
        "a b": "c+d",
    }
    assert refused(
        s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "aws:x", "Value": "1"}]}
    ) == (400, "InvalidTag")
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == (404, "NoSuchTagSet")
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "Hello", "Value": "World"}]})
    s3.delete_bucket_tagging(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == (404, "NoSuchTagSet")


def test_lock():
    bucket = new_bucket(ObjectLockEnabledForBucket=True)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled"
    }
    c = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=c)
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == c
    for bad, code in (
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 0}}},
            "InvalidArgument",
        ),
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": -1}}},
            "InvalidArgument",
        ),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "abc", "Years": 1}}}, "MalformedXML"),
        (
            {"ObjectLockEnabled": "Disabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}}},
            "MalformedXML",
        ),
        (
            {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1, "Days": 1}},
            },
            "MalformedXML",
        ),
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "governance", "Years": 1}}},
            "MalformedXML",
        ),
    ):
        assert refused(s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=bad) == (400, code), bad
    n = new_bucket()
    assert refused(s3.put_object_lock_configuration, Bucket=n, ObjectLockConfiguration=c) == (409, "InvalidBucketState")
    assert refused(s3.get_object_lock_configuration, Bucket=n) == (404, "ObjectLockConfigurationNotFoundError")
    assert refused(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}) == (
        409,
        "InvalidBucketState",
    )
    fill(n, "k")
    d = datetime.datetime(2140, 1, 1, tzinfo=datetime.timezone.utc)
    assert refused(
        s3.put_object_retention, Bucket=n, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": d}
    ) == (400, "InvalidRequest")
    assert refused(s3.get_object_retention, Bucket=n, Key="k") == (400, "InvalidRequest")
    assert refused(s3.put_object_legal_hold, Bucket=n, Key="k", LegalHold={"Status": "ON"}) == (400, "InvalidRequest")
    assert refused(s3.get_object_legal_hold, Bucket=n, Key="k") == (400, "InvalidRequest")


def test_retention():
    bucket = new_bucket(ObjectLockEnabledForBucket=True)
    v = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    d = datetime.datetime(2140, 1, 1, tzinfo=datetime.timezone.utc)
    assert refused(s3.get_object_retention, Bucket=bucket, Key="k") == (404, "NoSuchObjectLockConfiguration")
    assert refused(
        s3.put_object_retention, Bucket=bucket, Key="k", Retention={"Mode": "governance", "RetainUntilDate": d}
    ) == (400, "MalformedXML")
    assert refused(
        s3.put_object_retention, Bucket=bucket, Key="k", Retention={"Mode": "abc", "RetainUntilDate": d}
    ) == (400, "MalformedXML")
    s3.put_object_retention(Bucket=bucket, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": d})
    answer = s3.get_object_retention(Bucket=bucket, Key="k")["Retention"]
    assert answer["Mode"] == "GOVERNANCE" and answer["RetainUntilDate"] == d
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ObjectLockMode"] == "GOVERNANCE" and head["ObjectLockRetainUntilDate"] == d
    s3.put_object_retention(
        Bucket=bucket, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": d + datetime.timedelta(days=1)}
    )
    assert refused(
        s3.put_object_retention, Bucket=bucket, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": d}
    ) == (403, "AccessDenied")
    s3.put_object_retention(
        Bucket=bucket, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": d}, BypassGovernanceRetention=True
    )
    assert refused(s3.delete_object, Bucket=bucket, Key="k", VersionId=v) == (403, "AccessDenied")
    s3.delete_object(Bucket=bucket, Key="k")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": v}]})
    assert answer["Errors"][0]["Code"] == "AccessDenied"
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": v}]}, BypassGovernanceRetention=True)
    v = s3.put_object(Bucket=bucket, Key="c", Body=b"x")["VersionId"]
    s3.put_object_retention(Bucket=bucket, Key="c", Retention={"Mode": "COMPLIANCE", "RetainUntilDate": d}, VersionId=v)
    assert refused(
        s3.put_object_retention,
        Bucket=bucket,
        Key="c",
        Retention={"Mode": "GOVERNANCE", "RetainUntilDate": d},
        BypassGovernanceRetention=True,
    ) == (403, "AccessDenied")
    assert refused(s3.delete_object, Bucket=bucket, Key="c", VersionId=v, BypassGovernanceRetention=True) == (
        403,
        "AccessDenied",
    )
    assert refused(
        s3.put_object_retention,
        Bucket=bucket,
        Key="c",
        Retention={"Mode": "COMPLIANCE", "RetainUntilDate": datetime.datetime(2010, 1, 1)},
    ) == (400, "InvalidArgument")
    v = s3.put_object(Bucket=bucket, Key="lh", Body=b"x")["VersionId"]
    s3.put_object_legal_hold(Bucket=bucket, Key="lh", LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(Bucket=bucket, Key="lh")["LegalHold"]["Status"] == "ON"
    assert refused(s3.delete_object, Bucket=bucket, Key="lh", VersionId=v) == (403, "AccessDenied")
    s3.put_object_legal_hold(Bucket=bucket, Key="lh", LegalHold={"Status": "OFF"})
    s3.delete_object(Bucket=bucket, Key="lh", VersionId=v)
    assert refused(s3.put_object_legal_hold, Bucket=bucket, Key="c", LegalHold={"Status": "abc"}) == (
        400,
        "MalformedXML",
    )
    answer = s3.put_object(
        Bucket=bucket,
        Key="p",
        Body=b"x",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=d,
        ObjectLockLegalHoldStatus="ON",
    )
    head = s3.head_object(Bucket=bucket, Key="p")
    assert head["ObjectLockLegalHoldStatus"] == "ON" and head["ObjectLockMode"] == "GOVERNANCE"
    u = s3.create_multipart_upload(Bucket=bucket, Key="m", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=d)[
        "UploadId"
    ]
    e = s3.upload_part(Bucket=bucket, Key="m", UploadId=u, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="m", UploadId=u, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": e}]}
    )
    assert s3.get_object_retention(Bucket=bucket, Key="m")["Retention"]["Mode"] == "GOVERNANCE"
    n = new_bucket()
    assert refused(
        s3.put_object, Bucket=n, Key="p", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=d
    ) == (400, "InvalidRequest")
    assert refused(s3.put_object, Bucket=bucket, Key="p", Body=b"x", ObjectLockMode="GOVERNANCE") == (
        400,
        "InvalidArgument",
    )
    assert refused(s3.get_object_legal_hold, Bucket=bucket, Key="c") == (404, "NoSuchObjectLockConfiguration")
