"""VALIDATE on clouds that we did not write: the rung that fails is the one that was broken, and what is not proved is
said to be likely.

What each cloud lets be proved is in docs/clouds.md.
"""

import json

import pyarrow as pa
import pytest
from support.ceph import SERVER, Ceph, is_installed
from support.cloud import CUSTOMER, PROVIDER, MiniStack
from support.customer import Customer, may_read, parquet_bytes
from support.provider import prepare_provider
from support.server import Server
from support.warehouse import Warehouse, new_name

ROWS = pa.table({"id": [1, 2, 3]})
EXTERNAL_ID = "cloud-7f3k"
STRANGER = f"arn:aws:iam::{CUSTOMER}:root"


def allow(action, resource, **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def trust(principal, *, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}


def id_is(value, operator="StringEquals"):
    return {operator: {"sts:ExternalId": value}}


def out_of_order(rows):
    """rung -> (status, cause) of what is not in order."""
    return {row[0]: (row[1], row[3]) for row in rows if row[1] in ("warning", "failed")}


def check(rows, rung, status, phrase):
    """The rung that was broken is named, with this in its cause; a cause that is not proved says so."""
    found = out_of_order(rows)
    assert rung in found, found
    assert found[rung][0] == status, found
    assert phrase in found[rung][1], found
    others = [name for name, (state, _) in found.items() if state == "failed" and name != rung]
    assert not others, found


class TestMiniStack:
    @pytest.fixture(scope="class")
    @classmethod
    def world(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("validate")
        cloud = MiniStack(folder)
        server = None
        try:
            provider = prepare_provider(cloud, ("default",))
            customer = Customer(cloud)
            server = Server(folder / "server", cloud, provider.keys, provider.principals)
            yield customer, provider.principals["default"], Warehouse(server)
        finally:
            if server is not None:
                server.stop()
            cloud.stop()

    @pytest.fixture
    def look(self, world):
        """Makes a bucket, a role with these documents and a stage, and gives what VALIDATE says of the stage."""
        customer, principal, warehouse = world

        def look(trusted=None, permissions=None, role=None, words=""):
            bucket = customer.bucket({"raw/1.parquet": ROWS})
            fill = lambda document: json.loads(json.dumps(document).replace("BUCKET", bucket))  # noqa: E731
            name = customer.new_name("validated")
            trusted = trust(principal, **id_is(EXTERNAL_ID)) if trusted is None else trusted(principal)
            statements = list(may_read(bucket)) if permissions is None else fill(permissions)
            customer.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            customer.iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=document)
            arn = f"arn:aws:iam::{CUSTOMER}:role/{role(name) if role else name}"
            stage = warehouse.stage(bucket, warehouse.connection(arn, EXTERNAL_ID), "raw/")
            return warehouse.run(f"VALIDATE STAGE {stage}{words}")

        return look

    def test_what_is_right(self, look):
        scoped = [
            allow("s3:ListBucket", "arn:aws:s3:::BUCKET", StringLike={"s3:prefix": "raw/*"}),
            allow("s3:GetObject", "arn:aws:s3:::BUCKET/raw/*"),
        ]
        rows = look(permissions=scoped)
        assert [row for row in rows if row[1] == "failed"] == []
        assert "external id required" not in out_of_order(rows)

    @pytest.mark.parametrize(
        "condition, phrase",
        [
            (id_is(EXTERNAL_ID.upper()), f"requires the external id `{EXTERNAL_ID.upper()}`"),
            (id_is("cloud-7fk3"), "requires the external id `cloud-7fk3` (two characters are swapped)"),
            (id_is("YOUR_EXTERNAL_ID"), "requires the external id `YOUR_EXTERNAL_ID` (the placeholder of an example)"),
            (id_is("something-of-their-own"), f"most likely (1) the condition on sts:ExternalId is not `{EXTERNAL_ID}`"),
            (id_is(EXTERNAL_ID, "StringNotEquals"), "StringNotEquals"),
        ],
    )
    def test_the_external_id(self, look, condition, phrase):
        check(look(trusted=lambda principal: trust(principal, **condition)), "assume role", "failed", phrase)

    def test_no_external_id_is_required(self, look):
        check(look(trusted=trust), "external id required", "warning", "no sts:ExternalId condition that binds")

    def test_somebody_else_is_trusted(self, look):
        rows = look(trusted=lambda _: trust(STRANGER, **id_is(EXTERNAL_ID)))
        check(rows, "assume role", "failed", "Principal does not name")
        assert "most likely (1)" in out_of_order(rows)["assume role"][1]

    def test_the_role_is_not_there(self, look):
        rows = look(role=lambda name: f"nobody-made-{name}")
        check(rows, "assume role", "failed", "no role `nobody-made-")
        assert "most likely (1)" in out_of_order(rows)["assume role"][1]

    @pytest.mark.parametrize(
        "permissions, rung, phrase",
        [
            ([allow("s3:GetObject", "arn:aws:s3:::BUCKET/*")], "list", "s3:ListBucket"),
            ([allow(["s3:ListBucket", "s3:GetObject"], "arn:aws:s3:::BUCKET/*")], "list", "s3:ListBucket"),
            ([allow("s3:ListBucket", "arn:aws:s3:::BUCKET")], "read", "s3:GetObject"),
            (
                [
                    allow("s3:ListBucket", "arn:aws:s3:::BUCKET"),
                    allow("s3:GetObject", "arn:aws:s3:::BUCKET/RAW/*"),
                ],
                "read",
                "s3:GetObject",
            ),
        ],
    )
    def test_what_the_role_may_not(self, look, permissions, rung, phrase):
        check(look(permissions=permissions), rung, "failed", phrase)

    def test_writing(self, look):
        read = [allow("s3:ListBucket", "arn:aws:s3:::BUCKET"), allow("s3:GetObject", "arn:aws:s3:::BUCKET/*")]
        check(look(permissions=read, words=" WRITE"), "write", "failed", "s3:PutObject")


@pytest.mark.skipif(not is_installed(), reason="radosgw, ceph-mon, ceph-osd and ceph-common are needed")
class TestCeph:
    """A user assumes roles here, without a principal between; external ids are not known to it."""

    BUCKET = "validated"
    PRINCIPAL = f"arn:aws:iam::{PROVIDER}:user/{SERVER}"
    LIST = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{BUCKET}"]}
    READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{BUCKET}/*"]}

    @pytest.fixture(scope="class")
    @classmethod
    def world(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("validate-ceph")
        cloud = Ceph(folder)
        server = None
        try:
            s3 = cloud.client(cloud.roots[CUSTOMER], "s3")
            s3.create_bucket(Bucket=cls.BUCKET)
            s3.put_object(Bucket=cls.BUCKET, Key="raw/1.parquet", Body=parquet_bytes(ROWS))
            server = Server(folder / "server", cloud, cloud.server)
            yield cloud, Warehouse(server)
        finally:
            if server is not None:
                server.stop()
            cloud.stop()

    def look(self, world, trusted, *statements, words=""):
        cloud, warehouse = world
        role = cloud.role(new_name("role").replace("_", "-"), trusted, *statements)
        stage = warehouse.stage(self.BUCKET, warehouse.connection(role), "raw/")
        return warehouse.run(f"VALIDATE STAGE {stage}{words}")

    def test_what_is_right(self, world):
        rows = self.look(world, self.PRINCIPAL, self.LIST, self.READ)
        assert [row for row in rows if row[1] == "failed"] == [], rows
        # The gateway cannot require an external id, which is said.
        check(rows, "external id required", "warning", "no sts:ExternalId condition that binds")

    def test_somebody_else_is_trusted(self, world):
        rows = self.look(world, f"arn:aws:iam::{PROVIDER}:user/somebody", self.LIST, self.READ)
        check(rows, "assume role", "failed", "Principal does not name")
        assert "ikely" in out_of_order(rows)["assume role"][1]

    def test_the_role_is_not_there(self, world):
        _, warehouse = world
        arn = f"arn:aws:iam::{CUSTOMER}:role/nobody-made-this"
        rows = warehouse.run(f"VALIDATE STAGE {warehouse.stage(self.BUCKET, warehouse.connection(arn), 'raw/')}")
        assert list(out_of_order(rows)) == ["assume role"], rows

    def test_what_the_role_may_not(self, world):
        """The gateway gives no reasons: the rung is right, and the cause is not stated as certain."""
        for statements, rung, words in [
            ((self.READ,), "list", ""),
            ((self.LIST,), "read", ""),
            ((self.LIST, self.READ), "write", " WRITE"),
        ]:
            rows = self.look(world, self.PRINCIPAL, *statements, words=words)
            found = out_of_order(rows)
            assert found[rung][0] == "failed", rows
            assert "ikely" in found[rung][1], found
