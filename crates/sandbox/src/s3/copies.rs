//! Many keys with one content, made at once: for tests and measurements of long listings.

use crate::error::AwsError;
use crate::s3::store::no_such_key;
use crate::sandbox::Cloud;

/// More copies than this are refused.
pub(crate) const COPIES_MAX: u32 = 2_000_000;

/// Makes `PREFIX0000000.SUFFIX` and so on of an object, with the suffix of its key. They share its bytes.
pub(crate) fn copy_many(
    cloud: &Cloud,
    bucket: &str,
    key: &str,
    prefix: &str,
    count: u32,
) -> Result<(), AwsError> {
    let now = cloud.clock.now();
    let suffix = key.rsplit_once('.').map(|(_, suffix)| format!(".{suffix}")).unwrap_or_default();
    cloud.buckets.change(bucket, |bucket, dirty| {
        let (version, object) = bucket.latest_object(key).ok_or_else(|| no_such_key(key))?;
        let (owner, object) = (version.owner.clone(), object.clone());
        for number in 0..count.min(COPIES_MAX) {
            bucket.add_version(
                &format!("{prefix}{number:07}{suffix}"),
                Some(object.clone()),
                &owner,
                now,
                dirty,
            );
        }
        Ok(())
    })
}
