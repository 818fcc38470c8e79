//! Public keys of users who log in with a key pair. What is secret stays with the user.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};
use std::time::SystemTime;

use crate::catalog::{now_microseconds, time_of};
use crate::users::{new_fingerprint, user_exists};
use crate::{Catalog, CatalogError};

/// Keys of one user, as in Databend.
const KEYS_MAX: usize = 10;
/// Longest label of a key.
const LABEL_CHARACTERS_MAX: usize = 128;
/// Longest text of a key: an RSA key of 8192 bits has less.
const KEY_CHARACTERS_MAX: usize = 8192;
/// Shortest RSA modulus.
const RSA_BITS_MIN: usize = 2048;

/// The kinds of keys that logins are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicKeyKind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// A user's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `SHA256:` and the digest of the DER text, as OpenSSH writes it.
    pub fingerprint: String,
    pub label: String,
    pub kind: PublicKeyKind,
    /// The subjectPublicKey of the SubjectPublicKeyInfo, as libraries of signatures take it.
    pub bits: Vec<u8>,
    pub created_on: SystemTime,
}

/// Which key REMOVE PUBLIC_KEY means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicKeyChoice<'a> {
    Label(&'a str),
    Fingerprint(&'a str),
}

impl Catalog {
    /// The user's keys, oldest first.
    pub async fn public_keys(&self, organization: &str, user: &str) -> Result<Vec<PublicKey>, CatalogError> {
        let rows = sqlx::query(
            "SELECT * FROM public_keys WHERE organization = $1 AND user_name = $2 ORDER BY created_on, fingerprint",
        )
        .bind(organization)
        .bind(user)
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(key_of).collect()
    }

    /// Makes the key the only thing that the user logs in with.
    pub async fn set_public_key(
        &self,
        organization: &str,
        user: &str,
        text: &str,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        require_user(&mut transaction, organization, user).await?;
        sqlx::query("DELETE FROM public_keys WHERE organization = $1 AND user_name = $2")
            .bind(organization)
            .bind(user)
            .execute(&mut *transaction)
            .await?;
        insert_key(&mut transaction, organization, user, text, "").await?;
        sqlx::query("UPDATE users SET password_hash = NULL WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(user)
            .execute(&mut *transaction)
            .await?;
        new_fingerprint(&mut transaction, organization, user).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Adds a key to those of a user who logs in with keys, for changing them without a break.
    pub async fn add_public_key(
        &self,
        organization: &str,
        user: &str,
        text: &str,
        label: &str,
    ) -> Result<(), CatalogError> {
        let refuse = |reason: String| Err(CatalogError::InvalidPublicKey { name: user.to_owned(), reason });
        let label = label.trim();
        if label.chars().count() > LABEL_CHARACTERS_MAX {
            return refuse(format!("its label is longer than {LABEL_CHARACTERS_MAX} characters"));
        }
        let mut transaction = self.begin().await?;
        require_user(&mut transaction, organization, user).await?;
        let known = keys_within(&mut transaction, organization, user).await?;
        if known.is_empty() {
            return refuse(
                "the user does not log in with keys: say `IDENTIFIED WITH key_pair BY '…'` first".into(),
            );
        }
        if known.len() >= KEYS_MAX {
            return refuse(format!("the user has {KEYS_MAX} keys, which is the most"));
        }
        if !label.is_empty() && known.iter().any(|key| key.label == label) {
            return refuse(format!("there is one with the label `{label}`"));
        }
        insert_key(&mut transaction, organization, user, text, label).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Removes a key that is not the user's last. Logins that were made with it end.
    pub async fn remove_public_key(
        &self,
        organization: &str,
        user: &str,
        choice: PublicKeyChoice<'_>,
    ) -> Result<(), CatalogError> {
        let refuse = |reason: String| Err(CatalogError::InvalidPublicKey { name: user.to_owned(), reason });
        let mut transaction = self.begin().await?;
        require_user(&mut transaction, organization, user).await?;
        let known = keys_within(&mut transaction, organization, user).await?;
        let is_meant = |key: &&PublicKey| match choice {
            PublicKeyChoice::Label(label) => key.label == label.trim(),
            PublicKeyChoice::Fingerprint(fingerprint) => key.fingerprint == fingerprint,
        };
        let Some(key) = known.iter().find(is_meant) else {
            return refuse("there is none of that label or fingerprint".into());
        };
        if known.len() == 1 {
            return refuse("it is the last: the user could not log in any more".into());
        }
        sqlx::query(
            "DELETE FROM public_keys WHERE organization = $1 AND user_name = $2 AND fingerprint = $3",
        )
        .bind(organization)
        .bind(user)
        .bind(&key.fingerprint)
        .execute(&mut *transaction)
        .await?;
        new_fingerprint(&mut transaction, organization, user).await?;
        transaction.commit().await?;
        Ok(())
    }
}

pub(crate) async fn insert_key(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    user: &str,
    text: &str,
    label: &str,
) -> Result<(), CatalogError> {
    let refuse = |reason: &str| {
        Err(CatalogError::InvalidPublicKey { name: user.to_owned(), reason: reason.to_owned() })
    };
    let der = match der_of(text) {
        Ok(der) => der,
        Err(reason) => return refuse(reason),
    };
    if let Err(reason) = kind_of(&der) {
        return refuse(reason);
    }
    let inserted =
        sqlx::query("INSERT INTO public_keys VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING")
            .bind(organization)
            .bind(user)
            .bind(fingerprint(&der))
            .bind(STANDARD.encode(&der))
            .bind(label)
            .bind(now_microseconds())
            .execute(&mut **transaction)
            .await?;
    if inserted.rows_affected() == 0 { refuse("the user has it already") } else { Ok(()) }
}

async fn keys_within(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    user: &str,
) -> Result<Vec<PublicKey>, CatalogError> {
    let rows = sqlx::query("SELECT * FROM public_keys WHERE organization = $1 AND user_name = $2")
        .bind(organization)
        .bind(user)
        .fetch_all(&mut **transaction)
        .await?;
    rows.iter().map(key_of).collect()
}

async fn require_user(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    user: &str,
) -> Result<(), CatalogError> {
    if user_exists(transaction, organization, user).await? {
        Ok(())
    } else {
        Err(CatalogError::UnknownUser { name: user.to_owned() })
    }
}

fn key_of(row: &SqliteRow) -> Result<PublicKey, CatalogError> {
    let text: String = row.try_get("public_key")?;
    let der = STANDARD.decode(text).map_err(|_| CatalogError::Failed)?;
    let (kind, bits) = kind_of(&der).map_err(|_| CatalogError::Failed)?;
    Ok(PublicKey {
        fingerprint: row.try_get("fingerprint")?,
        label: row.try_get("label")?,
        kind,
        bits: bits.to_vec(),
        created_on: time_of(row.try_get("created_on")?),
    })
}

fn fingerprint(der: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(der)))
}

/// PEM, or its body alone.
fn der_of(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.len() > KEY_CHARACTERS_MAX {
        return Err("it is longer than 8192 characters");
    }
    let text = text.trim();
    let body: String = match text.strip_prefix("-----BEGIN ") {
        None => text.split_whitespace().collect(),
        Some(rest) => {
            let rest = rest
                .strip_prefix("PUBLIC KEY-----")
                .ok_or("it is not a public key: its first line is not `-----BEGIN PUBLIC KEY-----`")?;
            let body = rest.split("-----END").next().unwrap_or_default();
            body.split_whitespace().collect()
        }
    };
    STANDARD.decode(body).map_err(|_| "it is neither PEM nor base64")
}

const RSA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384_OID: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519_OID: &[u8] = &[0x2b, 0x65, 0x70];

/// What kind of key a SubjectPublicKeyInfo holds, and the key itself:
/// `SEQUENCE { SEQUENCE { OID, parameters }, BIT STRING }`, RFC 5280 §4.1.2.7.
fn kind_of(der: &[u8]) -> Result<(PublicKeyKind, &[u8]), &'static str> {
    const MALFORMED: &str = "it is not the DER of a public key";
    let (info, rest) = element(der, 0x30).ok_or(MALFORMED)?;
    let (algorithm, key) = element(info, 0x30).ok_or(MALFORMED)?;
    let (oid, parameters) = element(algorithm, 0x06).ok_or(MALFORMED)?;
    let (bits, after) = element(key, 0x03).ok_or(MALFORMED)?;
    let Some((&0, bits)) = bits.split_first() else { return Err(MALFORMED) };
    if !rest.is_empty() || !after.is_empty() {
        return Err(MALFORMED);
    }
    match oid {
        RSA_OID => {
            let (numbers, _) = element(bits, 0x30).ok_or(MALFORMED)?;
            let (modulus, _) = element(numbers, 0x02).ok_or(MALFORMED)?;
            let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
            if modulus.len() * 8 < RSA_BITS_MIN {
                return Err("it is an RSA key of fewer than 2048 bits");
            }
            Ok((PublicKeyKind::Rsa, bits))
        }
        EC_OID => match element(parameters, 0x06) {
            Some((P256_OID, _)) => Ok((PublicKeyKind::P256, bits)),
            Some((P384_OID, _)) => Ok((PublicKeyKind::P384, bits)),
            _ => Err("its curve is neither P-256 nor P-384"),
        },
        ED25519_OID => Ok((PublicKeyKind::Ed25519, bits)),
        _ => Err("it is none of RSA, ECDSA P-256, ECDSA P-384 and Ed25519"),
    }
}

/// The content of the DER element of that tag at the start, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (size, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if !(1..=3).contains(&size.len()) {
            return None;
        }
        (size.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==";
    const ED25519: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

    #[test]
    fn the_kind_is_read_from_the_key() {
        assert_eq!(
            kind_of(&der_of(P256).unwrap()).map(|(kind, bits)| (kind, bits.len())),
            Ok((PublicKeyKind::P256, 65))
        );
        assert_eq!(
            kind_of(&der_of(ED25519).unwrap()).map(|(kind, bits)| (kind, bits.len())),
            Ok((PublicKeyKind::Ed25519, 32))
        );
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n");
        assert_eq!(der_of(&pem), der_of(ED25519));
        assert!(fingerprint(&der_of(P256).unwrap()).starts_with("SHA256:"));
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        assert!(der_of("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----").is_err());
        assert!(der_of("not base64!").is_err());
        for der in [&[][..], &[0x30], &[0x30, 0x84, 1, 1, 1, 1, 1], &[0x30, 0x02, 0x30, 0x05]] {
            assert!(kind_of(der).is_err(), "{der:?}");
        }
    }
}
