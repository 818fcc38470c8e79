//! Policies made by chance, most of them broken: nothing panics, and what cannot be read allows nothing.

use iam::{Context, NamedPolicy, Policies, PolicyDocument, PolicyKind, Request, evaluate, explain};

use crate::principals::principal;

const ROUNDS: usize = 20_000;

/// A small generator of numbers that gives the same ones every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const ELEMENTS: &[&str] = &[
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "AWS",
    "Federated",
    "StringLike",
    "ForAllValues:StringNotEqualsIfExists",
    "NumericLessThan",
    "DateGreaterThan",
    "IpAddress",
    "ArnLike",
    "Null",
    "Bool",
    "BinaryEquals",
    "aws:username",
    "s3:prefix",
    "Nonsense",
];
const TEXTS: &[&str] = &[
    "2012-10-17",
    "2008-10-17",
    "Allow",
    "Deny",
    "*",
    "**",
    "",
    "s3:GetObject",
    "s3:*",
    "sts:AssumeRole",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::${aws:username}/*",
    "arn:aws:s3:::b/${",
    "arn:::::",
    ":::::",
    "arn:aws:iam::111122223333:root",
    "111122223333",
    "${*}${?}${$}",
    "${aws:nobody, 'é'}",
    "$",
    "é\u{1f980}",
    "192.0.2.0/24",
    "::/0",
    "2026-01-01T00:00:00Z",
    "2026-é1-01Té+0",
    "-",
    "99999999999999999999999999.5",
    "QQ==",
    "true",
    "\u{0}\n\"\\",
];

/// JSON by chance, now and then of the right shape.
fn write(chance: &mut Chance, depth: usize, out: &mut String) {
    match chance.below(if depth == 0 { 4 } else { 8 }) {
        0 | 1 => out.push_str(&serde_json::to_string(chance.pick(TEXTS)).unwrap()),
        2 => {
            out.push_str(chance.pick(&["1", "-2.5", "1e3", "18446744073709551615", "true", "false", "null"]))
        }
        3 => out.push_str(chance.pick(&["{}", "[]", "[[]]", "{", "]"])),
        4 => {
            out.push('[');
            for index in 0..chance.below(4) {
                out.push_str(if index == 0 { "" } else { "," });
                write(chance, depth - 1, out);
            }
            out.push(']');
        }
        _ => {
            out.push('{');
            for index in 0..chance.below(5) {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str(&format!("\"{}\":", chance.pick(ELEMENTS)));
                write(chance, depth - 1, out);
            }
            out.push('}');
        }
    }
}

/// A document whose frame is right and whose values are by chance.
fn framed(chance: &mut Chance) -> String {
    let mut text =
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{}""#, chance.pick(&["Allow", "Deny"]));
    for element in ["Action", "Resource", "Principal", "Condition"] {
        if chance.below(5) == 0 {
            continue;
        }
        text.push_str(&format!(",\"{}{element}\":", chance.pick(&["", "", "Not"])));
        match element {
            "Condition" => {
                let operator = chance.pick(&ELEMENTS[14..23]);
                let value = serde_json::to_string(chance.pick(TEXTS)).unwrap();
                text.push_str(&format!(r#"{{"{operator}":{{"s3:prefix":[{value}]}}}}"#));
            }
            "Principal" if chance.below(5) != 0 => {
                text.push_str(&format!(r#"{{"AWS":"{}"}}"#, chance.pick(&["*", "111122223333"])));
            }
            "Action" if chance.below(5) != 0 => {
                text.push_str(chance.pick(&[r#""s3:*""#, r#"["*"]"#, r#""sts:AssumeRole""#]));
            }
            "Resource" if chance.below(5) != 0 => {
                text.push_str(chance.pick(&[r#""*""#, r#"["arn:aws:s3:::${aws:username}*"]"#]));
            }
            _ => text.push_str(&serde_json::to_string(chance.pick(TEXTS)).unwrap()),
        }
    }
    text.push_str("}}");
    text
}

#[test]
fn nothing_panics() {
    let mut chance = Chance(7);
    let mut parsed = 0;
    for round in 0..ROUNDS {
        let mut text = String::new();
        match round % 3 {
            0 => write(&mut chance, 5, &mut text),
            _ => text = framed(&mut chance),
        }
        for kind in [
            PolicyKind::Identity,
            PolicyKind::Trust,
            PolicyKind::Resource,
            PolicyKind::Session,
            PolicyKind::Boundary,
        ] {
            match PolicyDocument::parse(&text, kind) {
                Ok(document) => {
                    parsed += 1;
                    ask(&mut chance, NamedPolicy { name: "any".to_owned(), document });
                }
                Err(error) => assert!(!error.to_string().is_empty() && !error.aws_message().is_empty()),
            }
            let _ = iam::replace_aws_principals(&text, |_| Some("x".to_owned()));
        }
    }
    assert!(parsed > 1_000, "only {parsed} documents could be read");
}

/// Holds the policy against a request by chance, in every place. Whatever is allowed by two policies must not be
/// allowed any more once one of them denies everything.
fn ask(chance: &mut Chance, policy: NamedPolicy) {
    let caller = principal(chance.pick(&["root", "ann", "reader", "visitor", "anonymous", "web"]));
    let mut context = Context::new();
    context.set("s3:prefix", chance.pick(TEXTS)).set("aws:username", chance.pick(TEXTS));
    let request = Request {
        principal: &caller,
        action: chance.pick(&["s3:GetObject", "sts:AssumeRole", "", "é:é", "s3:*"]),
        resource: chance.pick(&["arn:aws:s3:::b/k", "*", "", "arn:aws:s3:::é/\u{1f980}"]),
        resource_account: Some("111122223333"),
        context: &context,
    };
    let identity = std::slice::from_ref(&policy);
    let policies = Policies {
        identity,
        resource: Some(&policy),
        session: identity,
        has_session: true,
        boundary: Some(&policy),
        service_control: identity,
        resource_control: identity,
        vpc_endpoint: Some(&policy),
    };
    let decision = evaluate(&request, &policies);
    assert!(!decision.reason.to_string().is_empty());
    explain(&request, &policies);

    let deny = NamedPolicy {
        name: "deny".to_owned(),
        document: PolicyDocument::parse(iam::texts::DENY_EVERYTHING, PolicyKind::Session).unwrap(),
    };
    let session = [policy.clone(), deny];
    assert!(!evaluate(&request, &Policies { session: &session, ..policies }).allowed, "{policy:?}");
}
