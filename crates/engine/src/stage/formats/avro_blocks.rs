//! Sees to it that an Avro file is whole: its decoder takes a file that is cut, or whose blocks lie, for one that
//! ends there, and its rows would be missing in silence.

use std::io::{self, Read};

use super::adapt::broken;

/// What a file begins with.
const MAGIC: &[u8] = b"Obj\x01";
/// The longest header: it has the schema.
const HEADER_BYTES_MAX: u64 = 16 << 20;
const SYNC_BYTES: usize = 16;
/// A block is in memory whole, packed.
const BLOCK_BYTES_MAX: u64 = 1 << 30;

/// Hands bytes on, and fails where they are not those of whole blocks.
pub(super) struct WholeBlocks<R> {
    inner: R,
    name: String,
    place: Place,
    sync: [u8; SYNC_BYTES],
    /// Where in the file the next byte stands, and where its block begins.
    at: u64,
    block: u64,
}

enum Place {
    /// How many bytes of the magic were seen.
    Magic(usize),
    /// How many pairs of texts follow in the header; 0 ends them.
    Pairs(Number),
    /// How many bytes they have, which stands there where their number is negative.
    PairBytes(Number, u64),
    /// The length of a text, and how many texts are to come with it.
    Length(Number, u64),
    /// What is left of a text, and how many texts come behind it.
    Text(u64, u64),
    /// How many bytes of the file's own mark were seen.
    OwnMark(usize),
    Count(Number),
    Size(Number),
    Data(u64),
    /// How many bytes of the mark behind a block were seen.
    Mark(usize),
}

/// A number of seven bits a byte, as far as it was read.
#[derive(Default)]
struct Number {
    value: u64,
    shift: u32,
}

impl Number {
    /// The number, once its last byte is there.
    fn push(&mut self, byte: u8) -> Result<Option<i64>, &'static str> {
        if self.shift >= 64 {
            return Err("a number in it has more than 64 bits");
        }
        self.value |= u64::from(byte & 0x7f) << self.shift;
        self.shift += 7;
        if byte & 0x80 != 0 {
            return Ok(None);
        }
        let value = self.value;
        // Zigzag: the sign is the last bit.
        Ok(Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed())))
    }
}

impl<R: Read> WholeBlocks<R> {
    pub(super) fn new(inner: R, name: String) -> Self {
        Self { inner, name, place: Place::Magic(0), sync: [0; SYNC_BYTES], at: 0, block: 0 }
    }

    fn see(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while let Some((first, rest)) = bytes.split_first() {
            let next = match &mut self.place {
                Place::Magic(seen) => {
                    if MAGIC.get(*seen) != Some(first) {
                        return Err("it does not begin as an Avro file".to_owned());
                    }
                    *seen += 1;
                    (*seen == MAGIC.len()).then(|| Place::Pairs(Number::default()))
                }
                Place::Pairs(number) => number.push(*first)?.map(|count| match count {
                    0 => Place::OwnMark(0),
                    count if count < 0 => Place::PairBytes(Number::default(), texts_of(count)),
                    count => Place::Length(Number::default(), texts_of(count)),
                }),
                Place::PairBytes(number, texts) => {
                    let texts = *texts;
                    number.push(*first)?.map(|_| Place::Length(Number::default(), texts))
                }
                Place::Length(number, texts) => {
                    let behind = texts.saturating_sub(1);
                    match number.push(*first)? {
                        None => None,
                        Some(0) => Some(behind_text(behind)),
                        Some(length) => {
                            let length = u64::try_from(length).ok().filter(|l| *l <= HEADER_BYTES_MAX);
                            let Some(length) = length else {
                                return Err("its header has a text of an impossible length".to_owned());
                            };
                            Some(Place::Text(length, behind))
                        }
                    }
                }
                Place::Text(left, behind) => {
                    *left -= 1;
                    (*left == 0).then(|| behind_text(*behind))
                }
                Place::OwnMark(seen) => {
                    self.sync[*seen] = *first;
                    *seen += 1;
                    (*seen == SYNC_BYTES).then(|| Place::Count(Number::default()))
                }
                Place::Count(number) => match number.push(*first)? {
                    Some(count) if count < 0 => return Err(self.in_block(&format!("has {count} rows"))),
                    count => count.map(|_| Place::Size(Number::default())),
                },
                Place::Size(number) => match number.push(*first)? {
                    None => None,
                    Some(0) => Some(Place::Mark(0)),
                    Some(size) => match u64::try_from(size).ok().filter(|size| *size <= BLOCK_BYTES_MAX) {
                        Some(size) => Some(Place::Data(size)),
                        None => return Err(self.in_block(&format!("says that it has {size} bytes"))),
                    },
                },
                Place::Data(left) => {
                    let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    if *left == 0 {
                        self.place = Place::Mark(0);
                    }
                    self.at += taken as u64;
                    bytes = &bytes[taken..];
                    continue;
                }
                Place::Mark(seen) => {
                    if self.sync[*seen] != *first {
                        return Err(self.in_block("does not end with the mark of the file"));
                    }
                    *seen += 1;
                    (*seen == SYNC_BYTES).then(|| Place::Count(Number::default()))
                }
            };
            self.at += 1;
            bytes = rest;
            if let Some(next) = next {
                if matches!(next, Place::Count(_)) {
                    self.block = self.at;
                }
                self.place = next;
            }
        }
        Ok(())
    }

    fn see_end(&self) -> Result<(), String> {
        match &self.place {
            Place::Count(number) if number.shift == 0 => Ok(()),
            Place::Count(_) | Place::Size(_) | Place::Data(_) | Place::Mark(_) => {
                Err(self.in_block("is cut: the file ends early"))
            }
            _ => Err("it ends inside of its header".to_owned()),
        }
    }

    fn in_block(&self, what: &str) -> String {
        format!("its block at byte {} {what}", self.block)
    }
}

impl<R: Read> Read for WholeBlocks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let seen = match length {
            0 if buffer.is_empty() => Ok(()),
            0 => self.see_end(),
            _ => self.see(&buffer[..length]),
        };
        seen.map_err(|reason| io::Error::other(broken(&self.name, &reason)))?;
        Ok(length)
    }
}

/// A key and a value each.
fn texts_of(pairs: i64) -> u64 {
    pairs.unsigned_abs().saturating_mul(2)
}

fn behind_text(behind: u64) -> Place {
    match behind {
        0 => Place::Pairs(Number::default()),
        texts => Place::Length(Number::default(), texts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of one pair, and blocks with two bytes each.
    fn file(blocks: usize) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([2, 2, b'k', 4, b'v', b'w', 0]);
        bytes.extend([7; SYNC_BYTES]);
        for _ in 0..blocks {
            bytes.extend([2, 4, 1, 2]);
            bytes.extend([7; SYNC_BYTES]);
        }
        bytes
    }

    /// Read in pieces of `piece` bytes; the reason where it fails.
    fn read(bytes: &[u8], piece: usize) -> Result<usize, String> {
        let mut reader = WholeBlocks::new(bytes, "s3://b/k".into());
        let mut total = 0;
        loop {
            match reader.read(&mut vec![0; piece]) {
                Ok(0) => return Ok(total),
                Ok(length) => total += length,
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    #[test]
    fn whole_files_are_handed_on() {
        for blocks in [0, 1, 3] {
            let bytes = file(blocks);
            for piece in [1, 3, 1000] {
                assert_eq!(read(&bytes, piece), Ok(bytes.len()));
            }
        }
    }

    #[test]
    fn what_is_cut_or_lies_is_told_with_its_place() {
        let bytes = file(2);
        for length in (1..bytes.len()).filter(|length| ![27, 47].contains(length)) {
            assert!(read(&bytes[..length], 1000).is_err(), "cut at {length}");
        }
        assert!(read(&bytes[..40], 5).unwrap_err().contains("its block at byte 27 is cut"));
        let mut other = file(1);
        *other.last_mut().unwrap() = 8;
        assert!(read(&other, 1000).unwrap_err().contains("does not end with the mark"));
        let mut lying = file(0);
        lying.extend([2, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        assert!(read(&lying, 1000).unwrap_err().contains("says that it has"));
        let mut magic = file(0);
        magic[0] = b'P';
        assert!(read(&magic, 1000).unwrap_err().contains("does not begin"));
    }
}
