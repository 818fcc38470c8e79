//! The rungs and what was found on each.

use std::fmt;

/// Names of the rungs, in their order.
pub(super) mod rung {
    pub(crate) const INPUTS: &str = "inputs";
    pub(crate) const SERVER_IDENTITY: &str = "server identity";
    pub(crate) const CLOCK: &str = "clock";
    pub(crate) const ORGANIZATION_ROLE: &str = "organization role";
    pub(crate) const ASSUME_ROLE: &str = "assume role";
    pub(crate) const EXTERNAL_ID: &str = "external id required";
    pub(crate) const SESSION_POLICY: &str = "session policy";
    pub(crate) const DURATION: &str = "session duration";
    pub(crate) const SESSION_IDENTITY: &str = "session identity";
    pub(crate) const BUCKET: &str = "bucket and region";
    pub(crate) const LIST: &str = "list";
    pub(crate) const READ: &str = "read";
    pub(crate) const WRITE: &str = "write";
    pub(crate) const SAMPLE: &str = "sample file";
    pub(crate) const REACH: &str = "reach";
}

const RUNGS: [&str; 15] = [
    rung::INPUTS,
    rung::SERVER_IDENTITY,
    rung::CLOCK,
    rung::ORGANIZATION_ROLE,
    rung::ASSUME_ROLE,
    rung::EXTERNAL_ID,
    rung::SESSION_POLICY,
    rung::DURATION,
    rung::SESSION_IDENTITY,
    rung::BUCKET,
    rung::LIST,
    rung::READ,
    rung::WRITE,
    rung::SAMPLE,
    rung::REACH,
];

/// How a rung held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepStatus {
    Ok,
    /// It works, and somebody should still do something.
    Warning,
    Failed,
    /// Not tried, since a rung below does not hold.
    NotReached,
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        })
    }
}

/// One rung. Texts that have nothing to say are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub status: StepStatus,
    /// What AWS answered, with its code and request id.
    pub seen: String,
    /// What is wrong; `likely` stands before what is inferred and not known.
    pub cause: String,
    /// What to paste: an element of a policy, a statement, a command.
    pub fix: String,
    /// The `aws` command that repeats the step.
    pub call: String,
}

impl Step {
    pub(super) fn new(name: &'static str, status: StepStatus) -> Self {
        Self {
            name,
            status,
            seen: String::new(),
            cause: String::new(),
            fix: String::new(),
            call: String::new(),
        }
    }

    pub(super) fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self { seen: seen.into(), ..Self::new(name, StepStatus::Ok) }
    }

    pub(super) fn warning(name: &'static str, seen: impl Into<String>, advice: Advice) -> Self {
        Self::new(name, StepStatus::Warning).seen(seen).advised(advice)
    }

    pub(super) fn failed(name: &'static str, seen: impl Into<String>, advice: Advice) -> Self {
        Self::new(name, StepStatus::Failed).seen(seen).advised(advice)
    }

    pub(super) fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = seen.into();
        self
    }

    pub(super) fn call(mut self, call: impl Into<String>) -> Self {
        self.call = call.into();
        self
    }

    fn advised(mut self, advice: Advice) -> Self {
        self.cause = advice.cause;
        self.fix = advice.fix;
        self
    }
}

/// What is wrong and what to do about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Advice {
    pub(super) cause: String,
    pub(super) fix: String,
}

impl Advice {
    pub(super) fn new(cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { cause: cause.into(), fix: fix.into() }
    }
}

/// Causes none of which is known for certain: `most likely (1) …; else, the most frequent first: (2) …; (3) …`.
pub(super) fn likeliest_first(causes: &[String]) -> String {
    let numbered: Vec<String> =
        causes.iter().enumerate().map(|(at, cause)| format!("({}) {cause}", at + 1)).collect();
    match numbered.split_first() {
        None => String::new(),
        Some((first, [])) => format!("most likely {first}"),
        Some((first, others)) => {
            format!("most likely {first}; else, the most frequent first: {}", others.join("; "))
        }
    }
}

/// A rung below does not hold: nobody climbs on.
pub(super) struct Fallen;

/// The rungs climbed so far.
#[derive(Default)]
pub(super) struct Ladder {
    steps: Vec<Step>,
    /// Why the bucket's rungs are not tried, where that is no failure.
    pub(super) stays_below: Option<String>,
}

impl Ladder {
    /// Notes a rung; a failed one ends the climb.
    pub(super) fn climb(&mut self, step: Step) -> Result<(), Fallen> {
        let status = step.status;
        self.steps.push(step);
        if status == StepStatus::Failed { Err(Fallen) } else { Ok(()) }
    }

    /// All rungs in their order, with those that were not tried.
    pub(super) fn finish(mut self, write: bool) -> Vec<Step> {
        let is_wanted = |name: &str| write || name != rung::WRITE;
        RUNGS
            .iter()
            .filter(|name| is_wanted(name))
            .map(|name| match self.steps.iter().position(|step| step.name == *name) {
                Some(at) => self.steps.remove(at),
                None => {
                    let seen = self.stays_below.clone().unwrap_or_default();
                    Step::new(name, StepStatus::NotReached).seen(seen)
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_failure_is_not_reached() {
        let mut ladder = Ladder::default();
        assert!(ladder.climb(Step::ok(rung::INPUTS, "")).is_ok());
        let advice = Advice::new("none", "one");
        assert!(ladder.climb(Step::failed(rung::SERVER_IDENTITY, "nothing", advice)).is_err());
        let steps = ladder.finish(false);
        let statuses: Vec<_> = steps.iter().map(|step| (step.name, step.status.to_string())).collect();
        assert_eq!(statuses[0], ("inputs", "ok".to_owned()));
        assert_eq!(statuses[1], ("server identity", "failed".to_owned()));
        assert!(statuses[2..].iter().all(|(_, status)| status == "not reached"));
        assert_eq!(statuses.len(), RUNGS.len() - 1);
        assert!(statuses.iter().all(|(name, _)| *name != "write"));
    }
}
