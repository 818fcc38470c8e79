//! Documents that AWS takes, documents it refuses, and principals rewritten in place.

use iam::{PolicyDocument, PolicyKind, replace_aws_principals};
use serde_json::Value;

use crate::decisions::{kind_named, testdata};

fn read(name: &str) -> Vec<(PolicyKind, String, Value)> {
    let text = std::fs::read_to_string(testdata().join("documents").join(name)).unwrap();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let read_entry = |entry: Value| {
        let kind = kind_named(entry["kind"].as_str().unwrap());
        let document = match &entry["document"] {
            Value::String(raw) => raw.clone(),
            document => document.to_string(),
        };
        (kind, document, entry)
    };
    entries.into_iter().map(read_entry).collect()
}

#[test]
fn refused_with_the_place_and_in_awss_words() {
    for (kind, document, entry) in read("refused.json") {
        let error = match PolicyDocument::parse(&document, kind) {
            Ok(_) => panic!("accepted: {entry}"),
            Err(error) => error,
        };
        let message = error.to_string();
        assert!(message.contains(entry["error"].as_str().unwrap()), "{message}\n{entry}");
        assert_eq!(error.aws_message(), entry["aws"].as_str().unwrap(), "{entry}");
    }
}

#[test]
fn accepted() {
    for (kind, document, _) in read("accepted.json") {
        if let Err(error) = PolicyDocument::parse(&document, kind) {
            panic!("{error}\n{document}");
        }
    }
}

const TRUST: &str = r#"{ "Version": "2012-10-17", "Statement": [
    { "Sid": "A", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:role/x" },
      "Action": "sts:AssumeRole" },
    { "Effect": "Deny", "NotPrincipal": { "Service": "ec2.amazonaws.com",
      "AWS": ["*", "arn:aws:iam::111122223333:role/x", "111122223333"] }, "Action": "sts:*" } ] }"#;

fn to_id(principal: &str) -> Option<String> {
    principal.ends_with("role/x").then(|| "AROADBQP57FF2AEXAMPLE".to_owned())
}

#[test]
fn principals_are_rewritten_in_the_text() {
    assert_eq!(
        replace_aws_principals(TRUST, to_id).unwrap(),
        concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","#,
            r#""Principal":{"AWS":"AROADBQP57FF2AEXAMPLE"},"Action":"sts:AssumeRole"},"#,
            r#"{"Effect":"Deny","NotPrincipal":{"Service":"ec2.amazonaws.com","#,
            r#""AWS":["*","AROADBQP57FF2AEXAMPLE","111122223333"]},"Action":"sts:*"}]}"#
        )
    );
    assert_eq!(replace_aws_principals(TRUST, |_| None).unwrap(), TRUST);
    assert!(replace_aws_principals("{", |_| None).is_err());
    assert_eq!(replace_aws_principals("[1]", |_| None).unwrap(), "[1]");
}

#[test]
fn principals_are_rewritten_in_the_document() {
    let mut document = PolicyDocument::parse(TRUST, PolicyKind::Trust).unwrap();
    let shared = document.clone();
    document.replace_aws_principals(to_id);
    assert_eq!(document.aws_principals(), ["AROADBQP57FF2AEXAMPLE", "AROADBQP57FF2AEXAMPLE", "111122223333"]);
    assert_eq!(shared.aws_principals().first(), Some(&"arn:aws:iam::111122223333:role/x"));
    document.replace_aws_principals(|_| Some("nobody".to_owned()));
    assert!(document.aws_principals().is_empty());
}

#[test]
fn statements_tell_what_they_hold() {
    let document = PolicyDocument::parse(
        r#"{"Statement":{"Sid":"S","Effect":"Deny","Action":["s3:Get*","*"],"NotResource":"arn:aws:s3:::b"}}"#,
        PolicyKind::Identity,
    )
    .unwrap();
    let [statement] = document.statements() else { panic!("one statement") };
    assert_eq!(statement.id().to_string(), "statement `S`");
    assert_eq!(statement.actions().collect::<Vec<_>>(), ["s3:Get*", "*"]);
    assert_eq!(statement.resources().collect::<Vec<_>>(), ["arn:aws:s3:::b"]);
    assert_eq!(document.kind(), PolicyKind::Identity);
}
