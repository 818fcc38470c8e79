//! The password of `root`: given, or made at the first start.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where a password that the server made is kept, in its data folder.
const ROOT_PASSWORD_FILE: &str = "root-password";
/// Random bytes in a password that the server makes.
const ROOT_PASSWORD_BYTES: usize = 18;

/// The password of every organization's `root`.
#[derive(Clone, PartialEq, Eq)]
pub struct RootPassword(String);

impl std::fmt::Debug for RootPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RootPassword(..)")
    }
}

/// Why the server has no password for `root`.
#[derive(Debug, thiserror::Error)]
pub enum RootPasswordError {
    /// Anybody who reaches the address could log in.
    #[error(
        "STAGEDOOR_ROOT_PASSWORD is empty and the server would listen on {0}, which others can reach: set a password, or listen on 127.0.0.1"
    )]
    EmptyBeyondLoopback(SocketAddr),
    /// The file with the password cannot be read or written.
    #[error("cannot keep the password of `root` in `{path}`: {reason}")]
    File { path: PathBuf, reason: std::io::Error },
}

impl RootPassword {
    /// A password that somebody chose. The empty one is for loopback listeners only.
    pub fn given(password: String, listen: SocketAddr) -> Result<Self, RootPasswordError> {
        if password.is_empty() && !listen.ip().is_loopback() {
            return Err(RootPasswordError::EmptyBeyondLoopback(listen));
        }
        Ok(Self(password))
    }

    /// The password that was made at the first start, or a new one. Tells which of the two.
    pub fn kept_in(folder: &Path) -> Result<(Self, KeptPassword), RootPasswordError> {
        let path = folder.join(ROOT_PASSWORD_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => {
                return Ok((Self(text.trim().to_owned()), KeptPassword::Known));
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(reason) => return Err(RootPasswordError::File { path, reason }),
        }
        let random: [u8; ROOT_PASSWORD_BYTES] = rand::random();
        let password = URL_SAFE_NO_PAD.encode(random);
        match write_private(&path, &password) {
            Ok(()) => Ok((Self(password), KeptPassword::New(path))),
            Err(reason) => Err(RootPasswordError::File { path, reason }),
        }
    }

    /// The password, to be said once to whoever started the server.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a kept password is new, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptPassword {
    Known,
    New(PathBuf),
}

fn write_private(path: &Path, password: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // A file that was there keeps its mode when it is opened.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{password}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_password_is_for_loopback_only() {
        assert!(RootPassword::given(String::new(), "127.0.0.1:8000".parse().unwrap()).is_ok());
        assert!(RootPassword::given(String::new(), "[::1]:8000".parse().unwrap()).is_ok());
        let error = RootPassword::given(String::new(), "0.0.0.0:8000".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("STAGEDOOR_ROOT_PASSWORD is empty"), "{error}");
        assert!(RootPassword::given("x".into(), "0.0.0.0:8000".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_made_password_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (password, kept) = RootPassword::kept_in(folder.path()).unwrap();
        let path = folder.path().join(ROOT_PASSWORD_FILE);
        assert_eq!(kept, KeptPassword::New(path.clone()));
        assert!(password.as_str().len() >= 24);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (again, kept) = RootPassword::kept_in(folder.path()).unwrap();
        assert_eq!(again, password);
        assert_eq!(kept, KeptPassword::Known);
        assert!(!format!("{password:?}").contains(password.as_str()));
    }
}
