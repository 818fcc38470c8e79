//! `docs/privileges.md`: every statement on it runs, in order, as the administrator of the operator's organization.

use std::path::Path;

use serde_json::{Value, json};

use crate::sql::SqlWorld;

#[tokio::test]
async fn every_statement_on_the_page_runs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/privileges.md");
    let statements = statements_of(&std::fs::read_to_string(path).unwrap());
    assert!(statements.len() > 40, "{statements:#?}");
    let world = SqlWorld::with_operator("default").await;
    let mut session = json!({});
    for statement in statements {
        let body = json!({"sql": statement, "session": session});
        let page = world.client.post("/v1/query", body).await.json();
        assert_eq!(page["error"], Value::Null, "{statement}\n{page:#}");
        session = page["session"].clone();
    }
}

/// The statements of the blocks marked `sql`, each up to its semicolon at the end of a line.
fn statements_of(page: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement: Option<String> = None;
    for line in page.lines() {
        match (line, &mut statement) {
            ("```sql", _) => statement = Some(String::new()),
            (line, _) if line.starts_with("```") => statement = None,
            (line, Some(text)) => {
                text.push_str(line);
                text.push('\n');
                if line.ends_with(';') {
                    statements.push(std::mem::take(text));
                }
            }
            (_, None) => {}
        }
    }
    statements
}
