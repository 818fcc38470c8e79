//! A connection that is as slow as a test wants it: bytes per second, in the direction of the client.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How much may be written at once: what the connection would carry in this time.
const BURST: Duration = Duration::from_millis(10);
/// The least that is written at once.
const BURST_BYTES_MIN: u64 = 16 * 1024;

/// Writes at a limited rate, or as fast as it goes.
pub(crate) struct Throttled<T> {
    inner: T,
    limit: Option<Limit>,
}

struct Limit {
    bytes_per_second: u64,
    /// until when what was written keeps the connection busy
    busy_until: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl<T> Throttled<T> {
    pub(crate) fn new(inner: T, bytes_per_second: Option<u64>) -> Self {
        let now = Instant::now();
        let limit = bytes_per_second.map(|rate| Limit {
            bytes_per_second: rate.max(1),
            busy_until: now,
            sleep: Box::pin(tokio::time::sleep_until(now)),
        });
        Self { inner, limit }
    }
}

impl Limit {
    /// Waits until something may be written; gives how much.
    fn poll_allowance(&mut self, context: &mut Context<'_>) -> Poll<usize> {
        let now = Instant::now();
        if self.busy_until > now + BURST {
            self.sleep.as_mut().reset(self.busy_until - BURST);
            ready!(Future::poll(self.sleep.as_mut(), context));
        }
        let burst = self.bytes_per_second.saturating_mul(BURST.as_millis() as u64) / 1000;
        Poll::Ready(usize::try_from(burst.max(BURST_BYTES_MIN)).unwrap_or(usize::MAX))
    }

    fn wrote(&mut self, bytes: usize) {
        let nanoseconds = (bytes as u64).saturating_mul(1_000_000_000) / self.bytes_per_second;
        self.busy_until = self.busy_until.max(Instant::now()) + Duration::from_nanos(nanoseconds);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Throttled<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Throttled<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let Some(limit) = &mut this.limit else {
            return Pin::new(&mut this.inner).poll_write(context, bytes);
        };
        let allowed = ready!(limit.poll_allowance(context)).min(bytes.len());
        let written =
            ready!(Pin::new(&mut this.inner).poll_write(context, bytes.get(..allowed).unwrap_or(bytes)))?;
        limit.wrote(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.limit.is_none() {
            return Pin::new(&mut self.inner).poll_write_vectored(context, buffers);
        }
        let first = buffers.iter().find(|buffer| !buffer.is_empty()).map_or(&[][..], |buffer| buffer);
        self.poll_write(context, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limited_connection_takes_its_time() {
        let (near, mut far) = tokio::io::duplex(1024 * 1024);
        let mut slow = Throttled::new(near, Some(1024 * 1024));
        let started = Instant::now();
        let reader = tokio::spawn(async move {
            let mut read = Vec::new();
            far.read_to_end(&mut read).await.map(|_| read.len())
        });
        slow.write_all(&vec![7; 2 * 1024 * 1024]).await.unwrap();
        drop(slow);
        assert_eq!(reader.await.unwrap().unwrap(), 2 * 1024 * 1024);
        let took = started.elapsed().as_secs_f64();
        assert!((1.9..2.1).contains(&took), "{took}");
    }
}
