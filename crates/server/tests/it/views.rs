//! A view lends nothing: neither its creator's rights nor another organization's.

use serde_json::json;

use crate::sql::SqlWorld;
use crate::world::PASSWORD;

const CONNECTION: &str =
    "CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = 'arn:aws:iam::987654321987:role/databend-test'";
const STAGE: &str = "CREATE STAGE s URL = 's3://test-bucket-123/' CONNECTION = (CONNECTION_NAME = 'c')";

#[tokio::test]
async fn the_creators_rights_do_not_count() {
    let world = SqlWorld::new().await;
    let root = &world.client;
    for statement in [
        CONNECTION,
        STAGE,
        "CREATE VIEW by_root AS SELECT id FROM @s/test.parquet",
        "CREATE VIEW by_connection AS SELECT id FROM 's3://test-bucket-123/test.parquet' (CONNECTION => (CONNECTION_NAME = 'c'))",
        "CREATE VIEW both AS SELECT a.id FROM by_root a JOIN by_connection b USING (id)",
        "CREATE ROLE reader",
        &format!("CREATE USER ann IDENTIFIED BY '{PASSWORD}'"),
        "GRANT ROLE reader TO ann",
        "GRANT READ ON STAGE s TO ROLE reader",
        "GRANT CREATE VIEW ON *.* TO ROLE reader",
    ] {
        root.run(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let ann = root.user("ann", PASSWORD);
    let count = async |view: &str| ann.run(&format!("SELECT count(*) > 0 FROM {view}")).await;
    assert_eq!(count("by_root").await.unwrap()[0][0], "1");
    for view in ["by_connection", "both"] {
        let (code, message) = count(view).await.unwrap_err();
        assert_eq!(code, 1063, "{message}");
        assert!(message.contains("view `by_connection`: permission denied"), "{message}");
        assert!(message.contains("privilege ACCESS CONNECTION is required on CONNECTION c"), "{message}");
    }
    let shown: Vec<_> = ann.rows("SHOW VIEWS").await;
    assert_eq!(shown, [[json!("by_root")]]);
    let (code, _) = ann.run("SHOW CREATE VIEW both").await.unwrap_err();
    assert_eq!(code, 1025);
    let (code, _) = ann.run("DROP VIEW by_root").await.unwrap_err();
    assert_eq!(code, 1063);

    // What ann makes is ann's role's; a stage that is taken from her is taken from her views, and from nobody else's.
    let reader = json!({"role": "reader"});
    ann.run_in("CREATE VIEW by_ann AS SELECT id FROM by_root", reader.clone()).await.unwrap();
    assert_eq!(root.rows("SELECT owner FROM system.views WHERE name = 'by_ann'").await, [[json!("reader")]]);
    root.run("REVOKE READ ON STAGE s FROM ROLE reader").await.unwrap();
    for view in ["by_ann", "by_root"] {
        assert_eq!(count(view).await.unwrap_err().0, 1063);
    }
    root.run("SELECT count(*) FROM by_ann").await.unwrap();
    // She knows of what she owns, and may drop it.
    assert_eq!(ann.rows("SHOW VIEWS").await, [[json!("by_ann")]]);
    ann.run_in("DROP VIEW by_ann", reader).await.unwrap();
}

#[tokio::test]
async fn views_are_each_organizations_own() {
    let world = SqlWorld::with_organizations(&["default", "acme"], None).await;
    let (root, acme) = (&world.client, world.client.organization("acme"));
    for statement in [CONNECTION, STAGE, "CREATE VIEW v AS SELECT id FROM @s/test.parquet"] {
        root.run(statement).await.unwrap();
    }
    assert_eq!(acme.run("SELECT * FROM v").await.unwrap_err().0, 1025);
    assert!(acme.rows("SHOW VIEWS").await.is_empty());
    assert_eq!(acme.run("DROP VIEW v").await.unwrap_err().0, 1025);
    // The same name is another view, and its stage another stage.
    acme.run("CREATE VIEW v AS SELECT 'theirs' AS id").await.unwrap();
    assert_eq!(acme.rows("SELECT id FROM v").await, [[json!("theirs")]]);
    root.run("DROP VIEW v").await.unwrap();
    assert_eq!(acme.rows("SELECT id FROM v").await, [[json!("theirs")]]);
    acme.run("CREATE OR REPLACE VIEW v AS SELECT id FROM @s/test.parquet").await.unwrap_err();
}
