//! The paste check on documents that `tests/roles` does not have.

use iam::review::{
    Assumer, ReviewStatus, ReviewStep, RoleWanted, TrustWanted, review_role_policy, review_trust_policy,
};
use iam::texts::{Access, web_identity_trust_policy};
use serde_json::{Value, json};

const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3/stagedoor-tn3";
const ROLE: &str = "arn:aws:iam::987654321987:role/warehouse";
const PROVIDER: &str = "arn:aws:iam::987654321987:oidc-provider/stage.example.com";

fn iam() -> TrustWanted {
    TrustWanted {
        assumer: Assumer::Iam { arn: PRINCIPAL.to_owned(), session_name: "stagedoor.default".to_owned() },
        next_principal: None,
        server_identity: Some("arn:aws:iam::123456789012:user/server".to_owned()),
        role_arn: ROLE.to_owned(),
        role_session_name: "default.root".to_owned(),
        external_id: Some("sd-default-abc".to_owned()),
        other_external_ids: Vec::new(),
        now: Some("2026-11-28T12:00:00Z".to_owned()),
    }
}

fn web() -> TrustWanted {
    TrustWanted {
        assumer: Assumer::Web {
            provider_arn: PROVIDER.to_owned(),
            issuer: "stage.example.com".to_owned(),
            subject: "organization:default:connection:sales".to_owned(),
            audience: "sts.amazonaws.com".to_owned(),
        },
        external_id: None,
        ..iam()
    }
}

fn trust(principal: Value, action: &str, condition: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition,
    }})
    .to_string()
}

/// The parts that are not in order, with their causes.
fn findings(steps: &[ReviewStep]) -> Vec<(&str, ReviewStatus, &str)> {
    steps
        .iter()
        .filter(|step| matches!(step.status, ReviewStatus::Warning | ReviewStatus::Failed))
        .map(|step| (step.part, step.status, step.cause.as_str()))
        .collect()
}

fn first(text: &str, wanted: &TrustWanted) -> (String, String) {
    let steps = review_trust_policy(text, wanted);
    let found = findings(&steps);
    let (part, _, cause) = found.first().unwrap_or_else(|| panic!("{text} is in order"));
    ((*part).to_owned(), (*cause).to_owned())
}

#[test]
fn the_texts_we_print_are_in_order() {
    let right = iam::texts::trust_policy(&[PRINCIPAL], Some("sd-default-abc"));
    assert_eq!(findings(&review_trust_policy(&right, &iam())), []);
    let right = web_identity_trust_policy(
        "aws",
        "987654321987",
        "https://stage.example.com",
        "organization:default:connection:sales",
    );
    assert_eq!(findings(&review_trust_policy(&right, &web())), []);
}

#[test]
fn trust_by_token() {
    let provider = json!({"Federated": PROVIDER});
    let action = "sts:AssumeRoleWithWebIdentity";
    let subject = |text: &str| json!({"StringEquals": {"stage.example.com:sub": text, "stage.example.com:aud": "sts.amazonaws.com"}});
    let right = subject("organization:default:connection:sales");
    for (text, part, phrase) in [
        (trust(json!({"AWS": PRINCIPAL}), action, right.clone()), "principal", "comes with a token of"),
        (
            trust(json!({"Federated": PROVIDER.replace("stage.", "staeg.")}), action, right.clone()),
            "principal",
            "a slip of",
        ),
        (trust(provider.clone(), "sts:AssumeRole", right), "action", "not sts:AssumeRoleWithWebIdentity"),
        (
            trust(provider.clone(), action, subject("organization:default:connection:market")),
            "other conditions",
            "the trust policy requires the subject `organization:default:connection:market`",
        ),
        (
            trust(provider.clone(), action, json!({"StringEquals": {"stage.example.com:aud": "stagedoor"}})),
            "other conditions",
            "requires the audience `stagedoor`",
        ),
        (
            trust(provider, action, json!({"StringEquals": {"other.example.com:sub": "x"}})),
            "other conditions",
            "is of another issuer",
        ),
    ] {
        let (found, cause) = first(&text, &web());
        assert!(found == part && cause.contains(phrase), "{found}: {cause}\nwanted {part}: {phrase}");
    }
}

#[test]
fn trust_by_principal() {
    let right = json!({"StringEquals": {"sts:ExternalId": "sd-default-abc"}});
    let named = |principal: Value| trust(principal, "sts:AssumeRole", right.clone());
    for (text, part, phrase) in [
        (named(json!({"Federated": PROVIDER})), "principal", "(Federated)"),
        (
            named(json!({"AWS": ["AROADBQP57FF2AEXAMPLE", "arn:aws:iam::555555555555:root"]})),
            "principal",
            "was deleted",
        ),
        (named(json!({"AWS": "123456789021"})), "principal", "Principal is the account 123456789021"),
        (named(json!({"AWS": ROLE})), "principal", "the role itself"),
        (
            named(json!({"AWS": "arn:aws:iam::123456789012:user/server"})),
            "principal",
            "the server's own identity",
        ),
        (
            trust(
                json!({"AWS": PRINCIPAL}),
                "sts:AssumeRole",
                json!({"StringEquals": {"sts:ExternalId": "SD-default-abc"}}),
            ),
            "external id",
            "upper and lower case differ",
        ),
        (
            trust(
                json!({"AWS": PRINCIPAL}),
                "sts:AssumeRole",
                json!({"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}),
            ),
            "other conditions",
            "holds at other times",
        ),
        (
            trust(
                json!({"AWS": PRINCIPAL}),
                "sts:AssumeRole",
                json!({"Bool": {"aws:MultiFactorAuthPresant": "true"}}),
            ),
            "other conditions",
            "does not exist: aws:MultiFactorAuthPresent is meant",
        ),
    ] {
        let (found, cause) = first(&text, &iam());
        assert!(found == part && cause.contains(phrase), "{found}: {cause}\nwanted {part}: {phrase}");
    }
}

#[test]
fn what_cannot_be_known_is_no_failure() {
    let condition = json!({
        "StringEquals": {"sts:ExternalId": "sd-default-abc"},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
    });
    let steps = review_trust_policy(&trust(json!({"AWS": PRINCIPAL}), "sts:AssumeRole", condition), &iam());
    assert!(steps.iter().all(|step| step.status != ReviewStatus::Failed), "{steps:#?}");
    assert_eq!(steps.last().unwrap().status, ReviewStatus::Warning);
}

#[test]
fn role_policies() {
    let wanted = RoleWanted {
        role: iam::parse_role_arn(ROLE).unwrap(),
        bucket: "acme-lake".to_owned(),
        prefix: String::new(),
        access: Access::Write,
        kms_key: None,
    };
    let right = iam::texts::role_policy(&iam::texts::StageScope {
        partition: "aws",
        bucket: "acme-lake",
        prefix: "",
        access: Access::Write,
        kms_key: None,
    });
    assert_eq!(findings(&review_role_policy(&right, &wanted)), []);
    let text = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::acme-lake/*"},
        {"Effect": "Allow", "Action": ["s3:GetObjects", "s3:PutObject"], "Resource": "arn:aws:s3:::acme-lake/*"},
        {"Sid": "Keep", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"},
    ]})
    .to_string();
    let steps = review_role_policy(&text, &wanted);
    let found = findings(&steps);
    let parts: Vec<&str> = found.iter().map(|(part, ..)| *part).collect();
    assert_eq!(parts, ["list", "read", "delete", "abort uploads"]);
    assert!(found[0].2.contains("names objects and not the bucket"), "{}", found[0].2);
    assert!(found[1].2.contains("`s3:GetObjects`, which is not s3:GetObject"), "{}", found[1].2);
    assert!(found[2].2.contains("statement `Keep` denies s3:DeleteObject"), "{}", found[2].2);
}

#[test]
fn what_is_no_policy_is_told_with_its_place() {
    let steps = review_trust_policy("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [,]\n}", &iam());
    assert_eq!(steps[0].status, ReviewStatus::Failed);
    assert_eq!(steps[0].seen, "line 3: \"Statement\": [,]");
    assert!(steps[0].cause.contains("not valid JSON"), "{}", steps[0].cause);
    assert!(steps[1..].iter().all(|step| step.status == ReviewStatus::NotReached));
}

#[test]
fn role_policies_and_the_key_of_the_files() {
    const KEY: &str = "arn:aws:kms:eu-central-1:987654321987:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let wanted = RoleWanted {
        role: iam::parse_role_arn(ROLE).unwrap(),
        bucket: "acme-lake".to_owned(),
        prefix: "raw/".to_owned(),
        access: Access::Write,
        kms_key: Some(KEY.to_owned()),
    };
    let policy = |kms_key: Option<&str>| {
        iam::texts::role_policy(&iam::texts::StageScope {
            partition: "aws",
            bucket: "acme-lake",
            prefix: "raw/",
            access: Access::Write,
            kms_key,
        })
    };
    assert_eq!(findings(&review_role_policy(&policy(Some(KEY)), &wanted)), []);
    let steps = review_role_policy(&policy(None), &wanted);
    let parts: Vec<&str> = findings(&steps).iter().map(|(part, ..)| *part).collect();
    assert_eq!(parts, ["kms decrypt", "kms data key"]);
    let fix = steps.iter().find(|step| step.part == "kms data key").unwrap().fix.clone();
    assert_eq!(fix, format!(r#"{{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":"{KEY}"}}"#));
    for (resource, cause) in [
        (KEY.replace("eu-central-1", "us-east-1"), "in another region"),
        ("arn:aws:kms:eu-central-1:987654321987:alias/lake".to_owned(), "an alias names no key in a policy"),
        (format!("{}0", &KEY[..KEY.len() - 1]), "a slip of"),
    ] {
        let steps = review_role_policy(&policy(Some(KEY)).replace(KEY, &resource), &wanted);
        let found = findings(&steps);
        assert_eq!(found[0].0, "kms decrypt", "{resource}");
        assert!(found[0].2.contains(cause), "{}", found[0].2);
    }
}
