//! `system.settings`: each setting with the session's value.

use crate::rows::Column;
use crate::session::Session;
use crate::settings::SETTINGS;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let level = |name: &str| if session.state.settings.contains_key(name) { "SESSION" } else { "DEFAULT" };
    vec![
        Column::text("name", SETTINGS.iter().map(|setting| setting.name)),
        Column::text("value", SETTINGS.iter().map(|setting| session.setting(setting.name))),
        Column::text("default", SETTINGS.iter().map(|setting| setting.default_value())),
        Column::text("range", SETTINGS.iter().map(|setting| setting.describe_range())),
        Column::text("level", SETTINGS.iter().map(|setting| level(setting.name))),
        Column::text("description", SETTINGS.iter().map(|setting| setting.description)),
        Column::text("type", SETTINGS.iter().map(|setting| setting.type_name())),
    ]
}
