//! Users and roles where they are alike: both hold policies, tags and a boundary.

use super::names::{check_name, no_such_entity};
use crate::error::AwsError;
use crate::identity::state::{AccountState, Holder, IdentityState};
use crate::query_api::Call;

/// A user or a role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HolderKind {
    User,
    Role,
}

impl HolderKind {
    /// The kind that a call such as `AttachRolePolicy` is about.
    pub(super) fn of_action(action: &str) -> Self {
        if action.contains("Role") { Self::Role } else { Self::User }
    }

    /// The parameter that names it.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::User => "UserName",
            Self::Role => "RoleName",
        }
    }

    /// `user` or `role`, as ARNs and messages say it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
        }
    }

    pub(super) fn find<'a>(self, account: &'a AccountState, name: &str) -> Option<&'a Holder> {
        match self {
            Self::User => account.users.get(name).map(|user| &user.holder),
            Self::Role => account.roles.get(name).map(|role| &role.holder),
        }
    }

    pub(super) fn find_mut<'a>(self, account: &'a mut AccountState, name: &str) -> Option<&'a mut Holder> {
        match self {
            Self::User => account.users.get_mut(name).map(|user| &mut user.holder),
            Self::Role => account.roles.get_mut(name).map(|role| &mut role.holder),
        }
    }

    /// The ARN, with the path where the holder exists.
    pub(super) fn arn(self, state: &IdentityState, account: &str, name: &str) -> String {
        let path = state
            .account(account)
            .and_then(|account| self.find(account, name))
            .map_or("/", |holder| holder.path.as_str());
        format!("arn:aws:iam::{account}:{}{path}{name}", self.word())
    }

    pub(super) fn missing(self, name: &str) -> AwsError {
        no_such_entity(format!("The {} with name {name} cannot be found.", self.word()))
    }
}

/// The holder that a call names, its parameter checked.
pub(super) fn named<'a>(call: &'a Call<'_>, kind: HolderKind) -> Result<&'a str, AwsError> {
    let name = call.params.required(kind.parameter())?;
    let parameter = match kind {
        HolderKind::User => "userName",
        HolderKind::Role => "roleName",
    };
    check_name(parameter, name, 128)?;
    Ok(name)
}

/// Condition keys from the tags of a resource.
pub(super) fn resource_tags(context: &mut iam::Context, holder: Option<&Holder>) {
    for (key, value) in holder.iter().flat_map(|holder| &holder.tags) {
        context.set(&format!("aws:ResourceTag/{key}"), value.as_str());
        context.set(&format!("iam:ResourceTag/{key}"), value.as_str());
    }
}

/// Changes a holder.
pub(super) fn change<T>(
    call: &Call<'_>,
    kind: HolderKind,
    name: &str,
    change: impl FnOnce(&mut Holder) -> Result<T, AwsError>,
) -> Result<T, AwsError> {
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(super::account(call)).ok_or_else(|| kind.missing(name))?;
        change(kind.find_mut(account, name).ok_or_else(|| kind.missing(name))?)
    })
}

/// Authorizes a call on a holder.
pub(super) fn allow(
    call: &Call<'_>,
    action: &str,
    kind: HolderKind,
    name: &str,
    extra: impl FnOnce(&mut iam::Context),
) -> Result<(), AwsError> {
    let state = call.cloud.identities.latest();
    let account = super::account(call);
    let arn = kind.arn(&state, account, name);
    let holder = state.account(account).and_then(|account| kind.find(account, name));
    super::allow_with(call, action, &arn, |context| {
        resource_tags(context, holder);
        extra(context);
    })
}
