//! How much of a token the session policies and tags take.
//!
//! AWS packs them in a binary form it does not document; this estimate grows as theirs is seen to: a policy at
//! its limit of characters just fits, and tags weigh more than policies do.

use std::collections::BTreeMap;

use crate::error::AwsError;

const UNITS: usize = 1024;

/// Percent of the space that is taken; `None` when nothing is.
pub(super) fn size(
    policy: Option<&str>,
    arns: &[String],
    tags: &BTreeMap<String, String>,
) -> Result<Option<usize>, AwsError> {
    let policy = policy.map_or(0, |text| iam::limits::count_policy_characters(text) / 2);
    let arns: usize = arns.iter().map(|arn| arn.len() / 4).sum();
    let tags: usize = tags.iter().map(|(key, value)| 2 * (key.chars().count() + value.chars().count())).sum();
    let units = policy + arns + tags;
    if units == 0 {
        return Ok(None);
    }
    let percent = (units * 100).div_ceil(UNITS);
    if percent > 100 {
        return Err(AwsError::new(
            400,
            "PackedPolicyTooLarge",
            format!(
                "Packed size of session policies and session tags consumes {percent}% of the allotted space."
            ),
        ));
    }
    Ok(Some(percent))
}
