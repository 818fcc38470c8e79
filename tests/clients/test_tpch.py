"""All of TPC-H over S3 gives what DuckDB gives over the same files."""

import math
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from support.customer import may_read

TABLES = ("lineitem", "orders", "customer", "part", "partsupp", "supplier", "nation", "region")
SCALE = "0.01"
TEXT = (Path(__file__).parent / "support" / "tpch.sql").read_text()
QUERIES = {int(number): text for number, text in re.findall(r"-- Q(\d+)\n(.*?);", TEXT, re.DOTALL)}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tpch")
    generator = Path(sys.executable).with_name("tpchgen-cli")
    # Small row groups, so that scans are cut into units.
    options = ["--row-group-bytes", "100000"]
    subprocess.run([generator, "parquet", "-s", SCALE, "-o", folder, *options], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def stage(data, customer, principal, warehouse):
    bucket = customer.bucket({f"{table}.parquet": (data / f"{table}.parquet").read_bytes() for table in TABLES})
    return warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))


def plain(value):
    """A value of either engine in one form: numbers as floats, the rest as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def ordered(rows):
    """Rows in an order of their own: ties of the query's order may come either way."""
    def key(row):
        return [f"{value:.2f}" if isinstance(value, float) else value for value in row]
    return sorted(([plain(value) for value in row] for row in rows), key=key)


def same(left, right):
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-6, abs_tol=1e-2)
    return left == right


@pytest.mark.parametrize("number", sorted(QUERIES))
def test_query(number, data, stage, warehouse):
    text = QUERIES[number]
    ours = warehouse.run(text.format(**{table: f"@{stage}/{table}.parquet" for table in TABLES}))
    files = {table: f"'{data / table}.parquet'" for table in TABLES}
    theirs = duckdb.sql(text.format(**files)).fetchall()
    assert len(ours) == len(theirs)
    for mine, other in zip(ordered(ours), ordered(theirs)):
        assert len(mine) == len(other)
        assert all(same(left, right) for left, right in zip(mine, other)), f"{mine}\n{other}"


def test_there_are_22():
    assert sorted(QUERIES) == list(range(1, 23))
