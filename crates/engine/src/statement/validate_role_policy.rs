//! VALIDATE ROLE POLICY: would this document allow what a stage needs?

use credentials::{Access, ConnectionAccess, ValidatePlace};
use iam::review::{RoleWanted, review_role_policy};

use super::validate;
use crate::session::Session;
use crate::stage::{connection_access, find_connection, find_stage, stage_access};
use crate::{Error, StatementOutput};

pub(super) async fn run(
    session: &Session,
    statement: sql::ValidateRolePolicy,
) -> Result<StatementOutput, Error> {
    let (what, access, place) = find_place(session, &statement.place, statement.write).await?;
    let role = validate::role_of(&what, access.as_ref())?;
    let call = format!(
        "aws iam put-role-policy --role-name {} --policy-name stagedoor --policy-document file://role.json",
        role.name()
    );
    let wanted = RoleWanted {
        role,
        bucket: place.bucket,
        prefix: place.prefix,
        kms_key: access.as_ref().and_then(|access| access.kms_key.clone()),
        access: if statement.write { Access::Write } else { Access::Read },
    };
    let steps = review_role_policy(&statement.policy.value, &wanted);
    validate::answer_review(session, &steps, &call)
}

async fn find_place(
    session: &Session,
    place: &sql::PolicyPlace,
    write: bool,
) -> Result<(String, Option<ConnectionAccess>, ValidatePlace), Error> {
    match place {
        sql::PolicyPlace::Stage(name) => {
            let stage = find_stage(session, &super::folded(name)).await?;
            validate::require_for_stage(session, &stage, write)?;
            let (access, _) = stage_access(session, &stage).await?;
            let place = ValidatePlace { bucket: stage.bucket, prefix: stage.prefix };
            Ok((format!("stage `{}`", stage.name), access, place))
        }
        sql::PolicyPlace::Connection { name, location } => {
            let connection = find_connection(session, &super::folded(name)).await?;
            let access = connection_access(
                Some(&connection.name),
                connection.version,
                &connection.parameters,
                Some(&connection.external_id),
            );
            let place = validate::place_of(location)?;
            Ok((format!("connection `{}`", connection.name), Some(access), place))
        }
    }
}
