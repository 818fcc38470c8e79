//! CREATE FILE FORMAT: options under a name.

use catalog::{GrantObject, Privilege};
use serde_json::{Map, Value};

use super::{create_mode, done, folded};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(
    session: &Session,
    statement: sql::CreateFileFormat,
) -> Result<StatementOutput, Error> {
    let owner = session.require_to_create(Privilege::CreateFileFormat)?;
    let name = folded(&statement.name);
    super::require_to_replace(session, statement.mode, &GrantObject::FileFormat(name.clone())).await?;
    let format = catalog::NewFileFormat {
        name,
        owner,
        options: options_json(session, &statement.options).await?,
        creator: session.identity.user.clone(),
    };
    session
        .engine
        .catalog()
        .create_file_format(&session.identity.organization, &format, create_mode(statement.mode))
        .await?;
    Ok(done(session))
}

/// The options as JSON: those that were given, and the type. A name stands for what it was made with.
pub(super) async fn options_json(
    session: &Session,
    options: &sql::FileFormatOptions,
) -> Result<String, Error> {
    let format = match &options.base {
        sql::FileFormatBase::Type(format) => *format,
        sql::FileFormatBase::Name(name) => {
            if let Some(format) = sql::FileFormatType::from_word(&name.value) {
                format
            } else {
                return named_options(session, name).await;
            }
        }
    };
    let mut json = Map::new();
    json.insert("type".into(), Value::from(type_word(format)));
    let text = options.to_string();
    json.insert("text".into(), Value::from(text));
    Ok(Value::Object(json).to_string())
}

async fn named_options(session: &Session, name: &sql::Text) -> Result<String, Error> {
    let found = session.engine.catalog().file_format(&session.identity.organization, &name.value).await?;
    found.map(|format| format.options).ok_or_else(|| {
        Error::new(ErrorKind::UnknownFileFormat, format!("file format `{}` does not exist", name.value))
            .with_excerpt(sql::excerpt(&session.sql, name.span))
            .with_hint("`SHOW FILE FORMATS` lists them")
    })
}

/// The type as Databend writes it: `Parquet`, `Csv`.
fn type_word(format: sql::FileFormatType) -> String {
    let word = format.as_word().to_lowercase();
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
