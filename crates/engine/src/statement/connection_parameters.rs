//! What CREATE CONNECTION and an inline CONNECTION clause say, checked as far as paper allows.
//!
//! No request is made: the role may not exist yet. The rules of the values are AWS's, from the API
//! reference of AssumeRole.

use std::collections::BTreeMap;

use catalog::{GrantObject, Privilege};

use crate::session::Session;
use crate::{Error, ErrorKind};

/// The `IDENTITY` of connections whose role is assumed with an identity token.
pub(crate) const OIDC: &str = "oidc";

/// Refuses what only a connection with a name can have.
pub(crate) fn refuse_web_identity_inline(
    session: &Session,
    parameters: &sql::ConnectionParameters,
) -> Result<(), Error> {
    match parameters.get("identity") {
        Some(identity) if identity.eq_ignore_ascii_case(OIDC) => Err(Checked { session, parameters }
            .refuse("identity", format!("IDENTITY = '{OIDC}' needs a connection with a name"))
            .with_hint(
                "the token names the connection: `CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = '…' IDENTITY = 'oidc'`, then `CONNECTION = (CONNECTION_NAME = 'c')`",
            )),
        _ => Ok(()),
    }
}

/// The storage type that this version reads.
pub(crate) const S3: &str = "s3";

/// What to write where the ARN of a KMS key is wanted.
pub(crate) const KMS_KEY_HINT: &str = "a key's ARN looks like `arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab`; an alias will not do in a policy";

/// Says that a text is not the ARN of a key.
pub(crate) fn not_a_kms_key(text: &str) -> String {
    format!("`{text}` is not the ARN of a KMS key")
}

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
    let role_arn_given = role_arn.is_some();
    Ok(catalog::ConnectionParameters {
        storage_type: S3.to_owned(),
        role_arn,
        external_id,
        sealed_keys: checked.keys()?,
        region: checked.region()?,
        endpoint_url: checked.endpoint_url()?,
        virtual_host_style: checked.virtual_host_style(),
        web_identity: checked.web_identity(role_arn_given)?,
        kms_key_arn: checked.kms_key_arn()?,
        session_tags: checked.session_tags(role_arn_given)?,
        other: BTreeMap::new(),
    })
}

/// Refuses a typed external id by which a connection or stage of the same organization, which the session may
/// not use, gets into the same role: whoever types both would be in without the right to it. `own` is the
/// connection or stage that is made or replaced.
pub(crate) async fn require_pair(
    session: &Session,
    own: Option<&GrantObject>,
    parameters: &catalog::ConnectionParameters,
) -> Result<(), Error> {
    let (Some(role_arn), Some(typed)) = (&parameters.role_arn, &parameters.external_id) else {
        return Ok(());
    };
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    let is_pair = |parameters: &catalog::ConnectionParameters, external_id: Option<&str>| {
        parameters.role_arn.as_ref() == Some(role_arn) && external_id == Some(typed)
    };
    let mut users = Vec::new();
    for connection in catalog.connections(organization).await? {
        if is_pair(&connection.parameters, Some(&connection.external_id)) {
            users.push((Privilege::AccessConnection, GrantObject::Connection(connection.name)));
        }
    }
    for stage in catalog.stages(organization).await? {
        if let catalog::StageAccess::Inline(inline) = &stage.access
            && is_pair(inline, stage.inline_external_id.as_deref())
        {
            users.push((Privilege::Ownership, GrantObject::Stage(stage.name)));
        }
    }
    users.retain(|(_, object)| Some(object) != own);
    // One that the session may use is enough: it is in the role already.
    if users.is_empty() || users.iter().any(|(privilege, object)| session.holds(*privilege, object)) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::PermissionDenied,
        format!(
            "external id `{typed}` with role `{role_arn}` is used by a connection that user `{}` may not use",
            session.identity.user
        ),
    )
    .with_hint("ask for ACCESS CONNECTION on it; leave EXTERNAL_ID out to use a generated one"))
}

/// What a connection says after a change: what is given replaces what was, an empty text takes it away.
pub(crate) fn change(
    session: &Session,
    before: &catalog::ConnectionParameters,
    given: &sql::ConnectionParameters,
) -> Result<catalog::ConnectionParameters, Error> {
    let checked = Checked { session, parameters: given };
    checked.known_keys()?;
    let mut after = before.clone();
    let is_given = |key: &str| given.get(key).is_some();
    if is_given("role_arn") {
        after.role_arn = checked.role_arn()?;
    }
    if is_given("external_id") {
        after.external_id = checked.external_id(after.role_arn.as_deref())?;
    }
    if is_given("identity") {
        after.web_identity = checked.web_identity(after.role_arn.is_some())?;
    }
    if is_given("access_key_id") || is_given("secret_access_key") || is_given("session_token") {
        after.sealed_keys = checked.keys()?;
    }
    if is_given("region") {
        after.region = checked.region()?;
    }
    if is_given("endpoint_url") {
        after.endpoint_url = checked.endpoint_url()?;
    }
    if is_given("kms_key_arn") {
        after.kms_key_arn = checked.kms_key_arn()?;
    }
    if is_given("session_tags") {
        after.session_tags = checked.session_tags(after.role_arn.is_some())?;
    }
    if is_given("enable_virtual_host_style") {
        after.virtual_host_style = checked.virtual_host_style();
    }
    // What a role alone gives sense to goes with it; what a token takes the place of, too.
    if after.role_arn.is_none() {
        after.web_identity = false;
    }
    if after.role_arn.is_none() || after.web_identity {
        after.external_id = None;
        after.session_tags = None;
    }
    if after.web_identity {
        after.sealed_keys = None;
    }
    Ok(after)
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
            .map(|arn| arn.to_string())
            .map_err(|error| self.refuse("role_arn", error.to_string())
                .with_hint("copy it from the role's page in the AWS console, for example `arn:aws:iam::987654321987:role/databend-test`"))
            .and_then(|arn| self.session.require_allowed_role(&arn).map(|()| Some(arn)))
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

    /// `IDENTITY = 'oidc'`: the role is assumed with a token, which needs a role, and takes the place of keys and of
    /// an external id.
    fn web_identity(&self, with_role: bool) -> Result<bool, Error> {
        match self.text("identity").map(str::to_ascii_lowercase).as_deref() {
            None | Some("aws") => return Ok(false),
            Some(OIDC) => {}
            Some(other) => {
                return Err(self.refuse("identity", format!("IDENTITY `{other}` does not exist")).with_hint(
                    "there are `oidc` (an identity token of this server) and `aws` (its IAM principal)",
                ));
            }
        }
        if !with_role {
            return Err(
                self.refuse("identity", "IDENTITY needs a ROLE_ARN: it says how the role is assumed".into())
            );
        }
        for key in ["access_key_id", "external_id", "session_tags"] {
            if self.text(key).is_some() {
                let name = key.to_uppercase();
                return Err(self
                    .refuse(key, format!("{name} cannot be used together with IDENTITY = '{OIDC}'"))
                    .with_hint(
                        "AWS is shown an identity token, whose subject names organization and connection",
                    ));
            }
        }
        if self.session.engine.credentials().issuer().is_none() {
            return Err(self.refuse("identity", "this server issues no identity tokens".into()).with_hint(
                "the operator sets `issuer` in `[web_identity]` of the configuration, or leave IDENTITY out",
            ));
        }
        Ok(true)
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

    fn virtual_host_style(&self) -> Option<bool> {
        self.parameters
            .get("enable_virtual_host_style")
            .map(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1"))
    }

    fn kms_key_arn(&self) -> Result<Option<String>, Error> {
        let Some(text) = self.text("kms_key_arn") else { return Ok(None) };
        if !iam::texts::is_kms_key(text) {
            return Err(self.refuse("kms_key_arn", not_a_kms_key(text)).with_hint(KMS_KEY_HINT));
        }
        Ok(Some(text.to_owned()))
    }

    fn session_tags(&self, with_role: bool) -> Result<Option<bool>, Error> {
        let tags = self.text("session_tags").map(|value| value.eq_ignore_ascii_case("true"));
        if tags == Some(true) && !with_role {
            return Err(self.refuse(
                "session_tags",
                "SESSION_TAGS needs a ROLE_ARN: the session of a role is tagged".into(),
            ));
        }
        Ok(tags)
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
