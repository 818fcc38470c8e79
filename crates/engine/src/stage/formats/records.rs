//! Cuts the bytes of a file into blocks of whole records, while they come.
//!
//! Only the cutting is one after the other, and it is fast; blocks are decoded side by side.

use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use super::delimited::Layout;
use super::json_values::JsonValues;
use crate::stage::bytes::ByteStream;
use crate::{Error, ErrorKind};

/// A block is handed on when it has so many bytes.
const BLOCK_BYTES: usize = 1 << 20;
/// A part that arrives with so many bytes is not copied,
const PART_BYTES_MIN: usize = 256 << 10;
/// but for what is put behind a record that begins before it.
const JOIN_BYTES: usize = 64 << 10;
/// The longest record, which must be in memory whole.
pub(crate) const RECORD_BYTES_MAX: usize = 32 << 20;

/// Where records end.
#[derive(Debug, Clone)]
pub(crate) enum Boundary {
    /// At every line feed.
    Lines,
    /// At a delimiter that no quote or escape hides.
    Delimited(Layout),
    /// Behind each element of a JSON array, or each value of a row of them.
    JsonValues(JsonValues),
}

impl Boundary {
    /// The end of the last whole record of `bytes`, 0 where there is none.
    fn last_end(&mut self, bytes: &[u8], at_end: bool) -> Result<usize, String> {
        match self {
            Self::Lines if at_end => Ok(bytes.len()),
            Self::Lines => Ok(memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)),
            Self::Delimited(layout) => layout.last_end(bytes, at_end),
            Self::JsonValues(values) => values.last_end(bytes, at_end),
        }
    }
}

/// Whole records of one file.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) bytes: Bytes,
    /// The line, counted from 1, that it begins with.
    pub(crate) first_line: u64,
}

impl Block {
    /// The line that a byte of the block stands in.
    pub(crate) fn line_at(&self, at: usize) -> u64 {
        let before = self.bytes.get(..at.min(self.bytes.len())).unwrap_or_default();
        self.first_line + memchr::memchr_iter(b'\n', before).count() as u64
    }
}

/// The blocks of one file.
pub(crate) struct RecordBlocks {
    bytes: ByteStream,
    boundary: Boundary,
    /// What came and was not handed on: at first this, joined of several parts,
    rest: BytesMut,
    /// and then this, as it came,
    arrived: Bytes,
    /// without what was joined or handed on.
    taken: usize,
    line: u64,
    began: bool,
    ended: bool,
    /// `s3://bucket/key`, for errors.
    name: String,
}

impl RecordBlocks {
    pub(crate) fn new(bytes: ByteStream, boundary: Boundary, name: String) -> Self {
        Self {
            bytes,
            boundary,
            rest: BytesMut::new(),
            arrived: Bytes::new(),
            taken: 0,
            line: 1,
            began: false,
            ended: false,
            name,
        }
    }

    /// Takes the next records off, as lists of fields. Fewer come only at the end of the file.
    pub(crate) async fn take_records(
        &mut self,
        layout: &Layout,
        count: u64,
    ) -> Result<Vec<Vec<String>>, Error> {
        let mut records = Vec::new();
        while (records.len() as u64) < count {
            let mut fields = Vec::new();
            let next = layout.record(&self.rest, 0, self.ended, Some(&mut fields));
            match next.map_err(|reason| self.broken(&reason))? {
                Some(next) => {
                    records.push(
                        fields.iter().map(|field| layout.lossy_text(&self.rest, field)).collect::<Vec<_>>(),
                    );
                    self.split(next);
                }
                None if self.ended => break,
                None => self.fill().await?,
            }
        }
        Ok(records)
    }

    /// The next block, or `None` at the end of the file.
    pub(crate) async fn next(&mut self) -> Result<Option<Block>, Error> {
        loop {
            if let Some(block) = self.next_of_arrived()? {
                return Ok(Some(block));
            }
            while !self.ended && !self.is_enough() {
                self.fill().await?;
            }
            let end = self.boundary.last_end(&self.rest, self.ended);
            let end = end.map_err(|reason| self.broken(&reason))?;
            if end > 0 {
                return Ok(Some(self.split(end)));
            }
            if self.ended {
                return Ok(None);
            }
            if self.rest.len() > RECORD_BYTES_MAX {
                return Err(Error::new(
                    ErrorKind::BadFile,
                    format!(
                        "`{}` has a record longer than {RECORD_BYTES_MAX} bytes: it begins in line {}",
                        self.name, self.line
                    ),
                )
                .with_hint("check the file format: its delimiters, QUOTE and COMPRESSION"));
            }
            self.fill().await?;
        }
    }

    /// What of the part that arrived last is neither joined nor handed on.
    fn left(&self) -> usize {
        self.arrived.len() - self.taken
    }

    /// Whole records of a large part, where nothing is left of those before it. They are not copied.
    fn next_of_arrived(&mut self) -> Result<Option<Block>, Error> {
        if !self.began || !self.rest.is_empty() || self.left() < PART_BYTES_MIN {
            return Ok(None);
        }
        let bytes = self.arrived.slice(self.taken..self.taken + self.left().min(BLOCK_BYTES));
        let end = self.boundary.last_end(&bytes, false).map_err(|reason| self.broken(&reason))?;
        self.taken += end;
        Ok((end > 0).then(|| self.block(bytes.slice(..end))))
    }

    /// Whether what is joined makes a block.
    fn is_enough(&self) -> bool {
        let joins_large = self.left() >= PART_BYTES_MIN && self.rest.len() >= JOIN_BYTES;
        self.began && (self.rest.len() >= BLOCK_BYTES || joins_large)
    }

    fn split(&mut self, end: usize) -> Block {
        let bytes = self.rest.split_to(end).freeze();
        // What is left over is still there as it came.
        if self.left() >= PART_BYTES_MIN && self.rest.len() <= self.taken {
            self.taken -= self.rest.len();
            self.rest.clear();
        }
        self.block(bytes)
    }

    fn block(&mut self, bytes: Bytes) -> Block {
        let block = Block { first_line: self.line, bytes };
        self.line += memchr::memchr_iter(b'\n', &block.bytes).count() as u64;
        block
    }

    async fn fill(&mut self) -> Result<(), Error> {
        if self.left() == 0 {
            self.taken = 0;
            match self.bytes.next().await {
                Some(bytes) => self.arrived = bytes?,
                None => {
                    self.arrived = Bytes::new();
                    self.ended = true;
                }
            }
        }
        // As much again as there is, so that a long record is not looked at too often.
        let is_large = self.left() >= PART_BYTES_MIN + JOIN_BYTES;
        let joined = if is_large { JOIN_BYTES.max(self.rest.len()).min(self.left()) } else { self.left() };
        self.rest.extend_from_slice(&self.arrived[self.taken..self.taken + joined]);
        self.taken += joined;
        // A mark of the byte order has up to three bytes, and they are no data.
        if !self.began && (self.rest.len() >= 3 || self.ended) {
            self.began = true;
            if self.rest.starts_with(&[0xef, 0xbb, 0xbf]) {
                let _ = self.rest.split_to(3);
            }
        }
        Ok(())
    }

    fn broken(&self, reason: &str) -> Error {
        Error::new(ErrorKind::BadFile, format!("`{}` line {}: {reason}", self.name, self.line))
            .with_hint("check the file format: its delimiters, QUOTE and COMPRESSION")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(parts: &[&'static str], boundary: Boundary) -> RecordBlocks {
        let parts: Vec<_> = parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect();
        RecordBlocks::new(futures::stream::iter(parts).boxed(), boundary, "s3://b/k".into())
    }

    async fn all(mut blocks: RecordBlocks) -> Result<String, Error> {
        let mut text = String::new();
        while let Some(block) = blocks.next().await? {
            text.push_str(std::str::from_utf8(&block.bytes).unwrap());
        }
        Ok(text)
    }

    #[tokio::test]
    async fn a_mark_of_the_byte_order_is_no_data() {
        let read = all(blocks(&["\u{feff}a\n", "b"], Boundary::Lines)).await.unwrap();
        assert_eq!(read, "a\nb");
    }

    /// However the parts are cut, the same bytes come, in whole records, each at its line.
    #[tokio::test]
    async fn parts_of_any_size_give_whole_records() {
        let record = |number: usize| format!("{number},{}\n", "x".repeat(number * 7919 % 300));
        let mut text: String = (0..12_000).map(record).collect();
        text.push_str(&"y".repeat(3 << 20));
        text.push('\n');
        text.extend((0..3_000).map(record));
        text.push_str("no line feed");
        let text = Bytes::from(text);
        for size in [100 << 10, 256 << 10, (1 << 20) + 17, 3 << 20, 5_600_001, text.len()] {
            for boundary in [Boundary::Lines, Boundary::Delimited(Layout::csv())] {
                let parts: Vec<_> = (0..text.len())
                    .step_by(size)
                    .map(|at| Ok(text.slice(at..text.len().min(at + size))))
                    .collect();
                let mut blocks =
                    RecordBlocks::new(futures::stream::iter(parts).boxed(), boundary, "s3://b/k".into());
                let (mut at, mut line) = (0, 1);
                while let Some(block) = blocks.next().await.unwrap() {
                    assert_eq!(block.bytes, text[at..at + block.bytes.len()], "{size}");
                    assert_eq!(block.first_line, line, "{size}");
                    at += block.bytes.len();
                    line += block.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                    assert!(at == text.len() || block.bytes.ends_with(b"\n"), "{size}");
                    assert!(block.bytes.len() <= 9 << 20, "{size}");
                }
                assert_eq!(at, text.len());
            }
        }
    }

    #[tokio::test]
    async fn a_quote_that_is_never_closed_is_an_error_with_its_line() {
        let boundary = Boundary::Delimited(Layout::csv());
        let error = all(blocks(&["a,b\n", "c,\"d\n", "e,f\n"], boundary)).await.unwrap_err();
        assert!(error.message.contains("quote"), "{error}");
    }

    #[tokio::test]
    async fn a_record_without_end_is_refused_before_it_fills_the_memory() {
        let line = Bytes::from(vec![b'x'; 1 << 20]);
        let endless = futures::stream::repeat_with(move || Ok(line.clone())).boxed();
        let mut blocks = RecordBlocks::new(endless, Boundary::Lines, "s3://b/k".into());
        let error = blocks.next().await.unwrap_err();
        assert!(error.message.contains("longer than"), "{error}");
    }
}
