"""Where the programs under test are; `cargo xtask test` says so in the environment."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Variables of the machine that must not reach a program under test: its identity comes from the test.
FOREIGN_PREFIXES = ("AWS_", "STAGEDOOR_", "BENDSQL_", "RUST_")


def program(variable):
    """A program named by the environment."""
    path = os.environ.get(variable)
    if not path:
        raise RuntimeError(f"{variable} is not set: run these tests with `cargo xtask test`")
    return path


def stagedoor():
    return program("STAGEDOOR_BIN")


def bendsql():
    return program("BENDSQL_BIN")


def beside_python(name):
    """A command that pip installed."""
    return str(Path(sys.executable).parent / name)


def environment(**variables):
    """The environment of a program under test: nothing of this machine's AWS, and what is given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}
    isolated = {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    return inherited | isolated | variables
