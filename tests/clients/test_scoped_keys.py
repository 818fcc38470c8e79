"""Keys taken from the wire, and tried by somebody else: they open the stage and nothing beside it.

The role behind them may do everything to every bucket: what they cannot do is the session policy's work.
"""

import boto3
import pyarrow as pa
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support.cloud import REGION
from support.server import Server
from support.warehouse import Warehouse
from support.wire import Wire

ROWS = pa.table({"id": [1]})
EVERYTHING = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
# Wildcards and variables of policies, blanks, quotes and more of Unicode; and a name with none of them.
FOLDERS = ["raw/", "a*/", "a?c/", "${aws:username}/", "$/", "with blank/", "déjà vu 日本/", "it's \"q\"/", "a\\b/"]


@pytest.fixture(scope="module")
def wire(cloud):
    wire = Wire(cloud)
    yield wire
    wire.stop()


@pytest.fixture(scope="module")
def warehouse(cloud, provider, wire, tmp_path_factory):
    """A server whose STS is the wire."""
    folder = tmp_path_factory.mktemp("scoped")
    server = Server(folder, cloud, provider.keys, provider.principals, AWS_ENDPOINT_URL_STS=wire.endpoint)
    yield Warehouse(server)
    server.stop()


def quoted(text):
    return text.replace("\\", "\\\\").replace("'", "''")


def stolen(cloud, session):
    """A client of S3 with the keys of a session."""
    return boto3.client(
        "s3",
        endpoint_url=cloud.endpoint,
        aws_access_key_id=session.keys.access_key_id,
        aws_secret_access_key=session.keys.secret_access_key,
        aws_session_token=session.token,
        region_name=REGION,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def is_refused(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDenied"
    return False


@pytest.mark.parametrize("folder", FOLDERS)
def test_reading_keys_open_the_folder_alone(cloud, customer, principal, warehouse, wire, folder):
    # Folders that the name would match too, if a policy took it for a pattern.
    beside = ["private/", "aXY/", "abc/", "a/", "customer/", "x/", folder[:-1] + "-more/", "top.parquet"]
    beside = [place if place.endswith("parquet") else place + "file.parquet" for place in beside]
    bucket = customer.bucket({folder + "file.parquet": ROWS} | dict.fromkeys(beside, ROWS))
    other = customer.bucket({folder + "file.parquet": ROWS})
    connection = warehouse.connection(customer.role(principal, EVERYTHING))
    stage = warehouse.stage(bucket, connection, quoted(folder))
    before = len(wire.sessions)
    assert warehouse.run(f"SELECT * FROM @{stage}") == [(1,)]
    sessions = [session for session in wire.sessions[before:] if "role-" in session.role]
    assert len(sessions) == 1 and sessions[0].name == "default.root", [session.role for session in sessions]
    s3 = stolen(cloud, sessions[0])

    assert s3.get_object(Bucket=bucket, Key=folder + "file.parquet")["ContentLength"] > 0
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]
    assert [item["Key"] for item in listed] == [folder + "file.parquet"]
    for key in beside:
        assert is_refused(s3.get_object, Bucket=bucket, Key=key), key
        assert is_refused(s3.list_objects_v2, Bucket=bucket, Prefix=key.rpartition("/")[0] + "/"), key
    assert is_refused(s3.list_objects_v2, Bucket=bucket)
    assert is_refused(s3.list_objects_v2, Bucket=bucket, Prefix=folder[:1])
    assert is_refused(s3.get_object, Bucket=other, Key=folder + "file.parquet")
    assert is_refused(s3.list_objects_v2, Bucket=other, Prefix=folder)
    assert is_refused(s3.list_buckets)
    assert is_refused(s3.put_object, Bucket=bucket, Key=folder + "new", Body=b"x")
    assert is_refused(s3.delete_object, Bucket=bucket, Key=folder + "file.parquet")
    assert is_refused(s3.create_multipart_upload, Bucket=bucket, Key=folder + "new")
    assert is_refused(s3.put_object_acl, Bucket=bucket, Key=folder + "file.parquet", ACL="public-read")


@pytest.mark.parametrize("folder", ["raw/", "a*/", "with blank/"])
def test_writing_keys_write_in_the_folder_alone(cloud, customer, principal, warehouse, wire, folder):
    bucket = customer.bucket({folder + "file.parquet": ROWS, "aXY/file.parquet": ROWS})
    connection = warehouse.connection(customer.role(principal, EVERYTHING))
    stage = warehouse.stage(bucket, connection, quoted(folder))
    before = len(wire.sessions)
    warehouse.run(f"REMOVE @{stage}/file.parquet")
    session = wire.sessions[-1]
    assert len(wire.sessions) > before and "s3:DeleteObject" in session.policy
    s3 = stolen(cloud, session)
    s3.put_object(Bucket=bucket, Key=folder + "new", Body=b"x")
    s3.delete_object(Bucket=bucket, Key=folder + "new")
    assert is_refused(s3.put_object, Bucket=bucket, Key="aXY/new", Body=b"x")
    assert is_refused(s3.delete_object, Bucket=bucket, Key="aXY/file.parquet")
    assert is_refused(s3.put_bucket_policy, Bucket=bucket, Policy="{}")


def test_a_folder_too_long_for_a_policy_is_told(customer, principal, warehouse, wire):
    """The keys then reach all of the bucket, never all of the role; and whoever reads is told so."""
    folder = "é" * 300 + "/"
    bucket = customer.bucket({folder + "file.parquet": ROWS})
    connection = warehouse.connection(customer.role(principal, EVERYTHING))
    stage = warehouse.stage(bucket, connection, folder)
    for sql in (f"SELECT * FROM @{stage}", f"LIST @{stage}"):
        status, answer = warehouse.server.request("POST", "/v1/query", {"sql": sql})
        while answer.get("next_uri") and not answer["warnings"]:
            status, answer = warehouse.server.request("GET", answer["next_uri"])
        assert status == 200 and answer["error"] is None, answer
        [warning] = answer["warnings"]
        assert "too long for AWS" in warning and f"all of bucket `{bucket}`" in warning, warning
    assert f'"arn:aws:s3:::{bucket}/*"' in wire.sessions[-1].policy


def test_sessions_are_tagged_when_the_connection_says_so(customer, principal, warehouse, wire):
    bucket = customer.bucket({"raw/file.parquet": ROWS})
    role = customer.role(principal, EVERYTHING)
    connection = warehouse.connection(role)
    stage = warehouse.stage(bucket, connection, "raw/")
    warehouse.run(f"SELECT * FROM @{stage}")
    assert wire.sessions[-1].tags == {}
    # The trust policy of the tutorial does not allow tags: the trial says so, and nothing is changed.
    message = warehouse.error(f"ALTER CONNECTION {connection} SET SESSION_TAGS = TRUE")
    assert f"connection `{connection}` stays as it was: stage `{stage}`" in message, message
    assert "sts:TagSession" in message and "SESSION_TAGS" in message, message
    assert "session_tags" not in warehouse.run(f"DESC CONNECTION {connection}")[0][2]
    customer.allow_tags(role)
    warehouse.run(f"ALTER CONNECTION {connection} SET SESSION_TAGS = TRUE", f"SELECT * FROM @{stage}")
    assert wire.sessions[-1].tags == {
        "stagedoor:organization": "default",
        "stagedoor:user": "root",
        "stagedoor:connection": connection,
    }


def test_the_key_of_the_bucket_is_in_the_policy_when_the_connection_names_it(customer, principal, warehouse, wire):
    key = "arn:aws:kms:us-east-1:987654321987:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    bucket = customer.bucket({"raw/file.parquet": ROWS})
    connection = warehouse.connection(customer.role(principal, EVERYTHING))
    stage = warehouse.stage(bucket, connection, "raw/")
    warehouse.run(f"SELECT * FROM @{stage}")
    assert "kms:" not in wire.sessions[-1].policy
    warehouse.run(f"ALTER CONNECTION {connection} SET KMS_KEY_ARN = '{key}'", f"SELECT * FROM @{stage}")
    assert f'"Action":"kms:Decrypt","Resource":"{key}"' in wire.sessions[-1].policy
