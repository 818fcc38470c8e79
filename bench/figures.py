"""Figures of the release binary: medians, with their spread, as a table.

Run by `cargo xtask bench [FIGURE …]`. Everything runs on this machine, so the client's own work is in every
figure; read them with the noise of a shared machine in mind.
"""

import http.client
import io
import os
import statistics
import sys
import tempfile
import threading
import time
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
LARGE_ROWS = 10_000_000
CLIENTS = 64
STATEMENTS_PER_CLIENT = 50


class World:
    """A sandbox, a server and a customer, made anew for each figure."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.cloud = Sandbox(self.folder)
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
    "large_result_memory": (large_result_memory, "< 500"),
    "large_result_rows": (large_result_rows, ""),
    "idle_memory": (idle_memory, "< 100"),
    "start_to_first_answer": (start_to_first_answer, "< 1"),
}


def large_table():
    return pa.table({"n": pa.array(range(LARGE_ROWS), pa.int64()), "text": [f"row {n}" for n in range(LARGE_ROWS)]})


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
            world = World(folder)
            try:
                values = measure(world)
            finally:
                world.stop()
        numbers = " | ".join(f"{value:.4g}" for value in (statistics.median(values), min(values), max(values)))
        print(f"| {name} | {numbers} | {wanted} | {measure.__doc__} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
