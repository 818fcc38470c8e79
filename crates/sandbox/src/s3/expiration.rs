//! What a bucket's lifecycle says of an object. Nothing expires here; the header tells when it would.

use s3s::dto;
use time::OffsetDateTime;

use super::model::{BucketSettings, Object};
use super::validate_xml;
use crate::encoding::http_date;

/// The value of `x-amz-expiration`, if a rule of the bucket is about the object.
pub(crate) fn of_object(
    settings: &BucketSettings,
    key: &str,
    object: &Object,
    modified: OffsetDateTime,
) -> Option<String> {
    let document = settings.documents.get("lifecycle")?;
    let configuration: dto::BucketLifecycleConfiguration = validate_xml::read(document.as_bytes()).ok()?;
    let dated = configuration
        .rules
        .iter()
        .filter(|rule| rule.status.as_str() == "Enabled" && fits(rule, key, object))
        .filter_map(|rule| Some((expires_at(rule, modified)?, rule.id.clone().unwrap_or_default())));
    // the first to come is what happens
    let (at, id) = dated.min_by_key(|(at, _)| *at)?;
    Some(format!("expiry-date=\"{}\", rule-id=\"{id}\"", http_date(at)))
}

fn expires_at(rule: &dto::LifecycleRule, modified: OffsetDateTime) -> Option<OffsetDateTime> {
    let expiration = rule.expiration.as_ref()?;
    match (&expiration.days, &expiration.date) {
        // the midnight after so many days
        (Some(days), _) => {
            let after = modified.checked_add(time::Duration::days(i64::from(*days) + 1))?;
            Some(after.replace_time(time::Time::MIDNIGHT))
        }
        (None, Some(date)) => Some(date.clone().into()),
        (None, None) => None,
    }
}

fn fits(rule: &dto::LifecycleRule, key: &str, object: &Object) -> bool {
    let starts = |prefix: Option<&String>| prefix.is_none_or(|prefix| key.starts_with(prefix.as_str()));
    let tagged = |tag: &dto::Tag| {
        let name = tag.key.clone().unwrap_or_default();
        object.facts.tags.get(&name) == Some(&tag.value.clone().unwrap_or_default())
    };
    let size = i64::try_from(object.content.length()).unwrap_or(i64::MAX);
    let sized = |above: Option<i64>, below: Option<i64>| {
        above.is_none_or(|above| size > above) && below.is_none_or(|below| size < below)
    };
    // rules of the older form have their prefix beside the filter
    let Some(filter) = &rule.filter else { return starts(rule.prefix.as_ref()) };
    let all = filter.and.as_ref().is_none_or(|and| {
        starts(and.prefix.as_ref())
            && and.tags.iter().flatten().all(tagged)
            && sized(and.object_size_greater_than, and.object_size_less_than)
    });
    all && starts(filter.prefix.as_ref())
        && filter.tag.as_ref().is_none_or(tagged)
        && sized(filter.object_size_greater_than, filter.object_size_less_than)
}
