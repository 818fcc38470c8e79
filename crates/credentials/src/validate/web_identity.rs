//! Connections whose role is assumed with an identity token of this server: no AWS identity of ours has a part.

use iam::texts::{
    WEB_IDENTITY_AUDIENCE, issuer_name, oidc_provider_arn, web_identity_subject, web_identity_trust_policy,
};

use super::assume::Plan;
use super::command::Command;
use super::ladder::{Advice, Fallen, Step, rung};
use super::server::{Assumer, Proof, is_access_denied};
use super::sts_probe::Extras;
use super::{Climb, Held};
use crate::issuer::TokenIssuer;
use crate::{AssumedRole, AwsRefusal};

impl Climb<'_> {
    pub(super) async fn hold_web_identity(&mut self, role_arn: &str) -> Result<Held, Fallen> {
        let subject = self.subject();
        let Some(issuer) = &self.inner.chain.issuer else {
            let advice = Advice::new(
                "the connection wants an identity token, and this server issues none: this is the operator's side",
                "[web_identity]\nissuer = \"https://…\"  # in the server's configuration",
            );
            self.ladder.climb(Step::failed(rung::SERVER_IDENTITY, "no issuer is configured", advice))?;
            return Err(Fallen);
        };
        let url = issuer.url().to_owned();
        let token = match issuer.token(&subject) {
            Ok(token) => token,
            Err(error) => {
                let advice = Advice::new(error.to_string(), error.hint().unwrap_or_default());
                self.ladder.climb(Step::failed(rung::SERVER_IDENTITY, url, advice))?;
                return Err(Fallen);
            }
        };
        let not_needed = "not needed: the role is assumed with an identity token";
        let keys = Command::new("iam", "list-open-id-connect-providers").text();
        let seen = format!("{not_needed} of issuer `{url}`");
        self.ladder.climb(Step::ok(rung::SERVER_IDENTITY, seen).call(keys))?;
        self.skip(&[rung::CLOCK], not_needed)?;
        let seen = format!("{not_needed}; its subject is `{subject}`");
        self.ladder.climb(Step::ok(rung::ORGANIZATION_ROLE, seen))?;
        let assumer =
            Assumer { proof: Proof::Token(token), trust_arn: url, path_unknown: false, server: None };
        let role = AssumedRole { arn: role_arn.to_owned(), external_id: None };
        self.hold_session(&assumer, &role).await
    }

    pub(super) fn subject(&self) -> String {
        let name = self.request.connection.name.as_deref().unwrap_or_default();
        web_identity_subject(&self.request.organization, name)
    }

    /// A token for another connection of the same issuer must be refused.
    pub(super) async fn negative_test_of_subject(&mut self, plan: &Plan) -> Result<(), Fallen> {
        let name = format!("negative-test-{:016x}", rand::random::<u64>());
        let other = web_identity_subject(&self.request.organization, &name);
        let issuer = self.inner.chain.issuer.as_ref();
        let token = issuer.and_then(|issuer: &TokenIssuer| issuer.token(&other).ok());
        let answer = match token {
            Some(token) => self.assume(&Proof::Token(token), plan, Extras::default()).await,
            None => return self.ladder.climb(Step::ok(rung::EXTERNAL_ID, "could not be tried")),
        };
        let step = match answer {
            Err(refusal) if is_access_denied(&refusal) => {
                Step::ok(rung::EXTERNAL_ID, "not used with tokens; a token for another subject is refused")
            }
            Ok(_) => Step::warning(
                rung::EXTERNAL_ID,
                "role can be assumed with a token for another connection",
                Advice::new(
                    "the trust policy does not bind the subject of the token: every organization and connection of this \
                     server can use the role",
                    self.subject_condition(),
                ),
            ),
            Err(_) => Step::warning(
                rung::EXTERNAL_ID,
                "could not be tried: STS did not answer as it should",
                Advice::new("not known: STS failed in the middle of the test", self.subject_condition()),
            ),
        };
        self.ladder.climb(step)
    }

    pub(super) fn subject_condition(&self) -> String {
        let issuer =
            self.inner.chain.issuer.as_ref().map(|issuer| issuer.url().to_owned()).unwrap_or_default();
        let name = issuer_name(&issuer);
        format!(
            r#"{{"Condition": {{"StringEquals": {{"{name}:sub": "{}", "{name}:aud": "{WEB_IDENTITY_AUDIENCE}"}}}}}}"#,
            self.subject()
        )
    }

    pub(super) async fn explain_token_refusal(
        &self,
        assumer: &Assumer,
        plan: &Plan,
        refusal: &AwsRefusal,
    ) -> Advice {
        let issuer =
            self.inner.chain.issuer.as_ref().map(|issuer| issuer.url().to_owned()).unwrap_or_default();
        let role = &plan.role;
        let provider =
            oidc_provider_arn(role.partition(), role.account(), &issuer).unwrap_or_else(|| issuer.clone());
        let subject = self.subject();
        let trust = web_identity_trust_policy(role.partition(), role.account(), &issuer, &subject);
        let make = Command::new("iam", "create-open-id-connect-provider")
            .option("url", &issuer)
            .option("client-id-list", WEB_IDENTITY_AUDIENCE)
            .text();
        if is_access_denied(refusal)
            && let Some(advice) = self.suspect_of_token(assumer, plan).await
        {
            return advice;
        }
        match refusal.code.as_deref() {
            Some("InvalidIdentityToken" | "InvalidIdentityTokenException") => {
                let message = refusal.message.to_lowercase();
                if message.contains("audience") {
                    return Advice::new(
                        format!(
                            "the identity provider `{provider}` in the customer's account does not list the audience \
                             `{WEB_IDENTITY_AUDIENCE}`"
                        ),
                        Command::new("iam", "add-client-id-to-open-id-connect-provider")
                            .option("open-id-connect-provider-arn", &provider)
                            .option("client-id", WEB_IDENTITY_AUDIENCE)
                            .text(),
                    );
                }
                if message.contains("no openidconnect provider") || message.contains("provider found") {
                    return Advice::new(
                        format!(
                            "account {} has no identity provider for the issuer `{issuer}`",
                            role.account()
                        ),
                        make,
                    );
                }
                Advice::new(
                    format!(
                        "AWS does not take the token of issuer `{issuer}`: likely it cannot read the issuer's keys, or \
                         account {} has no identity provider for it",
                        role.account()
                    ),
                    make,
                )
            }
            Some("IDPCommunicationError") => Advice::new(
                format!(
                    "AWS cannot read `{issuer}/.well-known/openid-configuration`: the issuer must be reachable from the \
                     internet by https; this is the operator's side"
                ),
                format!("curl -fsS {issuer}/.well-known/openid-configuration"),
            ),
            Some("ExpiredToken" | "ExpiredTokenException" | "IDPRejectedClaim") => Advice::new(
                "AWS takes the token for expired or not yet valid: the server's clock is off; this is the operator's side",
                "turn NTP on: `sudo timedatectl set-ntp true`",
            ),
            _ if is_access_denied(refusal) => self.unproved_of_token(plan, refusal, &provider),
            _ => Advice::new(format!("AWS did not take the request: {}", refusal.message), trust),
        }
    }
}
