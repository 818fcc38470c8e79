//! A body that breaks off.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use s3s::{Body, StdError};

/// Cuts a body after so many bytes, which closes the connection.
pub(crate) fn cut_after(body: Body, bytes: u64) -> Body {
    Body::http_body_unsync(Cut { body, left: bytes })
}

struct Cut {
    body: Body,
    left: u64,
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        if self.left == 0 {
            return Poll::Ready(Some(Err("closed by a fault rule".into())));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| match frame.into_data() {
                Ok(mut data) => {
                    data.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                    self.left -= data.len() as u64;
                    Frame::data(data)
                }
                Err(frame) => frame,
            })
        }))
    }
}
