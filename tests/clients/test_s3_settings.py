"""Settings of buckets: lifecycle, CORS, logging, encryption, names."""

import datetime
import json
import os
import uuid

import pytest

from support import http
from support.s3 import (
    HTTP,
    MIB,
    endpoint,
    fill,
    make,
    new_bucket,
    open_bucket,
    other,
    read,
    refused,
    s3,
)

pytestmark = pytest.mark.usefixtures("endpoint")


def test_lifecycle():
    bucket = new_bucket()
    put = lambda rules: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    put(
        [
            {"ID": "rule1", "Expiration": {"Days": 1}, "Prefix": "test1/", "Status": "Enabled"},
            {"ID": "rule2", "Expiration": {"Days": 2}, "Prefix": "test2/", "Status": "Disabled"},
        ]
    )
    answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert answer[0] == {"ID": "rule1", "Expiration": {"Days": 1}, "Prefix": "test1/", "Status": "Enabled"}
    put([{"Expiration": {"Days": 31}, "Prefix": "test1/", "Status": "Enabled"}])
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["ID"]
    put([{"ID": "a", "Expiration": {"Date": datetime.datetime(2030, 9, 27)}, "Prefix": "t/", "Status": "Enabled"}])
    assert refused(
        put,
        [
            {
                "ID": "a",
                "Expiration": {"Date": datetime.datetime(2017, 9, 27, 3, 0)},
                "Prefix": "t/",
                "Status": "Enabled",
            }
        ],
    ) == (400, "InvalidArgument")
    put([{"ID": "a", "NoncurrentVersionExpiration": {"NoncurrentDays": 2}, "Prefix": "p/", "Status": "Enabled"}])
    put([{"ID": "a", "Expiration": {"ExpiredObjectDeleteMarker": True}, "Prefix": "p/", "Status": "Enabled"}])
    put(
        [
            {
                "ID": "a",
                "Expiration": {"ExpiredObjectDeleteMarker": True},
                "Filter": {"Prefix": "foo"},
                "Status": "Enabled",
            }
        ]
    )
    put([{"ID": "a", "Expiration": {"ExpiredObjectDeleteMarker": True}, "Filter": {}, "Status": "Enabled"}])
    put(
        [{"ID": "a", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}, "Prefix": "p/", "Status": "Enabled"}]
    )
    put(
        [{"ID": "a", "Transition": {"Days": 1, "StorageClass": "GLACIER"}, "Prefix": "p", "Status": "Enabled"}]
    ) if 0 else put(
        [{"ID": "a", "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}], "Prefix": "p", "Status": "Enabled"}]
    )
    put(
        [
            {
                "ID": "a",
                "Filter": {"And": {"Prefix": "x", "Tags": [{"Key": "a", "Value": "b"}]}},
                "Status": "Enabled",
                "Expiration": {"Days": 1},
            }
        ]
    )
    put([{"ID": "a", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Status": "Enabled", "Expiration": {"Days": 1}}])
    put([{"ID": "a", "Filter": {"ObjectSizeGreaterThan": 500}, "Status": "Enabled", "Expiration": {"Days": 1}}])
    e = lambda answer: refused(put, answer)
    assert e([{"ID": "a" * 256, "Expiration": {"Days": 1}, "Prefix": "x", "Status": "Enabled"}]) == (
        400,
        "InvalidArgument",
    )
    assert e(
        [
            {"ID": "r1", "Expiration": {"Days": 1}, "Prefix": "a", "Status": "Enabled"},
            {"ID": "r1", "Expiration": {"Days": 1}, "Prefix": "b", "Status": "Enabled"},
        ]
    ) == (400, "InvalidArgument")
    assert e([{"ID": "a", "Expiration": {"Days": 1}, "Prefix": "x", "Status": "enabled"}]) == (400, "MalformedXML")
    assert e([{"ID": "a", "Expiration": {"Days": 0}, "Prefix": "x", "Status": "Enabled"}]) == (400, "InvalidArgument")
    assert e([]) == (400, "MalformedXML")
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == (404, "NoSuchLifecycleConfiguration")
    put([{"ID": "rule1", "Expiration": {"Days": 1}, "Filter": {"Prefix": "days1/"}, "Status": "Enabled"}])
    answer = s3.put_object(Bucket=bucket, Key="days1/foo", Body="x")


def test_cors():
    bucket = open_bucket(acl="public-read")
    s3.put_object(Bucket=bucket, Key="foo", Body="x", ACL="public-read")
    rules = [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*suffix"]},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["start*end"]},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["prefix*"]},
        {"AllowedMethods": ["PUT"], "AllowedOrigins": ["*.put"]},
    ]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    g = lambda m, head, p="": (
        lambda answer: (
            answer.status,
            answer.headers.get("access-control-allow-origin"),
            answer.headers.get("access-control-allow-methods"),
        )
    )(HTTP.request(m, f"{endpoint()}/{bucket}{p}", headers=head))
    assert g("GET", {}) == (200, None, None)
    assert g("GET", {"Origin": "foo.suffix"}) == (200, "foo.suffix", "GET")
    assert g("GET", {"Origin": "foo.bar"}) == (200, None, None)
    assert g("GET", {"Origin": "foo.suffix.get"}) == (200, None, None)
    assert g("GET", {"Origin": "startend"}) == (200, "startend", "GET")
    assert g("GET", {"Origin": "start1end"})[1] == "start1end"
    assert g("GET", {"Origin": "start12end"})[1]
    assert g("GET", {"Origin": "0start12end"})[1] is None
    assert g("GET", {"Origin": "prefix.suffix"})[1]
    assert g("GET", {"Origin": "bla.prefix"})[1] is None
    assert g("GET", {"Origin": "foo.suffix"}, "/bar") == (404, "foo.suffix", "GET")
    assert g("OPTIONS", {})[0] == 400
    assert g("OPTIONS", {"Origin": "foo.suffix"})[0] == 400
    assert g("OPTIONS", {"Origin": "bla"})[0] == 400
    assert g(
        "OPTIONS", {"Origin": "foo.suffix", "Access-Control-Request-Method": "GET", "content-length": "0"}, "/bar"
    ) == (200, "foo.suffix", "GET")
    assert g("OPTIONS", {"Origin": "foo.bar", "Access-Control-Request-Method": "GET"}, "/bar")[0] == 403
    assert g("OPTIONS", {"Origin": "foo.put", "Access-Control-Request-Method": "GET"}, "/bar")[0] == 403
    assert g("OPTIONS", {"Origin": "foo.put", "Access-Control-Request-Method": "PUT"}, "/bar") == (
        200,
        "foo.put",
        "PUT",
    )
    s3.put_bucket_cors(
        Bucket=bucket, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    )
    assert g("GET", {"Origin": "x.y"}) == (200, "*", "GET")
    s3.put_bucket_cors(
        Bucket=bucket,
        CORSConfiguration={
            "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["x-amz-meta-header1"]}]
        },
    )
    answer = HTTP.request(
        "OPTIONS",
        f"{endpoint()}/{bucket}/bar",
        headers={
            "Origin": "example.origin",
            "Access-Control-Request-Headers": "x-amz-meta-header2",
            "Access-Control-Request-Method": "GET",
        },
    )
    assert answer.status == 403
    for bad in (
        {"AllowedMethods": ["X"], "AllowedOrigins": ["*"]},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*a*b"]},
    ):
        assert refused(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [bad]}) == (
            400,
            "InvalidRequest",
        ), bad


def test_logging():
    bucket = new_bucket()
    t = new_bucket()
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket=t,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "logging.s3.amazonaws.com"},
                        "Action": "s3:PutObject",
                        "Resource": f"arn:aws:s3:::{t}/*",
                    }
                ],
            }
        ),
    )
    s3.put_bucket_logging(
        Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": t, "TargetPrefix": "log/"}}
    )
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == t
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_notification():
    bucket = new_bucket()
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    answer.pop("ResponseMetadata")
    assert answer == {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})


def test_enc():
    bucket = new_bucket()
    absent = (404, "ServerSideEncryptionConfigurationNotFoundError")
    assert refused(s3.get_bucket_encryption, Bucket=bucket) == absent
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="k", Body="x")["ServerSideEncryption"] == "AES256"
    assert (
        refused(
            s3.put_bucket_encryption,
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "X"}}]
            },
        )[0]
        == 400
    )


def test_ssec():
    bucket = new_bucket()
    k = b"pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa"
    head = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=k.decode())
    for n in (1, 1024, 1024 * 1024, 13):
        d = os.urandom(n)
        s3.put_object(Bucket=bucket, Key="t", Body=d, **head)
        assert s3.get_object(Bucket=bucket, Key="t", **head)["Body"].read() == d
        answer = s3.head_object(Bucket=bucket, Key="t", **head)
        assert answer["SSECustomerAlgorithm"] == "AES256" and answer["SSECustomerKeyMD5"]
    assert refused(s3.get_object, Bucket=bucket, Key="t") == (400, "InvalidRequest")
    assert refused(s3.head_object, Bucket=bucket, Key="t")[0] == 400
    assert refused(s3.get_object, Bucket=bucket, Key="t", SSECustomerAlgorithm="AES256", SSECustomerKey="a" * 32) == (
        403,
        "AccessDenied",
    )
    raw = lambda **x: refused(s3.put_object, Bucket=bucket, Key="t", Body="x", **x)
    assert raw(SSECustomerAlgorithm="AES256") == (400, "InvalidArgument")
    u = s3.create_multipart_upload(Bucket=bucket, Key="m", **head)["UploadId"]
    e = s3.upload_part(Bucket=bucket, Key="m", UploadId=u, PartNumber=1, Body=b"x" * 5 * MIB, **head)["ETag"]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="m", UploadId=u, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": e}]}
    )
    assert len(s3.get_object(Bucket=bucket, Key="m", **head)["Body"].read()) == 5 * MIB
    assert refused(s3.get_object, Bucket=bucket, Key="m")[0] == 400
    s3.copy_object(
        Bucket=bucket,
        Key="c",
        CopySource=f"{bucket}/t",
        CopySourceSSECustomerAlgorithm="AES256",
        CopySourceSSECustomerKey=k.decode(),
    )
    s3.get_object(Bucket=bucket, Key="c")
    assert refused(s3.copy_object, Bucket=bucket, Key="c", CopySource=f"{bucket}/t")[0] == 400


def test_kms():
    bucket = new_bucket()
    s3.put_object(Bucket=bucket, Key="k", Body="x", ServerSideEncryption="aws:kms")


def test_website():
    bucket = new_bucket()
    website = {"IndexDocument": {"Suffix": "i.html"}, "ErrorDocument": {"Key": "e.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
    assert s3.get_bucket_website(Bucket=bucket)["ErrorDocument"] == {"Key": "e.html"}
    s3.delete_bucket_website(Bucket=bucket)
    assert refused(s3.get_bucket_website, Bucket=bucket) == (404, "NoSuchWebsiteConfiguration")


def test_names():
    c = make()
    c.meta.events.unregister("before-parameter-build.s3")
    import botocore.handlers

    for ev in ("before-parameter-build.s3",):
        c.meta.events.unregister(ev, botocore.handlers.validate_bucket_name)
    for n in (
        "a",
        "aa",
        "a" * 64,
        "a" * 250,
        "foo.",
        "foo..bar",
        ".foo",
        "foo-.bar" if 0 else "foo_bar",
        "alpha.-bar" if 0 else "-x",
        "192.168.5.123",
        "foo-",
        "FOO",
        "foo bar",
        "foo,bar",
        "foo@x",
    ):
        answer = refused(c.create_bucket, Bucket=n)
        assert answer[0] in (400, 403, 405), (n, answer)
    for n in (
        "aaa" + uuid.uuid4().hex[:8],
        "0" + uuid.uuid4().hex,
        ("a" + uuid.uuid4().hex).ljust(63, "a"),
        f"f.{uuid.uuid4().hex}.b",
        "a--b" + uuid.uuid4().hex[:5],
        "a-.b"[:1] + uuid.uuid4().hex[:6],
    ):
        c.create_bucket(Bucket=n)


def test_create_again():
    bucket = new_bucket()
    s3.create_bucket(Bucket=bucket)
    assert refused(other.create_bucket, Bucket=bucket) == (409, "BucketAlreadyExists")
    assert refused(
        make(region="eu-west-1").create_bucket,
        Bucket=bucket,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    ) == (409, "BucketAlreadyOwnedByYou")


def test_head_ext():
    bucket = new_bucket()
    answer = s3.head_bucket(Bucket=bucket)
    assert answer["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    answer = http.get(s3.generate_presigned_url("list_objects_v2", {"Bucket": bucket}))
    assert answer.status_code == 200
    assert s3.delete_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_restore():
    bucket = new_bucket()
    s3.put_object(Bucket=bucket, Key="g", Body="x", StorageClass="GLACIER")
    assert refused(s3.get_object, Bucket=bucket, Key="g") == (403, "InvalidObjectState")
    assert refused(s3.copy_object, Bucket=bucket, Key="h", CopySource=f"{bucket}/g")[0] == 403
    s3.restore_object(Bucket=bucket, Key="g", RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}})
    assert 'ongoing-request="false"' in s3.head_object(Bucket=bucket, Key="g")["Restore"]
    assert read(bucket, "g") == b"x"
    fill(bucket, "s")
    refusal = refused(s3.restore_object, Bucket=bucket, Key="s", RestoreRequest={"Days": 1})
    assert refusal == (403, "InvalidObjectState")


def test_reqpay():
    bucket = new_bucket()
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    fill(bucket, "k")
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "123456789012"},
                        "Action": "s3:*",
                        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                    }
                ],
            }
        ),
    )
