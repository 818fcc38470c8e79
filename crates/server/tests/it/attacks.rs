//! Two organizations on one server, with one principal: what `globex` tries to get at what is `acme`'s. Each is
//! refused, and no answer tells what there is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::sql::{PRINCIPAL, ROLE, SqlWorld};
use crate::world::{Client, PASSWORD, send};

/// The id that acme's customer put into the trust policy of the role; it is in the name of acme's things, so
/// that a table that shows any of them is found out.
const EXTERNAL_ID: &str = "acme-typed-external-id";

struct Attack {
    world: SqlWorld,
    acme: Client,
    globex: Client,
}

impl Attack {
    /// `acme` has a connection, a stage, a file format, a user, a role and a query whose pages are not taken yet.
    /// Its role trusts the principal with acme's external id alone.
    async fn new() -> Self {
        let world = SqlWorld::with_organizations(&["default", "acme", "globex"], None).await;
        world.trust_external_id(EXTERNAL_ID).await;
        let acme = world.client.organization("acme");
        let globex = world.client.organization("globex");
        for statement in [
            format!(
                "CREATE CONNECTION acme_sales STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}' EXTERNAL_ID = '{EXTERNAL_ID}'"
            ),
            "CREATE CONNECTION acme_other STORAGE_TYPE = 's3' ROLE_ARN = 'arn:aws:iam::987654321987:role/other'".to_owned(),
            "CREATE STAGE acme_lake URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'acme_sales')".to_owned(),
            "CREATE FILE FORMAT acme_format TYPE = CSV".to_owned(),
            format!("CREATE USER acme_ann IDENTIFIED BY '{PASSWORD}'"),
            "CREATE ROLE acme_role".to_owned(),
            "GRANT READ ON STAGE acme_lake TO ROLE acme_role".to_owned(),
            "GRANT ROLE acme_role TO acme_ann".to_owned(),
        ] {
            acme.run(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
        Self { world, acme, globex }
    }

    async fn refused(&self, sql: &str) -> (u64, String) {
        let (code, message) = self.globex.run(sql).await.expect_err(sql);
        // What the attacker typed himself may come back; nothing else may.
        for told in [EXTERNAL_ID, "acme_sales", "acme_lake", "acme_ann", "acme_role"] {
            assert!(sql.contains(told) || !message.contains(told), "{sql} is told `{told}`: {message}");
        }
        (code, message)
    }
}

#[tokio::test]
async fn statements_do_not_reach_the_other_organization() {
    let attack = Attack::new().await;
    // It works for acme: what is refused below is refused for being another's.
    assert_eq!(attack.acme.run("SELECT count(*) FROM @acme_lake/test.parquet").await.unwrap().len(), 1);
    let generated = attack
        .acme
        .run("SELECT external_id FROM system.connections WHERE name = 'acme_other'")
        .await
        .unwrap()[0][0]
        .as_str()
        .unwrap()
        .to_owned();
    let inline = |external_id: &str| format!("(ROLE_ARN = '{ROLE}' EXTERNAL_ID = '{external_id}')");
    let table: Vec<(u64, String)> = vec![
        // The same role with the same external id: as a connection, a stage, inside a query.
        (4000, format!("CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}' EXTERNAL_ID = '{EXTERNAL_ID}'")),
        (4000, format!("CREATE CONNECTION IF NOT EXISTS c STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}' EXTERNAL_ID = '{EXTERNAL_ID}'")),
        (4000, format!("CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = {}", inline(EXTERNAL_ID))),
        (4000, format!("SELECT * FROM 's3://test-bucket-123/test.parquet' (CONNECTION => {})", inline(EXTERNAL_ID))),
        // A generated id of acme's, for whatever role.
        (4000, format!("CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}' EXTERNAL_ID = '{generated}'")),
        (4000, format!("SELECT * FROM 's3://test-bucket-123/test.parquet' (CONNECTION => {})", inline(&generated))),
        // Names.
        (2510, "DESC CONNECTION acme_sales".into()),
        (2510, "DROP CONNECTION acme_sales".into()),
        (2510, "SELECT * FROM 's3://test-bucket-123/test.parquet' (CONNECTION => (CONNECTION_NAME = 'acme_sales'))".into()),
        (2510, "CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'acme_sales')".into()),
        (2501, "SELECT * FROM @acme_lake/test.parquet".into()),
        (2501, "EXPLAIN SELECT * FROM @acme_lake/test.parquet".into()),
        (2501, "LIST @acme_lake".into()),
        (2501, "REMOVE @acme_lake".into()),
        (2501, "PRESIGN DOWNLOAD @acme_lake/test.parquet".into()),
        (2501, "PRESIGN UPLOAD @acme_lake/new.parquet".into()),
        (2501, "DESC STAGE acme_lake".into()),
        (2501, "DROP STAGE acme_lake".into()),
        (2507, "DROP FILE FORMAT acme_format".into()),
        (2507, "CREATE STAGE s URL = 's3://test-bucket-123/' FILE_FORMAT = (FORMAT_NAME = 'acme_format')".into()),
        (2201, "DROP USER acme_ann".into()),
        (2201, "ALTER USER acme_ann IDENTIFIED BY 'mine now'".into()),
        (2204, "DROP ROLE acme_role".into()),
        (2204, "GRANT ROLE acme_role TO root".into()),
        (2206, "SET ROLE acme_role".into()),
        (2501, "GRANT READ ON STAGE acme_lake TO USER root".into()),
        (2510, "GRANT OWNERSHIP ON CONNECTION acme_sales TO ROLE public".into()),
        (2204, "SHOW GRANTS FOR ROLE acme_role".into()),
        (2201, "SHOW GRANTS FOR USER acme_ann".into()),
        (2501, "SHOW GRANTS ON STAGE acme_lake".into()),
        // The other organization as a catalog, a database or a schema.
        (1025, "SELECT * FROM acme.system.connections".into()),
        (1003, "USE acme".into()),
        // Without a signature, and with the role but acme's id left out: S3 and STS refuse.
        (3002, "SELECT * FROM 's3://test-bucket-123/test.parquet'".into()),
        (3002, format!("SELECT * FROM 's3://test-bucket-123/test.parquet' (CONNECTION => (ROLE_ARN = '{ROLE}'))")),
        // The operator's statements.
        (1063, "SHOW ORGANIZATIONS".into()),
        (1063, "CREATE ORGANIZATION mine IDENTIFIED BY 'x'".into()),
        (1063, "ALTER ORGANIZATION acme IDENTIFIED BY 'mine now'".into()),
        (1063, "DROP ORGANIZATION acme".into()),
    ];
    for (expected, sql) in table {
        let (code, message) = attack.refused(&sql).await;
        assert_eq!(code, expected, "{sql}: {message}");
    }
    // A connection of the same name with the same role has another id, which the role does not trust.
    for name in ["acme_sales", "acme_other"] {
        let same = format!("CREATE CONNECTION {name} STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'");
        attack.globex.run(&same).await.unwrap();
        let read = format!(
            "SELECT * FROM 's3://test-bucket-123/test.parquet' (CONNECTION => (CONNECTION_NAME = '{name}'))"
        );
        let (code, message) = attack.refused(&read).await;
        assert_eq!(code, 3002, "{message}");
        attack.globex.run(&format!("DROP CONNECTION {name}")).await.unwrap();
    }
    // The keys that acme got meanwhile are nobody else's, and what acme has is as it was.
    let ours = attack.acme.run("SELECT count(*) FROM @acme_lake/test.parquet").await.unwrap();
    assert_eq!(ours.len(), 1);
}

#[tokio::test]
async fn no_system_table_shows_the_other_organization() {
    let attack = Attack::new().await;
    // Both have run queries, so that histories and logs have something to show.
    attack.acme.run("SELECT 'acme_literal' AS x FROM @acme_lake/test.parquet LIMIT 1").await.unwrap();
    attack.globex.run("SELECT 1").await.unwrap();
    let tables = attack
        .globex
        .run("SELECT database, name FROM system.tables WHERE database IN ('system', 'information_schema')")
        .await
        .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    for table in tables {
        let (database, name) = (table[0].as_str().unwrap(), table[1].as_str().unwrap());
        let rows = attack.globex.run(&format!("SELECT * FROM {database}.\"{name}\"")).await.unwrap();
        let text = Value::from_iter(rows).to_string();
        assert!(!text.contains("acme"), "{database}.{name} shows {text}");
    }
    for show in [
        "SHOW CONNECTIONS",
        "SHOW STAGES",
        "SHOW USERS",
        "SHOW ROLES",
        "SHOW GRANTS",
        "SHOW FILE FORMATS",
        "SHOW ORGANIZATION",
    ] {
        let text = Value::from_iter(attack.globex.run(show).await.unwrap()).to_string();
        assert!(!text.contains("acme"), "{show} shows {text}");
    }
}

#[tokio::test]
async fn queries_pages_and_tokens_are_their_organizations() {
    let attack = Attack::new().await;
    let body = json!({"sql": "SELECT * FROM numbers(1000)", "pagination": {"max_rows_per_page": 10}});
    attack.acme.start_with("guessed-id", body.clone()).await;
    let routes = [
        (Method::GET, "/v1/query/guessed-id"),
        (Method::GET, "/v1/query/guessed-id/page/0"),
        (Method::GET, "/v1/query/guessed-id/page/1"),
        (Method::GET, "/v1/query/guessed-id/final"),
        (Method::POST, "/v1/query/guessed-id/final"),
        (Method::GET, "/v1/query/guessed-id/kill"),
        (Method::POST, "/v1/query/guessed-id/kill"),
    ];
    for (method, path) in routes {
        assert_eq!(send(attack.globex.request(method, path)).await.error().0, 404, "{path}");
    }
    // The same id and statement are not the same query.
    assert_eq!(attack.globex.start_with("guessed-id", body).await.error().0, 400);
    let refused = attack.globex.run("KILL QUERY 'guessed-id'").await;
    assert!(refused.is_err(), "{refused:?}");
    let page = attack.acme.get("/v1/query/guessed-id/page/1").await.json();
    assert_eq!(page["data"][0][0], "10", "acme still reads it");

    // Tokens of one with the header of the other, also for renewing them.
    let login = attack.acme.post("/v1/session/login", json!({})).await.json();
    let session_token = login["tokens"]["session_token"].as_str().unwrap();
    let refresh_token = login["tokens"]["refresh_token"].as_str().unwrap();
    let nobody = attack.globex.nobody();
    let answer = send(nobody.request(Method::POST, "/v1/verify").bearer_auth(session_token)).await;
    assert_eq!(answer.error().1, 5103);
    let renew = nobody.request(Method::POST, "/v1/session/refresh").bearer_auth(refresh_token);
    let renewed = send(renew.json(&json!({"session_token": session_token}))).await;
    assert_eq!(renewed.status, 401, "{renewed:?}");
    // A user of one is nobody in the other, with the right password too.
    let ann = attack.globex.user("acme_ann", PASSWORD).post("/v1/verify", json!({})).await;
    assert_eq!(ann.error().0, 401);
    // Two headers, and one that names two, are not both.
    let both = attack.globex.request(Method::POST, "/v1/verify").header("X-DATABEND-TENANT", "acme");
    assert_eq!(send(both).await.error().0, 400);
    for name in ["acme,globex", "acme/../globex", "ACME", "nosuch"] {
        let login = attack.world.client.organization(name).post("/v1/verify", json!({})).await;
        assert_eq!(login.error().0, 401, "{name}");
    }
}

#[tokio::test]
async fn files_are_not_written_through_the_other_organization() {
    let attack = Attack::new().await;
    let part = reqwest::multipart::Part::bytes(b"theirs".to_vec()).file_name("x.parquet");
    let upload = attack
        .globex
        .request(Method::PUT, "/v1/upload_to_stage")
        .header("X-DATABEND-STAGE-NAME", "acme_lake")
        .multipart(reqwest::multipart::Form::new().part("upload", part));
    let (status, code, _) = send(upload).await.error();
    assert_eq!((status, code), (404, 2501));
    // Another's presigned upload is good for its own key alone.
    let rows = attack.acme.run("PRESIGN UPLOAD @acme_lake/own.txt").await.unwrap();
    let url = rows[0][2].as_str().unwrap().to_owned();
    let http = reqwest::Client::new();
    let stolen = url.replace("own.txt", "test.parquet");
    assert_ne!(stolen, url);
    assert_eq!(http.put(&stolen).body("theirs").send().await.unwrap().status(), 403);
    assert_eq!(http.get(&url).send().await.unwrap().status(), 403);
    assert_eq!(http.put(&url).body("ours").send().await.unwrap().status(), 200);
}

/// A listing that one organization made is not there for the other: it makes the same requests of its own, with
/// keys of its own.
#[tokio::test]
async fn no_listing_and_no_key_is_shared() {
    let attack = Attack::new().await;
    attack.world.trust_anybody_with_the_principal(PRINCIPAL).await;
    let create = format!("CREATE CONNECTION mine STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'");
    attack.globex.run(&create).await.unwrap();
    attack
        .globex
        .run("CREATE STAGE lake URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'mine')")
        .await
        .unwrap();
    let sandbox = attack.world.sandbox();
    let requests_of = async |client: &Client, sql: &str| {
        sandbox.clear_requests();
        client.run(sql).await.unwrap();
        let requests = sandbox.requests();
        let mut actions: Vec<_> = requests.iter().map(|request| request.action.clone()).collect();
        actions.sort();
        let keys: Vec<_> = requests
            .iter()
            // The question for the bucket's region is not signed.
            .filter(|request| request.service == "s3")
            .filter_map(|request| request.access_key_id.clone())
            .collect();
        (actions, keys)
    };
    let statements = [
        ("LIST @acme_lake/sales/", "LIST @lake/sales/"),
        ("SELECT count(*) FROM @acme_lake/sales/", "SELECT count(*) FROM @lake/sales/"),
    ];
    for (acmes, globexs) in statements {
        let (ours, our_keys) = requests_of(&attack.acme, acmes).await;
        let (theirs, their_keys) = requests_of(&attack.globex, globexs).await;
        let s3 = |actions: &[String]| -> Vec<String> {
            actions.iter().filter(|action| !action.contains("AssumeRole")).cloned().collect()
        };
        assert_eq!(s3(&ours), s3(&theirs), "{acmes}");
        assert!(!our_keys.is_empty());
        assert!(our_keys.iter().all(|key| !their_keys.contains(key)), "{our_keys:?} {their_keys:?}");
    }
}

#[tokio::test]
async fn an_organization_names_only_the_roles_that_it_may() {
    let world = SqlWorld::with_organizations(
        &["default", "acme"],
        Some(vec!["111122223333".into(), "arn:aws:iam::987654321987:role/allowed-*".into()]),
    )
    .await;
    let acme = world.client.organization("acme");
    let forbidden = [
        format!("CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'"),
        format!("CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = (ROLE_ARN = '{ROLE}')"),
        format!("SELECT * FROM 's3://test-bucket-123/test.parquet' (CONNECTION => (ROLE_ARN = '{ROLE}'))"),
        format!(
            "CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}' ACCESS_KEY_ID = 'AKIA' SECRET_ACCESS_KEY = 's'"
        ),
    ];
    for sql in forbidden {
        let (code, message) = acme.run(&sql).await.expect_err(&sql);
        assert_eq!(code, 1063, "{message}");
        assert!(
            message.contains(&format!("role `{ROLE}` is not one that organization `acme` may name")),
            "{message}"
        );
    }
    for role in ["arn:aws:iam::111122223333:role/any", "arn:aws:iam::987654321987:role/allowed-1"] {
        let sql = format!("CREATE OR REPLACE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '{role}'");
        acme.run(&sql).await.unwrap();
    }
    // Roles are no longer asked about once a list has come: what exists is refused when it is opened.
    let default = &world.client;
    default.run(&format!("CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'")).await.unwrap();
    let stage = "CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'c')";
    default.run(stage).await.unwrap();
    default.run("LIST @s/sales/").await.unwrap();
    let narrowed = catalog::OrganizationSpec {
        name: "default".into(),
        principal: Some(PRINCIPAL.into()),
        allowed_roles: Some(vec!["111122223333".into()]),
        ..catalog::OrganizationSpec::default()
    };
    world.catalog.ensure_organization(&narrowed).await.unwrap();
    assert_eq!(default.run("LIST @s/sales/").await.unwrap_err().0, 1063);
}

/// The operator's life with organizations, in SQL.
#[tokio::test]
async fn the_operator_makes_and_drops_organizations() {
    let world = SqlWorld::with_operator("default").await;
    let operator = &world.client;
    let create =
        format!("CREATE ORGANIZATION globex IDENTIFIED BY 'globex password' PRINCIPAL = '{PRINCIPAL}'");
    operator.run(&create).await.unwrap();
    assert!(operator.run(&create).await.unwrap_err().1.contains("already exists"));
    let globex = operator.organization("globex").user("root", "globex password");
    let row = globex.run("SHOW ORGANIZATION").await.unwrap()[0].clone();
    assert_eq!((&row[0], &row[1]), (&json!("globex"), &json!(PRINCIPAL)));
    assert_eq!(globex.run("SHOW ORGANIZATIONS").await.unwrap_err().0, 1063, "its root is no operator");
    let names = operator.run("SHOW ORGANIZATIONS").await.unwrap();
    let names: Vec<_> =
        names.iter().map(|row| (row[0].as_str().unwrap(), row[4].as_str().unwrap())).collect();
    assert_eq!(names, [("default", "1"), ("globex", "0")]);

    operator.run("ALTER ORGANIZATION globex ALLOWED_ROLES = ('111122223333')").await.unwrap();
    let connection = format!("CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'");
    assert_eq!(globex.run(&connection).await.unwrap_err().0, 1063);
    operator.run("ALTER ORGANIZATION globex ALLOWED_ROLES = ANY").await.unwrap();
    globex.run(&connection).await.unwrap();
    operator.run("ALTER ORGANIZATION globex IDENTIFIED BY 'another password'").await.unwrap();
    assert_eq!(globex.post("/v1/verify", json!({})).await.status, 401);
    let globex = globex.user("root", "another password");
    let (_, message) = operator.run("DROP ORGANIZATION globex").await.unwrap_err();
    assert!(message.contains("1 connections and 0 stages"), "{message}");
    globex.run("DROP CONNECTION c").await.unwrap();
    operator.run("DROP ORGANIZATION globex").await.unwrap();
    assert_eq!(globex.post("/v1/verify", json!({})).await.status, 401);
    // Roles out there may trust its ids: the name is not given again.
    let (_, message) = operator.run(&create).await.unwrap_err();
    assert!(message.contains("was dropped"), "{message}");
    for sql in ["DROP ORGANIZATION default", "ALTER ORGANIZATION default ALLOWED_ROLES = ANY"] {
        let (_, message) = operator.run(sql).await.unwrap_err();
        assert!(message.contains("in the server's configuration"), "{message}");
    }
    operator.run("CREATE USER ann IDENTIFIED BY 'the password'").await.unwrap();
    let ann = operator.user("ann", PASSWORD);
    assert_eq!(ann.run("SHOW ORGANIZATIONS").await.unwrap_err().0, 1063, "only its administrators");
}
