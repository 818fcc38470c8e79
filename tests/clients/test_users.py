"""Users: made by SQL, logged in with a password, refused without the right one."""

import pytest

from support.warehouse import Warehouse, new_name

PASSWORD = "pa55: w/rd@%ü"


@pytest.fixture
def user(warehouse):
    name = new_name("user")
    warehouse.run(f"CREATE USER {name} IDENTIFIED BY '{PASSWORD}'")
    return name


def test_a_user_logs_in_with_the_password(server, user, bendsql):
    warehouse = Warehouse(server, user=user, password=PASSWORD)
    assert warehouse.run("SELECT current_user()") in ([(user,)], [(f"'{user}'@'%'",)])
    assert bendsql.rows(warehouse.dsn, "SELECT 1") == [["1"]]


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD.upper()])
def test_a_wrong_password_is_refused(server, user, bendsql, password):
    warehouse = Warehouse(server, user=user, password=password)
    assert "AuthFailure" in warehouse.error("SELECT 1")
    assert "AuthFailure" in bendsql.error(warehouse.dsn, "SELECT 1")
    status, body = server.request("POST", "/v1/query", {"sql": "SELECT 1"}, user=user, password=password)
    assert status == 401 and body["error"]["code"] in (2201, 5100), body


def test_an_unknown_user_is_refused_as_a_wrong_password_is(server, user):
    """Nobody learns who exists."""
    answers = [
        server.request("POST", "/v1/query", {"sql": "SELECT 1"}, user=name, password="wrong")
        for name in (user, "nobody_made_this")
    ]
    (status, known), (_, unknown) = answers
    assert status == 401
    assert known["error"]["code"] == unknown["error"]["code"]


def test_no_login_no_answer(server):
    for path in ("/v1/query", "/v1/session/login", "/v1/verify"):
        status, _ = server.request("POST", path, {"sql": "SELECT 1"}, headers={"Authorization": ""})
        assert status == 401, path


def test_the_life_of_a_user(warehouse, server):
    name = new_name("user")
    warehouse.run(f"CREATE USER {name} IDENTIFIED BY 'one'")
    assert f"`{name}`" in warehouse.error(f"CREATE USER {name} IDENTIFIED BY 'two'")
    warehouse.run(f"CREATE USER IF NOT EXISTS {name} IDENTIFIED BY 'two'")
    assert Warehouse(server, user=name, password="one").run("SELECT 1") == [(1,)]
    assert name in [row[0] for row in warehouse.run("SHOW USERS")]
    warehouse.run(f"DROP USER {name}")
    assert "AuthFailure" in Warehouse(server, user=name, password="one").error("SELECT 1")
    assert f"`{name}`" in warehouse.error(f"DROP USER {name}")
    warehouse.run(f"DROP USER IF EXISTS {name}")


def test_a_user_belongs_to_one_organization(server, user):
    assert "AuthFailure" in Warehouse(server, user=user, password=PASSWORD, tenant="acme").error("SELECT 1")


def test_a_query_belongs_to_its_user(server, user, warehouse):
    """Neither its pages nor its end can be had by another."""
    body = {"sql": "SELECT 1", "pagination": {"wait_time_secs": 5}}
    status, answer = server.request("POST", "/v1/query", body)
    assert status == 200
    for method, path in (("GET", "/page/0"), ("POST", "/kill"), ("GET", "/final"), ("GET", "")):
        status, _ = server.request(method, f"/v1/query/{answer['id']}{path}", user=user, password=PASSWORD)
        assert status in (401, 403, 404), (method, path, status)


def test_a_given_password_is_changed_first(warehouse, server, bendsql):
    """By the clients that a person has: BendSQL and the driver ask nothing else before."""
    name = new_name("user")
    warehouse.run(f"CREATE USER {name} IDENTIFIED BY 'given' WITH MUST_CHANGE_PASSWORD = TRUE")
    given = Warehouse(server, user=name, password="given")
    assert "another password" in given.error("SELECT 1")
    assert "another password" in bendsql.error(given.dsn, "SELECT 1")
    assert bendsql.run(given.dsn, "ALTER USER USER() IDENTIFIED BY 'chosen'").code == 0
    chosen = Warehouse(server, user=name, password="chosen")
    assert chosen.run("SELECT 1") == [(1,)]
    warehouse.run(f"ALTER USER {name} WITH MUST_CHANGE_PASSWORD = TRUE")
    chosen.run("ALTER USER USER() IDENTIFIED BY 'chosen again'")
    assert bendsql.rows(Warehouse(server, user=name, password="chosen again").dsn, "SELECT 1") == [["1"]]
