//! The real engine behind the server, without AWS.

use catalog::Catalog;
use credentials::{CredentialsOptions, IdentitySource, ServerSettings};
use serde_json::{Value, json};
use server::{Config, RootPassword, RunningServer};

use crate::world::{Client, PASSWORD};

pub struct EngineWorld {
    server: RunningServer,
    pub client: Client,
}

impl EngineWorld {
    pub async fn new() -> Self {
        let config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        let credentials = CredentialsOptions {
            server: ServerSettings { identity: IdentitySource::Nothing, ..ServerSettings::default() },
            ..CredentialsOptions::default()
        };
        let password = RootPassword::given(PASSWORD.to_owned(), config.listen).unwrap();
        let catalog = Catalog::open(None).await.unwrap();
        let server = server::start_with_credentials(&config, &password, catalog, credentials).await.unwrap();
        let client = Client::new(&format!("http://{}", server.address()));
        Self { server, client }
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }
}

#[tokio::test]
async fn statements_run() {
    let world = EngineWorld::new().await;
    let page = world.client.start("q", "SELECT 1 AS one, 'x' AS text, NULL AS nothing").await.json();
    assert_eq!(
        page["schema"],
        json!([
            {"name": "one", "type": "Int64"}, {"name": "text", "type": "String"}, {"name": "nothing", "type": "NULL"}
        ])
    );
    assert_eq!(page["data"], json!([["1", "x", null]]));
    assert_eq!(page["next_uri"], Value::Null);
}

/// BendSQL asks for this when it starts, and fails on a NULL.
#[tokio::test]
async fn names_are_completed() {
    let world = EngineWorld::new().await;
    let rows = world
        .client
        .rows(
            "select name, 'f' as type from system.functions union all select name, 'd' as type from \
             system.databases union all select name, 't' as type from system.tables union all select name, 'c' as \
             type from system.columns limit 10000",
        )
        .await;
    assert!(rows.len() > 100);
    assert!(rows.iter().all(|row| row.len() == 2 && row.iter().all(Value::is_string)));
}

#[tokio::test]
async fn large_results_stream() {
    let world = EngineWorld::new().await;
    let rows = world.client.rows("SELECT number FROM numbers(100000)").await;
    assert_eq!(rows.len(), 100_000);
}

#[tokio::test]
async fn errors_point_at_the_place() {
    let world = EngineWorld::new().await;
    let page = world.client.start("q", "SELECT 1 FORM t WHERE").await.json();
    assert_eq!(page["error"]["code"], 1005);
    assert!(page["error"]["detail"].as_str().unwrap().contains('^'), "{page:#}");
    let page = world.client.start("r", "SELECT * FROM @nowhere/x.parquet").await.json();
    assert_eq!(page["error"]["code"], 2501);
}

#[tokio::test]
async fn sessions_are_carried_by_the_client() {
    let world = EngineWorld::new().await;
    let set = world.client.start("1", "SET timezone = 'Asia/Tokyo'").await.json();
    assert_eq!(set["affect"]["keys"], json!(["timezone"]));
    let body = json!({
        "sql": "SELECT to_timestamp(0) AS t, arrow_cast(0, 'Timestamp(Second, None)') AS u",
        "session": set["session"]
    });
    let page = world.client.start_with("2", body).await.json();
    assert_eq!(page["settings"]["timezone"], "Asia/Tokyo");
    assert_eq!(page["data"][0][1], "1970-01-01 09:00:00.000000");
    let used = world.client.start("3", "USE system").await.json();
    assert_eq!(used["session"]["database"], "system");
    let body = json!({"sql": "SELECT count(*) FROM one", "session": used["session"]});
    assert_eq!(world.client.start_with("4", body).await.json()["data"], json!([["1"]]));
}

#[tokio::test]
async fn a_login_needs_a_database_that_exists() {
    let world = EngineWorld::new().await;
    let login =
        async |database: &str| world.client.post("/v1/session/login", json!({"database": database})).await;
    assert_eq!(login("system").await.status, 200);
    let (status, code, message) = login("no\"where`").await.error();
    assert_eq!((status, code), (400, 1003));
    assert!(message.contains("no\"where`"), "{message}");
}

#[tokio::test]
async fn the_catalog_is_described() {
    let world = EngineWorld::new().await;
    let databases = world.client.get("/v1/catalog/databases").await.json();
    assert!(databases["databases"].as_array().unwrap().contains(&json!({"name": "default"})));
    let tables = world.client.get("/v1/catalog/databases/system/tables").await.json();
    let names: Vec<&str> =
        tables["tables"].as_array().unwrap().iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"one"), "{names:?}");
    let fields = world.client.get("/v1/catalog/databases/system/tables/one/fields").await.json();
    assert_eq!(fields["fields"].as_array().unwrap().len(), 1);
    let injected = world.client.get("/v1/catalog/databases/x'%20OR%20'1'='1/tables").await.json();
    assert_eq!(injected["tables"], json!([]));
}

/// A statement that never ends gives its threads back when it is killed.
#[tokio::test]
async fn killing_stops_the_work() {
    let world = EngineWorld::new().await;
    let sql = "SELECT count(*) FROM numbers(10000000) a, numbers(10000000) b WHERE a.number + b.number < 0";
    world.client.start_with("q", json!({"sql": sql, "pagination": {"wait_time_secs": 0}})).await;
    world.client.post("/v1/query/q/kill", Value::Null).await;
    let mut page = world.client.get("/v1/query/q/page/0").await.json();
    while page["state"] != "Failed" {
        page = world.client.get("/v1/query/q/page/0").await.json();
    }
    assert_eq!(page["error"]["code"], 1043);
    assert_eq!(world.client.rows("SELECT 1").await.len(), 1);
}

#[tokio::test]
async fn users_log_in_as_soon_as_they_exist() {
    let world = EngineWorld::new().await;
    assert_eq!(
        world.client.start("1", "CREATE USER bob IDENTIFIED BY 'first'").await.json()["error"],
        Value::Null
    );
    let bob = |password: &str| world.client.user("bob", password);
    assert_eq!(bob("first").start("2", "SELECT 1").await.json()["data"], json!([["1"]]));
    world.client.start("3", "ALTER USER bob IDENTIFIED BY 'second'").await;
    assert_eq!(bob("first").start("4", "SELECT 1").await.status, 401);
    assert_eq!(bob("second").start("5", "SELECT 1").await.status, 200);
    world.client.start("6", "DROP USER bob").await;
    assert_eq!(bob("second").start("7", "SELECT 1").await.status, 401);
}
