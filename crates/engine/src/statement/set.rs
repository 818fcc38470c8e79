//! SET: settings of the session.

use super::done;
use crate::session::Session;
use crate::settings::{self, SETTINGS};
use crate::{Effect, Error, ErrorKind, StatementOutput};

pub(super) fn run(mut session: Session, statement: sql::Set) -> Result<StatementOutput, Error> {
    if statement.scope == sql::SettingScope::Global {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "`SET GLOBAL` is not supported by this version of Stagedoor",
        )
        .with_hint("leave GLOBAL out to change the session's setting"));
    }
    let (keys, values) = apply(&mut session, &statement.settings)?.into_iter().unzip();
    let mut output = done(&session);
    output.effect = Some(Effect::ChangeSettings { keys, values });
    Ok(output)
}

/// Checks all, then changes all; returns what was changed.
pub(super) fn apply(
    session: &mut Session,
    settings: &[sql::Setting],
) -> Result<Vec<(String, String)>, Error> {
    let mut changes = Vec::with_capacity(settings.len());
    for setting in settings {
        let name = &setting.name.value;
        let known = settings::find(name).ok_or_else(|| unknown(name))?;
        let value = match &setting.value {
            sql::SettingValue::Text(text) | sql::SettingValue::Number(text) => text.clone(),
            sql::SettingValue::Boolean(value) => u8::from(*value).to_string(),
        };
        let value = known.check(&value).map_err(|reason| {
            Error::new(
                ErrorKind::InvalidValue,
                format!("setting `{}` cannot be changed: {reason}", known.name),
            )
        })?;
        changes.push((known.name.to_owned(), value));
    }
    session.state.settings.extend(changes.iter().cloned());
    Ok(changes)
}

pub(super) fn unknown(name: &str) -> Error {
    let error = Error::new(ErrorKind::UnknownSetting, format!("setting `{name}` does not exist"));
    match sql::suggest(name, SETTINGS.iter().map(|setting| setting.name)) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint("`SHOW SETTINGS` lists them"),
    }
}
