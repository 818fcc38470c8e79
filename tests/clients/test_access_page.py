"""docs/access.md and docs/validate.md, followed by somebody who does what they say: every block of SQL is run, in order.

A line `-- refused: PHRASE` before a statement says that it must fail with that phrase, `-- found: PHRASE` that VALIDATE must
name that cause. What SHOW SETUP says as commands is pasted into a shell of the customer's.
"""

import re

import pyarrow as pa
import pytest

from support.cloud import free_port
from support.programs import ROOT
from support.server import Server
from support.setup import run_script
from support.warehouse import Warehouse

ACCESS = ROOT / "docs" / "access.md"
VALIDATE = ROOT / "docs" / "validate.md"
# a block is what it says: `syntax` is a grammar, `text` what the server or a client prints
LANGUAGES = {"sql", "json", "toml", "sh", "syntax", "text"}
KEYWORDS = ("SELECT", "SHOW", "CREATE", "ALTER", "DROP", "VALIDATE", "LIST", "KILL", "SUGGEST", "GRANT", "REVOKE", "DESC")


def blocks(page):
    """(language, text) of every fenced block, also of those inside lists."""
    language, lines = None, []
    for line in page.splitlines():
        fence = re.match(r"\s*```(.*)$", line)
        if fence is None:
            lines.append(line.strip() if language != "sql" else line)
        elif language is None:
            language, lines = fence[1].strip(), []
        else:
            yield language, "\n".join(lines)
            language = None
    assert language is None, "a block without its end"


def statements(page):
    """(statement, what must come of it) in the order of the page."""
    for language, block in blocks(page):
        if language != "sql":
            continue
        wanted, text = {}, []
        for line in block.splitlines():
            note = re.match(r"-- (refused|found): (.*)$", line)
            if note:
                wanted[note[1]] = note[2]
                continue
            text.append(line)
            if line.rstrip().endswith(";"):
                yield "\n".join(text).strip().rstrip(";"), wanted
                wanted, text = {}, []
        assert not "".join(text).strip(), f"a statement without its end:\n{block}"


@pytest.mark.parametrize("page", [ACCESS, VALIDATE], ids=lambda page: page.name)
def test_no_statement_hides(page):
    """SQL stands in blocks of SQL, which are run."""
    for language, block in blocks(page.read_text()):
        assert language in LANGUAGES, f"{page.name}: a block is `{language}`:\n{block}"
        if language not in ("sql", "syntax"):
            hidden = [line for line in block.splitlines() if line.startswith(KEYWORDS) and line.endswith(";")]
            assert not hidden, f"{page.name}: {hidden}"


@pytest.fixture
def warehouse(cloud, provider, customer, tmp_path):
    """A server of its own: the page makes names, and customer-side it makes a bucket and a role."""
    customer.s3.create_bucket(Bucket="acme-lake")
    for year in (2024, 2025):
        customer.put("acme-lake", f"raw/{year}.parquet", pa.table({"id": [1, 2, 3]}))
    address = f"127.0.0.1:{free_port()}"
    server = Server(
        tmp_path / "server", cloud, provider.keys, provider.principals, listen=address, issuer=f"http://{address}"
    )
    yield Warehouse(server)
    server.stop()


def follow(warehouse, cloud, customer, page):
    """Does what the page says; gives how many statements that were."""
    followed = list(statements(page))
    for statement, wanted in followed:
        if "refused" in wanted:
            message = warehouse.error(statement)
            assert wanted["refused"] in message, f"{statement}\n{message}"
            continue
        rows = warehouse.run(statement)
        if statement.startswith("SHOW SETUP") and statement.endswith("AS CLI"):
            run_script(cloud, customer.keys, "\n".join(text for *_, text in rows))
        if statement.startswith("SELECT count"):
            assert rows == [(6,)]
        if "found" in wanted:
            causes = [row[3] for row in rows if row[1] == "failed"]
            assert any(wanted["found"] in cause for cause in causes), f"{statement}\n{causes}"
        elif statement.startswith("VALIDATE"):
            assert [row for row in rows if row[1] not in ("ok", "not reached")] == [], statement
        if not statement.startswith(("CREATE", "ALTER", "DROP")):
            assert rows, f"no rows:\n{statement}"
    return len(followed)


def test_every_statement_of_the_page(warehouse, cloud, customer):
    assert follow(warehouse, cloud, customer, ACCESS.read_text()) >= 15


def test_every_statement_about_validation(warehouse, cloud, customer):
    """It begins where the first chapter of the other page ends."""
    follow(warehouse, cloud, customer, ACCESS.read_text().split("### SHOW SETUP")[0])
    assert follow(warehouse, cloud, customer, VALIDATE.read_text()) >= 5
