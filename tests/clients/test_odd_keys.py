"""Keys that other tools write and no path has: with parts that are empty, with `/` at their ends, with `.` and `..`."""

import urllib.request

import pyarrow as pa
import pytest

from support.customer import may_list, may_read, may_use_objects, parquet_bytes

READABLE = ["a//b.parquet", "a///c.parquet", "/lead.parquet", "//two.parquet", "a/plain.parquet", "a/ends//", "dt=1//n=2/x.parquet"]


def table(number):
    return pa.table({"n": [number]})


@pytest.fixture(scope="module")
def stage(customer, principal, warehouse):
    """A stage over a bucket with a number in each file, and the folder markers that consoles make."""
    bucket = customer.bucket({key: table(number) for number, key in enumerate(READABLE)})
    customer.put(bucket, "a/", b"")
    customer.put(bucket, "empty//", b"")
    return warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))


def test_list_names_every_key(warehouse, stage):
    names = [row[0] for row in warehouse.run(f"LIST @{stage}")]
    assert names == sorted(READABLE)
    names = [row[0] for row in warehouse.run(f"SELECT name FROM list_stage(location => '@{stage}/a//')")]
    assert names == ["a///c.parquet", "a//b.parquet"]
    assert [row[0] for row in warehouse.run(f"LIST @{stage}//")] == ["//two.parquet", "/lead.parquet"]


def test_every_file_is_read_and_named(warehouse, stage):
    rows = warehouse.run(f"SELECT n, metadata$filename, metadata$file_basename FROM @{stage} ORDER BY n")
    assert [tuple(row) for row in rows] == [(n, key, key.rsplit("/", 1)[1]) for n, key in enumerate(READABLE)]
    for number, key in enumerate(READABLE):
        if not key.endswith("/"):
            assert warehouse.run(f"SELECT n FROM @{stage}/{key}") == [(number,)], key
    path = warehouse.run(f"SELECT metadata$file_path FROM @{stage}//lead.parquet")[0][0]
    assert path.endswith("//lead.parquet") and path.startswith("s3://bucket-")


def test_pattern_and_files(warehouse, stage):
    assert warehouse.run(f"SELECT n FROM @{stage}/a/ (PATTERN => '/+[bc][.]parquet') ORDER BY n") == [(0,), (1,)]
    assert warehouse.run(f"SELECT n FROM @{stage}/a/ (FILES => ('plain.parquet', 'ends//')) ORDER BY n") == [(4,), (5,)]
    # Columns of folders, with an empty one between them.
    assert warehouse.run(f'SELECT n, "dt" FROM @{stage}/dt=1/ WHERE "n" = 6') == [(6, 1)]


def test_what_no_request_can_name_is_listed_and_refused(customer, principal, warehouse):
    bucket = customer.bucket({"d/x.parquet": table(1), "d/./x.parquet": table(2), "../up.parquet": table(3), "tab\tkey.parquet": table(4)})
    stage = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    assert [row[0] for row in warehouse.run(f"LIST @{stage}")] == ["../up.parquet", "d/./x.parquet", "d/x.parquet", "tab\tkey.parquet"]
    assert warehouse.run(f"SELECT n FROM @{stage}/d/x") == [(1,)]
    message = warehouse.error(f"SELECT n FROM @{stage}/d/")
    assert '"d/./x.parquet"' in message and "URLs have no parts `.` and `..`" in message and "PATTERN" in message, message
    assert warehouse.run(f"SELECT n FROM @{stage}/d/ (PATTERN => 'x.*')") == [(1,)]


def test_long_listings_with_odd_keys(customer, principal, warehouse):
    """More than one page, so that ranges of keys and folders are listed side by side."""
    content = parquet_bytes(table(1))
    bucket = customer.bucket()
    keys = [f"{folder}{number:03}.parquet" for folder in ("", "/", "//", "x/", "x//", "x///y/") for number in range(230)]
    for key in keys:
        customer.s3.put_object(Bucket=bucket, Key=f"f/{key}", Body=content)
    stage = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    assert sorted(row[0] for row in warehouse.run(f"LIST @{stage}/f/")) == sorted(f"f/{key}" for key in keys)
    assert warehouse.run(f"SELECT count(*), count(DISTINCT metadata$filename) FROM @{stage}/f/") == [(len(keys), len(keys))]


def test_a_prefix_is_no_wider_than_it_was(customer, principal, warehouse):
    """The stage's own prefix, and a role that may read one odd folder alone."""
    bucket = customer.bucket({"in//a.parquet": table(1), "in/b.parquet": table(2), "/in/c.parquet": table(3)})
    role = customer.role(principal, may_list(bucket), may_use_objects(bucket, "in//"))
    stage = warehouse.stage(bucket, warehouse.connection(role), prefix="in/")
    assert warehouse.run(f"SELECT n FROM @{stage}//a.parquet") == [(1,)]
    assert "b.parquet" in warehouse.error(f"SELECT n FROM @{stage}/b.parquet")
    assert [row[0] for row in warehouse.run(f"LIST @{stage}")] == ["/a.parquet", "b.parquet"]
    for escape in ("../in/c.parquet", "./a.parquet", "/../c.parquet"):
        assert "part" in warehouse.error(f"SELECT n FROM '@{stage}/{escape}'"), escape


def test_remove_and_presign(customer, principal, warehouse):
    everything = {"Effect": "Allow", "Action": "s3:*Object", "Resource": "*"}
    keys = ["r//a.csv", "r//b.csv", "r/plain.csv", "/r/lead.csv", "r/x/", "keep//a.csv"]
    bucket = customer.bucket({key: key.encode() for key in keys})
    stage = warehouse.stage_with_role(bucket, customer.role(principal, may_list(bucket), everything))

    def left():
        return [entry["Key"] for entry in customer.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    for key in ("r//a.csv", "/r/lead.csv"):
        url = warehouse.run(f"PRESIGN DOWNLOAD @{stage}/{key}")[0][2]
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == key.encode()
    url = warehouse.run(f"PRESIGN UPLOAD @{stage}//r//new.csv")[0][2]
    urllib.request.urlopen(urllib.request.Request(url, data=b"new", method="PUT"))
    assert customer.s3.get_object(Bucket=bucket, Key="/r//new.csv")["Body"].read() == b"new"

    warehouse.run(f"REMOVE @{stage}/r//")
    assert left() == ["/r//new.csv", "/r/lead.csv", "keep//a.csv", "r/plain.csv", "r/x/"]
    warehouse.run(f"REMOVE @{stage}/r")
    assert left() == ["/r//new.csv", "/r/lead.csv", "keep//a.csv"]
    warehouse.run(f"REMOVE @{stage}//r PATTERN = '.*lead.*'")
    assert left() == ["/r//new.csv", "keep//a.csv"]

    reader = warehouse.stage_with_role(bucket, customer.role(principal, *may_list_and_get(bucket)))
    message = warehouse.error(f"REMOVE @{reader}/keep//")
    assert "s3:DeleteObject" in message and "keep//a.csv" in message, message


def may_list_and_get(bucket):
    return may_list(bucket), {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
