//! Bodies in `aws-chunked` encoding: chunks with or without signatures, and trailers.

use bytes::{Buf as _, Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

use super::payload::Trailers;
use super::signature::{Signer, signatures_match};
use crate::error::AwsError;

/// Longest line between chunks.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// Longest block of trailers.
const TRAILER_BYTES_MAX: usize = 16 * 1024;

/// The chain of signatures that starts with the request's own.
pub(crate) struct ChunkSigner {
    signer: Signer,
    previous: String,
}

impl ChunkSigner {
    pub(crate) fn new(signer: Signer, seed: String) -> Self {
        Self { signer, previous: seed }
    }
}

/// Takes chunks apart and checks their signatures.
pub(crate) struct ChunkDecoder {
    buffer: BytesMut,
    state: State,
    signer: Option<ChunkSigner>,
    hasher: Sha256,
    expected_signature: Option<String>,
    has_trailer: bool,
    trailer_bytes: usize,
    trailer_lines: Vec<(String, String)>,
    trailers: Trailers,
}

enum State {
    Header,
    Data { remaining: u64 },
    DataEnd,
    Trailers,
    Done,
}

impl ChunkDecoder {
    pub(crate) fn new(signer: Option<ChunkSigner>, has_trailer: bool, trailers: Trailers) -> Self {
        Self {
            buffer: BytesMut::new(),
            state: State::Header,
            signer,
            hasher: Sha256::new(),
            expected_signature: None,
            has_trailer,
            trailer_bytes: 0,
            trailer_lines: Vec::new(),
            trailers,
        }
    }

    /// Adds bytes as they came.
    pub(crate) fn feed(&mut self, bytes: Bytes) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::from(bytes);
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
    }

    /// The next stretch of data, or `None` when more bytes are needed.
    pub(crate) fn next_data(&mut self) -> Result<Option<Bytes>, AwsError> {
        loop {
            match self.state {
                State::Header => {
                    let Some(line) = self.line()? else { return Ok(None) };
                    self.begin_chunk(&line)?;
                }
                State::Data { remaining: 0 } => {
                    self.check_chunk()?;
                    self.state = State::DataEnd;
                }
                State::Data { remaining } => {
                    if self.buffer.is_empty() {
                        return Ok(None);
                    }
                    let take = usize::try_from(remaining).unwrap_or(usize::MAX).min(self.buffer.len());
                    let data = self.buffer.split_to(take).freeze();
                    if self.signer.is_some() {
                        self.hasher.update(&data);
                    }
                    self.state = State::Data { remaining: remaining - take as u64 };
                    return Ok(Some(data));
                }
                State::DataEnd => {
                    if self.buffer.len() < 2 {
                        return Ok(None);
                    }
                    if !self.buffer.starts_with(b"\r\n") {
                        return Err(malformed());
                    }
                    self.buffer.advance(2);
                    self.state = State::Header;
                }
                State::Trailers => {
                    let Some(line) = self.line()? else { return Ok(None) };
                    if line.is_empty() {
                        self.end_trailers()?;
                    } else {
                        self.trailer_bytes += line.len();
                        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
                        if self.trailer_bytes > TRAILER_BYTES_MAX {
                            return Err(malformed());
                        }
                        self.trailer_lines.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
                    }
                }
                State::Done => return Ok(None),
            }
        }
    }

    /// Called when the connection has no more bytes: the body must have ended by its own account.
    pub(crate) fn finish(&mut self) -> Result<(), AwsError> {
        match self.state {
            State::Done => Ok(()),
            // a body may end right after the empty chunk, or after trailers without their empty line
            State::Trailers if self.signer.is_none() || !self.has_trailer => {
                if !self.buffer.is_empty() {
                    self.feed(Bytes::from_static(b"\r\n"));
                    self.next_data()?;
                }
                if matches!(self.state, State::Trailers) {
                    self.end_trailers()?;
                }
                Ok(())
            }
            _ => Err(AwsError::new(400, "IncompleteBody", "The request body terminated unexpectedly")),
        }
    }

    fn begin_chunk(&mut self, line: &str) -> Result<(), AwsError> {
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let size = u64::from_str_radix(size.trim(), 16).map_err(|_| malformed())?;
        self.expected_signature = extension.trim().strip_prefix("chunk-signature=").map(str::to_owned);
        if self.signer.is_some() && self.expected_signature.is_none() {
            return Err(malformed());
        }
        if size > 0 {
            self.state = State::Data { remaining: size };
        } else {
            self.check_chunk()?;
            self.state = State::Trailers;
        }
        Ok(())
    }

    fn check_chunk(&mut self) -> Result<(), AwsError> {
        let hash = hex::encode(std::mem::take(&mut self.hasher).finalize());
        let Some(signer) = &mut self.signer else { return Ok(()) };
        let computed = signer.signer.sign_chunk(&signer.previous, &hash);
        let given = self.expected_signature.take().unwrap_or_default();
        if !signatures_match(&computed, &given) {
            return Err(mismatch());
        }
        signer.previous = computed;
        Ok(())
    }

    fn end_trailers(&mut self) -> Result<(), AwsError> {
        let lines = std::mem::take(&mut self.trailer_lines);
        let (signatures, trailers): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|(name, _)| name == "x-amz-trailer-signature");
        if let Some(signer) = &self.signer {
            if self.has_trailer {
                let text: String = trailers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
                let computed = signer.signer.sign_trailers(&signer.previous, &text);
                let given = signatures.first().map_or("", |(_, value)| value.as_str());
                if !signatures_match(&computed, given) {
                    return Err(mismatch());
                }
            } else if !trailers.is_empty() {
                return Err(malformed());
            }
        }
        *self.trailers.lock() = trailers;
        self.state = State::Done;
        Ok(())
    }

    /// A line without its end, or `None` when it is not complete.
    fn line(&mut self) -> Result<Option<String>, AwsError> {
        let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else {
            return if self.buffer.len() > LINE_BYTES_MAX { Err(malformed()) } else { Ok(None) };
        };
        let line = self.buffer.split_to(end + 1);
        let text = std::str::from_utf8(&line).map_err(|_| malformed())?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

fn malformed() -> AwsError {
    AwsError::new(400, "InvalidRequest", "The chunked encoding of the request body is malformed.")
}

fn mismatch() -> AwsError {
    AwsError::new(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    )
}
