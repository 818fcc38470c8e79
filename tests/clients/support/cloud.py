"""A cloud with two accounts: ours (the provider's) and a customer's.

`Sandbox` is the one we ship. `MiniStack` is somebody else's, so that a misunderstanding of AWS that
we built into both our ends shows.
"""

import json
import re
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

import boto3
from botocore.config import Config

from support import evidence
from support.process import Process
from support.programs import beside_python, environment, stagedoor
from support.waiting import wait_until

PROVIDER = "123456789012"
CUSTOMER = "987654321987"
REGION = "us-east-1"


@dataclass(frozen=True)
class Keys:
    """Long-lived keys: an account's root, or a user's."""

    access_key_id: str
    secret_access_key: str


class Cloud:
    """What both clouds can do; `endpoint` answers S3, STS and IAM."""

    endpoint: str
    roots: dict  # account number -> Keys
    process: Process

    def aws(self, keys, *words, region=REGION):
        """Runs the real awscli and returns its JSON answer; `aws s3` speaks plain text and returns None."""
        done = self.run_aws(keys, *words, region=region)
        assert done.returncode == 0, f"aws {' '.join(words)}:\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.startswith("{") else None

    def run_aws(self, keys, *words, region=REGION):
        """The same without a check of how it ended."""
        return subprocess.run(
            [beside_python("aws"), "--output", "json", *words],
            env=environment(
                AWS_ENDPOINT_URL=self.endpoint,
                AWS_ACCESS_KEY_ID=keys.access_key_id,
                AWS_SECRET_ACCESS_KEY=keys.secret_access_key,
                AWS_REGION=region,
                AWS_DEFAULT_REGION=region,
                AWS_PAGER="",
            ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def client(self, keys, service, region=REGION):
        """A boto3 client, for what a test needs quickly and not as a person does it."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            region_name=region,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def stop(self):
        self.process.stop()


class Sandbox(Cloud):
    """`stagedoor sandbox`, in memory, with further options of its command line."""

    def __init__(self, folder, *options):
        command = [stagedoor(), "sandbox", "--listen", "127.0.0.1:0", *options]
        told = environment(STAGEDOOR_SANDBOX_ISSUED_SECRETS=str(evidence.ISSUED))
        self.process = Process("the sandbox", command, folder / "sandbox.log", told)
        self.endpoint = self.process.wait_for(r"AWS_ENDPOINT_URL=(http://\S+)").group(1)
        self.roots = wait_until(lambda: f"two accounts in:\n{self.process.said()}", self._read_accounts)

    def copies(self, bucket, key, prefix, count):
        """Makes many keys with the content of one."""
        query = urllib.parse.urlencode({"bucket": bucket, "key": key, "prefix": prefix, "count": count})
        request = urllib.request.Request(f"{self.endpoint}/_sandbox/copies?{query}", method="POST")
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert answer.status == 204

    def _read_accounts(self):
        """Each account's number, then the two variables of its root."""
        roots, number, access_key_id = {}, None, None
        for line in self.process.said().splitlines():
            if account := re.search(r"\b(\d{12})\b", line):
                number = account.group(1)
            if variable := re.search(r"AWS_ACCESS_KEY_ID=(\S+)", line):
                access_key_id = variable.group(1)
            if variable := re.search(r"AWS_SECRET_ACCESS_KEY=(\S+)", line):
                roots[number] = Keys(access_key_id, variable.group(1))
        return roots if {PROVIDER, CUSTOMER} <= roots.keys() else None


class MiniStack(Cloud):
    """MiniStack with its enforcement on; the root of any account signs with the account's number."""

    SECRET = "rootsecret"

    def __init__(self, folder):
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.roots = {number: Keys(number, self.SECRET) for number in (PROVIDER, CUSTOMER)}
        self.process = Process(
            "MiniStack",
            [beside_python("ministack")],
            folder / "ministack.log",
            environment(
                BIND_HOST="127.0.0.1",
                GATEWAY_PORT=str(port),
                AUTH="true",
                SERVICES="s3,sts,iam",
                MINISTACK_ACCOUNT_ID=CUSTOMER,
                AWS_ACCESS_KEY_ID="root",
                AWS_SECRET_ACCESS_KEY=self.SECRET,
            ),
            expected_exits=(0, -15),
        )
        wait_until(lambda: f"MiniStack is healthy; it said:\n{self.process.said()}", self._is_healthy)

    def _is_healthy(self):
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


def free_port():
    """A port for a program that cannot choose one itself; nobody else takes it in the next moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
