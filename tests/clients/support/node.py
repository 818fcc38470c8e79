"""The Databend driver for Node, run as a program of its own."""

import json
import os
import subprocess
from pathlib import Path

from support.programs import environment

SCRIPT = Path(__file__).resolve().parents[1] / "node" / "query.cjs"
SECONDS = 60


class NodeError(Exception):
    """What the driver threw."""


def query(dsn, *statements):
    """Runs statements on one connection; returns the last one's rows, each value as (type, text)."""
    done = subprocess.run(
        ["node", str(SCRIPT)],
        input=json.dumps({"dsn": dsn, "statements": statements}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(NODE_PATH=os.environ.get("NODE_PATH", "")),
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise NodeError(answer["error"])
    return answer["rows"]


def text(value):
    """A value's text, or the texts in it; None for null."""
    if value is None:
        return None
    items = value.get("items")
    match value["type"]:
        case "array":
            return [text(item) for item in items]
        case "object":
            return {key: text(item) for key, item in items.items()}
        case _:
            return value["text"]
