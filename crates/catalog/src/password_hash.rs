//! Argon2id hashes of passwords, in memory that goes back to the system.

use argon2::password_hash::{Output, ParamsString, SaltString};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash, Version};
use rand::Rng;

/// Blocks of 1 KiB asked for at once, of which a hash uses 19 MiB. glibc always maps what is larger than 32 MiB
/// by itself and unmaps it when it is let go; a smaller piece it may keep for ever. Pages that are not used cost
/// nothing.
const BLOCKS_MAPPED: usize = 33 * 1024;
/// Length of a hash in bytes.
const HASH_BYTES: usize = 32;

/// The hash of a new password, with its salt, as text.
pub(crate) fn hash_password(password: &str) -> Option<String> {
    let salt = SaltString::encode_b64(&rand::rng().random::<[u8; 16]>()).ok()?;
    let mut salt_bytes = [0; 64];
    let salt_bytes = salt.decode_b64(&mut salt_bytes).ok()?;
    let argon2 = Argon2::default();
    let mut hash = [0; HASH_BYTES];
    derive(&argon2, password, salt_bytes, &mut hash)?;
    let text = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params()).ok()?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&hash).ok()?),
    };
    Some(text.to_string())
}

/// Whether a stored hash is this password's. Compares in constant time.
pub(crate) fn is_password(stored: &str, password: &str) -> bool {
    verify(stored, password).unwrap_or(false)
}

fn verify(stored: &str, password: &str) -> Option<bool> {
    let stored = PasswordHash::new(stored).ok()?;
    let algorithm = Algorithm::try_from(stored.algorithm).ok()?;
    let version = stored.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&stored).ok()?);
    let mut salt = [0; 64];
    let salt = stored.salt?.decode_b64(&mut salt).ok()?;
    let expected = stored.hash?;
    let mut hash = vec![0; expected.len()];
    derive(&argon2, password, salt, &mut hash)?;
    Some(Output::new(&hash).ok()? == expected)
}

/// Does the work of a verification for a user that does not exist, so that time does not tell.
pub fn take_as_long_as_a_verification(password: &str) {
    let mut hash = [0; HASH_BYTES];
    // What it makes, or fails with, is of no use to anybody.
    let _ = derive(&Argon2::default(), password, b"a salt for nobody", &mut hash);
}

fn derive(argon2: &Argon2<'_>, password: &str, salt: &[u8], hash: &mut [u8]) -> Option<()> {
    let blocks = argon2.params().block_count();
    let mut memory = Vec::with_capacity(blocks.max(BLOCKS_MAPPED));
    memory.resize(blocks, Block::default());
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, hash, &mut memory).ok()
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn a_hash_is_of_its_password_alone() {
        let stored = hash_password("secret").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$"), "{stored}");
        assert!(is_password(&stored, "secret"));
        assert!(!is_password(&stored, "Secret"));
        assert!(!is_password("not a hash", "secret"));
        assert_ne!(stored, hash_password("secret").unwrap());
    }

    #[test]
    fn hashes_are_those_that_the_library_makes_and_reads() {
        let stored = hash_password("secret").unwrap();
        let parsed = PasswordHash::new(&stored).unwrap();
        Argon2::default().verify_password(b"secret", &parsed).unwrap();
        let salt = SaltString::encode_b64(b"sixteen bytes  .").unwrap();
        let theirs = Argon2::default().hash_password(b"secret", &salt).unwrap().to_string();
        assert!(is_password(&theirs, "secret") && !is_password(&theirs, "other"));
    }
}
