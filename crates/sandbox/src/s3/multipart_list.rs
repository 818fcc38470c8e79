//! ListParts and ListMultipartUploads.

use s3s::dto;

use super::list::{self, NameEncoding};
use super::model::UploadFacts;
use super::multipart::no_such_upload;
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// ListParts.
pub(crate) fn list_parts(
    cloud: &Cloud,
    input: &dto::ListPartsInput,
) -> Result<dto::ListPartsOutput, AwsError> {
    let max = list::page_size(input.max_parts, "max-parts")?;
    let marker = input.part_number_marker.unwrap_or(0).max(0);
    let name = (input.key.clone(), input.upload_id.clone());
    let upload = cloud.buckets.read(&input.bucket, |bucket| {
        bucket.uploads.get(&name).cloned().ok_or_else(|| no_such_upload(&input.upload_id))
    })?;
    let named = upload.facts.checksum_algorithm.is_some();
    let mut parts = Vec::new();
    let mut truncated = false;
    for (number, part) in upload.parts.iter().filter(|(number, _)| i32::from(**number) > marker) {
        if parts.len() >= usize::try_from(max).unwrap_or(0) {
            truncated = true;
            break;
        }
        let mut shown = dto::Part {
            part_number: Some(i32::from(*number)),
            size: i64::try_from(part.content.length()).ok(),
            e_tag: Some(dto::ETag::Strong(part.etag.clone())),
            last_modified: Some(part.modified.into()),
            ..dto::Part::default()
        };
        if let Some(checksum) = part.checksum.as_ref().filter(|_| named) {
            super::backend::set_checksum!(shown, checksum);
        }
        parts.push(shown);
    }
    let last = parts.last().and_then(|part| part.part_number).unwrap_or(0);
    Ok(dto::ListPartsOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        upload_id: Some(input.upload_id.clone()),
        max_parts: Some(max),
        part_number_marker: Some(marker),
        next_part_number_marker: Some(last),
        is_truncated: Some(truncated),
        initiator: Some(initiator(&upload.facts)),
        owner: Some(list::owner(cloud, &upload.facts.owner)),
        storage_class: Some(storage_class(&upload.facts).into()),
        checksum_algorithm: upload
            .facts
            .checksum_algorithm
            .map(|algorithm| algorithm.as_str().to_owned().into()),
        checksum_type: upload.facts.checksum_type.map(|kind| kind.as_str().to_owned().into()),
        parts: Some(parts),
        ..dto::ListPartsOutput::default()
    })
}

fn initiator(facts: &UploadFacts) -> dto::Initiator {
    dto::Initiator { display_name: Some(facts.initiator.clone()), id: Some(facts.initiator_arn.clone()) }
}

fn storage_class(facts: &UploadFacts) -> String {
    facts.description.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned())
}

/// ListMultipartUploads.
pub(crate) fn list_uploads(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::ListMultipartUploadsInput,
) -> Result<dto::ListMultipartUploadsOutput, AwsError> {
    let encoding = NameEncoding::from_request(request)?;
    let max = list::page_size(input.max_uploads, "max-uploads")?;
    let limit = usize::try_from(max).unwrap_or(0);
    let prefix = input.prefix.clone().unwrap_or_default();
    let key_marker = input.key_marker.clone().unwrap_or_default();
    let id_marker = input.upload_id_marker.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().filter(|delimiter| !delimiter.is_empty());
    let facts: Vec<UploadFacts> = cloud.buckets.read(&input.bucket, |bucket| {
        let mut all: Vec<UploadFacts> = bucket.uploads.values().map(|upload| upload.facts.clone()).collect();
        all.sort_by(|a, b| (&a.key, a.initiated, &a.id).cmp(&(&b.key, b.initiated, &b.id)));
        Ok(all)
    })?;
    let (mut uploads, mut prefixes) = (Vec::new(), Vec::<String>::new());
    let mut truncated = false;
    let mut last = (String::new(), String::new());
    let mut behind_id = id_marker.is_empty();
    for upload in &facts {
        let Some(rest) = upload.key.strip_prefix(prefix.as_str()) else { continue };
        if upload.key < key_marker {
            continue;
        }
        if upload.key == key_marker {
            // uploads of the marker's key follow only behind the marker's upload
            if id_marker.is_empty() || !behind_id {
                behind_id = behind_id || upload.id == id_marker;
                continue;
            }
        }
        let common = delimiter.as_ref().and_then(|delimiter| {
            let position = rest.find(delimiter.as_str())?;
            upload.key.get(..prefix.len() + position + delimiter.len()).map(str::to_owned)
        });
        if let Some(common) = common {
            if prefixes.last() == Some(&common) || key_marker.starts_with(&common) {
                continue;
            }
            if uploads.len() + prefixes.len() >= limit {
                truncated = true;
                break;
            }
            last = (common.clone(), String::new());
            prefixes.push(common);
            continue;
        }
        if uploads.len() + prefixes.len() >= limit {
            truncated = true;
            break;
        }
        last = (upload.key.clone(), upload.id.clone());
        uploads.push(dto::MultipartUpload {
            key: Some(encoding.apply(&upload.key)),
            upload_id: Some(upload.id.clone()),
            initiated: Some(upload.initiated.into()),
            initiator: Some(initiator(upload)),
            owner: Some(list::owner(cloud, &upload.owner)),
            storage_class: Some(storage_class(upload).into()),
            checksum_algorithm: upload
                .checksum_algorithm
                .map(|algorithm| algorithm.as_str().to_owned().into()),
            checksum_type: upload.checksum_type.map(|kind| kind.as_str().to_owned().into()),
        });
    }
    Ok(dto::ListMultipartUploadsOutput {
        bucket: Some(input.bucket.clone()),
        prefix: Some(encoding.apply(&prefix)),
        key_marker: Some(encoding.apply(&key_marker)),
        upload_id_marker: Some(id_marker),
        delimiter: delimiter.map(|delimiter| encoding.apply(&delimiter)),
        encoding_type: encoding.dto(),
        max_uploads: Some(max),
        is_truncated: Some(truncated && limit > 0),
        next_key_marker: (truncated && limit > 0).then(|| encoding.apply(&last.0)),
        next_upload_id_marker: (truncated && limit > 0).then_some(last.1),
        uploads: Some(uploads),
        common_prefixes: Some(encoding.prefixes(&prefixes)),
        ..dto::ListMultipartUploadsOutput::default()
    })
}
