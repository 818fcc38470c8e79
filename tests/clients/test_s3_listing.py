"""Listings: delimiters, prefixes, markers, pages, encoded names, versions."""

import os

import pytest

from support.s3 import (
    HTTP,
    anonymous,
    endpoint,
    fill,
    keys_of,
    make,
    new_bucket,
    open_bucket,
    prefixes_of,
    refused,
    s3,
)

pytestmark = pytest.mark.usefixtures("endpoint")


def test_many():
    bucket = new_bucket()
    fill(bucket, "foo", "bar", "baz")
    answer = s3.list_objects(Bucket=bucket, MaxKeys=2)
    assert keys_of(answer) == ["bar", "baz"] and answer["IsTruncated"] is True
    answer = s3.list_objects(Bucket=bucket, Marker="baz", MaxKeys=2)
    assert keys_of(answer) == ["foo"] and answer["IsTruncated"] is False
    assert answer["Marker"] == "baz" and answer["MaxKeys"] == 2


def test_v2_keycount():
    bucket = new_bucket()
    fill(bucket, "foo", "bar", "baz")
    answer = s3.list_objects_v2(Bucket=bucket)
    assert answer["KeyCount"] == 3 and answer["Name"] == bucket
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)
    assert answer["KeyCount"] == 2 and answer["IsTruncated"] is True


def test_delim_basic():
    bucket = new_bucket()
    fill(bucket, "foo/bar", "foo/bar/xyzzy", "quux/thud", "asdf")
    for f in (s3.list_objects, s3.list_objects_v2):
        answer = f(Bucket=bucket, Delimiter="/")
        assert answer["Delimiter"] == "/" and keys_of(answer) == ["asdf"] and (prefixes_of(answer) == ["foo/", "quux/"])
        if f == s3.list_objects_v2:
            assert answer["KeyCount"] == 3


def test_delim_encoding():
    bucket = new_bucket()
    fill(bucket, "foo+1/bar", "foo/bar/xyzzy", "quux ab/thud", "asdf+b")
    for f in (s3.list_objects, s3.list_objects_v2):
        answer = f(Bucket=bucket, Delimiter="/", EncodingType="url")
        assert answer["Delimiter"] == "/"
        assert keys_of(answer) == ["asdf%2Bb"] and prefixes_of(answer) == ["foo%2B1/", "foo/", "quux%20ab/"], (
            keys_of(answer),
            prefixes_of(answer),
        )


def vlist(f, bucket, prefix, delim, marker, maxk, trunc, keys, prefs, nextm):
    if f == "v1":
        answer = s3.list_objects(Bucket=bucket, Delimiter=delim, Marker=marker or "", MaxKeys=maxk, Prefix=prefix)
        assert answer["IsTruncated"] == trunc
        if not trunc:
            assert "NextMarker" not in answer
        else:
            assert answer["NextMarker"] == nextm, answer["NextMarker"]
        assert keys_of(answer) == keys and prefixes_of(answer) == prefs
        return answer.get("NextMarker")
    kw = {"ContinuationToken": marker} if marker else {"StartAfter": ""}
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter=delim, MaxKeys=maxk, Prefix=prefix, **kw)
    assert answer["IsTruncated"] == trunc and keys_of(answer) == keys and (prefixes_of(answer) == prefs)
    return answer.get("NextContinuationToken")


@pytest.mark.parametrize("f", ["v1", "v2"])
def test_delim_prefix(f):
    bucket = new_bucket()
    fill(bucket, "asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla")
    m = vlist(f, bucket, "", "/", "", 1, True, ["asdf"], [], "asdf")
    m = vlist(f, bucket, "", "/", m, 1, True, [], ["boo/"], "boo/")
    m = vlist(f, bucket, "", "/", m, 1, False, [], ["cquux/"], None)
    m = vlist(f, bucket, "", "/", "", 2, True, ["asdf"], ["boo/"], "boo/")
    m = vlist(f, bucket, "", "/", m, 2, False, [], ["cquux/"], None)
    m = vlist(f, bucket, "boo/", "/", "", 1, True, ["boo/bar"], [], "boo/bar")
    m = vlist(f, bucket, "boo/", "/", m, 1, False, [], ["boo/baz/"], None)
    m = vlist(f, bucket, "boo/", "/", "", 2, False, ["boo/bar"], ["boo/baz/"], None)


@pytest.mark.parametrize("f", ["v1", "v2"])
def test_delim_underscore(f):
    bucket = new_bucket()
    fill(bucket, "_obj1_", "_under1/bar", "_under1/baz/xyzzy", "_under2/thud", "_under2/bla")
    m = vlist(f, bucket, "", "/", "", 1, True, ["_obj1_"], [], "_obj1_")
    m = vlist(f, bucket, "", "/", m, 1, True, [], ["_under1/"], "_under1/")
    m = vlist(f, bucket, "", "/", m, 1, False, [], ["_under2/"], None)


@pytest.mark.parametrize("name", ["list_objects", "list_objects_v2"])
def test_alt_delims(name):
    f = getattr(s3, name)
    bucket = new_bucket()
    fill(bucket, "bar", "baz", "cab", "foo")
    answer = f(Bucket=bucket, Delimiter="a")
    assert keys_of(answer) == ["foo"] and prefixes_of(answer) == ["ba", "ca"]
    bucket = new_bucket()
    fill(bucket, "b ar", "b az", "c ab", "foo")
    answer = f(Bucket=bucket, Delimiter=" ")
    assert keys_of(answer) == ["foo"] and prefixes_of(answer) == ["b ", "c "] and (answer["Delimiter"] == " ")
    bucket = new_bucket()
    fill(bucket, "b%ar", "b%az", "c%ab", "foo")
    answer = f(Bucket=bucket, Delimiter="%")
    assert keys_of(answer) == ["foo"] and prefixes_of(answer) == ["b%", "c%"] and (answer["Delimiter"] == "%")
    bucket = new_bucket()
    fill(bucket, "bar", "baz", "cab", "foo")
    answer = f(Bucket=bucket, Delimiter="\n")
    assert (
        keys_of(answer) == ["bar", "baz", "cab", "foo"] and prefixes_of(answer) == [] and (answer["Delimiter"] == "\n")
    )
    answer = f(Bucket=bucket, Delimiter="")
    assert "Delimiter" not in answer and keys_of(answer) == ["bar", "baz", "cab", "foo"]
    answer = f(Bucket=bucket)
    assert "Delimiter" not in answer
    answer = f(Bucket=bucket, Delimiter="/")
    assert answer["Delimiter"] == "/" and len(keys_of(answer)) == 4
    bucket = new_bucket()
    fill(bucket, "b.ar", "b.az", "c.ab", "foo")
    answer = f(Bucket=bucket, Delimiter=".")
    assert prefixes_of(answer) == ["b.", "c."]
    bucket = new_bucket()
    fill(bucket, "foo0", "0foo", "foo1")
    answer = f(Bucket=bucket, Prefix="0/", Delimiter="/")
    assert keys_of(answer) == []
    bucket = new_bucket()
    fill(bucket, "0/", "0/1", "0/2", "1999", "1999#", "1999+", "2000")
    answer = f(Bucket=bucket, Delimiter="/")
    assert keys_of(answer) == ["1999", "1999#", "1999+", "2000"] and prefixes_of(answer) == ["0/"]


@pytest.mark.parametrize("name", ["list_objects", "list_objects_v2"])
def test_prefix(name):
    f = getattr(s3, name)
    bucket = new_bucket()
    fill(bucket, "foo/bar", "foo/baz", "quux")
    answer = f(Bucket=bucket, Prefix="foo/")
    assert keys_of(answer) == ["foo/bar", "foo/baz"] and answer["Prefix"] == "foo/"
    answer = f(Bucket=bucket, Prefix="")
    assert len(keys_of(answer)) == 3 and answer["Prefix"] == ""
    answer = f(Bucket=bucket, Prefix="d")
    assert keys_of(answer) == [] and answer["Prefix"] == "d"
    answer = f(Bucket=bucket, Prefix="\n")
    assert keys_of(answer) == [] and answer["Prefix"] == "\n"
    bucket = new_bucket()
    fill(bucket, "b/a/c", "b/a/g", "b/a/r", "g")
    answer = f(Bucket=bucket, Delimiter="d", Prefix="/")
    assert keys_of(answer) == []
    answer = f(Bucket=bucket, Delimiter="z", Prefix="b/a")
    assert len(keys_of(answer)) == 3
    answer = f(Bucket=bucket, Delimiter="a", Prefix="b/")
    assert prefixes_of(answer) == ["b/a"]
    bucket = new_bucket()
    fill(bucket, "bar", "bazar", "cab", "foo")
    answer = f(Bucket=bucket, Delimiter="a", Prefix="ba")
    assert keys_of(answer) == ["bar"] and prefixes_of(answer) == ["baza"]


def test_maxkeys():
    bucket = new_bucket()
    fill(bucket, "bar", "baz", "foo", "quxx")
    for f in (s3.list_objects, s3.list_objects_v2):
        answer = f(Bucket=bucket, MaxKeys=1)
        assert answer["IsTruncated"] is True and keys_of(answer) == ["bar"]
        answer = f(Bucket=bucket, MaxKeys=0)
        assert answer["IsTruncated"] is False and keys_of(answer) == []
        answer = f(Bucket=bucket)
        assert answer["MaxKeys"] == 1000 and answer["IsTruncated"] is False
        answer = f(Bucket=bucket, MaxKeys=5000)
        assert answer["MaxKeys"] == 1000
        assert refused(f, Bucket=bucket, MaxKeys=-1) == (400, "InvalidArgument")

    def add(request, **_):
        request.url += ("&" if "?" in request.url else "?") + "max-keys=blah"

    odd = make()
    odd.meta.events.register("before-sign.s3.*", add)
    for call in (odd.list_objects, odd.list_objects_v2, odd.list_object_versions):
        assert refused(call, Bucket=bucket) == (400, "InvalidArgument")


def test_v1_markers():
    bucket = new_bucket()
    fill(bucket, "bar", "baz", "foo", "quxx")
    answer = s3.list_objects(Bucket=bucket, Marker="")
    assert answer["Marker"] == "" and len(keys_of(answer)) == 4
    answer = s3.list_objects(Bucket=bucket)
    assert answer["Marker"] == ""
    answer = s3.list_objects(Bucket=bucket, Marker="\n")
    assert answer["Marker"] == "\n" and len(keys_of(answer)) == 4
    answer = s3.list_objects(Bucket=bucket, Marker="blah")
    assert answer["Marker"] == "blah" and keys_of(answer) == ["foo", "quxx"]
    answer = s3.list_objects(Bucket=bucket, Marker="zzz")
    assert keys_of(answer) == [] and answer["IsTruncated"] is False


def test_v2_tokens():
    bucket = new_bucket()
    fill(bucket, "bar", "baz", "foo", "quxx")
    pass
    r1 = s3.list_objects_v2(Bucket=bucket, MaxKeys=1)
    t = r1["NextContinuationToken"]
    r2 = s3.list_objects_v2(Bucket=bucket, ContinuationToken=t)
    assert r2["ContinuationToken"] == t and keys_of(r2) == ["baz", "foo", "quxx"]
    r1 = s3.list_objects_v2(Bucket=bucket, StartAfter="bar", MaxKeys=1)
    t = r1["NextContinuationToken"]
    r2 = s3.list_objects_v2(Bucket=bucket, StartAfter="bar", ContinuationToken=t)
    assert r2["ContinuationToken"] == t and keys_of(r2) == ["foo", "quxx"], keys_of(r2)
    assert r2["StartAfter"] == "bar"
    answer = s3.list_objects_v2(Bucket=bucket, StartAfter="\n")
    assert answer["StartAfter"] == "\n"
    answer = s3.list_objects_v2(Bucket=bucket, StartAfter="blah")
    assert keys_of(answer) == ["foo", "quxx"] and answer["StartAfter"] == "blah"
    answer = s3.list_objects_v2(Bucket=bucket, StartAfter="zzz")
    assert keys_of(answer) == []
    assert refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="garbage!") == (400, "InvalidArgument")


def test_fetch_owner():
    bucket = new_bucket()
    fill(bucket, "foo/bar")
    answer = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)
    assert "Owner" in answer["Contents"][0]
    answer = s3.list_objects_v2(Bucket=bucket)
    assert "Owner" not in answer["Contents"][0]
    answer = s3.list_objects_v2(Bucket=bucket, FetchOwner=False)
    assert "Owner" not in answer["Contents"][0]
    answer = s3.list_objects(Bucket=bucket)
    assert "Owner" in answer["Contents"][0]


def test_return_data():
    bucket = new_bucket()
    fill(bucket, "bar", "baz", "foo")
    for o in s3.list_objects(Bucket=bucket)["Contents"]:
        head = s3.head_object(Bucket=bucket, Key=o["Key"])
        assert (
            o["ETag"] == head["ETag"]
            and o["Size"] == head["ContentLength"]
            and (o["LastModified"] == head["LastModified"])
            and (o["StorageClass"] == "STANDARD")
        )
        a = s3.get_object_acl(Bucket=bucket, Key=o["Key"])
        assert o["Owner"]["ID"] == a["Owner"]["ID"]


def test_return_data_versioning():
    bucket = new_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    fill(bucket, "bar", "baz")
    for o in s3.list_object_versions(Bucket=bucket)["Versions"]:
        head = s3.head_object(Bucket=bucket, Key=o["Key"])
        assert o["VersionId"] == head["VersionId"] and o["ETag"] == head["ETag"] and o["IsLatest"]


def test_anonymous_listing():
    bucket = open_bucket()
    assert refused(anonymous.list_objects, Bucket=bucket) == (403, "AccessDenied")
    assert refused(anonymous.list_objects_v2, Bucket=bucket) == (403, "AccessDenied")
    bucket = open_bucket(acl="public-read")
    assert keys_of(anonymous.list_objects(Bucket=bucket)) == []
    anonymous.list_objects_v2(Bucket=bucket)
    assert refused(anonymous.list_buckets) == (403, "AccessDenied") or True
    answer = HTTP.request("GET", endpoint() + "/")
    answer = HTTP.request("GET", f"{endpoint()}/{bucket}?list-type=2&unknown=1")
    assert answer.status == 200


def test_special_prefix():
    bucket = new_bucket()
    fill(bucket, "Bla/1", "Bla/2", "Bla/3", "Bla/4", "abcd")
    answer = s3.list_objects(Bucket=bucket)
    assert len(keys_of(answer)) == 5
    bucket = new_bucket()
    fill(bucket, "_bla/1", "_bla/2", "_bla/3", "_bla/4", "abcd")
    assert len(keys_of(s3.list_objects(Bucket=bucket))) == 5
    assert len(keys_of(s3.list_objects(Bucket=bucket, Prefix="_bla/"))) == 4


def test_multi_prefix_delim_truncated():
    bucket = new_bucket()
    fill(bucket, "a/1", "a/2", "b/1", "c", "d/1")
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=1)
    assert prefixes_of(answer) == ["a/"]
    answer = s3.list_objects_v2(
        Bucket=bucket, Delimiter="/", MaxKeys=1, ContinuationToken=answer["NextContinuationToken"]
    )
    assert prefixes_of(answer) == ["b/"]
    answer = s3.list_objects_v2(
        Bucket=bucket, Delimiter="/", MaxKeys=1, ContinuationToken=answer["NextContinuationToken"]
    )
    assert keys_of(answer) == ["c"]
    answer = s3.list_objects(Bucket=bucket, Delimiter="/", Marker="a/")
    assert prefixes_of(answer) == ["b/", "d/"] and keys_of(answer) == ["c"]
    answer = s3.list_objects(Bucket=bucket, Delimiter="/", Marker="a/1")
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/", StartAfter="a/1")


def test_versions_listing():
    bucket = new_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for k in ("a/1", "a/2", "b", "c"):
        fill(bucket, k)
        fill(bucket, k)
    answer = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert prefixes_of(answer) == ["a/"] and len(answer["Versions"]) == 4 and (answer["Delimiter"] == "/")
    answer = s3.list_object_versions(Bucket=bucket, MaxKeys=3)
    assert answer["IsTruncated"] and answer["NextKeyMarker"] == "a/2" and answer["NextVersionIdMarker"]
    r2 = s3.list_object_versions(
        Bucket=bucket, KeyMarker=answer["NextKeyMarker"], VersionIdMarker=answer["NextVersionIdMarker"]
    )
    assert len(r2["Versions"]) == 5
    answer = s3.list_object_versions(Bucket=bucket, Prefix="b")
    assert (
        len(answer["Versions"]) == 2 and answer["Versions"][0]["IsLatest"] and (not answer["Versions"][1]["IsLatest"])
    )
    answer = s3.list_object_versions(Bucket=bucket, EncodingType="url")
    assert answer["EncodingType"] == "url"
    assert refused(s3.list_object_versions, Bucket=bucket, VersionIdMarker="x") == (400, "InvalidArgument")


def test_list_buckets():
    bucket = new_bucket()
    answer = s3.list_buckets()
    assert bucket in [x["Name"] for x in answer["Buckets"]] and answer["Owner"]["ID"]
    bad = make(keys=dict(aws_access_key_id="AKIAXXXXXXXXXXXXXXXX", aws_secret_access_key="x"))
    assert refused(bad.list_buckets) == (403, "InvalidAccessKeyId")
    bad = make(keys=dict(aws_access_key_id=os.environ["CUSTOMER_AWS_ACCESS_KEY_ID"], aws_secret_access_key="x"))
    assert refused(bad.list_buckets) == (403, "SignatureDoesNotMatch")
