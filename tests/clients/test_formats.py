"""Files of every format give the rows that DuckDB reads from them; broken ones give an error that names them."""

import datetime
import gzip
import math
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from support import avro_files, corpus
from support.customer import may_read, parquet_bytes


def canonical(value):
    """A value as both clients would have it."""
    if isinstance(value, dict):
        return [canonical(item) for item in value.values()]
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, Decimal):
        return value.normalize() if value else Decimal(0)
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    return value


def rows_of(rows):
    return [[canonical(value) for value in row] for row in rows]


@pytest.fixture(scope="module")
def lake(customer, principal, warehouse, tmp_path_factory):
    """A stage over all files, and a folder with the same."""
    text = corpus.rows_text()
    files = {f"csv/{name}.csv": content for name, content in corpus.CSV.items()}
    files |= {f"ndjson/{name}.ndjson": content for name, content in corpus.NDJSON.items()}
    files |= {f"packed/rows.csv.{ending}": content for ending, content in corpus.packed(text).items()}
    files |= {f"parquet/{name}.parquet": content for name, content in corpus.parquet_files().items()}
    files |= {f"arrow/{name}": content for name, content in corpus.arrow_files().items()}
    files |= {f"more/{name}.parquet": parquet_bytes(pa.table({"c": values})) for name, (values, _) in corpus.more_types().items()}
    files |= {f"avro/{name}.avro": content for name, content in avro_files.files().items()}
    orc = corpus.orc_files()
    files |= {f"orc/{name}.orc": content for name, content in orc.items()}
    files |= {"orc_rows.parquet": parquet_bytes(corpus.orc_table())}
    files |= {"rows.csv": text, "big.csv": text + text.split(b"\n", 1)[1] * 8, "array.json": corpus.json_array()}
    files |= {
        "broken/cut.csv.gz": gzip.compress(text)[:-500],
        "broken/not.parquet": b"this is no Parquet file at all",
        "broken/cut.arrow": corpus.arrow_files()["file.arrow"][:5000],
        "broken/cut.parquet": corpus.parquet_files()["plain"][:-40],
        "broken/latin.csv": "a,b\n1,\xe4\n".encode("latin-1"),
        "broken/endless.csv": b"a,b\n1," + b"x" * (40 << 20),
        "broken/cut.json": b'[{"a":1},{"a":',
        "broken/cut.orc": orc["zlib"][:-40],
        "broken/not.orc": b"ORC this is none" * 10,
        "broken/stripe.orc": orc["zlib"][:100] + b"\xff" * 2000 + orc["zlib"][2100:],
        "broken/long_footer.orc": orc["zlib"][:-1] + b"\xff",
    }
    bucket = customer.bucket(files)
    folder = tmp_path_factory.mktemp("lake")
    for key, content in files.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(content)
    return warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket))), folder


def compare(warehouse, ours, theirs):
    found = rows_of(warehouse.run(ours))
    expected = rows_of(duckdb.sql(theirs).fetchall())
    assert len(found) == len(expected)
    for number, (mine, other) in enumerate(zip(found, expected)):
        assert mine == other, f"row {number}"


@pytest.mark.parametrize("name", corpus.CSV)
def test_csv_by_name(warehouse, lake, name):
    stage, folder = lake
    path = folder / f"csv/{name}.csv"
    compare(warehouse, f"SELECT * FROM @{stage}/csv/{name}.csv", f"SELECT * FROM read_csv('{path}', header = true, max_line_size = 1000000)")


@pytest.mark.parametrize("name", corpus.CSV)
def test_csv_by_position(warehouse, lake, name):
    stage, folder = lake
    path = folder / f"csv/{name}.csv"
    columns = f"read_csv('{path}', header = false, all_varchar = true, delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false, max_line_size = 1000000)"
    compare(
        warehouse,
        f"SELECT $1, $2 FROM @{stage}/csv/{name}.csv (FILE_FORMAT => 'csv')",
        f"SELECT #1, #2 FROM {columns}",
    )


@pytest.mark.parametrize("name", corpus.NDJSON)
def test_ndjson(warehouse, lake, name):
    stage, folder = lake
    path = folder / f"ndjson/{name}.ndjson"
    compare(warehouse, f"SELECT * FROM @{stage}/ndjson/{name}.ndjson", f"SELECT * FROM read_ndjson('{path}')")


@pytest.mark.parametrize("ending", corpus.packed(b"ab"))
def test_packed(warehouse, lake, ending):
    stage, folder = lake
    sums = "count(*), sum(number), max(name), sum(ratio)"
    compare(
        warehouse,
        f"SELECT {sums} FROM @{stage}/packed/rows.csv.{ending}",
        f"SELECT {sums} FROM read_csv('{folder}/rows.csv')",
    )


def test_blocks_of_a_long_file(warehouse, lake):
    stage, folder = lake
    sums = "count(*), CAST(sum(number) AS BIGINT), min(name), max(name), sum(ratio)"
    compare(warehouse, f"SELECT {sums} FROM @{stage}/big.csv", f"SELECT {sums} FROM read_csv('{folder}/big.csv')")


def test_row_numbers_of_a_long_file(warehouse, lake):
    stage, _ = lake
    rows = warehouse.run(
        f"SELECT min(metadata$file_row_number), max(metadata$file_row_number), count(DISTINCT metadata$file_row_number), count(*) FROM @{stage}/big.csv"
    )
    assert [tuple(row) for row in rows] == [(0, 539_999, 540_000, 540_000)]


def test_json_array(warehouse, lake):
    stage, folder = lake
    compare(warehouse, f"SELECT * FROM @{stage}/array.json", f"SELECT * FROM read_json('{folder}/array.json')")


@pytest.mark.parametrize("name", [*corpus.PARQUET_OPTIONS, "no_rows"])
def test_parquet(warehouse, lake, name):
    stage, folder = lake
    compare(
        warehouse,
        f"SELECT * FROM @{stage}/parquet/{name}.parquet",
        f"SELECT * FROM read_parquet('{folder}/parquet/{name}.parquet')",
    )


@pytest.mark.parametrize("name", ["stream.arrows", "file.arrow", "feather.arrow"])
def test_arrow(warehouse, lake, name):
    stage, folder = lake
    compare(
        warehouse,
        f"SELECT * FROM @{stage}/arrow/{name}",
        f"SELECT * FROM read_parquet('{folder}/parquet/plain.parquet')",
    )


@pytest.mark.parametrize("name", corpus.more_types())
def test_parquet_of_more_types(warehouse, lake, name):
    _, expected = corpus.more_types()[name]
    rows = warehouse.run(f"SELECT c FROM @{lake[0]}/more/{name}.parquet")
    assert rows_of(rows) == [[canonical(value)] for value in expected]


@pytest.mark.parametrize("name, count", [("null", 3), ("deflate", 3), ("many_blocks", 9), ("no_rows", 0)])
def test_avro(warehouse, lake, name, count):
    expected = [canonical(value) for _, _, _, value in avro_files.COLUMNS]
    rows = rows_of(warehouse.run(f"SELECT * FROM @{lake[0]}/avro/{name}.avro"))
    assert rows == [expected] * count


def test_avro_in_other_ways(warehouse, lake):
    path = f"@{lake[0]}/avro"
    assert rows_of(warehouse.run(f"SELECT $1:nested.b, $1:list[1] FROM {path}/null.avro LIMIT 1")) == [['"x"', "2"]]
    rows = warehouse.run(f"SELECT CAST(time_ms AS VARCHAR), CAST(time_us AS VARCHAR), bytes, fixed FROM {path}/other.avro")
    assert rows_of(rows) == [["12:34:56.789", "12:34:56.789012", b"\x01\xff", b"abcd"]]
    assert "has `$1` as its only position" in warehouse.error(f"SELECT $2 FROM {path}/null.avro")


@pytest.mark.parametrize("name", corpus.ORC_OPTIONS)
def test_orc(warehouse, lake, name):
    stage, folder = lake
    theirs = f"read_parquet('{folder}/orc_rows.parquet')"
    compare(warehouse, f"SELECT * FROM @{stage}/orc/{name}.orc", f"SELECT * FROM {theirs}")
    some = "word, i32, metadata$file_row_number"
    compare(
        warehouse,
        f"SELECT {some} FROM @{stage}/orc/{name}.orc WHERE i64 % 5 = 1 ORDER BY 3",
        f"SELECT word, i32, file_row_number FROM read_parquet('{folder}/orc_rows.parquet', file_row_number = true) WHERE i64 % 5 = 1 ORDER BY 3",
    )
    compare(warehouse, f"SELECT count(*) FROM @{stage}/orc/{name}.orc", f"SELECT count(*) FROM {theirs}")


def test_orc_in_other_ways(warehouse, lake):
    stage, _ = lake
    assert rows_of(warehouse.run(f"SELECT * FROM @{stage}/orc/no_rows.orc")) == []
    rows = rows_of(warehouse.run(f"SELECT $1:i16::INT, $1:tuple.b, $1:list[1] FROM @{stage}/orc/zlib.orc (FILE_FORMAT => 'orc') LIMIT 2"))
    assert rows == [[-15000, '"0"', None], [-14940, '"1"', None]]
    assert rows_of(warehouse.run(f"SELECT m['k'] FROM @{stage}/orc/map.orc")) == [[1], [None], [None]]
    assert rows_of(warehouse.run(f"SELECT t FROM @{stage}/orc/utc.orc")) == [[datetime.datetime(2024, 2, 29, 12)], [None]]
    columns = rows_of(warehouse.run(f"SELECT column_name, type FROM infer_schema(location => '@{stage}/orc/zlib.orc') ORDER BY order_id"))
    assert columns[:3] == [["i8", "TINYINT"], ["i16", "SMALLINT"], ["i32", "INT"]]
    assert ["decimal9", "DECIMAL(9, 2)"] in columns
    assert "has `$1` as its only position" in warehouse.error(f"SELECT $2 FROM @{stage}/orc/zlib.orc")


@pytest.mark.parametrize(
    "statement, telling",
    [
        ("SELECT $1 FROM @{}/broken/cut.csv.gz", "cut.csv.gz` is not a readable gzip file: it ends early"),
        ("SELECT * FROM @{}/broken/not.parquet", "not.parquet"),
        ("SELECT count(*) FROM @{}/broken/cut.arrow", "cut.arrow` is broken"),
        ("SELECT * FROM @{}/broken/cut.parquet", "cut.parquet` is not a readable Parquet file"),
        ("SELECT * FROM @{}/broken/latin.csv", "latin.csv` line 2: it is not text in UTF-8"),
        ("SELECT $1 FROM @{}/broken/endless.csv (FILE_FORMAT => 'csv')", "longer than 33554432 bytes"),
        ("SELECT * FROM @{}/avro/cut.avro", "cut.avro` is broken"),
        ("SELECT * FROM @{}/avro/wrong_sync.avro", "wrong_sync.avro` is broken"),
        ("SELECT * FROM @{}/avro/wrong_magic.avro (FILE_FORMAT => 'avro')", "wrong_magic.avro` is broken: it is no Avro file"),
        ("SELECT * FROM @{}/avro/lying_block.avro", "lying_block.avro` is broken"),
        ("SELECT * FROM @{}/broken/cut.orc", "cut.orc` is broken: it is no readable ORC file"),
        ("SELECT * FROM @{}/broken/not.orc", "not.orc` is broken: it is no readable ORC file"),
        ("SELECT * FROM @{}/broken/stripe.orc", "the stripe at byte 3"),
        ("SELECT count(*) FROM @{}/broken/long_footer.orc", "long_footer.orc` is broken: it is no readable ORC file"),
        ("SELECT $1 FROM @{}/broken/cut.json", "cut.json` line 1: the file ends inside of a value"),
    ],
)
def test_broken(warehouse, lake, statement, telling):
    assert telling in warehouse.error(statement.format(lake[0]))


def test_a_limit_reads_the_first_block_alone(warehouse, lake):
    stage, _ = lake
    assert len(list(warehouse.run(f"SELECT * FROM @{stage}/big.csv LIMIT 1"))) == 1
