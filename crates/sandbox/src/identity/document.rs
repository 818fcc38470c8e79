//! A policy document as it was sent, parsed, with the principals it named pinned to their unique ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::IdentityState;

/// What a document is attached to; decides which elements it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DocumentKind {
    Identity,
    Trust,
    Bucket,
    Session,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
}

impl DocumentKind {
    fn policy_kind(self) -> iam::PolicyKind {
        match self {
            Self::Identity => iam::PolicyKind::Identity,
            Self::Trust => iam::PolicyKind::Trust,
            Self::Bucket => iam::PolicyKind::Resource,
            Self::Session => iam::PolicyKind::Session,
            Self::ServiceControl => iam::PolicyKind::ServiceControl,
            Self::ResourceControl => iam::PolicyKind::ResourceControl,
            Self::VpcEndpoint => iam::PolicyKind::VpcEndpoint,
        }
    }
}

/// A policy document.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "StoredDocument", into = "StoredDocument")]
pub(crate) struct Document {
    kind: DocumentKind,
    text: String,
    parsed: Arc<iam::PolicyDocument>,
    /// principals named by ARN → the unique id they had when the document was written
    pinned: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct StoredDocument {
    kind: DocumentKind,
    text: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pinned: BTreeMap<String, String>,
}

impl TryFrom<StoredDocument> for Document {
    type Error = String;

    fn try_from(stored: StoredDocument) -> Result<Self, String> {
        let mut document = Self::parse(stored.kind, &stored.text)?;
        document.pinned = stored.pinned;
        Ok(document)
    }
}

impl From<Document> for StoredDocument {
    fn from(document: Document) -> Self {
        Self { kind: document.kind, text: document.text, pinned: document.pinned }
    }
}

impl Document {
    /// Parses a document; the error is the reason in the words of `iam`.
    pub(crate) fn parse(kind: DocumentKind, text: &str) -> Result<Self, String> {
        let parsed =
            iam::PolicyDocument::parse(text, kind.policy_kind()).map_err(|error| error.to_string())?;
        Ok(Self { kind, text: text.to_owned(), parsed: Arc::new(parsed), pinned: BTreeMap::new() })
    }

    /// Parses a document that names principals; each must exist, and is remembered by its unique id.
    pub(crate) fn parse_with_principals(
        kind: DocumentKind,
        text: &str,
        state: &IdentityState,
    ) -> Result<Self, DocumentError> {
        let mut document = Self::parse(kind, text).map_err(DocumentError::Malformed)?;
        for (family, principal) in principals(text) {
            match family.as_str() {
                "AWS" => match state.resolve_principal(&principal) {
                    Resolved::Entity(id) => {
                        document.pinned.insert(principal, id);
                    }
                    Resolved::Valid => {}
                    Resolved::Unknown => return Err(DocumentError::Principal(family, principal)),
                },
                "Service" if !principal.contains(".amazonaws.com") => {
                    return Err(DocumentError::Principal("SERVICE".to_owned(), principal));
                }
                _ => {}
            }
        }
        Ok(document)
    }

    /// The text as `GetRole` and its like show it: a principal that is gone, or was made anew, by its old id.
    pub(crate) fn shown_text(&self, state: &IdentityState) -> String {
        let stale = self.stale(state);
        if stale.is_empty() {
            return self.text.clone();
        }
        iam::replace_aws_principals(&self.text, |principal| stale.get(principal).map(|id| (*id).to_owned()))
            .unwrap_or_else(|_| self.text.clone())
    }

    /// The text as it was sent.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The document under a name, ready to be evaluated.
    pub(crate) fn named(&self, name: impl Into<String>) -> iam::NamedPolicy {
        iam::NamedPolicy { name: name.into(), document: self.parsed.as_ref().clone() }
    }

    /// The same, with stale principals replaced by their old ids, which nobody new can have.
    pub(crate) fn named_with_principals(
        &self,
        name: impl Into<String>,
        state: &IdentityState,
    ) -> Result<iam::NamedPolicy, String> {
        if self.stale(state).is_empty() {
            return Ok(self.named(name));
        }
        Ok(Self::parse(self.kind, &self.shown_text(state))?.named(name))
    }

    fn stale(&self, state: &IdentityState) -> BTreeMap<&str, &str> {
        self.pinned
            .iter()
            .filter(|(arn, id)| !matches!(state.resolve_principal(arn), Resolved::Entity(now) if now == **id))
            .map(|(arn, id)| (arn.as_str(), id.as_str()))
            .collect()
    }
}

/// Why a document with principals was refused.
pub(crate) enum DocumentError {
    /// The document does not follow the grammar.
    Malformed(String),
    /// It names somebody who does not exist: family and name.
    Principal(String, String),
}

/// What a principal's text stands for.
pub(crate) enum Resolved {
    /// A user or role that exists, by its unique id.
    Entity(String),
    /// Something that is not pinned: `*`, an account, a session, an id.
    Valid,
    /// Nobody.
    Unknown,
}

fn principals(text: &str) -> Vec<(String, String)> {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let mut found = Vec::new();
    for statement in one_or_many(document.get("Statement")) {
        for element in ["Principal", "NotPrincipal"] {
            match statement.get(element) {
                Some(Value::String(everybody)) => found.push(("AWS".to_owned(), everybody.clone())),
                Some(Value::Object(families)) => {
                    for (family, names) in families {
                        for name in one_or_many(Some(names)) {
                            found.extend(name.as_str().map(|name| (family.clone(), name.to_owned())));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The items of a JSON list, or the one value that stands in its place.
pub(crate) fn one_or_many(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}
