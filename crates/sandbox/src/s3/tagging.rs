//! Tags of buckets and objects.

use std::collections::BTreeMap;

use s3s::dto;

use crate::encoding::parse_query;
use crate::error::AwsError;

const OBJECT_TAGS_MAX: usize = 10;
const BUCKET_TAGS_MAX: usize = 50;

/// Reads `key=value&key=value`.
pub(crate) fn parse_header(header: &str) -> Result<BTreeMap<String, String>, AwsError> {
    check(parse_query(header), OBJECT_TAGS_MAX)
}

/// Reads the tags of an object from a document.
pub(crate) fn object_tags(tagging: dto::Tagging) -> Result<BTreeMap<String, String>, AwsError> {
    check(pairs(tagging)?, OBJECT_TAGS_MAX)
}

/// Reads the tags of a bucket from a document.
pub(crate) fn bucket_tags(tagging: dto::Tagging) -> Result<BTreeMap<String, String>, AwsError> {
    check(pairs(tagging)?, BUCKET_TAGS_MAX)
}

fn pairs(tagging: dto::Tagging) -> Result<Vec<(String, String)>, AwsError> {
    tagging
        .tag_set
        .into_iter()
        .map(|tag| match (tag.key, tag.value) {
            (Some(key), Some(value)) => Ok((key, value)),
            _ => Err(malformed_xml()),
        })
        .collect()
}

/// The tags as a document lists them.
pub(crate) fn tag_set(tags: &BTreeMap<String, String>) -> Vec<dto::Tag> {
    tags.iter().map(|(key, value)| dto::Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

pub(crate) fn malformed_xml() -> AwsError {
    AwsError::new(
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

fn check(pairs: Vec<(String, String)>, max: usize) -> Result<BTreeMap<String, String>, AwsError> {
    if pairs.len() > max {
        let message = if max == OBJECT_TAGS_MAX {
            "Object tags cannot be greater than 10"
        } else {
            "Bucket tag count cannot be greater than 50"
        };
        return Err(AwsError::new(
            400,
            if max == OBJECT_TAGS_MAX { "BadRequest" } else { "InvalidTag" },
            message,
        ));
    }
    let invalid = |message: &str, key: &str| AwsError::new(400, "InvalidTag", message).detail("TagKey", key);
    let mut tags = BTreeMap::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > 128 || !allowed(&key) {
            return Err(invalid("The TagKey you have provided is invalid", &key));
        }
        if value.chars().count() > 256 || !allowed(&value) {
            return Err(invalid("The TagValue you have provided is invalid", &key).detail("TagValue", value));
        }
        if key.starts_with("aws:") {
            return Err(invalid("System tags cannot be added/updated by requester", &key));
        }
        if tags.insert(key.clone(), value).is_some() {
            return Err(invalid("Cannot provide multiple Tags with the same key", &key));
        }
    }
    Ok(tags)
}

fn allowed(text: &str) -> bool {
    text.chars().all(|character| character.is_alphanumeric() || " +-=._:/@".contains(character))
}
