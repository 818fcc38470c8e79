//! Documents that are stored and given back: each is read as the type S3 gives it, and written anew.

use s3s::dto;
use s3s::xml::{Deserialize, Deserializer, Serialize, Serializer};

use super::tagging::malformed_xml;
use crate::error::AwsError;
use crate::ids;

const NAMESPACE: &str = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// Reads a document of a sub-resource and gives it as it will be answered.
pub(crate) fn normalize(subresource: &str, body: &[u8]) -> Result<String, AwsError> {
    match subresource {
        "cors" => {
            let configuration: dto::CORSConfiguration = read(body)?;
            check_cors(&configuration)?;
            write(&configuration)
        }
        "lifecycle" => {
            let mut configuration: dto::BucketLifecycleConfiguration = read(body)?;
            check_lifecycle(&mut configuration)?;
            write(&configuration)
        }
        "encryption" => {
            let configuration: dto::ServerSideEncryptionConfiguration = read(body)?;
            check_encryption(&configuration)?;
            write(&configuration)
        }
        "website" => round_trip::<dto::WebsiteConfiguration>(body),
        "logging" => round_trip::<dto::BucketLoggingStatus>(body),
        "notification" => round_trip::<dto::NotificationConfiguration>(body),
        "replication" => round_trip::<dto::ReplicationConfiguration>(body),
        "accelerate" => {
            let configuration: dto::AccelerateConfiguration = read(body)?;
            one_of(
                configuration.status.as_ref().map(dto::BucketAccelerateStatus::as_str),
                &["Enabled", "Suspended"],
            )?;
            write(&configuration)
        }
        "requestPayment" => {
            let configuration: dto::RequestPaymentConfiguration = read(body)?;
            one_of(Some(configuration.payer.as_str()), &["Requester", "BucketOwner"])?;
            write(&configuration)
        }
        "object-lock" => {
            let configuration: dto::ObjectLockConfiguration = read(body)?;
            check_object_lock(&configuration)?;
            write(&configuration)
        }
        "analytics" => round_trip::<dto::AnalyticsConfiguration>(body),
        "metrics" => round_trip::<dto::MetricsConfiguration>(body),
        "inventory" => round_trip::<dto::InventoryConfiguration>(body),
        "intelligent-tiering" => round_trip::<dto::IntelligentTieringConfiguration>(body),
        _ => Err(malformed_xml()),
    }
}

/// Reads a document.
pub(crate) fn read<T: for<'xml> Deserialize<'xml>>(body: &[u8]) -> Result<T, AwsError> {
    let mut deserializer = Deserializer::new(body);
    let value = T::deserialize(&mut deserializer).map_err(|_| malformed_xml())?;
    deserializer.expect_eof().map_err(|_| malformed_xml())?;
    Ok(value)
}

/// Writes a document, with S3's namespace on its root.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<String, AwsError> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::new(&mut out)).map_err(AwsError::internal)?;
    let text = String::from_utf8(out).map_err(AwsError::internal)?;
    let Some(end) = text.find(['>', '/']) else { return Ok(text) };
    let (name, rest) = text.split_at(end);
    Ok(if name.contains("xmlns") { text } else { format!("{name}{NAMESPACE}{rest}") })
}

fn round_trip<T: for<'xml> Deserialize<'xml> + Serialize>(body: &[u8]) -> Result<String, AwsError> {
    write(&read::<T>(body)?)
}

fn one_of(value: Option<&str>, allowed: &[&str]) -> Result<(), AwsError> {
    if value.is_some_and(|value| allowed.contains(&value)) { Ok(()) } else { Err(malformed_xml()) }
}

fn check_cors(configuration: &dto::CORSConfiguration) -> Result<(), AwsError> {
    if configuration.cors_rules.is_empty() || configuration.cors_rules.len() > 100 {
        return Err(malformed_xml());
    }
    for rule in &configuration.cors_rules {
        if rule.allowed_origins.is_empty() || rule.allowed_methods.is_empty() {
            return Err(malformed_xml());
        }
        for method in &rule.allowed_methods {
            if !["GET", "PUT", "POST", "DELETE", "HEAD"].contains(&method.as_str()) {
                return Err(AwsError::new(
                    400,
                    "InvalidRequest",
                    format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}"),
                ));
            }
        }
        if rule.allowed_origins.iter().any(|origin| origin.matches('*').count() > 1) {
            return Err(AwsError::new(
                400,
                "InvalidRequest",
                "AllowedOrigin can not have more than one wildcard.",
            ));
        }
    }
    Ok(())
}

fn check_lifecycle(configuration: &mut dto::BucketLifecycleConfiguration) -> Result<(), AwsError> {
    if configuration.rules.is_empty() || configuration.rules.len() > 1000 {
        return Err(malformed_xml());
    }
    let mut names = std::collections::HashSet::new();
    for rule in &mut configuration.rules {
        one_of(Some(rule.status.as_str()), &["Enabled", "Disabled"])?;
        let id = rule.id.get_or_insert_with(|| ids::opaque(36)).clone();
        if id.chars().count() > 255 {
            return Err(AwsError::new(
                400,
                "InvalidArgument",
                "ID length should not exceed allowed limit of 255",
            ));
        }
        if !names.insert(id) {
            return Err(AwsError::new(
                400,
                "InvalidArgument",
                "Rule ID must be unique. Found same ID for more than one rule",
            ));
        }
        let acts = rule.expiration.is_some()
            || rule.abort_incomplete_multipart_upload.is_some()
            || rule.noncurrent_version_expiration.is_some()
            || rule.noncurrent_version_transitions.is_some()
            || rule.transitions.is_some();
        if !acts {
            return Err(AwsError::new(
                400,
                "InvalidRequest",
                "At least one action needs to be specified in a rule",
            ));
        }
        if rule.filter.is_none() && rule.prefix.is_none() {
            return Err(malformed_xml());
        }
        if let Some(expiration) = &rule.expiration {
            if expiration.days.is_some_and(|days| days <= 0) {
                return Err(AwsError::new(
                    400,
                    "InvalidArgument",
                    "'Days' for Expiration action must be a positive integer",
                ));
            }
            if let Some(date) = &expiration.date {
                let date: time::OffsetDateTime = date.clone().into();
                if date.time() != time::Time::MIDNIGHT {
                    return Err(AwsError::new(400, "InvalidArgument", "'Date' must be at midnight GMT"));
                }
            }
        }
    }
    Ok(())
}

fn check_encryption(configuration: &dto::ServerSideEncryptionConfiguration) -> Result<(), AwsError> {
    if configuration.rules.len() != 1 {
        return Err(malformed_xml());
    }
    for rule in &configuration.rules {
        if let Some(default) = &rule.apply_server_side_encryption_by_default {
            let algorithm = default.sse_algorithm.as_str();
            one_of(Some(algorithm), &["AES256", "aws:kms", "aws:kms:dsse"])?;
            if algorithm == "AES256" && default.kms_master_key_id.is_some() {
                return Err(AwsError::new(
                    400,
                    "InvalidArgument",
                    "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                ));
            }
        }
    }
    Ok(())
}

fn check_object_lock(configuration: &dto::ObjectLockConfiguration) -> Result<(), AwsError> {
    one_of(configuration.object_lock_enabled.as_ref().map(dto::ObjectLockEnabled::as_str), &["Enabled"])?;
    let Some(rule) = &configuration.rule else { return Ok(()) };
    let Some(default) = &rule.default_retention else { return Err(malformed_xml()) };
    one_of(default.mode.as_ref().map(dto::ObjectLockRetentionMode::as_str), &["GOVERNANCE", "COMPLIANCE"])?;
    let period = match (default.days, default.years) {
        (Some(days), None) => days,
        (None, Some(years)) => years,
        _ => return Err(malformed_xml()),
    };
    if period <= 0 {
        return Err(AwsError::new(
            400,
            "InvalidArgument",
            "Default retention period must be a positive integer value.",
        ));
    }
    Ok(())
}
