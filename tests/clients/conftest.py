"""One sandbox and one server for most tests; names are made so that tests do not meet."""

import os

import pytest

from support.cloud import CUSTOMER, PROVIDER, Sandbox
from support.customer import Customer
from support.provider import prepare_provider
from support.server import Server
from support.warehouse import Warehouse

ORGANIZATIONS = ("default", "acme", "globex")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """The sandbox, also announced in the environment for tests that use boto3 on it alone."""
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    os.environ["SANDBOX_ENDPOINT"] = sandbox.endpoint
    for name, account in {"PROVIDER": PROVIDER, "CUSTOMER": CUSTOMER}.items():
        os.environ[f"{name}_AWS_ACCESS_KEY_ID"] = sandbox.roots[account].access_key_id
        os.environ[f"{name}_AWS_SECRET_ACCESS_KEY"] = sandbox.roots[account].secret_access_key
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def endpoint(request):
    """Where the sandbox listens, for tests that use it alone; theirs may be one that runs already."""
    if "SANDBOX_ENDPOINT" not in os.environ:
        request.getfixturevalue("cloud")
    return os.environ["SANDBOX_ENDPOINT"]


@pytest.fixture(scope="session")
def provider(cloud):
    """Our own account: the server's keys and a principal for each organization."""
    return prepare_provider(cloud, ORGANIZATIONS)


@pytest.fixture(scope="session")
def principal(provider):
    """The principal of the organization `default`."""
    return provider.principals["default"]


@pytest.fixture(scope="session")
def server(cloud, provider, tmp_path_factory):
    """A server that serves three organizations."""
    server = Server(tmp_path_factory.mktemp("server"), cloud, provider.keys, provider.principals)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def customer(cloud):
    """The customer's account."""
    return Customer(cloud)


@pytest.fixture(scope="session")
def warehouse(server):
    """The organization `default` as its users see it."""
    return Warehouse(server)
