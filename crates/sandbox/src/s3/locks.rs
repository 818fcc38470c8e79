//! Object Lock: retention and legal holds keep versions from being deleted.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::model::{BucketSettings, Object};
use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::request::RequestContext;

/// What protects a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Locks {
    pub(crate) retention: Option<Retention>,
    pub(crate) legal_hold: Option<bool>,
}

/// Until when a version is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retention {
    /// `GOVERNANCE` or `COMPLIANCE`
    pub(crate) mode: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) until: OffsetDateTime,
}

impl Locks {
    /// What a write asks for, or the bucket's default retention.
    pub(crate) fn from_request(request: &RequestContext, bucket: &BucketSettings) -> Result<Self, AwsError> {
        let mode = request.header("x-amz-object-lock-mode");
        let until = request.header("x-amz-object-lock-retain-until-date");
        let hold = request.header("x-amz-object-lock-legal-hold");
        if !bucket.object_lock {
            if mode.is_some() || until.is_some() || hold.is_some() {
                return Err(AwsError::new(
                    400,
                    "InvalidRequest",
                    "Bucket is missing Object Lock Configuration",
                ));
            }
            return Ok(Self::default());
        }
        let retention = match (mode, until) {
            (None, None) => default_retention(bucket, request.now),
            (Some(mode), Some(until)) => Some(parse_retention(mode, until, request.now)?),
            _ => {
                return Err(AwsError::new(
                    400,
                    "InvalidArgument",
                    "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
                ));
            }
        };
        let legal_hold = match hold {
            None => None,
            Some("ON") => Some(true),
            Some("OFF") => Some(false),
            Some(other) => {
                return Err(AwsError::new(
                    400,
                    "InvalidArgument",
                    "Legal Hold must be either of 'ON' or 'OFF'",
                )
                .detail("ArgumentValue", other));
            }
        };
        Ok(Self { retention, legal_hold })
    }

    /// Whether the version may be deleted now.
    pub(crate) fn check_delete(&self, bypass_governance: bool, now: OffsetDateTime) -> Result<(), AwsError> {
        let held = self.legal_hold == Some(true);
        let retained = self.retention.as_ref().is_some_and(|retention| {
            retention.until > now && !(bypass_governance && retention.mode == "GOVERNANCE")
        });
        if held || retained {
            return Err(AwsError::new(
                403,
                "AccessDenied",
                "Access Denied because object protected by object lock.",
            ));
        }
        Ok(())
    }

    /// The headers that tell of it.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if let Some(retention) = &self.retention {
            headers.push(("x-amz-object-lock-mode", retention.mode.clone()));
            headers.push(("x-amz-object-lock-retain-until-date", iso_seconds(retention.until)));
        }
        if let Some(held) = self.legal_hold {
            headers.push(("x-amz-object-lock-legal-hold", if held { "ON" } else { "OFF" }.to_owned()));
        }
        headers
    }
}

/// Reads a retention and insists on a time to come.
pub(crate) fn parse_retention(mode: &str, until: &str, now: OffsetDateTime) -> Result<Retention, AwsError> {
    if mode != "GOVERNANCE" && mode != "COMPLIANCE" {
        return Err(AwsError::new(400, "InvalidArgument", "Unknown wormMode directive.")
            .detail("ArgumentValue", mode));
    }
    let until =
        OffsetDateTime::parse(until, &time::format_description::well_known::Rfc3339).map_err(|_| {
            AwsError::new(400, "InvalidArgument", "The retain until date must be provided in ISO 8601 format")
        })?;
    if until <= now {
        return Err(AwsError::new(400, "InvalidArgument", "The retain until date must be in the future!"));
    }
    Ok(Retention { mode: mode.to_owned(), until })
}

fn default_retention(bucket: &BucketSettings, now: OffsetDateTime) -> Option<Retention> {
    let document = bucket.documents.get("object-lock")?;
    let text = |name: &str| crate::xml::first_text(document, name);
    let days: i64 = match (text("Days"), text("Years")) {
        (Some(days), _) => days.parse().ok()?,
        (None, Some(years)) => years.parse::<i64>().ok()? * 365,
        (None, None) => return None,
    };
    Some(Retention { mode: text("Mode")?, until: now + time::Duration::days(days) })
}

/// Puts a new retention on a version, within what the old one allows.
pub(crate) fn change_retention(
    object: &mut Object,
    new: Option<Retention>,
    bypass_governance: bool,
    now: OffsetDateTime,
) -> Result<(), AwsError> {
    if let Some(old) = &object.facts.locks.retention
        && old.until > now
    {
        let longer = new.as_ref().is_some_and(|new| new.until >= old.until);
        let same_mode = new.as_ref().is_some_and(|new| new.mode == old.mode);
        let allowed = match old.mode.as_str() {
            "COMPLIANCE" => longer && same_mode,
            _ => (longer && same_mode) || bypass_governance,
        };
        if !allowed {
            return Err(AwsError::new(
                403,
                "AccessDenied",
                "Access Denied because object protected by object lock.",
            ));
        }
    }
    object.facts.locks.retention = new;
    Ok(())
}
