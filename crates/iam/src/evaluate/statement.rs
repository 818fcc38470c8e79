//! Whether one statement speaks of a request.

use crate::condition::Truth;
use crate::document::{Grant, RequestAction, RequestResource};
use crate::{Context, Effect, NamedPolicy, PolicyKind, PolicyStatement, Principal, StatementId};

/// How one statement relates to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: PolicyKind,
    pub policy: String,
    pub statement: StatementId,
    pub effect: Effect,
    /// The first element that kept the statement from applying; `None` when it applies.
    pub mismatch: Option<Mismatch>,
}

/// The element of a statement that does not fit a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    Principal,
    Action,
    Resource,
    /// A condition that is not met, or that cannot be decided.
    Condition {
        operator: String,
        key: String,
        /// The values of the policy, as written.
        wanted: Vec<String>,
        /// The values of the request; `None` when it does not have the key.
        found: Option<Vec<String>>,
    },
}

/// A request, read once for all statements.
pub(super) struct Asked<'a> {
    pub(super) principal: &'a Principal,
    pub(super) action: RequestAction,
    pub(super) resource: RequestResource,
    pub(super) context: &'a Context,
}

/// The place a policy has in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Resource,
    Identity,
    Boundary,
    Session,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
}

impl Slot {
    pub(super) fn kind(self) -> PolicyKind {
        match self {
            Self::Resource => PolicyKind::Resource,
            Self::Identity => PolicyKind::Identity,
            Self::Boundary => PolicyKind::Boundary,
            Self::Session => PolicyKind::Session,
            Self::ServiceControl => PolicyKind::ServiceControl,
            Self::ResourceControl => PolicyKind::ResourceControl,
            Self::VpcEndpoint => PolicyKind::VpcEndpoint,
        }
    }
}

impl Asked<'_> {
    /// Whether a `Deny` statement applies; what cannot be decided, applies.
    pub(super) fn denied_by(&self, policy: &NamedPolicy, slot: Slot, statement: &PolicyStatement) -> bool {
        let is_meant = match (&statement.principal, slot) {
            (Some(principal), _) => principal.denies(self.principal),
            (None, _) => true,
        };
        is_meant && self.body(policy, slot, statement) != Truth::False
    }

    /// Whether an `Allow` statement of one of the caller's own policies applies.
    pub(super) fn allowed_by(&self, policy: &NamedPolicy, slot: Slot, statement: &PolicyStatement) -> bool {
        // A document that names principals has no place among the caller's own.
        statement.principal.is_none() && self.body(policy, slot, statement) == Truth::True
    }

    /// How directly an `Allow` statement of the resource's policy grants; `None` when it does not apply.
    pub(super) fn granted_by(&self, policy: &NamedPolicy, statement: &PolicyStatement) -> Option<Grant> {
        if statement.effect != Effect::Allow {
            return None;
        }
        let grant = statement.principal.as_ref()?.allows(self.principal)?;
        (self.body(policy, Slot::Resource, statement) == Truth::True).then_some(grant)
    }

    /// The first element that keeps the statement from applying.
    pub(super) fn mismatch(
        &self,
        policy: &NamedPolicy,
        slot: Slot,
        statement: &PolicyStatement,
    ) -> Option<Mismatch> {
        let is_deny = statement.effect == Effect::Deny;
        let is_meant = match &statement.principal {
            Some(principal) if is_deny => principal.denies(self.principal),
            Some(principal) => {
                matches!(slot, Slot::Resource | Slot::VpcEndpoint)
                    && principal.allows(self.principal).is_some()
            }
            None => is_deny || slot != Slot::Resource,
        };
        let applies = |truth| match truth {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown => is_deny,
        };
        if !is_meant {
            return Some(Mismatch::Principal);
        }
        if !self.action_fits(statement) {
            return Some(Mismatch::Action);
        }
        if !applies(self.resource_fits(policy, slot, statement)) {
            return Some(Mismatch::Resource);
        }
        let failed =
            statement.conditions.iter().find(|condition| !applies(condition.evaluate(self.context)))?;
        Some(Mismatch::Condition {
            operator: failed.operator.clone(),
            key: failed.key.clone(),
            wanted: failed.wanted.clone(),
            found: self.context.get(&failed.key).map(<[String]>::to_vec),
        })
    }

    /// Action, resource and conditions together.
    fn body(&self, policy: &NamedPolicy, slot: Slot, statement: &PolicyStatement) -> Truth {
        if !self.action_fits(statement) {
            return Truth::False;
        }
        let resource = self.resource_fits(policy, slot, statement);
        if resource == Truth::False {
            return Truth::False;
        }
        let conditions = statement.conditions.iter().map(|condition| condition.evaluate(self.context));
        Truth::all(std::iter::once(resource).chain(conditions))
    }

    fn action_fits(&self, statement: &PolicyStatement) -> bool {
        let actions = &statement.actions;
        actions.patterns.iter().any(|pattern| pattern.matches(&self.action)) != actions.is_negated
    }

    fn resource_fits(&self, policy: &NamedPolicy, slot: Slot, statement: &PolicyStatement) -> Truth {
        let Some(resources) = &statement.resources else {
            // Only a trust policy speaks of the role it is attached to without naming it.
            let is_trust = slot == Slot::Resource && policy.document.kind() == PolicyKind::Trust;
            return if is_trust { Truth::True } else { Truth::Unknown };
        };
        let mut is_unresolved = false;
        for pattern in &resources.patterns {
            match pattern.matches(&self.resource, self.context) {
                Some(true) if resources.is_negated => return Truth::False,
                Some(true) => return Truth::True,
                Some(false) => {}
                None => is_unresolved = true,
            }
        }
        // A resource whose variable has no value matches nothing, as in AWS. Turned round by NotResource that
        // would match everything, so there it is not decided.
        match resources.is_negated {
            false => Truth::False,
            true if is_unresolved => Truth::Unknown,
            true => Truth::True,
        }
    }
}
