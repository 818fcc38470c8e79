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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::authenticate::parse::Scope;
    use crate::encoding::parse_amz_date;

    /// The keys and the time of the examples in AWS's documentation.
    fn signer(seed: &str) -> ChunkSigner {
        let scope = Scope {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            date: "20130524".to_owned(),
            region: "us-east-1".to_owned(),
            service: "s3".to_owned(),
        };
        let time = parse_amz_date("20130524T000000Z").unwrap();
        let signer = Signer::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &scope, time);
        ChunkSigner::new(signer, seed.to_owned())
    }

    fn body(signatures: [&str; 3], end: &str) -> Vec<u8> {
        let [first, second, last] = signatures;
        let mut body = format!("10000;chunk-signature={first}\r\n").into_bytes();
        body.extend(std::iter::repeat_n(b'a', 65_536));
        body.extend(format!("\r\n400;chunk-signature={second}\r\n").into_bytes());
        body.extend(std::iter::repeat_n(b'a', 1024));
        body.extend(format!("\r\n0;chunk-signature={last}\r\n{end}\r\n").into_bytes());
        body
    }

    fn decode(mut decoder: ChunkDecoder, body: &[u8], piece: usize) -> Result<usize, AwsError> {
        let mut length = 0;
        for part in body.chunks(piece) {
            decoder.feed(Bytes::copy_from_slice(part));
            while let Some(data) = decoder.next_data()? {
                length += data.len();
            }
        }
        decoder.finish()?;
        Ok(length)
    }

    const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    const CHUNKS: [&str; 3] = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];

    #[test]
    fn signed_chunks_of_the_documentation() {
        for piece in [1, 7, 1000, 1_000_000] {
            let decoder = ChunkDecoder::new(Some(signer(SEED)), false, Arc::default());
            assert_eq!(decode(decoder, &body(CHUNKS, ""), piece).unwrap(), 66_560);
        }
        let mut forged = body(CHUNKS, "");
        forged[90_usize] = b'b';
        let decoder = ChunkDecoder::new(Some(signer(SEED)), false, Arc::default());
        assert_eq!(decode(decoder, &forged, 4096).unwrap_err().code, "SignatureDoesNotMatch");
        let short = body(CHUNKS, "");
        let decoder = ChunkDecoder::new(Some(signer(SEED)), false, Arc::default());
        assert_eq!(decode(decoder, &short[..65_000], 4096).unwrap_err().code, "IncompleteBody");
        // chunks cannot leave their signature out
        let unsigned = b"1\r\na\r\n0\r\n\r\n";
        let decoder = ChunkDecoder::new(Some(signer(SEED)), false, Arc::default());
        assert!(decode(decoder, unsigned, 4096).is_err());
    }

    #[test]
    fn signed_trailers_of_the_documentation() {
        let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
        let chunks = [
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ];
        let trailer = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
        let end = format!("x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:{trailer}\r\n");
        let trailers = Trailers::default();
        let decoder = ChunkDecoder::new(Some(signer(seed)), true, trailers.clone());
        assert_eq!(decode(decoder, &body(chunks, &end), 100).unwrap(), 66_560);
        assert_eq!(*trailers.lock(), [("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())]);
        let forged = end.replace("sOO8", "sOO9");
        let decoder = ChunkDecoder::new(Some(signer(seed)), true, Trailers::default());
        assert_eq!(decode(decoder, &body(chunks, &forged), 100).unwrap_err().code, "SignatureDoesNotMatch");
    }

    #[test]
    fn unsigned_chunks_with_a_trailer() {
        let trailers = Trailers::default();
        let decoder = ChunkDecoder::new(None, true, trailers.clone());
        let body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
        assert_eq!(decode(decoder, body, 3).unwrap(), 5);
        assert_eq!(*trailers.lock(), [("x-amz-checksum-crc32".to_owned(), "NhCmhg==".to_owned())]);
    }
}
