"""A server without any AWS identity: customers trust the tokens it signs, and nothing else of it."""

import json
import stat
import urllib.request

import pyarrow as pa
import pytest

from support.cloud import free_port
from support.customer import may_read
from support.server import Server
from support.warehouse import Warehouse, new_name

AUDIENCE = "sts.amazonaws.com"
ROWS = [("Ann", 1), ("Bob", 2)]


@pytest.fixture(scope="module")
def server(cloud, tmp_path_factory):
    """It has no keys, and an empty home, so that it finds none either."""
    folder = tmp_path_factory.mktemp("keyless")
    address = f"127.0.0.1:{free_port()}"
    server = Server(
        folder / "server",
        cloud,
        listen=address,
        issuer=f"http://{address}",
        HOME=str(folder),
        AWS_EC2_METADATA_DISABLED="true",
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def warehouse(server):
    return Warehouse(server)


@pytest.fixture(scope="module")
def issuer(server):
    """The issuer's name at AWS: its URL without the scheme."""
    return server.address


@pytest.fixture(scope="module")
def provider_arn(customer, server):
    made = customer.iam.create_open_id_connect_provider(Url=server.url, ClientIDList=[AUDIENCE])
    return made["OpenIDConnectProviderArn"]


@pytest.fixture(scope="module")
def bucket(customer):
    return customer.bucket({"people/1.parquet": pa.table({"name": ["Ann", "Bob"], "n": [1, 2]})})


def trust(provider_arn, issuer, subject, audience=AUDIENCE):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": provider_arn},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": {f"{issuer}:aud": audience, f"{issuer}:sub": subject}},
                }
            ],
        }
    )


def make_role(customer, bucket, document):
    name = customer.new_name("keyless")
    arn = customer.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": list(may_read(bucket))}
    customer.iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=json.dumps(policy))
    return arn


def connect(warehouse, role):
    name = new_name("keyless")
    warehouse.run(f"CREATE CONNECTION {name} STORAGE_TYPE = 's3' ROLE_ARN = '{role}' IDENTITY = 'oidc'")
    return name


@pytest.fixture(scope="module")
def stage(warehouse, customer, bucket, provider_arn, issuer):
    """A stage whose role trusts the one connection."""
    connection = new_name("keyless")
    role = make_role(customer, bucket, trust(provider_arn, issuer, f"organization:default:connection:{connection}"))
    warehouse.run(f"CREATE CONNECTION {connection} STORAGE_TYPE = 's3' ROLE_ARN = '{role}' IDENTITY = 'oidc'")
    return warehouse.stage(bucket, connection)


def test_rows_arrive_without_an_aws_identity(warehouse, stage):
    assert warehouse.run(f"SELECT name, n FROM @{stage}/people/ ORDER BY n") == ROWS
    assert [row[0] for row in warehouse.run(f"LIST @{stage}/people/")] == ["people/1.parquet"]


def test_the_connection_shows_how_it_is_identified(warehouse, customer, bucket, provider_arn, issuer):
    connection = connect(warehouse, "arn:aws:iam::987654321987:role/some")
    (row,) = warehouse.run(f"DESC CONNECTION {connection}")
    assert "identity=oidc" in row[2] and "external_id" not in row[2]


@pytest.mark.parametrize(
    "subject, audience",
    [
        ("organization:default:connection:another", AUDIENCE),
        ("organization:acme:connection:{connection}", AUDIENCE),
        ("organization:default:connection:{connection}", "someone.else"),
    ],
)
def test_a_role_that_trusts_another_subject_is_not_opened(
    warehouse, customer, bucket, provider_arn, issuer, subject, audience
):
    connection = new_name("keyless")
    subject = subject.format(connection=connection)
    role = make_role(customer, bucket, trust(provider_arn, issuer, subject, audience))
    warehouse.run(f"CREATE CONNECTION {connection} STORAGE_TYPE = 's3' ROLE_ARN = '{role}' IDENTITY = 'oidc'")
    message = warehouse.error(f"SELECT * FROM @{warehouse.stage(bucket, connection)}/people/1.parquet")
    assert f"cannot assume role `{role}` for connection `{connection}`" in message
    assert "AWS refused sts:AssumeRoleWithWebIdentity" in message
    assert f"`{issuer}:sub` = `organization:default:connection:{connection}`" in message
    assert f"`{provider_arn}`" in message


def test_an_account_without_the_provider_is_told_apart(warehouse):
    connection = connect(warehouse, "arn:aws:iam::123456789012:role/no-provider-here")
    message = warehouse.error(f"SELECT * FROM @{warehouse.stage('some-bucket', connection)}/f.parquet")
    assert "AWS does not accept the server's identity token (InvalidIdentityToken)" in message
    assert "identity provider" in message and AUDIENCE in message


def test_an_audience_that_the_provider_does_not_list(warehouse, customer, server, provider_arn, stage):
    customer.iam.remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=provider_arn, ClientID=AUDIENCE
    )
    try:
        connection = connect(warehouse, "arn:aws:iam::987654321987:role/some")
        message = warehouse.error(f"SELECT * FROM @{warehouse.stage('some-bucket', connection)}/f.parquet")
        assert "Incorrect token audience" in message
        # keys that were issued before work on
        assert warehouse.run(f"SELECT count(*) FROM @{stage}/people/") == [(2,)]
    finally:
        customer.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider_arn, ClientID=AUDIENCE)


@pytest.mark.parametrize(
    "parameters, words",
    [
        ("IDENTITY = 'oidc'", "IDENTITY needs a ROLE_ARN"),
        ("ROLE_ARN = 'arn:aws:iam::987654321987:role/r' IDENTITY = 'google'", "IDENTITY `google` does not exist"),
        (
            "ROLE_ARN = 'arn:aws:iam::987654321987:role/r' IDENTITY = 'oidc' EXTERNAL_ID = 'x1'",
            "EXTERNAL_ID cannot be used together",
        ),
        (
            "ROLE_ARN = 'arn:aws:iam::987654321987:role/r' IDENTITY = 'oidc' ACCESS_KEY_ID = 'a' SECRET_ACCESS_KEY = 'b'",
            "ACCESS_KEY_ID cannot be used together",
        ),
    ],
)
def test_what_does_not_go_together(warehouse, parameters, words):
    assert words in warehouse.error(f"CREATE CONNECTION {new_name('odd')} STORAGE_TYPE = 's3' {parameters}")


def test_an_inline_connection_has_no_name_to_put_into_a_token(warehouse, bucket):
    inline = "CONNECTION = (ROLE_ARN = 'arn:aws:iam::987654321987:role/r' IDENTITY = 'oidc')"
    assert "needs a connection with a name" in warehouse.error(f"CREATE STAGE odd_one URL = 's3://{bucket}/' {inline}")
    query = f"SELECT * FROM 's3://{bucket}/people/1.parquet' ({inline.replace(' = (', ' => (')})"
    assert "needs a connection with a name" in warehouse.error(query)


def test_what_is_published_is_public_and_no_more(server):
    with urllib.request.urlopen(f"{server.url}/.well-known/openid-configuration") as answer:
        document = json.load(answer)
    assert document["issuer"] == server.url
    with urllib.request.urlopen(document["jwks_uri"]) as answer:
        (key,) = json.load(answer)["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
    assert "d" not in key
    (file,) = (server.folder / "data").glob("identity-token-keys")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_keys_outlive_a_restart(server, warehouse, stage):
    def published():
        with urllib.request.urlopen(f"{server.url}/.well-known/jwks.json") as answer:
            return answer.read()

    before = published()
    server.stop()
    server.start()
    assert published() == before
    assert warehouse.run(f"SELECT name, n FROM @{stage}/people/ ORDER BY n") == ROWS


def test_a_server_without_an_issuer_says_so(warehouse, cloud, tmp_path):
    server = Server(tmp_path / "server", cloud, HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true")
    try:
        message = Warehouse(server).error(
            "CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = 'arn:aws:iam::987654321987:role/r' IDENTITY = 'oidc'"
        )
        assert "issues no identity tokens" in message and "[web_identity]" in message
        status, _ = server.request("GET", "/.well-known/openid-configuration")
        assert status == 404
    finally:
        server.stop()
