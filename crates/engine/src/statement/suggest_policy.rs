//! SUGGEST POLICY: the smallest permissions that cover what a stage was really used for, from the request log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use catalog::{GrantObject, Privilege};
use iam::texts::{Used, used_policy};

use super::folded;
use crate::rows::{self, Column};
use crate::session::Session;
use crate::stage::{find_connection, find_stage};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::SuggestPolicy) -> Result<StatementOutput, Error> {
    let stage = find_stage(session, &folded(&statement.stage)).await?;
    let (parameters, owned) = match &stage.access {
        catalog::StageAccess::Connection(name) => {
            let connection = find_connection(session, name).await?;
            (Some(connection.parameters), GrantObject::Connection(connection.name))
        }
        catalog::StageAccess::Inline(parameters) => {
            (Some(parameters.clone()), GrantObject::Stage(stage.name.clone()))
        }
        catalog::StageAccess::Unsigned => (None, GrantObject::Stage(stage.name.clone())),
    };
    let owns = session.holds(Privilege::Ownership, &owned);
    if !owns && matches!(owned, GrantObject::Stage(_)) && !session.sees_stage(&stage.name) {
        session.require(Privilege::Read, &owned)?;
    }
    // Whose role it is may know what it is used for; others know what they did themselves.
    let sees_all = owns || session.holds(Privilege::Super, &GrantObject::Organization);
    let mut requests = session.engine.requests(&session.identity.organization);
    requests.retain(|request| sees_all || request.origin.user == session.identity.user);
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut count, mut since) = (0_u64, SystemTime::now());
    for request in &requests {
        let is_of_stage = request.origin.stage.as_deref() == Some(&stage.name)
            && request.bucket.as_deref() == Some(&stage.bucket);
        // What was refused or not there is no use; 412 is the answer about a file that was overwritten.
        let was_granted = match request.status {
            Some(status) => status < 400 || status == 412 || status == 416,
            // What the client does with a URL that it was given is not known.
            None => request.operation.starts_with("Presigned"),
        };
        if !is_of_stage || !was_granted || request.operation == "HeadBucket" {
            continue;
        }
        count += 1;
        since = since.min(request.started_at);
        let resource = request.resource.clone().unwrap_or_else(|| stage.prefix.clone());
        used.entry(request.action.clone().into_owned()).or_default().insert(resource);
    }
    if used.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidValue,
            match sees_all {
                true => format!("stage `{}` was not used: there is nothing to go by", stage.name),
                false => format!("stage `{}` was not used by you: there is nothing to go by", stage.name),
            },
        )
        .with_hint(format!(
            "run the statements that it is for, then this again; `SHOW SETUP FOR STAGE {}` goes by its folder",
            stage.name
        )));
    }
    let role = parameters.as_ref().and_then(|parameters| parameters.role_arn.as_deref());
    let partition = role.and_then(|arn| iam::parse_role_arn(arn).ok());
    let used: Vec<(String, Vec<String>)> =
        used.into_iter().map(|(action, resources)| (action, resources.into_iter().collect())).collect();
    let uses: Vec<Used> = used.iter().map(|(action, resources)| Used { action, resources }).collect();
    let policy = used_policy(
        partition.as_ref().map_or("aws", |role| role.partition()),
        &stage.bucket,
        &uses,
        parameters.as_ref().and_then(|parameters| parameters.kms_key_arn.as_deref()),
    );
    rows::answer(
        session,
        vec![
            Column::text("policy", [policy]),
            Column::number("requests", [count]),
            Column::timestamp("since", [since]),
            Column::text("requests_of", [if sees_all { "all users" } else { &session.identity.user }]),
        ],
    )
}
