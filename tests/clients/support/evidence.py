"""What the tests leave behind, for the test that looks for secrets in it: logs, data folders, errors.

The sandbox writes down every secret that it issues; tests add the ones that they type.
"""

import tempfile
import urllib.parse
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="stagedoor-evidence-"))
# The sandboxes append to it: secret access keys and session tokens.
ISSUED = FOLDER / "issued-secrets"
ERRORS = FOLDER / "errors"

_typed = set()
_logs = []
_data_folders = []
# How session tokens begin, whosever they are.
TOKEN_START = "IQoJb3JpZ2luX2VjE"
# Enough of a secret to know it by, also where it was cut.
TELLING_CHARACTERS = 32
SHORTEST_SECRET = 8


def note_secret(secret):
    """A password or a key that a test typed."""
    if secret and len(secret) >= SHORTEST_SECRET:
        _typed.add(secret)


def note_server(log, data):
    """A server's log, and its data folder."""
    _logs.append(Path(log))
    _data_folders.append(Path(data))


def note_error(text):
    """An error as a client was told it."""
    with open(ERRORS, "a", encoding="utf-8") as errors:
        errors.write(f"{text}\n")


def secrets():
    """Every secret so far, as the parts that tell it, in plain and as URLs write it."""
    issued = set(ISSUED.read_text().split()) if ISSUED.exists() else set()
    telling = set()
    for secret in issued | _typed:
        part = secret.removeprefix(TOKEN_START)[:TELLING_CHARACTERS]
        telling |= {part, urllib.parse.quote(part, safe="")}
    return telling


def texts():
    """Everything that was left, as (where, bytes)."""
    files = [*_logs, ERRORS]
    for folder in _data_folders:
        # The password that a server made is in its file on purpose.
        files += [file for file in folder.rglob("*") if file.is_file() and file.name != "root-password"]
    for file in files:
        if file.exists():
            yield str(file), file.read_bytes()
