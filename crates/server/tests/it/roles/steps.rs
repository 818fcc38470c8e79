//! The steps of a case, as sqllogictest runs them: SQL, and some forms of our own.
//!
//! - `AWS ACCOUNT …` is a command of an administrator.
//! - `FINDINGS OF <VALIDATE statement>` answers with what is not in order: `step status: cause`, and below it
//!   `fix: …`; `all rungs hold` when there is nothing.
//! - `APPLY <step> OF <VALIDATE statement>` does what that rung's `fix` says, to the letter.
//! - `SEEN ON <step> OF <VALIDATE statement>` answers with what that rung saw.
//!
//! `@file(name)` in a statement is the content of a file of the case, as a string.

use async_trait::async_trait;
use serde_json::Value;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};

use super::aws::Administrators;
use crate::sql::{Refused, Session};

pub struct Steps {
    session: Session,
    administrators: Administrators,
    endpoint: String,
}

impl Steps {
    pub fn new(client: crate::world::Client, administrators: Administrators, endpoint: String) -> Self {
        Self { session: Session { client, state: Value::Null }, administrators, endpoint }
    }

    /// Files and the sandbox's address in the place of their names.
    fn fill(&self, sql: &str) -> String {
        let mut filled = String::new();
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once("@file(") {
            let (name, after) = after.split_once(')').unwrap();
            let text = self.administrators.text(&format!("@{name}"));
            filled.push_str(before);
            filled.push_str(&format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")));
            rest = after;
        }
        filled.push_str(rest);
        self.administrators.with_names(&filled.replace("{endpoint}", &self.endpoint))
    }

    async fn rows(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Refused> {
        let sql = self.fill(sql);
        match self.session.run(&sql).await? {
            DBOutput::Rows { rows, .. } => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }

    /// What is not in order, in pairs of cause and fix.
    pub async fn findings(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Refused> {
        let mut lines = Vec::new();
        for row in self.rows(sql).await? {
            let [step, status, _seen, cause, fix, _call] = row.as_slice() else { panic!("{row:?}") };
            if !matches!(status.as_str(), "warning" | "failed") {
                continue;
            }
            lines.push(vec![format!("{step} {status}: {}", self.steady(cause))]);
            lines.push(vec![format!("fix: {}", self.steady(fix))]);
        }
        if lines.is_empty() {
            lines.push(vec!["all rungs hold".to_owned()]);
        }
        Ok(lines)
    }

    async fn seen(&mut self, text: &str) -> Result<Vec<Vec<String>>, Refused> {
        let (step, sql) = text.split_once(" OF ").unwrap();
        let rows = self.rows(sql).await?;
        let row = rows.iter().find(|row| row[0] == step).unwrap_or_else(|| panic!("no step `{step}`"));
        Ok(vec![vec![format!("{}: {}", row[1], self.steady(&row[2]))]])
    }

    /// One line, without what differs from run to run.
    fn steady(&self, text: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut text = words.join(" ").replace(&self.endpoint, "{endpoint}");
        let key = self.administrators.with_names("{kms_key}");
        if !key.is_empty() {
            text = text.replace(&key, "{kms_key}");
        }
        if !self.administrators.issuer.is_empty() {
            text = text.replace(&self.administrators.issuer, "{issuer}");
        }
        let address = self.endpoint.trim_start_matches("http://").to_owned();
        text = text.replace(&address, "{address}");
        for (start, end) in [
            ("request id ", ")"),
            (".stagedoor-probe-", "`"),
            (".stagedoor-absent-", "`"),
            ("upload `", "`"),
            ("session until ", " ("),
            ("was assumed at ", ", "),
            ("last assumed, at ", ": "),
            ("AWS knew it as `", "`"),
            ("knows it as `", "`"),
        ] {
            text = masked(&text, start, end);
        }
        without_count(&text)
    }
}

/// `; 3 attempts within 2 s` without its numbers, which depend on how busy the machine is.
fn without_count(text: &str) -> String {
    let Some((before, after)) = text.split_once(" attempts within ") else { return text.to_owned() };
    let digits = |c: char| c.is_ascii_digit();
    format!("{}… attempts within …{}", before.trim_end_matches(digits), after.trim_start_matches(digits))
}

/// What stands between `start` and `end`, as `…`.
fn masked(text: &str, start: &str, end: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        let after = after.find(end).map_or("", |at| &after[at..]);
        out.push_str(before);
        out.push_str(start);
        out.push('…');
        rest = after;
    }
    out.push_str(rest);
    out
}

fn lines(rows: Vec<Vec<String>>) -> DBOutput<DefaultColumnType> {
    DBOutput::Rows { types: vec![DefaultColumnType::Text], rows }
}

#[async_trait]
impl AsyncDB for Steps {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        if let Some(command) = sql.strip_prefix("AWS ") {
            return match self.administrators.run(command).await {
                Ok(_) => Ok(DBOutput::StatementComplete(0)),
                Err(error) => Err(Refused {
                    code: u64::from(error.status),
                    message: error.to_string(),
                    detail: String::new(),
                }),
            };
        }
        if let Some(statement) = sql.strip_prefix("FINDINGS OF ") {
            return self.findings(statement).await.map(lines);
        }
        if let Some(statement) = sql.strip_prefix("SEEN ON ") {
            return self.seen(statement).await.map(lines);
        }
        if let Some(text) = sql.strip_prefix("APPLY ") {
            let (step, statement) = text.split_once(" OF ").unwrap();
            let rows = self.rows(statement).await?;
            let row = rows.iter().find(|row| row[0] == step && !row[4].is_empty());
            let fix = row.unwrap_or_else(|| panic!("no fix on `{step}` of `{statement}`"))[4].clone();
            if fix.starts_with("ALTER CONNECTION ") || fix.starts_with("CREATE OR REPLACE CONNECTION ") {
                return self.session.run(&fix).await;
            }
            return match self.administrators.apply(&fix).await {
                Ok(()) => Ok(DBOutput::StatementComplete(0)),
                Err(error) => Err(Refused {
                    code: u64::from(error.status),
                    message: error.to_string(),
                    detail: String::new(),
                }),
            };
        }
        if let Some(name) = sql.strip_prefix("ORGANIZATION ") {
            self.session = Session { client: self.session.client.organization(name), state: Value::Null };
            return Ok(DBOutput::StatementComplete(0));
        }
        let sql = self.fill(sql);
        self.session.run(&sql).await
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "stagedoor"
    }
}
