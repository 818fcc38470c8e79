//! The threads that wait for S3, and what all queries share there: caches, limits, the weather.

use std::collections::HashMap;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::{GetOptions, GetRange, ObjectStore};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::disk::{DiskCache, DiskLimits};
use super::ranges::{FileKey, RangeCache, concat};
use super::requests::{piece_bytes, plan_requests};
use super::versions::VersionBook;
use super::weather::Weather;
use crate::query::{AbortOnDrop, Executor};
use crate::stage::Place;
use crate::stage::failure::Action;
use crate::stage::footers::FooterCache;
use crate::stage::layouts::LayoutCache;
use crate::stage::listing::StagedFile;
use crate::transfer::Ledger;
use crate::{Error, ErrorKind};

/// Requests under way to one bucket, over all queries: many small files are one round trip then.
const BUCKET_REQUESTS_MAX: usize = 1_024;
/// The same, where the process may not open many files: each request has a connection.
const BUCKET_REQUESTS_MIN: usize = 128;
/// The part of the files that the process may open that requests to one bucket may take.
const OPEN_FILES_PART: usize = 4;
/// Requests under way for one scan that has the server to itself.
const SCAN_REQUESTS_MAX: usize = 64;
/// A scan keeps that many however many others there are.
const SCAN_REQUESTS_MIN: usize = 8;
/// What all scans together may have under way ahead of their decoders.
const AHEAD_REQUESTS_MAX: usize = 128;
/// Memory of the pieces of a scan that has the server to itself, under way and waiting for their decoder.
const SCAN_BYTES_MAX: u64 = 64 << 20;
/// A scan keeps that much however many others there are.
const SCAN_BYTES_MIN: u64 = 8 << 20;
/// Memory of the pieces of all scans together, as far as each has its least.
const AHEAD_BYTES_MAX: u64 = 256 << 20;
/// Buckets whose limits and weather are remembered.
const BUCKETS_MAX: usize = 1_000;
/// Threads that talk to S3. They wait more than they work.
const THREADS: usize = 2;

/// What the pool may keep.
#[derive(Debug, Clone)]
pub(crate) struct FetchLimits {
    /// Byte ranges of files kept for the next query.
    pub(crate) range_bytes_max: usize,
    /// Footers kept for the next query.
    pub(crate) footer_bytes_max: usize,
    /// Byte ranges of files kept on disk; `None` for none.
    pub(crate) disk: Option<DiskLimits>,
}

/// Where a range that was read is kept for the next query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keep {
    Nowhere,
    OnDisk,
    InMemory,
}

/// A request under way, or its answer. All clones are one request; the last one dropped cancels it.
pub(super) type Flight = Shared<BoxFuture<'static, Result<Bytes, Error>>>;

/// What all queries share on their way to S3.
pub(crate) struct FetchPool {
    executor: Executor,
    pub(super) ranges: RangeCache,
    pub(crate) footers: FooterCache,
    pub(crate) layouts: LayoutCache,
    pub(crate) versions: VersionBook,
    disk: Option<Arc<DiskCache>>,
    buckets: Mutex<HashMap<String, Arc<BucketLane>>>,
    bucket_requests_max: usize,
    scans: AtomicUsize,
}

/// The limit and the weather of one bucket.
struct BucketLane {
    permits: Semaphore,
    weather: Weather,
}

impl FetchPool {
    pub(crate) fn start(limits: FetchLimits) -> std::io::Result<Arc<Self>> {
        let versions = VersionBook::default();
        let disk = limits.disk.as_ref().and_then(|disk| {
            let folder = disk.folder.display();
            DiskCache::open(disk, &versions)
                .inspect_err(|error| tracing::warn!(%error, %folder, "goes without the disk cache"))
                .ok()
        });
        Ok(Arc::new(Self {
            executor: Executor::start("fetch", THREADS)?,
            versions,
            disk: disk.map(Arc::new),
            ranges: RangeCache::new(limits.range_bytes_max),
            footers: FooterCache::new(limits.footer_bytes_max),
            layouts: LayoutCache::default(),
            buckets: Mutex::new(HashMap::new()),
            bucket_requests_max: bucket_requests_max(),
            scans: AtomicUsize::new(0),
        }))
    }

    /// Runs work that waits for S3 on the pool's threads. Dropping the answer aborts it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.executor.run(work).await
    }

    /// Starts work that goes on while nobody waits for it.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<AbortOnDrop<T>, Error> {
        self.executor.start_task(work)
    }

    /// Ranges of one file: from its tail or the cache where they lie there, the others by as few requests
    /// as pay, side by side.
    pub(crate) async fn read(
        self: &Arc<Self>,
        place: &Arc<Place>,
        file: &StagedFile,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, Error> {
        let key = place.file_key(&file.meta);
        let mut known: Vec<Option<Bytes>> =
            ranges.iter().map(|range| self.known(place.ledger(), file, key.as_ref(), range)).collect();
        let missing: Vec<Range<u64>> = ranges
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(range, _)| range.clone())
            .collect();
        if !missing.is_empty() {
            let total = missing.iter().map(|range| range.end - range.start).sum();
            let requests = self.plan(key.as_ref(), &missing, piece_bytes(total));
            let flights: Vec<_> = requests
                .iter()
                .map(|range| self.clone().fetch_soon(place, file, range.clone(), Keep::InMemory, ()))
                .collect::<Result<_, Error>>()?;
            let pieces: Vec<Bytes> =
                futures::stream::iter(flights).buffered(SCAN_REQUESTS_MAX).try_collect().await?;
            for (range, known) in ranges.iter().zip(&mut known).filter(|(_, known)| known.is_none()) {
                *known = assemble(&requests, &pieces, range);
            }
        }
        known
            .into_iter()
            .map(|bytes| {
                bytes.ok_or_else(|| Error::new(ErrorKind::Internal, "a range of a file was not read"))
            })
            .collect()
    }

    /// A range that needs no request.
    pub(super) fn known(
        &self,
        ledger: &Ledger,
        file: &StagedFile,
        key: Option<&Arc<FileKey>>,
        range: &Range<u64>,
    ) -> Option<Bytes> {
        if let Some(bytes) = file.tail.as_ref().and_then(|tail| tail.slice(range)) {
            return Some(bytes);
        }
        let key = key.filter(|key| self.versions.is_fresh(key))?;
        let bytes = self.ranges.get(key, range)?;
        ledger.add_cached(bytes.len() as u64);
        Some(bytes)
    }

    /// Whether a range needs no request.
    pub(super) fn knows(&self, file: &StagedFile, key: Option<&Arc<FileKey>>, range: &Range<u64>) -> bool {
        file.tail.as_ref().is_some_and(|tail| tail.slice(range).is_some())
            || key.is_some_and(|key| self.ranges.contains(key, range) && self.versions.is_fresh(key))
    }

    /// The requests that bring those ranges: what the disk has apart from what S3 is asked for.
    pub(super) fn plan(
        &self,
        key: Option<&Arc<FileKey>>,
        ranges: &[Range<u64>],
        piece_bytes: u64,
    ) -> Vec<Range<u64>> {
        let (disk, key) = match (&self.disk, key) {
            (Some(disk), Some(key)) if self.versions.is_fresh(key) => (disk, key),
            _ => return plan_requests(ranges, piece_bytes),
        };
        let (kept, missing): (Vec<_>, Vec<_>) =
            ranges.iter().cloned().partition(|range| disk.contains(key, range));
        let mut requests = plan_requests(&missing, piece_bytes);
        requests.extend(plan_requests(&kept, piece_bytes));
        requests.sort_unstable_by_key(|range| range.start);
        requests
    }

    /// A range that the disk has.
    async fn read_disk(&self, key: &Arc<FileKey>, range: &Range<u64>) -> Option<Bytes> {
        let disk =
            self.disk.clone().filter(|disk| disk.contains(key, range) && self.versions.is_fresh(key))?;
        let (key, range) = (key.clone(), range.clone());
        tokio::task::spawn_blocking(move || disk.read(&key, &range)).await.ok()?
    }

    /// The end of a file that a cache has, or with `first` its beginning. Of a version that S3 was not asked for
    /// lately too: whoever takes it asks.
    pub(crate) async fn kept_end(&self, key: &Arc<FileKey>, size: u64, first: bool) -> Option<(u64, Bytes)> {
        if let Some(range) = self.ranges.at_end(key, size, first)
            && let Some(bytes) = self.ranges.get(key, &range)
        {
            return Some((range.start, bytes));
        }
        let disk = self.disk.clone()?;
        let range = disk.end_of(key, size, first)?;
        let (key, start) = (key.clone(), range.start);
        let bytes = tokio::task::spawn_blocking(move || {
            let bytes = disk.read(&key, &range)?;
            Some((key, bytes))
        });
        let (key, bytes) = bytes.await.ok()??;
        self.ranges.insert(&key, start, bytes.clone());
        Some((start, bytes))
    }

    /// What of a scan is kept: much on disk, less in memory.
    pub(super) fn keep_of_scan(&self, bytes_before: u64, memory_max: u64) -> Keep {
        match &self.disk {
            _ if bytes_before <= memory_max => Keep::InMemory,
            Some(disk) if bytes_before <= disk.scan_bytes_max() => Keep::OnDisk,
            _ => Keep::Nowhere,
        }
    }

    /// Lets what waits to be written be written, and the disk go.
    pub(crate) async fn close(&self) {
        let Some(disk) = self.disk.clone() else { return };
        // A thread that panicked has nothing left to write.
        let _ = tokio::task::spawn_blocking(move || disk.close()).await;
    }

    /// Starts the request for one range. `landing` is dropped when it has ended.
    pub(super) fn fetch_soon(
        self: Arc<Self>,
        place: &Arc<Place>,
        file: &StagedFile,
        range: Range<u64>,
        keep: Keep,
        landing: impl Send + 'static,
    ) -> Result<Flight, Error> {
        let (pool, place, meta) = (self.clone(), place.clone(), file.meta.clone());
        let task = self.spawn(async move {
            let _landing = landing;
            let key = place.file_key(&meta);
            if let Some(key) = &key
                && let Some(bytes) = pool.read_disk(key, &range).await
            {
                place.ledger().add_cached(bytes.len() as u64);
                if keep == Keep::InMemory {
                    pool.ranges.insert(key, range.start, bytes.clone());
                }
                return Ok(bytes);
            }
            let lane = pool.lane(place.bucket().bucket());
            let _permit = lane.permits.acquire().await;
            let bytes = get_range(&lane, &place, &meta, range.clone()).await?;
            if keep != Keep::Nowhere {
                pool.keep(&place, &meta, range.start, &bytes, keep);
            }
            Ok(bytes)
        })?;
        Ok(async move { task.await? }.boxed().shared())
    }

    /// Keeps bytes that S3 has just given.
    pub(crate) fn keep(
        &self,
        place: &Place,
        meta: &object_store::ObjectMeta,
        start: u64,
        bytes: &Bytes,
        keep: Keep,
    ) {
        let Some(key) = place.file_key(meta) else { return };
        self.versions.confirm(&key.binding, meta);
        if keep == Keep::InMemory {
            self.ranges.insert(&key, start, bytes.clone());
        }
        if let Some(disk) = &self.disk {
            disk.offer(&key, meta, start, bytes);
        }
    }

    /// Runs a request that is not for a range of a known file under the same limits.
    pub(crate) async fn in_lane<T>(&self, bucket: &str, request: impl Future<Output = T>) -> T {
        let lane = self.lane(bucket);
        let _permit = lane.permits.acquire().await;
        request.await
    }

    fn lane(&self, bucket: &str) -> Arc<BucketLane> {
        let mut buckets = self.buckets.lock();
        if let Some(lane) = buckets.get(bucket) {
            return lane.clone();
        }
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        let lane = Arc::new(BucketLane {
            permits: Semaphore::new(self.bucket_requests_max),
            weather: Weather::default(),
        });
        buckets.insert(bucket.to_owned(), lane.clone());
        lane
    }

    /// Counts a scan that reads ahead, until the guard is dropped.
    pub(super) fn enter_scan(self: &Arc<Self>) -> ScanGuard {
        self.scans.fetch_add(1, Ordering::Relaxed);
        ScanGuard(self.clone())
    }

    /// Requests that one scan may have under way now: the fewer, the more scans there are.
    pub(super) fn requests_for_scan(&self) -> usize {
        let scans = self.scans.load(Ordering::Relaxed).max(1);
        (AHEAD_REQUESTS_MAX / scans).clamp(SCAN_REQUESTS_MIN, SCAN_REQUESTS_MAX)
    }

    /// Memory that one scan's pieces may take now; `kept` bytes of them at most are kept for the next query.
    pub(super) fn bytes_for_scan(&self, kept: u64) -> u64 {
        let scans = self.scans.load(Ordering::Relaxed).max(1) as u64;
        let most = kept.min(self.ranges.bytes_max()).max(SCAN_BYTES_MAX);
        (AHEAD_BYTES_MAX / scans).clamp(SCAN_BYTES_MIN, most)
    }
}

impl std::fmt::Debug for FetchPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FetchPool")
    }
}

/// One scan that reads ahead.
pub(super) struct ScanGuard(Arc<FetchPool>);

impl Drop for ScanGuard {
    fn drop(&mut self) {
        self.0.scans.fetch_sub(1, Ordering::Relaxed);
    }
}

fn bucket_requests_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let files = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    // A system that does not say.
    files.map_or(BUCKET_REQUESTS_MIN, |files| {
        (files / OPEN_FILES_PART).clamp(BUCKET_REQUESTS_MIN, BUCKET_REQUESTS_MAX)
    })
}

/// The bytes of `range` out of the requests that brought it.
fn assemble(requests: &[Range<u64>], pieces: &[Bytes], range: &Range<u64>) -> Option<Bytes> {
    let mut parts = Vec::new();
    // What the disk has and what S3 is asked for may overlap: each adds what those before it do not have.
    let mut position = range.start;
    for (request, piece) in requests.iter().zip(pieces) {
        if request.start <= position && position < request.end && position < range.end {
            parts.push(part_of(request, piece, &(position..range.end))?);
            position = request.end;
        }
    }
    let bytes = concat(parts);
    (bytes.len() as u64 == range.end - range.start).then_some(bytes)
}

/// What a piece has of a range.
pub(super) fn part_of(request: &Range<u64>, piece: &Bytes, range: &Range<u64>) -> Option<Bytes> {
    let from = usize::try_from(range.start.max(request.start) - request.start).ok()?;
    let to = usize::try_from(range.end.min(request.end) - request.start).ok()?;
    (from <= to && to <= piece.len()).then(|| piece.slice(from..to))
}

/// One range of one version of a file; asked for twice where S3 is slow, and the first answer taken.
async fn get_range(
    lane: &BucketLane,
    place: &Arc<Place>,
    meta: &object_store::ObjectMeta,
    range: Range<u64>,
) -> Result<Bytes, Error> {
    let length = range.end - range.start;
    let first = get_once(lane, place, meta, range.clone());
    tokio::pin!(first);
    tokio::select! {
        answer = &mut first => return answer,
        () = tokio::time::sleep(lane.weather.patience(length)) => {}
    }
    place.ledger().add_hedged();
    let second = get_once(lane, place, meta, range);
    tokio::pin!(second);
    match futures::future::select(first, second).await {
        futures::future::Either::Left((Ok(bytes), _)) | futures::future::Either::Right((Ok(bytes), _)) => {
            Ok(bytes)
        }
        futures::future::Either::Left((Err(_), other)) => other.await,
        futures::future::Either::Right((Err(_), other)) => other.await,
    }
}

async fn get_once(
    lane: &BucketLane,
    place: &Arc<Place>,
    meta: &object_store::ObjectMeta,
    range: Range<u64>,
) -> Result<Bytes, Error> {
    let length = range.end - range.start;
    let entry = place.ledger().begin(length)?;
    let begun = Instant::now();
    // INVARIANT: the version that was found is the one that is read; an overwritten file is an error.
    let options = GetOptions {
        range: Some(GetRange::Bounded(range)),
        if_match: meta.e_tag.clone(),
        ..GetOptions::default()
    };
    let failed = |error: object_store::Error| place.failure(Action::Read, &meta.location, &error);
    let result = place.bucket().get_opts(&meta.location, options).await.map_err(failed)?;
    let first_byte = begun.elapsed();
    let bytes = result.bytes().await.map_err(failed)?;
    if bytes.len() as u64 != length {
        return Err(Error::new(
            ErrorKind::StorageUnavailable,
            format!(
                "S3 answered with {} bytes of `{}` where {length} were asked for",
                bytes.len(),
                place.describe_key(&meta.location)
            ),
        )
        .with_hint("run the statement again"));
    }
    lane.weather.learn(first_byte, length, begun.elapsed());
    entry.end(length);
    Ok(bytes)
}
