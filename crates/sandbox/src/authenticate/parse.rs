//! What a request claims about its signature, before any of it is believed.

use time::OffsetDateTime;

use super::caller::AuthenticationMethod;
use super::{Dialect, RequestHead, old_signature};
use crate::encoding;
use crate::error::AwsError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const MAX_EXPIRES_SECONDS: i64 = 604_800;

/// A request's claim.
pub(crate) enum Claim {
    Anonymous,
    Signed(Box<Signed>),
    /// Signature Version 2 in the query; `host_bucket` is the bucket a host name gave
    Old {
        host_bucket: Option<String>,
    },
}

/// A signature and what it says it covers.
pub(crate) struct Signed {
    pub(crate) method: AuthenticationMethod,
    pub(crate) scope: Scope,
    pub(crate) headers: Vec<String>,
    pub(crate) signature: String,
    pub(crate) time: OffsetDateTime,
    pub(crate) expires_seconds: Option<i64>,
}

/// `KEY/20261124/us-east-1/s3/aws4_request`
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) access_key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Scope {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(5, '/');
        let terminator = parts.next()?;
        let service = parts.next()?;
        let region = parts.next()?;
        let date = parts.next()?;
        let access_key_id = parts.next()?;
        let valid = terminator == "aws4_request"
            && date.len() == 8
            && date.bytes().all(|byte| byte.is_ascii_digit())
            && !access_key_id.is_empty()
            && !region.is_empty()
            && !service.is_empty();
        valid.then(|| Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
        })
    }
}

/// The service a signature is for, as far as it can be read; decides which service answers.
pub(crate) fn claimed_service(head: &RequestHead<'_>) -> Option<String> {
    let credential = match head.header("authorization") {
        Some(header) => {
            let (_, rest) = header.split_once("Credential=")?;
            rest.split(',').next()?.trim().to_owned()
        }
        None => head.query_value("X-Amz-Credential")?.to_owned(),
    };
    Scope::parse(&credential).map(|scope| scope.service)
}

/// Reads the claim.
pub(crate) fn claim(head: &RequestHead<'_>, dialect: Dialect) -> Result<Claim, AwsError> {
    let in_query = head.query.iter().any(|(name, _)| {
        name == "X-Amz-Signature" || name == "X-Amz-Algorithm" || name == "X-Amz-Credential"
    });
    let old_query = dialect == Dialect::S3 && old_signature::in_query(head);
    if head.headers.get_all("authorization").iter().count() > 1 {
        return Err(malformed(
            dialect,
            "The authorization header is malformed; only one Authorization header is allowed.",
        ));
    }
    match head.headers.get("authorization") {
        Some(_) if in_query || old_query => Err(AwsError::new(
            400,
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
        )),
        // a header that says nothing is none
        Some(header) if header.as_bytes().trim_ascii().is_empty() => Ok(Claim::Anonymous),
        Some(_) if dialect == Dialect::S3 && old_signature::in_header(head) => {
            Ok(Claim::Old { host_bucket: None })
        }
        Some(header) => {
            let header =
                header.to_str().map_err(|_| malformed(dialect, "The authorization header is malformed."))?;
            from_header(head, header, dialect).map(|signed| Claim::Signed(Box::new(signed)))
        }
        None if in_query => from_query(head, dialect).map(|signed| Claim::Signed(Box::new(signed))),
        None if old_query => Ok(Claim::Old { host_bucket: None }),
        None => Ok(Claim::Anonymous),
    }
}

/// What Signature Version 2 is answered where it is not taken.
pub(crate) fn old_signature_refused() -> AwsError {
    AwsError::new(
        400,
        "InvalidRequest",
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )
}

fn malformed(dialect: Dialect, message: impl Into<String>) -> AwsError {
    match dialect {
        Dialect::S3 => AwsError::new(400, "AuthorizationHeaderMalformed", message),
        Dialect::Query => AwsError::new(400, "IncompleteSignature", message),
    }
}

fn from_header(head: &RequestHead<'_>, header: &str, dialect: Dialect) -> Result<Signed, AwsError> {
    let Some(fields) = header.strip_prefix(ALGORITHM) else {
        return Err(if dialect == Dialect::S3 && header.starts_with("AWS ") {
            AwsError::new(
                400,
                "InvalidArgument",
                "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            )
            .detail("ArgumentName", "Authorization")
        } else if dialect == Dialect::S3 {
            AwsError::new(400, "InvalidArgument", "Unsupported Authorization Type")
                .detail("ArgumentName", "Authorization")
        } else {
            malformed(dialect, "Authorization header requires the AWS4-HMAC-SHA256 algorithm.")
        });
    };
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for field in fields.split(',') {
        match field.trim().split_once('=') {
            Some(("Credential", value)) => credential = Some(value.trim()),
            Some(("SignedHeaders", value)) => signed_headers = Some(value.trim()),
            Some(("Signature", value)) => signature = Some(value.trim()),
            _ => {}
        }
    }
    let missing = |name: &str| {
        malformed(
            dialect,
            match dialect {
                Dialect::S3 => format!("The authorization header is malformed; missing {name}."),
                Dialect::Query => format!("Authorization header requires '{name}' parameter."),
            },
        )
    };
    let credential = credential.ok_or_else(|| missing("Credential"))?;
    let signed_headers = signed_headers.ok_or_else(|| missing("SignedHeaders"))?;
    let signature = signature.ok_or_else(|| missing("Signature"))?;
    let scope = Scope::parse(credential).ok_or_else(|| {
        malformed(dialect, "The authorization header is malformed; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
    })?;
    let time = header_time(head, dialect)?;
    check_scope_date(&scope, time, dialect)?;
    Ok(Signed {
        method: AuthenticationMethod::Header,
        scope,
        headers: split_headers(signed_headers),
        signature: signature.to_owned(),
        time,
        expires_seconds: None,
    })
}

fn header_time(head: &RequestHead<'_>, dialect: Dialect) -> Result<OffsetDateTime, AwsError> {
    let missing = || match dialect {
        Dialect::S3 => AwsError::new(
            403,
            "AccessDenied",
            "AWS authentication requires a valid Date or x-amz-date header",
        ),
        Dialect::Query => malformed(
            dialect,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
    };
    match (head.header("x-amz-date"), head.header("date")) {
        (Some(text), _) => {
            encoding::parse_amz_date(text).or_else(|| encoding::parse_http_date(text)).ok_or_else(missing)
        }
        (None, Some(text)) => {
            encoding::parse_amz_date(text).or_else(|| encoding::parse_http_date(text)).ok_or_else(missing)
        }
        (None, None) => Err(missing()),
    }
}

fn check_scope_date(scope: &Scope, time: OffsetDateTime, dialect: Dialect) -> Result<(), AwsError> {
    let date: String = encoding::amz_date(time).chars().take(8).collect();
    if scope.date == date {
        return Ok(());
    }
    Err(match dialect {
        Dialect::S3 => AwsError::new(
            400,
            "AuthorizationHeaderMalformed",
            format!(
                "The authorization header is malformed; Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{date}\".",
                scope.date
            ),
        ),
        Dialect::Query => AwsError::new(
            403,
            "SignatureDoesNotMatch",
            format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{date}'.",
                scope.date
            ),
        ),
    })
}

fn from_query(head: &RequestHead<'_>, dialect: Dialect) -> Result<Signed, AwsError> {
    let error = |message: String| match dialect {
        Dialect::S3 => AwsError::new(400, "AuthorizationQueryParametersError", message),
        Dialect::Query => AwsError::new(400, "IncompleteSignature", message),
    };
    let value = |name: &str| {
        let mut values = head.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(error(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.".to_owned(),
            )),
        }
    };
    if value("X-Amz-Algorithm")? != ALGORITHM {
        return Err(error(format!("X-Amz-Algorithm only supports \"{ALGORITHM}\"")));
    }
    let scope = Scope::parse(value("X-Amz-Credential")?).ok_or_else(|| {
        error("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".".to_owned())
    })?;
    let time = encoding::parse_amz_date(value("X-Amz-Date")?).ok_or_else(|| {
        error("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"".to_owned())
    })?;
    let signed_headers = value("X-Amz-SignedHeaders")?;
    let signature = value("X-Amz-Signature")?;
    let expires_seconds = match (dialect, head.query_value("X-Amz-Expires")) {
        // the query services allow their own, short validity
        (Dialect::Query, None) => 900,
        _ => {
            let text = value("X-Amz-Expires")?;
            let seconds: i64 =
                text.parse().map_err(|_| error("X-Amz-Expires should be a number".to_owned()))?;
            if seconds < 0 {
                return Err(error("X-Amz-Expires must be non-negative".to_owned()));
            }
            if seconds > MAX_EXPIRES_SECONDS {
                return Err(error(
                    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds".to_owned(),
                ));
            }
            if dialect == Dialect::Query { seconds.min(900) } else { seconds }
        }
    };
    check_scope_date(&scope, time, Dialect::Query).map_err(|mismatch| {
        if dialect == Dialect::S3 {
            error(format!("Error parsing the X-Amz-Credential parameter; {}", mismatch.message))
        } else {
            mismatch
        }
    })?;
    Ok(Signed {
        method: AuthenticationMethod::QueryString,
        scope,
        headers: split_headers(signed_headers),
        signature: signature.to_owned(),
        time,
        expires_seconds: Some(expires_seconds),
    })
}

fn split_headers(list: &str) -> Vec<String> {
    list.split(';').map(str::to_ascii_lowercase).collect()
}
