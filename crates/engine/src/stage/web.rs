//! `https://host/dir/file_{1,2}.parquet`, `…/part-[00-17].csv`: files of the web, where the administrator lets
//! their host be named. Nothing is signed, nothing is listed, and no redirect is followed.

use std::sync::Arc;

use credentials::{Access, ConnectionAccess, Grant};

use super::listing::Selection;
use super::location::{Names, Opening, open};
use super::{Place, open_location};
use crate::session::Session;
use crate::{Error, ErrorKind};

/// Files that one URL may stand for.
const FILES_MAX: usize = 10_000;

/// Opens a location of a query, and says which of its files are meant.
pub(super) async fn open_for_reading(
    session: &Session,
    location: &sql::LocationTable,
) -> Result<(Arc<Place>, Selection), Error> {
    let options = &location.options;
    let web = match &location.location {
        sql::Location::Uri(uri) => WebUrl::parse(uri)?,
        sql::Location::Stage { .. } | sql::Location::User { .. } => None,
    };
    let Some(url) = web else {
        let place = open_location(session, &location.location, Some(options), Access::Read).await?;
        return Ok((place, Selection::from_options(&session.sql, options)?));
    };
    let refused = [
        ("PATTERN", options.pattern.is_some()),
        ("FILES", options.files.is_some()),
        ("CONNECTION", options.connection.is_some()),
    ];
    if let Some((option, _)) = refused.into_iter().find(|(_, given)| *given) {
        return Err(Error::new(
            ErrorKind::InvalidValue,
            format!("{option} does not go with `{}`: a file of the web is named by its URL alone", url.text),
        )
        .with_hint(
            "several files are written `https://host/part_{1,2}.csv` or `https://host/part_[00-17].csv`",
        ));
    }
    check(session, &url)?;
    let connection = ConnectionAccess {
        name: None,
        version: 0,
        grant: Grant::Web,
        // The web has no regions; one that is stated is not asked for.
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(url.base.clone()),
        virtual_host_style: true,
        kms_key: None,
        session_tags: false,
    };
    let names = Names { bucket: url.host.clone(), web: Some(url.base.clone()), ..Names::default() };
    let opening = Opening {
        connection: Some(connection),
        names,
        path: String::new(),
        file_format: "{}".to_owned(),
        access: Access::Read,
    };
    let selection = Selection::of_files(url.files()?);
    Ok((open(session, opening).await?, selection))
}

fn check(session: &Session, url: &WebUrl) -> Result<(), Error> {
    let credentials = session.engine.credentials();
    if !credentials.reads_the_web() {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("location `{}` cannot be read: this server reads no files of the web", url.text),
        )
        .with_hint("its administrator lists hosts in `[https] allowed` of the configuration"));
    }
    credentials.check_web(&url.base).map_err(|error| {
        let reason = error.to_string();
        Error::new(
            ErrorKind::PermissionDenied,
            format!(
                "location `{}` cannot be read: {}",
                url.text,
                reason.rsplit(": ").next().unwrap_or(&reason)
            ),
        )
        .with_hint("its administrator lists hosts in `[https] allowed` of the configuration")
    })
}

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WebUrl {
    text: String,
    /// `https://host[:port]`.
    base: String,
    host: String,
    /// Without a leading `/`, with its globs.
    path: String,
}

impl WebUrl {
    /// `None` for what is no URL of the web.
    fn parse(text: &str) -> Result<Option<Self>, Error> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(None) };
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Ok(None);
        }
        let invalid = |reason: &str| {
            Err(Error::new(ErrorKind::InvalidStorage, format!("location `{text}` is not valid: {reason}"))
                .with_hint("a file of the web is written `https://host/folder/file.parquet`"))
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return invalid("it has a user name in it, and nothing secret is ever sent");
        }
        if text.contains(['?', '#']) {
            return invalid("it has a query or a fragment");
        }
        let base = format!("{scheme}://{authority}");
        let parsed = url::Url::parse(&base).ok();
        let Some(host) = parsed.as_ref().and_then(url::Url::host_str).filter(|host| !host.is_empty()) else {
            return invalid("it has no host");
        };
        if path.is_empty() || path.ends_with('/') {
            return invalid("it names no file, and folders of the web cannot be listed");
        }
        if path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return invalid("it has an empty part, or one of dots alone");
        }
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Some(Self { text: text.to_owned(), base, host, path: path.to_owned() }))
    }

    /// The keys that the path stands for, in the order of its globs.
    fn files(&self) -> Result<Vec<String>, Error> {
        let mut found = vec![String::new()];
        let mut rest = self.path.as_str();
        while let Some(at) = rest.find(['{', '[']) {
            let (before, glob) = rest.split_at(at);
            let close = if glob.starts_with('{') { '}' } else { ']' };
            let Some((inside, after)) = glob.get(1..).and_then(|glob| glob.split_once(close)) else {
                return Err(
                    self.invalid(&format!("`{}` is not closed", &glob.chars().take(1).collect::<String>()))
                );
            };
            let choices = match close {
                '}' => inside.split(',').map(str::to_owned).collect(),
                _ => range(inside).ok_or_else(|| {
                    self.invalid(&format!("`[{inside}]` is no range such as `[1-3]` or `[00-17]`"))
                })?,
            };
            if found.len().saturating_mul(choices.len()) > FILES_MAX {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("location `{}` stands for more than {FILES_MAX} files", self.text),
                ));
            }
            found = found
                .iter()
                .flat_map(|start| choices.iter().map(move |choice| format!("{start}{before}{choice}")))
                .collect();
            rest = after;
        }
        let decoded = found.into_iter().map(|start| {
            let path = format!("{start}{rest}");
            percent_decoded(&path).ok_or_else(|| self.invalid("it has a `%` that is no escape of UTF-8"))
        });
        decoded.collect()
    }

    fn invalid(&self, reason: &str) -> Error {
        Error::new(ErrorKind::InvalidStorage, format!("location `{}` is not valid: {reason}", self.text))
    }
}

/// `1-3`, and `00-17` with its zeros.
fn range(text: &str) -> Option<Vec<String>> {
    let (first, last) = text.split_once('-')?;
    let is_number =
        |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(first) || !is_number(last) {
        return None;
    }
    let (from, to): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    if from > to || (to - from) as usize >= FILES_MAX {
        return None;
    }
    let width = if first.len() > 1 && first.starts_with('0') { first.len() } else { 1 };
    Some((from..=to).map(|number| format!("{number:0width$}")).collect())
}

/// The path as the server of the host takes it: what is sent is escaped anew.
fn percent_decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Result<Vec<String>, Error> {
        WebUrl::parse(text)?.unwrap().files()
    }

    #[test]
    fn globs_stand_for_files() {
        assert_eq!(files("https://h/a%20b.csv").unwrap(), ["a b.csv"]);
        assert_eq!(files("https://h/p_{1,x}.csv").unwrap(), ["p_1.csv", "p_x.csv"]);
        assert_eq!(files("https://h/d[1-2]/p[08-10]").unwrap().len(), 6);
        assert_eq!(files("https://h/p[08-10]").unwrap(), ["p08", "p09", "p10"]);
        assert_eq!(files("https://h/p[0-20000]").unwrap_err().kind, ErrorKind::InvalidStorage);
        assert_eq!(files("https://h/[0-999]/[0-999]").unwrap_err().kind, ErrorKind::LimitExceeded);
        assert!(files("https://h/p[1").unwrap_err().message.contains("not closed"));
        assert!(files("https://h/p[b-a]").is_err());
        assert!(files("https://h/%zz").is_err());
    }

    #[test]
    fn only_files_of_the_web_are_meant() {
        assert_eq!(WebUrl::parse("s3://b/k").unwrap(), None);
        let url = WebUrl::parse("HTTPS://data.example.com:8443/a/b.parquet").unwrap().unwrap();
        assert_eq!(
            (url.base.as_str(), url.host.as_str()),
            ("https://data.example.com:8443", "data.example.com")
        );
        for text in [
            "https://user:secret@h/a",
            "https://h/a?X-Amz-Signature=x",
            "https://h",
            "https://h/a/",
            "https://h/a/../b",
            "https://h//a",
            "https:///a",
        ] {
            assert_eq!(WebUrl::parse(text).unwrap_err().kind, ErrorKind::InvalidStorage, "{text}");
        }
    }
}
