//! The condition keys that every request has.

use iam::Context;

use crate::authenticate::caller::AuthenticationMethod;
use crate::encoding::iso_seconds;
use crate::identity::session::SessionHolder;
use crate::request::RequestContext;

/// The global keys of a request: the caller's, the session's, the connection's and the time.
pub(crate) fn of_request(request: &RequestContext) -> Context {
    let caller = &request.caller;
    let mut context = caller.principal.context();
    context.set("aws:CurrentTime", iso_seconds(request.now));
    context.set("aws:EpochTime", request.now.unix_timestamp().to_string());
    context.set("aws:SourceIp", request.remote.to_string());
    context.set("aws:SecureTransport", "false");
    context.set("aws:ViaAWSService", "false");
    if let Some(endpoint) = &request.identities.vpc_endpoint {
        context.set("aws:SourceVpce", endpoint.id.as_str());
        context.set("aws:VpcSourceIp", request.remote.to_string());
    }
    if let Some(agent) = request.header("user-agent") {
        context.set("aws:UserAgent", agent);
    }
    if let Some(referer) = request.header("referer") {
        context.set("aws:Referer", referer);
    }
    if let Some(region) = &caller.region {
        context.set("aws:RequestedRegion", region.as_str());
    }
    add_principal_tags(&mut context, request);
    if let Some(session) = caller.session.as_deref() {
        context.set("aws:TokenIssueTime", iso_seconds(session.issued));
        context.set("aws:MultiFactorAuthPresent", "false");
        if let Some(identity) = &session.source_identity {
            context.set("aws:SourceIdentity", identity.as_str());
        }
        match &session.holder {
            SessionHolder::Role { provider: Some(provider), .. } => {
                context.set("aws:FederatedProvider", provider.as_str());
            }
            SessionHolder::Federated { .. } => {
                context.set("aws:PrincipalType", "FederatedUser");
            }
            _ => {}
        }
    }
    if caller.is_anonymous() {
        context.set("aws:PrincipalType", "Anonymous");
    }
    context
}

fn add_principal_tags(context: &mut Context, request: &RequestContext) {
    let caller = &request.caller;
    let Some(account) = request.identities.account(&caller.account) else { return };
    let holder = match caller.session.as_deref().map(|session| &session.holder) {
        Some(SessionHolder::Role { role_name, role_id, .. }) => {
            account.roles.get(role_name).map(|role| &role.holder).filter(|holder| holder.id == *role_id)
        }
        Some(SessionHolder::User { user_name, .. } | SessionHolder::Federated { user_name, .. }) => {
            account.users.get(user_name).map(|user| &user.holder)
        }
        Some(SessionHolder::Root) => None,
        None => caller.user_name.as_ref().and_then(|name| account.users.get(name)).map(|user| &user.holder),
    };
    for (key, value) in holder.map(|holder| &holder.tags).into_iter().flatten() {
        context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
    // a tag of the session stands before the role's tag of the same name
    for (key, value) in caller.session.iter().flat_map(|session| &session.tags) {
        context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
}

/// The S3 keys that come with the request itself, whatever the operation.
pub(crate) fn add_s3(context: &mut Context, request: &RequestContext) {
    match request.caller.method {
        AuthenticationMethod::None => {}
        AuthenticationMethod::Header => {
            context.set("s3:authType", "REST-HEADER");
        }
        AuthenticationMethod::QueryString => {
            context.set("s3:authType", "REST-QUERY-STRING");
        }
        AuthenticationMethod::Post => {
            context.set("s3:authType", "POST");
        }
    }
    if !request.caller.is_anonymous() {
        let version = if request.caller.old_signature { "AWS" } else { "AWS4-HMAC-SHA256" };
        context.set("s3:signatureversion", version);
    }
    if let Some(signed_at) = request.caller.signed_at
        && request.caller.method == AuthenticationMethod::QueryString
    {
        let age = (request.now - signed_at).whole_milliseconds().max(0);
        context.set("s3:signatureAge", age.to_string());
    }
    for (header, key) in [
        ("x-amz-content-sha256", "s3:x-amz-content-sha256"),
        ("x-amz-acl", "s3:x-amz-acl"),
        ("x-amz-grant-read", "s3:x-amz-grant-read"),
        ("x-amz-grant-write", "s3:x-amz-grant-write"),
        ("x-amz-grant-read-acp", "s3:x-amz-grant-read-acp"),
        ("x-amz-grant-write-acp", "s3:x-amz-grant-write-acp"),
        ("x-amz-grant-full-control", "s3:x-amz-grant-full-control"),
        ("x-amz-server-side-encryption", "s3:x-amz-server-side-encryption"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
        (
            "x-amz-server-side-encryption-customer-algorithm",
            "s3:x-amz-server-side-encryption-customer-algorithm",
        ),
        ("x-amz-storage-class", "s3:x-amz-storage-class"),
        ("x-amz-metadata-directive", "s3:x-amz-metadata-directive"),
        ("x-amz-website-redirect-location", "s3:x-amz-website-redirect-location"),
        ("x-amz-object-ownership", "s3:x-amz-object-ownership"),
        ("x-amz-object-lock-mode", "s3:object-lock-mode"),
        ("x-amz-object-lock-retain-until-date", "s3:object-lock-retain-until-date"),
        ("x-amz-object-lock-legal-hold", "s3:object-lock-legal-hold"),
    ] {
        if let Some(value) = request.header(header) {
            context.set(key, value);
        }
    }
    if let Some(source) = request.header("x-amz-copy-source") {
        let decoded = String::from_utf8_lossy(&crate::encoding::percent_decode(source)).into_owned();
        let bare = decoded.split("?versionId=").next().unwrap_or(&decoded);
        context.set("s3:x-amz-copy-source", bare.trim_start_matches('/'));
    }
    for condition in ["if-match", "if-none-match"] {
        if let Some(value) = request.header(condition) {
            context.set(&format!("s3:{condition}"), value);
        }
    }
    if let Some(version) = request.version_id() {
        context.set("s3:VersionId", version);
    }
}

/// The keys of a listing.
pub(crate) fn add_listing(context: &mut Context, request: &RequestContext) {
    for (parameter, key) in
        [("prefix", "s3:prefix"), ("delimiter", "s3:delimiter"), ("max-keys", "s3:max-keys")]
    {
        if let Some(value) = request.query_value(parameter) {
            context.set(key, value);
        }
    }
}

/// The tags a request sets.
pub(crate) fn add_request_tags<'a>(
    context: &mut Context,
    prefix: &str,
    keys: &str,
    tags: impl IntoIterator<Item = (&'a String, &'a String)>,
) {
    let mut names = Vec::new();
    for (key, value) in tags {
        context.set(&format!("{prefix}/{key}"), value.as_str());
        names.push(key.clone());
    }
    if !names.is_empty() {
        context.set_many(keys, names);
    }
}
