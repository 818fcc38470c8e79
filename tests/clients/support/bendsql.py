"""The real BendSQL."""

import csv
import io
import subprocess
from dataclasses import dataclass

import pexpect

from support import evidence
from support.programs import bendsql, environment

SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """How a run ended and what it wrote."""

    code: int
    output: str
    errors: str

    @property
    def rows(self):
        """The rows of its tab-separated output."""
        return list(csv.reader(io.StringIO(self.output), delimiter="\t"))


class BendSql:
    """Runs with a home of its own: it writes logs and its history there."""

    def __init__(self, home):
        self.home = home
        home.mkdir(parents=True, exist_ok=True)

    def run(self, dsn, sql, *options):
        """Runs statements from the command line."""
        return self._run([bendsql(), "--dsn", dsn, *options, f"--query={sql}"], subprocess.DEVNULL)

    def run_file(self, dsn, path, *options):
        """Runs statements from a file on standard input."""
        with open(path, "rb") as file:
            return self._run([bendsql(), "--dsn", dsn, *options], file)

    def rows(self, dsn, sql):
        """The rows of statements that must work."""
        outcome = self.run(dsn, sql)
        assert outcome.code == 0, f"{sql}\n{outcome.output}\n{outcome.errors}"
        return outcome.rows

    def error(self, dsn, sql):
        """The message of a statement that must fail."""
        outcome = self.run(dsn, sql)
        assert outcome.code != 0, f"this was to fail: {sql}\n{outcome.output}"
        evidence.note_error(outcome.errors)
        return outcome.errors

    def run_check(self, dsn):
        """What BendSQL says about a server before anybody uses it."""
        return self._run([bendsql(), "--dsn", dsn, "--check"], subprocess.DEVNULL)

    def interactive(self, dsn):
        """A session at a terminal; wide, so that lines stay whole."""
        child = pexpect.spawn(
            bendsql(),
            ["--dsn", dsn],
            env=environment(HOME=str(self.home), TERM="xterm"),
            encoding="utf-8",
            codec_errors="replace",
            dimensions=(50, 200),
            timeout=SECONDS,
        )
        # A person does not type within a millisecond of the prompt; no need to wait either.
        child.delaybeforesend = None
        return child

    def _run(self, command, stdin):
        done = subprocess.run(
            command,
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environment(HOME=str(self.home)),
        )
        return Outcome(done.returncode, done.stdout, done.stderr)
