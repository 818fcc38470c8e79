//! Which keys hold secrets.

use crate::parameters::{canonical_key, is_secret_key};
use crate::suggest;

/// What is known of a key by its name alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// Its value may be seen.
    Open,
    Secret,
    Unknown,
}

pub(super) fn kind_of_key(key: &str) -> KeyKind {
    let key = canonical_key(key);
    if OPEN_KEYS.contains(&key.as_str()) {
        KeyKind::Open
    } else if is_secret_key(&key) {
        KeyKind::Secret
    } else {
        KeyKind::Unknown
    }
}

/// Whether an unknown key is a slip of one whose value may be seen, and not of a secret one.
pub(super) fn is_slip_of_open(key: &str) -> bool {
    suggest(key, OPEN_KEYS.iter().chain(SECRET_KEYS).copied())
        .is_some_and(|nearest| !SECRET_KEYS.contains(&nearest))
}

/// `IDENTIFIED` or a slip of it.
pub(super) fn is_identified(word: &str) -> bool {
    word.eq_ignore_ascii_case("identified") || suggest(word, ["identified"]).is_some()
}

/// Keys of connections, stages, file formats and users.
const OPEN_KEYS: &[&str] = &[
    "storage_type",
    "connection_name",
    "role_arn",
    "external_id",
    "identity",
    "region",
    "endpoint_url",
    "url",
    "access_key_id",
    "enable_virtual_host_style",
    "kms_key_arn",
    "session_tags",
    "account_name",
    "comment",
    "comments",
    "file_format",
    "format_name",
    "type",
    "connection",
    "pattern",
    "files",
    "case_sensitive",
    "compression",
    "record_delimiter",
    "field_delimiter",
    "quote",
    "escape",
    "skip_header",
    "output_header",
    "null_display",
    "nan_display",
    "empty_field_as",
    "quoted_empty_field_as",
    "allow_quoted_nulls",
    "error_on_column_count_mismatch",
    "trim_space",
    "binary_format",
    "quote_style",
    "encoding",
    "encoding_error_mode",
    "geometry_format",
    "missing_field_as",
    "null_field_as",
    "null_if",
    "use_logic_type",
    "default_role",
    "default_warehouse",
    "disabled",
    "must_change_password",
    "repo_type",
    "revision",
    "name_node",
    "user_name",
    "https",
    "disable_list_batch",
];

/// Secret keys, for telling which one a mistyped key is near to.
const SECRET_KEYS: &[&str] = &[
    "secret_access_key",
    "session_token",
    "security_token",
    "aws_secret_key",
    "aws_token",
    "master_key",
    "account_key",
    "access_key_secret",
    "secret_key",
    "secret_id",
    "credential",
    "delegation",
    "token",
    "password",
];
