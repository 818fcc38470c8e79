//! Functions whose answer is the session itself.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

use serde_json::json;

use crate::session::Session;

/// What `SELECT version()` answers.
pub(crate) const VERSION: &str = concat!("Stagedoor v", env!("CARGO_PKG_VERSION"));

/// One constant per name, all of type String.
pub(crate) fn session_functions(session: &Session) -> Vec<Arc<ScalarUDF>> {
    let identity = &session.identity;
    let user = format!("'{}'@'%'", identity.user);
    let database = session.state.database.clone();
    let timezone = session.setting("timezone");
    [
        ("version", VERSION.to_owned()),
        ("user", user.clone()),
        ("current_user", user),
        ("database", database.clone()),
        ("current_database", database.clone()),
        ("currentdatabase", database),
        ("current_catalog", session.state.catalog.clone()),
        ("current_organization", identity.organization.clone()),
        ("current_role", session.authority.current_role().to_owned()),
        ("current_secondary_roles", secondary_roles(session)),
        ("current_available_roles", json!(session.authority.available_roles()).to_string()),
        ("timezone", timezone),
        ("connection_id", session.query_id.clone()),
    ]
    .into_iter()
    .map(|(name, value)| Arc::new(constant(name, value)))
    .collect()
}

/// As Databend writes it: the roles that count, and what SET SECONDARY ROLES said.
fn secondary_roles(session: &Session) -> String {
    let roles: Vec<&str> = session.authority.effective_roles().iter().map(String::as_str).collect();
    let value = if session.state.secondary_roles.is_some() { "None" } else { "ALL" };
    json!({ "roles": roles.join(","), "value": value }).to_string()
}

fn constant(name: &str, value: String) -> ScalarUDF {
    let answer = move |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::Utf8(Some(value.clone()))));
    create_udf(name, vec![], DataType::Utf8, Volatility::Stable, Arc::new(answer))
}
