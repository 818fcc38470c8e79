//! A JSON Web Token as STS reads it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::invalid_token;
use super::signature::{self, Key};
use crate::error::AwsError;
use crate::identity::document::one_or_many;

/// How far an issuer's clock may be ahead.
const CLOCK_SKEW_SECONDS: i64 = 300;
/// The claim that carries session tags.
const TAGS_CLAIM: &str = "https://aws.amazon.com/tags";

/// A token that was read; who signed it is not known before [`Token::verify`].
#[derive(Debug)]
pub(super) struct Token {
    algorithm: String,
    key_id: Option<String>,
    signed: String,
    signature: Vec<u8>,
    /// `iss` as it stands in the token
    pub(super) issuer: String,
    pub(super) subject: String,
    /// `azp` where there is one, as STS does it, else `aud`
    pub(super) audiences: Vec<String>,
    pub(super) methods: Vec<String>,
    /// further claims of text: `email`, `oaud`, …
    pub(super) texts: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive_tags: Vec<String>,
    issued_at: i64,
    not_before: Option<i64>,
    expires_at: i64,
}

fn not_a_token() -> AwsError {
    invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    )
}

fn texts(value: Option<&Value>) -> Vec<String> {
    one_or_many(value).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn seconds(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_f64().map(|number| number.floor() as i64))
}

impl Token {
    /// Reads a token without judging it.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err(not_a_token()) };
        let object = |part: &str| -> Result<Map<String, Value>, AwsError> {
            let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| not_a_token())?;
            serde_json::from_slice(&bytes).map_err(|_| not_a_token())
        };
        let (head, body) = (object(header)?, object(claims)?);
        let text_of =
            |map: &Map<String, Value>, name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let missing = |name: &str| invalid_token(format!("Missing a required claim: {name}"));
        let authorized = text_of(&body, "azp");
        let audiences = match &authorized {
            Some(party) => vec![party.clone()],
            None => texts(body.get("aud")),
        };
        if audiences.is_empty() {
            return Err(missing("aud"));
        }
        let mut claimed: BTreeMap<String, String> = ["email"]
            .iter()
            .filter_map(|name| text_of(&body, name).map(|value| ((*name).to_owned(), value)))
            .collect();
        if authorized.is_some()
            && let Some(audience) = texts(body.get("aud")).into_iter().next()
        {
            claimed.insert("oaud".to_owned(), audience);
        }
        let (tags, transitive_tags) = session_tags(body.get(TAGS_CLAIM));
        Ok(Self {
            algorithm: text_of(&head, "alg").ok_or_else(not_a_token)?,
            key_id: text_of(&head, "kid"),
            signed: format!("{header}.{claims}"),
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| not_a_token())?,
            issuer: text_of(&body, "iss").ok_or_else(|| missing("iss"))?,
            subject: text_of(&body, "sub").ok_or_else(|| missing("sub"))?,
            audiences,
            methods: texts(body.get("amr")),
            texts: claimed,
            tags,
            transitive_tags,
            issued_at: seconds(body.get("iat")).ok_or_else(|| missing("iat"))?,
            not_before: seconds(body.get("nbf")),
            expires_at: seconds(body.get("exp")).ok_or_else(|| missing("exp"))?,
        })
    }

    /// The token may be used now.
    pub(super) fn check_times(&self, now: OffsetDateTime) -> Result<(), AwsError> {
        let now = now.unix_timestamp();
        if now >= self.expires_at {
            return Err(AwsError::new(
                400,
                "ExpiredTokenException",
                format!(
                    "Token expired: current date/time {now} must be before the expiration date/time {}",
                    self.expires_at
                ),
            ));
        }
        let starts = self.not_before.unwrap_or(self.issued_at).max(self.issued_at);
        if starts > now.saturating_add(CLOCK_SKEW_SECONDS) {
            return Err(invalid_token(format!(
                "Token is not valid yet: current date/time {now} must be after {starts}"
            )));
        }
        Ok(())
    }

    /// One of the issuer's keys signed it.
    pub(super) fn verify(&self, keys: &[Key]) -> Result<(), AwsError> {
        let fits = |key: &&Key| self.key_id.is_none() || key.id == self.key_id;
        let mut candidates = keys.iter().filter(fits).peekable();
        if candidates.peek().is_none() {
            return Err(invalid_token(
                "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
            ));
        }
        let is_signed = candidates
            .any(|key| signature::verifies(key, &self.algorithm, self.signed.as_bytes(), &self.signature));
        if is_signed { Ok(()) } else { Err(invalid_token("The token's signature is not valid")) }
    }
}

/// Session tags, in the nested form that STS documents.
fn session_tags(claim: Option<&Value>) -> (BTreeMap<String, String>, Vec<String>) {
    let Some(claim) = claim.and_then(Value::as_object) else { return Default::default() };
    let tags = claim.get("principal_tags").and_then(Value::as_object);
    let tags = tags.into_iter().flatten().filter_map(|(key, values)| {
        let value = one_or_many(Some(values)).first()?.as_str()?;
        Some((key.clone(), value.to_owned()))
    });
    (tags.collect(), texts(claim.get("transitive_tag_keys")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "a", "a.b", "a.b.c.d", "e30.e30.e30", "!.!.!"] {
            assert_eq!(Token::parse(text).unwrap_err().code, "InvalidIdentityToken", "{text}");
        }
        let complete = r#"{"iss":"https://i","sub":"s","aud":["a","b"],"iat":10,"exp":20}"#;
        let read = Token::parse(&token(r#"{"alg":"ES256"}"#, complete)).unwrap();
        assert_eq!(read.audiences, ["a", "b"]);
        for claim in ["iss", "sub", "aud", "iat", "exp"] {
            let claims = complete.replace(&format!("\"{claim}\""), "\"other\"");
            let error = Token::parse(&token(r#"{"alg":"ES256"}"#, &claims)).unwrap_err();
            assert!(error.message.ends_with(claim), "{}", error.message);
        }
    }

    #[test]
    fn a_token_has_its_time() {
        let claims = r#"{"iss":"https://i","sub":"s","aud":"a","iat":1000,"exp":2000}"#;
        let read = Token::parse(&token(r#"{"alg":"ES256"}"#, claims)).unwrap();
        let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        assert!(read.check_times(at(1000)).is_ok() && read.check_times(at(1999)).is_ok());
        assert!(read.check_times(at(701)).is_ok());
        assert_eq!(read.check_times(at(699)).unwrap_err().code, "InvalidIdentityToken");
        assert_eq!(read.check_times(at(2000)).unwrap_err().code, "ExpiredTokenException");
    }
}
