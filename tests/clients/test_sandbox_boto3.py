"""The sandbox's S3 through boto3: what an S3 conformance suite asks of a server.

Where the sandbox listens and whose keys it takes comes from the environment: SANDBOX_ENDPOINT,
CUSTOMER_AWS_ACCESS_KEY_ID, CUSTOMER_AWS_SECRET_ACCESS_KEY and the same for PROVIDER.
"""

import base64
import datetime
import hashlib
import json
import os
import uuid

import boto3
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

HTTP = urllib3.PoolManager(retries=False)
MIB = 1024 * 1024


def make_client(endpoint, who, service="s3", **config):
    keys = {}
    if who:
        keys = {
            "aws_access_key_id": os.environ[f"{who}_AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": os.environ[f"{who}_AWS_SECRET_ACCESS_KEY"],
        }
    else:
        config["signature_version"] = UNSIGNED
    config.setdefault("signature_version", "s3v4")
    config.setdefault("s3", {"addressing_style": "path"})
    config.setdefault("retries", {"max_attempts": 1})
    region = config.pop("region", "us-east-1")
    return boto3.client(service, endpoint_url=endpoint, region_name=region, config=Config(**config), **keys)


@pytest.fixture(scope="session")
def s3(endpoint):
    return make_client(endpoint, "CUSTOMER")


@pytest.fixture(scope="session")
def other(endpoint):
    """Another account."""
    return make_client(endpoint, "PROVIDER")


@pytest.fixture(scope="session")
def anonymous(endpoint):
    return make_client(endpoint, None)


@pytest.fixture
def bucket(s3):
    name = f"b-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


def refused(call, *args, **kwargs):
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def fill(s3, bucket, *keys, body=b"x"):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def keys_of(page):
    return [item["Key"] for item in page.get("Contents", [])]


def prefixes_of(page):
    return [item["Prefix"] for item in page.get("CommonPrefixes", [])]


def read(s3, bucket, key, **kwargs):
    return s3.get_object(Bucket=bucket, Key=key, **kwargs)["Body"].read()


def upload(s3, bucket, key, sizes, **kwargs):
    """A multipart upload of parts of these sizes; gives body, upload id and the list of parts."""
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, **kwargs)["UploadId"]
    parts, body = [], b""
    for number, size in enumerate(sizes, 1):
        data = bytes([number]) * size
        answer = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        body += data
    return body, upload_id, parts


def finish(s3, bucket, key, upload_id, parts, **kwargs):
    return s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}, **kwargs
    )


# buckets


@pytest.mark.parametrize("name", ["ab", "a" * 64, "Upper-case", "under_score", "-dash", "dash-", "two..dots", "192.168.5.123", "xn--abc", "x-s3alias"])
def test_bucket_names_refused(endpoint, name):
    answer = make_client(endpoint, "CUSTOMER")
    answer.meta.events.unregister("before-parameter-build.s3")
    assert refused(answer.create_bucket, Bucket=name) == (400, "InvalidBucketName")


def test_bucket_lifecycle(s3, other):
    name = f"b-{uuid.uuid4()}"
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    s3.create_bucket(Bucket=name)
    assert refused(other.create_bucket, Bucket=name) == (409, "BucketAlreadyExists")
    assert name in [item["Name"] for item in s3.list_buckets()["Buckets"]]
    assert name not in [item["Name"] for item in other.list_buckets()["Buckets"]]
    fill(s3, name, "k")
    assert refused(s3.delete_bucket, Bucket=name) == (409, "BucketNotEmpty")
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)
    assert refused(s3.delete_bucket, Bucket=name) == (404, "NoSuchBucket")
    assert refused(s3.list_objects_v2, Bucket=name) == (404, "NoSuchBucket")
    assert refused(s3.put_object, Bucket=name, Key="k") == (404, "NoSuchBucket")
    assert refused(s3.head_bucket, Bucket=name) == (404, "404")


def test_bucket_regions(endpoint, s3):
    name = f"b-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-central-1"
    europe = make_client(endpoint, "CUSTOMER", region="eu-central-1")
    assert europe.head_bucket(Bucket=name)["BucketRegion"] == "eu-central-1"
    assert refused(europe.create_bucket, Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}) == (409, "BucketAlreadyOwnedByYou")
    assert refused(europe.create_bucket, Bucket=f"b-{uuid.uuid4()}") == (400, "IllegalLocationConstraintException")
    assert refused(s3.create_bucket, Bucket=f"b-{uuid.uuid4()}", CreateBucketConfiguration={"LocationConstraint": "nowhere"}) == (400, "InvalidLocationConstraint")
    # the region is told to everybody
    head = HTTP.request("HEAD", f"{endpoint}/{name}")
    assert head.status == 403 and head.headers["x-amz-bucket-region"] == "eu-central-1"
    # boto3 finds its way from the wrong region
    europe.put_object(Bucket=name, Key="k", Body=b"1")
    assert read(make_client(endpoint, "CUSTOMER"), name, "k") == b"1"


def test_list_buckets_pages(s3):
    prefix = f"page-{uuid.uuid4().hex[:8]}"
    names = [f"{prefix}-{index}" for index in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    first = s3.list_buckets(MaxBuckets=2, Prefix=prefix)
    assert [item["Name"] for item in first["Buckets"]] == names[:2]
    rest = s3.list_buckets(Prefix=prefix, ContinuationToken=first["ContinuationToken"])
    assert [item["Name"] for item in rest["Buckets"]] == names[2:]


@pytest.mark.parametrize(
    "call, code",
    [
        ("get_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_policy_status", "NoSuchBucketPolicy"),
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("get_bucket_tagging", "NoSuchTagSet"),
        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
    ],
)
def test_absent_settings(s3, bucket, call, code):
    assert refused(getattr(s3, call), Bucket=bucket) == (404, code)


def test_settings_that_have_defaults(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    s3.get_bucket_notification_configuration(Bucket=bucket)
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert refused(s3.get_bucket_ownership_controls, Bucket=bucket) == (404, "OwnershipControlsNotFoundError")
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values()) and len(block) == 4
    s3.delete_public_access_block(Bucket=bucket)
    assert refused(s3.get_public_access_block, Bucket=bucket) == (404, "NoSuchPublicAccessBlockConfiguration")
    acl = s3.get_bucket_acl(Bucket=bucket)
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]
    assert acl["Grants"][0]["Grantee"]["ID"] == acl["Owner"]["ID"]


def test_settings_are_kept(endpoint, s3, bucket):
    key = make_client(endpoint, "CUSTOMER", "kms", s3=None).create_key()["KeyMetadata"]["Arn"]
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"], "MaxAgeSeconds": 60}]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=cors)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == cors["CORSRules"]
    s3.delete_bucket_cors(Bucket=bucket)
    assert refused(s3.get_bucket_cors, Bucket=bucket)[1] == "NoSuchCORSConfiguration"
    rules = [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == encryption
    fill(s3, bucket, "k")
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "aws:kms"
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "1"}]
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "i.html"}})
    assert s3.get_bucket_website(Bucket=bucket)["IndexDocument"] == {"Suffix": "i.html"}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/no/*"}]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    assert refused(s3.put_object, Bucket=bucket, Key="no/1") == (403, "AccessDenied")
    s3.delete_bucket_policy(Bucket=bucket)


@pytest.mark.parametrize(
    "call, arguments, code",
    [
        ("put_bucket_policy", {"Policy": "{"}, "MalformedPolicy"),
        ("put_bucket_policy", {"Policy": "{}"}, "MalformedPolicy"),
        ("put_bucket_policy", {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::elsewhere/*"}]})}, "MalformedPolicy"),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "On"}}, "MalformedXML"),
        ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [{"ID": "a" * 256, "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}}]}}, "InvalidArgument"),
        ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [{"ID": "a", "Status": "maybe", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}}]}}, "MalformedXML"),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}}, "InvalidTag"),
    ],
)
def test_settings_refused(s3, bucket, call, arguments, code):
    assert refused(getattr(s3, call), Bucket=bucket, **arguments) == (400, code)


# objects


def test_object_round_trip(s3, bucket):
    answer = s3.put_object(
        Bucket=bucket, Key="a/b c+d%é.txt", Body=b"hello", ContentType="text/x", CacheControl="no-store",
        ContentDisposition="inline", ContentEncoding="gzip", ContentLanguage="de",
        Expires=datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc), Metadata={"Meta-One": "1", "two": "2 2"},
        StorageClass="STANDARD_IA", WebsiteRedirectLocation="/x",
    )  # fmt: skip
    assert answer["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="a/b c+d%é.txt")
    assert got["Body"].read() == b"hello"
    head = s3.head_object(Bucket=bucket, Key="a/b c+d%é.txt")
    for answer in (got, head):
        assert answer["ContentType"] == "text/x" and answer["CacheControl"] == "no-store"
        assert answer["ContentDisposition"] == "inline" and answer["ContentEncoding"] == "gzip"
        assert answer["ContentLanguage"] == "de" and answer["Expires"].year == 2030
        assert answer["Metadata"] == {"meta-one": "1", "two": "2 2"}
        assert answer["StorageClass"] == "STANDARD_IA" and answer["WebsiteRedirectLocation"] == "/x"
        assert answer["ContentLength"] == 5 and answer["AcceptRanges"] == "bytes"
    s3.put_object(Bucket=bucket, Key="a/b c+d%é.txt", Body=b"again")
    assert s3.head_object(Bucket=bucket, Key="a/b c+d%é.txt")["Metadata"] == {}
    s3.delete_object(Bucket=bucket, Key="a/b c+d%é.txt")
    s3.delete_object(Bucket=bucket, Key="a/b c+d%é.txt")
    assert refused(s3.get_object, Bucket=bucket, Key="a/b c+d%é.txt") == (404, "NoSuchKey")
    assert refused(s3.head_object, Bucket=bucket, Key="a/b c+d%é.txt") == (404, "404")


@pytest.mark.parametrize("key", ["a//b", "/lead", "trail/", ".", "..", "../x", "a/./b", "a b", "a+b", "a&b=c?d", "ü", "\u65e5\u672c", "quote'\"", "x" * 1024, "~tilde", "semi;colon", "percent%25", "tab\tkey", "<xml>&"])
def test_odd_keys(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert read(s3, bucket, key) == key.encode()
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == [key]
    assert keys_of(s3.list_objects(Bucket=bucket)) == [key]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


@pytest.mark.parametrize(
    "kwargs, code",
    [
        ({"Key": "x" * 1025}, "KeyTooLongError"),
        ({"Key": "k", "Metadata": {"a": "x" * 2100}}, "MetadataTooLarge"),
        ({"Key": "k", "ContentMD5": "bad"}, "InvalidDigest"),
        ({"Key": "k", "ContentMD5": base64.b64encode(b"0" * 16).decode()}, "BadDigest"),
        ({"Key": "k", "ChecksumSHA256": base64.b64encode(b"0" * 32).decode()}, "BadDigest"),
        ({"Key": "k", "ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
        ({"Key": "k", "ChecksumCRC32": "nonsense"}, "InvalidRequest"),
        ({"Key": "k", "StorageClass": "PAPER"}, "InvalidStorageClass"),
        ({"Key": "k", "ServerSideEncryption": "rot13"}, "InvalidArgument"),
        ({"Key": "k", "Tagging": "&".join(f"k{i}=v" for i in range(11))}, "BadRequest"),
        ({"Key": "k", "Tagging": "a=" + "x" * 257}, "InvalidTag"),
        ({"Key": "k", "ACL": "public-read"}, "AccessControlListNotSupported"),
    ],
)
def test_put_refused(s3, bucket, kwargs, code):
    assert refused(s3.put_object, Bucket=bucket, Body=b"body", **kwargs) == (400, code)
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


@pytest.mark.parametrize(
    "given, start, end",
    [("bytes=0-4", 0, 5), ("bytes=4-", 4, 10), ("bytes=-3", 7, 10), ("bytes=8-100", 8, 10), ("bytes=-100", 0, 10)],
)
def test_ranges(s3, bucket, given, start, end):
    fill(s3, bucket, "k", body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range=given)
    assert answer["Body"].read() == b"0123456789"[start:end]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == f"bytes {start}-{end - 1}/10"
    assert s3.head_object(Bucket=bucket, Key="k", Range=given)["ContentLength"] == end - start


def test_ranges_refused_and_ignored(s3, bucket):
    fill(s3, bucket, "k", body=b"0123456789")
    fill(s3, bucket, "empty", body=b"")
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range="bytes=40-50") == (416, "InvalidRange")
    assert refused(s3.get_object, Bucket=bucket, Key="empty", Range="bytes=0-") == (416, "InvalidRange")
    for ignored in ("bytes=5-2", "bytes=x-y", "items=0-1"):
        assert read(s3, bucket, "k", Range=ignored) == b"0123456789"


def test_conditional_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    past, future = datetime.datetime(2000, 1, 1), datetime.datetime(2100, 1, 1)
    for call in (s3.get_object, s3.head_object):
        call(Bucket=bucket, Key="k", IfMatch=etag)
        call(Bucket=bucket, Key="k", IfNoneMatch='"other"')
        call(Bucket=bucket, Key="k", IfModifiedSince=past)
        call(Bucket=bucket, Key="k", IfUnmodifiedSince=future)
        assert refused(call, Bucket=bucket, Key="k", IfMatch='"other"')[0] == 412
        assert refused(call, Bucket=bucket, Key="k", IfNoneMatch=etag)[0] == 304
        assert refused(call, Bucket=bucket, Key="k", IfUnmodifiedSince=past)[0] == 412
        call(Bucket=bucket, Key="k", IfMatch=etag, IfUnmodifiedSince=past)
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=modified)[0] == 304


def test_conditional_writes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch='"x"') == (412, "PreconditionFailed")
    assert refused(s3.put_object, Bucket=bucket, Key="none", Body=b"2", IfMatch=etag) == (404, "NoSuchKey")
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=etag)
    assert read(s3, bucket, "k") == b"3"
    assert refused(s3.delete_object, Bucket=bucket, Key="k", IfMatch='"x"')[0] == 412
    body, upload_id, parts = upload(s3, bucket, "k", [10])
    assert refused(finish, s3, bucket, "k", upload_id, parts, IfNoneMatch="*")[0] == 412
    finish(s3, bucket, "k2", *upload(s3, bucket, "k2", [10])[1:], IfNoneMatch="*")


def test_response_overrides(s3, anonymous, bucket):
    fill(s3, bucket, "k")
    answer = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="a/b", ResponseCacheControl="c", ResponseContentDisposition="d", ResponseContentEncoding="e", ResponseContentLanguage="f")  # fmt: skip
    assert [answer[name] for name in ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage")] == ["a/b", "c", "d", "e", "f"]


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)
    field = f"Checksum{algorithm}"
    assert field in put
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == b"hello" and got[field] == put[field] and got["ChecksumType"] == "FULL_OBJECT"
    assert field not in make_plain(s3).get_object(Bucket=bucket, Key="k")
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ETag", "ObjectSize", "StorageClass"])
    assert attributes["Checksum"][field] == put[field] and attributes["ObjectSize"] == 5
    assert attributes["ETag"] == hashlib.md5(b"hello").hexdigest() and attributes["StorageClass"] == "STANDARD"


def make_plain(s3):
    """A client that asks for no checksums by itself."""
    return make_client(s3.meta.endpoint_url, "CUSTOMER", response_checksum_validation="when_required", request_checksum_calculation="when_required")


def test_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="a=1&b=two%20words")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "two words"}]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    assert s3.head_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPHeaders"]["x-amz-tagging-count"] == "2"
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": ""}]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "c", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert refused(s3.get_object_tagging, Bucket=bucket, Key="none") == (404, "NoSuchKey")


def test_copy(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ContentType="a/b", Metadata={"m": "1"})
    result = s3.copy_object(Bucket=bucket, Key="to é", CopySource={"Bucket": bucket, "Key": "k"})["CopyObjectResult"]
    assert result["ETag"] == f'"{hashlib.md5(b"1").hexdigest()}"'
    head = s3.head_object(Bucket=bucket, Key="to é")
    assert head["ContentType"] == "a/b" and head["Metadata"] == {"m": "1"}
    s3.copy_object(Bucket=bucket, Key="to2", CopySource={"Bucket": bucket, "Key": "to é"}, MetadataDirective="REPLACE", Metadata={"n": "2"}, ContentType="c/d")
    head = s3.head_object(Bucket=bucket, Key="to2")
    assert head["ContentType"] == "c/d" and head["Metadata"] == {"n": "2"}
    source = {"Bucket": bucket, "Key": "k"}
    assert refused(s3.copy_object, Bucket=bucket, Key="k", CopySource=source) == (400, "InvalidRequest")
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, MetadataDirective="REPLACE", Metadata={"x": "y"})
    assert read(s3, bucket, "k") == b"1" and s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"x": "y"}
    assert refused(s3.copy_object, Bucket=bucket, Key="z", CopySource={"Bucket": bucket, "Key": "none"}) == (404, "NoSuchKey")
    assert refused(s3.copy_object, Bucket=bucket, Key="z", CopySource={"Bucket": "no-such-" + bucket, "Key": "k"}) == (404, "NoSuchBucket")
    etag = f'"{hashlib.md5(b"1").hexdigest()}"'
    s3.copy_object(Bucket=bucket, Key="z", CopySource=source, CopySourceIfMatch=etag)
    assert refused(s3.copy_object, Bucket=bucket, Key="z", CopySource=source, CopySourceIfMatch='"x"')[0] == 412
    assert refused(s3.copy_object, Bucket=bucket, Key="z", CopySource=source, CopySourceIfNoneMatch=etag)[0] == 412


def test_delete_many(s3, bucket):
    fill(s3, bucket, *(f"k{index}" for index in range(5)))
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{index}"} for index in range(4)] + [{"Key": "none"}]})
    assert len(answer["Deleted"]) == 5 and "Errors" not in answer
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["k4"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k4"}], "Quiet": True})
    assert "Deleted" not in quiet
    many = [{"Key": str(index)} for index in range(1001)]
    assert refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": many}) == (400, "MalformedXML")


def test_customer_keys(s3, bucket):
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    plain = make_client(s3.meta.endpoint_url, "CUSTOMER")
    plain.meta.events.unregister("before-parameter-build.s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **key)
    assert refused(s3.get_object, Bucket=bucket, Key="k")[0] == 400
    assert refused(s3.get_object, Bucket=bucket, Key="k", SSECustomerAlgorithm="AES256", SSECustomerKey=b"x" * 32)[0] == 403
    assert read(s3, bucket, "k", **key) == b"1"


def test_acls(s3, anonymous, bucket):
    fill(s3, bucket, "k")
    grants = s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]
    s3.put_object(Bucket=bucket, Key="o", Body=b"1", ACL="bucket-owner-full-control")
    assert refused(s3.put_object_acl, Bucket=bucket, Key="k", ACL="public-read") == (400, "AccessControlListNotSupported")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    assert refused(s3.put_object_acl, Bucket=bucket, Key="k", ACL="public-read") == (403, "AccessDenied")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2
    assert read(anonymous, bucket, "k") == b"x"
    assert refused(anonymous.get_object, Bucket=bucket, Key="o") == (403, "AccessDenied")
    assert refused(anonymous.list_objects_v2, Bucket=bucket) == (403, "AccessDenied")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert sorted(keys_of(anonymous.list_objects_v2(Bucket=bucket))) == ["k", "o"]
    assert refused(anonymous.put_object, Bucket=bucket, Key="n") == (403, "AccessDenied")


# listings


def test_list_v1(s3, bucket):
    fill(s3, bucket, "asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla")
    page = s3.list_objects(Bucket=bucket, Delimiter="/")
    assert keys_of(page) == ["asdf"] and prefixes_of(page) == ["boo/", "cquux/"] and page["Delimiter"] == "/"
    first = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=1)
    assert keys_of(first) == ["asdf"] and first["IsTruncated"] and first["NextMarker"] == "asdf"
    second = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=1, Marker="asdf")
    assert prefixes_of(second) == ["boo/"] and second["NextMarker"] == "boo/"
    third = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=1, Marker="boo/")
    assert prefixes_of(third) == ["cquux/"] and not third["IsTruncated"] and "NextMarker" not in third
    page = s3.list_objects(Bucket=bucket, Prefix="boo/", Delimiter="/")
    assert keys_of(page) == ["boo/bar"] and prefixes_of(page) == ["boo/baz/"] and page["Prefix"] == "boo/"
    assert page["Contents"][0]["Owner"]["ID"] and page["Contents"][0]["Size"] == 1
    empty = s3.list_objects(Bucket=bucket, MaxKeys=0)
    assert keys_of(empty) == [] and not empty["IsTruncated"]
    page = s3.list_objects(Bucket=bucket, Marker="boo/")
    assert page["Marker"] == "boo/" and keys_of(page)[0] == "boo/bar" and page["MaxKeys"] == 1000
    assert keys_of(s3.list_objects(Bucket=bucket, Marker="zzz")) == []
    assert keys_of(s3.list_objects(Bucket=bucket, Prefix="nothing")) == []


def test_list_v2(s3, bucket):
    names = [f"k{index:02}" for index in range(12)]
    fill(s3, bucket, *names)
    first = s3.list_objects_v2(Bucket=bucket, MaxKeys=5)
    assert keys_of(first) == names[:5] and first["KeyCount"] == 5 and first["IsTruncated"]
    assert "Owner" not in first["Contents"][0]
    second = s3.list_objects_v2(Bucket=bucket, MaxKeys=5, ContinuationToken=first["NextContinuationToken"])
    assert keys_of(second) == names[5:10] and second["ContinuationToken"] == first["NextContinuationToken"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, StartAfter="k05")) == names[6:]
    assert s3.list_objects_v2(Bucket=bucket, StartAfter="k05")["StartAfter"] == "k05"
    assert s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"]["ID"]
    assert refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="nonsense") == (400, "InvalidArgument")
    assert refused(s3.list_objects_v2, Bucket=bucket, MaxKeys=-1) == (400, "InvalidArgument")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 5})
    assert [key for page in pages for key in keys_of(page)] == names


@pytest.mark.parametrize("delimiter", ["a", " ", "%", ".", "\u00e9", "/x", "\n"])
def test_list_delimiters(s3, bucket, delimiter):
    names = [f"b{delimiter}1", f"b{delimiter}2", "c", f"d{delimiter}3", "foo"]
    fill(s3, bucket, *names)
    page = s3.list_objects_v2(Bucket=bucket, Delimiter=delimiter)
    assert keys_of(page) == ["c", "foo"] and prefixes_of(page) == [f"b{delimiter}", f"d{delimiter}"]
    assert page["Delimiter"] == delimiter


def test_list_encoding(endpoint, s3, bucket):
    fill(s3, bucket, "a b/c+d", "é")
    raw = s3.generate_presigned_url("list_objects_v2", {"Bucket": bucket, "EncodingType": "url"})
    text = HTTP.request("GET", raw).data.decode()
    assert "<Key>a%20b/c%2Bd</Key>" in text and "<Key>%C3%A9</Key>" in text and "<EncodingType>url</EncodingType>" in text


# multipart uploads


def test_multipart(s3, bucket):
    body, upload_id, parts = upload(s3, bucket, "k", [5 * MIB, 5 * MIB, 100], ContentType="a/b", Metadata={"m": "1"}, Tagging="t=1")
    assert [item["UploadId"] for item in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload_id]
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id)
    assert [part["Size"] for part in listed["Parts"]] == [5 * MIB, 5 * MIB, 100]
    page = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id, MaxParts=1, PartNumberMarker=1)
    assert [part["PartNumber"] for part in page["Parts"]] == [2] and page["IsTruncated"] and page["NextPartNumberMarker"] == 2
    done = finish(s3, bucket, "k", upload_id, parts)
    digests = b"".join(bytes.fromhex(part["ETag"].strip('"')) for part in parts)
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body and got["ContentType"] == "a/b" and got["Metadata"] == {"m": "1"}
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "t", "Value": "1"}]
    part = s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    assert part["Body"].read() == b"\x03" * 100 and part["PartsCount"] == 3
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=1)["ContentLength"] == 5 * MIB
    assert refused(s3.get_object, Bucket=bucket, Key="k", PartNumber=4) == (416, "InvalidPartNumber")
    assert read(s3, bucket, "k", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}") == b"\x01\x01\x02\x02"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"])
    assert attributes["ObjectParts"]["TotalPartsCount"] == 3
    assert refused(s3.list_parts, Bucket=bucket, Key="k", UploadId=upload_id) == (404, "NoSuchUpload")


def test_multipart_refused(s3, bucket):
    _, upload_id, parts = upload(s3, bucket, "k", [100, 100])
    assert refused(finish, s3, bucket, "k", upload_id, parts) == (400, "EntityTooSmall")
    assert refused(finish, s3, bucket, "k", upload_id, parts[::-1]) == (400, "InvalidPartOrder")
    assert refused(finish, s3, bucket, "k", upload_id, [{"PartNumber": 1, "ETag": "x"}]) == (400, "InvalidPart")
    assert refused(finish, s3, bucket, "k", upload_id, [{"PartNumber": 9, "ETag": parts[0]["ETag"]}]) == (400, "InvalidPart")
    assert refused(finish, s3, bucket, "k", upload_id, []) == (400, "MalformedXML")
    assert refused(finish, s3, bucket, "k", "nothing", parts) == (404, "NoSuchUpload")
    assert refused(s3.upload_part, Bucket=bucket, Key="k", UploadId="nothing", PartNumber=1, Body=b"1") == (404, "NoSuchUpload")
    assert refused(s3.upload_part, Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=10001, Body=b"1") == (400, "InvalidArgument")
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id)
    assert refused(s3.abort_multipart_upload, Bucket=bucket, Key="k", UploadId=upload_id) == (404, "NoSuchUpload")
    assert refused(s3.get_object, Bucket=bucket, Key="k") == (404, "NoSuchKey")


def test_multipart_overwrites_parts(s3, bucket):
    _, upload_id, parts = upload(s3, bucket, "k", [5 * MIB, 10])
    answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=2, Body=b"new")
    finish(s3, bucket, "k", upload_id, [parts[0], {"PartNumber": 2, "ETag": answer["ETag"]}])
    assert read(s3, bucket, "k")[-3:] == b"new"


def test_multipart_copy(s3, bucket):
    fill(s3, bucket, "source", body=bytes(range(256)) * 40960)
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload_id, "CopySource": f"{bucket}/source"}
    first = s3.upload_part_copy(PartNumber=1, CopySourceRange=f"bytes=0-{5 * MIB - 1}", **where)["CopyPartResult"]
    second = s3.upload_part_copy(PartNumber=2, CopySourceRange="bytes=1-3", **where)["CopyPartResult"]
    finish(s3, bucket, "k", upload_id, [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": second["ETag"]}])
    assert read(s3, bucket, "k", Range="bytes=-4") == b"\xff\x01\x02\x03"
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    where["UploadId"] = upload_id
    for bad in ("bytes=0-99999999", "bytes=5-2", "0-1"):
        assert refused(s3.upload_part_copy, PartNumber=1, CopySourceRange=bad, **where) == (400, "InvalidArgument")
    assert refused(s3.upload_part_copy, PartNumber=1, Bucket=bucket, Key="k", UploadId=upload_id, CopySource=f"{bucket}/none") == (404, "NoSuchKey")


@pytest.mark.parametrize("algorithm, kind", [("SHA256", "COMPOSITE"), ("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT")])
def test_multipart_checksums(s3, bucket, algorithm, kind):
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)["UploadId"]
    parts = []
    for number, size in enumerate((5 * MIB, 10), 1):
        answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=number, Body=b"z" * size, ChecksumAlgorithm=algorithm)
        parts.append({"PartNumber": number, "ETag": answer["ETag"], f"Checksum{algorithm}": answer[f"Checksum{algorithm}"]})
    wrong = [dict(part) for part in parts]
    wrong[0][f"Checksum{algorithm}"] = wrong[1][f"Checksum{algorithm}"]
    assert refused(finish, s3, bucket, "k", upload_id, wrong) == (400, "InvalidPart")
    done = finish(s3, bucket, "k", upload_id, parts)
    assert done["ChecksumType"] == kind and done[f"Checksum{algorithm}"].endswith("-2") == (kind == "COMPOSITE")
    if kind == "FULL_OBJECT":
        whole = s3.put_object(Bucket=bucket, Key="w", Body=b"z" * (5 * MIB + 10), ChecksumAlgorithm=algorithm)
        assert done[f"Checksum{algorithm}"] == whole[f"Checksum{algorithm}"]
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == done[f"Checksum{algorithm}"]
    listed = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"])["ObjectParts"]
    assert [part[f"Checksum{algorithm}"] for part in listed["Parts"]] == [part[f"Checksum{algorithm}"] for part in parts]


def test_list_uploads(s3, bucket):
    ids = [(key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]) for key in ("a", "b/1", "b/2", "c")]
    page = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [item["Key"] for item in page["Uploads"]] == ["a", "c"] and prefixes_of(page) == ["b/"]
    first = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2)
    assert [item["Key"] for item in first["Uploads"]] == ["a", "b/1"] and first["IsTruncated"]
    rest = s3.list_multipart_uploads(Bucket=bucket, KeyMarker=first["NextKeyMarker"], UploadIdMarker=first["NextUploadIdMarker"])
    assert [(item["Key"], item["UploadId"]) for item in rest["Uploads"]] == ids[2:]


# versions


@pytest.fixture
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def test_versions(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"2")["VersionId"]
    assert first != second and read(s3, versioned, "k") == b"2" and read(s3, versioned, "k", VersionId=first) == b"1"
    listed = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [(item["VersionId"], item["IsLatest"]) for item in listed] == [(second, True), (first, False)]
    s3.copy_object(Bucket=versioned, Key="old", CopySource={"Bucket": versioned, "Key": "k", "VersionId": first})
    assert read(s3, versioned, "old") == b"1"
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"] and refused(s3.get_object, Bucket=versioned, Key="k") == (404, "NoSuchKey")
    assert refused(s3.get_object, Bucket=versioned, Key="k", VersionId=marker["VersionId"]) == (405, "MethodNotAllowed")
    assert [item["VersionId"] for item in s3.list_object_versions(Bucket=versioned)["DeleteMarkers"]] == [marker["VersionId"]]
    assert keys_of(s3.list_objects_v2(Bucket=versioned)) == ["old"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert read(s3, versioned, "k") == b"2"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert read(s3, versioned, "k") == b"1"
    assert refused(s3.get_object, Bucket=versioned, Key="k", VersionId=second) == (404, "NoSuchVersion")
    assert refused(s3.get_object, Bucket=versioned, Key="k", VersionId="bad") == (400, "InvalidArgument")
    assert refused(s3.delete_bucket, Bucket=versioned) == (409, "BucketNotEmpty")


def test_versions_suspended(s3, bucket):
    fill(s3, bucket, "k", body=b"null")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    assert read(s3, bucket, "k", VersionId="null") == b"null"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    fill(s3, bucket, "k", body=b"null2")
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [item["VersionId"] == "null" for item in listed] == [True, False]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["VersionId"] == "null" and marker["DeleteMarker"]
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1


def test_version_pages(s3, versioned):
    for key in ("a", "b", "b", "c"):
        fill(s3, versioned, key)
    seen = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": 1}):
        seen += [(item["Key"], item["VersionId"]) for item in page.get("Versions", [])]
    everything = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert seen == [(item["Key"], item["VersionId"]) for item in everything] and len(seen) == 4


def test_delete_many_versions(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}, {"Key": "k", "VersionId": first}]})
    deleted = {item.get("VersionId"): item for item in answer["Deleted"]}
    assert deleted[None]["DeleteMarker"] and "DeleteMarker" not in deleted[first]


def test_object_lock(s3):
    name = f"b-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    version = s3.put_object(Bucket=name, Key="k", Body=b"1", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)["VersionId"]
    assert s3.get_object_retention(Bucket=name, Key="k")["Retention"]["Mode"] == "GOVERNANCE"
    assert refused(s3.delete_object, Bucket=name, Key="k", VersionId=version) == (403, "AccessDenied")
    s3.delete_object(Bucket=name, Key="k", VersionId=version, BypassGovernanceRetention=True)
    version = s3.put_object(Bucket=name, Key="k", Body=b"1", ObjectLockLegalHoldStatus="ON")["VersionId"]
    assert refused(s3.delete_object, Bucket=name, Key="k", VersionId=version) == (403, "AccessDenied")
    s3.put_object_legal_hold(Bucket=name, Key="k", LegalHold={"Status": "OFF"})
    s3.delete_object(Bucket=name, Key="k", VersionId=version)
    assert refused(s3.put_bucket_versioning, Bucket=name, VersioningConfiguration={"Status": "Suspended"}) == (409, "InvalidBucketState")


# signatures, forms and browsers


def test_presigned(endpoint, s3, bucket):
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k é", "ContentType": "a/b"}, ExpiresIn=60)
    assert HTTP.request("PUT", put, body=b"hello", headers={"Content-Type": "a/b"}).status == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k é", "ResponseContentType": "x/y"})
    answer = HTTP.request("GET", get)
    assert answer.data == b"hello" and answer.headers["content-type"] == "x/y"
    assert HTTP.request("GET", get.replace("x%2Fy", "x%2Fz")).status == 403
    assert HTTP.request("DELETE", get).status == 403
    too_long = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k é"}, ExpiresIn=604801)
    assert b"AuthorizationQueryParametersError" in HTTP.request("GET", too_long).data


def test_presigned_with_old_signature(endpoint, s3, bucket):
    """What boto3 makes for us-east-1 unless it is told otherwise."""
    old = make_client(endpoint, "CUSTOMER", signature_version="s3")
    put = old.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k é", "ContentType": "a/b"})
    assert HTTP.request("PUT", put, body=b"hello", headers={"Content-Type": "a/b"}).status == 200
    get = old.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k é", "ResponseContentType": "x/y"})
    answer = HTTP.request("GET", get)
    assert answer.data == b"hello" and answer.headers["content-type"] == "x/y"
    assert HTTP.request("GET", old.generate_presigned_url("list_objects_v2", {"Bucket": bucket})).status == 200
    assert HTTP.request("GET", get.replace("Signature=", "Signature=x")).status == 403
    assert HTTP.request("GET", old.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k é"}, ExpiresIn=-5)).status == 403
    form = old.generate_presigned_post(bucket, "form")
    fields = {**form["fields"], "file": ("name.txt", b"content")}
    assert HTTP.request("POST", form["url"], fields=fields).status == 204
    assert HTTP.request("POST", form["url"], fields={**fields, "signature": "x"}).status == 403


def test_virtual_hosts(endpoint, s3, bucket):
    fill(s3, bucket, "k", body=b"hello")
    client = make_client(endpoint, "CUSTOMER", s3={"addressing_style": "virtual"})
    url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    assert HTTP.request("GET", url).status == 200
    port = endpoint.rsplit(":", 1)[1]
    host = f"{bucket}.localhost:{port}"
    answer = HTTP.request("HEAD", endpoint + "/", headers={"Host": host})
    assert answer.headers["x-amz-bucket-region"] == "us-east-1"


def test_post_form(endpoint, s3, anonymous, bucket):
    def send(form, key="k", **extra):
        fields = {**form["fields"], **extra}
        return HTTP.request("POST", form["url"], fields={**fields, "file": ("name.txt", b"content")})

    form = s3.generate_presigned_post(bucket, "k", Fields={"acl": "private", "Content-Type": "a/b"}, Conditions=[{"acl": "private"}, ["starts-with", "$Content-Type", "a/"], ["content-length-range", 1, 10]])
    assert send(form).status == 204
    assert read(s3, bucket, "k") == b"content" and s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "a/b"
    assert send(form, **{"x-amz-meta-a": "1"}).status == 403
    assert send(form, acl="public-read").status == 403
    assert send(form, **{"x-amz-signature": "0" * 64}).status == 403
    named = s3.generate_presigned_post(bucket, "up/${filename}", Fields={"success_action_status": "201"}, Conditions=[{"success_action_status": "201"}])
    answer = send(named)
    assert answer.status == 201 and b"<Key>up/name.txt</Key>" in answer.data
    small = s3.generate_presigned_post(bucket, "s", Conditions=[["content-length-range", 0, 3]])
    assert b"EntityTooLarge" in send(small).data
    assert HTTP.request("POST", f"{endpoint}/{bucket}", fields={"key": "anon", "file": ("f", b"1")}).status == 403


def test_cors(endpoint, s3, bucket):
    rule = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.example"], "AllowedHeaders": ["x-*"], "ExposeHeaders": ["etag"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-one"}
    answer = HTTP.request("OPTIONS", f"{endpoint}/{bucket}/k", headers=ask)
    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == "https://a.example"
    assert HTTP.request("OPTIONS", f"{endpoint}/{bucket}/k", headers={**ask, "Origin": "https://b.test"}).status == 403
    assert HTTP.request("OPTIONS", f"{endpoint}/{bucket}/k", headers={**ask, "Access-Control-Request-Method": "DELETE"}).status == 403
    plain = HTTP.request("GET", f"{endpoint}/{bucket}/k", headers={"Origin": "https://a.example"})
    assert plain.status == 403 and plain.headers["access-control-expose-headers"] == "etag"


def test_public_policy(s3, other, anonymous, bucket):
    fill(s3, bucket, "k", body=b"hello")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]})
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=policy) == (403, "AccessDenied")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}
    assert read(anonymous, bucket, "k") == b"hello" and read(other, bucket, "k") == b"hello"
    assert refused(anonymous.get_object, Bucket=bucket, Key="none") == (403, "AccessDenied")
    assert refused(anonymous.list_objects_v2, Bucket=bucket) == (403, "AccessDenied")
    block = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert refused(anonymous.get_object, Bucket=bucket, Key="k") == (403, "AccessDenied")
    assert refused(other.get_object, Bucket=bucket, Key="k") == (403, "AccessDenied")


def test_expected_owner(s3, bucket):
    fill(s3, bucket, "k")
    s3.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner="987654321987")
    assert refused(s3.get_object, Bucket=bucket, Key="k", ExpectedBucketOwner="111122223333") == (403, "AccessDenied")
    assert refused(s3.head_bucket, Bucket=bucket, ExpectedBucketOwner="111122223333")[0] == 403
