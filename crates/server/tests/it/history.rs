//! The history outlives the server: statements, their requests, and what was made of them.

use std::path::Path;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::sql::{ROLE, SqlWorld};
use crate::world::{Client, Rows, send};

const SECRET: &str = "a-secret-that-was-typed";

async fn prepare(client: &Client) {
    for statement in [
        format!("CREATE CONNECTION sales STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}'"),
        "CREATE STAGE raw URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'sales')".to_owned(),
    ] {
        client.rows(&statement).await;
    }
}

async fn upload(client: &Client, stage: &str, names: &[&str]) {
    let mut form = Form::new();
    for name in names {
        form = form.part("upload", Part::bytes(b"a,b\n1,2\n".to_vec()).file_name((*name).to_owned()));
    }
    let request = client.request(Method::PUT, "/v1/upload_to_stage").header("X-DATABEND-STAGE-NAME", stage);
    let answer = send(request.header("X-DATABEND-QUERY-ID", "uploading").multipart(form)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
}

/// What the history says of the statements that begin so.
async fn statements(client: &Client, columns: &str, like: &str) -> Rows {
    client
        .rows(&format!(
            "SELECT {columns} FROM system.query_history WHERE sql LIKE '{like}%' ORDER BY started_at"
        ))
        .await
}

#[tokio::test]
async fn statements_and_requests_outlive_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let world = SqlWorld::kept_in(folder.path(), &["default", "acme"]).await;
    let client = &world.client;
    prepare(client).await;
    client.rows("SELECT count(*), 'read' FROM @raw/test.parquet").await;
    let refused = client
        .run(&format!("CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = '{SECRET}' X = 1"))
        .await;
    refused.unwrap_err();
    upload(client, "raw", &["in/1.csv", "in/2 ü.csv"]).await;
    client.rows("REMOVE @raw/in/").await;
    client.rows("PRESIGN DOWNLOAD @raw/test.parquet").await;
    client.organization("acme").rows("SELECT 'of acme'").await;
    client.rows("CREATE USER ann IDENTIFIED BY 'pw'").await;
    client.user("ann", "pw").rows("SELECT 'of ann'").await;

    let figures = "sql, state, result_rows, s3_requests, s3_bytes, s3_rounds, sts_requests, first_row_ms, duration_ms, \
                   started_at, ended_at, error";
    let asked = "SELECT started_at, query_id, user, connection, stage, action, operation, bucket, key, bytes, status, \
                 error_code, request_id, duration_ms FROM system.s3_requests WHERE user = 'root' ORDER BY started_at, key";
    let policy = "SUGGEST POLICY FOR STAGE raw";
    let before = (
        statements(client, figures, "SELECT count(*), ''read''").await,
        statements(client, figures, "PUT @raw").await,
        client.rows(asked).await,
        client.rows(policy).await,
    );
    assert_eq!(before.0.len(), 1);
    assert!(before.2.len() > 6, "{:?}", before.2);

    let world = world.restart().await;
    let client = &world.client;
    assert_eq!(statements(client, figures, "SELECT count(*), ''read''").await, before.0);
    assert_eq!(statements(client, figures, "PUT @raw").await, before.1);
    assert_eq!(client.rows(asked).await, before.2);
    assert_eq!(client.rows(policy).await, before.3);
    let failed = statements(client, "state, error IS NOT NULL", "CREATE CONNECTION c ").await;
    assert_eq!(failed, [[json!("failed"), json!("1")]]);

    // Each organization and each user has their own past, as before.
    let acme = client.organization("acme");
    assert!(statements(&acme, "sql", "PUT").await.is_empty());
    assert!(acme.rows("SELECT 1 FROM system.s3_requests").await.is_empty());
    assert_eq!(statements(&acme, "sql", "SELECT ''of acme''").await, [[json!("SELECT 'of acme'")]]);
    assert!(statements(client, "sql", "SELECT ''of acme''").await.is_empty());
    let ann = client.user("ann", "pw");
    assert_eq!(ann.rows("SELECT DISTINCT user FROM system.query_history").await, [[json!("ann")]]);
    assert_eq!(statements(&ann, "sql", "SELECT ''of ann''").await, [[json!("SELECT 'of ann'")]]);

    let status = "SELECT history, kept > 0, kept_max, days_max, dropped, oldest_at IS NOT NULL FROM system.history_status";
    let row = |name: &str, max: &str| [name, "1", max, "30", "0", "1"].map(|cell| json!(cell)).to_vec();
    assert_eq!(client.rows(status).await, [row("statements", "10000"), row("requests", "20000")]);

    world.restart().await;
    no_secret_is_in(folder.path());
}

/// The secrets that sandboxes issued are looked for by whoever runs the tests.
fn no_secret_is_in(folder: &Path) {
    for name in ["history.sqlite", "catalog.sqlite"] {
        let path = folder.join(name);
        crate::evidence::keep_file(&path);
        let stored = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(stored.contains("sales"), "{name}");
        assert!(!stored.contains(SECRET), "{name}");
        for part in ["X-Amz-Signature", "X-Amz-Security-Token"] {
            assert!(!stored.contains(part), "{name} has a presigned URL");
        }
    }
}

#[tokio::test]
async fn uploads_and_deletions_are_told_file_by_file() {
    let world = SqlWorld::new().await;
    let client = &world.client;
    prepare(client).await;
    client
        .rows("CREATE STAGE box URL = 's3://test-bucket-123/box/' CONNECTION = (CONNECTION_NAME = 'sales')")
        .await;
    let names = ["a&b.csv", "c <d>.csv", "e.csv", "ü.csv"];
    upload(client, "box", &names).await;
    let put = statements(client, "sql, state, user, query_id, s3_bytes_sent, s3_requests > 0", "PUT").await;
    let told: Vec<&str> = put.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(told, ["PUT @box/a&b.csv", "PUT '@box/c <d>.csv'", "PUT @box/e.csv", "PUT @box/ü.csv"]);
    for row in &put {
        assert_eq!(row[1..], ["succeeded", "root", "uploading", "8", "1"].map(|cell| json!(cell)));
    }
    client.rows("REMOVE @box").await;
    let deleted = client
        .rows("SELECT key, request_id FROM system.s3_requests WHERE operation = 'DeleteObjects' ORDER BY key")
        .await;
    let keys: Vec<&str> = deleted.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(keys, ["box/a&b.csv", "box/c <d>.csv", "box/e.csv", "box/ü.csv"]);
    assert!(deleted.iter().all(|row| row[1] == deleted[0][1] && row[1] != Value::Null), "{deleted:?}");
    let counted = statements(client, "s3_requests", "REMOVE @box").await;
    assert_eq!(counted, [[json!("2")]], "a listing, and one request for all files");

    // One deleted by its name is named in the policy; four are their folder.
    upload(client, "box", &["one/x.csv"]).await;
    let policy = client.rows("SUGGEST POLICY FOR STAGE box").await[0][0].as_str().unwrap().to_owned();
    assert!(policy.contains("arn:aws:s3:::test-bucket-123/box/*"), "{policy}");
    assert!(policy.contains("s3:DeleteObject") && policy.contains("s3:PutObject"), "{policy}");

    // What a client may do with a URL is use of the stage, too.
    client
        .rows("CREATE STAGE mail URL = 's3://test-bucket-123/mail/' CONNECTION = (CONNECTION_NAME = 'sales')")
        .await;
    client.rows("PRESIGN UPLOAD @mail/letter.txt").await;
    let signed = "SELECT action, operation, key, status FROM system.s3_requests WHERE stage = 'mail' AND bucket IS NOT NULL";
    let row = [json!("s3:PutObject"), json!("PresignedPutObject"), json!("mail/letter.txt"), Value::Null];
    assert_eq!(client.rows(signed).await, [row]);
    let policy = client.rows("SUGGEST POLICY FOR STAGE mail").await[0][0].as_str().unwrap().to_owned();
    assert!(policy.contains("s3:PutObject") && policy.contains("mail/letter.txt"), "{policy}");
    assert!(!policy.contains("s3:GetObject"), "{policy}");
}

#[tokio::test]
async fn an_upload_that_fails_is_told_too() {
    let world = SqlWorld::new().await;
    let client = &world.client;
    let request =
        client.request(Method::PUT, "/v1/upload_to_stage").header("X-DATABEND-STAGE-NAME", "absent");
    let form = Form::new().part("upload", Part::bytes(b"x".to_vec()).file_name("a.csv"));
    assert!(!send(request.multipart(form)).await.status.is_success());
    let told = statements(client, "sql, state, error", "PUT").await;
    assert_eq!(
        told,
        [["PUT @absent/a.csv", "failed", "stage `absent` does not exist"].map(|cell| json!(cell))]
    );
}

#[tokio::test]
async fn a_policy_is_suggested_by_ones_own_requests_or_for_ones_own_connection() {
    let world = SqlWorld::new().await;
    let root = &world.client;
    prepare(root).await;
    for statement in [
        "CREATE ROLE reader",
        "CREATE ROLE owner",
        "CREATE USER ann IDENTIFIED BY 'pw'",
        "CREATE USER bob IDENTIFIED BY 'pw'",
        "CREATE USER eve IDENTIFIED BY 'pw'",
        "GRANT READ ON STAGE raw TO ROLE reader",
        "GRANT ROLE reader TO USER ann",
        "GRANT ROLE reader TO USER eve",
        "GRANT ACCESS CONNECTION ON CONNECTION sales TO USER ann",
        "GRANT ROLE owner TO USER bob",
        "GRANT OWNERSHIP ON CONNECTION sales TO ROLE owner",
        "SELECT count(*) FROM @raw/sales/2024/a.parquet",
    ] {
        root.rows(statement).await;
    }
    let [ann, bob, eve] = ["ann", "bob", "eve"].map(|name| root.user(name, "pw"));
    let ask = "SUGGEST POLICY FOR STAGE raw";
    let (_, unused) = ann.run(ask).await.unwrap_err();
    assert!(unused.contains("stage `raw` was not used by you"), "{unused}");
    ann.rows("SELECT count(*) FROM @raw/test.parquet").await;
    let of_ann = ann.rows(ask).await;
    let policy = of_ann[0][0].as_str().unwrap();
    assert!(policy.contains("test.parquet") && !policy.contains("2024"), "{policy}");
    assert_eq!(of_ann[0][3], "ann");
    for client in [root, &bob] {
        let of_all = client.rows(ask).await;
        let policy = of_all[0][0].as_str().unwrap();
        assert!(policy.contains("test.parquet") && policy.contains("sales/2024/a.parquet"), "{policy}");
        assert_eq!(of_all[0][3], "all users");
    }
    let (code, refused) = eve.run(ask).await.unwrap_err();
    assert_eq!(code, 1063);
    assert!(refused.contains("ACCESS CONNECTION is required on CONNECTION sales"), "{refused}");
}

/// Without a file the history is in memory, and says so.
#[tokio::test]
async fn a_history_in_memory_has_no_age() {
    let world = SqlWorld::new().await;
    let rows = world.client.rows("SELECT history, days_max, dropped FROM system.history_status").await;
    let row = |name: &str| vec![json!(name), Value::Null, json!("0")];
    assert_eq!(rows, [row("statements"), row("requests")]);
}
