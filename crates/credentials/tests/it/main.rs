//! The credential layer from outside, against a small cloud of its own that records every request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::string_slice)]

mod cloud;
mod endpoints;
mod errors;
mod keys;
mod odd_keys;
mod opening;
mod regions;
mod renewal;
mod requests;
mod secrecy;
mod sharing;
mod writing;

use cloud::Cloud;
use credentials::{
    Access, AssumedRole, ConnectionAccess, Credentials, CredentialsOptions, CustomerKeys, EndpointRules,
    Grant, IdentitySource, OpenRequest, ServerSettings,
};

pub const ROLE: &str = "arn:aws:iam::987654321987:role/databend-test";
pub const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3f/stagedoor-tn3f";
pub const BUCKET: &str = "test-bucket-123";
pub const SERVER_KEY: &str = "AKIASERVER";
pub const SERVER_SECRET: &str = "server-secret-never-shown";

/// A layer whose server side is the cloud.
pub fn options(cloud: &Cloud) -> CredentialsOptions {
    CredentialsOptions {
        endpoint_rules: EndpointRules::aws_only(),
        server: ServerSettings {
            identity: IdentitySource::Keys(CustomerKeys::new(SERVER_KEY, SERVER_SECRET, None)),
            region: Some("us-east-1".into()),
            sts_endpoint: Some(cloud.endpoint()),
            s3_endpoint: Some(cloud.endpoint()),
        },
        ..CredentialsOptions::default()
    }
}

pub async fn layer(cloud: &Cloud) -> Credentials {
    Credentials::load(options(cloud)).await.unwrap()
}

pub fn role(arn: &str) -> Grant {
    Grant::Role(AssumedRole { arn: arn.into(), external_id: Some("sd-acme-id".into()) })
}

pub fn connection(grant: Grant) -> ConnectionAccess {
    ConnectionAccess {
        name: Some("sales".into()),
        version: 1,
        grant,
        region: None,
        endpoint_url: None,
        virtual_host_style: false,
        kms_key: None,
        session_tags: false,
    }
}

pub fn request(grant: Grant) -> OpenRequest {
    OpenRequest {
        organization: "acme".into(),
        user: "ann".into(),
        principal: None,
        connection: Some(connection(grant)),
        bucket: BUCKET.into(),
        prefix: String::new(),
        access: Access::Read,
    }
}
