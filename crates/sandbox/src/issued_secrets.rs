//! Every secret that the sandbox issued, for tests that look for them where no secret may be.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::OnceLock;

use parking_lot::Mutex;

/// Names a file that each secret access key and session token is appended to, one a line. For tests alone.
const VARIABLE: &str = "STAGEDOOR_SANDBOX_ISSUED_SECRETS";

/// Gives the secret back, written down if somebody asked for it.
pub(crate) fn recorded(secret: String) -> String {
    static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let path = std::env::var_os(VARIABLE)?;
        match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => Some(Mutex::new(file)),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "cannot write down the secrets that are issued");
                None
            }
        }
    });
    if let Some(file) = file {
        // Appended by one write, so that several sandboxes may share the file.
        if let Err(error) = file.lock().write_all(format!("{secret}\n").as_bytes()) {
            tracing::error!(%error, "cannot write down the secrets that are issued");
        }
    }
    secret
}
