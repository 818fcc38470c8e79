"""Roles, session policies and short sessions against Ceph's gateway, which is not of our making.

It grants sessions of seconds, which AWS does not: a query outlives many of its keys here.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pyarrow as pa
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.ceph import SERVER, Ceph, is_installed
from support.cloud import CUSTOMER, PROVIDER
from support.customer import parquet_bytes
from support.server import Server
from support.tapped_wire import Wire
from support.warehouse import Warehouse

pytestmark = pytest.mark.skipif(not is_installed(), reason="radosgw, ceph-mon, ceph-osd and ceph-common are needed")

BUCKET = "lake"
FILES = 40
ROWS_OF_A_FILE = 1000
KEY_SECONDS = 3
READ_SECONDS = 2
CLIENTS = 64
PRINCIPAL = f"arn:aws:iam::{PROVIDER}:user/{SERVER}"
LIST = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{BUCKET}"]}
READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{BUCKET}/*"]}
ALL = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    cloud = Ceph(tmp_path_factory.mktemp("ceph"))
    s3 = cloud.client(cloud.roots[CUSTOMER], "s3")
    s3.create_bucket(Bucket=BUCKET)
    for number in range(FILES):
        table = pa.table({"n": range(number * ROWS_OF_A_FILE, (number + 1) * ROWS_OF_A_FILE)})
        s3.put_object(Bucket=BUCKET, Key=f"in/{number}.parquet", Body=parquet_bytes(table))
    s3.put_object(Bucket=BUCKET, Key="out/secret.parquet", Body=parquet_bytes(pa.table({"n": [1]})))
    yield cloud
    cloud.stop()


@pytest.fixture(scope="module")
def wire(cloud):
    wire = Wire(cloud)
    yield wire
    wire.stop()


@pytest.fixture(scope="module")
def warehouse(cloud, wire, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"), wire, cloud.server)
    yield Warehouse(server)
    server.stop()


@pytest.fixture(scope="module")
def reader(cloud):
    """A role that may read all of the bucket."""
    return cloud.role("reader", PRINCIPAL, LIST, READ)


def test_rows_and_listings(warehouse, reader):
    stage = warehouse.stage_with_role(BUCKET, reader)
    assert warehouse.run(f"SELECT n FROM @{stage}/in/7.parquet ORDER BY n LIMIT 1") == [(7000,)]
    assert len(warehouse.run(f"LIST @{stage}/in/")) == FILES
    assert warehouse.run(f"SELECT count(*) FROM @{stage}/in/") == [(FILES * ROWS_OF_A_FILE,)]


@pytest.mark.parametrize("trusted", [f"arn:aws:iam::{PROVIDER}:user/somebody", f"arn:aws:iam::{CUSTOMER}:user/root"])
def test_a_role_that_trusts_somebody_else(cloud, warehouse, trusted):
    role = cloud.role(f"other-{abs(hash(trusted))}", trusted, LIST, READ)
    connection = warehouse.connection(role)
    message = warehouse.error(f"SELECT * FROM @{warehouse.stage(BUCKET, connection)}/in/1.parquet")
    assert f"cannot assume role `{role}` for connection `{connection}`" in message


def test_a_role_that_is_not_there(warehouse):
    role = f"arn:aws:iam::{CUSTOMER}:role/nobody-made-this"
    message = warehouse.error(f"SELECT * FROM @{warehouse.stage_with_role(BUCKET, role)}/in/1.parquet")
    assert f"cannot assume role `{role}`" in message


def test_rights_that_the_role_lacks(cloud, warehouse):
    blind = warehouse.stage_with_role(BUCKET, cloud.role("no-list", PRINCIPAL, READ))
    assert warehouse.run(f"SELECT count(*) FROM @{blind}/in/3.parquet") == [(ROWS_OF_A_FILE,)]
    assert "s3:ListBucket" in warehouse.error(f"SELECT * FROM @{blind}/in/")
    shut = warehouse.stage_with_role(BUCKET, cloud.role("no-get", PRINCIPAL, LIST))
    assert len(warehouse.run(f"LIST @{shut}/in/")) == FILES
    assert "s3:GetObject" in warehouse.error(f"SELECT * FROM @{shut}/in/3.parquet")


def test_keys_reach_no_further_than_the_stage(cloud, wire, warehouse):
    """The keys are taken from the wire: the role may do everything, and they may not."""
    stage = warehouse.stage(BUCKET, warehouse.connection(cloud.role("everything", PRINCIPAL, ALL)), prefix="in/")
    assert warehouse.run(f"SELECT count(*) FROM @{stage}/5.parquet") == [(ROWS_OF_A_FILE,)]
    plain = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
    taken = boto3.client("s3", endpoint_url=cloud.endpoint, region_name="us-east-1", config=plain, **wire.keys())
    assert taken.get_object(Bucket=BUCKET, Key="in/5.parquet")["ContentLength"] > 0
    for attempt in (
        lambda: taken.get_object(Bucket=BUCKET, Key="out/secret.parquet"),
        lambda: taken.list_objects_v2(Bucket=BUCKET, Prefix="out/"),
        lambda: taken.list_objects_v2(Bucket=BUCKET),
        lambda: taken.put_object(Bucket=BUCKET, Key="in/new", Body=b"x"),
        lambda: taken.delete_object(Bucket=BUCKET, Key="in/5.parquet"),
    ):
        with pytest.raises(ClientError) as refusal:
            attempt()
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_query_outlives_its_keys(cloud, reader, tmp_path):
    """Keys end after three seconds, and each read is held back: one query needs many sets of keys."""
    wire = Wire(cloud, delay=READ_SECONDS)
    server = Server(tmp_path / "server", wire, cloud.server, role_session_secs=KEY_SECONDS)
    try:
        warehouse = Warehouse(server)
        stage = warehouse.stage_with_role(BUCKET, reader)
        started = time.monotonic()
        rows = FILES * ROWS_OF_A_FILE
        while time.monotonic() - started < 5 * KEY_SECONDS:
            assert warehouse.run(f"SELECT count(*), sum(n) FROM @{stage}/in/") == [(rows, rows * (rows - 1) // 2)]
        took = time.monotonic() - started
        granted = [status for status, _ in wire.assumed if status == 200]
        assert len(granted) == len(wire.assumed), wire.assumed
        # one call for each lifetime: keys are renewed when seven tenths of it are over, and at the next read
        assert 2 <= len(granted) <= took / (0.7 * KEY_SECONDS) + 2
    finally:
        server.stop()
        wire.stop()


def test_many_clients_share_each_set_of_keys(cloud, reader, tmp_path):
    """64 clients at once with keys of three seconds: STS is called once for each life of the keys, for all of them."""
    wire = Wire(cloud)
    server = Server(tmp_path / "server", wire, cloud.server, role_session_secs=KEY_SECONDS)
    try:
        warehouse = Warehouse(server)
        stage = warehouse.stage_with_role(BUCKET, reader)
        started = time.monotonic()

        def read(_):
            rounds = 0
            while rounds == 0 or time.monotonic() - started < 4 * KEY_SECONDS:
                assert warehouse.run(f"SELECT count(*) FROM @{stage}/in/7.parquet") == [(ROWS_OF_A_FILE,)]
                rounds += 1
            return rounds

        with ThreadPoolExecutor(CLIENTS) as clients:
            rounds = list(clients.map(read, range(CLIENTS)))
        took = time.monotonic() - started
        assert len(rounds) == CLIENTS
        granted = [status for status, _ in wire.assumed if status == 200]
        assert len(granted) == len(wire.assumed), wire.assumed
        # Keys are renewed when seven tenths of their life are over, at the earliest.
        assert 2 <= len(granted) <= took / (0.7 * KEY_SECONDS) + 2
    finally:
        server.stop()
        wire.stop()
