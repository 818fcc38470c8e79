"""Stagedoor beside the engines that people would pick instead, over one slow S3: `cargo xtask bench --peers`.

The sandbox is the S3: it waits 30 ms before each answer and gives a connection 80 MB/s. Every engine runs as
it comes, in a process of its own, and meets the same files. "cold" is its first run of a query, "warm" the
second; requests and bytes are counted by the sandbox. A figure is the median of the repetitions; what counts is the
ratio of two figures of one run.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "clients"))

LATENCY_MS = 30
MEGABYTES_PER_SECOND = 80
REPETITIONS = 3
BUCKET = "peers"
DAYS = 100
FILES_A_DAY = 10
LONG_LISTING_KEYS = 200_000
WIDE_COLUMNS = 10_000
LONG_ROW_GROUPS = 2_000
BIG_ROW_GROUPS, BIG_ROWS = 64, 1 << 20

# name: (key, or prefix of the files, what of them by glob and by regular expression; whether folders are columns)
SOURCES = {
    "lineitem": ("tpch/lineitem.parquet", None, False),
    "days": ("days/", ("**/*.parquet", None), True),
    "keys": ("keys/", ("*99999.parquet", ".*99999[.]parquet"), False),
    "wide": ("wide.parquet", None, False),
    "long": ("long.parquet", None, False),
    "big": ("big.parquet", None, False),
}

# name: (what it is, source, query over {t})
WORKLOADS = {
    "first_row": ("the first row of a large file", "lineitem", "SELECT * FROM {t} LIMIT 1"),
    "count": ("count(*) of 1,000 files", "days", "SELECT count(*) FROM {t}"),
    "q1": (
        "TPC-H Q1",
        "lineitem",
        "SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice * (1 - l_discount)), avg(l_discount),"
        " count(*) FROM {t} WHERE l_shipdate <= DATE '1998-09-02' GROUP BY l_returnflag, l_linestatus"
        " ORDER BY l_returnflag, l_linestatus",
    ),
    "q6": (
        "TPC-H Q6",
        "lineitem",
        "SELECT sum(l_extendedprice * l_discount) AS revenue FROM {t} WHERE l_shipdate >= DATE '1994-01-01'"
        " AND l_shipdate < DATE '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24",
    ),
    "point": (
        "one order of a file sorted by order",
        "lineitem",
        "SELECT l_partkey, l_quantity FROM {t} WHERE l_orderkey = 300001 ORDER BY l_partkey",
    ),
    "all_days": (
        "a sum over 1,000 small files in 100 folders",
        "days",
        "SELECT kind, sum(v) AS s FROM {t} GROUP BY kind ORDER BY kind",
    ),
    "one_day": (
        "the same of one folder",
        "days",
        "SELECT kind, sum(v) AS s FROM {t} WHERE dt = '2024-01-10' GROUP BY kind ORDER BY kind",
    ),
    "keys": (f"2 files of {LONG_LISTING_KEYS:,} keys in one folder", "keys", "SELECT sum(v) AS s FROM {t}"),
    "wide": (f"two of {WIDE_COLUMNS:,} columns", "wide", "SELECT sum(c17) AS a, sum(c9876) AS b FROM {t}"),
    "row_groups": (
        f"a sum with a filter over {LONG_ROW_GROUPS:,} row groups",
        "long",
        "SELECT count(*) AS n, sum(v) AS s FROM {t} WHERE n % 3 = 0",
    ),
    "big_first_row": ("the first row of a file of 2 GB", "big", "SELECT * FROM {t} LIMIT 1"),
    "big_column": ("one of four columns of a file of 2 GB", "big", "SELECT sum(a) AS s FROM {t}"),
}


def location(source):
    """What an engine that takes globs is given."""
    where, part, _ = SOURCES[source]
    return f"s3://{BUCKET}/{where}{part[0] if part else ''}"


class DuckDb:
    """DuckDB as it comes, with its httpfs extension from PyPI."""

    def open(self, s3):
        import duckdb
        import duckdb_extension_httpfs

        folder = Path(duckdb_extension_httpfs.__file__).parent / "extensions" / f"v{duckdb.__version__}"
        self.connection = duckdb.connect()
        self.connection.execute(f"LOAD '{folder / 'httpfs.duckdb_extension'}'")
        self.connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID '{s3['key']}', SECRET '{s3['secret']}', REGION 'us-east-1',"
            f" ENDPOINT '{s3['endpoint'].split('//')[1]}', URL_STYLE 'path', USE_SSL false)"
        )

    def run(self, source, sql):
        table = f"read_parquet('{location(source)}', hive_partitioning = {SOURCES[source][2]})"
        return self.connection.execute(sql.format(t=table)).fetchall()


class DuckDb16(DuckDb):
    """DuckDB with 16 threads, its own advice for remote files."""

    def open(self, s3):
        super().open(s3)
        self.connection.execute("SET threads = 16")


class Polars:
    def open(self, s3):
        self.options = {
            "aws_access_key_id": s3["key"],
            "aws_secret_access_key": s3["secret"],
            "aws_region": "us-east-1",
            "aws_endpoint_url": s3["endpoint"],
            "aws_allow_http": "true",
        }

    def run(self, source, sql):
        import polars

        frame = polars.scan_parquet(
            location(source), storage_options=self.options, hive_partitioning=SOURCES[source][2]
        )
        sql = sql.replace("dt = '2024-01-10'", "dt = DATE '2024-01-10'")
        return polars.SQLContext(t=frame).execute(sql.format(t="t"), eager=True).rows()


class DataFusion:
    def open(self, s3):
        from datafusion import SessionContext
        from datafusion.object_store import AmazonS3

        self.context = SessionContext()
        store = AmazonS3(
            bucket_name=BUCKET,
            region="us-east-1",
            access_key_id=s3["key"],
            secret_access_key=s3["secret"],
            endpoint=s3["endpoint"],
            allow_http=True,
        )
        self.context.register_object_store("s3://", store, BUCKET)
        self.made = set()

    def run(self, source, sql):
        if source not in self.made:
            self.made.add(source)
            folders = " PARTITIONED BY (dt)" if SOURCES[source][2] else ""
            # Of a folder it takes all files; of a pattern those that it fits.
            where = location(source).removesuffix("**/*.parquet")
            self.context.sql(
                f"CREATE EXTERNAL TABLE {source} STORED AS PARQUET{folders} LOCATION '{where}'"
            ).collect()
        rows = []
        for batch in self.context.sql(sql.format(t=source)).collect():
            rows += list(zip(*(column.to_pylist() for column in batch.columns))) if batch.num_columns else []
        return rows


class Stagedoor:
    """The server, met by its users' driver; the process that counts is the server's."""

    def open(self, s3):
        from databend_driver import BlockingDatabendClient

        self.connection = BlockingDatabendClient(s3["dsn"]).get_conn()
        self.stage = s3["stage"]

    def run(self, source, sql):
        where, part, _ = SOURCES[source]
        pattern = f" (PATTERN => '{part[1]}')" if part and part[1] else ""
        sql = sql.format(t=f"@{self.stage}/{where}{pattern}")
        return [row.values() for row in self.connection.query_iter(sql)]


ENGINES = {
    "stagedoor": Stagedoor,
    "duckdb": DuckDb,
    "duckdb, 16 threads": DuckDb16,
    "polars": Polars,
    "datafusion": DataFusion,
}


def run_one(engine, workload, s3):
    """In a process of its own: both runs of one query, with what the sandbox counted."""
    runner = ENGINES[engine]()
    runner.open(s3)
    process = s3.get("process", os.getpid())
    _, source, sql = WORKLOADS[workload]
    told = []
    for _ in range(2):
        reset(s3["endpoint"])
        forget_peak(process)
        began, used = time.perf_counter(), processor_seconds(process)
        rows = runner.run(source, sql)
        seconds, used = time.perf_counter() - began, processor_seconds(process) - used
        requests, sent = counted(s3["endpoint"])
        told.append({
            "seconds": seconds, "cpu": used, "mebibytes": peak_mebibytes(process), "rows": len(rows),
            "requests": requests, "bytes": sent,
        })
    print(json.dumps(told))


def processor_seconds(process):
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forget_peak(process):
    """Lets the kernel's mark of the highest memory begin anew."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def peak_mebibytes(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    [kibibytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kibibytes) / 1024


def control(endpoint, method, what):
    request = urllib.request.Request(f"{endpoint}/_sandbox/{what}", method=method)
    body = urllib.request.urlopen(request, timeout=30).read()
    return json.loads(body) if body.strip() else None


def reset(endpoint):
    control(endpoint, "DELETE", "requests")


def counted(endpoint):
    records = control(endpoint, "GET", "requests")
    of_s3 = [record for record in records if record.get("service") == "s3"]
    return len(of_s3), sum(record.get("bytes_out", 0) for record in of_s3)


def put_data(cloud, customer, folder, scale, sources):
    """Writes the files that the workloads read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from support.customer import parquet_bytes

    def put(key, content):
        customer.put(BUCKET, key, content)

    if "lineitem" in sources:
        generator = Path(sys.executable).with_name("tpchgen-cli")
        made = [generator, "parquet", "-s", str(scale), "-T", "lineitem", "-o", folder]
        subprocess.run(made, check=True, timeout=1800, stdout=subprocess.DEVNULL)
        put("tpch/lineitem.parquet", (folder / "lineitem.parquet").read_bytes())
    if "days" in sources:
        first = datetime.date(2024, 1, 1)
        for day in range(DAYS):
            dt = first + datetime.timedelta(days=day)
            for number in range(FILES_A_DAY):
                values = range(day * 10_000 + number * 1_000, day * 10_000 + number * 1_000 + 1_000)
                table = pa.table({"v": list(values), "kind": [f"kind {v % 20}" for v in values]})
                put(f"days/dt={dt}/part-{number:02}.parquet", table)
    if "keys" in sources:
        put("one.parquet", pa.table({"v": [1, 2, 3]}))
        cloud.copies(BUCKET, "one.parquet", "keys/part-", LONG_LISTING_KEYS)
    if "wide" in sources:
        put("wide.parquet", pa.table({f"c{column}": range(column, column + 1_000) for column in range(WIDE_COLUMNS)}))
    if "long" in sources:
        rows = LONG_ROW_GROUPS * 500
        table = pa.table({"n": range(rows), "v": [n * 7919 % 1_000_003 for n in range(rows)]})
        put("long.parquet", parquet_bytes(table, row_group_size=500))
    if "big" in sources:
        path = folder / "big.parquet"
        schema = pa.schema([(name, pa.int64()) for name in "abcd"])
        with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
            for group in range(BIG_ROW_GROUPS):
                columns = [pa.array(range(group + column, group + column + BIG_ROWS)) for column in range(4)]
                writer.write_table(pa.table(columns, schema=schema), row_group_size=BIG_ROWS)
        customer.s3.upload_file(str(path), BUCKET, "big.parquet")
        path.unlink()


def measure(engines, workloads, s3, server):
    """(engine, workload) -> what the repetitions told."""
    told = {}
    for workload in workloads:
        for _ in range(REPETITIONS):
            # In turn, so that the machine's drift falls on all.
            for engine in engines:
                given = dict(s3, **(server() if engine == "stagedoor" else {}))
                done = subprocess.run(
                    [sys.executable, __file__, "--one", engine, workload, json.dumps(given)],
                    capture_output=True, text=True, timeout=600, env={**os.environ, "RUST_BACKTRACE": "0"},
                )
                if done.returncode == 0:
                    told.setdefault((engine, workload), []).append(json.loads(done.stdout.splitlines()[-1]))
                else:
                    last = (done.stderr.strip().splitlines() or ["no word"])[-1]
                    print(f"{engine}, {workload}: {last}", file=sys.stderr)
    return told


def median(runs, run, what):
    return statistics.median(told[run][what] for told in runs)


def table(engines, workloads, told):
    lines = [
        "| workload | engine | cold s | warm s | cold CPU s | peak MiB | cold requests | cold MB | warm requests | warm MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for workload in workloads:
        for engine in engines:
            runs = told.get((engine, workload))
            what = WORKLOADS[workload][0]
            if not runs:
                lines.append(f"| {what} | {engine} | failed | | | | | | | |")
                continue
            cells = [
                f"{median(runs, 0, 'seconds'):.2f}", f"{median(runs, 1, 'seconds'):.2f}",
                f"{median(runs, 0, 'cpu'):.2f}", f"{max(told['mebibytes'] for run in runs for told in run):.0f}",
                f"{median(runs, 0, 'requests'):.0f}", f"{median(runs, 0, 'bytes') / 1e6:.1f}",
                f"{median(runs, 1, 'requests'):.0f}", f"{median(runs, 1, 'bytes') / 1e6:.1f}",
            ]
            lines.append(f"| {what} | {engine} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments.add_argument("--scale", type=float, default=1.0, help="TPC-H scale factor")
    arguments.add_argument("--engine", action="append", choices=ENGINES)
    arguments.add_argument("workloads", nargs="*", choices=[[], *WORKLOADS])
    given = arguments.parse_args()
    if given.one:
        engine, workload, s3 = given.one
        return run_one(engine, workload, json.loads(s3))

    from support.cloud import Sandbox
    from support.customer import Customer, may_read
    from support.provider import prepare_provider
    from support.server import Server
    from support.warehouse import Warehouse

    engines, workloads = given.engine or list(ENGINES), given.workloads or list(WORKLOADS)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        slow = ["--latency-ms", str(LATENCY_MS), "--bandwidth-mb", str(MEGABYTES_PER_SECOND)]
        cloud = Sandbox(folder, *slow)
        try:
            provider, customer = prepare_provider(cloud, ["default"]), Customer(cloud)
            customer.s3.create_bucket(Bucket=BUCKET)
            put_data(cloud, customer, folder, given.scale, {WORKLOADS[workload][1] for workload in workloads})
            role = customer.role(provider.principals["default"], *may_read(BUCKET))
            servers = []

            def server():
                """A new one for each repetition, so that its first run is cold."""
                while servers:
                    servers.pop().stop()
                name = f"server-{time.monotonic_ns()}"
                servers.append(Server(folder / name, cloud, provider.keys, provider.principals))
                stage = Warehouse(servers[0]).stage_with_role(BUCKET, role)
                return {"dsn": servers[0].dsn(), "stage": stage, "process": servers[0].process.child.pid}

            s3 = {"endpoint": cloud.endpoint, "key": customer.keys.access_key_id,
                  "secret": customer.keys.secret_access_key}
            told = measure(engines, workloads, s3, server)
            while servers:
                servers.pop().stop()
            print(table(engines, workloads, told))
        finally:
            cloud.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
