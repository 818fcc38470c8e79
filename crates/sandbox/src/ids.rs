//! Random names in the shapes AWS gives them.

use base64::Engine as _;
use rand::Rng as _;

use crate::issued_secrets;

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn from_alphabet(alphabet: &[u8], length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect()
}

/// `AKIA…` or `ASIA…`: 20 characters.
pub(crate) fn access_key_id(prefix: &str) -> String {
    format!("{prefix}{}", from_alphabet(BASE32, 16))
}

/// `AIDA…`, `AROA…`, `ANPA…`: 21 characters.
pub(crate) fn unique_id(prefix: &str) -> String {
    format!("{prefix}{}", from_alphabet(BASE32, 17))
}

/// 40 characters.
pub(crate) fn secret_access_key() -> String {
    let mut bytes = [0_u8; 30];
    rand::rng().fill(&mut bytes[..]);
    issued_secrets::recorded(base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// An opaque session token.
pub(crate) fn session_token() -> String {
    let mut bytes = [0_u8; 288];
    rand::rng().fill(&mut bytes[..]);
    let token = format!("IQoJb3JpZ2luX2VjE{}", base64::engine::general_purpose::STANDARD.encode(bytes));
    issued_secrets::recorded(token)
}

/// Version ids and upload ids.
pub(crate) fn opaque(length: usize) -> String {
    from_alphabet(ALPHANUMERIC, length)
}

/// The 64 hexadecimal digits by which S3 knows an account.
pub(crate) fn canonical_user_id(account: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(format!("canonical user of {account}").as_bytes()))
}

/// `x-amz-request-id` of S3.
pub(crate) fn s3_request_id() -> String {
    from_alphabet(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 16)
}
