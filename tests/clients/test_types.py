"""What is in a Parquet file arrives exactly, in every client and in both body formats."""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from support import drivers, every_type, node
from support.customer import may_read, parquet_bytes
from support.every_type import COLUMNS, same

BODY_FORMATS = ["json", "arrow"]
PYTHON_DRIVERS = [drivers.python, drivers.python_async]


@pytest.fixture(scope="module")
def stage(customer, principal, warehouse):
    """A stage with a file of every type, and files for single tests."""
    files = {"all.parquet": every_type.table()}
    files |= {f"columns/{column.name}.parquet": pa.table({"value": column.values}) for column in COLUMNS}
    bucket = customer.bucket(files)
    name = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    return name, bucket


def dsn(server, body_format, **parameters):
    return server.dsn(query_result_format=body_format, **parameters)


@pytest.mark.parametrize("body_format", BODY_FORMATS)
@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_column_in_python(server, stage, column, body_format):
    sql = f"SELECT value FROM @{stage[0]}/columns/{column.name}.parquet"
    found = [value for (value,) in drivers.python(dsn(server, body_format), sql)]
    assert len(found) == len(column.python)
    for expected, value in zip(column.python, found):
        assert same(expected, value), f"expected {expected!r}, found {value!r}"


@pytest.mark.parametrize("body_format", BODY_FORMATS)
@pytest.mark.parametrize("client", PYTHON_DRIVERS)
def test_all_columns_in_python(server, stage, client, body_format):
    rows = client(dsn(server, body_format), f"SELECT * FROM @{stage[0]}/all.parquet")
    compare([column.python for column in COLUMNS], rows)


@pytest.mark.parametrize("body_format", BODY_FORMATS)
def test_all_columns_in_node(server, stage, body_format):
    rows = node.query(dsn(server, body_format), f"SELECT * FROM @{stage[0]}/all.parquet")
    compare([column.node for column in COLUMNS], [[node.text(value) for value in row] for row in rows])


@pytest.mark.parametrize("body_format", BODY_FORMATS)
def test_node_gets_int64_exactly_as_text(server, stage, body_format):
    sql = f"SELECT CAST(int64 AS VARCHAR) FROM @{stage[0]}/all.parquet"
    rows = node.query(dsn(server, body_format), sql)
    assert [node.text(value) for (value,) in rows] == ["-9223372036854775808", "9223372036854775807", None]


@pytest.mark.parametrize("body_format", BODY_FORMATS)
def test_all_columns_in_bendsql(server, stage, bendsql, body_format):
    rows = bendsql.rows(dsn(server, body_format), f"SELECT * FROM @{stage[0]}/all.parquet")
    compare([column.bendsql for column in COLUMNS], rows)


def compare(expected_columns, rows):
    """Names every column that differs."""
    assert len(rows) == 3
    differences = []
    for column, expected, found in zip(COLUMNS, expected_columns, zip(*rows, strict=True), strict=True):
        for wanted, value in zip(expected, found):
            if not same(wanted, value):
                differences.append(f"{column.name}: expected {wanted!r}, found {value!r}")
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("body_format", BODY_FORMATS)
def test_types_that_the_dialect_does_not_have(customer, server, stage, body_format):
    """A time of day has no type in Databend: its digits arrive. A half float widens. A column of
    nothing is NULL."""
    name, bucket = stage
    values = {
        "time": pa.array([datetime.time(12, 34, 56, 123456), None], pa.time64("us")),
        "half": pa.array([1.5, None], pa.float16()),
        "nothing": pa.nulls(2),
    }
    customer.put(bucket, "odd.parquet", pa.table(values))
    rows = drivers.python(dsn(server, body_format), f"SELECT time, half, nothing FROM @{name}/odd.parquet")
    assert [tuple(row) for row in rows] == [("12:34:56.123456", 1.5, None), (None, None, None)]


ENCODINGS = {
    "plain": {"use_dictionary": False, "compression": "none"},
    "data pages of version 2": {"data_page_version": "2.0"},
    "decimals as integers": {"store_decimal_as_integer": True},
    "INT96": {"use_deprecated_int96_timestamps": True},
    "without an Arrow schema": {"store_schema": False},
    "many row groups": {"row_group_size": 1},
    **{codec: {"compression": codec} for codec in ("snappy", "gzip", "brotli", "zstd", "lz4")},
}


@pytest.mark.parametrize("options", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_encoding_of_the_file_makes_no_difference(customer, server, stage, options):
    name, bucket = stage
    table = pa.table(
        {
            "number": pa.array([-(2**63), 2**63 - 1, None], pa.int64()),
            "price": pa.array([Decimal("-99999.99"), Decimal("0.01"), None], pa.decimal128(7, 2)),
            "text": pa.array(["", every_type.TEXT, None]),
            "moment": pa.array([datetime.datetime(1969, 12, 31, 23, 59, 59, 999999), None, None], pa.timestamp("us")),
            "numbers": pa.array([[1, None], [], None], pa.list_(pa.int32())),
        }
    )
    key = f"encodings/{customer.new_name('file')}.parquet"
    customer.put(bucket, key, parquet_bytes(table, **options))
    rows = drivers.python(server.dsn(), f"SELECT number, price, text, moment, numbers FROM @{name}/{key}")
    moment = datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, datetime.timezone.utc)
    assert [tuple(row) for row in rows] == [
        (-(2**63), Decimal("-99999.99"), "", moment, [1, None]),
        (2**63 - 1, Decimal("0.01"), every_type.TEXT, None, []),
        (None, None, None, None, None),
    ]


@pytest.mark.parametrize("body_format", BODY_FORMATS)
def test_a_session_time_zone_moves_the_digits_and_not_the_instant(customer, server, stage, bendsql, body_format):
    name, bucket = stage
    noon = datetime.datetime(2024, 2, 29, 12, 0, 0, 1, datetime.timezone.utc)
    customer.put(bucket, "noon.parquet", pa.table({"noon": pa.array([noon], pa.timestamp("us", "UTC"))}))
    tokyo = dsn(server, body_format, timezone="Asia/Tokyo")
    sql = f"SELECT noon FROM @{name}/noon.parquet"
    assert bendsql.rows(tokyo, sql) == [["2024-02-29 21:00:00.000001"]]
    [(value,)] = drivers.python(tokyo, sql)
    assert value == noon


def test_a_column_that_must_have_a_value_says_so(customer, server, stage):
    """`required` in Parquet is a type without Nullable."""
    name, bucket = stage
    schema = pa.schema([pa.field("always", pa.int32(), nullable=False), pa.field("sometimes", pa.int32())])
    customer.put(bucket, "required.parquet", pa.table({"always": [1], "sometimes": [2]}, schema=schema))
    _, answer = server.request("POST", "/v1/query", {"sql": f"SELECT * FROM @{name}/required.parquet"})
    assert answer["schema"] == [
        {"name": "always", "type": "Int32"},
        {"name": "sometimes", "type": "Nullable(Int32)"},
    ]
    assert answer["data"] == [["1", "2"]]
