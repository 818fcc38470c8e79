"""What the sandbox tells about itself, and a network as slow as a test wants it."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from botocore.exceptions import ClientError

from support.cloud import CUSTOMER, Sandbox
from support.http import get
from support.s3 import fill, new_bucket, read, s3

MIB = 1024 * 1024


def test_requests_are_counted(endpoint):
    bucket = new_bucket()
    fill(bucket, "k", body=b"x" * 1000)
    read(bucket, "k")
    counts = get(f"{endpoint}/_sandbox/counts?service=s3&path=/{bucket}").json()
    assert counts["actions"]["s3:GetObject"] == {"requests": 1, "bytes_out": 1000, "refused": 0}
    assert counts["total"]["requests"] == 3
    (seen,) = get(f"{endpoint}/_sandbox/requests?path=/{bucket}/k&action=GetObject").json() or [None]
    assert seen["status"] == 200 and seen["principal"] == f"arn:aws:iam::{CUSTOMER}:root"


def test_secrets_are_not_told(endpoint):
    bucket = new_bucket()
    fill(bucket, "k")
    get(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}))
    told = get(f"{endpoint}/_sandbox/requests?path=/{bucket}").text
    assert "X-Amz-Signature=***" in told and "X-Amz-Credential=***" in told


@pytest.fixture
def slow(tmp_path):
    sandbox = Sandbox(tmp_path, "--latency-ms", "200", "--bandwidth-mb", "4")
    yield sandbox
    sandbox.stop()


def test_a_slow_network(slow):
    client = slow.client(slow.roots[CUSTOMER], "s3")
    client.create_bucket(Bucket="slow-bucket")
    client.put_object(Bucket="slow-bucket", Key="k", Body=b"x" * (4 * MIB))
    started = time.monotonic()
    client.head_object(Bucket="slow-bucket", Key="k")
    waited = time.monotonic() - started
    assert waited >= 0.2
    started = time.monotonic()
    assert len(client.get_object(Bucket="slow-bucket", Key="k")["Body"].read()) == 4 * MIB
    took = time.monotonic() - started
    assert took > 1.0


def test_the_clock_can_run_ahead(slow):
    before = get(f"{slow.endpoint}/_sandbox/clock").json()["now"]
    request = urllib.request.Request(f"{slow.endpoint}/_sandbox/clock?advance=86400", method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert get(f"{slow.endpoint}/_sandbox/clock").json()["now"][:10] > before[:10]


def put(sandbox, name, **parameters):
    query = urllib.parse.urlencode(parameters)
    request = urllib.request.Request(f"{sandbox.endpoint}/_sandbox/{name}?{query}", method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 204


@pytest.fixture
def guarded(tmp_path):
    sandbox = Sandbox(tmp_path)
    yield sandbox
    sandbox.stop()


def test_what_stands_over_an_account(guarded):
    """Even the root user of the account is under the policies of the AWS organization, and behind a VPC endpoint."""
    client = guarded.client(guarded.roots[CUSTOMER], "s3")
    client.create_bucket(Bucket="guarded")
    client.put_object(Bucket="guarded", Key="k", Body=b"x")

    def refusal():
        with pytest.raises(ClientError) as refused:
            client.get_object(Bucket="guarded", Key="k")
        return refused.value.response["Error"]["Message"]

    def policy(*statements):
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    nothing = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    anybody = {"Principal": "*"}
    put(guarded, "service-control", account=CUSTOMER, policy=policy(everything, nothing))
    assert "with an explicit deny in a service control policy" in refusal()
    put(guarded, "service-control", account=CUSTOMER, policy=policy({**everything, "Action": "s3:ListBucket"}))
    assert "because no service control policy allows the s3:GetObject action" in refusal()
    put(guarded, "service-control", account=CUSTOMER)
    put(guarded, "resource-control", account=CUSTOMER, policy=policy(nothing | anybody))
    assert "with an explicit deny in a resource control policy" in refusal()
    put(guarded, "resource-control", account=CUSTOMER)
    put(guarded, "vpc-endpoint", id="vpce-1234", policy=policy(everything | anybody, nothing | anybody))
    assert "with an explicit deny in a VPC endpoint policy" in refusal()
    put(guarded, "vpc-endpoint")
    assert client.get_object(Bucket="guarded", Key="k")["Body"].read() == b"x"

    with pytest.raises(urllib.error.HTTPError) as refused:
        put(guarded, "service-control", account=CUSTOMER, policy="no policy")
    assert refused.value.code == 400
