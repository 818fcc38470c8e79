//! What a request says about its body, and the stream that holds it to that.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use hyper::body::Incoming;
use parking_lot::Mutex;
use s3s::StdError;
use s3s::stream::{ByteStream, RemainingLength};
use sha2::{Digest as _, Sha256};

use super::caller::AuthenticationMethod;
use super::chunked::ChunkDecoder;
use super::{Dialect, RequestHead};
use crate::error::AwsError;

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// The value of `x-amz-content-sha256`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PayloadHash {
    Unsigned,
    Sha256(String),
    /// chunks with signatures
    SignedChunks {
        trailer: bool,
    },
    /// chunks without
    UnsignedChunks,
}

impl PayloadHash {
    fn parse(text: &str) -> Option<Self> {
        match text {
            UNSIGNED => Some(Self::Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Some(Self::SignedChunks { trailer: false }),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Some(Self::SignedChunks { trailer: true }),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Some(Self::UnsignedChunks),
            hash if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some(Self::Sha256(hash.to_owned()))
            }
            _ => None,
        }
    }

    /// The text that stands in the canonical request.
    pub(crate) fn as_signed(&self) -> &str {
        match self {
            Self::Unsigned => UNSIGNED,
            Self::Sha256(hash) => hash,
            Self::SignedChunks { trailer: false } => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            Self::SignedChunks { trailer: true } => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            Self::UnsignedChunks => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        }
    }

    pub(crate) fn has_signed_chunks(&self) -> bool {
        matches!(self, Self::SignedChunks { .. })
    }

    pub(crate) fn is_chunked(&self) -> bool {
        matches!(self, Self::SignedChunks { .. } | Self::UnsignedChunks)
    }
}

/// The payload of a signed S3 request.
pub(crate) fn of_signed(
    head: &RequestHead<'_>,
    method: AuthenticationMethod,
) -> Result<PayloadHash, AwsError> {
    match header(head)? {
        Some(hash) => Ok(hash),
        None if method == AuthenticationMethod::QueryString => match head.query_value("X-Amz-Content-Sha256")
        {
            Some(text) => PayloadHash::parse(text).ok_or_else(invalid),
            None => Ok(PayloadHash::Unsigned),
        },
        None => Err(AwsError::new(
            400,
            "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256",
        )),
    }
}

/// The payload of a request without a signature.
pub(crate) fn of_unsigned(head: &RequestHead<'_>, dialect: Dialect) -> Result<PayloadHash, AwsError> {
    if dialect == Dialect::Query {
        return Ok(PayloadHash::Unsigned);
    }
    match header(head)? {
        Some(PayloadHash::SignedChunks { .. }) => Err(AwsError::access_denied()),
        Some(hash) => Ok(hash),
        None => Ok(PayloadHash::Unsigned),
    }
}

fn header(head: &RequestHead<'_>) -> Result<Option<PayloadHash>, AwsError> {
    match head.headers.get("x-amz-content-sha256") {
        None => Ok(None),
        Some(value) => value.to_str().ok().and_then(PayloadHash::parse).map(Some).ok_or_else(invalid),
    }
}

fn invalid() -> AwsError {
    AwsError::new(
        400,
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
    )
    .detail("ArgumentName", "x-amz-content-sha256")
}

/// Trailers of a chunked body, there once the body has been read.
pub(crate) type Trailers = Arc<Mutex<Vec<(String, String)>>>;

/// What is left of a body that nobody has read to its end.
pub(crate) type LeftOver = Arc<Mutex<Option<UnreadBody>>>;

/// A body, and whether somebody has begun to read it.
pub(crate) struct UnreadBody {
    pub(crate) body: Incoming,
    pub(crate) begun: bool,
}

/// A body that ends in an error when it is not what the request said.
pub(crate) struct PayloadStream {
    body: Option<Incoming>,
    left_over: LeftOver,
    decoder: Option<ChunkDecoder>,
    hash: Option<(Sha256, String)>,
    remaining: Option<u64>,
    ended: bool,
    begun: bool,
}

impl PayloadStream {
    pub(crate) fn new(
        body: Incoming,
        payload: &PayloadHash,
        decoder: Option<ChunkDecoder>,
        length: Option<u64>,
        left_over: LeftOver,
    ) -> Self {
        let hash = match payload {
            PayloadHash::Sha256(expected) => Some((Sha256::new(), expected.to_ascii_lowercase())),
            _ => None,
        };
        Self { body: Some(body), left_over, decoder, hash, remaining: length, ended: false, begun: false }
    }

    fn end(&mut self) -> Result<(), AwsError> {
        self.ended = true;
        if let Some(decoder) = &mut self.decoder {
            decoder.finish()?;
        }
        if let Some((hasher, expected)) = self.hash.take() {
            let computed = hex::encode(hasher.finalize());
            if computed != expected {
                return Err(content_mismatch(&expected, &computed));
            }
        }
        if self.remaining.is_some_and(|remaining| remaining > 0) {
            return Err(incomplete_body());
        }
        Ok(())
    }

    fn count(&mut self, chunk: &Bytes) -> Result<(), AwsError> {
        if let Some((hasher, _)) = &mut self.hash {
            hasher.update(chunk);
        }
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.checked_sub(chunk.len() as u64).ok_or_else(incomplete_body)?;
        }
        Ok(())
    }
}

fn incomplete_body() -> AwsError {
    AwsError::new(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    )
}

/// The refusal of a body that is not the one that was signed.
pub(crate) fn content_mismatch(client: &str, computed: &str) -> AwsError {
    AwsError::new(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
    .detail("ClientComputedContentSHA256", client)
    .detail("S3ComputedContentSHA256", computed)
}

impl Stream for PayloadStream {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.begun = true;
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            if let Some(decoder) = &mut this.decoder {
                match decoder.next_data() {
                    Ok(Some(chunk)) => {
                        return Poll::Ready(Some(match this.count(&chunk) {
                            Ok(()) => Ok(chunk),
                            Err(error) => fail(this, error),
                        }));
                    }
                    Ok(None) => {}
                    Err(error) => return Poll::Ready(Some(fail(this, error))),
                }
            }
            let Some(body) = &mut this.body else { return Poll::Ready(None) };
            match std::task::ready!(hyper::body::Body::poll_frame(Pin::new(body), context)) {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    match &mut this.decoder {
                        Some(decoder) => decoder.feed(data),
                        None if data.is_empty() => {}
                        None => {
                            return Poll::Ready(Some(match this.count(&data) {
                                Ok(()) => Ok(data),
                                Err(error) => fail(this, error),
                            }));
                        }
                    }
                }
                Some(Err(error)) => {
                    this.ended = true;
                    tracing::debug!(%error, "a request's body broke off");
                    return Poll::Ready(Some(Err(Box::new(incomplete_body()))));
                }
                None => {
                    if let Err(error) = this.end() {
                        return Poll::Ready(Some(Err(Box::new(error))));
                    }
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Drop for PayloadStream {
    fn drop(&mut self) {
        let begun = self.begun;
        *self.left_over.lock() = self.body.take().map(|body| UnreadBody { body, begun });
    }
}

fn fail(stream: &mut PayloadStream, error: AwsError) -> Result<Bytes, StdError> {
    stream.ended = true;
    Err(Box::new(error))
}

impl ByteStream for PayloadStream {
    fn remaining_length(&self) -> RemainingLength {
        match self.remaining.and_then(|remaining| usize::try_from(remaining).ok()) {
            Some(remaining) => RemainingLength::new_exact(remaining),
            None => RemainingLength::unknown(),
        }
    }
}
