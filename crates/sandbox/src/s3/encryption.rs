//! Server-side encryption as far as a client can see it: the sandbox keeps no secret from its own machine, so
//! it remembers what was asked for, answers with it, and insists on the customer's key where one was given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use super::kms_use;
use crate::error::AwsError;
use crate::request::RequestContext;

/// How an object is said to be encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`
    pub(crate) algorithm: Option<String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) bucket_key: bool,
    /// MD5 of the customer's key, in base64
    pub(crate) customer_key_md5: Option<String>,
}

const PREFIX: &str = "x-amz-server-side-encryption";

impl Encryption {
    /// What a write asks for, or the bucket's default.
    pub(crate) fn from_request(
        request: &RequestContext,
        region: &str,
        bucket_default: Option<&str>,
    ) -> Result<Self, AwsError> {
        let customer_key_md5 = customer_key(request, &format!("{PREFIX}-customer"))?;
        let algorithm = request.header(PREFIX);
        if customer_key_md5.is_some() {
            if algorithm.is_some() {
                return Err(AwsError::new(
                    400,
                    "InvalidArgument",
                    "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
                ));
            }
            return Ok(Self { customer_key_md5, ..Self::default() });
        }
        let kms_key = request.header("x-amz-server-side-encryption-aws-kms-key-id").map(str::to_owned);
        match algorithm {
            Some(algorithm @ ("aws:kms" | "aws:kms:dsse")) => Ok(Self {
                algorithm: Some(algorithm.to_owned()),
                kms_key: Some(kms_use::remembered_name(request, region, kms_key.as_deref())),
                bucket_key: request.header("x-amz-server-side-encryption-bucket-key-enabled") == Some("true"),
                customer_key_md5: None,
            }),
            Some("AES256") if kms_key.is_some() => Err(kms_key_without_kms()),
            Some("AES256") => Ok(Self { algorithm: Some("AES256".to_owned()), ..Self::default() }),
            Some(other) => {
                Err(AwsError::new(400, "InvalidArgument", "The encryption method specified is not supported")
                    .detail("ArgumentName", PREFIX)
                    .detail("ArgumentValue", other))
            }
            None if kms_key.is_some() => Err(kms_key_without_kms()),
            None => Ok(Self::from_bucket(request, region, bucket_default)),
        }
    }

    fn from_bucket(request: &RequestContext, region: &str, document: Option<&str>) -> Self {
        let text = |name: &str| document.and_then(|document| crate::xml::first_text(document, name));
        let algorithm = text("SSEAlgorithm").unwrap_or_else(|| "AES256".to_owned());
        let kms_key = algorithm
            .starts_with("aws:kms")
            .then(|| kms_use::remembered_name(request, region, text("KMSMasterKeyID").as_deref()));
        let bucket_key = text("BucketKeyEnabled").as_deref() == Some("true");
        Self { algorithm: Some(algorithm), kms_key, bucket_key, customer_key_md5: None }
    }

    /// The headers that tell of it.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if let Some(md5) = &self.customer_key_md5 {
            headers.push(("x-amz-server-side-encryption-customer-algorithm", "AES256".to_owned()));
            headers.push(("x-amz-server-side-encryption-customer-key-md5", md5.clone()));
        }
        if let Some(algorithm) = &self.algorithm {
            headers.push((PREFIX, algorithm.clone()));
        }
        if let Some(key) = &self.kms_key {
            headers.push(("x-amz-server-side-encryption-aws-kms-key-id", key.clone()));
        }
        if self.bucket_key {
            headers.push(("x-amz-server-side-encryption-bucket-key-enabled", "true".to_owned()));
        }
        headers
    }

    /// A reader must bring the customer's key, and only then.
    pub(crate) fn check_reader(&self, request: &RequestContext, prefix: &str) -> Result<(), AwsError> {
        let given = customer_key(request, prefix)?;
        match (&self.customer_key_md5, given) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(AwsError::new(
                400,
                "InvalidRequest",
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
            )),
            (None, Some(_)) => Err(AwsError::new(
                400,
                "InvalidRequest",
                "The encryption parameters are not applicable to this object.",
            )),
            (Some(expected), Some(given)) if *expected == given => Ok(()),
            (Some(_), Some(_)) => Err(AwsError::access_denied()),
        }
    }
}

/// The headers of a request's customer key are complete and fit together; gives the key's MD5.
pub(crate) fn customer_key(request: &RequestContext, prefix: &str) -> Result<Option<String>, AwsError> {
    let header = |name: &str| request.header(&format!("{prefix}-{name}"));
    let (algorithm, key, md5) = (header("algorithm"), header("key"), header("key-md5"));
    let refused = |message: &str| AwsError::new(400, "InvalidArgument", message);
    match (algorithm, key, md5) {
        (None, None, None) => Ok(None),
        (None, ..) => Err(refused(
            "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.",
        )),
        (Some(other), ..) if other != "AES256" => Err(AwsError::new(
            400,
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        )),
        (_, None, _) => Err(refused(
            "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.",
        )),
        (_, _, None) => Err(refused(
            "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.",
        )),
        (_, Some(key), Some(md5)) => {
            let key = STANDARD.decode(key).unwrap_or_default();
            if key.len() != 32 {
                return Err(refused("The secret key was invalid for the specified algorithm."));
            }
            if STANDARD.encode(Md5::digest(&key)) != md5 {
                return Err(refused(
                    "The calculated MD5 hash of the key did not match the hash that was provided.",
                ));
            }
            Ok(Some(md5.to_owned()))
        }
    }
}

fn kms_key_without_kms() -> AwsError {
    AwsError::new(
        400,
        "InvalidArgument",
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
    )
    .detail("ArgumentName", PREFIX)
}
