"""Uploads in parts, and copies."""

import base64
import datetime
import hashlib
import os
import uuid
import zlib

import pytest

from support.s3 import (
    MIB,
    fill,
    new_bucket,
    other,
    prefixes_of,
    read,
    refused,
    s3,
)

pytestmark = pytest.mark.usefixtures("endpoint")


def upload(bucket, k, sizes, c=s3, **kw):
    upload_id = c.create_multipart_upload(Bucket=bucket, Key=k, **kw)["UploadId"]
    parts = []
    body = b""
    for n, s in enumerate(sizes, 1):
        d = bytes([n % 256]) * s
        answer = c.upload_part(Bucket=bucket, Key=k, UploadId=upload_id, PartNumber=n, Body=d)
        parts.append({"PartNumber": n, "ETag": answer["ETag"]})
        body += d
    return (body, upload_id, parts)


def finish(bucket, k, upload_id, parts, **kw):
    return s3.complete_multipart_upload(
        Bucket=bucket, Key=k, UploadId=upload_id, MultipartUpload={"Parts": parts}, **kw
    )


def test_empty():
    bucket = new_bucket()
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    assert refused(s3.complete_multipart_upload, Bucket=bucket, Key="k", UploadId=upload_id) == (400, "MalformedXML")
    assert refused(finish, bucket, "k", upload_id, []) == (400, "MalformedXML")


def test_small():
    bucket = new_bucket()
    body, upload_id, parts = upload(bucket, "k", [1])
    answer = finish(bucket, "k", upload_id, parts)
    assert read(bucket, "k") == body
    assert (
        answer["ETag"].endswith('-1"')
        and answer["Location"]
        and (answer["Bucket"] == bucket)
        and (answer["Key"] == "k")
    )


def test_contents():
    bucket = new_bucket()
    body, upload_id, parts = upload(bucket, "k", [5 * MIB, 5 * MIB, 3])
    answer = finish(bucket, "k", upload_id, parts)
    assert read(bucket, "k") == body
    r2 = finish(bucket, "k", upload_id, parts)
    assert r2["ETag"] == answer["ETag"]
    a = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "ETag", "ObjectSize"])
    assert a["ObjectParts"]["TotalPartsCount"] == 3
    head = s3.head_object(Bucket=bucket, Key="k", PartNumber=1)
    assert head["PartsCount"] == 3 and head["ContentLength"] == 5 * MIB
    assert refused(s3.get_object, Bucket=bucket, Key="k", PartNumber=4) == (416, "InvalidPartNumber")
    assert refused(s3.head_object, Bucket=bucket, Key="k", PartNumber=4)[0] == 416
    g = s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    assert g["Body"].read() == body[-3:] and g["ContentRange"].startswith("bytes 10485760-")
    assert g["ResponseMetadata"]["HTTPStatusCode"] == 206
    fill(bucket, "plain", body=b"abc")
    g = s3.get_object(Bucket=bucket, Key="plain", PartNumber=1)
    assert g["Body"].read() == b"abc" and "PartsCount" not in g
    assert refused(s3.get_object, Bucket=bucket, Key="plain", PartNumber=2) == (416, "InvalidPartNumber")


def test_size_too_small():
    bucket = new_bucket()
    _, upload_id, parts = upload(bucket, "k", [100, 100])
    assert refused(finish, bucket, "k", upload_id, parts) == (400, "EntityTooSmall")


def test_missing_part():
    bucket = new_bucket()
    _, upload_id, parts = upload(bucket, "k", [10])
    assert refused(finish, bucket, "k", upload_id, [{"PartNumber": 9999, "ETag": parts[0]["ETag"]}]) == (
        400,
        "InvalidPart",
    )
    assert refused(
        finish, bucket, "k", upload_id, [{"PartNumber": 1, "ETag": '"ffffffffffffffffffffffffffffffff"'}]
    ) == (400, "InvalidPart")
    assert refused(
        finish,
        bucket,
        "k",
        upload_id,
        [{"PartNumber": 1, "ETag": parts[0]["ETag"]}, {"PartNumber": 1, "ETag": parts[0]["ETag"]}],
    ) == (400, "InvalidPartOrder")


def test_order():
    bucket = new_bucket()
    _, upload_id, parts = upload(bucket, "k", [5 * MIB, 5])
    assert refused(finish, bucket, "k", upload_id, parts[::-1]) == (400, "InvalidPartOrder")


def test_overwrite():
    bucket = new_bucket()
    fill(bucket, "k", body=b"old")
    body, upload_id, parts = upload(bucket, "k", [5 * MIB, 3])
    assert read(bucket, "k") == b"old"
    finish(bucket, "k", upload_id, parts)
    assert read(bucket, "k") == body


def test_abort():
    bucket = new_bucket()
    _, upload_id, parts = upload(bucket, "k", [10])
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id)
    assert refused(s3.list_parts, Bucket=bucket, Key="k", UploadId=upload_id) == (404, "NoSuchUpload")
    assert refused(s3.abort_multipart_upload, Bucket=bucket, Key="k", UploadId=upload_id) == (404, "NoSuchUpload")
    assert refused(s3.abort_multipart_upload, Bucket=bucket, Key="k", UploadId="56788") == (404, "NoSuchUpload")
    assert refused(finish, bucket, "k", upload_id, parts) == (404, "NoSuchUpload")
    assert refused(s3.upload_part, Bucket=bucket, Key="k", UploadId="x", PartNumber=1, Body=b"") == (
        404,
        "NoSuchUpload",
    )


def test_partnum():
    bucket = new_bucket()
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    assert refused(s3.upload_part, Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=10001, Body=b"") == (
        400,
        "InvalidArgument",
    )
    assert refused(s3.upload_part, Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=0, Body=b"") == (
        400,
        "InvalidArgument",
    )


def test_list_uploads():
    bucket = new_bucket()
    us = [
        s3.create_multipart_upload(Bucket=bucket, Key=k)["UploadId"]
        for k in ("mymultipart", "mymultipart", "mymultipart2", "d/x")
    ]
    answer = s3.list_multipart_uploads(Bucket=bucket)
    assert sorted((upload_id["UploadId"] for upload_id in answer["Uploads"])) == sorted(us)
    assert answer["Uploads"][0]["Owner"]["ID"] and answer["Uploads"][0]["Initiator"]["ID"]
    answer = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert prefixes_of(answer) == ["d/"] and len(answer["Uploads"]) == 3
    answer = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2)
    assert (
        answer["IsTruncated"]
        and answer["NextKeyMarker"]
        and answer["NextUploadIdMarker"]
        and (len(answer["Uploads"]) == 2)
    )
    r2 = s3.list_multipart_uploads(
        Bucket=bucket, KeyMarker=answer["NextKeyMarker"], UploadIdMarker=answer["NextUploadIdMarker"]
    )
    assert len(r2["Uploads"]) == 2
    answer = s3.list_multipart_uploads(Bucket=bucket, Prefix="my")
    assert len(answer["Uploads"]) == 3 and answer["Prefix"] == "my"
    answer = s3.list_multipart_uploads(Bucket=new_bucket())
    assert "Uploads" not in answer and answer["MaxUploads"] == 1000


def test_list_parts():
    bucket = new_bucket()
    _, upload_id, parts = upload(bucket, "k", [5, 6, 7, 8])
    answer = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id)
    assert (
        [x["Size"] for x in answer["Parts"]] == [5, 6, 7, 8]
        and answer["Owner"]["ID"]
        and answer["Initiator"]["ID"]
        and (answer["StorageClass"] == "STANDARD")
    )
    answer = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id, MaxParts=2)
    assert answer["IsTruncated"] and answer["NextPartNumberMarker"] == 2
    answer = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id, MaxParts=2, PartNumberMarker=2)
    assert [x["PartNumber"] for x in answer["Parts"]] == [3, 4] and (not answer["IsTruncated"])


def test_resend():
    bucket = new_bucket()
    body, upload_id, parts = upload(bucket, "k", [5 * MIB, 5 * MIB])
    d = b"z" * 5 * MIB
    e = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=2, Body=d)["ETag"]
    parts[1]["ETag"] = e
    finish(bucket, "k", upload_id, parts)
    assert read(bucket, "k") == body[: 5 * MIB] + d


def test_copy_part():
    bucket = new_bucket()
    b2 = new_bucket()
    src = os.urandom(6 * MIB)
    s3.put_object(Bucket=b2, Key="s r", Body=src)
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    answer = s3.upload_part_copy(
        Bucket=bucket,
        Key="k",
        UploadId=upload_id,
        PartNumber=1,
        CopySource={"Bucket": b2, "Key": "s r"},
        CopySourceRange="bytes=0-5242879",
    )
    r2 = s3.upload_part_copy(
        Bucket=bucket,
        Key="k",
        UploadId=upload_id,
        PartNumber=2,
        CopySource={"Bucket": b2, "Key": "s r"},
        CopySourceRange="bytes=5242880-6291455",
    )
    finish(
        bucket,
        "k",
        upload_id,
        [
            {"PartNumber": 1, "ETag": answer["CopyPartResult"]["ETag"]},
            {"PartNumber": 2, "ETag": r2["CopyPartResult"]["ETag"]},
        ],
    )
    assert read(bucket, "k") == src
    for rg in ("bytes=0-6291456",):
        assert refused(
            s3.upload_part_copy,
            Bucket=bucket,
            Key="k",
            UploadId=s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"],
            PartNumber=1,
            CopySource={"Bucket": b2, "Key": "s r"},
            CopySourceRange=rg,
        ) in [(400, "InvalidArgument"), (416, "InvalidRange")]
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    for rg in ("0-2", "bytes=0", "bytes=hello-world", "bytes=0-bar", "bytes=hello-", "bytes=0-2,3-5"):
        assert refused(
            s3.upload_part_copy,
            Bucket=bucket,
            Key="k",
            UploadId=upload_id,
            PartNumber=1,
            CopySource={"Bucket": b2, "Key": "s r"},
            CopySourceRange=rg,
        ) == (400, "InvalidArgument"), rg
    assert refused(
        s3.upload_part_copy,
        Bucket=bucket,
        Key="k",
        UploadId=upload_id,
        PartNumber=1,
        CopySource={"Bucket": b2, "Key": "none"},
    ) == (404, "NoSuchKey")
    answer = s3.upload_part_copy(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=1, CopySource=f"{b2}/s r")
    for k in ("?", "??", "%20", "a b", "@&=+;,/:#"):
        fill(b2, k, body=b"z")
        answer = s3.upload_part_copy(
            Bucket=bucket,
            Key="k",
            UploadId=upload_id,
            PartNumber=1,
            CopySource={"Bucket": b2, "Key": k},
            CopySourceRange="bytes=0-0",
        )


def test_meta_mp():
    bucket = new_bucket()
    body, upload_id, parts = upload(bucket, "k", [5], ContentType="text/bla", Metadata={"foo": "bar"}, Tagging="a=b")
    finish(bucket, "k", upload_id, parts)
    answer = s3.head_object(Bucket=bucket, Key="k")
    assert answer["ContentType"] == "text/bla" and answer["Metadata"] == {"foo": "bar"}
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_cond_complete():
    bucket = new_bucket()
    fill(bucket, "k")
    body, upload_id, parts = upload(bucket, "k", [5])
    assert refused(finish, bucket, "k", upload_id, parts, IfNoneMatch="*") == (412, "PreconditionFailed")
    finish(bucket, "k", upload_id, parts, IfMatch=s3.head_object(Bucket=bucket, Key="k")["ETag"])
    body, upload_id, parts = upload(bucket, "k2", [5])
    assert refused(finish, bucket, "k2", upload_id, parts, IfMatch='"a"') == (404, "NoSuchKey")
    finish(bucket, "k2", upload_id, parts, IfNoneMatch="*")


def test_mp_checksum():
    bucket = new_bucket()
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    d = [b"a" * 5 * MIB, b"b" * 10]
    parts = []
    for i, x in enumerate(d, 1):
        answer = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=i, Body=x, ChecksumAlgorithm="SHA256"
        )
        parts.append({"PartNumber": i, "ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]})
    assert s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id)["Parts"][0]["ChecksumSHA256"]
    answer = finish(bucket, "k", upload_id, parts)
    comp = base64.b64encode(hashlib.sha256(b"".join((hashlib.sha256(x).digest() for x in d))).digest()).decode() + "-2"
    assert answer["ChecksumSHA256"] == comp and answer["ChecksumType"] == "COMPOSITE"
    a = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectParts"])
    assert a["Checksum"]["ChecksumSHA256"] == comp[:-2] or a["Checksum"]["ChecksumSHA256"] == comp
    assert a["ObjectParts"]["Parts"][0]["ChecksumSHA256"]
    upload_id = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )["UploadId"]
    parts = []
    for i, x in enumerate(d, 1):
        answer = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=i, Body=x, ChecksumAlgorithm="CRC32"
        )
        parts.append({"PartNumber": i, "ETag": answer["ETag"]})
    full = base64.b64encode(zlib.crc32(b"".join(d)).to_bytes(4, "big")).decode()
    assert refused(finish, bucket, "k", upload_id, parts, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT") == (
        400,
        "BadDigest",
    )
    answer = finish(bucket, "k", upload_id, parts, ChecksumCRC32=full, ChecksumType="FULL_OBJECT")
    assert answer["ChecksumCRC32"] == full
    assert refused(
        s3.create_multipart_upload, Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256", ChecksumType="FULL_OBJECT"
    ) == (400, "InvalidRequest")
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    answer = s3.upload_part(
        Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256"
    )
    assert refused(
        finish,
        bucket,
        "k",
        upload_id,
        [{"PartNumber": 1, "ETag": answer["ETag"], "ChecksumSHA256": base64.b64encode(b"0" * 32).decode()}],
    ) == (400, "InvalidPart")


def test_copy():
    bucket = new_bucket()
    s3.put_object(
        Bucket=bucket,
        Key="foo",
        Body="foo",
        Metadata={"k": "v"},
        ContentType="text/bla",
        Tagging="a=b",
        CacheControl="x",
    )
    answer = s3.copy_object(Bucket=bucket, Key="bar", CopySource=f"{bucket}/foo")
    assert answer["CopyObjectResult"]["ETag"] and answer["CopyObjectResult"]["LastModified"]
    head = s3.head_object(Bucket=bucket, Key="bar")
    assert head["Metadata"] == {"k": "v"} and head["ContentType"] == "text/bla" and (head["CacheControl"] == "x")
    s3.copy_object(
        Bucket=bucket,
        Key="bar",
        CopySource=f"{bucket}/foo",
        Metadata={"n": "w"},
        MetadataDirective="REPLACE",
        ContentType="a/b",
    )
    head = s3.head_object(Bucket=bucket, Key="bar")
    assert head["Metadata"] == {"n": "w"} and head["ContentType"] == "a/b" and ("CacheControl" not in head)
    assert s3.get_object_tagging(Bucket=bucket, Key="bar")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.copy_object(Bucket=bucket, Key="bar", CopySource=f"{bucket}/foo", Tagging="c=d", TaggingDirective="REPLACE")
    assert s3.get_object_tagging(Bucket=bucket, Key="bar")["TagSet"] == [{"Key": "c", "Value": "d"}]
    assert refused(s3.copy_object, Bucket=bucket, Key="foo", CopySource=f"{bucket}/foo") == (400, "InvalidRequest")
    s3.copy_object(
        Bucket=bucket, Key="foo", CopySource=f"{bucket}/foo", MetadataDirective="REPLACE", Metadata={"z": "1"}
    )
    assert s3.head_object(Bucket=bucket, Key="foo")["Metadata"] == {"z": "1"}
    s3.copy_object(Bucket=bucket, Key="foo", CopySource=f"{bucket}/foo", StorageClass="STANDARD_IA")
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"{bucket}/none") == (404, "NoSuchKey")
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"nope-{uuid.uuid4()}/none") == (
        404,
        "NoSuchBucket",
    )
    e = s3.head_object(Bucket=bucket, Key="foo")["ETag"]
    s3.copy_object(Bucket=bucket, Key="y", CopySource=f"{bucket}/foo", CopySourceIfMatch=e)
    assert refused(s3.copy_object, Bucket=bucket, Key="y", CopySource=f"{bucket}/foo", CopySourceIfMatch="ABC") == (
        412,
        "PreconditionFailed",
    )
    assert refused(s3.copy_object, Bucket=bucket, Key="y", CopySource=f"{bucket}/foo", CopySourceIfNoneMatch=e) == (
        412,
        "PreconditionFailed",
    )
    s3.copy_object(Bucket=bucket, Key="y", CopySource=f"{bucket}/foo", CopySourceIfNoneMatch="ABC")
    assert (
        refused(
            s3.copy_object,
            Bucket=bucket,
            Key="y",
            CopySource=f"{bucket}/foo",
            CopySourceIfModifiedSince=datetime.datetime(2100, 1, 1),
        )[0]
        in (412, 200, 400)
        or 1
    )
    fill(bucket, "zero", body=b"")
    s3.copy_object(Bucket=bucket, Key="z2", CopySource=f"{bucket}/zero")
    assert s3.head_object(Bucket=bucket, Key="z2")["ContentLength"] == 0
    s3.copy_object(Bucket=bucket, Key="ver1/a b+c", CopySource={"Bucket": bucket, "Key": "foo"})
    s3.copy_object(Bucket=bucket, Key="ver2", CopySource={"Bucket": bucket, "Key": "ver1/a b+c"})
    o = new_bucket(other)
    other.put_object(Bucket=o, Key="s", Body=b"1")
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"{o}/s") == (403, "AccessDenied")
    assert refused(other.copy_object, Bucket=o, Key="x", CopySource=f"{bucket}/foo") == (403, "AccessDenied")
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource="justbucket")[0] == 400
    big = os.urandom(9 * MIB)
    s3.put_object(Bucket=bucket, Key="big", Body=big)
    s3.copy_object(Bucket=bucket, Key="big2", CopySource=f"{bucket}/big")
    assert read(bucket, "big2") == big
    assert refused(
        s3.copy_object, Bucket=bucket, Key="y", CopySource=f"{bucket}/foo", MetadataDirective="NONSENSE"
    ) == (400, "InvalidArgument")


def test_copy_versions():
    bucket = new_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    v1 = s3.put_object(Bucket=bucket, Key="f", Body="1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="f", Body="22")["VersionId"]
    answer = s3.copy_object(Bucket=bucket, Key="g", CopySource={"Bucket": bucket, "Key": "f", "VersionId": v1})
    assert answer["CopySourceVersionId"] == v1 and answer["VersionId"]
    assert read(bucket, "g") == b"1"
    assert refused(
        s3.copy_object, Bucket=bucket, Key="g", CopySource={"Bucket": bucket, "Key": "f", "VersionId": "bad"}
    ) in [(400, "InvalidArgument"), (404, "NoSuchVersion")]
    answer = s3.copy_object(Bucket=bucket, Key="f", CopySource={"Bucket": bucket, "Key": "f", "VersionId": v1})
    assert read(bucket, "f") == b"1"
    s3.delete_object(Bucket=bucket, Key="f")["VersionId"]
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"{bucket}/f") == (404, "NoSuchKey")
