//! Decompression while the file still comes.
//!
//! The decoders are those that read from a blocking source.

use std::io::{self, BufReader, Read};

use bytes::Bytes;

use super::blocking::{Source, own_error, run_blocking};
use crate::stage::bytes::ByteStream;
use crate::{Error, ErrorKind};

/// What a decoder hands on at once, at first and then: who stops early has not had much unpacked.
const BLOCK_BYTES_FIRST: usize = 256 << 10;
const BLOCK_BYTES_MAX: usize = 1 << 20;
/// A file that grows by more than this factor, and to more than the bytes below, is taken for an attack.
const EXPANSION_MAX: u64 = 250;
const EXPANSION_BYTES_MIN: u64 = 256 << 20;
/// The window a Zstandard file may ask for, as a power of two: 128 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
/// Memory an xz file may ask for.
const XZ_MEMORY_BYTES_MAX: u64 = 256 << 20;

/// How the bytes of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Bz2,
    Brotli,
    Zstd,
    Zlib,
    RawDeflate,
    Xz,
    Snappy,
    Zip,
}

impl Packing {
    /// By a file's name, where the format says AUTO or nothing.
    pub(crate) fn from_name(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("gz" | "gzip") => Self::Gzip,
            Some("bz2") => Self::Bz2,
            Some("br") => Self::Brotli,
            Some("zst" | "zstd") => Self::Zstd,
            Some("deflate" | "zz" | "zlib") => Self::Zlib,
            Some("xz") => Self::Xz,
            Some("sz" | "snappy") => Self::Snappy,
            Some("zip") => Self::Zip,
            _ => Self::Plain,
        }
    }

    /// By what a file begins with.
    pub(crate) fn from_magic(head: &[u8]) -> Option<Self> {
        let is = |magic: &[u8]| head.starts_with(magic);
        if is(&[0x1f, 0x8b]) {
            Some(Self::Gzip)
        } else if is(b"BZh") {
            Some(Self::Bz2)
        } else if is(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Self::Zstd)
        } else if is(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            Some(Self::Xz)
        } else if is(&[0xff, 6, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y']) {
            Some(Self::Snappy)
        } else if is(b"PK\x03\x04") {
            Some(Self::Zip)
        } else {
            None
        }
    }

    /// The packing of one file: what the format says; by name and content where it leaves that open.
    pub(crate) fn of_file(option: Option<sql::Compression>, name: &str, head: &[u8]) -> Result<Self, Error> {
        Ok(match option {
            // A name that promises a packing is believed only as far as the content agrees.
            None | Some(sql::Compression::Auto) => match Self::from_magic(head) {
                Some(packing) => packing,
                None => match Self::from_name(name) {
                    unmarked @ (Self::Brotli | Self::Zlib) => unmarked,
                    Self::Plain => Self::Plain,
                    promised => promised,
                },
            },
            Some(sql::Compression::None) => Self::Plain,
            Some(sql::Compression::Gzip) => Self::Gzip,
            Some(sql::Compression::Bz2) => Self::Bz2,
            Some(sql::Compression::Brotli) => Self::Brotli,
            Some(sql::Compression::Zstd) => Self::Zstd,
            Some(sql::Compression::Deflate) => Self::Zlib,
            Some(sql::Compression::RawDeflate) => Self::RawDeflate,
            Some(sql::Compression::Xz) => Self::Xz,
            Some(sql::Compression::Snappy) => Self::Snappy,
            Some(sql::Compression::Zip) => Self::Zip,
            Some(sql::Compression::Lzo) => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "files of COMPRESSION LZO cannot be read by this version of Stagedoor",
                )
                .with_hint("gzip, zstd, bz2, xz, brotli, deflate, raw_deflate, snappy and zip can"));
            }
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Bz2 => "bz2",
            Self::Brotli => "brotli",
            Self::Zstd => "zstd",
            Self::Zlib => "deflate",
            Self::RawDeflate => "raw_deflate",
            Self::Xz => "xz",
            Self::Snappy => "snappy",
            Self::Zip => "zip",
        }
    }

    fn decoder(self, source: Source) -> io::Result<Box<dyn Read>> {
        let source = BufReader::with_capacity(64 << 10, source);
        Ok(match self {
            Self::Plain => Box::new(source),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
            Self::Bz2 => Box::new(bzip2::bufread::MultiBzDecoder::new(source)),
            Self::Brotli => Box::new(brotli::Decompressor::new(source, 64 << 10)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
            Self::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(source)),
            Self::RawDeflate => Box::new(flate2::bufread::DeflateDecoder::new(source)),
            Self::Xz => {
                let flags = liblzma::stream::CONCATENATED;
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES_MAX, flags)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(source, stream))
            }
            Self::Snappy => Box::new(snap::read::FrameDecoder::new(source)),
            Self::Zip => zip_member(source)?,
        })
    }
}

/// The one file of an archive.
fn zip_member(mut source: BufReader<Source>) -> io::Result<Box<dyn Read>> {
    let mut header = [0u8; 30];
    source.read_exact(&mut header)?;
    let number = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let size = |at: usize| {
        u64::from(u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]))
    };
    if !header.starts_with(b"PK\x03\x04") {
        return Err(io::Error::other("it does not begin as an archive"));
    }
    let (flags, method) = (number(6), number(8));
    if flags & 1 != 0 {
        return Err(io::Error::other("it is encrypted"));
    }
    let names = u64::from(number(26)) + u64::from(number(28));
    io::copy(&mut source.by_ref().take(names), &mut io::sink())?;
    match method {
        8 => Ok(Box::new(flate2::bufread::DeflateDecoder::new(source))),
        // Without a size ahead of it, nobody knows where a stored file ends.
        0 if flags & 8 == 0 => Ok(Box::new(source.take(size(18)))),
        other => Err(io::Error::other(format!("its method {other} is not known"))),
    }
}

/// The bytes of a packed file, unpacked as they come.
pub(crate) fn unpack(packing: Packing, name: String, bytes: ByteStream) -> ByteStream {
    if packing == Packing::Plain {
        return bytes;
    }
    let shown = name.clone();
    run_blocking(bytes, shown, move |source, give| decode(packing, &name, source, give))
}

fn decode(
    packing: Packing,
    name: &str,
    source: Source,
    give: &mut dyn FnMut(Bytes) -> bool,
) -> Result<(), Error> {
    let taken = source.taken();
    let mut total = 0u64;
    let failed = |error: io::Error, total: u64| {
        own_error(&error).unwrap_or_else(|| broken(packing, name, &error, total))
    };
    let mut decoder = packing.decoder(source).map_err(|error| failed(error, 0))?;
    let mut block_bytes = BLOCK_BYTES_FIRST;
    loop {
        let mut block = vec![0u8; block_bytes];
        if total >= BLOCK_BYTES_MAX as u64 {
            block_bytes = BLOCK_BYTES_MAX;
        }
        let mut filled = 0;
        while filled < block.len() {
            match decoder.read(&mut block[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error, total + filled as u64)),
            }
        }
        if filled == 0 {
            return Ok(());
        }
        block.truncate(filled);
        total += filled as u64;
        if total > EXPANSION_BYTES_MIN && total / taken.get().max(1) > EXPANSION_MAX {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "`{name}` unpacks to more than {EXPANSION_MAX} times its size: it was stopped after {total} bytes out of {}",
                    taken.get()
                ),
            )
            .with_hint("leave the file out with PATTERN or FILES, or unpack it"));
        }
        if !give(Bytes::from(block)) {
            return Ok(());
        }
    }
}

fn broken(packing: Packing, name: &str, error: &io::Error, total: u64) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends early".to_owned(),
        _ => error.to_string(),
    };
    Error::new(
        ErrorKind::BadFile,
        format!("`{name}` is not a readable {} file: {reason}, after {total} unpacked bytes", packing.word()),
    )
    .with_hint("check the COMPRESSION of the file format, or leave the file out with PATTERN or FILES")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use futures::{StreamExt, TryStreamExt};

    use super::*;

    async fn unpacked(packing: Packing, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        let blocks: Vec<_> = bytes.chunks(1000).map(|block| Ok(Bytes::copy_from_slice(block))).collect();
        let stream = unpack(packing, "s3://b/k".into(), futures::stream::iter(blocks).boxed());
        Ok(stream.try_collect::<Vec<Bytes>>().await?.concat())
    }

    fn text() -> Vec<u8> {
        (0..50_000).flat_map(|number| format!("{number},row\n").into_bytes()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[tokio::test]
    async fn members_of_gzip_and_frames_of_zstd_follow_each_other() {
        let text = text();
        let (left, right) = text.split_at(1234);
        let members = [gzip(left), gzip(right)].concat();
        assert_eq!(Packing::from_magic(&members), Some(Packing::Gzip));
        assert_eq!(unpacked(Packing::Gzip, members).await.unwrap(), text);
        let frames = [zstd::encode_all(left, 1).unwrap(), zstd::encode_all(right, 1).unwrap()].concat();
        assert_eq!(unpacked(Packing::Zstd, frames).await.unwrap(), text);
    }

    #[tokio::test]
    async fn every_packing_is_read() {
        let text = text();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&text).unwrap();
        assert_eq!(unpacked(Packing::Zlib, zlib.finish().unwrap()).await.unwrap(), text);
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(&text).unwrap();
        assert_eq!(unpacked(Packing::RawDeflate, raw.finish().unwrap()).await.unwrap(), text);
        let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bz2.write_all(&text).unwrap();
        assert_eq!(unpacked(Packing::Bz2, bz2.finish().unwrap()).await.unwrap(), text);
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&text).unwrap();
        assert_eq!(unpacked(Packing::Xz, xz.finish().unwrap()).await.unwrap(), text);
        let mut snappy = snap::write::FrameEncoder::new(Vec::new());
        snappy.write_all(&text).unwrap();
        assert_eq!(unpacked(Packing::Snappy, snappy.into_inner().unwrap()).await.unwrap(), text);
    }

    #[tokio::test]
    async fn a_file_that_ends_early_is_an_error_that_names_it() {
        let mut bytes = gzip(&text());
        bytes.truncate(bytes.len() - 100);
        let error = unpacked(Packing::Gzip, bytes).await.unwrap_err();
        assert!(error.message.contains("`s3://b/k` is not a readable gzip file: it ends early"), "{error}");
        let error = unpacked(Packing::Zstd, b"no such thing".to_vec()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadFile);
    }

    #[tokio::test]
    async fn a_bomb_is_stopped() {
        let lines = || std::io::repeat(b'\n').take(300 << 20);
        let packed = |mut encoder: Box<dyn Read>| {
            let mut bytes = Vec::new();
            encoder.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let bombs = [
            (Packing::Zstd, zstd::encode_all(lines(), 3).unwrap()),
            (
                Packing::Gzip,
                packed(Box::new(flate2::read::GzEncoder::new(lines(), flate2::Compression::new(6)))),
            ),
            (
                Packing::Zlib,
                packed(Box::new(flate2::read::ZlibEncoder::new(lines(), flate2::Compression::new(6)))),
            ),
            (
                Packing::Bz2,
                packed(Box::new(bzip2::read::BzEncoder::new(lines(), bzip2::Compression::fast()))),
            ),
            (Packing::Xz, packed(Box::new(liblzma::read::XzEncoder::new(lines(), 0)))),
        ];
        for (packing, bomb) in bombs {
            let blocks = futures::stream::iter([Ok(Bytes::from(bomb))]).boxed();
            let stream = unpack(packing, "s3://b/k".into(), blocks);
            let error = stream.try_for_each(|_| async { Ok(()) }).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::LimitExceeded, "{packing:?}");
            assert!(error.message.contains("250 times"), "{error}");
        }
    }
}
