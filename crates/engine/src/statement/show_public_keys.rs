//! SHOW PUBLIC KEYS: with what a user logs in. A public key is no secret; its fingerprint is enough to know it.

use catalog::Privilege;

use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::ShowPublicKeys) -> Result<StatementOutput, Error> {
    let user = statement.user.map_or_else(|| session.identity.user.clone(), |user| user.name.value);
    if user != session.identity.user {
        session.require_globally(Privilege::CreateUser)?;
    }
    let keys = session.engine.catalog().public_keys(&session.identity.organization, &user).await?;
    rows::answer(
        session,
        vec![
            Column::text("fingerprint", keys.iter().map(|key| &key.fingerprint)),
            Column::text("label", keys.iter().map(|key| &key.label)),
            Column::timestamp("created_at", keys.iter().map(|key| key.created_on)),
        ],
    )
}
