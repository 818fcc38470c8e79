"""SHOW SETUP proved, not trusted: its texts make a role that works, with no permission too many.

One contract for every cloud; a class below `tests/clients` or `tests/clouds` says which.
"""

import itertools
import json
import re
import subprocess

import hcl2
import pyarrow as pa
import pytest
import yaml

from support.cloud import CUSTOMER, REGION
from support.customer import Customer
from support.programs import beside_python, environment
from support.provider import prepare_provider
from support.server import Server
from support.warehouse import Warehouse

ROWS = pa.table({"id": [1, 2]})
# What is literal in a folder's name is a wildcard, a variable or a quote elsewhere.
ODD_FOLDER = "it's $HOME `id` ${aws:username} é*?/"
_numbers = itertools.count(1)


def steps_of(warehouse, statement):
    """(title, language, text) of each step, which are numbered."""
    rows = warehouse.run(statement)
    assert [number for number, *_ in rows] == list(range(1, len(rows) + 1))
    return [tuple(row[1:]) for row in rows]


def run_script(cloud, keys, script):
    """Runs a text as a customer's administrator pastes it, with the real awscli; what it printed."""
    folder = beside_python("aws").rpartition("/")[0]
    variables = environment(
        AWS_ENDPOINT_URL=cloud.endpoint,
        AWS_ACCESS_KEY_ID=keys.access_key_id,
        AWS_SECRET_ACCESS_KEY=keys.secret_access_key,
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_PAGER="",
    )
    variables["PATH"] = f"{folder}:{variables['PATH']}"
    done = subprocess.run(
        ["sh", "-e"], input=script, env=variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{script}\n{done.stderr}"
    return done.stdout


def statements_in(text):
    """The statements of SQL that a script printed."""
    found = re.findall(r"^(?:CREATE|ALTER|VALIDATE) .*?;$", text, re.MULTILINE | re.DOTALL)
    assert found, text
    return found


def terraform_policies(text):
    """Trust policy and role policy of a Terraform file, read by python-hcl2."""
    resources = {}
    for resource in hcl2.loads(text)["resource"]:
        for kind, named in resource.items():
            [block] = named.values()
            resources[kind.strip('"')] = block
    trust = resources["aws_iam_role"]["assume_role_policy"]
    policy = resources["aws_iam_role_policy"]["policy"]
    return [json.loads(_heredoc(value)) for value in (trust, policy)]


def _heredoc(value):
    found = re.search(r"<<JSON\n(.*?)\nJSON", value, re.DOTALL)
    body = found.group(1) if found else value
    return body.replace("$${", "${").replace("%%{", "%{")


def cloudformation_policies(text):
    """Trust policy and role policy of a CloudFormation template."""
    properties = yaml.safe_load(text)["Resources"]["Role"]["Properties"]
    return [properties["AssumeRolePolicyDocument"], properties["Policies"][0]["PolicyDocument"]]


class SetupContract:
    """Subclasses name the cloud in `make_cloud`."""

    make_cloud = None

    @pytest.fixture(scope="class")
    @classmethod
    def world(cls, tmp_path_factory):
        """A cloud with a customer who has a bucket, and a server with a principal."""
        folder = tmp_path_factory.mktemp("setup")
        cloud = cls.make_cloud(folder)
        server = None
        try:
            provider = prepare_provider(cloud, ("default",))
            customer = Customer(cloud)
            server = Server(folder / "server", cloud, provider.keys, provider.principals)
            yield cloud, customer, Warehouse(server)
        finally:
            if server is not None:
                server.stop()
            cloud.stop()

    @pytest.fixture
    def place(self, world):
        """A bucket with a file in the folder that is lent and one beside it."""
        _, customer, _ = world
        return customer.bucket({"raw/file.parquet": ROWS, "private/file.parquet": ROWS})

    def apply(self, world, connection, url, words=""):
        """Does what SHOW SETUP … AS CLI says, then what it printed."""
        cloud, customer, warehouse = world
        steps = steps_of(warehouse, f"SHOW SETUP FOR CONNECTION {connection} ON '{url}' {words} AS CLI")
        assert {language for _, language, _ in steps} == {"shell"}
        printed = run_script(cloud, customer.keys, "\n".join(text for _, _, text in steps))
        for statement in statements_in(printed):
            if statement.startswith("VALIDATE"):
                self.check_green(warehouse, statement)
            else:
                warehouse.run(statement)

    def check_green(self, warehouse, statement):
        rows = warehouse.run(statement)
        told = "\n".join(str(row) for row in rows)
        assert rows and all(row[1] == "ok" for row in rows), f"{statement}\n{told}"

    def test_the_commands_make_a_role_that_reads(self, world, place):
        _, customer, warehouse = world
        name = f"reading_{next(_numbers)}"
        self.apply(world, name, f"s3://{place}/raw/", "READ")
        stage = warehouse.stage(place, name, "raw/")
        assert warehouse.run(f"SELECT id FROM @{stage} ORDER BY id") == [(1,), (2,)]
        assert [key for key, *_ in warehouse.run(f"LIST @{stage}")] == ["file.parquet"]
        # Not a permission too many: neither the folder beside it, nor writing.
        beside = warehouse.stage(place, name, "private/")
        for statement in (f"LIST @{beside}", f"SELECT * FROM @{beside}/file.parquet", f"REMOVE @{stage}"):
            assert "refused" in warehouse.error(statement), statement
        role = f"stagedoor-{name}"
        trust = customer.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        [statement] = trust["Statement"]
        assert list(statement["Condition"]["StringEquals"]) == ["sts:ExternalId"]

    def test_the_commands_make_a_role_that_writes(self, world, place):
        _, _, warehouse = world
        name = f"writing_{next(_numbers)}"
        self.apply(world, name, f"s3://{place}/raw/", "WRITE")
        stage = warehouse.stage(place, name, "raw/")
        warehouse.run(f"REMOVE @{stage}/file.parquet")
        assert warehouse.run(f"LIST @{stage}") == []
        beside = warehouse.stage(place, name, "private/")
        assert "refused" in warehouse.error(f"REMOVE @{beside}/file.parquet")

    def test_a_role_that_the_connection_names_is_put_right(self, world, place):
        """The order is free: connection first, or a role that has the wrong policies."""
        cloud, customer, warehouse = world
        role = f"named-{next(_numbers)}"
        name = f"named_{next(_numbers)}"
        warehouse.run(
            f"CREATE CONNECTION {name} STORAGE_TYPE = 's3' EXTERNAL_ID = 'typed-{name}' "
            f"ROLE_ARN = 'arn:aws:iam::{CUSTOMER}:role/lent/{role}'"
        )
        stage = warehouse.stage(place, name, "raw/")
        for _ in range(2):
            steps = steps_of(warehouse, f"SHOW SETUP FOR STAGE {stage}")
            printed = run_script(cloud, customer.keys, "\n".join(text for _, _, text in steps))
            [validate] = statements_in(printed)
            self.check_green(warehouse, validate)
            assert warehouse.run(f"SELECT count(*) FROM @{stage}") == [(2,)]
        made = customer.iam.get_role(RoleName=role)["Role"]
        assert made["Arn"] == f"arn:aws:iam::{CUSTOMER}:role/lent/{role}"

    def test_a_whole_bucket(self, world, place):
        _, _, warehouse = world
        name = f"whole_{next(_numbers)}"
        self.apply(world, name, f"s3://{place}")
        stage = warehouse.stage(place, name)
        assert len(warehouse.run(f"LIST @{stage}")) == 2

    def test_a_folder_whose_name_means_something_elsewhere(self, world):
        _, customer, warehouse = world
        bucket = customer.bucket({f"{ODD_FOLDER}file.parquet": ROWS, "it/file.parquet": ROWS})
        name = f"odd_{next(_numbers)}"
        url = f"s3://{bucket}/{ODD_FOLDER}".replace("'", "''")
        self.apply(world, name, url)
        stage = warehouse.stage(bucket, name, ODD_FOLDER.replace("'", "''"))
        assert warehouse.run(f"SELECT count(*) FROM @{stage}") == [(2,)]
