//! The kinds of AWS's 403, and who can put each right.

use super::ladder::Advice;

/// Which kind of policy spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyPlace {
    Identity,
    Resource,
    Boundary,
    Session,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
}

/// Why AWS refused, as far as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DenialKind {
    /// No policy of that kind allows the action.
    NoAllow(PolicyPlace),
    /// A Deny of that kind of policy.
    ExplicitDeny(PolicyPlace),
    /// `Access Denied` and no more.
    Bare,
}

/// A 403.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    pub(super) kind: DenialKind,
    /// The action that was refused, such as `s3:GetObject`; another than was asked for is telling.
    pub(super) action: Option<String>,
    pub(super) resource: Option<String>,
    /// The ARN of the policy that refused, which AWS names within one account and one AWS organization.
    pub(super) policy: Option<String>,
}

const PLACES: [(&str, PolicyPlace); 7] = [
    ("identity-based polic", PolicyPlace::Identity),
    ("resource-based polic", PolicyPlace::Resource),
    ("permissions boundar", PolicyPlace::Boundary),
    ("session polic", PolicyPlace::Session),
    ("service control polic", PolicyPlace::ServiceControl),
    ("resource control polic", PolicyPlace::ResourceControl),
    ("vpc endpoint polic", PolicyPlace::VpcEndpoint),
];

impl Denial {
    pub(super) fn read(parsed: Option<crate::Denial>, message: Option<&str>) -> Self {
        let because = parsed.as_ref().and_then(|denial| denial.because.clone());
        let text = because.or_else(|| message.map(str::to_owned)).unwrap_or_default().to_lowercase();
        let place = PLACES.iter().find(|(words, _)| text.contains(words)).map(|(_, place)| *place);
        let kind = match place {
            Some(place) if text.contains("explicit deny") => DenialKind::ExplicitDeny(place),
            Some(place) => DenialKind::NoAllow(place),
            None => DenialKind::Bare,
        };
        let policy = policy_arn(message.unwrap_or_default(), place);
        let (action, resource) = parsed.map_or((None, None), |denial| (Some(denial.action), denial.resource));
        Self { kind, action, resource, policy }
    }

    /// Whether the action that was refused is this one; what AWS does not name may be.
    pub(super) fn may_be(&self, action: &str) -> bool {
        self.action.as_deref().is_none_or(|refused| refused.eq_ignore_ascii_case(action))
    }
}

/// The ARN behind `… in a service control policy: arn:aws:organizations::…`.
fn policy_arn(message: &str, place: Option<PolicyPlace>) -> Option<String> {
    let (words, _) = PLACES.iter().find(|(_, known)| Some(*known) == place)?;
    let rest = message.get(message.to_lowercase().find(words)?..)?;
    let arn = rest.split_whitespace().find(|word| word.starts_with("arn:") && word.contains("policy/"))?;
    Some(arn.trim_end_matches(['.', ',', ')']).to_owned())
}

/// What a denial needs beyond itself to be put into words.
pub(super) struct Denied<'a> {
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    pub(super) bucket: &'a str,
    /// `None`: the connection's own keys asked.
    pub(super) role_name: Option<&'a str>,
    pub(super) role_arn: Option<&'a str>,
    /// Requests go over plain HTTP.
    pub(super) is_insecure: bool,
    /// Listing, which a Deny for the whole caller would hit as well, is let through.
    pub(super) lists: bool,
    /// The element that would allow it.
    pub(super) element: &'a str,
}

/// The advice for every kind but a missing Allow of the role's own policies and a bare refusal, which want
/// a closer look.
pub(super) fn advise(denial: &Denial, denied: &Denied<'_>) -> Option<Advice> {
    let mut advice = advise_kind(denial.kind, denied)?;
    if let Some(policy) = &denial.policy {
        advice.cause.push_str(&format!(" (AWS names the policy: `{policy}`)"));
    }
    Some(advice)
}

fn advise_kind(kind: DenialKind, denied: &Denied<'_>) -> Option<Advice> {
    use PolicyPlace as Place;
    let Denied { action, resource, bucket, element, .. } = denied;
    let role = denied.role_name.unwrap_or("ROLE");
    let role_arn = denied.role_arn.unwrap_or("arn:aws:iam::ACCOUNT:role/ROLE");
    let advice = match kind {
        DenialKind::Bare | DenialKind::NoAllow(Place::Identity) => return None,
        DenialKind::NoAllow(Place::Boundary) => Advice::new(
            format!(
                "the permissions boundary of the role does not allow {action} on `{resource}`: a boundary caps what \
                 the role's policies grant"
            ),
            format!(
                "add to the boundary that `aws iam get-role --role-name {role} --query Role.PermissionsBoundary` names: {element}"
            ),
        ),
        DenialKind::NoAllow(Place::Session) => Advice::new(
            format!("the session policy that Stagedoor sends does not allow {action} on `{resource}`"),
            "report it: the server asks for less than it needs",
        ),
        DenialKind::NoAllow(Place::Resource) => Advice::new(
            format!(
                "no resource-based policy allows {action} on `{resource}`: the bucket's policy must let the role in"
            ),
            format!("add to the policy of bucket `{bucket}`: {element}"),
        ),
        DenialKind::NoAllow(Place::ServiceControl) => Advice::new(
            format!(
                "no service control policy of the customer's AWS organization allows {action}: the account's \
                 administrator cannot change that, the administrator of the AWS organization can"
            ),
            format!("allow {action} in the service control policies of the account"),
        ),
        DenialKind::NoAllow(Place::ResourceControl) => Advice::new(
            format!("no resource control policy of the customer's AWS organization allows {action}"),
            format!("allow {action} in the resource control policies of the account"),
        ),
        DenialKind::NoAllow(Place::VpcEndpoint) => Advice::new(
            format!(
                "the policy of the VPC endpoint that the server reaches S3 through does not allow {action} on \
                 `{resource}`: that is the operator's side"
            ),
            format!("add to the policy of the VPC endpoint: {element}"),
        ),
        DenialKind::ExplicitDeny(Place::Identity) => Advice::new(
            format!(
                "a Deny in the role's own policies forbids {action} on `{resource}`: it wins over every Allow"
            ),
            format!(
                "take `{resource}` out of the Deny: `aws iam list-role-policies --role-name {role}` and `aws iam \
                 list-attached-role-policies --role-name {role}` name the policies"
            ),
        ),
        DenialKind::ExplicitDeny(Place::Resource) => Advice::new(
            format!(
                "a Deny in the policy of bucket `{bucket}` forbids {action} on `{resource}`{}",
                deny_suspects(denied)
            ),
            format!(
                "exempt the role from the Deny that `aws s3api get-bucket-policy --bucket {bucket}` shows: \
                 {{\"Condition\": {{\"ArnNotEquals\": {{\"aws:PrincipalArn\": \"{role_arn}\"}}}}}}"
            ),
        ),
        DenialKind::ExplicitDeny(Place::Boundary) => Advice::new(
            format!("a Deny in the permissions boundary of the role forbids {action} on `{resource}`"),
            format!(
                "take it out of the boundary that `aws iam get-role --role-name {role} --query Role.PermissionsBoundary` names"
            ),
        ),
        DenialKind::ExplicitDeny(Place::Session) => Advice::new(
            format!("a Deny in the session policy forbids {action} on `{resource}`"),
            "report it: the server sends that policy",
        ),
        DenialKind::ExplicitDeny(Place::ServiceControl) => Advice::new(
            format!(
                "a Deny in a service control policy of the customer's AWS organization forbids {action}: the \
                 account's administrator cannot change that, the administrator of the AWS organization can"
            ),
            format!(
                "exempt the role from the Deny on {action} in the service control policies of the account"
            ),
        ),
        DenialKind::ExplicitDeny(Place::ResourceControl) => Advice::new(
            format!(
                "a Deny in a resource control policy of the customer's AWS organization forbids {action}: often it \
                 shuts out principals from outside the organization"
            ),
            format!(
                "exempt the role from the Deny on {action} in the resource control policies of the account"
            ),
        ),
        DenialKind::ExplicitDeny(Place::VpcEndpoint) => Advice::new(
            format!(
                "a Deny in the policy of the VPC endpoint that the server reaches S3 through forbids {action}: that \
                 is the operator's side"
            ),
            format!("take `{resource}` out of the Deny in the policy of the VPC endpoint"),
        ),
    };
    Some(advice)
}

fn deny_suspects(denied: &Denied<'_>) -> String {
    let plain = if denied.is_insecure {
        "on aws:SecureTransport, since requests go over plain HTTP here, or one "
    } else {
        ""
    };
    let network = format!(
        "a condition {plain}on the VPC endpoint (aws:SourceVpce, aws:SourceVpc), the address (aws:SourceIp) or the organization \
         (aws:PrincipalOrgID) of the caller"
    );
    if denied.lists {
        return format!(
            "; listing is let through, so its Action or its Resource takes in {} on objects and not every request: likely it \
             names the role or everybody, or all but some roles (aws:PrincipalArn, NotPrincipal), or has {network}",
            denied.action
        );
    }
    format!(
        "; likely it has {network}, or it names the role or everybody, or all but some roles (aws:PrincipalArn, NotPrincipal)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::parse_denial;

    fn kind(reason: &str) -> DenialKind {
        let message = format!(
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::b\" {reason}"
        );
        Denial::read(parse_denial(&message), Some(&message)).kind
    }

    #[test]
    fn aws_names_the_kind_of_policy() {
        use DenialKind::*;
        use PolicyPlace::*;
        for (reason, wanted) in [
            ("because no identity-based policy allows the s3:ListBucket action", NoAllow(Identity)),
            ("because no permissions boundary allows the s3:ListBucket action", NoAllow(Boundary)),
            ("because no session policy allows the s3:ListBucket action", NoAllow(Session)),
            ("because no service control policy allows the s3:ListBucket action", NoAllow(ServiceControl)),
            ("with an explicit deny in a resource-based policy", ExplicitDeny(Resource)),
            ("with an explicit deny in an identity-based policy", ExplicitDeny(Identity)),
            ("with an explicit deny in a service control policy", ExplicitDeny(ServiceControl)),
            ("with an explicit deny in a resource control policy", ExplicitDeny(ResourceControl)),
            ("with an explicit deny in a VPC endpoint policy", ExplicitDeny(VpcEndpoint)),
            ("with an explicit deny in a permissions boundary", ExplicitDeny(Boundary)),
        ] {
            assert_eq!(kind(reason), wanted, "{reason}");
        }
        assert_eq!(Denial::read(None, Some("Access Denied")).kind, Bare);
    }

    #[test]
    fn the_policy_that_aws_names() {
        let message = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:ListBucket on resource: \
                       \"arn:aws:s3:::b\" with an explicit deny in a service control policy: \
                       arn:aws:organizations::2:policy/o-x/service_control_policy/p-y";
        let denial = Denial::read(parse_denial(message), Some(message));
        assert_eq!(denial.kind, DenialKind::ExplicitDeny(PolicyPlace::ServiceControl));
        assert_eq!(
            denial.policy.as_deref(),
            Some("arn:aws:organizations::2:policy/o-x/service_control_policy/p-y")
        );
    }
}
