//! The shape of the texts, with the elements in the order people write them.

use std::fmt::Write as _;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

/// A document as a tree, so that one content can be printed in every form. Order is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Node)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A list with one item is written as the item.
    pub(super) fn one_or_many<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Self {
        let mut items: Vec<Node> = items.into_iter().map(Node::text).collect();
        match items.len() {
            1 => items.remove(0),
            _ => Self::List(items),
        }
    }

    /// One line without spaces, in ASCII.
    pub(super) fn compact(&self) -> Option<String> {
        serde_json::to_string(self).ok().map(|json| to_ascii(&json))
    }

    /// Laid out for reading, in ASCII.
    pub(super) fn pretty(&self) -> Option<String> {
        serde_json::to_string_pretty(self).ok().map(|json| to_ascii(&json))
    }

    /// YAML, the parts of the tree below one another from column `indent` on, every text in double quotes: what is
    /// in them is escaped as in JSON, which YAML reads alike.
    pub(super) fn yaml(&self, indent: usize) -> String {
        let mut yaml = String::new();
        self.write_yaml(&mut yaml, indent);
        yaml
    }

    fn write_yaml(&self, yaml: &mut String, indent: usize) {
        let margin = " ".repeat(indent);
        match self {
            Self::Text(text) => yaml.push_str(&quoted(text)),
            Self::List(items) => {
                for item in items {
                    let _ = write!(yaml, "{margin}- ");
                    match item {
                        Self::Text(text) => {
                            let _ = writeln!(yaml, "{}", quoted(text));
                        }
                        // The first key stands behind the dash.
                        other => {
                            let inner = other.yaml(indent + 2);
                            yaml.push_str(inner.trim_start());
                        }
                    }
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    let is_plain = |byte: u8| byte.is_ascii_alphanumeric();
                    let key = if key.bytes().all(is_plain) { key.clone() } else { quoted(key) };
                    match value {
                        Self::Text(text) => {
                            let _ = writeln!(yaml, "{margin}{key}: {}", quoted(text));
                        }
                        other => {
                            let _ = writeln!(yaml, "{margin}{key}:");
                            other.write_yaml(yaml, indent + 2);
                        }
                    }
                }
            }
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// An operator, and what it compares: each key with its values.
pub(super) type Comparison = (&'static str, Vec<(String, Vec<String>)>);

/// One statement of a document.
#[derive(Clone, Debug)]
pub(super) struct StatementText<'a> {
    pub(super) sid: Option<&'static str>,
    pub(super) effect: &'static str,
    pub(super) principal: Option<Node>,
    pub(super) actions: Vec<&'a str>,
    pub(super) resources: Vec<String>,
    pub(super) conditions: Vec<Comparison>,
}

impl Default for StatementText<'_> {
    fn default() -> Self {
        Self {
            sid: None,
            effect: "Allow",
            principal: None,
            actions: Vec::new(),
            resources: Vec::new(),
            conditions: Vec::new(),
        }
    }
}

impl StatementText<'_> {
    fn node(self) -> Node {
        let mut entries = Vec::new();
        entries.extend(self.sid.map(|sid| ("Sid", Node::text(sid))));
        entries.push(("Effect", Node::text(self.effect)));
        entries.extend(self.principal.map(|principal| ("Principal", principal)));
        entries.push(("Action", Node::one_or_many(self.actions)));
        if !self.resources.is_empty() {
            entries.push(("Resource", Node::one_or_many(self.resources)));
        }
        if !self.conditions.is_empty() {
            let operators = self.conditions.into_iter().map(|(operator, keys)| {
                let keys = keys.into_iter().map(|(key, values)| (key, Node::one_or_many(values))).collect();
                (operator, Node::Map(keys))
            });
            entries.push(("Condition", Node::map(operators)));
        }
        Node::map(entries)
    }
}

/// A policy document of these statements.
pub(super) fn document(statements: Vec<StatementText>) -> Node {
    let statements = statements.into_iter().map(StatementText::node).collect();
    Node::map([("Version", Node::text("2012-10-17")), ("Statement", Node::List(statements))])
}

/// A text in double quotes, as JSON writes it, in ASCII.
pub(super) fn quoted(text: &str) -> String {
    to_ascii(&serde_json::Value::from(text).to_string())
}

/// Beyond ASCII, JSON has characters in strings only, so each can be written as an escape.
pub(super) fn to_ascii(json: &str) -> String {
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
