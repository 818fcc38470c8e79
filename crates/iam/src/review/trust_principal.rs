//! Part `principal`: who is named, and how near that is to who was meant.

use super::Finding;
use super::slips::is_slip;
use super::trust::{Assumer, TrustWanted};
use crate::document::PrincipalPattern;
use crate::parse_role_arn;

/// Why none of the principals is the assumer; the one that comes nearest is spoken of.
pub(super) fn explain_principal(named: &[PrincipalPattern], wanted: &TrustWanted) -> Finding {
    let fix = wanted.principal_element();
    let causes = named.iter().filter_map(|pattern| explain_one(pattern, wanted));
    let best = causes.min_by_key(|(rank, _)| *rank);
    let cause = match best {
        Some((_, cause)) => cause,
        None => format!("Principal does not name `{}`", wanted.principal_text()),
    };
    Finding::new(cause, fix)
}

/// A cause, with how sure it is that this principal was meant: less is surer.
fn explain_one(pattern: &PrincipalPattern, wanted: &TrustWanted) -> Option<(u8, String)> {
    let right = wanted.principal_text();
    match pattern {
        PrincipalPattern::Aws(principal) => explain_aws(&principal.text, wanted),
        PrincipalPattern::Everyone => None,
        PrincipalPattern::Service(service) => Some((
            8,
            format!("Principal is the AWS service `{service}`: no service assumes this role, `{right}` does"),
        )),
        PrincipalPattern::Federated(provider) => Some(match &wanted.assumer {
            Assumer::Web { .. } if is_slip(provider, right) => {
                (1, format!("Principal is the identity provider `{provider}`, a slip of `{right}`"))
            }
            Assumer::Web { .. } => (
                5,
                format!("Principal is the identity provider `{provider}`; this connection's is `{right}`"),
            ),
            Assumer::Iam { .. } => (
                7,
                format!(
                    "Principal is the identity provider `{provider}` (Federated): this connection assumes the role as \
                     the IAM principal `{right}`"
                ),
            ),
        }),
        PrincipalPattern::CanonicalUser(_) => {
            Some((8, format!("Principal is a canonical user; `{right}` must be named under AWS")))
        }
    }
}

fn explain_aws(text: &str, wanted: &TrustWanted) -> Option<(u8, String)> {
    let right = wanted.principal_text();
    if matches!(wanted.assumer, Assumer::Web { .. }) {
        return Some((
            6,
            format!(
                "Principal is `{text}` under AWS; this connection comes with a token of `{right}` (Federated)"
            ),
        ));
    }
    if text.starts_with("AROA") || text.starts_with("AIDA") {
        let what = if text.starts_with("AROA") { "role" } else { "user" };
        return Some((
            0,
            format!(
                "Principal is `{text}`, the unique id of a {what} that was deleted: AWS keeps ids in the place of ARNs, and \
                 a {what} made anew under the old name is another one. Save the trust policy again with the ARN `{right}`"
            ),
        ));
    }
    if wanted.next_principal.as_deref() == Some(text) {
        return Some((
            0,
            format!(
                "Principal is the organization's next principal `{text}` and not the present one `{right}`"
            ),
        ));
    }
    if wanted.server_identity.as_deref() == Some(text) {
        return Some((
            0,
            format!(
                "Principal is the server's own identity `{text}`; the organization's principal is `{right}`"
            ),
        ));
    }
    if text == wanted.role_arn {
        return Some((1, format!("Principal is the role itself; `{right}` assumes it")));
    }
    let (account, right_account) = (account_of(text), account_of(right));
    if let Some(found) = session_of(text) {
        let ours = parse_role_arn(right).ok().map(|role| role.name().to_owned());
        if ours.as_deref() == Some(found.0) && account == right_account {
            let session = match &wanted.assumer {
                Assumer::Iam { session_name, .. } => session_name.as_str(),
                Assumer::Web { .. } => "",
            };
            return Some((
                0,
                format!(
                    "Principal is one session of the principal, `{}`, and Stagedoor's sessions are named `{session}`: name \
                     the role `{right}` itself",
                    found.1
                ),
            ));
        }
    }
    if is_root(text) {
        return Some((
            2,
            format!("Principal is the account {account}, and `{right}` is of the account {right_account}"),
        ));
    }
    match (parse_role_arn(text), parse_role_arn(right)) {
        (Ok(found), Ok(meant)) => Some(compare_roles(text, &found, &meant)),
        _ if is_slip(text, right) => Some((1, format!("Principal is `{text}`, a slip of `{right}`"))),
        _ => Some((6, format!("Principal is `{text}`; it must be `{right}`"))),
    }
}

fn compare_roles(text: &str, found: &crate::RoleArn, meant: &crate::RoleArn) -> (u8, String) {
    let same_account = found.account() == meant.account();
    let same_name = found.name() == meant.name();
    if same_name && same_account && found.path() != meant.path() {
        let what = if found.path() == "/" { "the path is missing" } else { "the path is another" };
        return (0, format!("Principal is `{text}`, and {what}: it must be `{meant}`"));
    }
    if same_name && !same_account {
        return (
            1,
            format!(
                "Principal is `{text}`, a role of account {}; `{meant}` is of account {}",
                found.account(),
                meant.account()
            ),
        );
    }
    if is_slip(text, meant.as_str()) {
        return (1, format!("Principal is `{text}`, a slip of `{meant}`"));
    }
    if same_account {
        return (3, format!("Principal is another role of the same account, `{text}`; it must be `{meant}`"));
    }
    (5, format!("Principal is `{text}`; it must be `{meant}`"))
}

fn account_of(text: &str) -> String {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    text.split(':').nth(4).unwrap_or_default().to_owned()
}

fn is_root(text: &str) -> bool {
    text.ends_with(":root") || (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Role and session of `arn:aws:sts::A:assumed-role/ROLE/SESSION`.
fn session_of(text: &str) -> Option<(&str, &str)> {
    text.split_once(":assumed-role/")?.1.split_once('/')
}
