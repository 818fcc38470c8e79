//! What these tests leave behind, kept where `cargo xtask test` asks for it: it looks for secrets there when they
//! have run. The sandbox writes down the ones that it issued.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;

use parking_lot::Mutex;
use tracing_subscriber::filter::LevelFilter;

/// Names the file for the log of all servers of these tests, and for the errors that they answered with.
const VARIABLE: &str = "STAGEDOOR_TEST_EVIDENCE";

fn file() -> Option<&'static Mutex<File>> {
    static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let open = || {
        let path = std::env::var_os(VARIABLE)?;
        Some(Mutex::new(OpenOptions::new().create(true).append(true).open(path).unwrap()))
    };
    FILE.get_or_init(open).as_ref()
}

/// Keeps the log from here on, of all servers in this process.
pub fn keep_log() {
    static KEPT: OnceLock<()> = OnceLock::new();
    if file().is_some() {
        KEPT.get_or_init(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(LevelFilter::DEBUG)
                .with_ansi(false)
                .with_writer(|| Writer);
            // Another test may have begun a log of its own.
            let _ = subscriber.try_init();
        });
    }
}

/// Keeps the answer if it tells an error.
pub fn keep_error(body: &[u8]) {
    if let Some(file) = file()
        && String::from_utf8_lossy(body).contains("\"error\":{")
    {
        file.lock().write_all(&[body, b"\n"].concat()).unwrap();
    }
}

/// Keeps what a server stored in a file.
pub fn keep_file(path: &std::path::Path) {
    if let Some(file) = file() {
        let stored = std::fs::read(path).unwrap();
        file.lock().write_all(&[stored.as_slice(), b"\n"].concat()).unwrap();
    }
}

struct Writer;

impl Write for Writer {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        match file() {
            Some(file) => file.lock().write(text),
            None => Ok(text.len()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
