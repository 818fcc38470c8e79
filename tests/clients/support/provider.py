"""Our side of the cloud, as an administrator of Stagedoor prepares it once.

The server runs as a user whose only right is to assume the organizations' principals; a principal's
only right is to assume roles of customers.
"""

import json
from dataclasses import dataclass

from support.cloud import PROVIDER, Keys

SERVER = "stagedoor-server"


@dataclass(frozen=True)
class Provider:
    """The server's keys, and the principal of each organization."""

    keys: Keys
    principals: dict  # organization -> role ARN


def prepare_provider(cloud, organizations):
    """Makes the server's user and a principal for each organization."""
    iam = cloud.client(cloud.roots[PROVIDER], "iam")
    user = iam.create_user(UserName=SERVER)["User"]["Arn"]
    principals = {name: _make_principal(iam, name, user) for name in organizations}
    iam.put_user_policy(
        UserName=SERVER,
        PolicyName="assume-principals",
        PolicyDocument=_allow("sts:AssumeRole", list(principals.values())),
    )
    key = iam.create_access_key(UserName=SERVER)["AccessKey"]
    return Provider(Keys(key["AccessKeyId"], key["SecretAccessKey"]), principals)


def _make_principal(iam, organization, server):
    unit = f"tn3{organization}"
    name = f"stagedoor-{unit}"
    role = iam.create_role(
        Path=f"/stagedoor/{unit}/",
        RoleName=name,
        AssumeRolePolicyDocument=trust(server),
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="assume-customers", PolicyDocument=_allow(["sts:AssumeRole", "sts:TagSession"], "*"))
    return role


def trust(principal, external_id=None):
    """A trust policy for one principal, in the form of the tutorial."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    if external_id is not None:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _allow(action, resource):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )
