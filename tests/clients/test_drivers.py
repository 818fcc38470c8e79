"""The drivers for Python and Node beyond the tutorial."""

import datetime
import threading

import pyarrow as pa
import pytest
from databend_driver import BlockingDatabendClient

from support import drivers, node
from support.customer import may_read
from support.waiting import wait_until

CLIENTS = [drivers.python, drivers.python_async, drivers.node_driver]
BODY_FORMATS = ["json", "arrow"]
# More than fits into one page of 10,000 rows, and no multiple of it.
ROWS = 123_457
CITIES = b'{"city":"Lisbon","country":"PT"}\n{"city":"Vigo","country":"ES"}\n'


@pytest.fixture(scope="module")
def stage(customer, principal, warehouse):
    """A stage with some files in each format."""
    numbers = pa.table({"n": pa.array(range(ROWS), pa.int64()), "text": [f"row {n}" for n in range(ROWS)]})
    bucket = customer.bucket(
        {
            "numbers.parquet": numbers,
            "sales/2024/a.parquet": pa.table({"city": ["Lisbon", "Porto"], "amount": [10, 20]}),
            "sales/2025/b.parquet": pa.table({"city": ["Lisbon", "Faro"], "amount": [30, 40]}),
            "sales/readme.txt": b"not a Parquet file",
            "cities.csv": b"Lisbon,PT\nVigo,ES\n",
            "cities.ndjson": CITIES,
        }
    )
    return warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))


@pytest.mark.parametrize("body_format", BODY_FORMATS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_result_of_many_pages_is_complete_and_in_order(server, stage, client, body_format):
    dsn = server.dsn(query_result_format=body_format)
    rows = client(dsn, f"SELECT n, text FROM @{stage}/numbers.parquet ORDER BY n")
    assert len(rows) == ROWS
    assert all((int(n), text) == (row, f"row {row}") for row, (n, text) in enumerate(rows))


@pytest.mark.parametrize("body_format", BODY_FORMATS)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_rows(server, stage, client, body_format):
    dsn = server.dsn(query_result_format=body_format)
    assert client(dsn, f"SELECT n FROM @{stage}/numbers.parquet WHERE n < 0") == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT sum(amount) FROM @{0}/sales/ (PATTERN => '.*[.]parquet')", [(100,)]),
        ("SELECT sum(amount) FROM @{0}/sales/ (PATTERN => '2025/.*[.]parquet')", [(70,)]),
        ("SELECT sum(amount) FROM @{0}/sales/ (FILES => ('2024/a.parquet'))", [(30,)]),
        ("SELECT sum(amount) FROM @{0}/sales/2024/", [(30,)]),
        (
            "WITH s AS (SELECT * FROM @{0}/sales/ (PATTERN => '.*[.]parquet')) "
            "SELECT city, amount, row_number() OVER (PARTITION BY city ORDER BY amount DESC) AS place FROM s "
            "QUALIFY place = 1 ORDER BY city",
            [("Faro", 40, 1), ("Lisbon", 30, 1), ("Porto", 20, 1)],
        ),
    ],
)
def test_a_stage_feeds_any_query(warehouse, stage, sql, expected):
    assert [tuple(row) for row in warehouse.run(sql.format(stage))] == expected


def test_list(warehouse, stage):
    rows = warehouse.run(f"LIST @{stage}/sales/")
    assert sorted(name for name, *_ in rows) == ["sales/2024/a.parquet", "sales/2025/b.parquet", "sales/readme.txt"]
    [(name, size, etag, modified, creator)] = warehouse.run(f"LIST @{stage} PATTERN = '.*[.]ndjson'")
    assert (name, size, creator) == ("cities.ndjson", len(CITIES), None)
    assert etag.strip('"') and datetime.datetime.strptime(modified, "%Y-%m-%d %H:%M:%S.%f %z")


def test_parameters_are_bound(server):
    connection = BlockingDatabendClient(server.dsn()).get_conn()
    [row] = connection.query_all("SELECT ?, ?, ?", (1, "it's", None))
    assert row.values() == (1, "it's", None)
    [row] = connection.query_all("SELECT :a, :b", {"a": "x", "b": 2.5})
    assert row.values()[0] == "x" and float(row.values()[1]) == 2.5
    connection.close()


@pytest.mark.parametrize("client", [drivers.python, drivers.python_async])
def test_a_session_remembers(server, client):
    setting = "SELECT database(), value FROM system.settings WHERE name = 'max_threads'"
    assert client(server.dsn(), "USE system", "SET max_threads = 3", setting) == [("system", "3")]


def test_settings_in_the_dsn(server):
    sql = "SELECT value FROM system.settings WHERE name = 'max_threads'"
    assert drivers.python(server.dsn(max_threads="2"), sql) == [("2",)]
    [(initial,)] = drivers.python(server.dsn(), sql)
    assert drivers.python(server.dsn(), "SET max_threads = 3", "UNSET max_threads", sql) == [(initial,)]


def test_session_tokens(server):
    """`session_token=enable`: the server's own tokens instead of a password in each request."""
    dsn = server.dsn(session_token="enable")
    assert drivers.python(dsn, "USE system", "SELECT 1") == [(1,)]


def test_an_error_has_a_code(server):
    with pytest.raises(Exception, match=r"\[?1005\]?"):
        drivers.python(server.dsn(), "SELEC 1")
    with pytest.raises(node.NodeError, match="1005"):
        node.query(server.dsn(), "SELEC 1")


def test_a_dropped_result_ends_its_query(server, stage):
    """The driver says `final` when a result is thrown away half read."""
    connection = BlockingDatabendClient(server.dsn()).get_conn()
    rows = connection.query_iter(f"SELECT a.n FROM @{stage}/numbers.parquet a CROSS JOIN @{stage}/numbers.parquet b")
    assert next(rows).values()
    query_id = connection.last_query_id()
    rows.close()
    del rows
    wait_until(f"query {query_id} has ended", lambda: has_ended(server, query_id))
    connection.close()


def test_kill_query(server, stage):
    """Another connection of the same user ends it; the first is told."""
    connection = BlockingDatabendClient(server.dsn()).get_conn()
    tables = ", ".join(f"@{stage}/numbers.parquet {name}" for name in "abc")
    endless = f"SELECT count(*) FROM {tables} WHERE a.n + b.n + c.n < 0"
    outcome = []

    def run():
        try:
            outcome.append(connection.query_all(endless))
        except Exception as error:
            outcome.append(error)

    runner = threading.Thread(target=run, daemon=True)
    runner.start()
    query_id = wait_until("the query has an id", connection.last_query_id)
    wait_until("the query runs", lambda: state(server, query_id) == "Running")
    BlockingDatabendClient(server.dsn()).get_conn().kill_query(query_id)
    runner.join(30)
    assert isinstance(outcome[0], Exception), outcome
    assert has_ended(server, query_id)
    wait_until("the server has stopped working on it", server.is_idle)


def test_progress_moves_while_a_query_runs(server, stage):
    sql = f"SELECT count(*) FROM @{stage}/numbers.parquet a, @{stage}/numbers.parquet b WHERE a.n + b.n < 0"
    _, answer = server.request("POST", "/v1/query", {"sql": sql, "pagination": {"wait_time_secs": 0}})
    query_id = answer["id"]

    def scanned():
        _, now = server.request("GET", f"/v1/query/{query_id}")
        assert now["error"] is None, now
        return now["state"] == "Running" and now["stats"]["scan_progress"]["rows"] > 0

    wait_until("rows are counted before the query ends", scanned)
    server.request("POST", f"/v1/query/{query_id}/kill")


def state(server, query_id):
    status, answer = server.request("GET", f"/v1/query/{query_id}")
    return answer["state"] if status == 200 else None


def has_ended(server, query_id):
    return state(server, query_id) not in ("Running", "Starting")


@pytest.mark.parametrize(("file", "file_format"), [("cities.csv", "csv"), ("cities.ndjson", "ndjson")])
def test_other_formats_are_read_by_name(warehouse, stage, file, file_format):
    rows = warehouse.run(f"SELECT * FROM @{stage}/{file} (FILE_FORMAT => '{file_format}')")
    assert ("Vigo", "ES") in rows, rows
