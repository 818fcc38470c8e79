//! Listings of a bucket: ListObjects, ListObjectsV2 and ListObjectVersions.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto;

use super::model::{Object, Version};
use crate::encoding::percent_encode;
use crate::error::AwsError;
use crate::ids;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// The most entries of one page.
pub(crate) const PAGE_MAX: i32 = 1000;

/// A page of keys.
pub(crate) struct Page<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) common_prefixes: Vec<String>,
    pub(crate) truncated: bool,
    /// the last key or common prefix of the page
    pub(crate) last: Option<String>,
}

/// Walks keys in order, folding those below a delimiter into common prefixes.
/// `start` is where the walk begins; keys that `skip` names are passed over without counting.
pub(crate) fn walk<V, T>(
    keys: &BTreeMap<String, V>,
    prefix: &str,
    delimiter: Option<&str>,
    after: Option<&str>,
    max: usize,
    mut entry: impl FnMut(&str, &V) -> Option<T>,
) -> Page<T> {
    let mut page = Page { entries: Vec::new(), common_prefixes: Vec::new(), truncated: false, last: None };
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty());
    let mut from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after.to_owned()),
        _ => Bound::Included(prefix.to_owned()),
    };
    loop {
        let mut next_from = None;
        for (key, value) in keys.range((from.clone(), Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(prefix) else {
                // all keys with the prefix stand together
                return page;
            };
            let folded = delimiter.and_then(|delimiter| {
                rest.find(delimiter).map(|position| {
                    let end = prefix.len() + position + delimiter.len();
                    key.get(..end).unwrap_or(key).to_owned()
                })
            });
            if let Some(common) = folded {
                let behind = after_prefix(&common);
                // a marker inside a common prefix, or on it, has passed all of it
                let passed = after.is_some_and(|after| after.starts_with(&common));
                if !passed && keys_visible(keys, &common, &mut entry) {
                    if page.entries.len() + page.common_prefixes.len() >= max {
                        page.truncated = true;
                        return page;
                    }
                    page.last = Some(common.clone());
                    page.common_prefixes.push(common);
                }
                match behind {
                    Some(behind) => next_from = Some(Bound::Included(behind)),
                    None => return page,
                }
                break;
            }
            let Some(shown) = entry(key, value) else { continue };
            if page.entries.len() + page.common_prefixes.len() >= max {
                page.truncated = true;
                return page;
            }
            page.last = Some(key.clone());
            page.entries.push(shown);
        }
        match next_from {
            Some(next) => from = next,
            None => return page,
        }
    }
}

fn keys_visible<V, T>(
    keys: &BTreeMap<String, V>,
    common: &str,
    entry: &mut impl FnMut(&str, &V) -> Option<T>,
) -> bool {
    keys.range::<str, _>((Bound::Included(common), Bound::Unbounded))
        .take_while(|(key, _)| key.starts_with(common))
        .any(|(key, value)| entry(key, value).is_some())
}

/// The first text behind everything that starts with `prefix`.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            '\u{10FFFF}' => None,
            other => char::from_u32(u32::from(other) + 1),
        };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// `max-keys` and its like: absent is a full page, more is cut, less than nothing refused.
pub(crate) fn page_size(given: Option<i32>, name: &'static str) -> Result<i32, AwsError> {
    match given {
        None => Ok(PAGE_MAX),
        Some(number) if number < 0 => Err(AwsError::new(
            400,
            "InvalidArgument",
            format!("Argument {name} must be an integer between 0 and 2147483647"),
        )
        .detail("ArgumentName", name)
        .detail("ArgumentValue", number.to_string())),
        Some(number) => Ok(number.min(PAGE_MAX)),
    }
}

/// Encodes names for answers where the request asks for it.
#[derive(Clone, Copy)]
pub(crate) struct NameEncoding {
    url: bool,
}

impl NameEncoding {
    pub(crate) fn from_request(request: &RequestContext) -> Result<Self, AwsError> {
        match request.query_value("encoding-type") {
            None => Ok(Self { url: false }),
            Some("url") => Ok(Self { url: true }),
            Some(other) => {
                Err(AwsError::new(400, "InvalidArgument", "Invalid Encoding Method specified in Request")
                    .detail("ArgumentName", "encoding-type")
                    .detail("ArgumentValue", other))
            }
        }
    }

    pub(crate) fn apply(self, text: &str) -> String {
        if self.url { percent_encode(text.as_bytes(), true) } else { text.to_owned() }
    }

    pub(crate) fn dto(self) -> Option<dto::EncodingType> {
        self.url.then(|| dto::EncodingType::from_static(dto::EncodingType::URL))
    }

    pub(crate) fn prefixes(self, prefixes: &[String]) -> Vec<dto::CommonPrefix> {
        prefixes.iter().map(|prefix| dto::CommonPrefix { prefix: Some(self.apply(prefix)) }).collect()
    }
}

/// An owner as listings show it.
pub(crate) fn owner(cloud: &Cloud, account: &str) -> dto::Owner {
    let name = cloud.identities.latest().account(account).map(|account| account.name.clone());
    dto::Owner { display_name: name, id: Some(ids::canonical_user_id(account)) }
}

fn shown_object(encoding: NameEncoding, key: &str, version: &Version, object: &Object) -> dto::Object {
    let mut shown = dto::Object {
        key: Some(encoding.apply(key)),
        size: i64::try_from(object.content.length()).ok(),
        e_tag: Some(dto::ETag::Strong(object.facts.etag.clone())),
        last_modified: Some(version.modified.into()),
        storage_class: Some(
            object.facts.description.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()).into(),
        ),
        ..dto::Object::default()
    };
    if let Some(checksum) = &object.facts.checksum {
        shown.checksum_algorithm = Some(vec![checksum.algorithm.as_str().to_owned().into()]);
        shown.checksum_type = Some(checksum.kind.as_str().to_owned().into());
    }
    shown
}

/// Whether XML can hold the text as it is.
fn is_plain(text: &str) -> bool {
    text.chars().all(|character| character >= ' ' || matches!(character, '\t' | '\n'))
}

/// ListObjects.
pub(crate) fn list_objects(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::ListObjectsInput,
) -> Result<dto::ListObjectsOutput, AwsError> {
    let encoding = NameEncoding::from_request(request)?;
    let max = page_size(input.max_keys, "maxKeys")?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let marker = input.marker.clone().unwrap_or_default();
    let page = objects_page(
        cloud,
        &input.bucket,
        &prefix,
        input.delimiter.as_deref(),
        Some(&marker),
        max,
        encoding,
        true,
    )?;
    let delimiter = input.delimiter.clone().filter(|delimiter| !delimiter.is_empty());
    Ok(dto::ListObjectsOutput {
        name: Some(input.bucket.clone()),
        // the SDKs that ask for encoded names by themselves do not decode this one
        prefix: Some(if is_plain(&prefix) { prefix } else { encoding.apply(&prefix) }),
        marker: Some(encoding.apply(&marker)),
        max_keys: Some(max),
        is_truncated: Some(page.truncated),
        // without a delimiter, the last key is the marker and S3 says nothing
        next_marker: page
            .last
            .filter(|_| page.truncated && delimiter.is_some())
            .map(|last| encoding.apply(&last)),
        delimiter: delimiter.map(|delimiter| encoding.apply(&delimiter)),
        contents: Some(page.entries),
        common_prefixes: Some(encoding.prefixes(&page.common_prefixes)),
        encoding_type: encoding.dto(),
        ..dto::ListObjectsOutput::default()
    })
}

/// ListObjectsV2.
pub(crate) fn list_objects_v2(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::ListObjectsV2Input,
) -> Result<dto::ListObjectsV2Output, AwsError> {
    let encoding = NameEncoding::from_request(request)?;
    let max = page_size(input.max_keys, "maxKeys")?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = match &input.continuation_token {
        Some(token) if !token.is_empty() => Some(read_token(token)?),
        _ => input.start_after.clone(),
    };
    let owners = input.fetch_owner == Some(true);
    let page = objects_page(
        cloud,
        &input.bucket,
        &prefix,
        input.delimiter.as_deref(),
        after.as_deref(),
        max,
        encoding,
        owners,
    )?;
    let delimiter = input.delimiter.clone().filter(|delimiter| !delimiter.is_empty());
    Ok(dto::ListObjectsV2Output {
        name: Some(input.bucket.clone()),
        prefix: Some(encoding.apply(&prefix)),
        max_keys: Some(max),
        key_count: i32::try_from(page.entries.len() + page.common_prefixes.len()).ok(),
        continuation_token: input.continuation_token.clone(),
        is_truncated: Some(page.truncated),
        next_continuation_token: page.last.filter(|_| page.truncated).map(|last| token(&last)),
        start_after: input.start_after.as_ref().map(|start| encoding.apply(start)),
        delimiter: delimiter.map(|delimiter| encoding.apply(&delimiter)),
        contents: Some(page.entries),
        common_prefixes: Some(encoding.prefixes(&page.common_prefixes)),
        encoding_type: encoding.dto(),
        ..dto::ListObjectsV2Output::default()
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parameters of a listing, each from another place of the request"
)]
fn objects_page(
    cloud: &Cloud,
    bucket: &str,
    prefix: &str,
    delimiter: Option<&str>,
    after: Option<&str>,
    max: i32,
    encoding: NameEncoding,
    owners: bool,
) -> Result<Page<dto::Object>, AwsError> {
    let max = usize::try_from(max).unwrap_or(0);
    let mut page = cloud.buckets.read(bucket, |bucket| {
        Ok(walk(
            &bucket.objects,
            prefix,
            delimiter,
            after.filter(|after| !after.is_empty()),
            max,
            |key, versions| {
                let version = versions.first()?;
                let object = version.object.as_ref()?;
                Some((shown_object(encoding, key, version, object), version.owner.clone()))
            },
        ))
    })?;
    if max == 0 {
        page.truncated = false;
    }
    let entries = page
        .entries
        .into_iter()
        .map(|(mut shown, account)| {
            shown.owner = owners.then(|| owner(cloud, &account));
            shown
        })
        .collect();
    Ok(Page { entries, common_prefixes: page.common_prefixes, truncated: page.truncated, last: page.last })
}

fn token(key: &str) -> String {
    format!("1{}", URL_SAFE_NO_PAD.encode(key))
}

fn read_token(token: &str) -> Result<String, AwsError> {
    token
        .strip_prefix('1')
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            AwsError::new(400, "InvalidArgument", "The continuation token provided is incorrect")
                .detail("ArgumentName", "continuation-token")
        })
}

/// ListObjectVersions.
pub(crate) fn list_versions(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::ListObjectVersionsInput,
) -> Result<dto::ListObjectVersionsOutput, AwsError> {
    let encoding = NameEncoding::from_request(request)?;
    let max = page_size(input.max_keys, "maxKeys")?;
    let limit = usize::try_from(max).unwrap_or(0);
    let prefix = input.prefix.clone().unwrap_or_default();
    let key_marker = input.key_marker.clone().unwrap_or_default();
    let version_marker = input.version_id_marker.clone().filter(|marker| !marker.is_empty());
    if version_marker.is_some() && key_marker.is_empty() {
        return Err(AwsError::new(
            400,
            "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.",
        )
        .detail("ArgumentName", "version-id-marker"));
    }
    let delimiter = input.delimiter.clone().filter(|delimiter| !delimiter.is_empty());
    let mut output = dto::ListObjectVersionsOutput {
        name: Some(input.bucket.clone()),
        prefix: Some(encoding.apply(&prefix)),
        key_marker: Some(encoding.apply(&key_marker)),
        version_id_marker: Some(version_marker.clone().unwrap_or_default()),
        max_keys: Some(max),
        delimiter: delimiter.as_ref().map(|delimiter| encoding.apply(delimiter)),
        encoding_type: encoding.dto(),
        is_truncated: Some(false),
        ..dto::ListObjectVersionsOutput::default()
    };
    let (mut versions, mut markers, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
    // what the page ends with: key and version
    let mut last: Option<(String, Option<String>)> = None;
    cloud.buckets.read(&input.bucket, |bucket| {
        let mut shown = 0_usize;
        let begin = if key_marker.as_str() > prefix.as_str() { key_marker.as_str() } else { prefix.as_str() };
        for (key, list) in bucket.objects.range::<str, _>((Bound::Included(begin), Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(prefix.as_str()) else { break };
            if let Some(delimiter) = &delimiter
                && let Some(position) = rest.find(delimiter.as_str())
            {
                let end = prefix.len() + position + delimiter.len();
                let common = key.get(..end).unwrap_or(key).to_owned();
                if key_marker.starts_with(&common) || prefixes.last() == Some(&common) {
                    continue;
                }
                if shown >= limit {
                    output.is_truncated = Some(true);
                    break;
                }
                shown += 1;
                last = Some((common.clone(), None));
                prefixes.push(common);
                continue;
            }
            let mut skipping = *key == key_marker;
            if skipping && version_marker.is_none() {
                continue;
            }
            for (index, version) in list.iter().enumerate() {
                if skipping {
                    skipping = Some(&version.id) != version_marker.as_ref();
                    continue;
                }
                if shown >= limit {
                    output.is_truncated = Some(true);
                    break;
                }
                shown += 1;
                last = Some((key.clone(), Some(version.id.clone())));
                add_version(cloud, encoding, key, version, index == 0, &mut versions, &mut markers);
            }
            if output.is_truncated == Some(true) {
                break;
            }
        }
        Ok(())
    })?;
    if limit == 0 {
        output.is_truncated = Some(false);
    }
    if output.is_truncated == Some(true)
        && let Some((key, version)) = last
    {
        output.next_key_marker = Some(encoding.apply(&key));
        output.next_version_id_marker = version;
    }
    output.common_prefixes = Some(encoding.prefixes(&prefixes));
    output.versions = Some(versions);
    output.delete_markers = Some(markers);
    Ok(output)
}

fn add_version(
    cloud: &Cloud,
    encoding: NameEncoding,
    key: &str,
    version: &Version,
    is_latest: bool,
    versions: &mut Vec<dto::ObjectVersion>,
    markers: &mut Vec<dto::DeleteMarkerEntry>,
) {
    let owner = Some(owner(cloud, &version.owner));
    match &version.object {
        Some(object) => {
            let shown = shown_object(encoding, key, version, object);
            versions.push(dto::ObjectVersion {
                key: shown.key,
                size: shown.size,
                e_tag: shown.e_tag,
                last_modified: shown.last_modified,
                storage_class: Some("STANDARD".to_owned().into()),
                checksum_algorithm: shown.checksum_algorithm,
                checksum_type: shown.checksum_type,
                is_latest: Some(is_latest),
                version_id: Some(version.id.clone()),
                owner,
                ..dto::ObjectVersion::default()
            });
        }
        None => markers.push(dto::DeleteMarkerEntry {
            key: Some(encoding.apply(key)),
            is_latest: Some(is_latest),
            last_modified: Some(version.modified.into()),
            version_id: Some(version.id.clone()),
            owner,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> BTreeMap<String, ()> {
        names.iter().map(|name| ((*name).to_owned(), ())).collect()
    }

    fn page(
        names: &[&str],
        prefix: &str,
        delimiter: Option<&str>,
        after: Option<&str>,
        max: usize,
    ) -> (Vec<String>, Vec<String>, bool) {
        let page = walk(&keys(names), prefix, delimiter, after, max, |key, ()| Some(key.to_owned()));
        (page.entries, page.common_prefixes, page.truncated)
    }

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn folds_and_pages() {
        let names = ["a", "b/1", "b/2", "c", "d/x/y", "e"];
        assert_eq!(
            page(&names, "", Some("/"), None, 10),
            (texts(&["a", "c", "e"]), texts(&["b/", "d/"]), false)
        );
        assert_eq!(page(&names, "", Some("/"), None, 2), (texts(&["a"]), texts(&["b/"]), true));
        assert_eq!(page(&names, "", Some("/"), Some("b/"), 2), (texts(&["c"]), texts(&["d/"]), true));
        assert_eq!(page(&names, "b/", Some("/"), None, 10), (texts(&["b/1", "b/2"]), vec![], false));
        assert_eq!(page(&names, "d/", Some("/"), None, 10), (vec![], texts(&["d/x/"]), false));
        assert_eq!(page(&names, "", None, Some("c"), 10), (texts(&["d/x/y", "e"]), vec![], false));
        assert_eq!(page(&names, "zzz", None, None, 10), (vec![], vec![], false));
        assert!(!page(&names, "", None, None, 6).2);
        assert!(page(&names, "", None, None, 5).2);
    }

    #[test]
    fn what_follows_a_prefix() {
        assert_eq!(after_prefix("a/"), Some("a0".to_owned()));
        assert_eq!(after_prefix("\u{10FFFF}"), None);
    }
}
