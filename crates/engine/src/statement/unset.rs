//! UNSET: settings back to their defaults.

use super::done;
use super::set::unknown;
use crate::session::Session;
use crate::settings;
use crate::{Effect, Error, StatementOutput};

pub(super) fn run(mut session: Session, statement: sql::Unset) -> Result<StatementOutput, Error> {
    let mut keys = Vec::new();
    let mut values = Vec::new();
    for name in &statement.names {
        let known = settings::find(&name.value).ok_or_else(|| unknown(&name.value))?;
        keys.push(known.name.to_owned());
        values.push(known.default_value());
    }
    keys.iter().for_each(|key| {
        session.state.settings.remove(key);
    });
    let mut output = done(&session);
    output.effect = Some(Effect::ChangeSettings { keys, values });
    Ok(output)
}
