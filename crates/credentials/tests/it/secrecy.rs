//! No secret in anything that can be printed or logged.

use std::io::Write;
use std::sync::{Arc, Mutex};

use credentials::{Access, CustomerKeys, Grant, PresignMethod, explain};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use tracing_subscriber::fmt::MakeWriter;

use crate::cloud::Cloud;
use crate::{PRINCIPAL, ROLE, SERVER_SECRET, layer, options, request, role};

const CUSTOMER_SECRET: &str = "customer-secret-never-shown";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn assert_no_secret(text: &str, place: &str) {
    for secret in [SERVER_SECRET, CUSTOMER_SECRET, "issued-secret-", "issued-token-"] {
        assert!(!text.contains(secret), "`{secret}` in {place}: {text}");
    }
}

#[tokio::test]
async fn nothing_public_prints_a_secret() {
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let options = options(&cloud);
    assert_no_secret(&format!("{options:?}"), "the options");
    let layer = layer(&cloud).await;
    assert_no_secret(&format!("{layer:?}"), "the layer");
    let keys = CustomerKeys::new("AKIA", CUSTOMER_SECRET, Some("issued-token-x".into()));
    assert_no_secret(&format!("{keys:?}"), "customer keys");
    let sealed = layer.seal(&keys).unwrap();
    assert_no_secret(&format!("{sealed:?} {}", sealed.as_stored()), "sealed keys");
    for grant in [role(ROLE), Grant::Keys { sealed, role: None }, Grant::Unsigned] {
        let request = request(grant);
        assert_no_secret(&format!("{request:?}"), "a request");
        let bucket = layer.open_bucket(request).await.unwrap();
        assert_no_secret(&format!("{bucket:?} {bucket}"), "a bucket");
        let error = bucket.get(&Path::from("missing")).await.unwrap_err();
        assert_no_secret(&format!("{error:?} {error} {:?}", explain(&error)), "an error");
    }
    assert_no_secret(&format!("{:?}", layer.role_sessions("acme")), "the sessions");
}

#[tokio::test]
async fn nothing_logged_at_any_level_has_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let cloud = Cloud::start().await;
    cloud.put("a", "x");
    let layer = layer(&cloud).await;
    let mut request = request(role(ROLE));
    request.principal = Some(PRINCIPAL.into());
    request.access = Access::Write;
    let bucket = layer.open_bucket(request).await.unwrap();
    bucket.get(&Path::from("a")).await.unwrap();
    cloud.expire("ASIA2");
    bucket.put(&Path::from("b"), "x".into()).await.unwrap();
    let _ = bucket.get(&Path::from("missing")).await;
    let minute = std::time::Duration::from_secs(60);
    bucket.presign(PresignMethod::Get, "a", minute, None).await.unwrap();
    layer.server_identity().await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.len() > 1000, "the log was on");
    assert_no_secret(&text, "the log");
}
