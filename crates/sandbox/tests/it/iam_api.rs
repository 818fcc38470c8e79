//! The IAM API.

use sandbox::client::text_of;

use crate::support::{CUSTOMER, World, allow_all, code, trust_account};

#[tokio::test]
async fn roles_and_their_rules() {
    let world = World::start().await;
    let trust = trust_account(CUSTOMER);
    let create = |name: &'static str, trust: String| {
        let customer = world.customer.clone();
        async move {
            code(
                customer.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)]).await,
            )
        }
    };
    assert_eq!(create("r", trust.clone()).await, "ok");
    assert_eq!(create("R", trust.clone()).await, "EntityAlreadyExists");
    assert_eq!(create("bad name", trust.clone()).await, "ValidationError");
    for bad in [
        "{}",
        "not json",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Resource":"*"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::987654321987:role/none"},"Action":"sts:AssumeRole"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"nobody"},"Action":"sts:AssumeRole"}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Permit","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#,
    ] {
        assert_eq!(create("bad", bad.to_owned()).await, "MalformedPolicyDocument", "{bad}");
    }
    let error = world
        .customer
        .iam("CreateRole", &[("RoleName", "bad"), ("AssumeRolePolicyDocument", r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::987654321987:role/none"},"Action":"sts:AssumeRole"}]}"#)])
        .await
        .unwrap_err();
    assert_eq!(error.message, "Invalid principal in policy: \"AWS\":\"arn:aws:iam::987654321987:role/none\"");
    assert_eq!(code(world.customer.iam("GetRole", &[("RoleName", "none")]).await), "NoSuchEntity");
    let policy = allow_all("\"s3:*\"");
    world
        .customer
        .iam("PutRolePolicy", &[("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", &policy)])
        .await
        .unwrap();
    assert_eq!(code(world.customer.iam("DeleteRole", &[("RoleName", "r")]).await), "DeleteConflict");
    world.customer.iam("DeleteRolePolicy", &[("RoleName", "r"), ("PolicyName", "p")]).await.unwrap();
    world
        .customer
        .iam(
            "AttachRolePolicy",
            &[("RoleName", "r"), ("PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")],
        )
        .await
        .unwrap();
    assert_eq!(code(world.customer.iam("DeleteRole", &[("RoleName", "r")]).await), "DeleteConflict");
    assert_eq!(
        code(
            world
                .customer
                .iam(
                    "AttachRolePolicy",
                    &[("RoleName", "r"), ("PolicyArn", "arn:aws:iam::987654321987:policy/none")]
                )
                .await
        ),
        "NoSuchEntity"
    );
    world
        .customer
        .iam(
            "DetachRolePolicy",
            &[("RoleName", "r"), ("PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")],
        )
        .await
        .unwrap();
    assert_eq!(code(world.customer.iam("DeleteRole", &[("RoleName", "r")]).await), "ok");
}

#[tokio::test]
async fn policies_and_versions() {
    let world = World::start().await;
    let arn = format!("arn:aws:iam::{CUSTOMER}:policy/team/p");
    let document = allow_all("\"s3:GetObject\"");
    let params = [("PolicyName", "p"), ("Path", "/team/"), ("PolicyDocument", document.as_str())];
    let created = world.customer.iam("CreatePolicy", &params).await.unwrap();
    assert_eq!(text_of(&created, "Arn"), Some(arn.clone()));
    assert_eq!(code(world.customer.iam("CreatePolicy", &params).await), "EntityAlreadyExists");
    let bad = [
        ("PolicyName", "q"),
        (
            "PolicyDocument",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}"#,
        ),
    ];
    assert_eq!(code(world.customer.iam("CreatePolicy", &bad).await), "MalformedPolicyDocument");
    for number in 2..=5 {
        let params =
            [("PolicyArn", arn.as_str()), ("PolicyDocument", document.as_str()), ("SetAsDefault", "true")];
        let version = world.customer.iam("CreatePolicyVersion", &params).await.unwrap();
        assert_eq!(text_of(&version, "VersionId"), Some(format!("v{number}")));
    }
    let sixth = [("PolicyArn", arn.as_str()), ("PolicyDocument", document.as_str())];
    assert_eq!(code(world.customer.iam("CreatePolicyVersion", &sixth).await), "LimitExceeded");
    let version = |id| [("PolicyArn", arn.as_str()), ("VersionId", id)];
    assert_eq!(code(world.customer.iam("DeletePolicyVersion", &version("v5")).await), "DeleteConflict");
    assert_eq!(code(world.customer.iam("DeletePolicy", &[("PolicyArn", &arn)]).await), "DeleteConflict");
    world.customer.iam("SetDefaultPolicyVersion", &version("v1")).await.unwrap();
    for id in ["v2", "v3", "v4", "v5"] {
        world.customer.iam("DeletePolicyVersion", &version(id)).await.unwrap();
    }
    let shown = world.customer.iam("GetPolicyVersion", &version("v1")).await.unwrap();
    assert!(shown.contains("%7B%22Version%22%3A%222012-10-17%22"), "{shown}");
    assert_eq!(code(world.customer.iam("DeletePolicy", &[("PolicyArn", &arn)]).await), "ok");
    assert_eq!(code(world.customer.iam("GetPolicy", &[("PolicyArn", &arn)]).await), "NoSuchEntity");
}

#[tokio::test]
async fn calls_are_decided_like_any_other() {
    let world = World::start().await;
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["iam:GetRole","iam:CreateRole"],"Resource":"arn:aws:iam::{CUSTOMER}:role/mine-*"}},{{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{{"ArnEquals":{{"iam:PolicyARN":"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}}}}}]}}"#
    );
    let user = world.user(&world.customer, "u", &policy).await;
    let trust = trust_account(CUSTOMER);
    let create = |name| [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    assert_eq!(code(user.iam("CreateRole", &create("mine-1")).await), "ok");
    assert_eq!(code(user.iam("CreateRole", &create("yours-1")).await), "AccessDenied");
    assert_eq!(code(user.iam("GetRole", &[("RoleName", "mine-1")]).await), "ok");
    assert_eq!(code(user.iam("DeleteRole", &[("RoleName", "mine-1")]).await), "AccessDenied");
    let attach = |arn| [("RoleName", "mine-1"), ("PolicyArn", arn)];
    assert_eq!(
        code(user.iam("AttachRolePolicy", &attach("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")).await),
        "ok"
    );
    assert_eq!(
        code(user.iam("AttachRolePolicy", &attach("arn:aws:iam::aws:policy/AdministratorAccess")).await),
        "AccessDenied"
    );
    // accounts do not see each other
    assert_eq!(code(world.provider.iam("GetRole", &[("RoleName", "mine-1")]).await), "NoSuchEntity");
    assert_eq!(code(world.customer.iam("Nonsense", &[]).await), "InvalidAction");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::start().await;
    for index in 0..5 {
        world.role(&world.customer, &format!("r{index}"), &trust_account(CUSTOMER), "").await;
    }
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let mut params = vec![("MaxItems", "2")];
        let text: String;
        if let Some(known) = marker {
            text = known;
            params.push(("Marker", &text));
        }
        let page = world.customer.iam("ListRoles", &params).await.unwrap();
        names.extend(page.split("<RoleName>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()));
        marker = text_of(&page, "Marker");
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(names, ["r0", "r1", "r2", "r3", "r4"]);
}

#[tokio::test]
async fn simulations_say_what_would_be() {
    let world = World::start().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObjectAcl","Resource":"*"}]}"#;
    let arn = world.role(&world.customer, "r", &trust_account(CUSTOMER), policy).await;
    let params = [
        ("PolicySourceArn", arn.as_str()),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "s3:GetObjectAcl"),
        ("ActionNames.member.3", "s3:PutObject"),
        ("ResourceArns.member.1", "arn:aws:s3:::b/k"),
    ];
    let answer = world.customer.iam("SimulatePrincipalPolicy", &params).await.unwrap();
    let decisions: Vec<&str> =
        answer.split("<EvalDecision>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(decisions, ["allowed", "explicitDeny", "implicitDeny"]);
}

#[tokio::test]
async fn tags_and_users() {
    let world = World::start().await;
    world.user(&world.customer, "u", "").await;
    let tag = [("UserName", "u"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "blue")];
    world.customer.iam("TagUser", &tag).await.unwrap();
    assert!(
        world
            .customer
            .iam("ListUserTags", &[("UserName", "u")])
            .await
            .unwrap()
            .contains("<Value>blue</Value>")
    );
    world.customer.iam("UntagUser", &[("UserName", "u"), ("TagKeys.member.1", "team")]).await.unwrap();
    assert!(!world.customer.iam("GetUser", &[("UserName", "u")]).await.unwrap().contains("blue"));
    assert_eq!(code(world.customer.iam("DeleteUser", &[("UserName", "u")]).await), "DeleteConflict");
    assert_eq!(code(world.customer.iam("CreateUser", &[("UserName", "u")]).await), "EntityAlreadyExists");
}
