//! The files of the web app, embedded in the binary.
//!
//! Promises: what `cargo xtask web` built is here byte for byte, with its compressed forms and an ETag; a build
//! without it is a build without an app, not a failure. Refuses: to know HTTP, to read a disk in a release build.
//! It stands apart so that a new build of the app compiles this small crate and nothing else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The page that every path of the app begins with.
pub const INDEX: &str = "index.html";

/// One file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// The same, compressed by Brotli and by gzip, where the app's build made that.
    pub brotli: Option<Cow<'static, [u8]>>,
    pub gzip: Option<Cow<'static, [u8]>>,
    /// Of the content, in quotes.
    pub etag: String,
    pub content_type: &'static str,
    /// The name holds the content's hash: it never changes.
    pub is_immutable: bool,
}

/// All files of one build of the app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    files: BTreeMap<String, Asset>,
    build: Option<String>,
}

impl Assets {
    /// What is in this binary; nothing if the app was not built before it.
    pub fn embedded() -> Self {
        Self::from_files(EMBEDDED.iter().map(|(name, bytes)| ((*name).to_owned(), Cow::Borrowed(*bytes))))
    }

    /// What lies in a folder now, for work on the app.
    pub fn in_folder(folder: &Path) -> std::io::Result<Self> {
        let mut files = Vec::new();
        read_folder(folder, "", &mut files)?;
        Ok(Self::from_files(files.into_iter().map(|(name, bytes)| (name, Cow::Owned(bytes)))))
    }

    /// The file of that path, which has no slash at its beginning.
    pub fn get(&self, path: &str) -> Option<&Asset> {
        self.files.get(path)
    }

    /// Tells builds apart; `None` without an app.
    pub fn build(&self) -> Option<&str> {
        self.build.as_deref()
    }

    fn from_files(files: impl Iterator<Item = (String, Cow<'static, [u8]>)>) -> Self {
        let mut assets = Self::default();
        let mut whole = Fnv::default();
        let mut compressed = Vec::new();
        for (name, bytes) in files {
            if let Some(plain) = name.strip_suffix(".br") {
                compressed.push((plain.to_owned(), true, bytes));
                continue;
            }
            if let Some(plain) = name.strip_suffix(".gz") {
                compressed.push((plain.to_owned(), false, bytes));
                continue;
            }
            whole.add(name.as_bytes());
            whole.add(&bytes);
            let mut own = Fnv::default();
            own.add(&bytes);
            let asset = Asset {
                etag: format!("\"{:016x}\"", own.0),
                content_type: content_type(&name),
                is_immutable: name.starts_with("assets/"),
                bytes,
                brotli: None,
                gzip: None,
            };
            assets.files.insert(name, asset);
        }
        for (name, is_brotli, bytes) in compressed {
            let Some(asset) = assets.files.get_mut(&name) else { continue };
            if is_brotli {
                asset.brotli = Some(bytes);
            } else {
                asset.gzip = Some(bytes);
            }
        }
        assets.build = assets.files.contains_key(INDEX).then(|| format!("{:016x}", whole.0));
        assets
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_folder(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, std::fs::read(entry.path())?));
        }
    }
    Ok(())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// FNV-1a: tells contents apart, and nobody attacks an ETag of public files.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn assets(files: &[(&'static str, &'static str)]) -> Assets {
        Assets::from_files(
            files.iter().map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(text.as_bytes()))),
        )
    }

    #[test]
    fn compressed_forms_belong_to_their_file() {
        let assets = assets(&[
            ("assets/a.js", "a"),
            ("assets/a.js.br", "b"),
            ("assets/a.js.gz", "g"),
            ("index.html", "i"),
        ]);
        let script = assets.get("assets/a.js").unwrap();
        assert_eq!((&*script.bytes, script.brotli.as_deref()), (&b"a"[..], Some(&b"b"[..])));
        assert_eq!(script.gzip.as_deref(), Some(&b"g"[..]));
        assert!(script.is_immutable);
        assert_eq!(script.content_type, "text/javascript; charset=utf-8");
        assert!(!assets.get(INDEX).unwrap().is_immutable);
        assert!(assets.get("assets/a.js.br").is_none());
    }

    #[test]
    fn builds_differ_by_any_byte_and_are_none_without_a_page() {
        let one = assets(&[("index.html", "a"), ("assets/x.js", "1")]);
        let other = assets(&[("index.html", "a"), ("assets/x.js", "2")]);
        assert_ne!(one.build(), other.build());
        assert_eq!(one.get("index.html").unwrap().etag, other.get("index.html").unwrap().etag);
        assert_eq!(assets(&[("assets/x.js", "1")]).build(), None);
        assert_eq!(assets(&[]).build(), None);
    }
}
