//! A client of the server, over HTTP like any other.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use protocol::{QueryRequest, QueryResponse, SessionObject};
use serde_json::json;

use super::show::Show;
use super::table::format_table;

/// `root`, logged in with the empty password.
pub(super) struct DemoSession {
    http: reqwest::Client,
    endpoint: String,
}

impl DemoSession {
    pub(super) async fn login(address: SocketAddr) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let session = Self { http, endpoint: format!("http://{address}") };
        let path = "/v1/session/login?disable_session_token=true";
        session.send(session.post(path).json(&json!({}))).await.context("cannot log in")?;
        Ok(session)
    }

    /// Runs a statement and shows it with its result.
    pub(super) async fn show_statement(&self, sql: &str, show: &mut Show<'_>) -> anyhow::Result<()> {
        show.statement(sql)?;
        let (columns, rows) = self.run(sql).await?;
        let result = if columns.is_empty() { "OK".to_owned() } else { format_table(&columns, &rows) };
        show.text(&result)?;
        Ok(())
    }

    /// The names of the columns and all rows.
    async fn run(&self, sql: &str) -> anyhow::Result<(Vec<String>, Vec<Vec<Option<String>>>)> {
        let session = SessionObject { database: Some("default".to_owned()), ..SessionObject::default() };
        let request = QueryRequest { sql: sql.to_owned(), session: Some(session), ..QueryRequest::default() };
        let mut page: QueryResponse =
            serde_json::from_slice(&self.send(self.post("/v1/query").json(&request)).await?)?;
        let mut rows = Vec::new();
        loop {
            if let Some(error) = page.head.error {
                bail!("{} [{}]\n{}", error.message, error.code.0, error.detail.unwrap_or_default());
            }
            rows.append(&mut page.data);
            let Some(next) = &page.head.next_uri else {
                let columns = page.head.schema.into_iter().map(|field| field.name).collect();
                return Ok((columns, rows));
            };
            let request = self.http.get(format!("{}{next}", self.endpoint)).basic_auth("root", Some(""));
            page = serde_json::from_slice(&self.send(request).await?)?;
        }
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.endpoint)).basic_auth("root", Some(""))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Vec<u8>> {
        let response = request.send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        if !status.is_success() {
            bail!("the server answered {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(body.to_vec())
    }
}
