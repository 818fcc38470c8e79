"""A program that runs beside the tests, with what it says kept in a file."""

import re
import signal
import subprocess

from support.waiting import wait_until

STOP_SECONDS = 20


class Process:
    """Started at once; `stop` ends it and fails if it does not end by itself."""

    def __init__(self, name, command, log, env, expected_exits=(0,)):
        self.name = name
        self.log = log
        self.expected_exits = expected_exits
        with open(log, "wb") as output:
            self.child = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
            )

    def said(self):
        """Everything it wrote so far, colours removed."""
        text = self.log.read_text(errors="replace")
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def wait_for(self, pattern):
        """The first match of `pattern` in what it says."""

        def find():
            match = re.search(pattern, self.said())
            if match is None and self.child.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.child.returncode}:\n{self.said()}")
            return match

        return wait_until(lambda: f"{self.name} says `{pattern}`; it said:\n{self.said()}", find)

    def stop(self):
        """Asks it to end, as an administrator does, and waits for it."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            code = self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.name} did not end within {STOP_SECONDS} s of SIGTERM:\n{self.said()}")
        assert code in self.expected_exits, f"{self.name} ended with {code}:\n{self.said()}"

    def kill(self):
        """Ends it as a crash would."""
        self.child.kill()
        self.child.wait()
