"""The tutorial to the letter: one contract for every cloud.

A class below `tests/clients` or `tests/clouds` says which cloud; everything else is here. The AWS part
is done with awscli, as the tutorial's reader would, and the SQL part through each client.
"""

import json

import pyarrow
import pytest

from support import drivers
from support.cloud import CUSTOMER, PROVIDER, Keys
from support.customer import parquet_bytes
from support.server import Server

BUCKET = "test-bucket-123"
PRINCIPAL = f"arn:aws:iam::{PROVIDER}:role/stagedoor/tn3ftqihs/stagedoor-tn3ftqihs"
EXTERNAL_ID = "my-external-id-123"

CREATE_STAGE = f"""CREATE STAGE databend_test
    URL = 's3://{BUCKET}'
    CONNECTION = (CONNECTION_NAME = 'databend_test');"""
SELECT = "SELECT * FROM @databend_test/test.parquet LIMIT 1;"

# The edition of 2024 has no external id; that of 2025 has one in the trust policy and the connection.
EDITIONS = {"without an external id": None, "with an external id": EXTERNAL_ID}


def create_connection(external_id):
    typed = "" if external_id is None else f"\n    EXTERNAL_ID = '{external_id}'"
    return f"""CREATE CONNECTION databend_test
    STORAGE_TYPE = 's3'
    ROLE_ARN = 'arn:aws:iam::{CUSTOMER}:role/databend-test'{typed};"""


def prepare_our_account(cloud):
    """What we did before any reader came: the organization's principal. Returns the server's keys."""
    root = cloud.roots[PROVIDER]
    user = cloud.aws(root, "iam", "create-user", "--user-name", "stagedoor-server")["User"]["Arn"]
    trust = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "sts:AssumeRole"}
    role = cloud.aws(
        root, "iam", "create-role", "--path", "/stagedoor/tn3ftqihs/", "--role-name", "stagedoor-tn3ftqihs",
        "--assume-role-policy-document", document(trust),
    )  # fmt: skip
    assert role["Role"]["Arn"] == PRINCIPAL
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    cloud.aws(
        root, "iam", "put-role-policy", "--role-name", "stagedoor-tn3ftqihs", "--policy-name", "assume-customers",
        "--policy-document", document(assume),
    )  # fmt: skip
    cloud.aws(
        root, "iam", "put-user-policy", "--user-name", "stagedoor-server", "--policy-name", "assume-principals",
        "--policy-document", document(assume | {"Resource": PRINCIPAL}),
    )  # fmt: skip
    key = cloud.aws(root, "iam", "create-access-key", "--user-name", "stagedoor-server")["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def follow_the_aws_part(cloud, external_id, folder):
    """Steps 2 and 3 of the tutorial, after the reader has a bucket with a file in it."""
    root = cloud.roots[CUSTOMER]
    file = folder / "test.parquet"
    file.write_bytes(parquet_bytes(pyarrow.table({"id": [1, 2], "city": ["Lisbon", None]})))
    cloud.aws(root, "s3", "mb", f"s3://{BUCKET}")
    cloud.aws(root, "s3", "cp", "--only-show-errors", str(file), f"s3://{BUCKET}/test.parquet")
    policy = cloud.aws(
        root, "iam", "create-policy", "--policy-name", "databend-test", "--policy-document",
        document(
            {"Sid": "VisualEditor0", "Effect": "Allow", "Action": "s3:ListBucket",
             "Resource": f"arn:aws:s3:::{BUCKET}"},
            {"Sid": "VisualEditor1", "Effect": "Allow", "Action": "s3:*Object",
             "Resource": f"arn:aws:s3:::{BUCKET}/*"},
        ),
    )  # fmt: skip
    trust = {"Effect": "Allow", "Principal": {"AWS": PRINCIPAL}, "Action": "sts:AssumeRole"}
    if external_id is not None:
        trust["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    role = cloud.aws(
        root, "iam", "create-role", "--role-name", "databend-test",
        "--assume-role-policy-document", document(trust),
    )  # fmt: skip
    assert role["Role"]["Arn"] == f"arn:aws:iam::{CUSTOMER}:role/databend-test"
    cloud.aws(
        root, "iam", "attach-role-policy", "--role-name", "databend-test", "--policy-arn", policy["Policy"]["Arn"],
    )  # fmt: skip


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=4)


class TutorialContract:
    """Subclasses name the cloud in `make_cloud`."""

    make_cloud = None

    @pytest.fixture(scope="class", params=EDITIONS.values(), ids=EDITIONS.keys())
    @classmethod
    def external_id(cls, request):
        return request.param

    @pytest.fixture(scope="class")
    @classmethod
    def world(cls, external_id, tmp_path_factory):
        """A cloud in which the reader has done the AWS part, and the keys of our server."""
        folder = tmp_path_factory.mktemp("tutorial")
        cloud = cls.make_cloud(folder)
        try:
            keys = prepare_our_account(cloud)
            follow_the_aws_part(cloud, external_id, folder)
            yield cloud, keys
        finally:
            cloud.stop()

    @pytest.fixture
    def server(self, world, tmp_path):
        """A new server for each client, since each creates the same connection and stage."""
        cloud, keys = world
        server = Server(tmp_path / "server", cloud, keys, {"default": PRINCIPAL})
        yield server
        server.stop()

    def test_bendsql(self, server, external_id, bendsql):
        dsn = server.dsn()
        assert bendsql.rows(dsn, create_connection(external_id)) == []
        assert bendsql.rows(dsn, CREATE_STAGE) == []
        assert bendsql.rows(dsn, SELECT) == [["1", "Lisbon"]]
        assert bendsql.rows(dsn, "SELECT id, city FROM @databend_test/test.parquet ORDER BY id") == [
            ["1", "Lisbon"],
            ["2", "NULL"],
        ]
        [[name, size, *_]] = bendsql.rows(dsn, "LIST @databend_test")
        assert name == "test.parquet" and int(size) > 0

    def test_bendsql_with_one_file_of_statements(self, server, external_id, bendsql, tmp_path):
        script = tmp_path / "tutorial.sql"
        script.write_text("-- The tutorial.\n" + "\n\n".join([create_connection(external_id), CREATE_STAGE, SELECT]))
        outcome = bendsql.run_file(server.dsn(), script)
        assert (outcome.code, outcome.rows) == (0, [["1", "Lisbon"]]), outcome.errors

    @pytest.mark.parametrize("body_format", ["json", "arrow"])
    @pytest.mark.parametrize("client", [drivers.python, drivers.python_async, drivers.node_driver])
    def test_driver(self, server, external_id, client, body_format):
        dsn = server.dsn(query_result_format=body_format)
        [row] = client(dsn, create_connection(external_id), CREATE_STAGE, SELECT)
        assert [str(value) for value in row] == ["1", "Lisbon"]

    def test_the_role_without_the_servers_principal_is_closed(self, world, external_id):
        """The proof that the cloud enforces the trust policy: the server's own keys are refused."""
        cloud, keys = world
        refused = cloud.run_aws(
            keys, "sts", "assume-role", "--role-arn", f"arn:aws:iam::{CUSTOMER}:role/databend-test",
            "--role-session-name", "sneak", "--external-id", EXTERNAL_ID,
        )  # fmt: skip
        assert refused.returncode != 0 and "AccessDenied" in refused.stderr, refused.stderr
