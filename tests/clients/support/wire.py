"""A wire between the server and STS that a test listens to: it passes everything on, and keeps the keys."""

import http.client
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.cloud import Keys


class Wire:
    """`endpoint` stands for the cloud's; `sessions` are the answers of AssumeRole, oldest first."""

    def __init__(self, cloud):
        self.sessions = []
        target = urllib.parse.urlsplit(cloud.endpoint).netloc
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = http.client.HTTPConnection(target, timeout=30)
                # The host is signed: it stays what the server called.
                connection.request("POST", self.path, body, dict(self.headers.items()))
                answer = connection.getresponse()
                content = answer.read()
                wire.listen(urllib.parse.parse_qs(body.decode()), content.decode())
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def listen(self, asked, answer):
        if asked.get("Action") == ["AssumeRole"] and "<AccessKeyId>" in answer:
            self.sessions.append(Session(asked, answer))

    def stop(self):
        self._http.shutdown()
        self._http.server_close()


class Session:
    """What was asked of AssumeRole, and the keys that came."""

    def __init__(self, asked, answer):
        def element(name):
            return re.search(f"<{name}>([^<]*)</{name}>", answer).group(1)

        self.role = asked["RoleArn"][0]
        self.name = asked["RoleSessionName"][0]
        self.policy = asked.get("Policy", [None])[0]
        self.tags = {
            asked[f"Tags.member.{number}.Key"][0]: asked[f"Tags.member.{number}.Value"][0]
            for number in range(1, 51)
            if f"Tags.member.{number}.Key" in asked
        }
        self.keys = Keys(element("AccessKeyId"), element("SecretAccessKey"))
        self.token = element("SessionToken").replace("&amp;", "&")
