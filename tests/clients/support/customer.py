"""A customer's side of the cloud: buckets, and roles for us to assume."""

import io
import itertools
import json

import pyarrow.parquet as parquet

from support.cloud import CUSTOMER, REGION
from support.provider import trust


def parquet_bytes(table, **options):
    """A table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


class Customer:
    """Makes things with names of its own, so that tests that share a cloud do not meet."""

    _numbers = itertools.count(1)

    def __init__(self, cloud, account=CUSTOMER):
        self.cloud = cloud
        self.account = account
        self.keys = cloud.roots[account]
        self.iam = cloud.client(self.keys, "iam")
        self.s3 = cloud.client(self.keys, "s3")

    def new_name(self, kind):
        return f"{kind}-{next(self._numbers)}"

    def bucket(self, files=None, region=REGION):
        """A new bucket with files in it; returns its name."""
        name = self.new_name("bucket")
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.cloud.client(self.keys, "s3", region).create_bucket(Bucket=name, **where)
        for key, content in (files or {}).items():
            self.put(name, key, content, region)
        return name

    def put(self, bucket, key, content, region=REGION):
        """Writes an object: bytes as they are, a table as Parquet."""
        body = content if isinstance(content, bytes) else parquet_bytes(content)
        self.cloud.client(self.keys, "s3", region).put_object(Bucket=bucket, Key=key, Body=body)

    def role(self, principal, *statements, external_id=None):
        """A new role that trusts `principal`; returns its ARN."""
        name = self.new_name("role")
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal, external_id))
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            self.iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=document)
        return made["Role"]["Arn"]


    def allow_tags(self, role):
        """Lets whoever may assume the role tag the session too."""
        name = role.rpartition("/")[2]
        document = self.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        for statement in document["Statement"]:
            statement["Action"] = ["sts:AssumeRole", "sts:TagSession"]
        self.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))


def may_list(bucket):
    return {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}


def may_use_objects(bucket, prefix=""):
    return {"Effect": "Allow", "Action": "s3:*Object", "Resource": f"arn:aws:s3:::{bucket}/{prefix}*"}


def may_read(bucket):
    """Both statements of the tutorial's policy."""
    return (may_list(bucket), may_use_objects(bucket))
