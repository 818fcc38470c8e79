//! OpenID Connect providers: issuers whose tokens a role may trust.

use std::collections::BTreeMap;

use super::names::{self, already_exists, no_such_entity};
use super::{account, allow};
use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::identity::state::OidcProvider;
use crate::query_api::{Call, validation};
use crate::xml::Xml;

const CLIENTS_MAX: usize = 100;
const THUMBPRINTS_MAX: usize = 5;
/// Where a provider may be read by `http`: on this machine, where AWS itself would have none.
const PLAIN_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

pub(super) fn create(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let url = call.params.required("Url")?;
    let (bare, plain_http) =
        read_url(url).ok_or_else(|| validation("Invalid Open ID Connect Provider URL"))?;
    let arn = format!("arn:aws:iam::{}:oidc-provider/{bare}", account(call));
    allow(call, "CreateOpenIDConnectProvider", &arn)?;
    let provider = OidcProvider {
        arn: arn.clone(),
        url: bare.to_owned(),
        plain_http,
        clients: call.params.list("ClientIDList").into_iter().map(str::to_owned).collect(),
        thumbprints: thumbprints(call)?,
        tags: names::tags(call.params.tags("Tags"))?,
        created: call.request.now,
    };
    check_clients(&provider.clients)?;
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(account(call)).ok_or_else(AwsError::access_denied)?;
        if account.oidc_providers.contains_key(&arn) {
            return Err(already_exists(format!("Provider with url {url} already exists.")));
        }
        account.oidc_providers.insert(arn.clone(), provider);
        Ok(())
    })?;
    out.text("OpenIDConnectProviderArn", &arn);
    Ok(())
}

/// Host and path, and whether the issuer is read by `http`.
fn read_url(url: &str) -> Option<(&str, bool)> {
    let (scheme, rest) = url.split_once("://")?;
    let bare = rest.trim_end_matches('/');
    let host = bare.split('/').next().unwrap_or_default();
    if host.is_empty() || bare.contains(['?', '#', '@']) || bare.chars().any(char::is_whitespace) {
        return None;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    match scheme {
        "https" => Some((bare, false)),
        "http" if PLAIN_HOSTS.contains(&name) => Some((bare, true)),
        _ => None,
    }
}

fn check_clients(clients: &[String]) -> Result<(), AwsError> {
    if clients.len() > CLIENTS_MAX {
        return Err(AwsError::new(
            409,
            "LimitExceeded",
            format!("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS_MAX}"),
        ));
    }
    if clients.iter().any(|client| client.is_empty() || client.len() > 255) {
        return Err(validation("ClientID must have length between 1 and 255"));
    }
    Ok(())
}

fn thumbprints(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let list = call.params.list("ThumbprintList");
    if list.len() > THUMBPRINTS_MAX {
        return Err(AwsError::new(400, "InvalidInput", "Thumbprint list must contain fewer than 5 entries."));
    }
    let is_thumbprint = |text: &&str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !list.iter().all(is_thumbprint) {
        return Err(validation(
            "1 validation error detected: Value at 'thumbprintList' failed to satisfy constraint: Member must have length equal to 40",
        ));
    }
    Ok(list.into_iter().map(str::to_owned).collect())
}

fn missing(arn: &str) -> AwsError {
    no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"))
}

/// Changes the provider that a call names.
fn change(
    call: &Call<'_>,
    action: &str,
    change: impl FnOnce(&mut OidcProvider) -> Result<(), AwsError>,
) -> Result<(), AwsError> {
    let arn = call.params.required("OpenIDConnectProviderArn")?;
    allow(call, action, arn)?;
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(account(call)).ok_or_else(|| missing(arn))?;
        change(account.oidc_providers.get_mut(arn).ok_or_else(|| missing(arn))?)
    })
}

pub(super) fn add_client(call: &Call<'_>) -> Result<(), AwsError> {
    let client = call.params.required("ClientID")?.to_owned();
    change(call, "AddClientIDToOpenIDConnectProvider", |provider| {
        if !provider.clients.contains(&client) {
            provider.clients.push(client);
        }
        check_clients(&provider.clients)
    })
}

pub(super) fn remove_client(call: &Call<'_>) -> Result<(), AwsError> {
    let client = call.params.required("ClientID")?;
    change(call, "RemoveClientIDFromOpenIDConnectProvider", |provider| {
        provider.clients.retain(|known| known != client);
        Ok(())
    })
}

pub(super) fn update_thumbprints(call: &Call<'_>) -> Result<(), AwsError> {
    let thumbprints = thumbprints(call)?;
    change(call, "UpdateOpenIDConnectProviderThumbprint", |provider| {
        provider.thumbprints = thumbprints;
        Ok(())
    })
}

pub(super) fn tag(call: &Call<'_>) -> Result<(), AwsError> {
    let tags = names::tags(call.params.tags("Tags"))?;
    change(call, "TagOpenIDConnectProvider", |provider| {
        provider.tags.extend(tags);
        Ok(())
    })
}

pub(super) fn untag(call: &Call<'_>) -> Result<(), AwsError> {
    let keys = call.params.list("TagKeys");
    change(call, "UntagOpenIDConnectProvider", |provider| {
        provider.tags.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(())
    })
}

pub(super) fn list_tags(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let tags: BTreeMap<String, String> = found(call, "ListOpenIDConnectProviderTags")?.tags;
    super::tags::write(&tags, out);
    out.text("IsTruncated", "false");
    Ok(())
}

fn found(call: &Call<'_>, action: &str) -> Result<OidcProvider, AwsError> {
    let arn = call.params.required("OpenIDConnectProviderArn")?;
    allow(call, action, arn)?;
    let state = call.cloud.identities.latest();
    state
        .account(account(call))
        .and_then(|account| account.oidc_providers.get(arn))
        .cloned()
        .ok_or_else(|| missing(arn))
}

pub(super) fn get(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let provider = found(call, "GetOpenIDConnectProvider")?;
    out.text("Url", &provider.url).text("CreateDate", iso_seconds(provider.created));
    for (element, list) in [("ClientIDList", &provider.clients), ("ThumbprintList", &provider.thumbprints)] {
        out.nested(element, |xml| {
            for item in list {
                xml.text("member", item);
            }
        });
    }
    super::tags::write(&provider.tags, out);
    Ok(())
}

pub(super) fn list(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    allow(call, "ListOpenIDConnectProviders", "*")?;
    let state = call.cloud.identities.latest();
    let arns: Vec<&String> = state
        .account(account(call))
        .map(|account| account.oidc_providers.keys().collect())
        .unwrap_or_default();
    out.members("OpenIDConnectProviderList", arns, |xml, arn| {
        xml.text("Arn", arn);
    });
    Ok(())
}

/// Deleting what is not there is no error, as IAM has it.
pub(super) fn delete(call: &Call<'_>) -> Result<(), AwsError> {
    let arn = call.params.required("OpenIDConnectProviderArn")?;
    allow(call, "DeleteOpenIDConnectProvider", arn)?;
    call.cloud.identities.change(call.request.now, |state| {
        if let Some(account) = state.accounts.get_mut(account(call)) {
            account.oidc_providers.remove(arn);
        }
        Ok(())
    })
}
