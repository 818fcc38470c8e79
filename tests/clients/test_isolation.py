"""What one connection, organization or bucket shows is never seen through another."""

import pyarrow as pa
import pytest

from support.customer import may_list, may_read, may_use_objects
from support.warehouse import Warehouse


def names(warehouse, stage):
    return sorted(name for name, *_ in warehouse.run(f"LIST @{stage}"))


def test_two_roles_on_one_bucket(customer, principal, warehouse):
    """One role reads `a/`, the other `b/`; what the first has read does not help the second."""
    bucket = customer.bucket({"a/file.parquet": pa.table({"of": ["a"]}), "b/file.parquet": pa.table({"of": ["b"]})})
    stages = {}
    for folder in ("a", "b"):
        role = customer.role(principal, may_list(bucket), may_use_objects(bucket, f"{folder}/"))
        stages[folder] = warehouse.stage_with_role(bucket, role)
    # Twice, so that listings and footers of the other role would come from a cache.
    for _ in range(2):
        for mine, other in (("a", "b"), ("b", "a")):
            assert warehouse.run(f"SELECT * FROM @{stages[mine]}/{mine}/file.parquet") == [(mine,)]
            message = warehouse.error(f"SELECT * FROM @{stages[mine]}/{other}/file.parquet")
            assert "s3:GetObject" in message, message


def test_a_role_that_may_not_list_does_not_see_a_listing_of_another(customer, principal, warehouse):
    bucket = customer.bucket({"file.parquet": pa.table({"n": [1]})})
    lister = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    reader = warehouse.stage_with_role(bucket, customer.role(principal, may_use_objects(bucket)))
    assert names(warehouse, lister) == ["file.parquet"]
    assert "s3:ListBucket" in warehouse.error(f"LIST @{reader}")
    assert "s3:ListBucket" in warehouse.error(f"SELECT * FROM @{reader}")


def test_the_same_path_in_two_buckets(customer, principal, warehouse):
    """Also of the same size, so that no cache can tell them apart by that."""
    stages = []
    for text in ("first", "other"):
        bucket = customer.bucket({"data/file.parquet": pa.table({"bucket": [text]})})
        stages.append(warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket))))
    for _ in range(2):
        assert warehouse.run(f"SELECT * FROM @{stages[0]}/data/file.parquet") == [("first",)]
        assert warehouse.run(f"SELECT * FROM @{stages[1]}/data/file.parquet") == [("other",)]
    both = f"SELECT a.bucket, b.bucket FROM @{stages[0]}/data/ a CROSS JOIN @{stages[1]}/data/ b"
    assert warehouse.run(both) == [("first", "other")]


@pytest.fixture(scope="module")
def organizations(server):
    return {name: Warehouse(server, tenant=name) for name in ("acme", "globex")}


def test_two_organizations_with_the_same_role(customer, provider, organizations):
    """The role trusts one organization only; the other names it as well and gets nothing."""
    bucket = customer.bucket({"file.parquet": pa.table({"owner": ["acme"]})})
    role = customer.role(provider.principals["acme"], *may_read(bucket))
    stages = {name: warehouse.stage_with_role(bucket, role) for name, warehouse in organizations.items()}
    for _ in range(2):
        assert organizations["acme"].run(f"SELECT * FROM @{stages['acme']}/file.parquet") == [("acme",)]
        for statement in (f"SELECT * FROM @{stages['globex']}/file.parquet", f"LIST @{stages['globex']}"):
            message = organizations["globex"].error(statement)
            assert "sts:AssumeRole" in message and provider.principals["globex"] in message, message


def test_an_external_id_serves_one_organization(customer, provider, organizations):
    """The confused deputy: a pair of role and external id that another organization holds is refused."""
    role = customer.role(provider.principals["acme"], external_id="chosen-by-acme")
    organizations["acme"].connection(role, external_id="chosen-by-acme")
    message = organizations["globex"].error(
        f"CREATE CONNECTION taken STORAGE_TYPE = 's3' ROLE_ARN = '{role}' EXTERNAL_ID = 'chosen-by-acme'"
    )
    assert role in message, message


def test_generated_external_ids_differ(customer, provider, organizations):
    """The same name in two organizations: each has its own id, and SHOW CONNECTIONS shows it."""
    shown = {}
    for name, warehouse in organizations.items():
        role = customer.role(provider.principals[name])
        warehouse.run(f"CREATE CONNECTION same_name STORAGE_TYPE = 's3' ROLE_ARN = '{role}'")
        [shown[name]] = [row for row in warehouse.run("SHOW CONNECTIONS") if row[0] == "same_name"]
        assert role in shown[name][2] and f"sd-{name}-" in shown[name][2], shown[name]
    assert shown["acme"] != shown["globex"]


def test_organizations_do_not_see_each_others_names(customer, provider, organizations):
    role = customer.role(provider.principals["acme"])
    connection = organizations["acme"].connection(role)
    stage = organizations["acme"].stage("some-bucket", connection)
    assert connection not in [name for name, *_ in organizations["globex"].run("SHOW CONNECTIONS")]
    assert stage not in [name for name, *_ in organizations["globex"].run("SHOW STAGES")]
    assert f"`{stage}`" in organizations["globex"].error(f"LIST @{stage}")


def test_an_unknown_organization_is_refused(server):
    message = Warehouse(server, tenant="nobody").error("SELECT 1")
    assert "nobody" in message, message


def test_show_organization(organizations, provider):
    [[name, principal, following, prefix]] = organizations["acme"].run("SHOW ORGANIZATION")
    assert (name, principal, following) == ("acme", provider.principals["acme"], None)
    assert prefix.startswith("sd-acme"), prefix


def test_a_new_file_is_seen_by_the_next_query(customer, principal, warehouse):
    bucket = customer.bucket({"day/1.parquet": pa.table({"n": [1]})})
    stage = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    for count in range(1, 4):
        assert warehouse.run(f"SELECT count(*), sum(n) FROM @{stage}/day/") == [(count, sum(range(count + 1)))]
        customer.put(bucket, f"day/{count + 1}.parquet", pa.table({"n": [count + 1]}))


def test_a_file_written_anew_is_read_anew(customer, principal, warehouse):
    """Same key, same size, other content: a footer or a page from before would be wrong."""
    bucket = customer.bucket({"file.parquet": pa.table({"text": ["before"]})})
    stage = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    assert warehouse.run(f"SELECT * FROM @{stage}/file.parquet") == [("before",)]
    customer.put(bucket, "file.parquet", pa.table({"text": ["behind"]}))
    assert warehouse.run(f"SELECT * FROM @{stage}/file.parquet") == [("behind",)]
    customer.s3.delete_object(Bucket=bucket, Key="file.parquet")
    assert "file.parquet" in warehouse.error(f"SELECT * FROM @{stage}/file.parquet")


def test_a_connection_made_anew_reaches_its_stages(customer, principal, warehouse):
    """A stage refers to its connection: OR REPLACE with a closed role closes the stage."""
    bucket = customer.bucket({"file.parquet": pa.table({"n": [1]})})
    connection = warehouse.connection(customer.role(principal, *may_read(bucket)))
    stage = warehouse.stage(bucket, connection)
    assert warehouse.run(f"SELECT * FROM @{stage}/file.parquet") == [(1,)]
    closed = customer.role(principal)
    warehouse.run(f"CREATE OR REPLACE CONNECTION {connection} STORAGE_TYPE = 's3' ROLE_ARN = '{closed}'")
    assert closed in warehouse.error(f"SELECT * FROM @{stage}/file.parquet")
    assert f"`{stage}`" in warehouse.error(f"DROP CONNECTION {connection}")
    warehouse.run(f"DROP STAGE {stage}", f"DROP CONNECTION {connection}")


def test_a_bucket_in_another_region(customer, principal, warehouse):
    """The region is found out; nobody has to type it."""
    bucket = customer.bucket({"file.parquet": pa.table({"n": [1]})}, region="eu-central-1")
    stage = warehouse.stage_with_role(bucket, customer.role(principal, *may_read(bucket)))
    assert warehouse.run(f"SELECT * FROM @{stage}/file.parquet") == [(1,)]
    assert names(warehouse, stage) == ["file.parquet"]
