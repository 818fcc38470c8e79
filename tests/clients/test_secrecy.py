"""No secret is left anywhere: not in a log, an error, a data folder, a system table.

The sandbox writes down every secret access key and session token that it issues, and tests note the passwords they
type. These tests run last and look for each of them in everything that the whole run left behind.
"""

import json
import time

import pytest

from support import evidence
from support.waiting import wait_until

pytestmark = pytest.mark.last

PREFIX = "secrecy/"


@pytest.fixture(scope="module")
def busy(cloud, customer, server, warehouse):
    """Something of everything that handles secrets, so that this file says something when it runs alone."""
    keys = cloud.roots[max(cloud.roots)]
    evidence.note_secret(keys.secret_access_key)
    typed = "typed-by-a-test-and-nowhere-else"
    evidence.note_secret(typed)
    bucket = "secrecy-bucket"
    client = cloud.client(keys, "s3")
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key=f"{PREFIX}a.txt", Body=b"a")
    both = f"ACCESS_KEY_ID = '{keys.access_key_id}' SECRET_ACCESS_KEY = '{keys.secret_access_key}'"
    warehouse.run(
        f"CREATE CONNECTION secrecy_keys STORAGE_TYPE = 's3' {both}",
        f"CREATE STAGE secrecy_stage URL = 's3://{bucket}/' CONNECTION = (CONNECTION_NAME = 'secrecy_keys')",
        f"CREATE STAGE secrecy_inline URL = 's3://{bucket}/' CONNECTION = ({both})",
        f"CREATE USER secrecy_user IDENTIFIED BY '{typed}'",
        f"LIST @secrecy_stage/{PREFIX}",
        f"LIST @secrecy_inline/{PREFIX}",
        f"PRESIGN DOWNLOAD @secrecy_stage/{PREFIX}a.txt",
        "SHOW CONNECTIONS",
        "SHOW STAGES",
        "DESC CONNECTION secrecy_keys",
    )
    for wrong in (
        f"CREATE CONNECTION secrecy_keys STORAGE_TYPE = 's3' {both}",
        f"CREATE CONNECTION c STORAGE_TYPE = 's3' {both} NO_SUCH_KEY = 'x'",
        f"CREATE CONNECTION c STORAGE_TYPE = 's4' {both}",
        f"CREATE CONNECTION c STORAGE_TYP = 's3' {both}",
        f"SELECT * FROM 's3://{bucket}/{PREFIX}none' (CONNECTION => ({both}))",
        f"SELECT * FROM 's3://{bucket}/{PREFIX}a.txt' (CONNECTION => ({both} ENDPOINT_URL = 'http://169.254.169.254'))",
        f"CREATE USER secrecy_user IDENTIFIED BY '{typed}'",
        f"CREATE USER u IDENTIFED BY '{typed}'",
        f"ALTER USER nobody_at_all IDENTIFIED BY '{typed}'",
        f"CREATE ORGANIZATION o IDENTIFIED BY '{typed}'",
    ):
        warehouse.error(wrong)
    # The last writes of a server may come a moment after its answer.
    wait_until("the log is there", lambda: server.process.said())
    return warehouse


def test_the_search_would_find_a_secret(busy):
    """What is looked for is there to be found, and so is where it is looked for."""
    secrets = evidence.secrets()
    assert len(secrets) >= 6, "the sandbox wrote down what it issued"
    places = dict(evidence.texts())
    assert any(place.endswith(".log") for place in places), places.keys()
    assert any("catalog.sqlite" in place for place in places), places.keys()
    # Statements with masked secrets, in the history's file as in the catalog's.
    for file in ("catalog.sqlite", "history.sqlite"):
        assert any(b"secrecy_keys" in content for place, content in places.items() if file in place), file
    assert evidence.ERRORS.read_text().count("\n") >= 10


def test_no_secret_is_in_a_log_an_error_or_a_data_folder(busy):
    secrets = [secret.encode() for secret in evidence.secrets()]
    found = [
        (place, secret[:6] + b"...")
        for place, content in evidence.texts()
        for secret in secrets
        if secret in content
    ]
    assert not found, found


def test_no_secret_is_in_a_system_table(busy):
    """The histories hold the statements of this whole run."""
    tables = busy.run("SELECT database, name FROM system.tables WHERE database IN ('system', 'information_schema')")
    assert len(tables) > 10
    secrets = evidence.secrets()
    deadline = time.monotonic() + 60
    for database, name in tables:
        assert time.monotonic() < deadline, f"{database}.{name} took too long to come to"
        rows = json.dumps([list(map(str, row)) for row in busy.run(f'SELECT * FROM {database}."{name}"')])
        found = [secret[:6] for secret in secrets if secret in rows or json.dumps(secret)[1:-1] in rows]
        assert not found, (database, name, found)
