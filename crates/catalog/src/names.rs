//! What can be a name.

use crate::CatalogError;

/// Longest name of a user, connection, stage, file format.
const NAME_CHARACTERS_MAX: usize = 255;
/// Longest name of an organization: it goes into external ids and session names.
const ORGANIZATION_CHARACTERS_MAX: usize = 63;

/// Checks the name of something inside an organization.
pub(crate) fn check_name(kind: &'static str, name: &str) -> Result<(), CatalogError> {
    let refuse = |reason| Err(CatalogError::InvalidName { kind, name: name.to_owned(), reason });
    if name.is_empty() {
        return refuse("it is empty");
    }
    if name.chars().count() > NAME_CHARACTERS_MAX {
        return refuse("it is longer than 255 characters");
    }
    if name.chars().any(char::is_control) {
        return refuse("it has a control character");
    }
    Ok(())
}

/// Checks the name of an organization, which must fit into external ids and STS session names.
pub(crate) fn check_organization_name(name: &str) -> Result<(), CatalogError> {
    let refuse =
        |reason| Err(CatalogError::InvalidName { kind: "organization", name: name.to_owned(), reason });
    if name.is_empty() {
        return refuse("it is empty");
    }
    if name.chars().count() > ORGANIZATION_CHARACTERS_MAX {
        return refuse("it is longer than 63 characters");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return refuse("only ASCII letters, digits, `_` and `-` are allowed");
    }
    Ok(())
}
