//! What no request can prove: a list, the likeliest first, and what settles it.

use iam::texts::trust_policy;

use super::past::Past;
use crate::AwsRefusal;
use crate::validate::Climb;
use crate::validate::assume::{Plan, until_text};
use crate::validate::ladder::{Advice, likeliest_first};
use crate::validate::server::Assumer;

/// Other roles of the account that are tried.
const NEIGHBOURS_MAX: usize = 3;

impl Climb<'_> {
    pub(super) async fn unproved(&self, assumer: &Assumer, plan: &Plan, refusal: &AwsRefusal) -> Advice {
        let role = &plan.role;
        let past = self.past(plan).await;
        let absent = format!(
            "no role `{}` exists in account {}: it was not made or deleted, its name is another, or it has a path that \
             ROLE_ARN lacks",
            role.name(),
            role.account()
        );
        let fix = trust_policy(&[&assumer.trust_arn], plan.external_id.as_deref());
        let neighbour = self.neighbour_that_works(assumer, plan).await;
        let mut causes = self.trust_causes(assumer, plan, &past, neighbour.is_some());
        let head = match past {
            Past::Unknown => {
                causes.insert(2, absent);
                format!(
                    "AWS refuses `{}` and does not say why: it is the role or its trust policy",
                    refusal.action
                )
            }
            Past::Lives(since) => format!(
                "the trust policy of role `{role}`, or what it depends on, was changed: the role was assumed at {}, and the \
                 keys from then still open the bucket. AWS refuses `{}` and does not say what in it",
                until_text(since),
                refusal.action
            ),
            Past::Worked(since) => {
                causes.insert(1, format!("the role was deleted, or made anew: {absent}"));
                format!(
                    "role `{role}` or its trust policy was changed: the role was assumed at {}, by the same principal and \
                     with the same external id. AWS refuses `{}` and does not say what was changed",
                    until_text(since),
                    refusal.action
                )
            }
            Past::Gone(since) => {
                return Advice::new(
                    format!(
                        "likely role `{role}` was deleted, or deleted and made anew with another trust policy: it was \
                         assumed at {}, and the keys from then may do nothing any more. To know: {}",
                        until_text(since),
                        self.how_to_know(plan)
                    ),
                    fix,
                );
            }
        };
        let cause = format!(
            "{head}: {}. Ruled out by trying: {}. To know which: {}",
            likeliest_first(&causes),
            self.ruled_out(assumer, plan, neighbour),
            self.how_to_know(plan)
        );
        Advice::new(cause, fix)
    }

    fn trust_causes(
        &self,
        assumer: &Assumer,
        plan: &Plan,
        past: &Past,
        neighbour_works: bool,
    ) -> Vec<String> {
        let id = match &plan.external_id {
            Some(id) => format!(
                "the condition on sts:ExternalId is not `{id}` letter by letter (another id, a blank, a bracket or a `*` \
                 in it), or its key or operator is not StringEquals sts:ExternalId"
            ),
            None => "it requires an sts:ExternalId, and the connection has none".to_owned(),
        };
        let path = if assumer.path_unknown { " (with its path, if it has one)" } else { "" };
        // A principal that does not exist cannot be saved, and one that was made anew would have another id.
        let made_anew = match past {
            Past::Worked(_) | Past::Lives(_) if self.request.principal.is_some() => "",
            _ => ", or a principal deleted and made anew since",
        };
        let principal = format!(
            "Principal does not name `{}`{path}: another account, role, user or organization, one session of it, a \
             service or an identity provider{made_anew}",
            assumer.trust_arn
        );
        let plain = if self.sts_is_insecure() {
            "aws:SecureTransport (requests go over plain HTTP here), "
        } else {
            ""
        };
        let condition = format!(
            "another condition does not hold: {plain}aws:MultiFactorAuthPresent (MFA), aws:SourceIp or another address, \
             aws:PrincipalOrgID, a date, aws:SourceVpc or aws:SourceVpce, aws:PrincipalArn or aws:PrincipalTag, \
             aws:SourceAccount or aws:SourceArn (for services alone), a name of sessions or a tag of its own"
        );
        let action =
            "the Action is not sts:AssumeRole (sts:AssumeRoleWithSAML, sts:AssumeRoleWithWebIdentity or \
                      sts:TagSession alone), or no statement allows anything"
                .to_owned();
        let deny = match neighbour_works {
            true => "a Deny in the trust policy",
            false => {
                "a Deny in the trust policy, or a resource control policy of the customer's AWS organization that shuts out \
                 principals from outside"
            }
        };
        // Who typed the external id had it in hand; a generated one has to be carried over.
        vec![id, principal, condition, action, deny.to_owned()]
    }

    fn ruled_out(&self, assumer: &Assumer, plan: &Plan, neighbour: Option<&str>) -> String {
        let mut tried = Vec::new();
        if plan.external_id.is_some() {
            tried.push(
                "leaving the external id out, slips of it, placeholders, names at hand, and the organization's other ones",
            );
        }
        if assumer.server.is_some() {
            tried.push("the server's own identity and other sessions of the principal");
        }
        if self.request.next_principal.is_some() {
            tried.push("the next principal");
        }
        if self.inner.chain.issuer.is_some() {
            tried.push("an identity token");
        }
        tried.push("a source identity");
        tried.push(if plan.tags.is_empty() { "session tags" } else { "leaving session tags out" });
        tried.push("other session names");
        if plan.role.partition() == "aws" {
            tried.push("the STS of other regions");
        }
        if self.request.may_try_other_roles && plan.external_id.is_some() {
            tried.push("slips in the role's name");
        }
        let mut tried = tried.join(", ");
        if let Some(role) = neighbour {
            tried.push_str(&format!(
                "; and a resource control policy, since `{role}` of the same account lets the same principal in"
            ));
        }
        tried
    }

    /// A role of the same account that the organization has another connection for: if the principal may use that one,
    /// what stands over the whole account is not the cause. The session may do nothing.
    async fn neighbour_that_works(&self, assumer: &Assumer, plan: &Plan) -> Option<&str> {
        if !self.request.may_try_other_roles {
            return None;
        }
        let is_near = |arn: &str| {
            let role = iam::parse_role_arn(arn).ok()?;
            (role.account() == plan.role.account() && role.as_str() != plan.role.as_str()).then_some(role)
        };
        let near = self.request.other_roles.iter().filter_map(|(arn, id)| Some((is_near(arn)?, arn, id)));
        for (role, arn, id) in near.take(NEIGHBOURS_MAX) {
            let policy = Some(iam::texts::DENY_EVERYTHING.to_owned());
            let other = Plan { role, external_id: Some(id.clone()), policy, ..plan.clone() };
            if self.may_try(&other) && self.works(&assumer.proof, &other).await {
                return Some(arn);
            }
        }
        None
    }

    /// The command whose answer settles it, and where to paste that.
    pub(super) fn how_to_know(&self, plan: &Plan) -> String {
        format!(
            "`VALIDATE TRUST POLICY '…' FOR CONNECTION {}` with what `{}` prints (NoSuchEntity: there is no such role)",
            self.name(),
            Self::show_trust_policy(plan)
        )
    }

    /// Whether STS is reached without TLS, as a sandbox is.
    pub(super) fn sts_is_insecure(&self) -> bool {
        self.inner.chain.sts.is_insecure
    }
}
