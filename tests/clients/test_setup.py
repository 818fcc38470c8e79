"""SHOW SETUP: applied to the sandbox, and its forms compared with each other."""

import json
import subprocess

import pytest

from support.cloud import CUSTOMER, Sandbox, free_port
from support.programs import beside_python
from support.server import Server
from support.setup import (
    ODD_FOLDER,
    ROWS,
    SetupContract,
    cloudformation_policies,
    run_script,
    steps_of,
    terraform_policies,
)
from support.waiting import wait_until
from support.warehouse import Warehouse, new_name

KEY = "arn:aws:kms:us-east-1:987654321987:key/1234abcd-12ab-34cd-56ef-1234567890ab"


class TestSetupOnTheSandbox(SetupContract):
    make_cloud = Sandbox


@pytest.mark.parametrize("words", ["READ", "WRITE", f"READ KMS '{KEY}'", f"WRITE KMS '{KEY}'"])
@pytest.mark.parametrize("folder", ["raw/", "", ODD_FOLDER])
class TestTheFormsAgree:
    @pytest.fixture
    def show(self, warehouse, folder, words):
        url = f"s3://acme-lake/{folder}".replace("'", "''")
        return lambda form: steps_of(warehouse, f"SHOW SETUP FOR CONNECTION forms ON '{url}' {words} AS {form}")

    @pytest.fixture
    def policies(self, show):
        return [json.loads(text) for _, _, text in show("JSON")]

    def test_the_policies_say_what_was_asked(self, policies, folder, words, principal):
        trust, role = policies
        [statement] = trust["Statement"]
        assert statement["Principal"] == {"AWS": principal} and statement["Action"] == "sts:AssumeRole"
        assert statement["Condition"]["StringEquals"]["sts:ExternalId"].startswith("sd-default-")
        actions = {action for statement in role["Statement"] for action in _list(statement["Action"])}
        assert {"s3:ListBucket", "s3:GetObject"} <= actions
        assert ("s3:PutObject" in actions) == words.startswith("WRITE")
        assert ("kms:Decrypt" in actions) == ("KMS" in words)
        assert ("kms:GenerateDataKey" in actions) == ("KMS" in words and words.startswith("WRITE"))
        assert ("Condition" in role["Statement"][0]) == bool(folder)

    def test_shell(self, show, policies):
        texts = "\n".join(text for _, _, text in show("CLI"))
        quoted = [part for part in texts.split("'") if part.startswith("{")]
        assert [json.loads(part) for part in quoted] == policies

    def test_console(self, show, policies):
        steps = show("CONSOLE")
        assert [json.loads(text) for _, language, text in steps if language == "json"] == policies
        assert steps[-1][1] == "sql" and steps[-1][2].startswith("CREATE CONNECTION forms")

    def test_terraform(self, show, policies):
        [(_, language, text)] = show("TERRAFORM")
        assert language == "terraform"
        assert terraform_policies(text) == policies

    def test_cloudformation(self, show, policies, tmp_path):
        [(_, language, text)] = show("CLOUDFORMATION")
        assert language == "yaml"
        assert cloudformation_policies(text) == policies
        template = tmp_path / "template.yaml"
        template.write_text(text)
        lint = subprocess.run(
            [beside_python("cfn-lint"), "--", str(template)], capture_output=True, text=True, timeout=120
        )
        assert lint.returncode == 0, lint.stdout + lint.stderr


def test_both_principals_are_trusted_before_a_rotation(cloud, provider, customer, tmp_path):
    """While `next_principal` is set, new roles trust both, and SHOW CONNECTIONS says which old ones do not."""
    next_principal = provider.principals["acme"]
    server = Server(
        tmp_path / "rotating", cloud, provider.keys, provider.principals, next_principals={"default": next_principal}
    )
    try:
        [(_, _, trust), _] = steps_of(
            Warehouse(server), "SHOW SETUP FOR CONNECTION c ON 's3://acme-lake/raw/' AS JSON"
        )
        assert json.loads(trust)["Statement"][0]["Principal"]["AWS"] == [
            provider.principals["default"],
            next_principal,
        ]
        warehouse = Warehouse(server)
        role = customer.role(provider.principals["default"])
        connection = warehouse.connection(role)
        unsigned = warehouse.run("CREATE CONNECTION unsigned STORAGE_TYPE = 's3'", "SHOW CONNECTIONS")
        marks = {name: mark for name, _, _, mark in unsigned}
        assert marks[connection].startswith("not trusted yet"), marks
        assert marks["unsigned"] is None
        [_, (_, _, text)] = steps_of(warehouse, f"SHOW SETUP FOR CONNECTION {connection} ON 's3://acme-lake/' AS JSON")[::-1]
        customer.iam.update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=text)
        # The refusal is remembered for a moment.
        wait_until("the next principal is trusted", lambda: warehouse.run("SHOW CONNECTIONS")[0][3] == "trusted")
    finally:
        server.stop()


def test_what_cannot_be_set_up_is_told(warehouse):
    for statement, phrase in [
        ("SHOW SETUP FOR CONNECTION c ON 's3://acme-lake/raw'", "must end with '/'"),
        ("SHOW SETUP FOR CONNECTION c ON 'gs://acme-lake/raw/'", "is not on S3"),
        ("SHOW SETUP FOR CONNECTION c ON 's3://acme-lake/' KMS 'alias/mine'", "is not the ARN of a KMS key"),
        ("SHOW SETUP FOR STAGE nowhere", "stage `nowhere` does not exist"),
    ]:
        assert phrase in warehouse.error(statement), statement
    warehouse.run("CREATE OR REPLACE STAGE open_stage URL = 's3://acme-lake/'")
    message = warehouse.error("SHOW SETUP FOR STAGE open_stage")
    assert "has no role" in message and "SHOW SETUP FOR CONNECTION" in message


def _list(value):
    return value if isinstance(value, list) else [value]


def test_a_role_for_identity_tokens(cloud, customer, tmp_path):
    """A connection with IDENTITY = 'oidc': the account gets a provider, and the role trusts this connection's tokens."""
    address = f"127.0.0.1:{free_port()}"
    variables = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    server = Server(tmp_path / "keyless", cloud, listen=address, issuer=f"http://{address}", **variables)
    try:
        warehouse = Warehouse(server)
        bucket = customer.bucket({"raw/file.parquet": ROWS, "private/file.parquet": ROWS})
        role = customer.new_name("tokens")
        warehouse.run(
            f"CREATE CONNECTION tokens STORAGE_TYPE = 's3' ROLE_ARN = 'arn:aws:iam::{CUSTOMER}:role/{role}' IDENTITY = 'oidc'"
        )
        show = f"SHOW SETUP FOR CONNECTION tokens ON 's3://{bucket}/raw/' READ"
        for _ in range(2):
            steps = steps_of(warehouse, f"{show} AS CLI")
            run_script(cloud, customer.keys, "\n".join(text for _, _, text in steps))
        stage = warehouse.stage(bucket, "tokens", "raw/")
        assert warehouse.run(f"SELECT id FROM @{stage} ORDER BY id") == [(1,), (2,)]
        beside = warehouse.stage(bucket, "tokens", "private/")
        assert "refused" in warehouse.error(f"SELECT * FROM @{beside}/file.parquet")

        policies = [json.loads(text) for _, _, text in steps_of(warehouse, f"{show} AS JSON")]
        [(_, _, terraform)] = steps_of(warehouse, f"{show} AS TERRAFORM")
        [(_, _, template)] = steps_of(warehouse, f"{show} AS CLOUDFORMATION")
        assert terraform_policies(terraform) == policies
        assert cloudformation_policies(template) == policies
        assert f"http://{address}" in terraform and f"http://{address}" in template
        assert any(text == f"http://{address}" for _, _, text in steps_of(warehouse, f"{show} AS CONSOLE"))
    finally:
        server.stop()


def test_a_newcomer_to_a_server_without_an_aws_identity(cloud, customer, tmp_path):
    """Nothing exists yet, and nobody knows the account: the texts find it, and the last one says what to run."""
    address = f"127.0.0.1:{free_port()}"
    variables = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    server = Server(tmp_path / "keyless", cloud, listen=address, issuer=f"http://{address}", **variables)
    try:
        warehouse = Warehouse(server)
        bucket = customer.bucket({"raw/file.parquet": ROWS})
        connection = new_name("newcomer")
        show = f"SHOW SETUP FOR CONNECTION {connection} ON 's3://{bucket}/raw/' READ"
        steps = steps_of(warehouse, f"{show} AS CLI")
        told = run_script(cloud, customer.keys, "\n".join(text for _, _, text in steps))
        assert "IDENTITY = 'oidc'" in told
        statements = told[told.index("CREATE CONNECTION") :]
        create, validate = [statement.strip() for statement in statements.split(";") if statement.strip()]
        warehouse.run(create)
        assert [row for row in warehouse.run(validate) if row[1] != "ok"] == []
        stage = warehouse.stage(bucket, connection, "raw/")
        assert warehouse.run(f"SELECT id FROM @{stage} ORDER BY id") == [(1,), (2,)]

        # The other forms have the same trust policy, each with its own way to find the account.
        other = f"SHOW SETUP FOR CONNECTION other_{connection} ON 's3://{bucket}/raw/' READ"
        trust, _ = [json.loads(text) for _, _, text in steps_of(warehouse, f"{other} AS JSON")]
        [statement] = trust["Statement"]
        assert statement["Principal"] == {"Federated": f"arn:aws:iam::<account>:oidc-provider/{address}"}
        [(_, _, terraform)] = steps_of(warehouse, f"{other} AS TERRAFORM")
        [(_, _, template)] = steps_of(warehouse, f"{other} AS CLOUDFORMATION")
        assert f"arn:aws:iam::${{data.aws_caller_identity.current.account_id}}:oidc-provider/{address}" in terraform
        assert 'data "aws_caller_identity" "current" {}' in terraform
        assert f"arn:aws:iam::${{AWS::AccountId}}:oidc-provider/{address}" in template
        console = steps_of(warehouse, f"{other} AS CONSOLE")
        assert any("in the place of `<account>`" in title for title, *_ in console)
    finally:
        server.stop()
