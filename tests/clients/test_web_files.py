"""Files of the web by URL: only where the administrator allows the host, and nothing secret is ever sent."""

import http.server
import re
import threading
import urllib.parse

import pyarrow as pa
import pytest

from support.customer import parquet_bytes
from support.server import Server
from support.warehouse import Warehouse

FILES = {
    "/data/one.parquet": parquet_bytes(pa.table({"n": list(range(50_000)), "t": [f"text {n}" for n in range(50_000)]})),
    "/data/part_1.csv": b"id,name\n1,Ann\n",
    "/data/part_2.csv": b"id,name\n2,Bob\n",
    "/data/part_3.csv": b"id,name\n3,Cid\n",
    "/data/day=08/a b.ndjson": b'{"v":{"x":[1,2]}}\n',
    "/data/day=09/a b.ndjson": b'{"v":{"x":[3]}}\n',
}


class Site(http.server.BaseHTTPRequestHandler):
    """Files with ranges, as web servers give them, and a place that leads elsewhere."""

    protocol_version = "HTTP/1.1"
    seen = []

    def do_GET(self):
        path = urllib.parse.unquote(self.path)
        Site.seen.append((path, dict(self.headers)))
        if path == "/moved.csv":
            return self.answer(302, b"", Location="http://169.254.169.254/latest/meta-data/")
        content = FILES.get(path)
        if content is None:
            return self.answer(404, b"no such file")
        tag = f'"{hash(content) & 0xFFFFFFFF:x}"'
        if self.headers.get("If-Match", tag) != tag:
            return self.answer(412, b"")
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            return self.answer(200, content, ETag=tag)
        first, last = asked.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last) if first and last else len(content) - 1, len(content) - 1)
        if start > end:
            return self.answer(416, b"")
        place = f"bytes {start}-{end}/{len(content)}"
        self.answer(206, content[start : end + 1], ETag=tag, **{"Content-Range": place})

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def web(cloud, provider, site, tmp_path_factory):
    """A server whose administrator allows the site."""
    allowed = site.removeprefix("http://")
    https = f'allowed = ["{allowed}"]\nallow_http = true'
    server = Server(tmp_path_factory.mktemp("web"), cloud, provider.keys, provider.principals, https=https)
    yield Warehouse(server)
    server.stop()


def test_files_are_read_by_url(web, site):
    assert web.run(f"SELECT count(*), sum(n), max(t) FROM '{site}/data/one.parquet'") == [(50_000, 1_249_975_000, "text 9999")]
    assert web.run(f"SELECT t FROM '{site}/data/one.parquet' WHERE n = 4711") == [("text 4711",)]
    rows = web.run(f"SELECT $1, metadata$file_path FROM '{site}/data/part_1.csv' (FILE_FORMAT => 'csv')")
    assert rows == [("id", f"{site}/data/part_1.csv"), ("1", f"{site}/data/part_1.csv")]
    columns = web.run(f"SELECT column_name, type FROM infer_schema(location => '{site}/data/part_1.csv')")
    assert columns == [("id", "BIGINT"), ("name", "VARCHAR")]


def test_globs_and_ranges_stand_for_files(web, site):
    names = f"SELECT name FROM '{site}/data/part_%s.csv' ORDER BY id"
    assert web.run(names % "{1,3}") == [("Ann",), ("Cid",)]
    assert web.run(names % "[1-3]") == [("Ann",), ("Bob",), ("Cid",)]
    rows = web.run(f"SELECT day, v['x'][0] FROM '{site}/data/day=[08-09]/a%20b.ndjson' ORDER BY 1")
    assert [str(day) for day, _ in rows] == ["08", "09"]
    assert f"no file `{site}/data/part_4.csv`" in web.error(names % "[3-4]")


def test_nothing_secret_is_sent(web, site):
    Site.seen.clear()
    web.run(f"SELECT count(*) FROM '{site}/data/one.parquet'", f"SELECT * FROM '{site}/data/part_1.csv'")
    assert Site.seen
    for path, headers in Site.seen:
        names = {name.lower() for name in headers}
        assert not names & {"authorization", "cookie", "x-amz-security-token", "x-amz-date", "x-amz-content-sha256"}, (path, headers)


def test_what_is_not_allowed(web, warehouse, site):
    off = warehouse.error(f"SELECT * FROM '{site}/data/part_1.csv'")
    assert "this server reads no files of the web" in off and "[https] allowed" in off
    assert "the administrator does not allow it" in web.error("SELECT * FROM 'https://example.com/a.csv'")
    assert "the administrator does not allow it" in web.error("SELECT * FROM 'http://127.0.0.1:1/a.csv'")
    assert "never allowed" in web.error("SELECT * FROM 'http://169.254.169.254/latest/meta-data'")
    assert "its administrator lists hosts" in web.error("SELECT * FROM 'https://s3.amazonaws.com/bucket/a.csv'")
    host = site.removeprefix("http://")
    assert "nothing secret is ever sent" in web.error(f"SELECT * FROM 'http://user:pass@{host}/data/part_1.csv'")
    assert "a query or a fragment" in web.error(f"SELECT * FROM '{site}/data/part_1.csv?token=x'")
    assert "folders of the web cannot be listed" in web.error(f"SELECT * FROM '{site}/data/'")
    assert "PATTERN does not go with" in web.error(f"SELECT * FROM '{site}/data/part_1.csv' (PATTERN => 'x')")
    # A stage or a connection is not a way around.
    assert "is not on S3" in web.error(f"CREATE STAGE web URL = '{site}/data/'")
    assert "is not allowed" in web.error(f"CREATE CONNECTION web STORAGE_TYPE = 's3' ENDPOINT_URL = '{site}'")


def test_no_redirect_is_followed(web, site):
    Site.seen.clear()
    assert f"{site}/moved.csv" in web.error(f"SELECT * FROM '{site}/moved.csv'")
    assert {path for path, _ in Site.seen} == {"/moved.csv"}
