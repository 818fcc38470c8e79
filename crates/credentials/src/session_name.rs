//! Names and tags of role sessions: what the customer's CloudTrail shows.

use crate::access::ConnectionAccess;

/// Longest name STS takes.
const SESSION_NAME_CHARACTERS_MAX: usize = 64;
/// Hex digits that keep two long or odd names apart.
const DIGEST_CHARACTERS: usize = 8;

/// `<organization>.<user>` in the characters STS takes, `[\w+=,.@-]{2,64}`. Two different pairs that would
/// read alike get a digest each.
pub fn session_name(organization: &str, user: &str) -> String {
    let plain = format!("{organization}.{user}");
    let fit: String = plain.chars().map(|c| if is_allowed(c) { c } else { '_' }).collect();
    // A dot in the organization or user could make `a.b` + `c` read as `a` + `b.c`.
    let unambiguous = !organization.contains('.') && fit == plain;
    if unambiguous && fit.len() <= SESSION_NAME_CHARACTERS_MAX {
        return fit;
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{organization}\0{user}").as_bytes());
    let digest: String =
        digest.as_ref().iter().take(DIGEST_CHARACTERS / 2).map(|b| format!("{b:02x}")).collect();
    let head: String = fit.chars().take(SESSION_NAME_CHARACTERS_MAX - DIGEST_CHARACTERS - 1).collect();
    format!("{head}-{digest}")
}

/// The session in which the organization's principal assumes the customers' roles.
pub fn principal_session_name(organization: &str) -> String {
    session_name("stagedoor", organization)
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// The tags of a session whose connection asks for them: who reads, and through what.
pub(crate) fn session_tags(
    organization: &str,
    user: &str,
    connection: &ConnectionAccess,
) -> Vec<(&'static str, String)> {
    if !connection.session_tags {
        return Vec::new();
    }
    let mut tags =
        vec![("stagedoor:organization", tag_value(organization)), ("stagedoor:user", tag_value(user))];
    tags.extend(connection.name.as_deref().map(|name| ("stagedoor:connection", tag_value(name))));
    tags
}

/// What AWS takes as the value of a tag: 256 characters of letters, digits, blanks and `_.:/=+-@`.
fn tag_value(text: &str) -> String {
    const CHARACTERS_MAX: usize = 256;
    let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
    text.chars().take(CHARACTERS_MAX).map(|c| if allowed(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_stay_apart() {
        assert_eq!(session_name("acme", "root"), "acme.root");
        assert_eq!(session_name("a", "ann@example.com"), "a.ann@example.com");
        let long = session_name("acme", &"x".repeat(80));
        assert_eq!(long.len(), 64);
        assert_ne!(long, session_name("acme", &"x".repeat(81)));
        assert_ne!(session_name("acme", "jörg"), session_name("acme", "jürg"));
        assert!(session_name("acme", "jörg o'x").chars().all(is_allowed));
        assert_ne!(session_name("a.b", "c"), session_name("a", "b.c"));
    }
}
