"""BendSQL from crates.io, unchanged, at a terminal and in scripts."""

import re

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from support.customer import may_read, parquet_bytes
from support.warehouse import new_name

PROMPT = r"root@127\.0\.0\.1:\d+/default/\w+> "
CONTROL_C = "\x03"
ROWS = 20_000


@pytest.fixture(scope="module")
def bucket(customer):
    return customer.bucket({"numbers.parquet": pa.table({"n": pa.array(range(ROWS), pa.int64())})})


@pytest.fixture(scope="module")
def stage(customer, principal, warehouse, bucket):
    return warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))


def endless(stage):
    """Billions of combinations, none of which is kept."""
    tables = ", ".join(f"@{stage}/numbers.parquet {name}" for name in "abc")
    return f"SELECT count(*) FROM {tables} WHERE a.n + b.n + c.n < 0"


class TestAtATerminal:
    @pytest.fixture
    def terminal(self, server, bendsql):
        child = bendsql.interactive(server.dsn())
        child.expect(r"Connected to \S.*?\d+\.\d+")
        child.expect(r"Loaded (\d+) auto complete keywords from server")
        assert int(child.match.group(1)) > 500
        expect_prompt(child)
        yield child
        child.sendline("exit")
        child.expect("Bye~")
        child.close()
        assert child.exitstatus == 0

    def test_a_statement_and_its_table(self, terminal, stage):
        terminal.sendline(f"SELECT count(*) AS how_many, sum(n) AS total FROM @{stage}/numbers.parquet;")
        terminal.expect("how_many")
        terminal.expect(str(ROWS))
        terminal.expect(str(sum(range(ROWS))))
        terminal.expect(r"1 row read in [\d.]+ sec\. Processed ([\d.]+ \w+) row")
        assert terminal.match.group(1) == "20 thousand"
        expect_prompt(terminal)

    def test_names_are_completed(self, terminal):
        """From system.functions and system.tables: the rest of the name comes with the Tab key."""
        terminal.send("SELECT approx_med\t")
        terminal.expect("approx_median")
        terminal.send(CONTROL_C)
        expect_prompt(terminal)
        terminal.send("SELECT name FROM system.setti\t WHERE name = 'timezone';\r")
        terminal.expect("│ *timezone *│")
        expect_prompt(terminal)

    def test_a_session_goes_on_from_statement_to_statement(self, terminal):
        terminal.sendline("USE system;")
        terminal.expect(r"/default/system> ")
        terminal.sendline("SELECT count(*) > 0 AS found FROM one;")
        terminal.expect("true")
        expect_prompt(terminal)

    def test_an_error_leaves_the_session_usable(self, terminal):
        terminal.sendline("SELECT no_such_column;")
        terminal.expect("error: .*no_such_column")
        expect_prompt(terminal)
        terminal.sendline("SELECT 40 + 2 AS answer;")
        terminal.expect("42")
        expect_prompt(terminal)

    def test_control_c_kills_a_long_query(self, terminal, server, stage):
        terminal.sendline(f"{endless(stage)};")
        # The bar with what was read so far: the query runs, and its progress moves.
        terminal.expect(r"Processing|[Rr]ead|rows")
        terminal.send(CONTROL_C)
        terminal.expect("Interrupted by Ctrl\\+C")
        terminal.expect(r"killing query: ([0-9a-f-]+)")
        query_id = terminal.match.group(1)
        expect_prompt(terminal)
        status, answer = server.request("GET", f"/v1/query/{query_id}")
        assert status != 200 or answer["state"] == "Failed", answer
        terminal.sendline("SELECT 40 + 2 AS answer;")
        terminal.expect("42")
        expect_prompt(terminal)


def expect_prompt(terminal):
    terminal.expect(PROMPT)


class TestInScripts:
    def test_a_file_of_many_statements(self, server, bendsql, stage, tmp_path):
        script = tmp_path / "script.sql"
        script.write_text(
            f"""-- Comments, empty lines, and semicolons in strings.
            SELECT 'a;b';

            /* over
               lines */ USE system;
            SELECT database(); SELECT count(*)
            FROM @{stage}/numbers.parquet
            """
        )
        outcome = bendsql.run_file(server.dsn(), script)
        assert (outcome.code, outcome.rows) == (0, [["a;b"], ["system"], [str(ROWS)]]), outcome.errors

    def test_the_first_error_ends_the_script(self, server, bendsql):
        outcome = bendsql.run(server.dsn(), "SELECT 1; SELECT no_such_column; SELECT 3")
        assert outcome.code == 1 and outcome.rows == [["1"]], outcome
        assert "no_such_column" in outcome.errors

    def test_formats(self, server, bendsql):
        sql = "SELECT 1 AS number, 'a\"b' AS text"
        assert bendsql.run(server.dsn(), sql, "--output", "csv").output == '1,"a""b"\n'
        table = bendsql.run(server.dsn(), sql, "--output", "table").output
        assert "number" in table and 'a"b' in table
        assert re.fullmatch(r"[\d.]+\n", bendsql.run(server.dsn(), sql, "--time").output)

    def test_statistics(self, server, bendsql, stage):
        outcome = bendsql.run(server.dsn(), f"SELECT * FROM @{stage}/numbers.parquet", "--stats")
        assert len(outcome.rows) == ROWS
        assert re.search(r"20000 rows read in [\d.]+ sec\. Processed 20 thousand rows", outcome.errors), outcome.errors

    def test_check(self, server, bendsql):
        """`bendsql --check`, with what it says about the server."""
        outcome = bendsql.run_check(server.dsn())
        assert outcome.code == 0 and "Server version: " in outcome.output, outcome
        assert re.search(r"Server version: \S", outcome.output)

    @pytest.mark.parametrize(
        ("statement", "columns"),
        [("SHOW DATABASES", "default"), ("SHOW TABLES FROM system", "settings"), ("SHOW SETTINGS", "timezone"),
         ("SHOW FUNCTIONS", "count"), ("SHOW USERS", "root"), ("SHOW ORGANIZATION", "default")],
    )  # fmt: skip
    def test_show(self, server, bendsql, statement, columns):
        assert columns in {value for row in bendsql.rows(server.dsn(), statement) for value in row}

    def test_show_and_describe_what_the_tutorial_made(self, server, bendsql, customer, principal):
        role = customer.role(principal)
        name = new_name("shown")
        dsn = server.dsn()
        bendsql.rows(dsn, f"CREATE CONNECTION {name} STORAGE_TYPE = 's3' ROLE_ARN = '{role}' EXTERNAL_ID = 'shown-id'")
        bendsql.rows(dsn, f"CREATE STAGE {name} URL = 's3://bucket' CONNECTION = (CONNECTION_NAME = '{name}')")
        for statement in (f"DESC CONNECTION {name}", "SHOW CONNECTIONS"):
            [row] = [row for row in bendsql.rows(dsn, statement) if row[0] == name]
            assert row[1] == "s3" and role in row[2] and "shown-id" in row[2], row
        [row] = bendsql.rows(dsn, f"DESC STAGE {name}")
        assert len(row) >= 13 and row[3] == "s3://bucket/", row
        assert name in [row[0] for row in bendsql.rows(dsn, "SHOW STAGES")]


class TestPutAndGet:
    def test_files_go_to_the_bucket_and_come_back(self, server, bendsql, customer, bucket, stage, tmp_path):
        dsn = server.dsn()
        here, back = tmp_path / "here", tmp_path / "back"
        here.mkdir()
        for number in (1, 2):
            parquet.write_table(pa.table({"n": [number] * 1000}), here / f"{number}.parquet")
        put = bendsql.rows(dsn, f"PUT fs://{here}/*.parquet @{stage}/uploads/today/")
        assert [(file, status) for file, status, _ in put] == [
            (str(here / "1.parquet"), "SUCCESS"),
            (str(here / "2.parquet"), "SUCCESS"),
        ]
        listing = customer.s3.list_objects_v2(Bucket=bucket, Prefix="uploads/")["Contents"]
        assert [entry["Key"] for entry in listing] == ["uploads/today/1.parquet", "uploads/today/2.parquet"]
        assert bendsql.rows(dsn, f"SELECT sum(n) FROM @{stage}/uploads/today/") == [["3000"]]
        get = bendsql.rows(dsn, f"GET @{stage}/uploads/today/ fs://{back}/")
        assert [status for _, status, _ in get] == ["SUCCESS", "SUCCESS"], get
        for file in here.iterdir():
            assert (back / file.name).read_bytes() == file.read_bytes()
        bendsql.rows(dsn, f"REMOVE @{stage}/uploads/")
        assert bendsql.rows(dsn, f"LIST @{stage}/uploads/") == []

    def test_a_large_file(self, server, bendsql, customer, bucket, stage, tmp_path):
        """Beyond what fits into one request or one part."""
        content = b"0123456789abcdef" * (20 << 16)
        file = tmp_path / "large.bin"
        file.write_bytes(content)
        [[_, status, size]] = bendsql.rows(server.dsn(), f"PUT fs://{file} @{stage}/large/")
        assert (status, int(size)) == ("SUCCESS", len(content))
        assert customer.s3.get_object(Bucket=bucket, Key="large/large.bin")["Body"].read() == content

    def test_a_role_that_may_not_write(self, server, bendsql, customer, principal, warehouse, bucket, tmp_path):
        may_get = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
        role = customer.role(principal, may_get)
        stage = warehouse.stage_with_role(bucket, role)
        file = tmp_path / "new.parquet"
        file.write_bytes(parquet_bytes(pa.table({"n": [1]})))
        [[_, status, _]] = bendsql.rows(server.dsn(), f"PUT fs://{file} @{stage}/")
        assert "SUCCESS" not in status and "s3:PutObject" in status and role in status, status
