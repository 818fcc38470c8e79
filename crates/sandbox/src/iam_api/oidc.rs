//! OpenID Connect providers.

use super::names::{self, already_exists, no_such_entity};
use super::{account, allow};
use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::identity::state::OidcProvider;
use crate::query_api::{Call, validation};
use crate::xml::Xml;

pub(super) fn create(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let url = call.params.required("Url")?;
    let bare = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://127.0.0.1").map(|_| url.trim_start_matches("http://")))
        .ok_or_else(|| validation("Invalid Open ID Connect Provider URL"))?
        .trim_end_matches('/');
    let arn = format!("arn:aws:iam::{}:oidc-provider/{bare}", account(call));
    allow(call, "CreateOpenIDConnectProvider", &arn)?;
    let provider = OidcProvider {
        arn: arn.clone(),
        url: bare.to_owned(),
        clients: call.params.list("ClientIDList").into_iter().map(str::to_owned).collect(),
        thumbprints: call.params.list("ThumbprintList").into_iter().map(str::to_owned).collect(),
        tags: names::tags(call.params.tags("Tags"))?,
        created: call.request.now,
    };
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

fn missing(arn: &str) -> AwsError {
    no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"))
}

pub(super) fn get(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let arn = call.params.required("OpenIDConnectProviderArn")?;
    allow(call, "GetOpenIDConnectProvider", arn)?;
    let state = call.cloud.identities.latest();
    let provider = state
        .account(account(call))
        .and_then(|account| account.oidc_providers.get(arn))
        .ok_or_else(|| missing(arn))?;
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

pub(super) fn delete(call: &Call<'_>) -> Result<(), AwsError> {
    let arn = call.params.required("OpenIDConnectProviderArn")?;
    allow(call, "DeleteOpenIDConnectProvider", arn)?;
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(account(call)).ok_or_else(|| missing(arn))?;
        account.oidc_providers.remove(arn).map(|_| ()).ok_or_else(|| missing(arn))
    })
}
