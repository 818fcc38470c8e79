//! Buckets whose readers pay: whoever is not of the owner's account must say so.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html>

use http::HeaderMap;

use super::model::BucketSettings;
use crate::error::AwsError;
use crate::request::RequestContext;

const NAME: &str = "x-amz-request-payer";

/// Whether the requester pays in this bucket.
pub(crate) fn is_on(settings: &BucketSettings) -> bool {
    let document = settings.documents.get("requestPayment");
    document.and_then(|document| crate::xml::first_text(document, "Payer")).as_deref() == Some("Requester")
}

/// Whether a request says that its sender pays.
pub(crate) fn is_ready(headers: &HeaderMap, query: &[(String, String)]) -> bool {
    let header = headers.get(NAME).and_then(|value| value.to_str().ok());
    let parameter = query.iter().find(|(name, _)| name == NAME).map(|(_, value)| value.as_str());
    header.or(parameter) == Some("requester")
}

/// Refuses those who would have to pay and do not say that they will. The owner's own account always pays.
pub(crate) fn check(request: &RequestContext, settings: &BucketSettings) -> Result<(), AwsError> {
    let is_owner = request.caller.account == settings.account;
    let pays = !request.caller.is_anonymous() && is_ready(&request.headers, &request.query);
    if is_owner || pays || !is_on(settings) { Ok(()) } else { Err(AwsError::access_denied()) }
}
