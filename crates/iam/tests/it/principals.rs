//! The callers that the table tests speak of. Account 111122223333 owns what is asked for.

use iam::{Principal, PrincipalKind};

const OWN: &str = "111122223333";
const OTHER: &str = "999988887777";

pub(crate) fn principal(name: &str) -> Principal {
    match name {
        "root" => Principal::root(OWN),
        "other-root" => Principal::root(OTHER),
        "anonymous" => Principal::anonymous(),
        "ann" => user(OWN, "team/ann", "AIDAANNANNANNANNANNAN"),
        "bob" => user(OWN, "bob", "AIDABOBBOBBOBBOBBOBBO"),
        "carl" => user(OTHER, "carl", "AIDACARLCARLCARLCARLC"),
        "star" => user(OWN, "*", "AIDASTARSTARSTARSTARS"),
        "reader" => session(OWN, "data/reader", "morning", "AROAREADERREADERREADE"),
        "reader-evening" => session(OWN, "data/reader", "evening", "AROAREADERREADERREADE"),
        "visitor" => session(OTHER, "visitor", "evening", "AROAVISITORVISITORVIS"),
        "visitor-morning" => session(OTHER, "visitor", "morning", "AROAVISITORVISITORVIS"),
        "visitor-recreated" => session(OTHER, "visitor", "evening", "AROANEWNEWNEWNEWNEWNE"),
        "web" => web("accounts.google.com"),
        "web-other" => web("arn:aws:iam::111122223333:oidc-provider/idp.example.com"),
        other => panic!("nobody is called {other}"),
    }
}

fn user(account: &str, path_and_name: &str, id: &str) -> Principal {
    Principal {
        arn: format!("arn:aws:iam::{account}:user/{path_and_name}"),
        account: account.to_owned(),
        role_arn: None,
        unique_ids: vec![id.to_owned()],
        kind: PrincipalKind::User,
    }
}

fn session(account: &str, path_and_name: &str, session: &str, id: &str) -> Principal {
    let name = path_and_name.rsplit('/').next().unwrap();
    Principal {
        arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
        account: account.to_owned(),
        role_arn: Some(format!("arn:aws:iam::{account}:role/{path_and_name}")),
        unique_ids: vec![id.to_owned(), format!("{id}:{session}")],
        kind: PrincipalKind::AssumedRole,
    }
}

fn web(provider: &str) -> Principal {
    let kind = PrincipalKind::FederatedWeb { provider: provider.to_owned() };
    Principal { kind, ..Principal::anonymous() }
}
