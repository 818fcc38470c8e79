"""Keys of KMS decide who may read an object; archived objects; buckets whose requesters pay."""

import json

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from support import http
from support.customer import may_read, parquet_bytes
from support.s3 import (
    CUSTOMER,
    PROVIDER,
    document,
    fill,
    iam,
    kms,
    new_bucket,
    other_iam,
    read,
    refusal,
    refused,
    s3,
    statement,
    user,
    with_keys,
)

pytestmark = pytest.mark.usefixtures("endpoint")


def test_kms():
    key = kms.create_key(Description="d")["KeyMetadata"]
    kid, karn = (key["KeyId"], key["Arn"])
    bucket = new_bucket()
    arn = f"arn:aws:s3:::{bucket}"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=kid)
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["SSEKMSKeyId"] == karn
    name, keys = user(statement("Allow", "s3:*", "*"))
    client = with_keys(keys)
    client.head_object(Bucket=bucket, Key="k")
    try:
        client.get_object(Bucket=bucket, Key="k")
        assert 0
    except ClientError as e:
        assert (
            f"is not authorized to perform: kms:Decrypt on resource: {karn} because no identity-based policy allows the kms:Decrypt action"
            in str(e)
            and e.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        )
    try:
        client.put_object(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=kid)
        assert 0
    except ClientError as e:
        assert "kms:GenerateDataKey" in str(e)
    iam.put_user_policy(UserName=name, PolicyName="q", PolicyDocument=document(statement("Allow", "kms:Decrypt", karn)))
    assert read(bucket, "k", client) == b"x"
    assert (
        refused(
            client.copy_object,
            Bucket=bucket,
            Key="k2",
            CopySource=f"{bucket}/k",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=kid,
        )[0]
        == 403
    )
    client.copy_object(Bucket=bucket, Key="k2", CopySource=f"{bucket}/k")
    kms.put_key_policy(
        KeyId=kid,
        PolicyName="default",
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{CUSTOMER}:user/{name}"},
                        "Action": "kms:Decrypt",
                        "Resource": "*",
                    }
                ],
            }
        ),
    )
    iam.delete_user_policy(UserName=name, PolicyName="q")
    assert read(bucket, "k", client) == b"x"
    u2, k2 = user(statement("Allow", "*", "*"))
    assert refused(with_keys(k2).get_object, Bucket=bucket, Key="k") == (403, "AccessDenied")
    try:
        with_keys(k2).get_object(Bucket=bucket, Key="k")
    except ClientError as e:
        assert "no resource-based policy allows the kms:Decrypt action" in str(e)
    key2 = kms.create_key()["KeyMetadata"]
    k2arn = key2["Arn"]
    s3.put_object(Bucket=bucket, Key="ec", Body=b"y", ServerSideEncryption="aws:kms", SSEKMSKeyId=k2arn)
    u3, k3 = user(
        statement("Allow", "s3:*", "*"),
        statement(
            "Allow",
            "kms:Decrypt",
            k2arn,
            Condition={
                "StringEquals": {"kms:EncryptionContext:aws:s3:arn": arn + "/ec"},
                "StringLike": {"kms:ViaService": "s3.*.amazonaws.com"},
            },
        ),
    )
    assert read(bucket, "ec", with_keys(k3)) == b"y"
    s3.put_object(
        Bucket=bucket, Key="bk", Body=b"y", ServerSideEncryption="aws:kms", SSEKMSKeyId=k2arn, BucketKeyEnabled=True
    )
    assert refused(with_keys(k3).get_object, Bucket=bucket, Key="bk")[0] == 403
    kms.disable_key(KeyId=key2["KeyId"])
    kms.enable_key(KeyId=key2["KeyId"])
    s3.get_object(Bucket=bucket, Key="ec")
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key2["KeyId"])
    s3.put_object(Bucket=bucket, Key="al", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/mine")
    assert s3.head_object(Bucket=bucket, Key="al")["SSEKMSKeyId"] == k2arn
    assert refused(s3.put_object, Bucket=bucket, Key="al", ServerSideEncryption="aws:kms", SSEKMSKeyId="nope") == (
        400,
        "KMS.NotFoundException",
    )
    s3.put_object(Bucket=bucket, Key="def", ServerSideEncryption="aws:kms")
    u4, k4 = user(statement("Allow", "s3:*", "*"))
    read(bucket, "def", with_keys(k4))
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": k2arn},
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    assert refused(with_keys(k4).put_object, Bucket=bucket, Key="n") == (403, "AccessDenied")
    assert refused(with_keys(k4).create_multipart_upload, Bucket=bucket, Key="n")[0] == 403
    their_name, their_keys = user(statement("Allow", "*", "*"), client=other_iam)
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=document(
            {"Effect": "Allow", "Principal": {"AWS": PROVIDER}, "Action": "s3:GetObject", "Resource": arn + "/*"}
        ),
    )
    assert "no resource-based policies allow access" in refusal(
        with_keys(their_keys).get_object, Bucket=bucket, Key="ec"
    )
    kms.put_key_policy(
        KeyId=key2["KeyId"],
        PolicyName="default",
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": [f"arn:aws:iam::{CUSTOMER}:root", f"arn:aws:iam::{PROVIDER}:root"]},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            }
        ),
    )
    with_keys(their_keys).get_object(Bucket=bucket, Key="ec")
    e = kms.encrypt(KeyId="alias/mine", Plaintext=b"hi", EncryptionContext={"a": "b"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=e, EncryptionContext={"a": "b"})["Plaintext"] == b"hi"
    with pytest.raises(ClientError):
        kms.decrypt(CiphertextBlob=e)
    d = kms.generate_data_key(KeyId=k2arn, KeySpec="AES_256")
    assert kms.decrypt(CiphertextBlob=d["CiphertextBlob"])["Plaintext"] == d["Plaintext"]
    assert kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["Arn"] == k2arn
    kms.schedule_key_deletion(KeyId=k2arn, PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=k2arn)
    kms.list_keys()
    kms.list_aliases()
    kms.get_key_rotation_status(KeyId=k2arn)
    kms.list_resource_tags(KeyId=k2arn)
    assert refused(with_keys(k4, "kms").describe_key, KeyId=k2arn) == (400, "AccessDeniedException")


def test_archived_requester():
    bucket = new_bucket()
    s3.put_object(Bucket=bucket, Key="g", Body="x", StorageClass="GLACIER")
    assert refused(s3.get_object, Bucket=bucket, Key="g") == (403, "InvalidObjectState")
    s3.head_object(Bucket=bucket, Key="g")
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    fill(bucket, "k")
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": PROVIDER},
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            }
        ),
    )
    their_name, their_keys = user(statement("Allow", "s3:*", "*"), client=other_iam)
    client = with_keys(their_keys)
    assert refused(client.get_object, Bucket=bucket, Key="k") == (403, "AccessDenied")
    assert client.get_object(Bucket=bucket, Key="k", RequestPayer="requester")["RequestCharged"] == "requester"
    assert refused(client.list_objects_v2, Bucket=bucket)[0] == 403
    client.list_objects_v2(Bucket=bucket, RequestPayer="requester")
    read(bucket, "k")
    assert refused(client.get_object, Bucket=bucket, Key="none", RequestPayer="requester") == (404, "NoSuchKey")
    url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k", "RequestPayer": "requester"})
    assert http.get(url, headers={"x-amz-request-payer": "requester"}).status_code == 200


def test_a_stage_over_objects_with_a_key(customer, principal, warehouse):
    """Whoever reads through a stage needs kms:Decrypt in the role; the refusal says so."""
    key = kms.create_key()["KeyMetadata"]["Arn"]
    lake = customer.bucket()
    content = parquet_bytes(pa.table({"n": [1, 2]}))
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    customer.s3.put_object(Bucket=lake, Key="f.parquet", Body=content, **encryption)
    stage = warehouse.stage_with_role(lake, customer.role(principal, *may_read(lake)))
    message = warehouse.error(f"SELECT * FROM @{stage}/f.parquet")
    assert "S3 refused kms:Decrypt" in message
    assert "no identity-based policy allows the kms:Decrypt action" in message
