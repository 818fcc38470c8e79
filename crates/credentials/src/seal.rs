//! Customers' keys at rest: AES-256-GCM with the server's key file.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::{CredentialsError, CustomerKeys, private_file};

/// Bytes of the key in the key file.
const KEY_BYTES: usize = 32;
/// First characters of a sealed text: which way it was sealed.
const FORMAT: &str = "v1.";

/// Customer keys that only this server's key file opens. The text may be stored; it is not a secret by itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SealedKeys(String);

impl SealedKeys {
    /// From what was stored.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For storing.
    pub fn as_stored(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKeys")
    }
}

/// Seals and opens.
pub(crate) struct Sealer {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Sealer {
    /// With the key of the file, which is made when absent; without a file, with a key of this process.
    pub(crate) fn load(key_file: Option<&Path>) -> Result<Self, CredentialsError> {
        let random = SystemRandom::new();
        let bytes = match key_file {
            Some(path) => read_or_make_key(path, &random)
                .map_err(|reason| CredentialsError::KeyFile { path: path.to_owned(), reason })?,
            None => new_key(&random).map_err(|_| CredentialsError::Internal { reason: NO_RANDOMNESS })?,
        };
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_slice())
            .map_err(|_| CredentialsError::Internal { reason: "the sealing key has a wrong length" })?;
        Ok(Self { key: LessSafeKey::new(key), random })
    }

    pub(crate) fn seal(&self, keys: &CustomerKeys) -> Result<SealedKeys, CredentialsError> {
        let mut nonce = [0u8; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| CredentialsError::Internal { reason: NO_RANDOMNESS })?;
        let mut text = encode(keys);
        let sealed = self.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(FORMAT.as_bytes()),
            &mut text,
        );
        sealed.map_err(|_| CredentialsError::Internal { reason: "keys cannot be sealed" })?;
        let mut bytes = nonce.to_vec();
        bytes.append(&mut text);
        Ok(SealedKeys(format!("{FORMAT}{}", STANDARD_NO_PAD.encode(bytes))))
    }

    pub(crate) fn open(&self, sealed: &SealedKeys) -> Result<CustomerKeys, CredentialsError> {
        self.try_open(sealed).ok_or(CredentialsError::CannotUnseal { connection: None })
    }

    fn try_open(&self, sealed: &SealedKeys) -> Option<CustomerKeys> {
        let bytes = STANDARD_NO_PAD.decode(sealed.0.strip_prefix(FORMAT)?).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let clear = self.key.open_in_place(nonce, Aad::from(FORMAT.as_bytes()), &mut text).ok()?;
        decode(clear)
    }
}

const NO_RANDOMNESS: &str = "the system has no randomness to give";

/// Length before text, three times; the token may be absent.
fn encode(keys: &CustomerKeys) -> Vec<u8> {
    let mut bytes = Vec::new();
    let token = keys.session_token.as_deref();
    for text in [Some(keys.access_key_id.as_str()), Some(keys.secret_access_key.as_str()), token] {
        let length = text.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<CustomerKeys> {
    let mut rest = bytes;
    let mut next = || -> Option<Option<String>> {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length);
        rest = after;
        if length == u32::MAX {
            return Some(None);
        }
        let (text, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        rest = after;
        Some(Some(std::str::from_utf8(text).ok()?.to_owned()))
    };
    Some(CustomerKeys { access_key_id: next()??, secret_access_key: next()??, session_token: next()? })
}

fn new_key(random: &SystemRandom) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(vec![0u8; KEY_BYTES]);
    random.fill(&mut bytes).map_err(|_| NO_RANDOMNESS.to_owned())?;
    Ok(bytes)
}

/// Two servers that start at once on one file end with the same key.
fn read_or_make_key(path: &Path, random: &SystemRandom) -> Result<Zeroizing<Vec<u8>>, String> {
    if let Some(bytes) = read_key(path)? {
        return Ok(bytes);
    }
    let bytes = new_key(random)?;
    let text = Zeroizing::new(STANDARD_NO_PAD.encode(bytes.as_slice()));
    if private_file::create(path, &text)? {
        return Ok(bytes);
    }
    read_key(path)?.ok_or_else(|| "it went away while it was read".to_owned())
}

fn read_key(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    let bytes = STANDARD_NO_PAD.decode(text.trim()).ok().filter(|bytes| bytes.len() == KEY_BYTES);
    match bytes {
        Some(bytes) => Ok(Some(Zeroizing::new(bytes))),
        None => Err("it does not hold a key of 32 bytes in base64".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_keys_open_with_the_same_file_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let keys = CustomerKeys::new("AKIAEXAMPLE", "very-secret", Some("token".into()));
        let sealed = Sealer::load(Some(&path)).unwrap().seal(&keys).unwrap();
        assert!(!sealed.as_stored().contains("secret"));
        let opened = Sealer::load(Some(&path)).unwrap().open(&sealed).unwrap();
        assert_eq!(opened.secret_access_key, "very-secret");
        assert_eq!(opened.session_token.as_deref(), Some("token"));
        assert!(Sealer::load(None).unwrap().open(&sealed).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut broken = sealed.as_stored().to_owned();
        broken.pop();
        assert!(Sealer::load(Some(&path)).unwrap().open(&SealedKeys::from_stored(broken)).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Sealer::load(Some(&path)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
