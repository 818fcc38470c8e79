//! The negative test in all four combinations: external id required or not, sent or not. SQL always sends one, so
//! this asks the credential layer itself.

use credentials::{
    Access, AssumedRole, ConnectionAccess, Credentials, CredentialsOptions, Grant, IdentitySource,
    ServerSettings, StepStatus, ValidateRequest,
};
use sandbox::Sandbox;

use super::aws::Administrators;
use super::scene;

const OPEN_TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
    "Principal":{"AWS":"arn:aws:iam::123456789012:role/stagedoor/tn3ftqihs/stagedoor-tn3ftqihs"}}}"#;

const ROLE: &str = "arn:aws:iam::987654321987:role/warehouse";

/// The trust policy has the external id in capitals. A guess finds that, unless the pair serves another organization.
#[tokio::test]
async fn pairs_of_other_organizations_are_not_tried() {
    let (_sandbox, administrators, credentials) = world().await;
    let trust = OPEN_TRUST.replace(
        r#""Effect":"Allow","#,
        r#""Effect":"Allow","Condition":{"StringEquals":{"sts:ExternalId":"SALES-7F3K"}},"#,
    );
    let update = [("RoleName", "warehouse"), ("PolicyDocument", trust.as_str())];
    administrators.accounts["customer"].iam("UpdateAssumeRolePolicy", &update).await.unwrap();
    let mut request = request(Some("sales-7f3k"));
    let found = climb_as(&credentials, &request).await[0].2.clone();
    assert!(found.contains("requires the external id `SALES-7F3K` (the same in upper case)"), "{found}");
    request.pairs_of_others = vec![(ROLE.to_owned(), "SALES-7F3K".to_owned())];
    let found = climb_as(&credentials, &request).await[0].2.clone();
    assert!(!found.contains("SALES-7F3K") && found.contains("most likely (1)"), "{found}");
}

#[tokio::test]
async fn required_or_not_sent_or_not() {
    let (_sandbox, administrators, credentials) = world().await;

    // Required.
    let sent = climb(&credentials, Some("sales-7f3k")).await;
    assert_eq!(sent[0], ("assume role", StepStatus::Ok, String::new()));
    assert_eq!(sent[1], ("external id required", StepStatus::Ok, String::new()));
    let not_sent = climb(&credentials, None).await;
    assert_eq!(not_sent[0].1, StepStatus::Failed);
    assert!(
        not_sent[0].2.contains("it requires an sts:ExternalId, and the connection has none"),
        "{not_sent:?}"
    );
    assert_eq!(not_sent[1].1, StepStatus::NotReached);

    // Not required.
    let open = [("RoleName", "warehouse"), ("PolicyDocument", OPEN_TRUST)];
    administrators.accounts["customer"].iam("UpdateAssumeRolePolicy", &open).await.unwrap();
    for id in [Some("sales-7f3k"), None] {
        let steps = climb(&credentials, id).await;
        assert_eq!(steps[0].1, StepStatus::Ok, "{id:?}");
        assert_eq!(steps[1].1, StepStatus::Warning, "{id:?}");
        assert!(steps[1].2.contains("sts:ExternalId"), "{id:?}: {steps:?}");
    }
}

async fn world() -> (Sandbox, Administrators, Credentials) {
    let sandbox = Sandbox::start(scene::options()).await.unwrap();
    let administrators = Administrators::of(&sandbox, &super::folder().join("right"));
    let keys = scene::prepare_provider(&administrators).await;
    scene::prepare_customer(&administrators, true).await;
    let options = CredentialsOptions {
        server: ServerSettings {
            identity: IdentitySource::Keys(keys),
            region: Some("us-east-1".into()),
            sts_endpoint: Some(sandbox.endpoint()),
            s3_endpoint: Some(sandbox.endpoint()),
        },
        validation_patience: std::time::Duration::ZERO,
        ..CredentialsOptions::default()
    };
    let credentials = Credentials::load(options).await.unwrap();
    (sandbox, administrators, credentials)
}

/// The rungs `assume role` and `external id required`, with their causes.
async fn climb(
    credentials: &Credentials,
    external_id: Option<&str>,
) -> Vec<(&'static str, StepStatus, String)> {
    climb_as(credentials, &request(external_id)).await
}

fn request(external_id: Option<&str>) -> ValidateRequest {
    let role = AssumedRole { arn: ROLE.to_owned(), external_id: external_id.map(str::to_owned) };
    ValidateRequest {
        organization: "default".to_owned(),
        user: "root".to_owned(),
        principal: Some(scene::PRINCIPAL.to_owned()),
        next_principal: None,
        connection: ConnectionAccess {
            name: Some("sales".to_owned()),
            version: 1,
            grant: Grant::Role(role),
            region: None,
            endpoint_url: None,
            virtual_host_style: false,
            kms_key: None,
            session_tags: false,
        },
        place: None,
        access: Access::Read,
        other_external_ids: Vec::new(),
        other_connections: Vec::new(),
        other_roles: Vec::new(),
        pairs_of_others: Vec::new(),
        may_try_other_roles: true,
    }
}

async fn climb_as(
    credentials: &Credentials,
    request: &ValidateRequest,
) -> Vec<(&'static str, StepStatus, String)> {
    let steps = credentials.validate(request).await.steps;
    let wanted = ["assume role", "external id required"];
    steps
        .into_iter()
        .filter(|step| wanted.contains(&step.name))
        .map(|step| (step.name, step.status, step.cause))
        .collect()
}
