"""Logins by key pair, with the real clients and keys made by openssl: every kind of key that the server takes."""

import subprocess

import pytest

from support import drivers
from support.warehouse import Warehouse, new_name

KINDS = {
    "rsa": ["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"],
    "p256": ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ed25519": ["-algorithm", "ed25519"],
}


def make_pair(folder, kind):
    """The file of the private key, and the text of the public one."""
    folder.mkdir(exist_ok=True)
    private = folder / "private.pem"
    subprocess.run(["openssl", "genpkey", *KINDS[kind], "-out", private], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", private, "-pubout"], check=True, capture_output=True, text=True)
    return private, public.stdout


@pytest.fixture(params=KINDS)
def user(request, warehouse, tmp_path):
    """A user with a key of each kind, and the file of its private half."""
    private, public = make_pair(tmp_path / "own", request.param)
    name = new_name("svc")
    warehouse.run(f"CREATE USER {name} IDENTIFIED WITH key_pair BY '{public}'")
    return name, private


def test_the_drivers_log_in(server, user):
    name, private = user
    dsn = Warehouse(server, user=name, private_key_file=str(private)).dsn
    for client in (drivers.python, drivers.python_async):
        [(told,)] = client(dsn, "SELECT current_user()")
        assert name in told


def test_bendsql_logs_in(server, user, bendsql):
    name, private = user
    dsn = Warehouse(server, user=name, private_key_file=str(private)).dsn
    [[told]] = bendsql.rows(dsn, "SELECT current_user()")
    assert name in told
    # The same as an option of its command line.
    outcome = bendsql.run(server.dsn(user=name), "SELECT 1", "--private-key-file", str(private))
    assert outcome.code == 0 and outcome.rows == [["1"]], outcome


# The drivers ask again for a while when they are refused: one kind is enough.
@pytest.mark.parametrize("user", ["p384"], indirect=True)
def test_another_key_is_refused(server, warehouse, user, tmp_path):
    name, _ = user
    other, public = make_pair(tmp_path / "other", "p256")
    with_other = Warehouse(server, user=name, private_key_file=str(other))
    assert "AuthFailure" in with_other.error("SELECT 1")
    # Until it is added; the first one still works beside it.
    warehouse.run(f"ALTER USER {name} WITH ADD PUBLIC_KEY = '{public}' LABEL = 'second'")
    assert with_other.run("SELECT 1") == [(1,)]
    warehouse.run(f"ALTER USER {name} WITH REMOVE PUBLIC_KEY LABEL = 'second'")
    assert "AuthFailure" in with_other.error("SELECT 1")


def test_an_encrypted_key_opens_with_its_passphrase(server, warehouse, bendsql, tmp_path):
    private, public = make_pair(tmp_path / "plain", "rsa")
    locked, passphrase = tmp_path / "locked.pem", tmp_path / "passphrase"
    passphrase.write_text("open it")
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", private, "-out", locked, "-passout", f"file:{passphrase}"],
        check=True,
        capture_output=True,
    )
    name = new_name("svc")
    warehouse.run(f"CREATE USER {name} IDENTIFIED WITH key_pair BY '{public}'")
    files = {"private_key_file": str(locked), "private_key_passphrase_file": str(passphrase)}
    dsn = Warehouse(server, user=name, **files).dsn
    assert drivers.python(dsn, "SELECT 1") == [(1,)]
    assert bendsql.rows(dsn, "SELECT 1") == [["1"]]
