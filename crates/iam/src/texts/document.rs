//! The shape of the texts, with the elements in the order people write them.

use std::fmt::Write as _;

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DocumentText {
    version: &'static str,
    statement: Vec<StatementText>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatementText {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<&'static str>,
    pub(super) effect: EffectText,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<PrincipalText>,
    pub(super) action: OneOrMany,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<ConditionText>,
}

#[derive(Default, Serialize)]
pub(super) enum EffectText {
    #[default]
    Allow,
    Deny,
}

#[derive(Serialize)]
pub(super) enum PrincipalText {
    #[serde(rename = "AWS")]
    Aws(OneOrMany),
}

#[derive(Serialize)]
pub(super) enum ConditionText {
    StringEquals(ExternalIdText),
    StringLike(PrefixText),
}

#[derive(Serialize)]
pub(super) struct ExternalIdText {
    #[serde(rename = "sts:ExternalId")]
    pub(super) external_id: String,
}

#[derive(Serialize)]
pub(super) struct PrefixText {
    #[serde(rename = "s3:prefix")]
    pub(super) prefix: String,
}

/// A list with one item is written as the item.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct OneOrMany(#[serde(serialize_with = "serialize_one_or_many")] Vec<String>);

impl OneOrMany {
    pub(super) fn new<'a>(items: impl IntoIterator<Item = &'a str>) -> Self {
        Self(items.into_iter().map(str::to_owned).collect())
    }
}

fn serialize_one_or_many<S: serde::Serializer>(items: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match items {
        [item] => serializer.serialize_str(item),
        items => serializer.collect_seq(items),
    }
}

impl DocumentText {
    pub(super) fn new(statement: Vec<StatementText>) -> Self {
        Self { version: "2012-10-17", statement }
    }

    /// One line without spaces.
    pub(super) fn compact(&self) -> Option<String> {
        serde_json::to_string(self).ok().map(|json| to_ascii(&json))
    }

    /// Laid out for reading.
    pub(super) fn pretty(&self) -> Option<String> {
        serde_json::to_string_pretty(self).ok().map(|json| to_ascii(&json))
    }
}

/// Beyond ASCII, JSON has characters in strings only, so each can be written as an escape.
fn to_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}
