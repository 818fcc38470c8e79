"""Uploads by form, with signed policies."""

import base64
import datetime
import hashlib
import hmac
import json
import os
from collections import OrderedDict

import pytest

from support import http
from support.s3 import (
    endpoint,
    new_bucket,
    open_bucket,
    read,
    s3,
)

pytestmark = pytest.mark.usefixtures("endpoint")


def policy(bucket, conds, exp=6000, **extra):
    e = (datetime.datetime.utcnow() + datetime.timedelta(seconds=exp)).strftime("%Y-%m-%dT%H:%M:%SZ")
    d = {"expiration": e, "conditions": conds}
    d.update(extra)
    return d


def signed(bucket, conds, fields=None, exp=6000, doc=None, sk=None):
    sk = sk or os.environ["CUSTOMER_AWS_SECRET_ACCESS_KEY"]
    d = doc or policy(bucket, conds, exp)
    p = base64.b64encode(json.dumps(d).encode())
    sig = base64.b64encode(hmac.new(sk.encode(), p, hashlib.sha1).digest())
    o = OrderedDict(
        [
            ("key", "foo.txt"),
            ("AWSAccessKeyId", os.environ["CUSTOMER_AWS_ACCESS_KEY_ID"]),
            ("acl", "private"),
            ("signature", sig.decode()),
            ("policy", p.decode()),
            ("Content-Type", "text/plain"),
        ]
    )
    o.update(fields or {})
    o["file"] = "bar"
    return o


conditions = lambda bucket: [
    {"bucket": bucket},
    ["starts-with", "$key", "foo"],
    {"acl": "private"},
    ["starts-with", "$Content-Type", "text/plain"],
    ["content-length-range", 0, 1024],
]


def post(bucket, f):
    return http.post_form(f"{endpoint()}/{bucket}", f)


def test_anon():
    bucket = open_bucket(acl="public-read-write")
    answer = post(
        bucket,
        OrderedDict([("key", "foo.txt"), ("acl", "public-read"), ("Content-Type", "text/plain"), ("file", "bar")]),
    )
    assert answer.status_code == 204
    assert read(bucket, "foo.txt") == b"bar"


def test_auth():
    bucket = new_bucket()
    answer = post(bucket, signed(bucket, conditions(bucket)))
    assert answer.status_code == 204, answer.text
    assert read(bucket, "foo.txt") == b"bar"
    conditions_here = [
        {"bucket": bucket},
        ["starts-with", "$key", "foo"],
        {"acl": "private"},
        ["content-length-range", 0, 1024],
    ]
    f = signed(bucket, conditions_here)
    del f["Content-Type"]
    assert post(bucket, f).status_code == 204
    f = signed(bucket, conditions(bucket), sk="x")
    assert post(bucket, f).status_code == 403
    f = signed(bucket, conditions(bucket))
    f["AWSAccessKeyId"] = "foo"
    assert post(bucket, f).status_code == 403
    for s, code in (("200", 200), ("201", 201), ("404", 204)):
        answer = post(
            bucket,
            signed(
                bucket,
                conditions(bucket) + [["starts-with", "$success_action_status", ""]],
                {"success_action_status": s},
            ),
        )
        assert answer.status_code == code, (s, answer.status_code)
        if code == 201:
            assert "<Key>foo.txt</Key>" in answer.text and "<PostResponse" in answer.text
    assert (
        post(bucket, signed(bucket, conditions(bucket)[:-1] + [["content-length-range", 512, 1000]])).status_code == 400
    )
    assert post(bucket, signed(bucket, conditions(bucket)[:-1] + [["content-length-range", 0, 0]])).status_code == 400
    assert post(bucket, signed(bucket, conditions(bucket)[:-1] + [["content-length-range", -1, 0]])).status_code == 400
    assert post(bucket, signed(bucket, conditions(bucket)[:-1] + [["content-length-range", 0]])).status_code == 400
    conditions_here = [
        ["starts-with", "$key", "foo"],
        {"acl": "private"},
        ["starts-with", "$Content-Type", "text/plain"],
        ["content-length-range", 0, 1024],
    ]
    answer = post(bucket, signed(bucket, conditions_here))
    assert answer.status_code == 403, (answer.status_code, answer.text)
    assert post(bucket, signed(bucket, conditions(bucket), exp=-6000)).status_code == 403
    d = policy(bucket, conditions(bucket))
    del d["expiration"]
    assert post(bucket, signed(bucket, None, doc=d)).status_code == 400
    d = policy(bucket, conditions(bucket))
    del d["conditions"]
    assert post(bucket, signed(bucket, None, doc=d)).status_code == 400
    d = {"EXPIRATION": "x", "CONDITIONS": []}
    assert post(bucket, signed(bucket, None, doc=d)).status_code == 400
    conditions_here = [
        {"bUcKeT": bucket},
        ["StArTs-WiTh", "$KeY", "foo"],
        {"AcL": "private"},
        ["StArTs-WiTh", "$CoNtEnT-TyPe", "text/plain"],
        ["content-length-range", 0, 1024],
    ]
    answer = post(bucket, signed(bucket, conditions_here))
    assert answer.status_code == 204, answer.text
    conditions_here = [
        {"bucket": bucket},
        ["starts-with", "$key", "\\$foo"],
        {"acl": "private"},
        ["starts-with", "$Content-Type", "text/plain"],
        ["content-length-range", 0, 1024],
    ]
    answer = post(bucket, signed(bucket, conditions_here, {"key": "\\$foo.txt"}))
    assert answer.status_code == 204, answer.text
    answer = post(
        bucket,
        signed(
            bucket, conditions(bucket) + [["starts-with", "$x-amz-meta-foo", "bar"]], {"x-amz-meta-foo": "barclamp"}
        ),
    )
    assert answer.status_code == 204
    assert s3.get_object(Bucket=bucket, Key="foo.txt")["Metadata"] == {"foo": "barclamp"}
    assert post(bucket, signed(bucket, conditions(bucket), {"x-amz-meta-foo": "barclamp"})).status_code == 403
    assert (
        post(
            bucket, signed(bucket, conditions(bucket) + [["eq", "$x-amz-meta-foo", ""]], {"x-amz-meta-foo": "barclamp"})
        ).status_code
        == 403
    )
    assert post(bucket, signed(bucket, conditions(bucket), {"x-ignore-foo": "barclamp"})).status_code == 204
    assert (
        post(
            bucket,
            signed(bucket, conditions(bucket) + [["starts-with", "$x-amz-meta-foo"]], {"x-amz-meta-foo": "barclamp"}),
        ).status_code
        == 400
    )
    elsewhere = "http://localhost/x"
    redirecting = conditions(bucket) + [["eq", "$success_action_redirect", elsewhere]]
    answer = post(bucket, signed(bucket, redirecting, {"success_action_redirect": elsewhere}))
    assert answer.status_code == 303 and answer.headers["location"].startswith("http://localhost/x?bucket="), (
        answer.status_code,
        answer.headers,
    )
    f = signed(bucket, conditions(bucket), {"key": "foo-${filename}"})
    f["file"] = ("name.txt", "bar")
    assert post(bucket, f).status_code == 204
    assert read(bucket, "foo-name.txt") == b"bar"
    f = signed(bucket, conditions(bucket))
    del f["key"]
    assert post(bucket, f).status_code == 400
    f = signed(bucket, conditions(bucket))
    del f["signature"]
    assert post(bucket, f).status_code in (400, 403)
    f = signed(bucket, conditions(bucket))
    del f["policy"]
    assert post(bucket, f).status_code in (400, 403), 1
    xml = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    answer = post(bucket, signed(bucket, conditions(bucket) + [["starts-with", "$tagging", ""]], {"tagging": xml}))
    assert answer.status_code == 204, answer.text
    assert s3.get_object_tagging(Bucket=bucket, Key="foo.txt")["TagSet"] == [{"Key": "a", "Value": "b"}]
    answer = post(bucket, signed(bucket, [{"bucket": "other"}] + conditions(bucket)[1:]))
    assert answer.status_code == 403
    conditions_here = conditions(bucket)[:-1] + [["content-length-range", 5 * 1024 * 1024, 1024 * 1024 * 1024]]
    assert post(bucket, signed(bucket, conditions_here)).status_code == 400
