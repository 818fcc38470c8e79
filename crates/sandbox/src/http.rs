//! One port: accepts connections, tells the three services apart, applies faults and logs every request.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use ::http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::Body;
use s3s::service::S3Service;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::answer::{Answered, Outcome};
use crate::authenticate::RequestHead;
use crate::authenticate::parse::claimed_service;
use crate::encoding::{http_date, parse_query};
use crate::faults::{Fault, FaultSubject};
use crate::request::RequestContext;
use crate::request_log::RequestRecord;
use crate::sandbox::Cloud;
use crate::throttle::Throttled;
use crate::{control, kms_api, query_api, s3_http};

/// Bytes of a response that hyper may hold back before it writes.
const WRITE_BUFFER_BYTES: usize = 1024 * 1024;

/// Accepts connections until told to stop.
pub(crate) async fn serve(
    cloud: Arc<Cloud>,
    s3: S3Service,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) => {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(cloud.clone(), s3.clone(), stream, remote, stopped.clone()));
                }
                Err(error) => tracing::warn!(%error, "cannot accept a connection"),
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    cloud: Arc<Cloud>,
    s3: S3Service,
    stream: tokio::net::TcpStream,
    remote: SocketAddr,
    mut stopped: watch::Receiver<bool>,
) {
    let bandwidth = cloud.bandwidth;
    let service = service_fn(move |request| {
        let (cloud, s3) = (cloud.clone(), s3.clone());
        async move { answer(&cloud, &s3, request, remote.ip()).await }
    });
    let mut builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().max_buf_size(WRITE_BUFFER_BYTES).pipeline_flush(false);
    let stream = Throttled::new(stream, bandwidth);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct ClosedByFault;

impl std::fmt::Display for ClosedByFault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("closed by a fault rule")
    }
}

impl std::error::Error for ClosedByFault {}

impl From<Infallible> for ClosedByFault {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

async fn answer(
    cloud: &Arc<Cloud>,
    s3: &S3Service,
    request: Request<Incoming>,
    remote: IpAddr,
) -> Result<Response<Body>, ClosedByFault> {
    if let Some(response) = control::answer(cloud, &request, remote) {
        return Ok(response);
    }
    let _under_way = cloud.log.enter();
    let (started, since) = (cloud.clock.now(), Instant::now());
    if !cloud.latency.is_zero() {
        tokio::time::sleep(cloud.latency).await;
    }
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or("").to_owned();
    let range = request.headers().get("range").and_then(|value| value.to_str().ok()).map(str::to_owned);

    let Answered { service, action, caller, request_id, outcome } =
        dispatch(cloud, s3, request, remote).await;
    let mut record = RequestRecord {
        service: service.to_owned(),
        action,
        principal: caller.as_ref().map(|caller| caller.principal.arn.clone()).unwrap_or_default(),
        access_key_id: caller.and_then(|caller| caller.access_key_id),
        method,
        path,
        query,
        range,
        status: 0,
        error_code: None,
        bytes_out: 0,
        request_id,
        started,
        duration: since.elapsed(),
    };
    match outcome {
        Outcome::Closed => {
            cloud.log.push(record);
            Err(ClosedByFault)
        }
        Outcome::Response { mut response, error_code } => {
            record.status = response.status().as_u16();
            record.error_code = error_code;
            record.bytes_out = ::http_body::Body::size_hint(response.body()).exact().unwrap_or(0);
            cloud.log.push(record);
            response.headers_mut().insert("server", HeaderValue::from_static("AmazonS3"));
            // The sandbox's time, not the machine's.
            if let Ok(date) = HeaderValue::from_str(&http_date(cloud.clock.now())) {
                response.headers_mut().insert("date", date);
            }
            Ok(response)
        }
    }
}

async fn dispatch(
    cloud: &Arc<Cloud>,
    s3: &S3Service,
    request: Request<Incoming>,
    remote: IpAddr,
) -> Answered {
    let query = parse_query(request.uri().query().unwrap_or(""));
    let service = {
        let head = RequestHead {
            method: request.method().as_str(),
            raw_path: request.uri().path(),
            raw_query: request.uri().query().unwrap_or(""),
            query: &query,
            headers: request.headers(),
        };
        claimed_service(&head)
    };
    match service.as_deref() {
        Some("iam") => query_api::answer(cloud, request, query, remote, "iam").await,
        Some("kms") => kms_api::answer(cloud, request, query, remote).await,
        Some("sts") => query_api::answer(cloud, request, query, remote, "sts").await,
        None if query_api::looks_like(&request, &query) => {
            query_api::answer(cloud, request, query, remote, "").await
        }
        _ => s3_http::answer(cloud, s3, request, query, remote).await,
    }
}

/// Applies the faults that hit a request; the first that ends it is given back.
pub(crate) async fn faults(
    cloud: &Cloud,
    service: &str,
    action: &str,
    request: &RequestContext,
) -> Option<Fault> {
    let faults = cloud.faults.hit(&FaultSubject {
        service,
        action,
        bucket: request.bucket.as_deref(),
        key: request.key.as_deref(),
        principal: &request.caller.principal.arn,
    });
    for fault in faults {
        match fault {
            Fault::Latency(duration) => tokio::time::sleep(duration).await,
            Fault::Hold => cloud.faults.released().await,
            ends => return Some(ends),
        }
    }
    None
}
