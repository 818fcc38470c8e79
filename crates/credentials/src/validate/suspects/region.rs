//! The trust policy takes requests to the STS of other regions only.

use std::time::Duration;

use futures::future::join_all;
use iam::texts::trust_statement;

use crate::validate::Climb;
use crate::validate::assume::Plan;
use crate::validate::external_id::unrelated;
use crate::validate::ladder::Advice;
use crate::validate::server::Assumer;
use crate::validate::sts_probe::Extras;

/// Regions whose STS every account may use, those first that most people use.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html>
const REGIONS: [&str; 12] = [
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "us-east-2",
    "eu-west-2",
    "eu-north-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-south-1",
    "ca-central-1",
];
/// A server in a closed network reaches the STS of its own region alone: nobody waits for the others.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(3);

impl Climb<'_> {
    pub(super) async fn suspect_region(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        if plan.role.partition() != "aws" {
            return None;
        }
        let asked = self.inner.chain.sts.region();
        let others = REGIONS.into_iter().filter(|region| asked.as_deref() != Some(*region));
        let attempts = others.map(|region| async move {
            let extras = Extras { region: Some(region), ..Extras::default() };
            let attempt = self.assume(&assumer.proof, plan, extras);
            let answer = tokio::time::timeout(ANSWER_TIME_MAX, attempt).await;
            matches!(answer, Ok(Ok(_))).then_some(region)
        });
        let found: Vec<&'static str> = join_all(attempts).await.into_iter().flatten().collect();
        let first = *found.first()?;
        // A cloud that knows the role in one region alone may judge it otherwise in others.
        if let Some(sent) = plan.external_id.as_deref() {
            let wrong = Plan { external_id: Some(unrelated(sent)), ..plan.clone() };
            let extras = Extras { region: Some(first), ..Extras::default() };
            if self.assume(&assumer.proof, &wrong, extras).await.is_ok() {
                return None;
            }
        }
        let named = match found.as_slice() {
            [one] => format!("`{one}`"),
            _ => format!("`{first}` and {} others", found.len() - 1),
        };
        Some(Advice::new(
            format!(
                "the trust policy takes requests to AWS STS in region {named}, and the server asks it in `{}`: a condition \
                 on aws:RequestedRegion, or a Deny with one",
                asked.as_deref().unwrap_or("another region")
            ),
            trust_statement(&[&assumer.trust_arn], plan.external_id.as_deref()),
        ))
    }
}
