//! STS does not say which part of a trust policy refuses. This asks again with one thing changed at a time: what
//! works then, names the part.

mod external_id;
mod guesses;
mod past;
mod principal;
mod region;
mod role_name;
mod session;
mod token;
mod unproved;

use std::sync::atomic::Ordering;

use futures::future::join_all;

use super::Climb;
use super::assume::Plan;
use super::ladder::Advice;
use super::server::{Assumer, Proof};
use super::sts_probe::Extras;
use crate::AwsRefusal;
use guesses::Guess;

/// Calls to STS that are under way at once while guesses are tried.
const TRIED_AT_ONCE: usize = 8;
/// Guesses that one climb tries: some seconds of AWS's time, and a small part of what an account may ask STS.
const GUESSES_MAX: usize = 600;

impl Climb<'_> {
    pub(super) async fn suspect(&self, assumer: &Assumer, plan: &Plan, refusal: &AwsRefusal) -> Advice {
        match self.prove(assumer, plan).await {
            // What was tried at another moment proves nothing if the plain request works by now.
            Some(_) if self.works(&assumer.proof, plan).await => Advice::new(
                "the role lets itself be assumed now: it was changed a moment ago, and AWS needed some seconds to see it",
                format!("VALIDATE CONNECTION {}", self.name()),
            ),
            Some(advice) => advice,
            None => self.unproved(assumer, plan, refusal).await,
        }
    }

    /// The surest and the most frequent first.
    async fn prove(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        if let Some(advice) = self.suspect_missing_id(assumer, plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_principal(assumer, plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_session(assumer, plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_region(assumer, plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_external_id(assumer, plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_role_name(assumer, plan).await {
            return Some(advice);
        }
        self.suspect_new_principal(assumer, plan)
    }

    async fn works(&self, proof: &Proof, plan: &Plan) -> bool {
        self.assume(proof, plan, Extras::default()).await.is_ok()
    }

    /// The first guess whose plan works.
    async fn first_that_works(
        &self,
        proof: &Proof,
        guesses: &[Guess],
        plan_of: impl Fn(&str) -> Option<Plan>,
    ) -> Option<Guess> {
        for tried in guesses.chunks(TRIED_AT_ONCE) {
            if self.guessed.fetch_add(tried.len(), Ordering::Relaxed) >= GUESSES_MAX {
                return None;
            }
            let attempts = tried.iter().map(|guess| {
                let plan = plan_of(&guess.1).filter(|plan| self.may_try(plan));
                async move {
                    match plan {
                        Some(plan) => self.works(proof, &plan).await,
                        None => false,
                    }
                }
            });
            let worked = join_all(attempts).await;
            if let Some((guess, _)) = tried.iter().zip(worked).find(|(_, worked)| *worked) {
                return Some(guess.clone());
            }
        }
        None
    }

    /// What belongs to another organization is not even guessed at.
    fn may_try(&self, plan: &Plan) -> bool {
        let id = plan.external_id.as_deref();
        let pairs = &self.request.pairs_of_others;
        !pairs
            .iter()
            .any(|(role, external_id)| role == plan.role.as_str() && Some(external_id.as_str()) == id)
    }
}
