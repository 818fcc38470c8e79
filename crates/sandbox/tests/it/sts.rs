//! AssumeRole and its kin.

use std::time::Duration;

use sandbox::client::text_of;

use crate::support::{CUSTOMER, PROVIDER, World, allow_all, code, trust_account};

const ROLE: &str = "arn:aws:iam::987654321987:role/customer";

fn trust(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
    )
}

#[tokio::test]
async fn external_ids() {
    let world = World::start().await;
    let user = world.assumer(&world.provider, "server").await;
    let principal = format!("arn:aws:iam::{PROVIDER}:user/server");
    let condition = r#"{"StringEquals":{"sts:ExternalId":"id-1"}}"#;
    world.role(&world.customer, "customer", &trust(&principal, condition), "").await;
    let assume = |id: &'static str| {
        let user = user.clone();
        async move {
            let params: &[(&str, &str)] = if id.is_empty() { &[] } else { &[("ExternalId", id)] };
            user.assume_role(ROLE, "session", params).await.map_err(|error| (error.code, error.message))
        }
    };
    assert!(assume("id-1").await.is_ok());
    let refusal =
        format!("User: {principal} is not authorized to perform: sts:AssumeRole on resource: {ROLE}");
    for wrong in ["", "id-2", "ID-1", "id-1x"] {
        assert_eq!(assume(wrong).await.unwrap_err(), ("AccessDenied".to_owned(), refusal.clone()), "{wrong}");
    }
    assert_eq!(assume("x").await.unwrap_err().0, "ValidationError");
    assert_eq!(assume("with space").await.unwrap_err().0, "ValidationError");
}

#[tokio::test]
async fn both_sides_must_allow() {
    let world = World::start().await;
    let allowed = world.assumer(&world.provider, "allowed").await;
    let bare = world.user(&world.provider, "bare", "").await;
    let account = trust_account(PROVIDER);
    world.role(&world.customer, "customer", &account, "").await;
    assert_eq!(code(allowed.assume_role(ROLE, "session", &[]).await), "ok");
    let error = bare.assume_role(ROLE, "session", &[]).await.unwrap_err();
    assert_eq!(error.code, "AccessDenied");
    assert!(
        error.message.ends_with("because no identity-based policy allows the sts:AssumeRole action"),
        "{}",
        error.message
    );
    // nobody is told which roles there are
    let error = allowed.assume_role("arn:aws:iam::987654321987:role/none", "session", &[]).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (403, "AccessDenied"));
    // root assumes nothing
    let error = world.provider.assume_role(ROLE, "session", &[]).await.unwrap_err();
    assert_eq!(error.message, "Roles may not be assumed by root accounts.");
    // in one account, naming the caller is enough, naming the account is not
    let own = world.user(&world.customer, "own", "").await;
    world.role(&world.customer, "by-account", &trust_account(CUSTOMER), "").await;
    world
        .role(&world.customer, "by-name", &trust(&format!("arn:aws:iam::{CUSTOMER}:user/own"), "{}"), "")
        .await;
    assert_eq!(
        code(own.assume_role("arn:aws:iam::987654321987:role/by-account", "session", &[]).await),
        "AccessDenied"
    );
    assert_eq!(code(own.assume_role("arn:aws:iam::987654321987:role/by-name", "session", &[]).await), "ok");
}

#[tokio::test]
async fn parameters() {
    let world = World::start().await;
    let user = world.assumer(&world.provider, "server").await;
    world.role(&world.customer, "customer", &trust_account(PROVIDER), "").await;
    let long = "x".repeat(65);
    let policy_too_long = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{}","Effect":"Allow","Action":"*","Resource":"*"}}]}}"#,
        "a".repeat(2048)
    );
    for (session, params, expected) in [
        ("s", &[][..], "ValidationError"),
        (long.as_str(), &[], "ValidationError"),
        ("with space", &[], "ValidationError"),
        ("ok.name_1=,@-", &[], "ok"),
        ("session", &[("DurationSeconds", "899")], "ValidationError"),
        ("session", &[("DurationSeconds", "900")], "ok"),
        ("session", &[("DurationSeconds", "3600")], "ok"),
        ("session", &[("DurationSeconds", "3601")], "ValidationError"),
        ("session", &[("DurationSeconds", "43201")], "ValidationError"),
        ("session", &[("Policy", "{")], "MalformedPolicyDocument"),
        (
            "session",
            &[("Policy", r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]}"#)],
            "MalformedPolicyDocument",
        ),
        ("session", &[("Policy", policy_too_long.as_str())], "ValidationError"),
        ("session", &[("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")], "ok"),
        (
            "session",
            &[("PolicyArns.member.1.arn", "arn:aws:iam::987654321987:policy/none")],
            "ValidationError",
        ),
        ("session", &[("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")], "ok"),
        (
            "session",
            &[
                ("Tags.member.1.Key", "a"),
                ("Tags.member.1.Value", "1"),
                ("Tags.member.2.Key", "A"),
                ("Tags.member.2.Value", "2"),
            ],
            "InvalidParameterValue",
        ),
        ("session", &[("TransitiveTagKeys.member.1", "a")], "ValidationError"),
    ] {
        assert_eq!(code(user.assume_role(ROLE, session, params).await), expected, "{session} {params:?}");
    }
    let error = user.assume_role(ROLE, "session", &[("DurationSeconds", "7200")]).await.unwrap_err();
    assert_eq!(
        error.message,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    assert_eq!(code(user.assume_role("not-an-arn-not-an-arn", "session", &[]).await), "ValidationError");
    let tags: Vec<(String, String)> = (1..=8)
        .flat_map(|index| {
            [
                (format!("Tags.member.{index}.Key"), format!("key-{index}")),
                (format!("Tags.member.{index}.Value"), "v".repeat(200)),
            ]
        })
        .collect();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(code(user.assume_role(ROLE, "session", &tags).await), "PackedPolicyTooLarge");
}

#[tokio::test]
async fn chained_roles_last_an_hour() {
    let world = World::start().await;
    let user = world.assumer(&world.customer, "u").await;
    let first = world
        .role(&world.customer, "first", &trust_account(CUSTOMER), &allow_all("\"sts:AssumeRole\""))
        .await;
    let second = world.role(&world.customer, "second", &trust_account(CUSTOMER), "").await;
    let longer = |name| [("RoleName", name), ("MaxSessionDuration", "43200")];
    world.customer.iam("UpdateRole", &longer("first")).await.unwrap();
    world.customer.iam("UpdateRole", &longer("second")).await.unwrap();
    let keys = user.assume_role(&first, "one", &[("DurationSeconds", "43200")]).await.unwrap();
    let chained = world.customer.with_keys(keys);
    assert_eq!(code(chained.assume_role(&second, "two", &[("DurationSeconds", "3600")]).await), "ok");
    let error = chained.assume_role(&second, "two", &[("DurationSeconds", "3601")]).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    );
    world.sandbox.clock().advance(Duration::from_secs(43_201));
    assert_eq!(code(chained.sts("GetCallerIdentity", &[]).await), "ExpiredToken");
}

#[tokio::test]
async fn tags_and_source_identity_need_permissions_of_their_own() {
    let world = World::start().await;
    let user = world.assumer(&world.provider, "server").await;
    let bare = trust(&format!("arn:aws:iam::{PROVIDER}:root"), "{}");
    world.role(&world.customer, "customer", &bare, "").await;
    let tag = [("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")];
    let error = user.assume_role(ROLE, "session", &tag).await.unwrap_err();
    assert_eq!(error.code, "AccessDenied");
    assert!(error.message.contains("sts:TagSession"), "{}", error.message);
    assert_eq!(code(user.assume_role(ROLE, "session", &[("SourceIdentity", "me")]).await), "AccessDenied");
    assert_eq!(code(user.assume_role(ROLE, "session", &[]).await), "ok");
}

#[tokio::test]
async fn session_tags_and_names_are_conditions() {
    let world = World::start().await;
    let user = world.assumer(&world.provider, "server").await;
    let principal = format!("arn:aws:iam::{PROVIDER}:root");
    world
        .role(
            &world.customer,
            "customer",
            &trust(&principal, r#"{"StringLike":{"sts:RoleSessionName":"acme.*"}}"#),
            "",
        )
        .await;
    assert_eq!(code(user.assume_role(ROLE, "acme.alice", &[]).await), "ok");
    assert_eq!(code(user.assume_role(ROLE, "globex.bob", &[]).await), "AccessDenied");
}

#[tokio::test]
async fn a_principal_made_anew_is_not_trusted() {
    let world = World::start().await;
    let user = world.assumer(&world.provider, "server").await;
    let principal =
        world.role(&world.provider, "base", &trust_account(PROVIDER), &allow_all("\"sts:AssumeRole\"")).await;
    world.role(&world.customer, "customer", &trust(&principal, "{}"), "").await;
    let base = |keys| world.provider.with_keys(keys);
    let keys = user.assume_role(&principal, "s1", &[]).await.unwrap();
    assert_eq!(code(base(keys).assume_role(ROLE, "s2", &[]).await), "ok");
    let shown = world.customer.iam("GetRole", &[("RoleName", "customer")]).await.unwrap();
    assert!(shown.contains("role%2Fbase"), "{shown}");

    world.provider.iam("DeleteRolePolicy", &[("RoleName", "base"), ("PolicyName", "inline")]).await.unwrap();
    world.provider.iam("DeleteRole", &[("RoleName", "base")]).await.unwrap();
    world.role(&world.provider, "base", &trust_account(PROVIDER), &allow_all("\"sts:AssumeRole\"")).await;
    let keys = user.assume_role(&principal, "s1", &[]).await.unwrap();
    assert_eq!(code(base(keys).assume_role(ROLE, "s2", &[]).await), "AccessDenied");
    let shown = world.customer.iam("GetRole", &[("RoleName", "customer")]).await.unwrap();
    assert!(shown.contains("AROA") && !shown.contains("role%2Fbase"), "{shown}");
}

#[tokio::test]
async fn a_session_as_principal_and_who_one_is() {
    let world = World::start().await;
    let user = world.assumer(&world.provider, "server").await;
    let base =
        world.role(&world.provider, "base", &trust_account(PROVIDER), &allow_all("\"sts:AssumeRole\"")).await;
    let session = format!("arn:aws:sts::{PROVIDER}:assumed-role/base/right");
    world.role(&world.customer, "customer", &trust(&session, "{}"), "").await;
    for (name, expected) in [("right", "ok"), ("wrong", "AccessDenied")] {
        let keys = user.assume_role(&base, name, &[]).await.unwrap();
        let client = world.provider.with_keys(keys);
        assert_eq!(code(client.assume_role(ROLE, "s2", &[]).await), expected, "{name}");
        let identity = client.sts("GetCallerIdentity", &[]).await.unwrap();
        assert_eq!(
            text_of(&identity, "Arn"),
            Some(format!("arn:aws:sts::{PROVIDER}:assumed-role/base/{name}"))
        );
        assert_eq!(text_of(&identity, "Account").as_deref(), Some(PROVIDER));
        assert!(text_of(&identity, "UserId").unwrap().ends_with(&format!(":{name}")));
    }
}

#[tokio::test]
async fn keys_without_a_role() {
    let world = World::start().await;
    let user = world.user(&world.customer, "u", &allow_all(r#"["s3:*","sts:*","iam:*"]"#)).await;
    let keys = sandbox::client::keys_of(&user.sts("GetSessionToken", &[]).await.unwrap());
    let session = user.with_keys(keys);
    assert_eq!(code(session.s3("GET", "", "", "", &[], "").await), "ok");
    assert_eq!(code(session.iam("ListRoles", &[]).await), "InvalidClientTokenId");
    let policy = allow_all("\"s3:ListAllMyBuckets\"");
    let document = user.sts("GetFederationToken", &[("Name", "fed"), ("Policy", &policy)]).await.unwrap();
    let federated = user.with_keys(sandbox::client::keys_of(&document));
    assert_eq!(code(federated.s3("GET", "", "", "", &[], "").await), "ok");
    assert_eq!(code(federated.s3("PUT", "some-bucket", "", "", &[], "").await), "AccessDenied");
    let document = user.sts("GetFederationToken", &[("Name", "fed")]).await.unwrap();
    let nothing = user.with_keys(sandbox::client::keys_of(&document));
    assert_eq!(code(nothing.s3("GET", "", "", "", &[], "").await), "AccessDenied");
}
