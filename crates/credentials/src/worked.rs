//! When each role last let itself be assumed, and by which principal: evidence for VALIDATE when it no longer does.

use std::collections::HashMap;
use std::time::SystemTime;

use parking_lot::Mutex;

/// Roles that are remembered. The one that worked longest ago is forgotten first.
const ROLES_MAX: usize = 4096;

/// What was asked for, as far as a trust policy sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) organization: String,
    pub(crate) role_arn: String,
    pub(crate) external_id: Option<String>,
    /// ARN of the principal; `None`: the server itself, keys of the customer, or a token.
    pub(crate) principal: Option<String>,
}

/// That it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worked {
    pub(crate) at: SystemTime,
    /// AWS's unique id of the principal then, `AROA…`: one that is made anew has another.
    pub(crate) principal_id: Option<String>,
}

/// What worked since the server started.
#[derive(Debug, Default)]
pub(crate) struct WhatWorked {
    principal_ids: Mutex<HashMap<String, String>>,
    roles: Mutex<HashMap<Asked, Worked>>,
}

impl WhatWorked {
    /// The principal was assumed, and AWS told its unique id. Whether it had another one before: keys of that one are
    /// of no use any more.
    pub(crate) fn note_principal(&self, arn: &str, id: Option<&str>) -> bool {
        let Some(id) = id else { return false };
        let before = self.principal_ids.lock().insert(arn.to_owned(), id.to_owned());
        before.is_some_and(|before| before != id)
    }

    /// The unique id of the principal, as of the last time it was assumed.
    pub(crate) fn principal_id(&self, arn: &str) -> Option<String> {
        self.principal_ids.lock().get(arn).cloned()
    }

    pub(crate) fn note_role(&self, asked: Asked, at: SystemTime) {
        let principal_id = asked.principal.as_deref().and_then(|arn| self.principal_id(arn));
        let mut roles = self.roles.lock();
        if roles.len() >= ROLES_MAX && !roles.contains_key(&asked) {
            let oldest = roles.iter().min_by_key(|(_, worked)| worked.at).map(|(asked, _)| asked.clone());
            oldest.and_then(|oldest| roles.remove(&oldest));
        }
        roles.insert(asked, Worked { at, principal_id });
    }

    pub(crate) fn last(&self, asked: &Asked) -> Option<Worked> {
        self.roles.lock().get(asked).cloned()
    }
}

/// `AROA…` of `AROA…:session`, as AssumeRole answers.
pub(crate) fn role_id(assumed_role_id: &str) -> Option<String> {
    let (id, _) = assumed_role_id.split_once(':')?;
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn asked(role: usize) -> Asked {
        Asked {
            organization: "acme".to_owned(),
            role_arn: format!("arn:aws:iam::987654321987:role/r{role}"),
            external_id: Some("id".to_owned()),
            principal: Some("arn:aws:iam::123456789012:role/p".to_owned()),
        }
    }

    #[test]
    fn the_principal_is_kept_as_it_was() {
        let worked = WhatWorked::default();
        let principal = "arn:aws:iam::123456789012:role/p";
        assert!(!worked.note_principal(principal, role_id("AROAOLD:session").as_deref()));
        worked.note_role(asked(1), UNIX_EPOCH);
        assert!(worked.note_principal(principal, role_id("AROANEW:session").as_deref()));
        assert_eq!(worked.last(&asked(1)).unwrap().principal_id.as_deref(), Some("AROAOLD"));
        assert_eq!(worked.principal_id(principal).as_deref(), Some("AROANEW"));
        let other = Asked { external_id: Some("other".to_owned()), ..asked(1) };
        assert_eq!(worked.last(&other), None);
        let stranger = Asked { organization: "other".to_owned(), ..asked(1) };
        assert_eq!(worked.last(&stranger), None, "organizations never meet");
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let worked = WhatWorked::default();
        for role in 0..=ROLES_MAX {
            worked.note_role(asked(role), UNIX_EPOCH + Duration::from_secs(role as u64));
        }
        assert_eq!(worked.last(&asked(0)), None);
        assert!(worked.last(&asked(1)).is_some() && worked.last(&asked(ROLES_MAX)).is_some());
    }
}
