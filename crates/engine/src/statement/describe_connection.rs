//! DESC CONNECTION.

use super::{folded, show_connections};
use crate::session::Session;
use crate::{Error, StatementOutput, stage};

pub(super) async fn run(
    session: &Session,
    statement: sql::DescribeConnection,
) -> Result<StatementOutput, Error> {
    let connection = stage::find_connection(session, &folded(&statement.name)).await?;
    show_connections::answer(session, &[connection])
}
