"""Waiting for something to become true; never for time to pass."""

import time

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.02


def wait_until(what, condition, seconds=DEADLINE_SECONDS):
    """Asks `condition` until it answers something true, and returns that; fails after a deadline.

    `what` is for the person who reads the failure; a function is asked only then."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(PAUSE_SECONDS)
