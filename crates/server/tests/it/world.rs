//! A server on a free port, a runner of made-up statements, and a small client.

use std::sync::Arc;
use std::time::Duration;

use ::arrow::array::{ArrayRef, Int64Array, StringArray};
use ::arrow::datatypes::{DataType, Field, Schema};
use ::arrow::record_batch::RecordBatch;
use ::engine::{Effect, Error, ErrorKind, StatementOutput, StatementRequest, Upload};
use catalog::{Catalog, CreateMode, NewUser, OrganizationSpec};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use parking_lot::Mutex;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use server::{Limits, RunningServer, ServerParts, StatementRunner, WebConfig};
use tokio_util::sync::CancellationToken;

pub const PASSWORD: &str = "the password";

/// Runs these statements:
/// `rows N` gives N rows of a number and a text; `never` never answers; `hang` answers without rows for
/// ever; `use NAME`; `set NAME VALUE`; `fail` fails; `fail late` fails after rows.
#[derive(Clone, Default)]
pub struct Made {
    /// Cancelled statements of `never` and `hang`.
    pub stopped: CancellationToken,
    /// Uploaded files: stage, path and content.
    pub files: Arc<Mutex<Vec<UploadedFile>>>,
    /// The requests as they came.
    pub requests: Arc<Mutex<Vec<StatementRequest>>>,
}

pub type UploadedFile = (String, String, Vec<u8>);

impl StatementRunner for Made {
    fn run(&self, request: StatementRequest) -> BoxFuture<'static, Result<StatementOutput, Error>> {
        self.requests.lock().push(request.clone());
        run(request, self.stopped.clone()).boxed()
    }

    fn upload(&self, mut upload: Upload) -> BoxFuture<'static, Result<u64, Error>> {
        let made = self.clone();
        async move {
            if upload.stage == "denied" {
                let refused = "S3 refused s3:PutObject for stage `denied`";
                return Err(Error::new(ErrorKind::StoragePermissionDenied, refused));
            }
            let mut content = Vec::new();
            while let Some(piece) = upload.content.next().await {
                content.extend_from_slice(&piece?);
            }
            let size = content.len() as u64;
            made.files.lock().push((upload.stage, upload.path, content));
            Ok(size)
        }
        .boxed()
    }
}

async fn run(request: StatementRequest, stopped: CancellationToken) -> Result<StatementOutput, Error> {
    // What a hand-off asks for has one row here.
    let is_setup = request.sql.eq_ignore_ascii_case("SHOW SETUP");
    let sql = if is_setup { "rows 1" } else { request.sql.as_str() };
    let words: Vec<&str> = sql.split(' ').collect();
    let schema = Arc::new(Schema::new(vec![
        Field::new("n", DataType::Int64, false),
        Field::new("t", DataType::Utf8, true),
    ]));
    let mut output = StatementOutput {
        schema: Arc::new(Schema::empty()),
        has_result_set: false,
        batches: stream::empty().boxed(),
        state: request.state.clone(),
        effect: None,
        warnings: Vec::new(),
    };
    let stop_at_drop = stopped.drop_guard();
    match words[..] {
        ["rows", count] => {
            stop_at_drop.disarm();
            let count: i64 = count.parse().unwrap();
            let batch_schema = schema.clone();
            let batches = stream::iter((0..count).step_by(1000).map(move |first| {
                let numbers = first..count.min(first + 1000);
                let texts = numbers.clone().map(|n| (n % 3 != 0).then(|| format!("text {n}")));
                let columns: Vec<ArrayRef> = vec![
                    Arc::new(Int64Array::from_iter_values(numbers.clone())),
                    Arc::new(texts.collect::<StringArray>()),
                ];
                Ok(RecordBatch::try_new(batch_schema.clone(), columns).unwrap())
            }));
            output.has_result_set = true;
            output.schema = schema;
            output.batches = batches.boxed();
        }
        ["never"] => {
            let _stop_at_drop = stop_at_drop;
            futures::future::pending::<()>().await;
        }
        ["hang"] => {
            output.has_result_set = true;
            output.schema = schema;
            let pending = async move {
                let _stop_at_drop = stop_at_drop;
                futures::future::pending::<Result<RecordBatch, Error>>().await
            };
            output.batches = stream::once(pending).boxed();
        }
        ["use", name] => {
            stop_at_drop.disarm();
            output.state.database = name.to_owned();
            output.effect = Some(Effect::UseDatabase { name: name.to_owned() });
        }
        ["set", name, value] => {
            stop_at_drop.disarm();
            output.state.settings.insert(name.to_owned(), value.to_owned());
            let (keys, values) = (vec![name.to_owned()], vec![value.to_owned()]);
            output.effect = Some(Effect::ChangeSettings { keys, values });
        }
        ["fail", "late"] => {
            stop_at_drop.disarm();
            output.has_result_set = true;
            output.schema = schema;
            let error = Error::new(ErrorKind::StoragePermissionDenied, "S3 refused s3:GetObject");
            output.batches = stream::once(async { Err(error) }).boxed();
        }
        _ => {
            stop_at_drop.disarm();
            return Err(Error::new(ErrorKind::Syntax, "this is no statement")
                .with_excerpt("1 | fail\n  | ^^^^")
                .with_hint("write another"));
        }
    }
    Ok(output)
}

/// A server with the organizations `default` and `acme`, and the users `root` and `alice` in both.
pub struct World {
    pub server: RunningServer,
    pub made: Made,
    pub catalog: Catalog,
    pub client: Client,
}

impl World {
    pub async fn new() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub async fn with_limits(limits: Limits) -> Self {
        let catalog = catalog_with_users().await;
        let made = Made::default();
        let parts = ServerParts {
            catalog: catalog.clone(),
            runner: Arc::new(made.clone()),
            credentials: None,
            limits,
            listen: "127.0.0.1:0".parse().unwrap(),
            web: WebConfig::default(),
        };
        let server = server::start_parts(parts).await.unwrap();
        let client = Client::new(&format!("http://{}", server.address()));
        Self { server, made, catalog, client }
    }
}

pub async fn catalog_with_users() -> Catalog {
    let catalog = Catalog::open(None).await.unwrap();
    for name in ["default", "acme"] {
        let spec = OrganizationSpec { name: name.to_owned(), ..OrganizationSpec::default() };
        catalog.ensure_organization(&spec).await.unwrap();
        for user in ["root", "alice"] {
            let user = NewUser { name: user, password: Some(PASSWORD), ..NewUser::default() };
            catalog.create_user(name, &user, CreateMode::Create).await.unwrap();
        }
    }
    catalog
}

/// A client with a user's password, or none.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: String,
    user: Option<(String, String)>,
    organization: Option<String>,
}

/// Rows of cells: a text, or null.
pub type Rows = Vec<Vec<Value>>;

/// A response, read.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The status, the code and the message of an error.
    pub fn error(&self) -> (u16, u64, String) {
        let error = &self.json()["error"];
        let message = error["message"].as_str().unwrap().to_owned();
        (self.status.as_u16(), error["code"].as_u64().unwrap(), message)
    }
}

impl Client {
    pub fn new(endpoint: &str) -> Self {
        credentials::install_crypto_provider();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let user = Some(("root".to_owned(), PASSWORD.to_owned()));
        Self { http, endpoint: endpoint.to_owned(), user, organization: None }
    }

    pub fn user(&self, name: &str, password: &str) -> Self {
        Self { user: Some((name.to_owned(), password.to_owned())), ..self.clone() }
    }

    pub fn nobody(&self) -> Self {
        Self { user: None, ..self.clone() }
    }

    pub fn organization(&self, name: &str) -> Self {
        Self { organization: Some(name.to_owned()), ..self.clone() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.endpoint));
        if let Some((name, password)) = &self.user {
            request = request.basic_auth(name, Some(password));
        }
        if let Some(organization) = &self.organization {
            request = request.header("X-DATABEND-TENANT", organization);
        }
        request
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    /// Starts a statement with an id.
    pub async fn start(&self, id: &str, sql: &str) -> Answer {
        self.start_with(id, json!({ "sql": sql })).await
    }

    pub async fn start_with(&self, id: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, "/v1/query").header("X-DATABEND-QUERY-ID", id);
        send(request.json(&body)).await
    }

    /// All rows of a statement, or the code and the message that it ended with.
    pub async fn run(&self, sql: &str) -> Result<Rows, (u64, String)> {
        self.run_in(sql, json!({})).await
    }

    /// The same in a session that the client carries.
    pub async fn run_in(&self, sql: &str, session: Value) -> Result<Rows, (u64, String)> {
        let mut page = self.post("/v1/query", json!({"sql": sql, "session": session})).await.json();
        let mut rows = Vec::new();
        loop {
            if let Some(code) = page["error"]["code"].as_u64() {
                return Err((code, page["error"]["message"].as_str().unwrap_or_default().to_owned()));
            }
            rows.extend(page["data"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().clone()));
            match page["next_uri"].as_str() {
                Some(next) => page = self.get(next).await.json(),
                None => return Ok(rows),
            }
        }
    }

    /// All rows of a statement, page by page.
    pub async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        let mut page = self.post("/v1/query", json!({ "sql": sql })).await.json();
        let mut rows = Vec::new();
        loop {
            assert_eq!(page["error"], Value::Null, "{page:#}");
            for row in page["data"].as_array().unwrap() {
                rows.push(row.as_array().unwrap().clone());
            }
            let Some(next) = page["next_uri"].as_str() else {
                return rows;
            };
            page = self.get(next).await.json();
        }
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.unwrap().to_vec();
    crate::evidence::keep_error(&body);
    Answer { status, headers, body }
}
