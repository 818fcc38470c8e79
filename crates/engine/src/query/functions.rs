//! Functions whose answer is the session itself.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

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
        ("current_role", "account_admin".to_owned()),
        ("timezone", timezone),
        ("connection_id", session.query_id.clone()),
    ]
    .into_iter()
    .map(|(name, value)| Arc::new(constant(name, value)))
    .collect()
}

fn constant(name: &str, value: String) -> ScalarUDF {
    let answer = move |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::Utf8(Some(value.clone()))));
    create_udf(name, vec![], DataType::Utf8, Volatility::Stable, Arc::new(answer))
}
