"""Figures of the release binary: medians, with their spread, as a table.

Run by `cargo xtask bench [FIGURE …]`. Everything runs on this machine, so the client's own work is in every
figure; read them with the noise of a shared machine in mind.
"""

import http.client
import io
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "clients"))

import pyarrow as pa  # noqa: E402
from databend_driver import BlockingDatabendClient  # noqa: E402

from support.cloud import Sandbox  # noqa: E402
from support.customer import Customer, may_read, parquet_bytes  # noqa: E402
from support.provider import prepare_provider  # noqa: E402
from support.server import Server  # noqa: E402
from support.warehouse import Warehouse  # noqa: E402

MEBIBYTE = 1 << 20
# Of an S3 that is as far away as one in the same region.
SLOW_CLOUD = ("--latency-ms", "30", "--bandwidth-mb", "80")
LONG_CLIENTS = 8
MIXED_SECONDS = 20
LARGE_ROWS = 10_000_000
CLIENTS = 64
STATEMENTS_PER_CLIENT = 50


class World:
    """A sandbox, a server and a customer, made anew for each figure."""

    def __init__(self, folder, *cloud_options):
        self.folder = Path(folder)
        self.cloud = Sandbox(self.folder, *cloud_options)
        self.provider = prepare_provider(self.cloud, ["default"])
        self.customer = Customer(self.cloud)
        self.server = self.new_server("server")

    def new_server(self, name):
        return Server(self.folder / name, self.cloud, self.provider.keys, self.provider.principals)

    def stage(self, files):
        bucket = self.customer.bucket(files)
        role = self.customer.role(self.provider.principals["default"], *may_read(bucket))
        return Warehouse(self.server).stage_with_role(bucket, role)

    def stop(self):
        self.server.stop()
        self.cloud.stop()


def sandbox_get(world):
    """GET of a 64 MiB object from the sandbox, one request after the other, MiB/s"""
    bucket = world.customer.bucket({"large.bin": os.urandom(64 * MEBIBYTE)})
    url = world.customer.s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "large.bin"})
    host, path = url.split("//")[1].split("/", 1)
    connection = http.client.HTTPConnection(host)
    buffer = bytearray(4 * MEBIBYTE)

    def once():
        connection.request("GET", "/" + path)
        answer = connection.getresponse()
        assert answer.status == 200
        read = 0
        while size := answer.readinto(buffer):
            read += size
        assert read == 64 * MEBIBYTE

    return [64 / seconds for seconds in timed(once, 20)]


def select_one(world):
    """`SELECT 1` through the server: a bare HTTP client, milliseconds"""
    connection = http.client.HTTPConnection(world.server.address)
    headers = {"Authorization": "Basic cm9vdDo=", "Content-Type": "application/json"}

    def once():
        connection.request("POST", "/v1/query", '{"sql":"SELECT 1"}', headers)
        answer = connection.getresponse()
        assert b'"1"' in answer.read()

    return [seconds * 1000 for seconds in timed(once, 300)]


def select_one_by_driver(world):
    """`SELECT 1` by the driver for Python, milliseconds"""
    connection = BlockingDatabendClient(world.server.dsn()).get_conn()
    return [seconds * 1000 for seconds in timed(lambda: connection.query_row("SELECT 1"), 300)]


def many_clients(world):
    """64 clients at once, each with a connection of its own: statements per second of all, no error allowed"""
    stage = world.stage({"file.parquet": pa.table({"n": list(range(1000))})})
    errors = []

    def client():
        try:
            connection = BlockingDatabendClient(world.server.dsn()).get_conn()
            for _ in range(STATEMENTS_PER_CLIENT):
                assert connection.query_row(f"SELECT sum(n) FROM @{stage}/file.parquet").values() == (499500,)
            connection.close()
        except Exception as error:
            errors.append(error)

    def once():
        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors, errors[0]

    return [CLIENTS * STATEMENTS_PER_CLIENT / seconds for seconds in timed(once, 3)]


def short_beside_long(world):
    """56 clients with short queries beside 8 with long ones over an S3 30 ms away: the short ones' p99 as a multiple of
    one client's alone; no error and one AssumeRole of the customer's role allowed"""
    large = parquet_bytes(large_table(2_000_000), row_group_size=100_000)
    stage = world.stage({"small.parquet": pa.table({"n": list(range(1000))}), "large.parquet": large})
    short, long = f"SELECT sum(n) FROM @{stage}/small.parquet", f"SELECT count(DISTINCT text) FROM @{stage}/large.parquet"
    until, errors, seconds, longs = [0.0], [], [], []

    def client(statement, answer, kept):
        try:
            connection = BlockingDatabendClient(world.server.dsn()).get_conn()
            while time.perf_counter() < until[0]:
                began = time.perf_counter()
                assert connection.query_row(statement).values() == answer
                kept.append(time.perf_counter() - began)
            connection.close()
        except Exception as error:
            errors.append(error)

    def run(shorts, longs_at_once):
        seconds.clear()
        until[0] = time.perf_counter() + MIXED_SECONDS
        jobs = [(short, (499500,), seconds)] * shorts + [(long, (2_000_000,), longs)] * longs_at_once
        threads = [threading.Thread(target=client, args=job) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors, errors[0]
        return sorted(seconds)[int(len(seconds) * 0.99)]

    alone = run(1, 0)
    mixed = run(CLIENTS - LONG_CLIENTS, LONG_CLIENTS)
    with urllib.request.urlopen(f"{world.cloud.endpoint}/_sandbox/requests?service=sts") as answer:
        hops = [request for request in json.load(answer) if ":assumed-role/" in request["principal"]]
    assert len(hops) == 1, f"the customer's role was assumed {len(hops)} times"
    rate, memory = len(seconds) / MIXED_SECONDS, status(world.server, "VmHWM")
    print(
        f"short ones: p99 alone {alone * 1000:.0f} ms, beside others {mixed * 1000:.0f} ms, {rate:.0f}/s;"
        f" {len(longs)} long ones; highest memory {memory:.0f} MiB", file=sys.stderr
    )
    return [mixed / alone]


def large_result_memory(world):
    """SELECT of 10 million rows by the driver for Python: highest resident memory of the server, MiB"""
    file = io.BytesIO(parquet_bytes(large_table(), row_group_size=1_000_000))
    stage = world.stage({"large.parquet": file.getvalue()})
    connection = BlockingDatabendClient(world.server.dsn()).get_conn()
    count = sum(1 for _ in connection.query_iter(f"SELECT n, text FROM @{stage}/large.parquet"))
    assert count == LARGE_ROWS
    return [status(world.server, "VmHWM")]


def large_result_rows(world):
    """The same SELECT: rows per second"""
    stage = world.stage({"large.parquet": parquet_bytes(large_table(), row_group_size=1_000_000)})
    connection = BlockingDatabendClient(world.server.dsn()).get_conn()

    def once():
        assert sum(1 for _ in connection.query_iter(f"SELECT n, text FROM @{stage}/large.parquet")) == LARGE_ROWS

    return [LARGE_ROWS / seconds for seconds in timed(once, 1)]


def idle_memory(world):
    """Resident memory of a server that has answered one query, MiB"""
    assert Warehouse(world.server).run("SELECT 1") == [(1,)]
    return [status(world.server, "VmRSS")]


def start_to_first_answer(world):
    """From the start of the process, on new data, to the answer of `SELECT 1`, seconds"""
    seconds = []
    for number in range(5):
        began = time.perf_counter()
        server = world.new_server(f"start-{number}")
        assert server.request("POST", "/v1/query", {"sql": "SELECT 1"})[1]["data"] == [["1"]]
        seconds.append(time.perf_counter() - began)
        server.stop()
    return seconds


FIGURES = {
    "sandbox_get": (sandbox_get, ">= 600"),
    "select_one": (select_one, "< 3"),
    "select_one_by_driver": (select_one_by_driver, "< 3"),
    "many_clients": (many_clients, "no error"),
    "short_beside_long": (short_beside_long, "<= 3"),
    "large_result_memory": (large_result_memory, "< 500"),
    "large_result_rows": (large_result_rows, ""),
    "idle_memory": (idle_memory, "< 100"),
    "start_to_first_answer": (start_to_first_answer, "< 1"),
}


def large_table(rows=LARGE_ROWS):
    return pa.table({"n": pa.array(range(rows), pa.int64()), "text": [f"row {n}" for n in range(rows)]})


def timed(once, times):
    """Seconds of each run, after one that does not count."""
    once()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        once()
        seconds.append(time.perf_counter() - began)
    return seconds


def status(server, name):
    """A line of the server's /proc status in MiB."""
    lines = Path(f"/proc/{server.process.child.pid}/status").read_text().splitlines()
    [kibibytes] = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(kibibytes) / 1024


def main(names):
    print("| figure | median | lowest | highest | wanted | what |\n| --- | --- | --- | --- | --- | --- |")
    for name in names or FIGURES:
        measure, wanted = FIGURES[name]
        with tempfile.TemporaryDirectory() as folder:
            world = World(folder, *(SLOW_CLOUD if measure is short_beside_long else ()))
            try:
                values = measure(world)
            finally:
                world.stop()
        numbers = " | ".join(f"{value:.4g}" for value in (statistics.median(values), min(values), max(values)))
        print(f"| {name} | {numbers} | {wanted} | {measure.__doc__} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
