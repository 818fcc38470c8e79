//! A cloud in a test: STS and S3 on one port. It checks nothing by itself; a test says what it refuses.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub type Answer = Response<Full<Bytes>>;
/// Says how a request is answered instead of the usual way.
type Rule = Box<dyn Fn(&Seen) -> Option<Answer> + Send + Sync>;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

impl Seen {
    /// The access key that signed it, in the header or in the query.
    pub fn signer(&self) -> Option<String> {
        let text = match self.headers.get("authorization") {
            Some(header) => header.to_str().unwrap().to_owned(),
            None => self.query.replace("%2F", "/").replace("X-Amz-Credential=", "Credential="),
        };
        let (_, rest) = text.split_once("Credential=")?;
        Some(rest.split('/').next().unwrap().to_owned())
    }

    /// The region it was signed for.
    pub fn signed_region(&self) -> Option<String> {
        let header = self.headers.get("authorization")?.to_str().unwrap();
        let (_, rest) = header.split_once("Credential=")?;
        Some(rest.split('/').nth(2).unwrap().to_owned())
    }

    pub fn is_sts(&self) -> bool {
        self.method == Method::POST && self.path == "/" && self.query.is_empty()
    }

    /// A parameter of an STS call.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let body = String::from_utf8(self.body.to_vec()).unwrap();
        url::form_urlencoded::parse(body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    objects: BTreeMap<String, Bytes>,
    expired: HashSet<String>,
    rules: Vec<Rule>,
    issued: usize,
    page_keys: usize,
    session_seconds: u64,
}

#[derive(Clone)]
pub struct Cloud {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Cloud {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State { page_keys: 1000, session_seconds: 3600, ..State::default() };
        let cloud = Self { address: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(state)) };
        let serving = cloud.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let cloud = serving.clone();
                let service = service_fn(move |request| {
                    let cloud = cloud.clone();
                    async move { Ok::<_, Infallible>(cloud.serve(request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        cloud
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn put(&self, key: &str, content: &str) {
        let content = Bytes::from(content.to_owned());
        self.state.lock().unwrap().objects.insert(key.to_owned(), content);
    }

    pub fn object(&self, key: &str) -> Option<Bytes> {
        self.state.lock().unwrap().objects.get(key).cloned()
    }

    /// From now on S3 answers ExpiredToken to this access key.
    pub fn expire(&self, access_key: &str) {
        self.state.lock().unwrap().expired.insert(access_key.to_owned());
    }

    /// Adds a rule; the first that answers wins.
    pub fn rule(&self, rule: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static) {
        self.state.lock().unwrap().rules.push(Box::new(rule));
    }

    pub fn clear_rules(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    pub fn set_page_keys(&self, keys: usize) {
        self.state.lock().unwrap().page_keys = keys;
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    pub fn sts_calls(&self, action: &str) -> Vec<Seen> {
        let seen = self.seen().into_iter();
        seen.filter(|seen| seen.is_sts() && seen.parameter("Action").as_deref() == Some(action)).collect()
    }

    /// S3 requests but those unsigned ones that ask for a bucket's region.
    pub fn s3_calls(&self) -> Vec<Seen> {
        let is_probe = |seen: &Seen| seen.method == Method::HEAD && !seen.path[1..].contains('/');
        self.seen().into_iter().filter(|seen| !seen.is_sts() && !is_probe(seen)).collect()
    }

    async fn serve(&self, request: Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        let seen = Seen {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        };
        let mut state = self.state.lock().unwrap();
        state.seen.push(seen.clone());
        if let Some(answer) = state.rules.iter().find_map(|rule| rule(&seen)) {
            return answer;
        }
        if seen.is_sts() { state.sts(&seen) } else { state.s3(&seen) }
    }
}

impl State {
    fn sts(&mut self, seen: &Seen) -> Answer {
        match seen.parameter("Action").as_deref() {
            Some("AssumeRole") => {
                self.issued += 1;
                let number = self.issued;
                let asked: u64 = seen.parameter("DurationSeconds").unwrap().parse().unwrap();
                let seconds = asked.min(self.session_seconds);
                let end = chrono::Utc::now() + chrono::Duration::seconds(i64::try_from(seconds).unwrap());
                xml(
                    200,
                    &format!(
                        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{number}</AccessKeyId>\
                         <SecretAccessKey>issued-secret-{number}</SecretAccessKey>\
                         <SessionToken>issued-token-{number}</SessionToken><Expiration>{}</Expiration></Credentials>\
                         </AssumeRoleResult></AssumeRoleResponse>",
                        end.format("%Y-%m-%dT%H:%M:%SZ")
                    ),
                )
            }
            Some("GetCallerIdentity") => xml(
                200,
                "<GetCallerIdentityResponse><GetCallerIdentityResult>\
                 <Arn>arn:aws:sts::123456789012:assumed-role/server/i-1</Arn><UserId>AROA:i-1</UserId>\
                 <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
            ),
            other => panic!("no such action: {other:?}"),
        }
    }

    fn s3(&mut self, seen: &Seen) -> Answer {
        let path = percent_decode(&seen.path);
        let (_, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        if seen.signer().is_some_and(|signer| self.expired.contains(&signer)) {
            return error(seen, 400, "ExpiredToken", "The provided token has expired.");
        }
        let listing = seen.method == Method::GET && key.is_empty();
        match &seen.method {
            &Method::HEAD if key.is_empty() => Response::builder()
                .status(403)
                .header("x-amz-bucket-region", "us-east-1")
                .body(Full::default())
                .unwrap(),
            &Method::GET if listing => self.list(&seen.query),
            &Method::GET | &Method::HEAD => self.get(seen, key),
            &Method::PUT => {
                self.objects.insert(key.to_owned(), seen.body.clone());
                Response::builder().header("etag", "\"1\"").body(Full::default()).unwrap()
            }
            &Method::POST if seen.query.contains("uploads") => {
                xml(200, "<R><UploadId>upload-1</UploadId></R>")
            }
            &Method::POST => xml(200, "<R><ETag>\"2\"</ETag></R>"),
            _ => Response::builder().status(204).body(Full::default()).unwrap(),
        }
    }

    fn get(&self, seen: &Seen, key: &str) -> Answer {
        let Some(content) = self.objects.get(key) else {
            return error(seen, 404, "NoSuchKey", "The specified key does not exist.");
        };
        let all = content.len();
        let builder = Response::builder()
            .header("etag", "\"1\"")
            .header("last-modified", "Tue, 01 Sep 2026 12:00:00 GMT")
            .header("accept-ranges", "bytes");
        let range = seen.headers.get("range").map(|range| range.to_str().unwrap().to_owned());
        match range.as_deref().and_then(|range| range.strip_prefix("bytes=")).and_then(|r| r.split_once('-'))
        {
            Some((first, last)) => {
                let first: usize = first.parse().unwrap();
                let last = last.parse().unwrap_or(all - 1).min(all - 1);
                builder
                    .status(206)
                    .header("content-range", format!("bytes {first}-{last}/{all}"))
                    .body(Full::new(content.slice(first..=last)))
                    .unwrap()
            }
            None if seen.method == Method::HEAD => {
                builder.header("content-length", all).body(Full::default()).unwrap()
            }
            None => builder.body(Full::new(content.clone())).unwrap(),
        }
    }

    fn list(&self, query: &str) -> Answer {
        let value = |name: &str| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, v)| v.into_owned())
        };
        let prefix = value("prefix").unwrap_or_default();
        let after = value("continuation-token").or_else(|| value("start-after")).unwrap_or_default();
        let page_keys = value("max-keys").map_or(self.page_keys, |keys| keys.parse().unwrap());
        let matching: Vec<(&String, &Bytes)> =
            self.objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after).collect();
        let page = &matching[..matching.len().min(page_keys)];
        let mut text = String::from("<ListBucketResult>");
        for (key, content) in page {
            text.push_str(&format!(
                "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>2026-09-01T12:00:00.000Z</LastModified>\
                 <ETag>\"1\"</ETag></Contents>",
                content.len()
            ));
        }
        if page.len() < matching.len() {
            let last = page.last().unwrap().0;
            text.push_str(&format!("<NextContinuationToken>{last}</NextContinuationToken>"));
        }
        xml(200, &format!("{text}</ListBucketResult>"))
    }
}

pub fn xml(status: u16, text: &str) -> Answer {
    Response::builder().status(status).body(Full::new(Bytes::from(text.to_owned()))).unwrap()
}

/// An error of S3; HEAD gets no body.
pub fn error(seen: &Seen, status: u16, code: &str, message: &str) -> Answer {
    let text =
        format!("<Error><Code>{code}</Code><Message>{message}</Message><RequestId>S3REQ</RequestId></Error>");
    let body = if seen.method == Method::HEAD { String::new() } else { text };
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("x-amz-request-id", "S3REQ")
        .body(Full::new(Bytes::from(body)))
        .unwrap()
}

/// An error of STS.
pub fn sts_error(status: u16, code: &str, message: &str) -> Answer {
    xml(
        status,
        &format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>STSREQ</RequestId></ErrorResponse>"
        ),
    )
}

fn percent_decode(path: &str) -> String {
    let decoded: Vec<(String, String)> =
        url::form_urlencoded::parse(format!("p={}", path.replace('+', "%2B")).as_bytes())
            .into_owned()
            .collect();
    decoded[0].1.clone()
}
