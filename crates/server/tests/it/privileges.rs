//! The matrix of statements and privileges: each statement with each grant alone, and what role and session do.

use serde_json::{Value, json};

use crate::sql::SqlWorld;
use crate::world::{Client, PASSWORD, Rows};

/// Every grant that there is, one at a time, and its undoing.
const GRANTS: &[&str] = &[
    "SUPER ON *.*",
    "CREATE CONNECTION ON *.*",
    "CREATE STAGE ON *.*",
    "CREATE FILE FORMAT ON *.*",
    "CREATE VIEW ON *.*",
    "CREATE USER ON *.*",
    "DROP USER ON *.*",
    "CREATE ROLE ON *.*",
    "DROP ROLE ON *.*",
    "GRANT ON *.*",
    "ACCESS CONNECTION ON *.*",
    "READ ON *.*",
    "WRITE ON *.*",
    "ACCESS CONNECTION ON CONNECTION c",
    "READ ON STAGE s",
    "WRITE ON STAGE s",
    "OWNERSHIP ON CONNECTION c",
    "OWNERSHIP ON STAGE s",
    "OWNERSHIP ON FILE FORMAT f",
    "OWNERSHIP ON VIEW v",
];

/// What allows reading, and writing, through the stage.
const READ: &[&str] = &["SUPER ON *.*", "READ ON *.*", "READ ON STAGE s", "OWNERSHIP ON STAGE s"];
const WRITE: &[&str] = &["SUPER ON *.*", "WRITE ON *.*", "WRITE ON STAGE s", "OWNERSHIP ON STAGE s"];
const ACCESS: &[&str] = &[
    "SUPER ON *.*",
    "ACCESS CONNECTION ON *.*",
    "ACCESS CONNECTION ON CONNECTION c",
    "OWNERSHIP ON CONNECTION c",
];
const CREATE_CONNECTION: &[&str] = &["SUPER ON *.*", "CREATE CONNECTION ON *.*"];
const ANYBODY: &[&str] = GRANTS;

/// A statement; the grants each of which alone allows it; what an administrator runs after it was allowed.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

const CASES: &[Case] = &[
    // Reading and writing files, through the stage and past it.
    ("SELECT count(*) FROM @s/test.parquet", READ, &[]),
    ("EXPLAIN SELECT * FROM @s/test.parquet", READ, &[]),
    ("SELECT 1 UNION ALL SELECT count(*) FROM @S/test.parquet", READ, &[]),
    ("LIST @s/sales/", READ, &[]),
    ("PRESIGN DOWNLOAD @s/test.parquet", READ, &[]),
    ("PRESIGN UPLOAD @s/new.parquet", WRITE, &[]),
    ("REMOVE @s/nothing/here/", WRITE, &[]),
    ("SETTINGS (max_threads = 1) REMOVE @s/nothing/here/", WRITE, &[]),
    (
        "SELECT count(*) FROM 's3://test-bucket-123/test.parquet' (CONNECTION => (CONNECTION_NAME = 'c'))",
        ACCESS,
        &[],
    ),
    (
        "SELECT count(*) FROM 's3://test-bucket-123/test.parquet' (CONNECTION => (ROLE_ARN = 'arn:aws:iam::987654321987:role/databend-test'))",
        CREATE_CONNECTION,
        &[],
    ),
    // Connections.
    ("CREATE CONNECTION made STORAGE_TYPE = 's3'", CREATE_CONNECTION, &["DROP CONNECTION made"]),
    ("DESC CONNECTION c", ACCESS, &[]),
    ("DROP CONNECTION dropped", &["SUPER ON *.*"], &["CREATE CONNECTION dropped STORAGE_TYPE = 's3'"]),
    ("CREATE OR REPLACE CONNECTION dropped STORAGE_TYPE = 's3'", &["SUPER ON *.*"], &[]),
    // Stages.
    (
        "CREATE STAGE made URL = 's3://test-bucket-123/'",
        &["SUPER ON *.*", "CREATE STAGE ON *.*"],
        &["DROP STAGE made"],
    ),
    (
        "CREATE STAGE made URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'c')",
        &["SUPER ON *.*"],
        &["DROP STAGE made"],
    ),
    (
        "CREATE STAGE made URL = 's3://test-bucket-123/' CONNECTION = (ROLE_ARN = 'arn:aws:iam::987654321987:role/databend-test')",
        &["SUPER ON *.*"],
        &["DROP STAGE made"],
    ),
    (
        "DESC STAGE s",
        &[
            "SUPER ON *.*",
            "READ ON *.*",
            "WRITE ON *.*",
            "READ ON STAGE s",
            "WRITE ON STAGE s",
            "OWNERSHIP ON STAGE s",
        ],
        &[],
    ),
    (
        "DROP STAGE s",
        &["SUPER ON *.*", "OWNERSHIP ON STAGE s"],
        &["CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'c')"],
    ),
    ("ALTER STAGE s SET COMMENT = 'altered'", &["SUPER ON *.*", "OWNERSHIP ON STAGE s"], &[]),
    // Looking for what is wrong: it uses the connection, and tells about it.
    ("VALIDATE CONNECTION c", ACCESS, &[]),
    ("VALIDATE CONNECTION c ON 's3://test-bucket-123/sales/'", ACCESS, &[]),
    (
        "VALIDATE CONNECTION c ON 's3://test-bucket-123/sales/' WRITE",
        &["SUPER ON *.*", "OWNERSHIP ON CONNECTION c"],
        &[],
    ),
    ("VALIDATE STAGE s", &["SUPER ON *.*"], &[]),
    ("VALIDATE STAGE s WRITE", &["SUPER ON *.*"], &[]),
    ("VALIDATE TRUST POLICY '{}' FOR CONNECTION c", ACCESS, &[]),
    ("VALIDATE ROLE POLICY '{}' FOR STAGE s", &["SUPER ON *.*"], &[]),
    // File formats.
    (
        "CREATE FILE FORMAT made TYPE = PARQUET",
        &["SUPER ON *.*", "CREATE FILE FORMAT ON *.*"],
        &["DROP FILE FORMAT made"],
    ),
    (
        "DROP FILE FORMAT f",
        &["SUPER ON *.*", "OWNERSHIP ON FILE FORMAT f"],
        &["CREATE FILE FORMAT f TYPE = PARQUET"],
    ),
    // Views: reading one takes what its query takes, whoever made it.
    ("SELECT count(*) FROM v", READ, &[]),
    ("SELECT count(*) FROM over_v", READ, &[]),
    ("CREATE VIEW made AS SELECT 1 AS one", &["SUPER ON *.*", "CREATE VIEW ON *.*"], &["DROP VIEW made"]),
    ("CREATE VIEW made AS SELECT * FROM @s/test.parquet", &["SUPER ON *.*"], &["DROP VIEW made"]),
    ("CREATE OR REPLACE VIEW v AS SELECT * FROM @s/test.parquet", &["SUPER ON *.*"], &[]),
    (
        "DROP VIEW v",
        &["SUPER ON *.*", "OWNERSHIP ON VIEW v"],
        &["CREATE VIEW v AS SELECT * FROM @s/test.parquet"],
    ),
    // Users, roles and grants: SUPER is not enough.
    ("CREATE USER made IDENTIFIED BY 'a password'", &["CREATE USER ON *.*"], &["DROP USER made"]),
    ("ALTER USER bob IDENTIFIED BY 'a password'", &["CREATE USER ON *.*"], &[]),
    ("ALTER USER bob WITH DISABLED = FALSE", &["CREATE USER ON *.*"], &[]),
    ("ALTER USER boss IDENTIFIED BY 'a password'", &[], &[]),
    ("CREATE OR REPLACE USER boss IDENTIFIED BY 'a password'", &[], &[]),
    ("DROP USER bob", &["DROP USER ON *.*"], &["CREATE USER bob IDENTIFIED BY 'a password'"]),
    ("DROP USER boss", &[], &[]),
    ("SHOW PUBLIC KEYS FOR USER bob", &["CREATE USER ON *.*"], &[]),
    ("CREATE ROLE made", &["CREATE ROLE ON *.*"], &["DROP ROLE made"]),
    ("DROP ROLE strong", &[], &[]),
    (
        "GRANT READ ON STAGE s TO ROLE other",
        &["SUPER ON *.*", "OWNERSHIP ON STAGE s"],
        &["REVOKE READ ON STAGE s FROM ROLE other"],
    ),
    ("REVOKE READ ON STAGE s FROM ROLE other", &["SUPER ON *.*", "OWNERSHIP ON STAGE s"], &[]),
    (
        "GRANT OWNERSHIP ON STAGE s TO ROLE other",
        &["SUPER ON *.*", "OWNERSHIP ON STAGE s"],
        &["GRANT OWNERSHIP ON STAGE s TO ROLE account_admin"],
    ),
    ("GRANT SUPER ON *.* TO ROLE worker", &[], &[]),
    ("GRANT ROLE account_admin TO ann", &[], &[]),
    ("GRANT ROLE strong TO ann", &[], &[]),
    ("GRANT ROLE worker TO bob", &["GRANT ON *.*"], &["REVOKE ROLE worker FROM bob"]),
    ("REVOKE ROLE account_admin FROM root", &[], &[]),
    ("SHOW GRANTS FOR USER boss", &["GRANT ON *.*"], &[]),
    ("SHOW GRANTS FOR ROLE strong", &["GRANT ON *.*"], &[]),
    // The operator's.
    ("CREATE ORGANIZATION made IDENTIFIED BY 'a password'", &[], &[]),
    ("ALTER ORGANIZATION default ALLOWED_ROLES = ANY", &[], &[]),
    ("DROP ORGANIZATION default", &[], &[]),
    ("SHOW ORGANIZATIONS", &[], &[]),
    // Everybody's.
    ("SELECT count(*) FROM numbers(3)", ANYBODY, &[]),
    ("SHOW ORGANIZATION", ANYBODY, &[]),
    ("SHOW CONNECTIONS", ANYBODY, &[]),
    ("SHOW STAGES", ANYBODY, &[]),
    ("SHOW USERS", ANYBODY, &[]),
    ("SHOW ROLES", ANYBODY, &[]),
    ("SHOW GRANTS", ANYBODY, &[]),
    ("SHOW FILE FORMATS", ANYBODY, &[]),
    ("SHOW SETTINGS", ANYBODY, &[]),
    ("USE default", ANYBODY, &[]),
    ("SET max_threads = 1", ANYBODY, &[]),
    ("ALTER USER USER() IDENTIFIED BY 'the password'", ANYBODY, &[]),
    ("SET DEFAULT ROLE worker", ANYBODY, &[]),
];

/// A user `ann` who has nothing but the role `worker`; a `boss` who has the role `strong`; one of everything.
async fn world() -> SqlWorld {
    let world = SqlWorld::new().await;
    for statement in [
        "CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = 'arn:aws:iam::987654321987:role/databend-test' EXTERNAL_ID = 'a-typed-id'",
        "CREATE CONNECTION dropped STORAGE_TYPE = 's3'",
        "CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'c')",
        "CREATE FILE FORMAT f TYPE = PARQUET",
        "CREATE VIEW v AS SELECT * FROM @s/test.parquet",
        "CREATE VIEW over_v AS SELECT * FROM v",
        "CREATE ROLE worker",
        "CREATE ROLE strong",
        "CREATE ROLE other",
        "GRANT WRITE ON STAGE s TO ROLE strong",
        "GRANT CREATE CONNECTION, CREATE USER ON *.* TO ROLE strong",
        "CREATE USER bob IDENTIFIED BY 'a password'",
        "CREATE USER boss IDENTIFIED BY 'a password'",
        "GRANT ROLE strong TO boss",
        "GRANT ROLE worker TO ann",
    ] {
        if statement == "GRANT ROLE worker TO ann" {
            let made = format!("CREATE USER ann IDENTIFIED BY '{PASSWORD}'");
            run(&world.client, &made).await.unwrap();
        }
        run(&world.client, statement).await.unwrap();
    }
    world
}

async fn run_in_role(client: &Client, sql: &str, session: Value) -> Result<Rows, (u64, String)> {
    client.run_in(sql, session).await
}

async fn run(client: &Client, sql: &str) -> Result<Rows, (u64, String)> {
    client.run(sql).await
}

fn undo_of(grant: &str) -> String {
    match grant.strip_prefix("OWNERSHIP") {
        Some(object) => format!("GRANT OWNERSHIP{object} TO ROLE account_admin"),
        None => format!("REVOKE {grant} FROM ROLE worker"),
    }
}

#[tokio::test]
async fn each_statement_needs_its_privilege_and_no_other() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    let session = json!({"role": "worker"});
    for (statement, allowed_by, undo) in CASES {
        let is_allowed = async || match run_in_role(&ann, statement, session.clone()).await {
            Ok(_) => true,
            Err((1063, _)) => false,
            Err((code, message)) => panic!("{statement}: [{code}] {message}"),
        };
        if *allowed_by != ANYBODY {
            assert!(!is_allowed().await, "{statement} is allowed to a user without any privilege");
        }
        for grant in GRANTS {
            run(root, &format!("GRANT {grant} TO ROLE worker")).await.unwrap();
            let allowed = is_allowed().await;
            assert_eq!(allowed, allowed_by.contains(grant), "{statement} with {grant}");
            if allowed {
                for sql in *undo {
                    run(root, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
                }
            }
            // A dropped object took its grants along.
            run(root, &undo_of(grant)).await.unwrap();
        }
    }
}

/// Pairs of privileges where one alone is not enough.
#[tokio::test]
async fn some_statements_need_two_privileges() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    let cases = [
        (
            "CREATE STAGE made URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'c')",
            ["CREATE STAGE ON *.*", "ACCESS CONNECTION ON CONNECTION c"],
            Some("DROP STAGE made"),
        ),
        (
            "CREATE STAGE made URL = 's3://test-bucket-123/' CONNECTION = (ROLE_ARN = 'arn:aws:iam::987654321987:role/databend-test')",
            ["CREATE STAGE ON *.*", "CREATE CONNECTION ON *.*"],
            Some("DROP STAGE made"),
        ),
        (
            "CREATE VIEW made AS SELECT * FROM @s/test.parquet",
            ["CREATE VIEW ON *.*", "READ ON STAGE s"],
            Some("DROP VIEW made"),
        ),
        ("VALIDATE STAGE s", ["READ ON STAGE s", "ACCESS CONNECTION ON CONNECTION c"], None),
        ("VALIDATE STAGE s WRITE", ["WRITE ON STAGE s", "ACCESS CONNECTION ON CONNECTION c"], None),
        ("GRANT READ ON STAGE s TO ROLE other", ["GRANT ON *.*", "READ ON STAGE s"], None),
        ("GRANT SUPER ON *.* TO ROLE other", ["GRANT ON *.*", "SUPER ON *.*"], None),
        (
            "CREATE OR REPLACE CONNECTION c STORAGE_TYPE = 's3'",
            ["CREATE CONNECTION ON *.*", "OWNERSHIP ON CONNECTION c"],
            None,
        ),
    ];
    for (statement, grants, undo) in cases {
        for grant in grants {
            run(root, &format!("GRANT {grant} TO ROLE worker")).await.unwrap();
        }
        run_in_role(&ann, statement, json!({"role": "worker"})).await.unwrap();
        if let Some(sql) = undo {
            run(root, sql).await.unwrap();
        }
        for grant in grants {
            run(root, &undo_of(grant)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn uploads_over_http_need_write() {
    let world = world().await;
    let ann = world.client.user("ann", PASSWORD);
    let upload = async || {
        let part = reqwest::multipart::Part::bytes(b"content".to_vec()).file_name("uploaded.txt");
        let form = reqwest::multipart::Form::new().part("upload", part);
        let request =
            ann.request(reqwest::Method::PUT, "/v1/upload_to_stage").header("X-DATABEND-STAGE-NAME", "s");
        crate::world::send(request.multipart(form)).await
    };
    let (status, code, message) = upload().await.error();
    assert_eq!((status, code), (403, 1063), "{message}");
    assert!(message.contains("privilege WRITE is required on STAGE s"), "{message}");
    run(&world.client, "GRANT READ ON STAGE s TO ROLE worker").await.unwrap();
    assert_eq!(upload().await.status, 403);
    run(&world.client, "GRANT WRITE ON STAGE s TO ROLE worker").await.unwrap();
    assert_eq!(upload().await.status, 200);
}

#[tokio::test]
async fn lists_show_what_one_may_see() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    let names = async |sql: &str| -> Vec<String> {
        let rows = run(&ann, sql).await.unwrap();
        rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
    };
    let lists = [
        "SHOW CONNECTIONS",
        "SELECT name FROM system.connections",
        "SHOW STAGES",
        "SELECT name FROM system.stages",
        "SHOW VIEWS",
        "SELECT name FROM system.tables WHERE name = 'v'",
        "SELECT name FROM system.columns WHERE \"table\" = 'v'",
        "SELECT table_name FROM information_schema.views WHERE table_name = 'v'",
    ];
    for list in lists {
        assert!(names(list).await.is_empty(), "{list}");
    }
    for list in ["SHOW USERS", "SELECT name FROM system.users"] {
        assert_eq!(names(list).await, ["ann"], "{list}");
    }
    assert_eq!(names("SELECT name FROM system.roles ORDER BY name").await, ["public", "worker"]);
    assert_eq!(names("SELECT DISTINCT name FROM system.grants").await, ["ann"]);
    assert_eq!(names("SELECT DISTINCT role FROM system.role_grants").await, ["worker"]);

    run(root, "GRANT READ ON STAGE s TO ROLE worker").await.unwrap();
    assert_eq!(names("SHOW STAGES").await, ["s"]);
    assert!(names("SHOW CONNECTIONS").await.is_empty());
    // The role and the external id are for those who may use the connection.
    let parameters = "SELECT storage_params FROM system.stages";
    let shown = run(&ann, parameters).await.unwrap()[0][0].as_str().unwrap().to_owned();
    assert!(!shown.contains("a-typed-id") && !shown.contains("987654321987"), "{shown}");
    run(root, "GRANT ACCESS CONNECTION ON CONNECTION c TO ann").await.unwrap();
    assert_eq!(names("SHOW CONNECTIONS").await, ["c"]);
    let shown = run(&ann, parameters).await.unwrap()[0][0].as_str().unwrap().to_owned();
    assert!(shown.contains("a-typed-id") && shown.contains("987654321987"), "{shown}");
}

#[tokio::test]
async fn a_session_names_only_roles_that_are_granted() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    for session in [
        json!({"role": "account_admin"}),
        json!({"role": "strong"}),
        json!({"role": "nosuch"}),
        json!({"secondary_roles": ["strong"]}),
        json!({"role": "worker", "secondary_roles": ["public", "account_admin"]}),
    ] {
        let (code, message) = run_in_role(&ann, "SELECT 1", session.clone()).await.unwrap_err();
        assert_eq!(code, 2206, "{session}: {message}");
        // The way out is open.
        run_in_role(&ann, "SET ROLE worker", session).await.unwrap();
    }
    let (code, message) = run(&ann, "SET ROLE account_admin").await.unwrap_err();
    assert_eq!(code, 2206);
    assert_eq!(message, "role `account_admin` is not granted to user `ann`");

    // A role that is taken away is gone from the next statement on, also for sessions that have it.
    run_in_role(&ann, "SELECT 1", json!({"role": "worker"})).await.unwrap();
    run(root, "REVOKE ROLE worker FROM ann").await.unwrap();
    let (code, _) = run_in_role(&ann, "SELECT 1", json!({"role": "worker"})).await.unwrap_err();
    assert_eq!(code, 2206);
}

#[tokio::test]
async fn set_role_travels_with_the_session() {
    let world = world().await;
    let ann = world.client.user("ann", PASSWORD);
    let page = ann.post("/v1/query", json!({"sql": "SET ROLE worker"})).await.json();
    assert_eq!(page["session"]["role"], "worker");
    let page = ann
        .post("/v1/query", json!({"sql": "SET SECONDARY ROLES NONE", "session": page["session"]}))
        .await
        .json();
    assert_eq!(page["session"]["secondary_roles"], json!([]));
    let sql = "SELECT current_role(), current_secondary_roles(), current_available_roles()";
    let rows = run_in_role(&ann, sql, page["session"].clone()).await.unwrap();
    assert_eq!(rows[0][0], "worker");
    assert_eq!(rows[0][1], r#"{"roles":"public,worker","value":"None"}"#);
    assert_eq!(rows[0][2], r#"["public","worker"]"#);
    let page = ann
        .post("/v1/query", json!({"sql": "SET SECONDARY ROLES ALL", "session": page["session"]}))
        .await
        .json();
    assert!(page["session"].get("secondary_roles").is_none_or(Value::is_null), "{page:#}");
    let rows = run(&ann, "SELECT current_role()").await.unwrap();
    assert_eq!(rows[0][0], "public", "a new session begins with the default role");
    run(&ann, "SET DEFAULT ROLE worker").await.unwrap();
    assert_eq!(run(&ann, "SELECT current_role()").await.unwrap()[0][0], "worker");
    let login = ann.post("/v1/session/login", json!({"role": "worker"})).await;
    assert_eq!(login.status, 200);
    let (status, code, _) = ann.post("/v1/session/login", json!({"role": "strong"})).await.error();
    assert_eq!((status, code), (403, 2206));
    let verified = ann.post("/v1/verify", json!({})).await.json();
    assert_eq!((&verified["default_role"], &verified["roles"]), (&json!("worker"), &json!(["worker"])));
}

#[tokio::test]
async fn what_is_created_belongs_to_the_current_role() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    run(root, "GRANT CREATE CONNECTION, CREATE STAGE ON *.* TO ROLE worker").await.unwrap();
    // Secondary roles do not count for creating, as in Databend.
    let (code, message) = run(&ann, "CREATE CONNECTION mine STORAGE_TYPE = 's3'").await.unwrap_err();
    assert_eq!(code, 1063, "{message}");
    assert!(message.contains("with roles [public]"), "{message}");
    let worker = json!({"role": "worker"});
    run_in_role(&ann, "CREATE CONNECTION mine STORAGE_TYPE = 's3'", worker.clone()).await.unwrap();
    let rows = run(root, "SHOW GRANTS ON CONNECTION mine").await.unwrap();
    let row: Vec<_> = rows[0].iter().map(|cell| cell.as_str().unwrap_or("NULL")).collect();
    let grants = "GRANT OWNERSHIP ON CONNECTION mine TO ROLE `worker`";
    assert_eq!(row, ["OWNERSHIP", "mine", "NULL", "ROLE", "worker", grants]);
    // The owner replaces, uses and drops it; a stage over it needs nothing else.
    run_in_role(&ann, "CREATE OR REPLACE CONNECTION mine STORAGE_TYPE = 's3'", worker.clone()).await.unwrap();
    let stage = "CREATE STAGE over URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'mine')";
    run_in_role(&ann, stage, worker.clone()).await.unwrap();
    run(&ann, "DROP STAGE over").await.unwrap();
    run(&ann, "DROP CONNECTION mine").await.unwrap();

    // Made in the role of everybody, by a right of the user's own, it is the user's and not everybody's.
    run(root, "GRANT CREATE CONNECTION ON *.* TO USER ann").await.unwrap();
    run(&ann, "CREATE CONNECTION own STORAGE_TYPE = 's3'").await.unwrap();
    let bob = "SELECT owner FROM system.connections WHERE name = 'own'";
    assert_eq!(run(root, bob).await.unwrap()[0][0], "ann");
    // A dropped owner's things are the administrator's; a new user of that name does not get them.
    run(root, "DROP USER ann").await.unwrap();
    run(root, &format!("CREATE USER ann IDENTIFIED BY '{PASSWORD}'")).await.unwrap();
    assert_eq!(run(root, bob).await.unwrap()[0][0], "account_admin");
    assert_eq!(run(&ann, "DROP CONNECTION own").await.unwrap_err().0, 1063);
}

#[tokio::test]
async fn a_dropped_object_takes_its_grants_along() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    run(root, "GRANT READ ON STAGE s TO ROLE worker").await.unwrap();
    run(&ann, "LIST @s/sales/").await.unwrap();
    let stage = "CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'c')";
    run(root, "DROP STAGE s").await.unwrap();
    run(root, stage).await.unwrap();
    assert_eq!(run(&ann, "LIST @s/sales/").await.unwrap_err().0, 1063);
    // The same for a role: the next one of that name begins with nothing.
    run(root, "GRANT READ ON STAGE s TO ROLE worker").await.unwrap();
    run(root, "DROP ROLE worker").await.unwrap();
    run(root, "CREATE ROLE worker").await.unwrap();
    run(root, "GRANT ROLE worker TO ann").await.unwrap();
    assert_eq!(run(&ann, "LIST @s/sales/").await.unwrap_err().0, 1063);
}

#[tokio::test]
async fn roles_inherit_and_do_not_go_in_circles() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    for statement in [
        "CREATE ROLE reader",
        "CREATE ROLE middle",
        "GRANT READ ON STAGE s TO ROLE reader",
        "GRANT ROLE reader TO ROLE middle",
        "GRANT ROLE middle TO ROLE worker",
    ] {
        run(root, statement).await.unwrap();
    }
    run_in_role(&ann, "LIST @s/sales/", json!({"role": "worker", "secondary_roles": []})).await.unwrap();
    let (code, message) = run(root, "GRANT ROLE worker TO ROLE reader").await.unwrap_err();
    assert_eq!(code, 2217, "{message}");
    assert_eq!(run(root, "DROP ROLE public").await.unwrap_err().0, 2217);
    assert_eq!(run(root, "DROP ROLE account_admin").await.unwrap_err().0, 2217);
    assert_eq!(run(root, "CREATE ROLE worker").await.unwrap_err().0, 2216);
    assert_eq!(run(root, "DROP ROLE nosuch").await.unwrap_err().0, 2204);
    run(root, "REVOKE ROLE reader FROM ROLE middle").await.unwrap();
    assert_eq!(run(&ann, "LIST @s/sales/").await.unwrap_err().0, 1063);
}

/// Who may make users or grants must not become more than he is.
#[tokio::test]
async fn no_way_leads_up() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    run(root, "GRANT CREATE USER, DROP USER, CREATE ROLE, DROP ROLE, GRANT ON *.* TO ROLE worker")
        .await
        .unwrap();
    run(root, "GRANT ROLE account_admin TO bob").await.unwrap();
    let worker = json!({"role": "worker"});
    for statement in [
        "GRANT ROLE account_admin TO ann",
        "GRANT ROLE strong TO ann",
        "GRANT SUPER ON *.* TO ann",
        "GRANT ALL ON *.* TO ROLE worker",
        "GRANT READ ON STAGE s TO ROLE worker",
        "GRANT OWNERSHIP ON STAGE s TO ROLE worker",
        "GRANT ROLE account_admin TO ROLE worker",
        "ALTER USER boss IDENTIFIED BY 'mine now'",
        "ALTER USER bob IDENTIFIED BY 'mine now'",
        "ALTER USER bob IDENTIFIED WITH key_pair BY 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='",
        "CREATE OR REPLACE USER boss IDENTIFIED BY 'mine now'",
        "CREATE OR REPLACE ROLE strong",
        "ALTER USER root IDENTIFIED BY 'mine now'",
        "DROP USER bob",
        "DROP ROLE strong",
    ] {
        let refused = run_in_role(&ann, statement, worker.clone()).await;
        assert_eq!(refused.as_ref().unwrap_err().0, 1063, "{statement}: {refused:?}");
    }
    // What he has he may give.
    run_in_role(&ann, "CREATE USER carl IDENTIFIED BY 'a password'", worker.clone()).await.unwrap();
    run_in_role(&ann, "GRANT ROLE worker TO carl", worker.clone()).await.unwrap();
    run_in_role(&ann, "ALTER USER carl IDENTIFIED BY 'another password'", worker).await.unwrap();
}

/// A role with a typed external id is as good as the connection that has them.
#[tokio::test]
async fn a_typed_pair_is_no_way_around_a_connection() {
    let world = world().await;
    let root = &world.client;
    let ann = root.user("ann", PASSWORD);
    run(root, "GRANT CREATE CONNECTION, CREATE STAGE ON *.* TO ROLE worker").await.unwrap();
    let pair = "ROLE_ARN = 'arn:aws:iam::987654321987:role/databend-test' EXTERNAL_ID = 'a-typed-id'";
    let ways = [
        format!("CREATE CONNECTION mine STORAGE_TYPE = 's3' {pair}"),
        format!("CREATE STAGE mine URL = 's3://test-bucket-123/' CONNECTION = ({pair})"),
        format!("SELECT count(*) FROM 's3://test-bucket-123/test.parquet' (CONNECTION => ({pair}))"),
    ];
    let worker = json!({"role": "worker"});
    for way in &ways {
        let (code, message) = run_in_role(&ann, way, worker.clone()).await.unwrap_err();
        assert_eq!(code, 1063, "{way}: {message}");
        assert!(message.contains("is used by a connection that user `ann` may not use"), "{message}");
    }
    run(root, "GRANT ACCESS CONNECTION ON CONNECTION c TO ROLE worker").await.unwrap();
    for way in &ways {
        run_in_role(&ann, way, worker.clone()).await.unwrap_or_else(|error| panic!("{way}: {error:?}"));
    }
}

#[tokio::test]
async fn who_must_change_the_password_may_do_nothing_else() {
    let world = SqlWorld::new().await;
    let root = &world.client;
    root.rows("CREATE USER ann IDENTIFIED BY 'given' WITH MUST_CHANGE_PASSWORD = TRUE").await;
    root.rows("GRANT ROLE account_admin TO USER ann").await;
    let ann = root.user("ann", "given");
    for refused in [
        "SELECT 1",
        "SHOW USERS",
        "SET ROLE account_admin",
        "ALTER USER ann WITH MUST_CHANGE_PASSWORD = FALSE",
        "ALTER USER root IDENTIFIED BY 'mine now'",
        "ALTER USER USER() IDENTIFIED BY 'another' WITH MUST_CHANGE_PASSWORD = FALSE",
        "ALTER USER USER() IDENTIFIED WITH no_password",
    ] {
        let (code, message) = ann.run(refused).await.unwrap_err();
        assert_eq!(code, 1063, "{refused}");
        assert!(message.contains("user `ann` has to set another password before anything else"), "{message}");
    }
    let form = reqwest::multipart::Form::new()
        .part("upload", reqwest::multipart::Part::bytes(b"x".to_vec()).file_name("x"));
    let upload =
        ann.request(reqwest::Method::PUT, "/v1/upload_to_stage").header("X-DATABEND-STAGE-NAME", "s");
    let (_, _, message) = crate::world::send(upload.multipart(form)).await.error();
    assert!(message.contains("another password"), "{message}");
    let (_, same) = ann.run("ALTER USER USER() IDENTIFIED BY 'given'").await.unwrap_err();
    assert!(same.contains("is the one that has to change"), "{same}");
    ann.rows("ALTER USER USER() IDENTIFIED BY 'chosen'").await;
    assert_eq!(root.user("ann", "chosen").rows("SELECT 1").await.len(), 1);
    // A password that somebody else sets is to be changed only if it is said so.
    root.rows("ALTER USER ann IDENTIFIED BY 'given again' WITH MUST_CHANGE_PASSWORD = TRUE").await;
    assert!(root.user("ann", "given again").run("SELECT 1").await.is_err());
    root.rows("ALTER USER ann IDENTIFIED BY 'and again'").await;
    assert_eq!(root.user("ann", "and again").rows("SELECT 1").await.len(), 1);
}
