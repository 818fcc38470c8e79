//! The keys of identity tokens and their rotation. A new key is published before it signs, and an old one stays
//! published after its last token, so that nobody who keeps the published keys for some hours meets a gap.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use zeroize::Zeroizing;

use crate::private_file;

/// A new key is made when the newest is that old.
const KEY_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// A new key is published for that long before it signs.
const PUBLISHED_BEFORE: Duration = Duration::from_secs(24 * 3600);
/// A key stays published for that long after another signs in its place.
const PUBLISHED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Characters of a key's name.
const KEY_ID_CHARACTERS: usize = 16;

/// One key.
pub(super) struct TokenKey {
    id: String,
    created_at: SystemTime,
    document: Zeroizing<Vec<u8>>,
    pair: EcdsaKeyPair,
}

/// All keys, oldest first; never empty.
pub(super) struct KeyRing {
    first: TokenKey,
    later: Vec<TokenKey>,
    file: Option<PathBuf>,
}

impl TokenKey {
    fn make(now: SystemTime, random: &SystemRandom) -> Result<Self, String> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
            .map_err(|_| "the system has no randomness to give".to_owned())?;
        Self::read(document.as_ref().to_vec(), now, random)
    }

    fn read(document: Vec<u8>, created_at: SystemTime, random: &SystemRandom) -> Result<Self, String> {
        let document = Zeroizing::new(document);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &document, random)
            .map_err(|_| "it holds something that is no key of P-256".to_owned())?;
        let digest = ring::digest::digest(&ring::digest::SHA256, pair.public_key().as_ref());
        let id = URL_SAFE_NO_PAD.encode(digest).chars().take(KEY_ID_CHARACTERS).collect();
        Ok(Self { id, created_at, document, pair })
    }

    /// The name under which the public half is published.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn sign(&self, text: &[u8], random: &SystemRandom) -> Option<Vec<u8>> {
        self.pair.sign(random, text).ok().map(|signature| signature.as_ref().to_vec())
    }

    /// The public half as a JSON Web Key.
    fn public_key(&self) -> serde_json::Value {
        // One byte that says "not compressed", then both coordinates.
        let coordinates = self.pair.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }

    /// From when on it may sign, unless it is the only one.
    fn signs_from(&self) -> SystemTime {
        self.created_at + PUBLISHED_BEFORE
    }
}

impl KeyRing {
    /// The keys of the file, or a first one; the error is what is wrong with the file.
    pub(super) fn load(file: Option<&Path>, now: SystemTime, random: &SystemRandom) -> Result<Self, String> {
        if let Some(path) = file
            && let Some(text) = private_file::read(path)?
        {
            return Self::parse(&text, path, random);
        }
        let ring =
            Self { first: TokenKey::make(now, random)?, later: Vec::new(), file: file.map(Path::to_owned) };
        let Some(path) = file else { return Ok(ring) };
        if private_file::create(path, &ring.text())? {
            return Ok(ring);
        }
        // Another server was quicker: its keys are the ones.
        let text = private_file::read(path)?.ok_or_else(|| "it went away while it was read".to_owned())?;
        Self::parse(&text, path, random)
    }

    fn parse(text: &str, path: &Path, random: &SystemRandom) -> Result<Self, String> {
        let damaged = || "a line of it is not a time in seconds and a key in base64".to_owned();
        let mut keys = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (seconds, document) = line.split_once(' ').ok_or_else(damaged)?;
            let created_at =
                UNIX_EPOCH + Duration::from_secs(seconds.parse::<u32>().map_err(|_| damaged())?.into());
            let document = STANDARD_NO_PAD.decode(document.trim()).map_err(|_| damaged())?;
            keys.push(TokenKey::read(document, created_at, random)?);
        }
        keys.sort_by_key(|key| key.created_at);
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or_else(|| "it holds no key".to_owned())?;
        Ok(Self { first, later: keys.collect(), file: Some(path.to_owned()) })
    }

    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for key in self.all() {
            let seconds = key.created_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{seconds} {}", STANDARD_NO_PAD.encode(key.document.as_slice()));
        }
        text
    }

    fn all(&self) -> impl Iterator<Item = &TokenKey> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The key that signs now: the newest that was published long enough.
    pub(super) fn signer(&self, now: SystemTime) -> &TokenKey {
        self.later.iter().rev().find(|key| key.signs_from() <= now).unwrap_or(&self.first)
    }

    /// What everybody may see.
    pub(super) fn public_keys(&self) -> impl Iterator<Item = serde_json::Value> {
        self.all().map(TokenKey::public_key)
    }

    /// Makes a key when it is time, and forgets those that nobody needs. What cannot be written waits.
    pub(super) fn rotate(&mut self, now: SystemTime, random: &SystemRandom) {
        let newest = self.later.last().unwrap_or(&self.first);
        let is_due = newest.created_at + KEY_LIFE <= now;
        let is_over = |next: &TokenKey| next.signs_from() + PUBLISHED_AFTER <= now;
        let has_ended = self.later.first().is_some_and(is_over);
        if !is_due && !has_ended {
            return;
        }
        if is_due {
            match TokenKey::make(now, random) {
                Ok(key) => self.later.push(key),
                Err(error) => tracing::warn!(error, "no new key for identity tokens"),
            }
        }
        while self.later.first().is_some_and(is_over) {
            self.first = self.later.remove(0);
        }
        if let Some(path) = &self.file
            && let Err(error) = private_file::replace(path, &self.text())
        {
            tracing::warn!(path = %path.display(), error, "cannot write the keys of identity tokens");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn keys_are_published_before_and_after_they_sign() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let random = SystemRandom::new();
        let start = UNIX_EPOCH + 20_000 * DAY;
        let mut ring = KeyRing::load(Some(&file), start, &random).unwrap();
        let first = ring.signer(start).id().to_owned();
        ring.rotate(start + 29 * DAY, &random);
        assert_eq!(ring.public_keys().count(), 1);
        ring.rotate(start + 30 * DAY, &random);
        assert_eq!(ring.public_keys().count(), 2);
        assert_eq!(ring.signer(start + 30 * DAY).id(), first);
        let second = ring.signer(start + 31 * DAY).id().to_owned();
        assert_ne!(second, first);
        ring.rotate(start + 31 * DAY, &random);
        assert_eq!(ring.public_keys().count(), 2);
        ring.rotate(start + 32 * DAY, &random);
        assert_eq!(ring.public_keys().count(), 1);
        let read = KeyRing::load(Some(&file), start + 32 * DAY, &random).unwrap();
        assert_eq!(read.signer(start + 32 * DAY).id(), second);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_read_again() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let random = SystemRandom::new();
        let now = SystemTime::now();
        let first = KeyRing::load(Some(&file), now, &random).unwrap();
        let again = KeyRing::load(Some(&file), now, &random).unwrap();
        assert_eq!(first.signer(now).id(), again.signer(now).id());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::write(&file, "12 not-a-key\n").unwrap();
        assert!(KeyRing::load(Some(&file), now, &random).is_err());
    }
}
