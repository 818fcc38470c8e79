//! The five checksums of S3, and MD5.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A checksum algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChecksumAlgorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// Whether a checksum covers the object, or the checksums of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChecksumType {
    FullObject,
    Composite,
}

impl ChecksumType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "FULL_OBJECT" => Some(Self::FullObject),
            "COMPOSITE" => Some(Self::Composite),
            _ => None,
        }
    }
}

/// A checksum in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksum {
    pub(crate) algorithm: ChecksumAlgorithm,
    pub(crate) value: String,
    pub(crate) kind: ChecksumType,
}

impl ChecksumAlgorithm {
    pub(crate) const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// `CRC32`, … as requests and answers name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
    }

    /// The header or trailer that carries it.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// Bytes of a checksum.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Whether a value is base64 of the right length.
    pub(crate) fn is_well_formed(self, value: &str) -> bool {
        STANDARD.decode(value).is_ok_and(|bytes| bytes.len() == self.length())
    }

    /// The kind of checksum a multipart upload gets when it asks for none.
    pub(crate) fn default_type(self) -> ChecksumType {
        match self {
            Self::Crc64Nvme => ChecksumType::FullObject,
            _ => ChecksumType::Composite,
        }
    }

    /// Whether the checksum of a whole can be had without its bytes, or computed at once.
    pub(crate) fn allows(self, kind: ChecksumType) -> bool {
        match kind {
            ChecksumType::FullObject => !matches!(self, Self::Sha1 | Self::Sha256),
            ChecksumType::Composite => self != Self::Crc64Nvme,
        }
    }

    fn crc(self) -> Option<crc_fast::CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(crc_fast::CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(crc_fast::CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(crc_fast::CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// The CRC of two stretches of bytes that follow each other.
    pub(crate) fn combine(self, first: &str, second: &str, second_length: u64) -> Option<String> {
        let algorithm = self.crc()?;
        let number = |text: &str| -> Option<u64> {
            let bytes = STANDARD.decode(text).ok()?;
            Some(bytes.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte)))
        };
        let combined = crc_fast::checksum_combine(algorithm, number(first)?, number(second)?, second_length);
        Some(self.encode_crc(combined))
    }

    fn encode_crc(self, value: u64) -> String {
        let bytes = value.to_be_bytes();
        STANDARD.encode(&bytes[8 - self.length()..])
    }

    /// The checksum of some bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

/// Computes one checksum.
pub(crate) struct Hasher {
    algorithm: ChecksumAlgorithm,
    state: State,
}

enum State {
    Crc(Box<crc_fast::Digest>),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
}

impl Hasher {
    pub(crate) fn new(algorithm: ChecksumAlgorithm) -> Self {
        let state = match algorithm.crc() {
            Some(crc) => State::Crc(Box::new(crc_fast::Digest::new(crc))),
            None if algorithm == ChecksumAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            None => State::Sha256(sha2::Sha256::new()),
        };
        Self { algorithm, state }
    }

    pub(crate) fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(digest) => digest.update(bytes),
            State::Sha1(digest) => digest.update(bytes),
            State::Sha256(digest) => digest.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> String {
        match self.state {
            State::Crc(digest) => self.algorithm.encode_crc(digest.finalize()),
            State::Sha1(digest) => STANDARD.encode(digest.finalize()),
            State::Sha256(digest) => STANDARD.encode(digest.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let text = b"123456789";
        assert_eq!(ChecksumAlgorithm::Crc32.of(text), STANDARD.encode(0xCBF4_3926_u32.to_be_bytes()));
        assert_eq!(ChecksumAlgorithm::Crc32c.of(text), STANDARD.encode(0xE306_9283_u32.to_be_bytes()));
        assert_eq!(
            ChecksumAlgorithm::Crc64Nvme.of(text),
            STANDARD.encode(0xAE8B_1486_0A79_9888_u64.to_be_bytes())
        );
    }

    #[test]
    fn crcs_combine() {
        for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32c, ChecksumAlgorithm::Crc64Nvme] {
            let (first, second) = (algorithm.of(b"hello "), algorithm.of(b"world"));
            assert_eq!(algorithm.combine(&first, &second, 5), Some(algorithm.of(b"hello world")));
        }
    }
}
