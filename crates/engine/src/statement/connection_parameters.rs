//! What CREATE CONNECTION and an inline CONNECTION clause say, checked as far as paper allows.
//!
//! No request is made: the role may not exist yet. The rules of the values are AWS's, from the API
//! reference of AssumeRole.

use std::collections::BTreeMap;

use crate::session::Session;
use crate::{Error, ErrorKind};

/// The storage type that this version reads.
pub(crate) const S3: &str = "s3";

/// Checks the parameters; keys are sealed.
pub(crate) fn check(
    session: &Session,
    storage_type: &str,
    parameters: &sql::ConnectionParameters,
) -> Result<catalog::ConnectionParameters, Error> {
    let checked = Checked { session, parameters };
    checked.storage_type(storage_type)?;
    checked.known_keys()?;
    let role_arn = checked.role_arn()?;
    let external_id = checked.external_id(role_arn.as_deref())?;
    Ok(catalog::ConnectionParameters {
        storage_type: S3.to_owned(),
        role_arn,
        external_id,
        sealed_keys: checked.keys()?,
        region: checked.region()?,
        endpoint_url: checked.endpoint_url()?,
        virtual_host_style: parameters
            .get("enable_virtual_host_style")
            .map(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1")),
        other: BTreeMap::new(),
    })
}

struct Checked<'a> {
    session: &'a Session,
    parameters: &'a sql::ConnectionParameters,
}

impl Checked<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.parameters.get(key).filter(|value| !value.is_empty())
    }

    /// An error that points at the value of `key`.
    fn refuse(&self, key: &str, message: String) -> Error {
        let error = Error::new(ErrorKind::InvalidStorage, message);
        match self.parameters.entry(key) {
            Some(entry) => error.with_excerpt(sql::excerpt(&self.session.sql, entry.value_span)),
            None => error,
        }
    }

    fn storage_type(&self, storage_type: &str) -> Result<(), Error> {
        if storage_type.eq_ignore_ascii_case(S3) {
            return Ok(());
        }
        let message = match sql::ConnectionParameters::known_keys(storage_type) {
            Some(_) => format!("storage type `{storage_type}` is not supported by this version of Stagedoor"),
            None => format!("storage type `{storage_type}` does not exist"),
        };
        Err(Error::new(ErrorKind::InvalidStorage, message)
            .with_hint("Stagedoor reads S3: `STORAGE_TYPE = 's3'`"))
    }

    fn known_keys(&self) -> Result<(), Error> {
        let known = sql::ConnectionParameters::known_keys(S3).unwrap_or_default();
        for (key, entry) in self.parameters.iter() {
            if key == "connection_name" {
                return Err(Error::new(
                    ErrorKind::InvalidStorage,
                    "CONNECTION_NAME cannot be used together with other parameters of a connection",
                )
                .with_excerpt(sql::excerpt(&self.session.sql, entry.key_span)));
            }
            if key == "master_key" && !entry.value.expose().is_empty() {
                return Err(Error::new(
                    ErrorKind::InvalidStorage,
                    "parameter `MASTER_KEY` is not supported by this version of Stagedoor",
                )
                .with_excerpt(sql::excerpt(&self.session.sql, entry.key_span)));
            }
            if known.contains(&key) {
                continue;
            }
            let error = Error::new(
                ErrorKind::InvalidStorage,
                format!(
                    "connection parameter `{}` does not exist for storage type `{S3}`",
                    key.to_uppercase()
                ),
            )
            .with_excerpt(sql::excerpt(&self.session.sql, entry.key_span));
            return Err(match sql::suggest(key, known.iter().copied()) {
                Some(near) => error.with_hint(format!("did you mean `{}`?", near.to_uppercase())),
                None => error.with_hint(format!("there are {}", known.join(", ").to_uppercase())),
            });
        }
        Ok(())
    }

    fn role_arn(&self) -> Result<Option<String>, Error> {
        let Some(text) = self.text("role_arn") else { return Ok(None) };
        iam::parse_role_arn(text)
            .map(|arn| Some(arn.to_string()))
            .map_err(|error| self.refuse("role_arn", error.to_string())
                .with_hint("copy it from the role's page in the AWS console, for example `arn:aws:iam::987654321987:role/databend-test`"))
    }

    fn external_id(&self, role_arn: Option<&str>) -> Result<Option<String>, Error> {
        let Some(text) = self.text("external_id") else { return Ok(None) };
        if role_arn.is_none() {
            return Err(self.refuse(
                "external_id",
                "EXTERNAL_ID needs a ROLE_ARN: it is sent when the role is assumed".into(),
            ));
        }
        let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@:/-".contains(character);
        if !(2..=1224).contains(&text.len()) || !text.chars().all(allowed) {
            return Err(self.refuse(
                "external_id",
                "EXTERNAL_ID has 2 to 1224 characters of letters, digits and `_+=,.@:/-`".into(),
            ));
        }
        Ok(Some(text.to_owned()))
    }

    fn keys(&self) -> Result<Option<String>, Error> {
        let (key, secret) = (self.text("access_key_id"), self.text("secret_access_key"));
        let (access_key_id, secret_access_key) = match (key, secret) {
            (Some(key), Some(secret)) => (key, secret),
            (None, None) if self.text("session_token").is_none() => return Ok(None),
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidStorage,
                    "ACCESS_KEY_ID and SECRET_ACCESS_KEY come together, SESSION_TOKEN with both",
                )
                .with_hint("or use a role, which needs no key: `ROLE_ARN = 'arn:aws:iam::…:role/…'`"));
            }
        };
        let keys = credentials::CustomerKeys::new(
            access_key_id,
            secret_access_key,
            self.text("session_token").map(str::to_owned),
        );
        let sealed = self.session.engine.credentials().seal(&keys)?;
        Ok(Some(sealed.as_stored().to_owned()))
    }

    fn region(&self) -> Result<Option<String>, Error> {
        let Some(text) = self.text("region") else { return Ok(None) };
        let fits = text.len() <= 64
            && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
        if !fits {
            return Err(self.refuse("region", format!("region `{text}` is not valid")).with_hint(
                "a region looks like `eu-central-1`; left out, it is found by asking the bucket",
            ));
        }
        Ok(Some(text.to_owned()))
    }

    fn endpoint_url(&self) -> Result<Option<String>, Error> {
        let Some(text) = self.text("endpoint_url") else { return Ok(None) };
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let authority =
            url.split_once("://").map_or(url.as_str(), |(_, rest)| rest.split('/').next().unwrap_or(rest));
        if authority.contains('@') {
            // Not shown, also not in the excerpt: it may be a password.
            return Err(Error::new(
                ErrorKind::InvalidStorage,
                "ENDPOINT_URL may not hold a user name or a password",
            )
            .with_hint("write the host alone; keys go into ACCESS_KEY_ID and SECRET_ACCESS_KEY"));
        }
        self.session.engine.credentials().check_endpoint(&url).map_err(|error| {
            let excerpt = self
                .parameters
                .entry("endpoint_url")
                .map(|entry| sql::excerpt(&self.session.sql, entry.value_span));
            match excerpt {
                Some(excerpt) => Error::from(error).with_excerpt(excerpt),
                None => Error::from(error),
            }
        })?;
        Ok(Some(url))
    }
}
