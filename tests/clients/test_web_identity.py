"""AssumeRoleWithWebIdentity of the sandbox, with an issuer of the test's own that signs with RSA."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import rsa

from support.s3 import (
    CUSTOMER,
    document,
    fill,
    iam,
    make,
    new_bucket,
    read,
    refused,
    role,
    statement,
    with_keys,
)

AUDIENCE = "sts.amazonaws.com"
SUBJECT = "repo:acme/lake"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Issuer:
    """Publishes one key, and can be told to publish something else."""

    def __init__(self):
        self.public, self.private = rsa.newkeys(2048)
        self.requests = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.requests.append(self.path)
                body = json.dumps(issuer.documents().get(self.path, {})).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.name}"
        self.named = self.url
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def documents(self):
        key = {"kty": "RSA", "use": "sig", "kid": "one", "n": number(self.public.n), "e": number(self.public.e)}
        return {
            "/.well-known/openid-configuration": {"issuer": self.named, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [key]},
        }

    def token(self, header=None, key=None, **claims):
        now = int(time.time())
        body = {"iss": self.url, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 300, **claims}
        head = {"alg": "RS256", "kid": "one", "typ": "JWT", **(header or {})}
        text = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(body).encode())}"
        return f"{text}.{encode(rsa.sign(text.encode(), key or self.private, 'SHA-256'))}"


@pytest.fixture(scope="module")
def issuer(endpoint):
    issuer = Issuer()
    iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=[AUDIENCE])
    yield issuer
    issuer.server.shutdown()


@pytest.fixture(scope="module")
def trusted(issuer):
    """A bucket, and a role that one subject may assume to read it."""
    bucket = new_bucket()
    fill(bucket, "k")
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{CUSTOMER}:oidc-provider/{issuer.name}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer.name}:sub": SUBJECT, f"{issuer.name}:aud": AUDIENCE}},
    }
    _, arn = role(trust, statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    return bucket, arn


def assume(arn, token, **arguments):
    """Nothing is signed: the token is all."""
    sts = make(None, "sts")
    return sts.assume_role_with_web_identity(
        RoleArn=arn, RoleSessionName="session", WebIdentityToken=token, **arguments
    )


def test_a_token_opens_the_role(issuer, trusted):
    bucket, arn = trusted
    answer = assume(arn, issuer.token())
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT and answer["Audience"] == AUDIENCE
    assert answer["Provider"] == f"arn:aws:iam::{CUSTOMER}:oidc-provider/{issuer.name}"
    keys = {
        "aws_access_key_id": answer["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": answer["Credentials"]["SecretAccessKey"],
        "aws_session_token": answer["Credentials"]["SessionToken"],
    }
    assert read(bucket, "k", with_keys(keys)) == b"x"
    assert refused(with_keys(keys).list_objects_v2, Bucket=bucket) == (403, "AccessDenied")
    assert with_keys(keys, "sts").get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_a_session_policy_narrows_it(issuer, trusted):
    bucket, arn = trusted
    nothing = document(statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/elsewhere/*"))
    answer = assume(arn, issuer.token(), Policy=nothing)["Credentials"]
    keys = {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }
    assert refused(with_keys(keys).get_object, Bucket=bucket, Key="k") == (403, "AccessDenied")


@pytest.mark.parametrize(
    "claims, expected",
    [
        ({"sub": "repo:globex/lake"}, (403, "AccessDenied")),
        ({"sub": SUBJECT + "x"}, (403, "AccessDenied")),
        ({"aud": "someone.else"}, (400, "InvalidIdentityToken")),
        ({"exp": 1000}, (400, "ExpiredTokenException")),
        ({"iat": 4102444800}, (400, "InvalidIdentityToken")),
        ({"iss": "https://elsewhere.example.com"}, (400, "InvalidIdentityToken")),
        ({"sub": None}, (400, "InvalidIdentityToken")),
    ],
)
def test_claims_that_do_not_fit(issuer, trusted, claims, expected):
    _, arn = trusted
    assert refused(assume, arn, issuer.token(**claims)) == expected


def test_signatures_that_do_not_fit(issuer, trusted):
    _, arn = trusted
    _, stranger = rsa.newkeys(1024)
    invalid = (400, "InvalidIdentityToken")
    assert refused(assume, arn, issuer.token(key=stranger)) == invalid
    assert refused(assume, arn, issuer.token(header={"kid": "two"})) == invalid
    assert refused(assume, arn, issuer.token(header={"alg": "none"})) == invalid
    assert refused(assume, arn, issuer.token(header={"alg": "HS256"})) == invalid
    head, _, signature = issuer.token().split(".")
    forged = encode(json.dumps({"iss": issuer.url, "sub": SUBJECT, "aud": AUDIENCE, "iat": 1, "exp": 1 << 33}).encode())
    assert refused(assume, arn, f"{head}.{forged}.{signature}") == invalid
    assert refused(assume, arn, f"{head}.{forged}.") == invalid
    assert refused(assume, arn, "not.a.token") == invalid


def test_an_issuer_that_names_another(issuer, trusted):
    _, arn = trusted
    issuer.named = "https://elsewhere.example.com"
    try:
        assert refused(assume, arn, issuer.token()) == (400, "InvalidIdentityToken")
    finally:
        issuer.named = issuer.url


def test_roles_that_do_not_trust_tokens(issuer, trusted):
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    _, by_keys = role(everybody)
    assert refused(assume, by_keys, issuer.token()) == (403, "AccessDenied")
    absent = f"arn:aws:iam::{CUSTOMER}:role/nobody-made-this"
    assert refused(assume, absent, issuer.token()) == (403, "AccessDenied")
    # the other account knows no provider for this issuer
    assert refused(assume, "arn:aws:iam::123456789012:role/some", issuer.token()) == (400, "InvalidIdentityToken")


def test_duration(issuer, trusted):
    _, arn = trusted
    assert refused(assume, arn, issuer.token(), DurationSeconds=3601) == (400, "ValidationError")


def test_providers_are_listed_and_deleted(issuer):
    arn = iam.create_open_id_connect_provider(Url="https://idp.example.com/x", ClientIDList=["a"])[
        "OpenIDConnectProviderArn"
    ]
    assert arn in [item["Arn"] for item in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    same = {"Url": "https://idp.example.com/x", "ClientIDList": ["a"]}
    assert refused(iam.create_open_id_connect_provider, **same) == (409, "EntityAlreadyExists")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["b"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert refused(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn) == (404, "NoSuchEntity")
    assert refused(iam.create_open_id_connect_provider, Url="http://idp.example.com") == (400, "ValidationError")
