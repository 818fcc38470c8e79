"""A wire between the server and a cloud, with a test listening on it: what was asked, which keys were handed out.

It passes requests on as they are (their signature covers the host they were sent to, which the cloud takes from
the header), and can hold answers back for a while.
"""

import http.client
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Wire:
    """`endpoint` takes the place of the cloud's."""

    def __init__(self, cloud, delay=0.0):
        self.cloud = cloud
        self.delay = delay
        self.assumed = []  # bodies of STS's answers
        self.reads = 0
        self.lock = threading.Lock()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self):
                wire._pass_on(self)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _pass_on(self, request):
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        target = urllib.parse.urlsplit(self.cloud.endpoint)
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
        connection.request(request.command, request.path, body=body, headers=dict(request.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if b"Action=AssumeRole" in body:
            with self.lock:
                self.assumed.append((answer.status, content.decode()))
        elif request.command == "GET":
            with self.lock:
                self.reads += 1
            time.sleep(self.delay)
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                request.send_header(name, value)
        length = answer.getheader("content-length") if request.command == "HEAD" else str(len(content))
        request.send_header("content-length", length or "0")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    def keys(self):
        """The temporary keys that were handed out last, as boto3 takes them."""
        text = next(text for status, text in reversed(self.assumed) if status == 200)
        part = lambda name: re.search(f"<{name}>(.*?)</{name}>", text).group(1)  # noqa: E731
        return {
            "aws_access_key_id": part("AccessKeyId"),
            "aws_secret_access_key": part("SecretAccessKey"),
            "aws_session_token": part("SessionToken"),
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
