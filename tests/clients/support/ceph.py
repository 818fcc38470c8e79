"""Ceph's object gateway as a cloud with two accounts: an implementation of S3 and STS that nobody here wrote.

A monitor, an OSD in memory and a gateway, all on the loopback address, without authentication between them. A tenant
plays an account. `docs/clouds.md` says what it can prove.
"""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid

import boto3
from botocore.config import Config

from support.cloud import CUSTOMER, PROVIDER, REGION, Cloud, Keys, free_port
from support.process import Process
from support.programs import environment
from support.waiting import wait_until

PROGRAMS = ("radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "monmaptool")
SERVER = "stagedoor-server"
START_SECONDS = 90.0


def is_installed():
    return all(shutil.which(program) for program in PROGRAMS)


def configuration(folder, fsid, monitor_port, gateway_port):
    return f"""[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{monitor_port}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 2147483648
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
pid file = {folder}/$name.pid
mon data = {folder}/mon
osd data = {folder}/osd

[client.rgw]
# without authentication the gateway would wait for ever for a secure connection to the monitor
ms mon client mode = crc
# without tcp_nodelay, each small request takes 50 ms
rgw frontends = beast endpoint=127.0.0.1:{gateway_port} tcp_nodelay=1
rgw sts key = abcdefghijklmnop
rgw s3 auth use sts = true
rgw sts min session duration = 1
"""


class Ceph(Cloud):
    """The roots are users with the right to make roles; `server` is a user of the provider's."""

    def __init__(self, folder):
        self.folder = folder
        monitor_port, gateway_port = free_port(), free_port()
        fsid = str(uuid.uuid4())
        self.configuration = folder / "ceph.conf"
        self.configuration.write_text(configuration(folder, fsid, monitor_port, gateway_port))
        self.endpoint = f"http://127.0.0.1:{gateway_port}"
        self.processes = []
        try:
            self._start_monitor(fsid, monitor_port)
            self._start_osd()
            self._start("rgw", "radosgw", "-n", "client.rgw", "-f")
            self._wait_for("the gateway answers", self._answers)
            self.roots = {PROVIDER: self._user(PROVIDER, "root"), CUSTOMER: self._user(CUSTOMER, "root")}
            self.server = self._user(PROVIDER, SERVER)
        except BaseException:
            self.stop()
            raise

    def _run(self, program, *words):
        done = subprocess.run(
            [program, "-c", self.configuration, *words], capture_output=True, text=True, timeout=60, env=environment()
        )
        assert done.returncode == 0, f"{program} {' '.join(map(str, words))}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _start(self, name, program, *words):
        command = [program, "-c", self.configuration, *words]
        log = self.folder / f"{name}.out"
        self.processes.append(Process(f"Ceph's {name}", command, log, environment(), expected_exits=(0, 1, -15)))

    def _start_monitor(self, fsid, port):
        (self.folder / "mon").mkdir()
        monitors = self.folder / "monmap"
        self._run("monmaptool", "--create", "--fsid", fsid, monitors)
        self._run("monmaptool", "--addv", "a", f"[v1:127.0.0.1:{port}]", monitors)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monitors)
        self._start("mon", "ceph-mon", "-i", "a", "-f")

        self._wait_for("the monitor has a quorum", lambda: self._ask("quorum_status"))

    def _ask(self, *words):
        """What the monitor answers; None while it does not, which a young one may do at any time."""
        asked = ["ceph", "-c", self.configuration, "--connect-timeout", "5", *words]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=60, env=environment())
        return done.stdout or "done" if done.returncode == 0 else None

    def _wait_for(self, what, condition):
        wait_until(lambda: f"{what}; it said:\n{self.processes[-1].said()}", condition, START_SECONDS)

    def _start_osd(self):
        (self.folder / "osd").mkdir()
        name = str(uuid.uuid4())
        self._wait_for("the monitor knows the OSD", lambda: self._ask("osd", "new", name, "0"))
        self._run("ceph-osd", "-i", "0", "--osd-uuid", name, "--mkfs")
        self._start("osd", "ceph-osd", "-i", "0", "-f")

        def is_up():
            # it may speak to the monitor before it knows which cluster it is in, is refused then, and ends
            if self.processes[-1].child.poll() is not None:
                self.processes.pop()
                self._start("osd", "ceph-osd", "-i", "0", "-f")
            answer = self._ask("osd", "stat", "-f", "json")
            return answer and json.loads(answer)["num_up_osds"] == 1

        self._wait_for("the OSD is up", is_up)

    def _answers(self):
        try:
            with urllib.request.urlopen(self.endpoint, timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _user(self, tenant, name):
        keys = Keys(f"KEY{name[:8].upper()}{tenant}", uuid.uuid4().hex)
        self._run(
            "radosgw-admin", "-n", "client.rgw", "user", "create", "--tenant", tenant, "--uid", name,
            "--display-name", name, "--access-key", keys.access_key_id, "--secret", keys.secret_access_key,
            "--caps", "roles=*;user-policy=*",
        )  # fmt: skip
        return keys

    def client(self, keys, service, region=REGION):
        """As for the others, but without the checks and checksums that this gateway is too old for."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            region_name=region,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"max_attempts": 1},
                parameter_validation=False,
                request_checksum_calculation="when_required",
            ),
        )

    def role(self, name, principal, *statements):
        """A role of the customer's. The gateway reads policies without blanks only."""
        iam = self.client(self.roots[CUSTOMER], "iam")
        trusted = {"Effect": "Allow", "Principal": {"AWS": [principal]}, "Action": ["sts:AssumeRole"]}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=compact(trusted))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=compact(*statements))
        return role

    def stop(self):
        for process in reversed(self.processes):
            process.kill()


def compact(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))
