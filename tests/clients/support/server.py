"""`stagedoor serve`, configured as an administrator would."""

import base64
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from support import evidence
from support.process import Process
from support.programs import environment, stagedoor
from support.waiting import wait_until


class Server:
    """A server on a port of its own, pointed at a cloud; `keys` are its own AWS identity, `issuer` is where it is
    found as an issuer of identity tokens, `role_session_secs` how long keys shall last, `https` the section of that
    name."""

    def __init__(
        self,
        folder,
        cloud,
        keys=None,
        principals=None,
        next_principals=None,
        listen="127.0.0.1:0",
        issuer=None,
        role_session_secs=None,
        https=None,
        **variables,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        config = folder / "stagedoor.toml"
        sections = [_organization(name, arn, next_principals) for name, arn in (principals or {}).items()]
        if issuer is not None:
            sections.append(f'[web_identity]\nissuer = "{issuer}"\n')
        if role_session_secs is not None:
            sections.append(f"[aws]\nrole_session_secs = {role_session_secs}\n")
        if https is not None:
            sections.append(f"[https]\n{https}\n")
        config.write_text("".join(sections))
        identity = {}
        if keys is not None:
            identity = {"AWS_ACCESS_KEY_ID": keys.access_key_id, "AWS_SECRET_ACCESS_KEY": keys.secret_access_key}
        self._command = [stagedoor(), "serve", "--listen", listen]
        self._command += ["--data", folder / "data", "--config", config]
        self._environment = environment(
            **{"RUST_LOG": "info,server=debug,engine=debug,credentials=debug,catalog=debug,sql=debug"}
            | {"AWS_ENDPOINT_URL": cloud.endpoint, "AWS_REGION": "us-east-1", "STAGEDOOR_ROOT_PASSWORD": ""}
            | identity
            | variables
        )
        self._starts = 0
        self._last_use = None
        self.start()

    def start(self):
        """Starts it, again after a `kill` or a `stop`, on the same data."""
        self._starts += 1
        log = self.folder / f"server-{self._starts}.log"
        evidence.note_server(log, self.folder / "data")
        self.process = Process("the server", self._command, log, self._environment)
        self.address = self.process.wait_for(r"listening\b.*?(127\.0\.0\.1:\d+)").group(1)
        self.url = f"http://{self.address}"
        wait_until(lambda: f"GET /v1/health answers 200; the server said:\n{self.process.said()}", self.is_ready)

    def dsn(self, user="root", password="", **parameters):
        """A DSN for BendSQL and the drivers."""
        evidence.note_secret(password)
        query = urllib.parse.urlencode({"sslmode": "disable"} | parameters)
        secret = urllib.parse.quote(password, safe="")
        return f"databend://{user}:{secret}@{self.address}/default?{query}"

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/v1/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def is_idle(self):
        """Whether it used less than a tenth of a core in the half second before, or since it was last asked."""
        now, used = time.monotonic(), self._processor_seconds()
        then, used_then = self._last_use or (now, used)
        if self._last_use is not None and now - then < 0.5:
            return False
        self._last_use = (now, used)
        return now > then and used - used_then < 0.1 * (now - then)

    def _processor_seconds(self):
        fields = Path(f"/proc/{self.process.child.pid}/stat").read_text().rpartition(")")[2].split()
        user, system = fields[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def request(self, method, path, body=None, user="root", password="", headers=None):
        """One HTTP request as a client makes it: (status, JSON body or text)."""
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"} | (headers or {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _decode(answer.read())
        except urllib.error.HTTPError as refusal:
            told = refusal.read()
            evidence.note_error(told.decode(errors="replace"))
            return refusal.code, _decode(told)

    def stop(self):
        self.process.stop()


def _organization(name, principal, next_principals):
    text = f'[organizations.{name}]\nprincipal = "{principal}"\n'
    if name in (next_principals or {}):
        text += f'next_principal = "{next_principals[name]}"\n'
    return text + "\n"


def _decode(body):
    text = body.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
