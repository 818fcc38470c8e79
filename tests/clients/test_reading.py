"""How files are read: partitions by folder, caches that notice, limits, what EXPLAIN tells."""

import io
import os
import re

import pyarrow as pa
import pytest
from pyarrow import orc

from support.customer import may_list, may_read, may_use_objects, parquet_bytes
from support.server import Server
from support.warehouse import Warehouse


def account(warehouse, statement):
    """What EXPLAIN ANALYZE says that a statement asked of S3, as numbers."""
    rows = warehouse.run(f"EXPLAIN ANALYZE {statement}")
    text = next(plan for kind, plan in rows if kind == "S3")
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", text)}


def stage_of(files, customer, principal, warehouse):
    bucket = customer.bucket(files)
    return bucket, warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))


@pytest.fixture(scope="module")
def days(customer, principal, warehouse):
    """Thirty days with two files each."""
    files = {}
    for day in range(1, 31):
        for part in range(2):
            table = pa.table({"id": [day * 10 + part], "kind": ["even" if day % 2 == 0 else "odd"]})
            files[f"events/dt=2024-01-{day:02}/part-{part}.parquet"] = table
    return stage_of(files, customer, principal, warehouse)[1]


def test_folders_are_columns(days, warehouse):
    rows = warehouse.run(f"SELECT dt, count(*), min(id) FROM @{days}/events/ GROUP BY dt ORDER BY dt LIMIT 2")
    assert [(str(day), count, first) for day, count, first in rows] == [("2024-01-01", 2, 10), ("2024-01-02", 2, 20)]
    assert warehouse.run(f"SELECT count(*) FROM @{days}/events/") == [(60,)]


@pytest.mark.parametrize(
    "condition, days_left",
    [
        ("dt = '2024-01-07'", 1),
        ("dt = DATE '2024-01-07' AND kind = 'odd'", 1),
        ("dt IN ('2024-01-07', '2024-01-09')", 2),
        ("dt BETWEEN '2024-01-05' AND '2024-01-07'", 3),
        ("dt > '2024-01-28'", 2),
        ("dt = '2023-12-31'", 0),
        ("dt <> '2024-01-07'", 29),
    ],
)
def test_a_filter_on_a_folder(condition, days_left, days, warehouse):
    statement = f"SELECT count(*) FROM @{days}/events/ WHERE {condition}"
    assert warehouse.run(statement) == [(2 * days_left,)]


def test_folders_that_are_ruled_out_are_not_read(customer, principal, warehouse):
    files = {f"t/n={n}/f.parquet": pa.table({"v": [n]}) for n in range(50)}
    _, stage = stage_of(files, customer, principal, warehouse)
    told = account(warehouse, f"SELECT * FROM @{stage}/t/ WHERE n = 7")
    # The names of the folders, the one that is named, its file.
    assert told["requests"] == 3 and told["rounds"] == 2, told
    assert warehouse.run(f"SELECT v, n FROM @{stage}/t/ WHERE n = 7") == [(7, 7)]


def test_a_filter_on_a_folder_of_a_join_does_not_reach_the_other_table(customer, principal, warehouse):
    left = {f"l/n={n}/f.parquet": pa.table({"a": [n]}) for n in range(3)}
    right = {f"r/n={n}/f.parquet": pa.table({"b": [n * 10]}) for n in range(3)}
    _, stage = stage_of({**left, **right}, customer, principal, warehouse)
    statement = (
        f"SELECT a, b FROM @{stage}/l/ x LEFT JOIN @{stage}/r/ y ON x.n = y.n + 1 WHERE x.n = 1 ORDER BY a"
    )
    assert warehouse.run(statement) == [(1, 0)]


def test_a_warm_query_asks_once_and_reads_nothing(customer, principal, warehouse):
    table = pa.table({"n": list(range(50_000)), "t": [f"text {n}" for n in range(50_000)]})
    _, stage = stage_of({"one.parquet": parquet_bytes(table, row_group_size=5_000)}, customer, principal, warehouse)
    for statement in (f"SELECT sum(n) FROM @{stage}/one.parquet", f"SELECT max(t) FROM @{stage}/"):
        warehouse.run(statement)
        told = account(warehouse, statement)
        assert told["requests"] == 1 and told["bytes"] == 0, told


def test_a_file_that_was_overwritten_is_read_anew(customer, principal, warehouse):
    bucket, stage = stage_of({"f.parquet": pa.table({"v": ["old"]})}, customer, principal, warehouse)
    for where in ("f.parquet", ""):
        customer.put(bucket, "f.parquet", pa.table({"v": ["old"]}))
        assert warehouse.run(f"SELECT v FROM @{stage}/{where}") == [("old",)]
        customer.put(bucket, "f.parquet", pa.table({"v": ["new"]}))
        assert warehouse.run(f"SELECT v FROM @{stage}/{where}") == [("new",)]
    customer.put(bucket, "g.parquet", pa.table({"v": ["added"]}))
    assert sorted(warehouse.run(f"SELECT v FROM @{stage}")) == [("added",), ("new",)]


def test_a_small_file_is_one_request(customer, principal, warehouse):
    _, stage = stage_of({"f.parquet": pa.table({"v": [1, 2, 3]})}, customer, principal, warehouse)
    told = account(warehouse, f"SELECT * FROM @{stage}/f.parquet LIMIT 1")
    assert (told["requests"], told["rounds"]) == (1, 1), told


def test_a_limit_reads_the_first_row_group_alone(customer, principal, warehouse):
    table = pa.table({f"c{c}": [float(n * 7 % 1000 + c) for n in range(100_000)] for c in range(8)})
    content = parquet_bytes(table, row_group_size=5_000, use_dictionary=False, compression="none")
    _, stage = stage_of({"f.parquet": content}, customer, principal, warehouse)
    told = account(warehouse, f"SELECT * FROM @{stage}/f.parquet LIMIT 1")
    assert told["rounds"] <= 2 and told["bytes"] < len(content) / 4, (told, len(content))


def test_limits_on_requests_and_bytes(customer, principal, warehouse):
    files = {f"{number}.parquet": pa.table({"n": [number]}) for number in range(10)}
    _, stage = stage_of(files, customer, principal, warehouse)
    message = warehouse.error("SET s3_requests_max = 5", f"SELECT max(n) FROM @{stage}")
    assert "more than 5 requests of S3" in message and "s3_requests_max" in message, message
    message = warehouse.error("SET s3_bytes_max = 100", f"SELECT max(n) FROM @{stage}")
    assert "more than 100 bytes of S3" in message, message
    assert warehouse.run("SET s3_requests_max = 100", f"SELECT max(n) FROM @{stage}") == [(9,)]


def test_explain_estimates_requests_and_bytes(days, warehouse):
    plan = "\n".join(plan for _, plan in warehouse.run(f"EXPLAIN SELECT kind, count(*) FROM @{days}/events/ GROUP BY kind"))
    assert re.search(r"s3_requests<=\d+, s3_bytes<=\d+", plan), plan


def test_what_a_role_has_read_does_not_help_another(customer, provider, server):
    """Organizations share neither ranges nor footers, also where bucket, key and ETag are the same."""
    table = pa.table({"n": list(range(20_000))})
    bucket = customer.bucket({"d/f.parquet": parquet_bytes(table, row_group_size=2_000)})
    acme, globex = (Warehouse(server, tenant=name) for name in ("acme", "globex"))
    reader = customer.role(provider.principals["acme"], *may_read(bucket))
    lister = customer.role(provider.principals["globex"], may_list(bucket), may_use_objects(bucket, "other/"))
    stages = [acme.stage_with_role(bucket, reader), globex.stage_with_role(bucket, lister)]
    for where in ("d/f.parquet", "d/"):
        for _ in range(2):
            assert acme.run(f"SELECT sum(n) FROM @{stages[0]}/{where}") == [(199_990_000,)]
            assert "s3:GetObject" in globex.error(f"SELECT sum(n) FROM @{stages[1]}/{where}")


def test_many_small_files(customer, principal, warehouse):
    content = parquet_bytes(pa.table({"n": [1, 2]}))
    bucket, stage = stage_of({}, customer, principal, warehouse)
    for number in range(1_200):
        customer.s3.put_object(Bucket=bucket, Key=f"f/{number:04}.parquet", Body=content)
    told = account(warehouse, f"SELECT sum(n) FROM @{stage}/f/")
    # Two pages of the listing, and each file once.
    assert 1_202 <= told["requests"] <= 1_204, told
    assert warehouse.run(f"SELECT sum(n), count(*) FROM @{stage}/f/") == [(3_600, 2_400)]


def test_wide_and_long_files(customer, principal, warehouse):
    wide = pa.table({f"c{number}": [number, number + 1] for number in range(10_000)})
    long = pa.table({"n": list(range(20_000)), "t": ["x" * 20] * 20_000})
    files = {"wide.parquet": wide, "long.parquet": parquet_bytes(long, row_group_size=10)}
    _, stage = stage_of(files, customer, principal, warehouse)
    assert warehouse.run(f"SELECT c1, c9999 FROM @{stage}/wide.parquet ORDER BY c1") == [(1, 9999), (2, 10000)]
    assert warehouse.run(f"SELECT sum(n), count(t) FROM @{stage}/long.parquet") == [(199_990_000, 20_000)]
    assert warehouse.run(f"SELECT n FROM @{stage}/long.parquet WHERE n = 12345") == [(12345,)]


def test_bloom_filters_and_pages(customer, principal, warehouse):
    table = pa.table({"id": [f"id-{n * 7919 % 60_000}" for n in range(60_000)], "v": list(range(60_000))})
    content = parquet_bytes(
        table, row_group_size=10_000, write_page_index=True, data_page_size=4_096, use_dictionary=False,
        compression="none",
    )
    _, stage = stage_of({"f.parquet": content}, customer, principal, warehouse)
    assert warehouse.run(f"SELECT v FROM @{stage}/f.parquet WHERE v = 31415") == [(31415,)]
    told = account(warehouse, f"SELECT id FROM @{stage}/f.parquet WHERE v BETWEEN 100 AND 110")
    assert told["bytes"] < len(content) / 2, (told, len(content))
    rows = warehouse.run(f"SELECT v FROM @{stage}/f.parquet ORDER BY v DESC LIMIT 3")
    assert rows == [(59_999,), (59_998,), (59_997,)]


def test_large_columns_are_read_for_the_rows_that_pass(customer, principal, warehouse):
    rows = 100_000
    table = pa.table({
        "id": [n * 7919 % 100_003 for n in range(rows)],
        "payload": [os.urandom(120).hex() for _ in range(rows)],
    })
    content = parquet_bytes(table, row_group_size=5_000, use_dictionary=False, compression="none")
    _, stage = stage_of({"f.parquet": content}, customer, principal, warehouse)
    wanted = 12_345 * 7919 % 100_003
    told = account(warehouse, f"SELECT payload FROM @{stage}/f.parquet WHERE id = {wanted}")
    assert told["bytes"] < len(content) / 5 and told["rounds"] <= 4, (told, len(content))
    [(payload,)] = warehouse.run(f"SELECT payload FROM @{stage}/f.parquet WHERE id = {wanted}")
    assert payload == table["payload"][12_345].as_py()
    assert warehouse.run(f"SELECT count(payload) FROM @{stage}/f.parquet WHERE id = -1") == [(0,)]
    ids = ", ".join(str(n * 7919 % 100_003) for n in range(0, rows, 10_000))
    assert warehouse.run(f"SELECT count(DISTINCT payload) FROM @{stage}/f.parquet WHERE id IN ({ids})") == [(10,)]


def test_what_was_read_is_kept_over_a_restart(cloud, provider, customer, tmp_path):
    table = pa.table({"n": list(range(200_000)), "t": [os.urandom(8).hex() for _ in range(200_000)]})
    content = parquet_bytes(table, row_group_size=20_000)
    lines = "".join(f"{n},text {n}\n" for n in range(1_000)).encode()
    bucket = customer.bucket({"one.parquet": content, "many/a.parquet": content, "lines.csv": lines})
    role = customer.role(provider.principals["default"], *may_read(bucket))
    server = Server(tmp_path, cloud, provider.keys, provider.principals)
    try:
        warehouse = Warehouse(server)
        stage = warehouse.stage_with_role(bucket, role)
        statements = [
            f"SELECT sum(n), count(DISTINCT t) FROM @{stage}/one.parquet",
            f"SELECT sum(n), max(t) FROM @{stage}/many/",
            f"SELECT sum($1::INT) FROM @{stage}/lines.csv (FILE_FORMAT => 'CSV')",
        ]
        answers = [warehouse.run(statement) for statement in statements]
        server.stop()
        server.start()
        for statement, answer in zip(statements, answers):
            told = account(warehouse, statement)
            assert (told["requests"], told["bytes"]) == (1, 0), (statement, told)
            assert warehouse.run(statement) == answer
        # What is damaged, or not there any more, is read from S3.
        server.stop()
        kept = list((tmp_path / "data" / "cache").glob("*.ranges"))
        assert kept and all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
        for path in kept:
            written = bytearray(path.read_bytes())
            for position in range(500, len(written), 1_000):
                written[position] ^= 0xFF
            path.write_bytes(written)
        server.start()
        assert [warehouse.run(statement) for statement in statements] == answers
        # And a file that was overwritten meanwhile is another one.
        server.stop()
        customer.put(bucket, "one.parquet", pa.table({"n": [1], "t": ["x"]}))
        server.start()
        assert warehouse.run(statements[0]) == [(1, 1)]
    finally:
        server.stop()


def test_a_long_listing_is_cut_into_ranges(cloud, customer, principal, warehouse):
    table = pa.table({"n": [7]})
    bucket, stage = stage_of({"one.parquet": table}, customer, principal, warehouse)
    cloud.copies(bucket, "one.parquet", "flat/part-", 30_000)
    assert warehouse.run(f"SELECT count(*) FROM list_stage(location => '@{stage}/flat/')") == [(30_000,)]
    told = account(warehouse, f"SELECT n FROM @{stage}/flat/ (PATTERN => 'part-.*777[.]parquet')")
    # Thirty pages, thirty files, and what the guesses cost.
    assert 60 < told["requests"] <= 200, told
    rows = warehouse.run(f"SELECT count(*), sum(n) FROM @{stage}/flat/ (PATTERN => 'part-.*777[.]parquet')")
    assert rows == [(30, 210)]


@pytest.mark.parametrize("rows", [100_000, 150_000, 250_000])
def test_what_is_kept_of_a_file_may_overlap(rows, customer, principal, warehouse):
    """Its end came with the listing, its beginning told the format, and a stripe of it reaches into both."""
    table = pa.table(
        {
            "i": list(range(rows)),
            "f": [n * 0.37 for n in range(rows)],
            "t": [f"text {n * 7919 % 100_003} {'y' * (n % 37)}" for n in range(rows)],
        }
    )
    out = io.BytesIO()
    orc.write_table(table, out, stripe_size=256 << 20, compression="zstd")
    _, stage = stage_of({"f.orc": out.getvalue()}, customer, principal, warehouse)
    for _ in range(3):
        assert warehouse.run(f"SELECT i, t FROM @{stage}/f.orc LIMIT 2") == [(0, "text 0 "), (1, "text 7919 y")]
    assert warehouse.run(f"SELECT count(t), sum(i), count(f) FROM @{stage}/f.orc") == [(rows, rows * (rows - 1) // 2, rows)]
