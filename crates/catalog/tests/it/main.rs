//! The catalog's rules, each by the public API, in memory and on disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::string_slice)]

mod connections;
mod external_ids;
mod grants;
mod history;
mod organizations;
mod persistence;
mod stages;
mod users;
mod web;

use catalog::{
    Catalog, ConnectionParameters, NewConnection, NewStage, Organization, OrganizationSpec, StageAccess,
};

pub const ROLE: &str = "arn:aws:iam::987654321987:role/databend-test";

/// A catalog in memory with the organizations `acme` and `globex`.
pub async fn two_organizations() -> Catalog {
    let catalog = Catalog::open(None).await.unwrap();
    ensure(&catalog, "acme").await;
    ensure(&catalog, "globex").await;
    catalog
}

pub async fn ensure(catalog: &Catalog, name: &str) -> Organization {
    let specification = OrganizationSpec { name: name.into(), ..OrganizationSpec::default() };
    catalog.ensure_organization(&specification).await.unwrap()
}

pub fn connection(name: &str) -> NewConnection {
    NewConnection {
        name: name.into(),
        parameters: ConnectionParameters {
            storage_type: "s3".into(),
            role_arn: Some(ROLE.into()),
            ..ConnectionParameters::default()
        },
        creator: "root".into(),
        owner: catalog::Grantee::administrator(),
    }
}

pub fn connection_with_id(name: &str, external_id: &str) -> NewConnection {
    let mut connection = connection(name);
    connection.parameters.external_id = Some(external_id.into());
    connection
}

pub fn stage(name: &str, access: StageAccess) -> NewStage {
    NewStage {
        name: name.into(),
        bucket: "test-bucket-123".into(),
        prefix: "raw/".into(),
        access,
        file_format: r#"{"type":"parquet"}"#.into(),
        comment: String::new(),
        creator: "root".into(),
        owner: catalog::Grantee::administrator(),
    }
}
