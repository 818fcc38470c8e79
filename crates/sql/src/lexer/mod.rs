//! Tokens.
#[allow(dead_code)]
pub(crate) fn ends_stage_path(c: char) -> bool {
    c.is_whitespace() || ",`;'\"()".contains(c)
}
