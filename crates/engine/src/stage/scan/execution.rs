//! One run of a scan: its files are pruned, what they need is foreseen, and fetched in the order of need.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::columns::{leaves, whole_columns};
use super::forecast::{FileForecast, chunk_ranges};
use super::late::{FilterBytes, apply_filter, filter_columns};
use super::prune::{PreparedFile, in_terms_of_file, prepare};
use super::{Scan, ScanFile};
use crate::Error;
use crate::query::{self, AbortOnDrop, Effort};
use crate::stage::fetch::{Pace, ReadAhead, Wanted, piece_bytes};

/// Files pruned side by side; each may wait for its page index.
const FILES_PREPARED_AT_ONCE: usize = 32;
/// How long a request may be where a LIMIT lets a scan end in its first row group: there is not enough to
/// fetch for many connections to pay.
const LIMIT_PIECE_BYTES: u64 = 6 << 20;
/// Files whose filter columns are read side by side.
const FILES_FILTERED_AT_ONCE: usize = 8;
/// Units whose filter columns are waited for and looked at side by side.
const UNITS_FILTERED_AT_ONCE: usize = 16;

type Narrowed = Arc<Mutex<HashMap<usize, ParquetAccessPlan>>>;
type Preparing = Shared<BoxFuture<'static, Result<Arc<PreparedFile>, Error>>>;

/// What a run was asked for.
pub(super) struct RunRequest {
    pub(super) predicate: Option<Arc<dyn PhysicalExpr>>,
    pub(super) projection: Option<ProjectionExprs>,
    pub(super) limit: Option<usize>,
    /// The units in the order in which decoders will take them.
    pub(super) order: Vec<usize>,
}

/// One run. Dropping it cancels what is under way.
pub(super) struct Execution {
    pub(super) scan: Arc<Scan>,
    pub(super) ahead: Arc<ReadAhead>,
    files: Vec<Preparing>,
    /// What of a unit is left, where its filter columns have been looked at.
    narrowed: Narrowed,
    /// The units that have been handed to `ahead`.
    added: watch::Receiver<BTreeSet<usize>>,
    ended: watch::Receiver<bool>,
    /// Readers of each unit that there are.
    readers: Vec<AtomicUsize>,
    _planning: AbortOnDrop<()>,
}

impl Execution {
    pub(super) fn begin(scan: Arc<Scan>, request: RunRequest) -> Result<Arc<Self>, Error> {
        let columns = whole_columns(request.projection.as_ref(), scan.file_schema());
        let file_leaves: Vec<Vec<usize>> =
            scan.files.iter().map(|file| leaves(file, &columns, scan.file_schema())).collect();
        let total = total_bytes(&scan.files, &file_leaves);
        let pace = Pace {
            piece_bytes: if request.limit.is_some() { LIMIT_PIECE_BYTES } else { piece_bytes(total) },
            slow_start: scan.hints.first_rows && request.limit.is_none(),
            reads_all: false,
        };
        let ahead = ReadAhead::new(scan.place.clone(), pace);
        let wants_pages = request.limit.is_some();
        let files: Vec<Preparing> = (0..scan.files.len())
            .map(|file| {
                let (scan, predicate) = (scan.clone(), request.predicate.clone());
                async move { prepare(scan, file, predicate, wants_pages).await.map(Arc::new) }
                    .boxed()
                    .shared()
            })
            .collect();
        let late = request.predicate.clone().filter(|_| request.limit.is_none()).and_then(|predicate| {
            let filter = filter_columns(&predicate, &columns, |column| column_bytes(&scan, column))?;
            let leaves = scan.files.iter().map(|file| leaves(file, &filter, scan.file_schema())).collect();
            Some(Late { predicate, leaves })
        });
        let narrowed = Narrowed::default();
        let (added_sender, added) = watch::channel(BTreeSet::new());
        let (ended_sender, ended) = watch::channel(false);
        let planning = Planning {
            scan: scan.clone(),
            ahead: ahead.clone(),
            files: files.clone(),
            file_leaves,
            limit: request.limit,
            late,
            narrowed: narrowed.clone(),
            added: added_sender,
            effort: Effort::current(),
        };
        let order = request.order;
        let task = scan.place.fetches().spawn(async move {
            planning.run(order).await;
            ended_sender.send_replace(true);
        })?;
        let readers = scan.units.iter().map(|_| AtomicUsize::new(0)).collect();
        Ok(Arc::new(Self { scan, ahead, files, narrowed, added, ended, readers, _planning: task }))
    }

    /// The file of a unit, as soon as it is known what of it is left and its requests are on their way.
    pub(super) async fn prepared(&self, unit: usize) -> Result<Arc<PreparedFile>, Error> {
        let (mut added, mut ended) = (self.added.clone(), self.ended.clone());
        tokio::select! {
            // An error here means that the planning is over, which the other branch sees too.
            _ = added.wait_for(|added| added.contains(&unit)) => {}
            _ = ended.wait_for(|ended| *ended) => {}
        }
        self.files[self.scan.units[unit].file].clone().await
    }

    /// What of the unit must be read; `None` for nothing.
    pub(super) fn access(&self, unit: usize, prepared: &PreparedFile) -> Option<ParquetAccessPlan> {
        match self.narrowed.lock().remove(&unit) {
            Some(access) => (!access.row_group_indexes().is_empty()).then_some(access),
            None => prepared.access_of(self.scan.units[unit].row_groups.clone()),
        }
    }

    pub(super) fn enter(&self, unit: usize) {
        self.readers[unit].fetch_add(1, Ordering::Relaxed);
    }

    /// A reader of the unit is gone; with the last one, what the unit still holds.
    pub(super) fn leave(&self, unit: usize) {
        if self.readers[unit].fetch_sub(1, Ordering::Relaxed) == 1 {
            self.ahead.finish(unit);
        }
    }
}

/// The task that goes through the units in order.
struct Planning {
    scan: Arc<Scan>,
    ahead: Arc<ReadAhead>,
    files: Vec<Preparing>,
    file_leaves: Vec<Vec<usize>>,
    limit: Option<usize>,
    late: Option<Late>,
    narrowed: Narrowed,
    added: watch::Sender<BTreeSet<usize>>,
    /// That of the statement: filters are computed for it.
    effort: Option<Arc<Effort>>,
}

/// A filter whose columns are read before the others.
struct Late {
    predicate: Arc<dyn PhysicalExpr>,
    /// The leaves of each file that hold its columns.
    leaves: Vec<Vec<usize>>,
}

impl Planning {
    async fn run(&self, order: Vec<usize>) {
        let mut left = self.limit;
        // The files in the order of their first units, each once.
        let mut seen = BTreeSet::new();
        let files: Vec<usize> =
            order.iter().map(|unit| self.scan.units[*unit].file).filter(|file| seen.insert(*file)).collect();
        let mut units_of: Vec<Vec<usize>> = vec![Vec::new(); self.scan.files.len()];
        for unit in order {
            units_of[self.scan.units[unit].file].push(unit);
        }
        // Side by side unless the first file may be enough.
        let at_once = if left.is_some() { 1 } else { FILES_PREPARED_AT_ONCE };
        let preparing = files.into_iter().map(|file| {
            let prepared = self.files[file].clone();
            async move { (file, prepared.await) }
        });
        let mut prepared = futures::stream::iter(preparing).buffered(at_once);
        if let Some(late) = &self.late {
            let add = |(file, prepared): (usize, Result<Arc<PreparedFile>, Error>)| {
                let units = &units_of[file];
                async move {
                    // Without an answer the unit meets the same error.
                    if let Ok(prepared) = prepared {
                        self.add_late_units(late, file, &prepared, units).await;
                    }
                }
            };
            let add = &add;
            return prepared.for_each_concurrent(FILES_FILTERED_AT_ONCE, add).await;
        }
        while let Some((file, prepared)) = prepared.next().await {
            // The unit that needs the file meets the same error.
            let Ok(prepared) = prepared else { return };
            self.add_units(file, &prepared, &units_of[file], &mut left);
            if left == Some(0) {
                return;
            }
        }
    }

    fn add_units(&self, file: usize, prepared: &PreparedFile, units: &[usize], left: &mut Option<usize>) {
        let staged = Arc::new(self.scan.files[file].parquet.file.clone());
        let mut forecast = FileForecast::new(prepared, &self.file_leaves[file]);
        for unit in units {
            if *left == Some(0) {
                return;
            }
            let (ranges, rows) = forecast.ranges(self.scan.units[*unit].row_groups.clone(), *left);
            let (_, bytes) = self.ahead.add(Wanted { unit: *unit, file: staged.clone(), ranges });
            self.scan.progress.add_scan_total(0, bytes);
            *left = left.map(|left| left.saturating_sub(rows));
            self.added.send_modify(|added| {
                added.insert(*unit);
            });
        }
    }
}

impl Planning {
    /// Asks for the filter columns of all the units at once, and for the others of each as soon as it is known
    /// which rows pass.
    async fn add_late_units(&self, late: &Late, file: usize, prepared: &Arc<PreparedFile>, units: &[usize]) {
        let staged = Arc::new(self.scan.files[file].parquet.file.clone());
        let mut filtering = Vec::new();
        let mut forecast = FileForecast::new(prepared, &late.leaves[file]);
        for unit in units {
            let (ranges, _) = forecast.ranges(self.scan.units[*unit].row_groups.clone(), None);
            let wanted = Wanted { unit: *unit, file: staged.clone(), ranges: ranges.clone() };
            let (_, bytes) = self.ahead.add(wanted);
            self.scan.progress.add_scan_total(0, bytes);
            filtering.push(self.narrow(late, file, prepared, *unit, ranges));
        }
        let mut filtered = futures::stream::iter(filtering).buffered(UNITS_FILTERED_AT_ONCE);
        let mut units = units.iter();
        while let (Some(access), Some(unit)) = (filtered.next().await, units.next()) {
            // Without an answer the unit is read as it is; an error shows itself there.
            let access = access.or_else(|| prepared.access_of(self.scan.units[*unit].row_groups.clone()));
            if let Some(access) = access {
                let narrowed = PreparedFile { parquet: prepared.parquet.clone(), access };
                let rest: Vec<usize> = self.file_leaves[file]
                    .iter()
                    .filter(|leaf| !late.leaves[file].contains(leaf))
                    .copied()
                    .collect();
                let mut forecast = FileForecast::new(&narrowed, &rest);
                let (ranges, _) = forecast.ranges(self.scan.units[*unit].row_groups.clone(), None);
                let (_, bytes) = self.ahead.add(Wanted { unit: *unit, file: staged.clone(), ranges });
                self.scan.progress.add_scan_total(0, bytes);
                self.narrowed.lock().insert(*unit, narrowed.access);
            }
            self.added.send_modify(|added| {
                added.insert(*unit);
            });
        }
    }

    /// The rows of one unit that pass; `None` where that could not be found out.
    async fn narrow(
        &self,
        late: &Late,
        file: usize,
        prepared: &Arc<PreparedFile>,
        unit: usize,
        ranges: Vec<Range<u64>>,
    ) -> Option<ParquetAccessPlan> {
        let staged = &prepared.parquet.file;
        let mut bytes = Vec::with_capacity(ranges.len());
        for range in &ranges {
            let known = match self.ahead.look(unit, range).await.ok()? {
                Some(known) => known,
                None => self.scan.place.read_ranges(staged, std::slice::from_ref(range)).await.ok()?.pop()?,
            };
            bytes.push(known);
        }
        let predicate = in_terms_of_file(&self.scan, &self.scan.files[file], late.predicate.clone()).ok()?;
        let (prepared, leaves) = (prepared.clone(), late.leaves[file].clone());
        let row_groups = self.scan.units[unit].row_groups.clone();
        let work = move || {
            apply_filter(&prepared, row_groups, &leaves, &predicate, &FilterBytes { ranges, bytes }).ok()
        };
        query::spawn_blocking(self.effort.clone(), work).await.ok()?
    }
}

/// The compressed bytes and the values of one column over all files.
fn column_bytes(scan: &Scan, column: usize) -> (u64, u64) {
    let only = BTreeSet::from([column]);
    let (mut bytes, mut values) = (0, 0);
    for file in &scan.files {
        for leaf in leaves(file, &only, scan.file_schema()) {
            for group in file.parquet.metadata.row_groups() {
                let chunk = group.column(leaf);
                bytes += chunk.byte_range().1;
                values += u64::try_from(chunk.num_values()).unwrap_or(0);
            }
        }
    }
    (bytes, values)
}

/// The bytes of the wanted columns before anything is pruned.
pub(super) fn total_bytes(files: &[ScanFile], leaves: &[Vec<usize>]) -> u64 {
    let mut total = 0;
    for (file, leaves) in files.iter().zip(leaves) {
        let metadata = &file.parquet.metadata;
        for group in 0..metadata.num_row_groups() {
            total += chunk_ranges(metadata, group, leaves)
                .iter()
                .map(|range| range.end - range.start)
                .sum::<u64>();
        }
    }
    total
}
