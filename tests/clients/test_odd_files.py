"""Files as other programs write them, files of one location that differ, and files that lie."""

import bz2
import datetime
import io
import json
import lzma
import struct
import zlib

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from pyarrow import orc

from support import avro_files, foreign_files
from support.customer import may_read, parquet_bytes

ROWS = 20_000
FEW_FILES = 16


def stage_of(files, customer, principal, warehouse):
    bucket = customer.bucket(files)
    return warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))


def arrow(table, stream=False):
    out = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def as_orc(table, **options):
    out = io.BytesIO()
    orc.write_table(table, out, **options)
    return out.getvalue()


def avro(fields, rows, codec="null", pack=bytes):
    """A file of one block: `fields` are names and types, `rows` bytes."""
    schema = {"type": "record", "name": "row", "fields": [{"name": name, "type": kind} for name, kind in fields]}
    meta = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    head = b"Obj\x01" + avro_files.long(len(meta)) + b"".join(avro_files.text(key) + avro_files.raw(value) for key, value in meta.items())
    return head + avro_files.long(0) + avro_files.SYNC + avro_files.long(len(rows)) + avro_files.raw(pack(b"".join(rows))) + avro_files.SYNC


def snappy(data):
    return pa.compress(data, codec="snappy", asbytes=True) + struct.pack(">I", zlib.crc32(data))


PACKINGS = {"snappy": snappy, "zstandard": lambda data: pa.compress(data, codec="zstd", asbytes=True), "bzip2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("codec", PACKINGS)
def test_avro_of_every_codec(codec, customer, principal, warehouse):
    rows = [avro_files.long(n) + avro_files.text(f"x{n}") for n in range(3_000)]
    content = avro([("a", "long"), ("b", "string")], rows, codec, PACKINGS[codec])
    stage = stage_of({"f.avro": content, "cut.avro": content[: len(content) // 2]}, customer, principal, warehouse)
    assert warehouse.run(f"SELECT count(*), sum(a), max(b) FROM @{stage}/f.avro") == [(3_000, 4_498_500, "x999")]
    assert "cut.avro` is broken" in warehouse.error(f"SELECT sum(a) FROM @{stage}/cut.avro")


@pytest.fixture(scope="module")
def numbered(customer, principal, warehouse, tmp_path_factory):
    """One table in files whose pages and row groups are cut in several ways, and a folder with the same."""
    table = pa.table(
        {
            "k": [n * 7919 % ROWS for n in range(ROWS)],
            "s": [n // 100 for n in range(ROWS)],
            "t": [f"text {n % 977}" for n in range(ROWS)],
            "m": [None if n % 11 == 0 else n % 50 for n in range(ROWS)],
        }
    )
    pages = {"write_page_index": True, "use_dictionary": False}
    files = {
        "pages.parquet": parquet_bytes(table, row_group_size=3_000, data_page_size=512, write_batch_size=64, **pages),
        "groups.parquet": parquet_bytes(table, row_group_size=37),
        "version_2.parquet": parquet_bytes(table, row_group_size=5_000, data_page_version="2.0", data_page_size=256, write_batch_size=32, **pages),
    }
    folder = tmp_path_factory.mktemp("numbered")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return stage_of(files, customer, principal, warehouse), folder


@pytest.mark.parametrize("name", ["pages", "groups", "version_2"])
@pytest.mark.parametrize(
    "condition",
    [
        "s BETWEEN 40 AND 42",
        "s = 77 AND m IS NULL",
        "k < 30",
        "t LIKE 'text 9%' AND s > 150",
        "m = 3 OR s = 5",
        "s IN (3, 90, 199)",
        "{row} BETWEEN 2990 AND 3010",
        "{row} % 1999 = 0 AND s < 100",
    ],
)
def test_row_numbers_where_pages_are_left_out(name, condition, numbered, warehouse):
    stage, folder = numbered
    for order in ("ORDER BY 1", "ORDER BY k DESC LIMIT 7"):
        ours = f"SELECT metadata$file_row_number, k, m FROM @{stage}/{name}.parquet WHERE {condition.format(row='metadata$file_row_number')} {order}"
        theirs = f"SELECT file_row_number, k, m FROM read_parquet('{folder}/{name}.parquet', file_row_number = true) WHERE {condition.format(row='file_row_number')} {order}"
        assert [tuple(row) for row in warehouse.run(ours)] == duckdb.sql(theirs).fetchall()


def test_unions_of_orc_are_variants(customer, principal, warehouse):
    stage = stage_of({"u.orc": foreign_files.ORC_UNIONS}, customer, principal, warehouse)
    assert warehouse.run(f"SELECT * FROM @{stage}/u.orc ORDER BY i") == [
        (0, "7", '[1,"x",null]', '{"a":true,"b":1}'),
        (1, '"text"', "[]", '{"a":"2024-02-29","b":2}'),
        (2, "2.5", None, None),
        (3, None, '["y"]', '{"a":null,"b":4}'),
    ]
    assert warehouse.run(f"SELECT l[0]::BIGINT, s:b::INT FROM @{stage}/u.orc WHERE i = 0") == [(1, 1)]


@pytest.mark.parametrize("name, times", [("zstd", 1), ("plain", 2)])
def test_arrow_files_of_polars(name, times, customer, principal, warehouse):
    files = {"zstd.arrow": foreign_files.POLARS_ZSTD, "plain.arrow": foreign_files.POLARS_PLAIN}
    stage = stage_of(files, customer, principal, warehouse)
    rows = [
        (1, "a", [1, 2], datetime.date(2024, 2, 29), "x", 1.5),
        (None, None, [], None, None, None),
        (3, "a long text that is no part of a view", None, datetime.date(1, 1, 1), "y", -2.0),
    ]
    assert [tuple(row) for row in warehouse.run(f"SELECT * FROM @{stage}/{name}.arrow")] == rows * times
    assert warehouse.run(f"SELECT sum(i), max(c) FROM @{stage}/{name}.arrow") == [(4 * times, "y")]


def test_a_footer_of_arrow_that_lies(customer, principal, warehouse):
    content = foreign_files.POLARS_PLAIN
    length = struct.unpack("<i", content[-10:-6])[0]
    files = {
        "long.arrow": content[:-10] + struct.pack("<i", len(content)) + content[-6:],
        "cut.arrow": content[:-4],
        "zeros.arrow": content[: -10 - length] + bytes(length) + content[-10:],
    }
    stage = stage_of(files, customer, principal, warehouse)
    for name in files:
        assert f"{name}` is broken" in warehouse.error(f"SELECT * FROM @{stage}/{name}")


FIRST = pa.table({"n": pa.array([1, 2], pa.int32()), "d": pa.array([0.5, 1], pa.float32()), "first": ["x", "y"]})
SECOND = pa.table({"n": pa.array([2**40]), "d": [2.25], "second": [True]})
CLASH = pa.table({"n": ["text"]})


def avro_of(table):
    kinds = {pa.int32(): "int", pa.int64(): "long", pa.float32(): "float", pa.float64(): "double", pa.string(): "string", pa.bool_(): "boolean"}
    write = {
        "int": avro_files.long,
        "long": avro_files.long,
        "float": lambda value: struct.pack("<f", value),
        "double": lambda value: struct.pack("<d", value),
        "string": avro_files.text,
        "boolean": lambda value: bytes([value]),
    }
    fields = [(field.name, kinds[field.type]) for field in table.schema]
    return avro(fields, [b"".join(write[kind](row[name]) for name, kind in fields) for row in table.to_pylist()])


WRITERS = {"parquet": parquet_bytes, "orc": as_orc, "arrow": arrow, "arrows": lambda table: arrow(table, stream=True), "avro": avro_of}


@pytest.mark.parametrize("ending", WRITERS)
def test_files_that_differ_are_widened_and_told(ending, customer, principal, warehouse):
    write = WRITERS[ending]
    files = {f"two/1.{ending}": write(FIRST), f"two/2.{ending}": write(SECOND), f"clash/1.{ending}": write(FIRST), f"clash/2.{ending}": write(CLASH)}
    stage = stage_of(files, customer, principal, warehouse)
    status, answer = warehouse.server.request("POST", "/v1/query", {"sql": f"SELECT * FROM @{stage}/two/ ORDER BY n"})
    assert status == 200, answer
    assert answer["data"] == [["1", "0.5", "x", None], ["2", "1.0", "y", None], ["1099511627776", "2.25", None, "1"]]
    assert answer["warnings"] == [
        "column `n` has several types in the files and is read as BIGINT",
        "column `d` has several types in the files and is read as DOUBLE",
        "column `first` is missing in 1 of 2 files: it is NULL there",
        "column `second` is missing in 1 of 2 files: it is NULL there",
    ]
    strict = "SET strict_file_schemas = 1"
    assert f"column `n` is Int32 in `s3://" in warehouse.error(strict, f"SELECT * FROM @{stage}/two/")
    assert f"/clash/2.{ending}`" in warehouse.error(f"SELECT * FROM @{stage}/clash/")


@pytest.mark.parametrize("ending", ["orc", "arrow", "avro", "csv"])
def test_a_column_that_only_a_late_file_has(ending, customer, principal, warehouse):
    def content(columns):
        if ending == "csv":
            return (",".join(columns) + "\n" + ",".join(str(values[0]) for values in columns.values()) + "\n").encode()
        return WRITERS[ending](pa.table(columns))

    files = {f"{number:02}.{ending}": content({"n": [number], "t": ["x"]}) for number in range(FEW_FILES + 4)}
    late = f"{FEW_FILES + 1:02}.{ending}"
    files[late] = content({"n": [FEW_FILES + 1], "t": ["x"], "late": ["y"]})
    stage = stage_of(files, customer, principal, warehouse)
    message = warehouse.error(f"SELECT * FROM @{stage}")
    assert f"/{late}` has a column `late`, which the first {FEW_FILES} files of the location do not have" in message
    assert warehouse.run(f"SELECT sum(n) FROM @{stage}") == [(sum(range(FEW_FILES + 4)),)]


def varint(content, at):
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def fields_of_first_page(content):
    """Where the numbers of the first page's header stand: its type, both its sizes, how many values it has."""
    at = parquet.read_metadata(io.BytesIO(content)).row_group(0).column(0).data_page_offset
    places = {}
    for name in ("type", "unpacked", "packed", "values"):
        if name == "values":
            # A struct of its own begins.
            at += 1
        assert content[at] == 0x15
        _, end = varint(content, at + 1)
        places[name] = (at + 1, end)
        at = end
    return places


def with_number(content, place, number):
    start, end = place
    zigzag = ((number << 1) ^ (number >> 63)) & (2**64 - 1)
    width = end - start
    lied = bytes((zigzag >> (7 * at)) & 0x7F | (0x80 if at < width - 1 else 0) for at in range(width))
    return content[:start] + lied + content[end:]


@pytest.mark.parametrize("compression", ["none", "zstd", "snappy", "gzip", "lz4", "brotli"])
@pytest.mark.parametrize("name", ["unpacked", "packed", "values", "type"])
def test_a_page_of_parquet_that_lies(name, compression, customer, principal, warehouse):
    """Every lie is an error that names the file and the row groups, or does no harm."""
    table = pa.table({"n": list(range(2_000)), "t": [f"text {n % 97}" for n in range(2_000)]})
    honest = parquet_bytes(table, compression=compression, use_dictionary=False, row_group_size=500, data_page_size=1_024, write_batch_size=50)
    place = fields_of_first_page(honest)[name]
    most = 2 ** (7 * (place[1] - place[0]) - 1) - 1
    files = {f"{number}.parquet": with_number(honest, place, number) for number in (-1, 0, 7, most // 2, most)}
    stage = stage_of(files, customer, principal, warehouse)
    expected = (2_000, 1_999_000, 2_000)
    refused = 0
    for file in files:
        statement = f"SELECT count(*), sum(n), count(t) FROM @{stage}/{file}"
        try:
            assert tuple(warehouse.run(statement)[0]) == expected, file
        except AssertionError:
            raise
        except Exception as error:
            refused += 1
            message = str(error)
            assert f"/{file}` is not a readable Parquet file: row groups 0 to 3 cannot be decoded: " in message and "[1046]" in message, message
    assert refused > 0 or (name, compression) == ("unpacked", "none")


def test_texts_that_a_double_would_round(customer, principal, warehouse):
    content = b"id,n\n9223372036854775807,1\n18446744073709551615,2\n"
    stage = stage_of({"f.csv": content, "late.csv": b"id\n18446744073709551615\n1.5\n"}, customer, principal, warehouse)
    assert warehouse.run(f"SELECT CAST(id AS VARCHAR) FROM @{stage}/f.csv ORDER BY n") == [("9223372036854775807",), ("18446744073709551615",)]
    assert warehouse.run(f"SELECT max(id) > 1e19 FROM @{stage}/late.csv") == [(True,)]


def test_the_row_numbers_of_pandas_have_no_name(customer, principal, warehouse):
    stage = stage_of({"f.csv": b",a,b\n0,1,x\n1,2,y\n", "texts.csv": b",x\nk,y\n"}, customer, principal, warehouse)
    assert warehouse.run(f"SELECT a, b, column_1 FROM @{stage}/f.csv ORDER BY a") == [(1, "x", 0), (2, "y", 1)]
    assert len(warehouse.run(f"SELECT * FROM @{stage}/texts.csv")) == 2


@pytest.mark.parametrize("content, telling", [(b'{"a":1},\n{"a":2}\n', "something follows the value"), (b'{"a":NaN}\n', "found `N`")])
def test_a_first_row_that_is_no_json(content, telling, customer, principal, warehouse):
    stage = stage_of({"f.ndjson": content}, customer, principal, warehouse)
    message = warehouse.error(f"SELECT * FROM @{stage}/f.ndjson")
    assert "f.ndjson` line 1: it is not a row of JSON" in message and telling in message


def test_folders_are_left_out_through_views(customer, principal, warehouse):
    bucket = customer.bucket({f"t/n={n}/f.parquet": pa.table({"v": [n]}) for n in range(50)})
    role = customer.role(principal, *may_read(bucket))
    stage = warehouse.stage_with_role(bucket, role)
    view = f"view_of_{stage}"
    warehouse.run(f"CREATE VIEW {view} AS SELECT * FROM @{stage}/t/", f"CREATE VIEW {view}_again AS SELECT * FROM {view}")
    for name in (view, f"{view}_again"):
        # Another connection shares nothing with what was read when the view was made.
        connection = warehouse.connection(role)
        warehouse.run(f"CREATE OR REPLACE STAGE {stage} URL = 's3://{bucket}/' CONNECTION = (CONNECTION_NAME = '{connection}')")
        plan = dict(warehouse.run(f"EXPLAIN ANALYZE SELECT * FROM {name} WHERE n = 8"))
        assert "requests=3," in plan["S3"], plan["S3"]
        assert warehouse.run(f"SELECT v FROM {name} WHERE n = 8") == [(8,)]
