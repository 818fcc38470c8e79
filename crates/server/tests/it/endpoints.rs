//! A connection's endpoint: what a user may name, and what a change of it does to the stages.

use sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use crate::sql::{SqlWorld, account};

const CUSTOMER: &str = "987654321987";
const BUCKET: &str = "moving-bucket";

/// A cloud with the bucket and one file in it, and the keys that open it, as SQL has them.
async fn cloud(text: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let customer = account(&sandbox, CUSTOMER);
    customer.s3("PUT", BUCKET, "", "", &[], "").await.unwrap();
    customer.s3("PUT", BUCKET, "where.csv", "", &[], text.to_owned()).await.unwrap();
    let keys = sandbox.account(CUSTOMER).unwrap();
    let parameters = format!(
        "ENDPOINT_URL = '{}' ACCESS_KEY_ID = '{}' SECRET_ACCESS_KEY = '{}'",
        sandbox.endpoint(),
        keys.access_key_id,
        keys.secret_access_key
    );
    (sandbox, parameters)
}

#[tokio::test]
async fn a_changed_endpoint_reaches_the_stages_after_a_trial() {
    let (old, parameters_of_old) = cloud("here\n").await;
    let (new, parameters_of_new) = cloud("there\n").await;
    let hosts = [&old, &new].map(|sandbox| sandbox.address().to_string());
    let world = SqlWorld::with_endpoints(hosts.to_vec()).await;
    let client = &world.client;
    client.rows(&format!("CREATE CONNECTION c STORAGE_TYPE = 's3' {parameters_of_old}")).await;
    client.rows(&format!("CREATE STAGE s URL = 's3://{BUCKET}/' CONNECTION = (CONNECTION_NAME = 'c')")).await;
    let read = "SELECT $1 FROM @s/where.csv (FILE_FORMAT => 'CSV')";
    assert_eq!(client.rows(read).await, [[json!("here")]]);

    // Keys of the one cloud open nothing in the other: the trial says so, and nothing is changed.
    let alone = format!("ALTER CONNECTION c SET ENDPOINT_URL = '{}'", new.endpoint());
    let (_, refused) = client.run(&alone).await.unwrap_err();
    assert!(refused.contains("connection `c` stays as it was: stage `s` does not open"), "{refused}");
    assert_eq!(client.rows(read).await, [[json!("here")]]);
    // Neither is an endpoint that the operator does not allow.
    for forbidden in ["http://169.254.169.254/", "http://127.0.0.1:1/", "https://minio.internal.example/"] {
        let (_, refused) =
            client.run(&format!("ALTER CONNECTION c SET ENDPOINT_URL = '{forbidden}'")).await.unwrap_err();
        assert!(refused.contains("ENDPOINT_URL") || refused.contains("endpoint"), "{refused}");
        let forced = client.run(&format!("ALTER CONNECTION c SET ENDPOINT_URL = '{forbidden}' FORCE")).await;
        assert!(forced.is_err(), "{forbidden}");
    }
    assert_eq!(client.rows(read).await, [[json!("here")]]);

    old.clear_requests();
    client.rows(&format!("ALTER CONNECTION c SET {parameters_of_new}")).await;
    // What is kept of the old place is not taken for the new one's.
    assert_eq!(client.rows(read).await, [[json!("there")]]);
    assert!(old.requests().is_empty(), "{:?}", old.requests());
}
