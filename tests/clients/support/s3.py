"""What the tests of the sandbox's S3 share: clients for two accounts and for nobody, and short ways to ask.

The clients are made at their first use, when the sandbox listens and its keys are in the environment (see
`conftest.endpoint`).
"""

import json
import os
import uuid

import boto3
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

HTTP = urllib3.PoolManager(retries=False)
MIB = 1024 * 1024
CUSTOMER = "987654321987"
PROVIDER = "123456789012"


def endpoint():
    return os.environ["SANDBOX_ENDPOINT"]


def make(who="CUSTOMER", service="s3", keys=None, region="us-east-1", **config):
    """A client with the keys of an account's root, with other keys, or (`who=None`) without any."""
    if keys is None and who is None:
        keys = {}
        config["signature_version"] = UNSIGNED
    elif keys is None:
        keys = {
            "aws_access_key_id": os.environ[f"{who}_AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": os.environ[f"{who}_AWS_SECRET_ACCESS_KEY"],
        }
    if service == "s3":
        config.setdefault("signature_version", "s3v4")
        config.setdefault("s3", {"addressing_style": "path"})
    config.setdefault("retries", {"max_attempts": 1})
    return boto3.client(service, endpoint_url=endpoint(), region_name=region, config=Config(**config), **keys)


class Lazy:
    """A client that is made when something is first asked of it."""

    def __init__(self, *arguments, **named):
        self._how = (arguments, named)
        self._client = None

    def __getattr__(self, name):
        if self._client is None:
            arguments, named = self._how
            self._client = make(*arguments, **named)
        return getattr(self._client, name)


s3 = Lazy()
other = Lazy("PROVIDER")
anonymous = Lazy(None)
iam = Lazy(service="iam")
other_iam = Lazy("PROVIDER", service="iam")
kms = Lazy(service="kms")


def new_bucket(client=s3, **arguments):
    """A bucket as AWS makes it today: no access lists, nothing public."""
    name = f"b-{uuid.uuid4()}"
    client.create_bucket(Bucket=name, **arguments)
    return name


def open_bucket(client=s3, acl=None, **arguments):
    """A bucket as they were: with access lists, and public if they say so."""
    name = new_bucket(client, ObjectOwnership="ObjectWriter", **arguments)
    client.delete_public_access_block(Bucket=name)
    if acl:
        client.put_bucket_acl(Bucket=name, ACL=acl)
    return name


def versioned_bucket(status="Enabled"):
    bucket = new_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    return bucket


def refused(call, *arguments, **named):
    """The status and code of a refusal."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def refusal(call, *arguments, **named):
    """The message of a refusal."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    return str(error.value)


def fill(bucket, *keys, client=s3, body=b"x"):
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=body)


def read(bucket, key, client=s3, **arguments):
    return client.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()


def keys_of(page):
    return [item["Key"] for item in page.get("Contents", [])]


def prefixes_of(page):
    return [item["Prefix"] for item in page.get("CommonPrefixes", [])]


def document(*statements):
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect, action, resource, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def new_name(kind):
    return f"{kind}{uuid.uuid4().hex[:10]}"


def user(*statements, client=iam):
    """A new user with these rights: name and keys."""
    name = new_name("u")
    client.create_user(UserName=name)
    if statements:
        client.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
    key = client.create_access_key(UserName=name)["AccessKey"]
    return name, {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def with_keys(keys, service="s3", **config):
    return make(service=service, keys=keys, **config)


def trust(principal, **condition):
    """A statement of a trust policy."""
    trusted = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {**trusted, "Condition": condition} if condition else trusted


def role(trusted, *statements, client=iam, **arguments):
    """A new role: name and ARN."""
    name = new_name("r")
    trusted = trusted if isinstance(trusted, list) else [trusted]
    made = client.create_role(RoleName=name, AssumeRolePolicyDocument=document(*trusted), **arguments)
    if statements:
        client.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
    return name, made["Role"]["Arn"]


def assume(keys, arn, session="session", **arguments):
    """The temporary keys of a role session."""
    client = with_keys(keys, "sts")
    answer = client.assume_role(RoleArn=arn, RoleSessionName=session, **arguments)["Credentials"]
    return {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }
