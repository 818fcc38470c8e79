//! AssumeRole: the trust policy decides, and across accounts the caller's own policies as well.

use std::collections::BTreeMap;

use iam::{Context, Decision, PolicyKind, Reason};

use super::{checks, packed};
use crate::authorize::context_keys::{self, add_request_tags};
use crate::authorize::{Question, decide, reason};
use crate::error::AwsError;
use crate::identity::session::{SessionHolder, TemporaryKeys};
use crate::identity::state::{AccountState, IamRole};
use crate::ids;
use crate::query_api::{Call, validation};
use crate::xml::Xml;

const ROLE_CHAINING_SECONDS: i64 = 3600;
const LONGEST_SESSION_SECONDS: i64 = 43_200;

/// What a caller wants its session to be.
pub(super) struct Wanted<'a> {
    pub(super) role_arn: &'a str,
    pub(super) session_name: &'a str,
    pub(super) seconds: i64,
    pub(super) source_identity: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive_tags: Vec<String>,
}

pub(super) fn assume_role(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let role_arn = role_arn(call)?;
    let session_name = call.params.required("RoleSessionName")?;
    checks::session_name(session_name)?;
    let external_id = call.params.get("ExternalId");
    if let Some(id) = external_id {
        checks::text(id, "externalId", (2, 1224), "+=,.@:/-", "[\\w+=,.@:\\/-]*")?;
    }
    let source_identity = source_identity(call)?;
    let seconds = checks::duration(call, 3600, LONGEST_SESSION_SECONDS)?;
    let given_tags = checks::tags(call)?;
    let transitive = call.params.list("TransitiveTagKeys");
    if let Some(key) =
        transitive.iter().find(|key| !given_tags.keys().any(|known| known.eq_ignore_ascii_case(key)))
    {
        return Err(validation(format!(
            "The specified transitive tag key must be included in the requested tags: {key}"
        )));
    }
    let caller = &call.request.caller;
    if caller.is_root() {
        return Err(AwsError::new(403, "AccessDenied", "Roles may not be assumed by root accounts."));
    }
    if matches!(
        caller.session.as_deref().map(|session| &session.holder),
        Some(SessionHolder::Federated { .. })
    ) {
        return Err(denied(call, "sts:AssumeRole", role_arn));
    }
    let state = &call.request.identities;
    if state.account(&caller.account).is_some_and(|account| account.sts_is_off) {
        return Err(AwsError::new(
            403,
            "RegionDisabledException",
            format!(
                "STS is not activated in this region for account:{}. Your account administrator can activate STS in \
                 this region using the IAM Console.",
                caller.account
            ),
        ));
    }
    let (account, role) =
        state.role_by_arn(role_arn).ok_or_else(|| denied(call, "sts:AssumeRole", role_arn))?;

    let mut context = context_keys::of_request(call.request);
    context.set("aws:ResourceAccount", account.number.as_str());
    context.set("sts:RoleSessionName", session_name);
    if let Some(id) = external_id {
        context.set("sts:ExternalId", id);
    }
    let explicit_identity = call.params.get("SourceIdentity").is_some();
    if let Some(identity) = &source_identity {
        context.set("sts:SourceIdentity", identity.as_str());
    }
    for (key, value) in &role.holder.tags {
        context.set(&format!("aws:ResourceTag/{key}"), value.as_str());
        context.set(&format!("iam:ResourceTag/{key}"), value.as_str());
    }
    add_request_tags(&mut context, "aws:RequestTag", "aws:TagKeys", &given_tags);
    if !transitive.is_empty() {
        context.set_many("sts:TransitiveTagKeys", transitive.iter().copied());
    }
    let inherited = inherited_tags(call);
    allow(call, "sts:AssumeRole", account, role, &context)?;
    if !given_tags.is_empty() || !inherited.is_empty() {
        allow(call, "sts:TagSession", account, role, &context)?;
    }
    if explicit_identity || source_identity.is_some() {
        allow(call, "sts:SetSourceIdentity", account, role, &context)?;
    }
    check_duration(call, role, seconds)?;
    let (tags, transitive_tags) = merged_tags(given_tags, &transitive, inherited)?;
    let wanted = Wanted { role_arn, session_name, seconds, source_identity, tags, transitive_tags };
    issue(call, account, role, wanted, None, out)
}

/// The role's ARN, well-formed.
pub(super) fn role_arn<'a>(call: &'a Call<'_>) -> Result<&'a str, AwsError> {
    let arn = call.params.required("RoleArn")?;
    if arn.len() < 20 {
        return Err(validation(format!(
            "1 validation error detected: Value '{arn}' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"
        )));
    }
    iam::parse_role_arn(arn).map_err(|_| validation(format!("{arn} is invalid")))?;
    Ok(arn)
}

fn source_identity(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    let inherited = call.request.caller.session.as_ref().and_then(|session| session.source_identity.clone());
    let Some(given) = call.params.get("SourceIdentity") else { return Ok(inherited) };
    checks::text(given, "sourceIdentity", (2, 64), "+=,.@-", "[\\w+=,.@-]*")?;
    if given.to_ascii_lowercase().starts_with("aws:") {
        return Err(validation("SourceIdentity must not begin with aws:"));
    }
    match inherited {
        Some(inherited) if inherited != given => {
            Err(AwsError::new(403, "AccessDenied", "SourceIdentity cannot be changed once it is set."))
        }
        _ => Ok(Some(given.to_owned())),
    }
}

/// Tags that the caller's session passes on.
fn inherited_tags(call: &Call<'_>) -> BTreeMap<String, String> {
    let Some(session) = call.request.caller.session.as_deref() else { return BTreeMap::new() };
    session
        .tags
        .iter()
        .filter(|(key, _)| {
            session.transitive_tags.iter().any(|transitive| transitive.eq_ignore_ascii_case(key))
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn merged_tags(
    given: BTreeMap<String, String>,
    transitive: &[&str],
    inherited: BTreeMap<String, String>,
) -> Result<(BTreeMap<String, String>, Vec<String>), AwsError> {
    if let Some(key) = given.keys().find(|key| inherited.keys().any(|known| known.eq_ignore_ascii_case(key)))
    {
        return Err(AwsError::new(
            400,
            "InvalidParameterValue",
            format!(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session: {key}"
            ),
        ));
    }
    let passed_on: Vec<String> =
        transitive.iter().map(|key| (*key).to_owned()).chain(inherited.keys().cloned()).collect();
    Ok((given.into_iter().chain(inherited).collect(), passed_on))
}

fn allow(
    call: &Call<'_>,
    action: &str,
    account: &AccountState,
    role: &IamRole,
    context: &Context,
) -> Result<(), AwsError> {
    let arn = role.arn(&account.number);
    let trust = role
        .trust
        .named_with_principals(arn.as_str(), &call.request.identities)
        .map_err(AwsError::internal)?;
    let decision = decide(
        &call.request.identities,
        &call.request.caller,
        &Question {
            action,
            resource: &arn,
            resource_account: Some(&account.number),
            resource_policy: Some(&trust),
            context,
        },
    );
    if decision.allowed {
        return Ok(());
    }
    Err(explain(call, action, &arn, &decision))
}

/// STS tells the caller what is wrong on the caller's side, and nothing of the role's side.
fn explain(call: &Call<'_>, action: &str, arn: &str, decision: &Decision) -> AwsError {
    let own_side = match &decision.reason {
        Reason::NoAllow { kind, .. } | Reason::ExplicitDeny { kind, .. } => {
            matches!(
                kind,
                PolicyKind::Identity
                    | PolicyKind::Session
                    | PolicyKind::Boundary
                    | PolicyKind::ServiceControl
                    | PolicyKind::VpcEndpoint
            )
        }
        _ => false,
    };
    let mut error = denied(call, action, arn);
    if own_side {
        error.message = format!("{} {}", error.message, reason(&decision.reason));
    }
    error
}

pub(super) fn denied(call: &Call<'_>, action: &str, arn: &str) -> AwsError {
    AwsError::new(
        403,
        "AccessDenied",
        format!(
            "User: {} is not authorized to perform: {action} on resource: {arn}",
            call.request.caller.principal.arn
        ),
    )
}

fn check_duration(call: &Call<'_>, role: &IamRole, seconds: i64) -> Result<(), AwsError> {
    let chained = matches!(
        call.request.caller.session.as_deref().map(|session| &session.holder),
        Some(SessionHolder::Role { .. })
    );
    if chained && seconds > ROLE_CHAINING_SECONDS {
        return Err(validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if seconds > i64::from(role.max_session_seconds) {
        return Err(validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(())
}

/// Makes the keys and writes the answer.
pub(super) fn issue(
    call: &Call<'_>,
    account: &AccountState,
    role: &IamRole,
    wanted: Wanted<'_>,
    provider: Option<String>,
    out: &mut Xml,
) -> Result<(), AwsError> {
    let policies = checks::session_policies(call, &account.number)?;
    let packed = packed::size(policies.inline.as_deref(), &policies.arns, &wanted.tags)?;
    let keys = TemporaryKeys {
        access_key_id: ids::access_key_id("ASIA"),
        secret: ids::secret_access_key(),
        token: ids::session_token(),
        account: account.number.clone(),
        holder: SessionHolder::Role {
            role_name: role.holder.name.clone(),
            role_id: role.holder.id.clone(),
            role_arn: wanted.role_arn.to_owned(),
            session_name: wanted.session_name.to_owned(),
            provider,
        },
        issued: call.request.now,
        expires: checks::expiry(call, wanted.seconds),
        policies: policies.policies,
        scoped: policies.scoped,
        tags: wanted.tags,
        transitive_tags: wanted.transitive_tags,
        source_identity: wanted.source_identity.clone(),
    };
    checks::write_credentials(&keys, out);
    call.cloud.identities.sessions.insert(keys)?;
    out.nested("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", format!("{}:{}", role.holder.id, wanted.session_name)).text(
            "Arn",
            format!(
                "arn:aws:sts::{}:assumed-role/{}/{}",
                account.number, role.holder.name, wanted.session_name
            ),
        );
    });
    out.optional("PackedPolicySize", packed.map(|percent| percent.to_string()));
    out.optional("SourceIdentity", wanted.source_identity);
    Ok(())
}
