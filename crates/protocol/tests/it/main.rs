#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::string_slice)]
//! Every sample in `tests/wire/` parses into its type and prints as it was.

use std::path::{Path, PathBuf};

use protocol::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The type of a sample is the first word of its file name.
fn check_sample(kind: &str, text: &str) -> Result<(), String> {
    match kind {
        "login_request" => round_trip::<LoginRequest>(text),
        "login_response" => round_trip::<LoginResponse>(text),
        "refresh_request" => round_trip::<RefreshRequest>(text),
        "refresh_response" => round_trip::<RefreshResponse>(text),
        "logout_response" => round_trip::<LogoutResponse>(text),
        "verify_response" => round_trip::<VerifyResponse>(text),
        "error_response" => round_trip::<ErrorResponse>(text),
        "heartbeat_request" => round_trip::<HeartbeatRequest>(text),
        "heartbeat_response" => round_trip::<HeartbeatResponse>(text),
        "query_request" => round_trip::<QueryRequest>(text),
        "query_response" => round_trip::<QueryResponse>(text),
        "query_head" => round_trip::<QueryHead>(text),
        "state_response" => round_trip::<StateResponse>(text),
        "upload_response" => round_trip::<UploadResponse>(text),
        "health_response" => round_trip::<HealthResponse>(text),
        "discovery_nodes" => round_trip::<Vec<DiscoveryNode>>(text),
        "databases_response" => round_trip::<DatabasesResponse>(text),
        "tables_response" => round_trip::<TablesResponse>(text),
        "fields_response" => round_trip::<FieldsResponse>(text),
        _ => Err("no type is known for this name".to_owned()),
    }
}

fn round_trip<T: DeserializeOwned + Serialize>(text: &str) -> Result<(), String> {
    let value: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let expected: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let printed = serde_json::to_value(&value).map_err(|error| error.to_string())?;
    if printed == expected { Ok(()) } else { Err(format!("printed as {printed:#}")) }
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wire");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

#[test]
fn samples_survive_parsing_and_printing() {
    let paths = samples();
    assert!(paths.len() > 20, "tests/wire has lost its samples");
    let mut failures = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        if let Err(reason) = check_sample(name.split('.').next().unwrap(), &text) {
            failures.push(format!("{name}: {reason}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Clients that are newer or older than these types send more or less than they hold.
#[test]
fn requests_are_read_leniently() {
    let request: QueryRequest = serde_json::from_str(
        r#"{"sql":"SELECT 1","string_fields":true,"arrow_features":{"decimal64":true}}"#,
    )
    .unwrap();
    assert_eq!(request.sql, "SELECT 1");
    assert_eq!(request.session, None);
    let login: LoginRequest = serde_json::from_str("{}").unwrap();
    assert_eq!(login, LoginRequest::default());
}

#[test]
fn tokens_are_not_printed_for_logs() {
    let tokens = SessionTokens {
        session_token: "bend-v1-s-secret".into(),
        refresh_token: "bend-v1-r-secret".into(),
        session_token_ttl_in_secs: 60,
    };
    assert!(!format!("{tokens:?}").contains("secret"));
    assert!(!format!("{:?}", RefreshRequest { session_token: "secret".into() }).contains("secret"));
}
