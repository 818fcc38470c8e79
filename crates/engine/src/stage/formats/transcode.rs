//! Text of other encodings as UTF-8, while it comes.

use bytes::Bytes;
use encoding_rs::{CoderResult, Encoding};
use futures::StreamExt;

use crate::stage::bytes::ByteStream;
use crate::{Error, ErrorKind};

/// The same text in UTF-8. What is no text of the encoding is an error, or replaced where that is asked for.
pub(super) fn transcode(
    encoding: Option<&'static Encoding>,
    replace_invalid: bool,
    name: String,
    bytes: ByteStream,
) -> ByteStream {
    let Some(encoding) = encoding else { return bytes };
    let decoder = encoding.new_decoder();
    let state = Some((bytes, decoder, 0u64));
    futures::stream::unfold(state, move |state| {
        let name = name.clone();
        async move {
            let (mut bytes, mut decoder, at) = state?;
            let (block, last) = match bytes.next().await {
                Some(Ok(block)) => (block, false),
                Some(Err(error)) => return Some((Err(error), None)),
                None => (Bytes::new(), true),
            };
            let mut text = String::with_capacity(
                decoder.max_utf8_buffer_length(block.len()).unwrap_or(block.len() * 3 + 16),
            );
            let (result, read, invalid) = decoder.decode_to_string(&block, &mut text, last);
            if invalid && !replace_invalid {
                let error = Error::new(
                    ErrorKind::BadFile,
                    format!(
                        "`{name}` is not text in {}: between byte {at} and {}",
                        encoding.name(),
                        at + block.len() as u64
                    ),
                )
                .with_hint("name its ENCODING, or set ENCODING_ERROR_MODE = REPLACE");
                return Some((Err(error), None));
            }
            debug_assert!(result == CoderResult::InputEmpty && read == block.len());
            let next = (!last).then_some((bytes, decoder, at + block.len() as u64));
            Some((Ok(Bytes::from(text)), next))
        }
    })
    .boxed()
}
