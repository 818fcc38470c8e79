//! `read_file('@s/path')`: a small file whole, as text.

use super::Call;
use crate::Error;
use crate::rows::Column;
use crate::session::Session;
use crate::stage::read_small_files;

/// All bytes that one call may read.
const BYTES_MAX: u64 = 16 << 20;

pub(super) async fn columns(session: &Session, call: &Call) -> Result<Vec<Column>, Error> {
    let location = call.location()?;
    let files = read_small_files(session, &location, BYTES_MAX).await?;
    Ok(vec![
        Column::text("name", files.iter().map(|(name, _)| name)),
        Column::text("content", files.iter().map(|(_, content)| String::from_utf8_lossy(content))),
    ])
}
