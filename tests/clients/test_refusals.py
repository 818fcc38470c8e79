"""What must fail fails, in words that a customer can act on.

Each message names the connection, the role, who refused, and what to do. In every case our own principal
may read the bucket and the server's own keys could sign: nothing is ever answered with our rights.
"""

import json
import re

import pyarrow as pa
import pytest

from support.customer import may_list, may_read, may_use_objects
from support.server import Server
from support.warehouse import Warehouse

SECRET = "nobody may see this"
ABSENT_ROLE = "arn:aws:iam::987654321987:role/nobody-made-this"


@pytest.fixture(scope="module")
def bucket(customer, provider):
    """A bucket whose policy lets our own side in: using our own rights would work, and must not happen."""
    name = customer.bucket({"file.parquet": pa.table({"secret": [SECRET]})})
    ours = [*provider.principals.values(), "arn:aws:iam::123456789012:user/stagedoor-server"]
    customer.s3.put_bucket_policy(
        Bucket=name,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": ours},
                        "Action": "s3:*",
                        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
                    }
                ],
            }
        ),
    )
    return name


def check_message(message, *names):
    """Every name is in it, in backticks; then comes the next action."""
    assert SECRET not in message
    for name in names:
        assert f"`{name}`" in message, f"`{name}` is not in:\n{message}"
    assert re.search(r"hint: \S.{15,}", message), f"no next action in:\n{message}"


def check_refused_by_sts(message, connection, role):
    check_message(message, connection, role)
    assert "AWS" in message and "sts:AssumeRole" in message, message


@pytest.mark.parametrize("statement", ["SELECT * FROM @{}/file.parquet", "SELECT * FROM @{}", "LIST @{}"])
class TestTheRoleIsNotForUs:
    """STS refuses, and does not say why; the message says what the trust policy must allow."""

    def test_wrong_principal(self, customer, bucket, warehouse, provider, statement):
        role = customer.role(provider.principals["acme"], *may_read(bucket))
        connection = warehouse.connection(role)
        message = warehouse.error(statement.format(warehouse.stage(bucket, connection)))
        check_refused_by_sts(message, connection, role)
        assert provider.principals["default"] in message, message

    def test_wrong_external_id(self, customer, bucket, warehouse, principal, statement):
        role = customer.role(principal, *may_read(bucket), external_id="the-right-one")
        connection = warehouse.connection(role, external_id="a-wrong-one")
        message = warehouse.error(statement.format(warehouse.stage(bucket, connection)))
        check_refused_by_sts(message, connection, role)
        assert "a-wrong-one" in message and "the-right-one" not in message, message

    def test_external_id_missing(self, customer, bucket, warehouse, principal, statement):
        """The connection sends the id that was generated for it; the message says which."""
        role = customer.role(principal, *may_read(bucket), external_id="the-right-one")
        connection = warehouse.connection(role)
        message = warehouse.error(statement.format(warehouse.stage(bucket, connection)))
        check_refused_by_sts(message, connection, role)
        assert "external id" in message and "sd-default-" in message, message

    def test_role_absent(self, bucket, warehouse, statement):
        connection = warehouse.connection(ABSENT_ROLE)
        message = warehouse.error(statement.format(warehouse.stage(bucket, connection)))
        check_refused_by_sts(message, connection, ABSENT_ROLE)


class TestTheRoleMayTooLittle:
    """S3 refuses, and says what is missing."""

    def test_no_list_bucket(self, customer, bucket, warehouse, principal):
        """Listing fails; a file with an exact name needs no list."""
        role = customer.role(principal, may_use_objects(bucket))
        connection = warehouse.connection(role)
        stage = warehouse.stage(bucket, connection)
        for statement in (f"LIST @{stage}", f"SELECT * FROM @{stage}", f"SELECT * FROM @{stage}/fi"):
            message = warehouse.error(statement)
            check_message(message, connection, role)
            assert "s3:ListBucket" in message and bucket in message, message
        assert warehouse.run(f"SELECT * FROM @{stage}/file.parquet") == [(SECRET,)]

    def test_no_get_object(self, customer, bucket, warehouse, principal):
        role = customer.role(principal, may_list(bucket))
        connection = warehouse.connection(role)
        stage = warehouse.stage(bucket, connection)
        assert [name for name, *_ in warehouse.run(f"LIST @{stage}")] == ["file.parquet"]
        message = warehouse.error(f"SELECT * FROM @{stage}/file.parquet")
        check_message(message, connection, role)
        assert "s3:GetObject" in message and "file.parquet" in message, message

    def test_no_right_at_all(self, customer, bucket, warehouse, principal):
        role = customer.role(principal)
        connection = warehouse.connection(role)
        stage = warehouse.stage(bucket, connection)
        for statement in (f"LIST @{stage}", f"SELECT * FROM @{stage}/file.parquet"):
            check_message(warehouse.error(statement), connection, role)

    def test_an_explicit_deny(self, customer, bucket, warehouse, principal):
        deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/file.parquet"}
        role = customer.role(principal, *may_read(bucket), deny)
        connection = warehouse.connection(role)
        stage = warehouse.stage(bucket, connection)
        message = warehouse.error(f"SELECT * FROM @{stage}/file.parquet")
        check_message(message, connection, role)
        assert "explicit deny" in message, message


class TestSomethingIsNotThere:
    def test_missing_file(self, customer, bucket, warehouse, principal):
        connection = warehouse.connection(customer.role(principal, *may_read(bucket)))
        stage = warehouse.stage(bucket, connection)
        message = warehouse.error(f"SELECT * FROM @{stage}/absent.parquet")
        check_message(message, stage)
        assert "absent.parquet" in message, message

    def test_missing_file_of_a_role_that_may_not_list(self, customer, bucket, warehouse, principal):
        """S3 says 403 for what is not there; the message allows for that."""
        role = customer.role(principal, may_use_objects(bucket))
        connection = warehouse.connection(role)
        message = warehouse.error(f"SELECT * FROM @{warehouse.stage(bucket, connection)}/absent.parquet")
        check_message(message, connection, role)
        assert "absent.parquet" in message, message

    def test_missing_bucket(self, customer, warehouse, principal):
        absent = customer.new_name("never-made")
        connection = warehouse.connection(customer.role(principal, *may_read(absent)))
        stage = warehouse.stage(absent, connection)
        for statement in (f"LIST @{stage}", f"SELECT * FROM @{stage}/file.parquet"):
            check_message(warehouse.error(statement), connection, absent)

    def test_unknown_stage_and_connection(self, warehouse):
        assert "`nowhere`" in warehouse.error("SELECT * FROM @nowhere/file.parquet")
        error = warehouse.error("CREATE STAGE s URL = 's3://bucket/' CONNECTION = (CONNECTION_NAME = 'nowhere')")
        assert "`nowhere`" in error, error


class TestNoConnection:
    """Without a role and without keys, requests are not signed."""

    def test_a_stage_without_a_connection_reads_nothing_private(self, bucket, warehouse):
        stage = warehouse.stage(bucket)
        for statement in (f"LIST @{stage}", f"SELECT * FROM @{stage}/file.parquet"):
            assert SECRET not in warehouse.error(statement)

    def test_a_raw_uri_reads_nothing_private(self, bucket, warehouse):
        assert SECRET not in warehouse.error(f"SELECT * FROM 's3://{bucket}/file.parquet'")

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "fs:///etc/passwd", "/etc/passwd"])
    def test_the_servers_disk_is_not_a_location(self, warehouse, location):
        for statement in (
            f"SELECT $1 FROM '{location}' (FILE_FORMAT => 'csv')",
            f"SELECT * FROM '{location}'",
            f"CREATE STAGE disk URL = '{location}/'",
        ):
            assert "root:" not in warehouse.error(statement)


def test_server_without_an_identity(cloud, customer, bucket, principal, tmp_path):
    """Everything but a role works; the message says that the server is at fault, not the customer."""
    server = Server(tmp_path / "anonymous", cloud, keys=None, principals={"default": principal})
    try:
        warehouse = Warehouse(server)
        role = customer.role(principal, *may_read(bucket))
        connection = warehouse.connection(role)
        stage = warehouse.stage(bucket, connection)
        assert warehouse.run("SELECT 1") == [(1,)]
        for statement in (f"LIST @{stage}", f"SELECT * FROM @{stage}/file.parquet"):
            message = warehouse.error(statement)
            check_message(message, connection, role)
            assert re.search(r"server.*(identity|credentials)", message), message
    finally:
        server.stop()


def test_what_can_be_checked_on_paper_fails_at_once(warehouse):
    account = "arn:aws:iam::987654321987"
    for arn in ("arn:aws:iam::98765432198:role/r", f"{account}:user/r", f" {account}:role/r", f"{account}:role/"):
        message = warehouse.error(f"CREATE CONNECTION paper STORAGE_TYPE = 's3' ROLE_ARN = '{arn}'")
        assert arn.strip() in message, message


def test_a_syntax_error_points_at_the_place(warehouse):
    message = warehouse.error("SELECT (1,\n  2 FROM t")
    assert "1 | SELECT (1," in message and "^" in message, message


def test_bendsql_shows_the_whole_message(customer, bucket, warehouse, bendsql):
    connection = warehouse.connection(ABSENT_ROLE)
    message = bendsql.error(warehouse.dsn, f"LIST @{warehouse.stage(bucket, connection)}")
    check_refused_by_sts(message, connection, ABSENT_ROLE)
