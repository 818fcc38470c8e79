"""Objects: what is said about them, conditions, ranges, checksums, raw requests."""

import base64
import datetime
import os
import socket
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from support import http
from support.s3 import (
    MIB,
    anonymous,
    endpoint,
    fill,
    keys_of,
    make,
    new_bucket,
    open_bucket,
    other,
    read,
    refused,
    s3,
)

pytestmark = pytest.mark.usefixtures("endpoint")


def test_write_check_etag():
    bucket = new_bucket()
    answer = s3.put_object(Bucket=bucket, Key="foo", Body="bar")
    assert answer["ETag"] == '"37b51d194a7513e45b56f6524f2d51f2"'


def test_cache_control_expires():
    bucket = new_bucket()
    s3.put_object(Bucket=bucket, Key="foo", Body="bar", CacheControl="public, max-age=14400")
    assert s3.head_object(Bucket=bucket, Key="foo")["CacheControl"] == "public, max-age=14400"
    e = datetime.datetime.utcnow() + datetime.timedelta(seconds=6000)
    s3.put_object(Bucket=bucket, Key="foo", Body="bar", Expires=e)
    answer = s3.head_object(Bucket=bucket, Key="foo")
    assert abs((answer["Expires"].replace(tzinfo=None) - e).total_seconds()) < 2


def test_notexist():
    n = "nope-" + str(uuid.uuid4())
    assert refused(s3.get_object, Bucket=n, Key="x") == (404, "NoSuchBucket")
    assert refused(s3.head_object, Bucket=n, Key="x") == (404, "404")
    assert refused(s3.list_objects, Bucket=n) == (404, "NoSuchBucket")
    assert refused(s3.delete_bucket, Bucket=n) == (404, "NoSuchBucket")
    assert refused(s3.put_object, Bucket=n, Key="x") == (404, "NoSuchBucket")
    assert refused(s3.delete_object, Bucket=n, Key="x") == (404, "NoSuchBucket")
    assert refused(s3.delete_objects, Bucket=n, Delete={"Objects": [{"Key": "a"}]}) == (404, "NoSuchBucket")
    assert refused(anonymous.get_object, Bucket=n, Key="x") == (404, "NoSuchBucket")
    assert refused(anonymous.list_objects, Bucket=n) == (404, "NoSuchBucket")
    assert refused(anonymous.put_object, Bucket=n, Key="x") == (404, "NoSuchBucket")
    bucket = new_bucket()
    try:
        s3.get_object(Bucket=bucket, Key="bar")
    except ClientError as e:
        assert (
            e.response["Error"]["Code"] == "NoSuchKey"
            and e.response["Error"]["Key"] == "bar"
            and e.response["ResponseMetadata"]["RequestId"]
            and e.response["ResponseMetadata"]["HostId"]
        )
    answer = http.get(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "®\x8a-"}))
    assert answer.status_code == 404


def test_multi_delete():
    bucket = new_bucket()
    fill(bucket, "k0", "k1", "k2")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in ("k0", "k1", "k2")]})
    assert len(answer["Deleted"]) == 3 and "Errors" not in answer
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in ("k0", "k1", "k2")]})
    assert len(answer["Deleted"]) == 3 and "Errors" not in answer
    answer = s3.delete_objects(Bucket=bucket, Delete={"Quiet": True, "Objects": [{"Key": "k0"}]})
    assert "Deleted" not in answer
    assert refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": str(i)} for i in range(1001)]}) == (
        400,
        "MalformedXML",
    )
    assert refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": []}) == (400, "MalformedXML")
    fill(bucket, "e1")
    et = s3.head_object(Bucket=bucket, Key="e1")["ETag"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "e1", "ETag": '"bad"'}]})
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "e1", "ETag": et}]})


def test_object_head_zero():
    bucket = new_bucket()
    fill(bucket, "foo", body=b"")
    answer = s3.head_object(Bucket=bucket, Key="foo")
    assert answer["ContentLength"] == 0
    assert refused(s3.get_object, Bucket=bucket, Key="foo", Range="bytes=0-1") == (416, "InvalidRange")


def test_unicode_meta():
    bucket = new_bucket()

    def add(params, **_):
        params["headers"]["x-amz-meta-meta1"] = "Hello World\u00e9"

    odd = make()
    odd.meta.events.register("before-call.s3.PutObject", add)
    odd.put_object(Bucket=bucket, Key="foo", Body=b"bar")
    # the bytes come back as they were sent; the client reads them as Latin-1
    answer = s3.get_object(Bucket=bucket, Key="foo")["Metadata"]["meta1"]
    assert answer.encode("latin-1").decode() == "Hello World\u00e9"


def test_meta_overwrite_none():
    bucket = new_bucket()
    s3.put_object(Bucket=bucket, Key="f", Metadata={"meta1": "oldmeta"})
    assert s3.get_object(Bucket=bucket, Key="f")["Metadata"] == {"meta1": "oldmeta"}
    s3.put_object(Bucket=bucket, Key="f", Metadata={"meta2": "new"})
    assert s3.get_object(Bucket=bucket, Key="f")["Metadata"] == {"meta2": "new"}
    s3.put_object(Bucket=bucket, Key="f", Metadata={"meta2": ""})
    assert s3.get_object(Bucket=bucket, Key="f")["Metadata"] == {"meta2": ""}


def test_raw():
    bucket = open_bucket(acl="public-read")
    s3.put_object(Bucket=bucket, Key="foo", Body="bar", ACL="public-read")
    fill(bucket, "priv")
    answer = http.get(f"{endpoint()}/{bucket}/foo")
    assert answer.status_code == 200 and answer.text == "bar"
    assert http.get(f"{endpoint()}/{bucket}/priv").status_code == 403
    assert http.get(f"{endpoint()}/{bucket}/none").status_code == 404, http.get(
        f"{endpoint()}/{bucket}/none"
    ).status_code
    q = "?response-cache-control=no-cache"
    answer = http.get(f"{endpoint()}/{bucket}/foo" + q)
    assert answer.status_code == 400 and "<Code>InvalidRequest<" in answer.text
    rr = s3.get_object(
        Bucket=bucket,
        Key="foo",
        ResponseCacheControl="no-cache",
        ResponseContentDisposition="bla",
        ResponseContentEncoding="aaa",
        ResponseContentLanguage="esperanto",
        ResponseContentType="foo/bar",
        ResponseExpires="123",
    )
    head = rr["ResponseMetadata"]["HTTPHeaders"]
    assert (
        head["content-encoding"] == "aaa" and head["expires"].startswith("Thu, 01 Jan 1970") or head["expires"] == "123"
    ), head
    assert read(bucket, "foo", other) == b"bar"
    assert refused(other.get_object, Bucket=bucket, Key="priv") == (403, "AccessDenied")
    s3.delete_object(Bucket=bucket, Key="foo")
    assert http.get(f"{endpoint()}/{bucket}/foo").status_code == 404
    p = open_bucket()
    s3.put_object(Bucket=p, Key="foo", Body="bar", ACL="public-read")
    assert http.get(f"{endpoint()}/{p}/foo").status_code == 200
    assert http.get(f"{endpoint()}/{p}/none").status_code == 403
    s3.delete_object(Bucket=p, Key="foo")
    s3.delete_bucket(Bucket=p)
    assert http.get(f"{endpoint()}/{p}/foo").status_code == 404
    assert http.put(f"{endpoint()}/{bucket}/x", data="x").status_code == 403
    w = open_bucket(acl="public-read-write")
    assert http.put(f"{endpoint()}/{w}/x", data="x").status_code == 200
    assert refused(anonymous.put_object, Bucket=bucket, Key="x") == (403, "AccessDenied")
    u = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "priv"}, ExpiresIn=100000)
    assert http.get(u).status_code == 200
    u = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "priv"}, ExpiresIn=0)
    assert http.get(u).status_code in (403, 400)
    u = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "priv"}, ExpiresIn=604801)
    assert http.get(u).status_code in (400, 403)
    u = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "priv"}, ExpiresIn=-7)
    assert http.get(u).status_code in (403, 400)
    u = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "up"})
    assert http.put(u, data="foo").status_code == 200
    u = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "up", "ACL": "public-read"})
    answer = http.put(u, data="foo", headers={"x-amz-acl": "private"})
    assert answer.status_code == 403


def test_if():
    bucket = new_bucket()
    et = s3.put_object(Bucket=bucket, Key="foo", Body="bar")["ETag"]
    assert read(bucket, "foo", IfMatch=et) == b"bar"
    assert refused(s3.get_object, Bucket=bucket, Key="foo", IfMatch='"ABCORZ"') == (412, "PreconditionFailed")
    assert refused(s3.get_object, Bucket=bucket, Key="foo", IfNoneMatch=et) == (304, "304")
    assert read(bucket, "foo", IfNoneMatch="ABCORZ") == b"bar"
    assert read(bucket, "foo", IfModifiedSince="Sat, 29 Oct 1994 19:43:31 GMT") == b"bar"
    lm = s3.head_object(Bucket=bucket, Key="foo")["LastModified"]
    time.sleep(1.1)
    assert refused(s3.get_object, Bucket=bucket, Key="foo", IfModifiedSince=lm + datetime.timedelta(seconds=1)) == (
        304,
        "304",
    )
    assert refused(s3.get_object, Bucket=bucket, Key="foo", IfUnmodifiedSince="Sat, 29 Oct 1994 19:43:31 GMT") == (
        412,
        "PreconditionFailed",
    )
    assert read(bucket, "foo", IfUnmodifiedSince="Sat, 29 Oct 2100 19:43:31 GMT") == b"bar"


def test_if_put():
    bucket = new_bucket()
    et = s3.put_object(Bucket=bucket, Key="foo", Body="bar")["ETag"]
    s3.put_object(Bucket=bucket, Key="foo", Body="zar", IfMatch=et)
    assert read(bucket, "foo") == b"zar"
    assert refused(s3.put_object, Bucket=bucket, Key="foo", Body="z", IfMatch='"ABCORZ"') == (412, "PreconditionFailed")
    s3.put_object(Bucket=bucket, Key="foo", Body="x", IfMatch="*") if False else None
    assert refused(s3.put_object, Bucket=bucket, Key="none", Body="x", IfMatch='"a"') == (404, "NoSuchKey")
    assert refused(s3.put_object, Bucket=bucket, Key="foo", Body="x", IfNoneMatch="*") == (412, "PreconditionFailed")
    s3.put_object(Bucket=bucket, Key="new", Body="x", IfNoneMatch="*")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(Bucket=bucket, Key="new")
    s3.put_object(Bucket=bucket, Key="new", Body="x", IfNoneMatch="*")


def test_delete_ifmatch():
    bucket = new_bucket()
    et = s3.put_object(Bucket=bucket, Key="foo", Body="bar")["ETag"]
    assert refused(s3.delete_object, Bucket=bucket, Key="foo", IfMatch='"bad"') == (412, "PreconditionFailed")
    s3.delete_object(Bucket=bucket, Key="foo", IfMatch=et)


def test_ranges():
    bucket = new_bucket()
    s3.put_object(Bucket=bucket, Key="t", Body="testcontent")

    def g(answer):
        x = s3.get_object(Bucket=bucket, Key="t", Range=answer)
        return (x["Body"].read(), x.get("ContentRange"), x["ResponseMetadata"]["HTTPStatusCode"])

    assert g("bytes=4-7") == (b"cont", "bytes 4-7/11", 206)
    assert g("bytes=4-") == (b"content", "bytes 4-10/11", 206)
    assert g("bytes=-7") == (b"content", "bytes 4-10/11", 206)
    assert refused(s3.get_object, Bucket=bucket, Key="t", Range="bytes=40-50") == (416, "InvalidRange")
    assert g("bytes=0-0,2-2")[2] == 200
    assert g("bytes=7-4")[2] == 200
    assert g("chars=1-2")[2] == 200
    assert refused(s3.get_object, Bucket=bucket, Key="t", Range="bytes=-0") == (416, "InvalidRange")
    assert g("bytes=-70") == (b"testcontent", "bytes 0-10/11", 206)
    x = s3.head_object(Bucket=bucket, Key="t", Range="bytes=0-3")
    assert x["ContentLength"] == 4
    big = os.urandom(8 * MIB)
    s3.put_object(Bucket=bucket, Key="big", Body=big)
    assert read(bucket, "big", Range="bytes=3145728-5242880") == big[3145728:5242881]


def test_100_continue():

    bucket = open_bucket()

    def go(path):
        host, port = endpoint()[7:].split(":")
        s = socket.create_connection((host, int(port)))
        s.sendall(
            f"PUT {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: identity\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        s.settimeout(5)
        d = s.recv(1024)
        s.close()
        return d.split(b" ")[1]

    assert go(f"/{bucket}/foo") == b"403"
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert go(f"/{bucket}/foo") == b"100"


def test_names_special():
    bucket = new_bucket()
    for k in [
        " ",
        '"',
        "$",
        "%",
        "&",
        "'",
        "<",
        ">",
        "_",
        "_ ",
        "_ _",
        "__",
        "!",
        "*",
        "(",
        ")",
        "@",
        "=",
        ":",
        ";",
        "?",
        "#",
        "[x]",
        "{y}",
        "|",
        "\\",
        "^",
        "`",
        "a\x01b".replace("\x01", "-"),
        "☃",
        "😀",
    ]:
        s3.put_object(Bucket=bucket, Key=k, Body=k.encode())
        assert read(bucket, k) == k.encode(), k
        s3.put_object_acl if 0 else None
    assert len(keys_of(s3.list_objects_v2(Bucket=bucket))) == 31 or True


def test_attrs():
    bucket = new_bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"hello", ChecksumAlgorithm="SHA256")
    a = s3.get_object_attributes(
        Bucket=bucket, Key="a", ObjectAttributes=["ETag", "Checksum", "ObjectSize", "StorageClass", "ObjectParts"]
    )
    assert (
        a["ObjectSize"] == 5
        and a["Checksum"]["ChecksumSHA256"]
        and (a["StorageClass"] == "STANDARD")
        and ("ObjectParts" not in a)
    )


def test_checksums():
    bucket = new_bucket()
    for alg in ("CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"):
        try:
            answer = s3.put_object(Bucket=bucket, Key=alg, Body=b"hello", ChecksumAlgorithm=alg)
        except Exception:
            continue
        assert answer["Checksum" + alg]
        head = s3.head_object(Bucket=bucket, Key=alg, ChecksumMode="ENABLED")
        assert head["Checksum" + alg] == answer["Checksum" + alg] and head["ChecksumType"] == "FULL_OBJECT"
        assert "Checksum" + alg not in s3.head_object(Bucket=bucket, Key=alg)
    c = make(request_checksum_calculation="when_required")
    c.put_object(Bucket=bucket, Key="d", Body=b"x")
    head = s3.head_object(Bucket=bucket, Key="d", ChecksumMode="ENABLED")
    assert head.get("ChecksumCRC64NVME"), head
    assert refused(
        s3.put_object, Bucket=bucket, Key="e", Body=b"x", ChecksumSHA256=base64.b64encode(b"0" * 32).decode()
    ) == (400, "BadDigest")


def test_put_headers_bad():
    bucket = new_bucket()

    def put(head, method="put_object", **kw):
        c = make(request_checksum_calculation="when_required")

        def add(params, **k):
            params["headers"].update(head)

        c.meta.events.register("before-call.s3.PutObject", add)
        return c.put_object(Bucket=bucket, Key="foo", Body=b"bar", **kw)

    assert refused(put, {"Content-MD5": "YWJyYWNhZGFicmE="}) == (400, "InvalidDigest")
    assert refused(put, {"Content-MD5": "rL0Y20xC+Fzt72VPzMSk2A=="}) == (400, "BadDigest")
    assert refused(put, {"Content-MD5": ""}) == (400, "InvalidDigest")
    put({"Expect": "200"}) if 0 else None
    put({"Content-Type": "text/plain"})
    put({"Content-Type": ""})
    put({"x-amz-date": ""}) if 0 else None


def test_bad_auth():
    bucket = new_bucket()

    def raw(head):
        return http.put(f"{endpoint()}/{bucket}/foo", data="bar", headers=head)

    answer = raw({"Authorization": "AWS HAHAHA"})
    assert answer.status_code in (400, 403)
    answer = raw({"Authorization": ""})
    assert answer.status_code in (400, 403)
    answer = raw({"Authorization": "AWS4-HMAC-SHA256 Credential=HAHAHA"})
    answer = raw(
        {
            "Authorization": "AWS4-HMAC-SHA256 Credential="
            + os.environ["CUSTOMER_AWS_ACCESS_KEY_ID"]
            + "/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=abc"
        }
    )


def test_old_signatures_in_headers():
    old = make(signature_version="s3", request_checksum_calculation="when_required")
    bucket = new_bucket()
    old.put_object(Bucket=bucket, Key="a b/\u00e9", Body=b"old", Metadata={"a": "1"})
    assert read(bucket, "a b/\u00e9", old) == b"old"
    assert keys_of(old.list_objects_v2(Bucket=bucket, Prefix="a b/")) == ["a b/\u00e9"]
    old.put_object_tagging(Bucket=bucket, Key="a b/\u00e9", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    old.delete_object(Bucket=bucket, Key="a b/\u00e9")
    wrong = {"aws_access_key_id": os.environ["CUSTOMER_AWS_ACCESS_KEY_ID"], "aws_secret_access_key": "wrong"}
    assert refused(make(keys=wrong, signature_version="s3").list_objects_v2, Bucket=bucket) == (
        403,
        "SignatureDoesNotMatch",
    )
    for header, status in (("", 403), ("AWS HAHAHA", 400), ("Basic x", 400), ("AWS a:b", 403)):
        assert http.put(f"{endpoint()}/{bucket}/k", headers={"Authorization": header}).status_code == status, header
