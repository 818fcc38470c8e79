"""What ran, what was asked of AWS for it, and who may see and end it."""

import pyarrow as pa
import pytest

from support.customer import may_read
from support.waiting import wait_until
from support.warehouse import Warehouse, new_name

PASSWORD = "a password of somebody"
ROWS = 6000


@pytest.fixture(scope="module")
def stage(customer, principal, warehouse):
    bucket = customer.bucket({"numbers.parquet": pa.table({"n": list(range(ROWS))})})
    return warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))


@pytest.fixture(scope="module")
def somebody(server, warehouse):
    """A user of the same organization who is not root."""
    name = new_name("user")
    warehouse.run(f"CREATE USER {name} IDENTIFIED BY '{PASSWORD}'")
    return Warehouse(server, user=name, password=PASSWORD)


def endless(stage):
    return f"SELECT count(*) FROM {', '.join(f'@{stage}/numbers.parquet {name}' for name in 'abc')} WHERE a.n + b.n + c.n < 0"


def start(server, sql, **login):
    """Starts a statement and does not wait for it; its id."""
    body = {"sql": sql, "pagination": {"wait_time_secs": 0}}
    status, answer = server.request("POST", "/v1/query", body, **login)
    assert status == 200 and answer["error"] is None, answer
    return answer["id"]


def finish(server, query_id):
    """Says that nobody wants the statement's pages: a server that ends waits for clients that may."""
    server.request("POST", f"/v1/query/{query_id}/final")


def history(warehouse, query_id, columns="state"):
    return warehouse.run(f"SELECT {columns} FROM system.query_history WHERE query_id = '{query_id}'")


def test_a_running_statement_is_listed_and_killed(server, warehouse, stage):
    query_id = start(server, endless(stage))
    wait_until("it is listed", lambda: (query_id,) in warehouse.run("SELECT id FROM system.processes"))
    assert any(row[0] == query_id for row in warehouse.run("SHOW PROCESSLIST"))
    assert history(warehouse, query_id) == [("running",)]
    warehouse.run(f"KILL QUERY '{query_id}'")
    wait_until("it has ended", lambda: history(warehouse, query_id) == [("cancelled",)])
    assert (query_id,) not in warehouse.run("SELECT id FROM system.processes")
    status, answer = server.request("GET", f"/v1/query/{query_id}/page/0")
    assert status == 200 and "killed by user `root`" in answer["error"]["message"], answer
    [(error,)] = history(warehouse, query_id, "error")
    assert "killed by user `root`" in error
    finish(server, query_id)


def test_a_statement_knows_its_requests(server, warehouse, customer, principal):
    """Of a file that nobody has read before: what is kept from an earlier query is not asked for again."""
    bucket = customer.bucket({"numbers.parquet": pa.table({"n": list(range(ROWS))})})
    stage = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    query_id = start(server, f"SELECT sum(n) FROM @{stage}/numbers.parquet")
    wait_until("it has ended", lambda: history(warehouse, query_id) == [("succeeded",)])
    [(requests, received, rows)] = history(warehouse, query_id, "s3_requests, s3_bytes, result_rows")
    listed = warehouse.run(
        f"SELECT operation, stage, bytes, request_id FROM system.s3_requests WHERE query_id = '{query_id}' "
        "AND bucket IS NOT NULL"
    )
    assert len(listed) == requests >= 1 and rows == 1
    assert sum(size for _, _, size, _ in listed) == received > 0
    assert all(name == stage and request_id for _, name, _, request_id in listed), listed
    finish(server, query_id)


def test_users_see_their_own_and_root_sees_all(server, warehouse, somebody, stage):
    somebody.run("SELECT 'of somebody'")
    warehouse.run("SELECT 'of root'", f"LIST @{stage}")
    user = somebody.parameters["user"]
    assert {name for (name,) in somebody.run("SELECT DISTINCT user FROM system.query_history")} == {user}
    assert somebody.run("SELECT DISTINCT user FROM system.s3_requests WHERE user <> current_user()") == []
    assert {"root", user} <= {name for (name,) in warehouse.run("SELECT DISTINCT user FROM system.query_history")}
    query_id = start(server, endless(stage))
    try:
        assert "no statement" in somebody.error(f"KILL QUERY '{query_id}'")
        assert (query_id,) not in somebody.run("SELECT id FROM system.processes")
        assert history(warehouse, query_id) == [("running",)]
    finally:
        warehouse.run(f"KILL QUERY '{query_id}'")
        finish(server, query_id)


def test_organizations_see_nothing_of_each_other(server, warehouse, stage):
    acme = Warehouse(server, tenant="acme")
    warehouse.run(f"LIST @{stage}")
    acme.run("SELECT 'of acme'")
    query_id = start(server, endless(stage))
    try:
        assert "no statement" in acme.error(f"KILL QUERY '{query_id}'")
        assert (query_id,) not in acme.run("SELECT id FROM system.processes")
        assert history(acme, query_id) == []
    finally:
        warehouse.run(f"KILL QUERY '{query_id}'")
        finish(server, query_id)
    assert acme.run(f"SELECT 1 FROM system.s3_requests WHERE stage = '{stage}'") == []
    assert acme.run("SELECT 1 FROM system.role_sessions") == []
    assert acme.run(f"SELECT 1 FROM system.query_history WHERE sql LIKE '%@{stage}%' AND sql LIKE 'LIST%'") == []
    assert warehouse.run("SELECT 1 FROM system.query_history WHERE sql = 'SELECT ''of acme'''") == []
