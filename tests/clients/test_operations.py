"""What an administrator does: start, stop, crash, passwords, the sandbox alone."""

import os
import re
import signal
import subprocess

import pyarrow as pa
import pytest

from support import drivers
from support.customer import may_read
from support.process import Process
from support.programs import environment, stagedoor
from support.server import Server
from support.warehouse import Warehouse


@pytest.fixture
def own_server(cloud, provider, tmp_path):
    """A server that a test may stop."""
    server = Server(tmp_path / "own", cloud, provider.keys, provider.principals)
    yield server
    if server.process.child.poll() is None:
        server.stop()


def test_what_was_said_survives_a_crash(own_server, customer, principal):
    bucket = customer.bucket({"file.parquet": pa.table({"n": [7]})})
    role = customer.role(principal, *may_read(bucket))
    warehouse = Warehouse(own_server)
    warehouse.run("CREATE USER survivor IDENTIFIED BY 'secret'")
    stage = warehouse.stage_with_role(bucket, role)
    connections = warehouse.run("SHOW CONNECTIONS")
    own_server.process.kill()
    own_server.start()
    assert warehouse.run("SHOW CONNECTIONS") == connections
    assert warehouse.run(f"SELECT * FROM @{stage}/file.parquet") == [(7,)]
    assert Warehouse(own_server, user="survivor", password="secret").run("SELECT 1") == [(1,)]


def test_sigterm_lets_running_queries_end(own_server, customer, principal):
    """A query that runs when the signal comes is answered in full."""
    rows = 2500
    bucket = customer.bucket({"numbers.parquet": pa.table({"n": list(range(rows))})})
    stage = Warehouse(own_server).stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    sql = f"SELECT count(*) FROM @{stage}/numbers.parquet a, @{stage}/numbers.parquet b WHERE a.n + b.n >= 0"
    _, answer = own_server.request("POST", "/v1/query", {"sql": sql, "pagination": {"wait_time_secs": 0}})
    assert answer["state"] in ("Starting", "Running"), answer
    own_server.process.child.send_signal(signal.SIGTERM)
    while not answer["data"]:
        status, answer = own_server.request("GET", answer["next_uri"])
        assert status == 200 and answer["error"] is None, answer
    assert answer["data"] == [[str(rows * rows)]], answer
    own_server.request("GET", answer["next_uri"] or "/v1/health")
    own_server.stop()


def test_a_root_password_is_made_and_said_once(cloud, provider, tmp_path):
    server = Server(tmp_path / "own", cloud, provider.keys, provider.principals, STAGEDOOR_ROOT_PASSWORD="root-password-of-a-variable")
    try:
        assert Warehouse(server, password="root-password-of-a-variable").run("SELECT 1") == [(1,)]
        assert "AuthFailure" in Warehouse(server).error("SELECT 1")
        assert "root-password-of-a-variable" not in server.process.said()
    finally:
        server.stop()

    data = tmp_path / "made"
    command = [stagedoor(), "serve", "--listen", "127.0.0.1:0", "--data", str(data)]
    first = Process("the server", command, tmp_path / "first.log", environment())
    first.wait_for(r"listening\b")
    file = data / "root-password"
    password = file.read_text().strip()
    assert len(password) >= 16 and file.stat().st_mode & 0o777 == 0o600
    assert first.said().count(password) == 1
    first.stop()
    second = Process("the server", command, tmp_path / "second.log", environment())
    second.wait_for(r"listening\b")
    assert password not in second.said() and file.read_text().strip() == password
    second.stop()


def test_an_empty_root_password_stays_on_this_machine(tmp_path):
    refused = subprocess.run(
        [stagedoor(), "serve", "--listen", "0.0.0.0:0", "--data", str(tmp_path / "data")],
        env=environment(STAGEDOOR_ROOT_PASSWORD=""),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert refused.returncode != 0 and "STAGEDOOR_ROOT_PASSWORD" in refused.stderr, refused


def test_secrets_are_nowhere_in_the_logs(cloud, provider, customer, principal, tmp_path):
    """With everything logged: neither the server's keys, nor temporary ones, nor a customer's, nor passwords."""
    server = Server(tmp_path / "own", cloud, provider.keys, provider.principals, RUST_LOG="trace,h2=off,hyper=off")
    try:
        warehouse = Warehouse(server)
        bucket = customer.bucket({"file.parquet": pa.table({"n": [1]})})
        stage = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
        assert warehouse.run(f"SELECT * FROM @{stage}/file.parquet") == [(1,)]
        warehouse.run("CREATE USER quiet IDENTIFIED BY 'pass-phrase-of-quiet'")
        warehouse.run(
            "CREATE CONNECTION with_keys STORAGE_TYPE = 's3' ACCESS_KEY_ID = 'AKIAIOSFODNN7EXAMPLE' "
            "SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'"
        )
        [shown] = [row for row in warehouse.run("SHOW CONNECTIONS") if row[0] == "with_keys"]
    finally:
        server.stop()
    for secret in (provider.keys.secret_access_key, "pass-phrase-of-quiet", "wJalrXUtnFEMI"):
        assert secret not in server.process.said()
        assert secret not in str(shown)
    for pattern in (r"x-amz-security-token: ?\w", r"SessionToken>\w", r"SecretAccessKey>\w"):
        assert not re.search(pattern, server.process.said(), re.IGNORECASE), pattern
    for path in (tmp_path / "own" / "data").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"wJalrXUtnFEMI" not in content and b"pass-phrase-of-quiet" not in content, path


def test_the_demo_walks_the_tutorial_and_ends(tmp_path):
    done = subprocess.run(
        [stagedoor(), "demo", "--once"],
        env=environment(),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for phrase in ("CREATE CONNECTION", "CREATE STAGE", "SELECT * FROM @databend_test/test.parquet"):
        assert phrase in done.stdout, done.stdout


def test_the_demo_stays_up_until_control_c(tmp_path):
    """It prints how to connect; Ctrl-C ends it cleanly."""
    demo = Process("the demo", [stagedoor(), "demo"], tmp_path / "demo.log", environment(HOME=str(tmp_path)))
    dsn = demo.wait_for(r"databend://root:@127\.0\.0\.1:\d+/default\?sslmode=disable").group(0)
    demo.wait_for(r"AWS_SECRET_ACCESS_KEY=")
    assert len(drivers.python(dsn, "SELECT * FROM @databend_test/test.parquet")) > 0
    os.kill(demo.child.pid, signal.SIGINT)
    demo.stop()


def test_help_explains(tmp_path):
    for command in ("serve", "sandbox", "demo"):
        done = subprocess.run([stagedoor(), command, "--help"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and "--" in done.stdout
