//! What a scan will need, fetched ahead of its decoders in the order of need.
//!
//! A scan consists of units, each read by one decoder at a time. What a unit needs is cut into pieces, one
//! request each. Pieces are asked for in order, as many as limits of requests and of memory allow; a piece
//! that a decoder waits for goes ahead of the limits. When a unit is done, or turns out to be of no use,
//! what is left of it is cancelled. Dropping the whole cancels everything that is under way.

use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;

use super::pool::{FetchPool, Flight, Keep, ScanGuard, part_of};
use super::ranges::concat;
use crate::Error;
use crate::stage::Place;
use crate::stage::listing::StagedFile;

/// So much of a scan is kept for the next query: what is read once in full must not drive out what is read
/// often.
const KEPT_BYTES_MAX: u64 = 160 << 20;

/// What a unit needs.
pub(crate) struct Wanted {
    pub(crate) unit: usize,
    pub(crate) file: Arc<StagedFile>,
    pub(crate) ranges: Vec<Range<u64>>,
}

/// How a scan reads ahead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// A request brings at most this much.
    pub(crate) piece_bytes: u64,
    /// Whether to begin with one unit and double: for who may stop early.
    pub(crate) slow_start: bool,
    /// Nothing of it can turn out to be of no use: what is kept in memory anyhow may be asked for at once.
    pub(crate) reads_all: bool,
}

/// The requests of one scan, ahead of its decoders.
pub(crate) struct ReadAhead {
    pool: Arc<FetchPool>,
    place: Arc<Place>,
    pace: Pace,
    state: Mutex<State>,
    me: Weak<Self>,
    _guard: ScanGuard,
}

#[derive(Default)]
struct State {
    pieces: Vec<Piece>,
    /// The pieces of each unit, in the order of the file; empty for a unit nothing is known of.
    units: Vec<Vec<usize>>,
    /// The first piece that may not have been asked for.
    next: usize,
    /// Bytes of pieces under way or waiting for their decoder.
    held_bytes: u64,
    under_way: usize,
    /// Bytes that were asked for to be kept.
    kept_bytes: u64,
    /// Units up to this one may be asked for.
    horizon: usize,
}

struct Piece {
    unit: usize,
    file: Arc<StagedFile>,
    range: Range<u64>,
    /// Bytes that decoders have not taken yet.
    left: u64,
    stage: PieceStage,
}

/// What was asked for, and the request for it.
type Asked = (Range<u64>, Flight);

enum PieceStage {
    Waiting,
    Asked(Flight),
    Gone,
}

impl ReadAhead {
    pub(crate) fn new(place: Arc<Place>, pace: Pace) -> Arc<Self> {
        let pool = place.fetches().clone();
        let horizon = if pace.slow_start { 0 } else { usize::MAX };
        Arc::new_cyclic(|me| Self {
            _guard: pool.enter_scan(),
            pool,
            place,
            pace,
            state: Mutex::new(State { horizon, ..State::default() }),
            me: me.clone(),
        })
    }

    /// Adds what a unit needs, behind what is there, and begins to fetch it. Returns how much that is.
    pub(crate) fn add(&self, wanted: Wanted) -> (usize, u64) {
        let Wanted { unit, file, ranges } = wanted;
        let key = self.place.file_key(&file.meta);
        let ranges: Vec<Range<u64>> =
            ranges.into_iter().filter(|range| !self.pool.knows(&file, key.as_ref(), range)).collect();
        let requests = self.pool.plan(key.as_ref(), &ranges, self.pace.piece_bytes);
        let bytes = requests.iter().map(|range| range.end - range.start).sum();
        let count = requests.len();
        let mut state = self.state.lock();
        if state.units.len() <= unit {
            state.units.resize_with(unit + 1, Vec::new);
        }
        for range in requests {
            let left = ranges.iter().map(|wanted| overlap(wanted, &range)).sum();
            let index = state.pieces.len();
            state.units[unit].push(index);
            state.pieces.push(Piece { unit, file: file.clone(), range, left, stage: PieceStage::Waiting });
        }
        drop(state);
        self.pump();
        (count, bytes)
    }

    /// The bytes of a range that a unit needs; `None` if it was not foreseen. They are let go here.
    pub(crate) async fn take(&self, unit: usize, range: &Range<u64>) -> Result<Option<Bytes>, Error> {
        let begun = Instant::now();
        let bytes = self.look(unit, range).await?;
        if bytes.is_some() {
            self.place.ledger().add_waited(begun.elapsed());
            self.taken(unit, range);
        }
        Ok(bytes)
    }

    /// The same for who is not the last to want them.
    pub(crate) async fn look(&self, unit: usize, range: &Range<u64>) -> Result<Option<Bytes>, Error> {
        let Some(flights) = self.flights(unit, range)? else { return Ok(None) };
        let mut parts = Vec::with_capacity(flights.len());
        for (request, flight) in flights {
            let piece = flight.await?;
            match part_of(&request, &piece, range) {
                Some(part) => parts.push(part),
                None => return Ok(None),
            }
        }
        let bytes = concat(parts);
        Ok((bytes.len() as u64 == range.end - range.start).then_some(bytes))
    }

    /// Nobody will read this unit any more.
    pub(crate) fn finish(&self, unit: usize) {
        let mut state = self.state.lock();
        for index in state.units.get(unit).cloned().unwrap_or_default() {
            state.let_go(index);
        }
        drop(state);
        self.pump();
    }

    /// The requests that together hold `range`, asked for now if they were not yet.
    fn flights(&self, unit: usize, range: &Range<u64>) -> Result<Option<Vec<Asked>>, Error> {
        let mut state = self.state.lock();
        let reached = unit.saturating_add(1).saturating_mul(2);
        state.horizon = state.horizon.max(reached);
        let Some(indices) = state.units.get(unit).cloned() else { return Ok(None) };
        let mut flights = Vec::new();
        let mut position = range.start;
        for index in indices {
            let piece = &state.pieces[index];
            if piece.range.start > position || piece.range.end <= position || position >= range.end {
                continue;
            }
            position = piece.range.end;
            let request = piece.range.clone();
            if matches!(piece.stage, PieceStage::Waiting) {
                self.ask(&mut state, index)?;
            }
            match &state.pieces[index].stage {
                PieceStage::Asked(flight) => flights.push((request, flight.clone())),
                _ => return Ok(None),
            }
        }
        drop(state);
        self.pump();
        Ok((position >= range.end && !flights.is_empty()).then_some(flights))
    }

    fn taken(&self, unit: usize, range: &Range<u64>) {
        let mut state = self.state.lock();
        for index in state.units.get(unit).cloned().unwrap_or_default() {
            let piece = &mut state.pieces[index];
            let taken = overlap(range, &piece.range);
            piece.left = piece.left.saturating_sub(taken);
            if taken > 0 && piece.left == 0 {
                state.let_go(index);
            }
        }
        drop(state);
        self.pump();
    }

    /// Asks for as many pieces as may be under way.
    fn pump(&self) {
        let mut state = self.state.lock();
        loop {
            while state
                .pieces
                .get(state.next)
                .is_some_and(|piece| !matches!(piece.stage, PieceStage::Waiting))
            {
                state.next += 1;
            }
            let Some(piece) = state.pieces.get(state.next) else { return };
            let length = piece.range.end - piece.range.start;
            let is_kept = self.pace.reads_all
                && self.pool.keep_of_scan(state.kept_bytes + length, KEPT_BYTES_MAX) == Keep::InMemory;
            let room = self.pool.bytes_for_scan(if is_kept { KEPT_BYTES_MAX } else { 0 });
            let fits = state.held_bytes == 0 || state.held_bytes + length <= room;
            if !fits || piece.unit > state.horizon || state.under_way >= self.pool.requests_for_scan() {
                return;
            }
            let index = state.next;
            // What fails to start here fails again when a decoder asks for it, and is told there.
            if self.ask(&mut state, index).is_err() {
                return;
            }
        }
    }

    fn ask(&self, state: &mut State, index: usize) -> Result<(), Error> {
        let piece = &state.pieces[index];
        let (file, range) = (piece.file.clone(), piece.range.clone());
        let landing = Landing { ahead: self.me.clone() };
        let length = range.end - range.start;
        let keep = self.pool.keep_of_scan(state.kept_bytes + length, KEPT_BYTES_MAX);
        let flight = self.pool.clone().fetch_soon(&self.place, &file, range, keep, landing)?;
        state.kept_bytes += if keep == Keep::Nowhere { 0 } else { length };
        state.held_bytes += length;
        state.under_way += 1;
        state.pieces[index].stage = PieceStage::Asked(flight);
        Ok(())
    }
}

impl State {
    /// Gives a piece up: cancelled if it is under way, freed if it has landed.
    fn let_go(&mut self, index: usize) {
        let piece = &mut self.pieces[index];
        if let PieceStage::Asked(_) = std::mem::replace(&mut piece.stage, PieceStage::Gone) {
            self.held_bytes -= piece.range.end - piece.range.start;
        }
    }
}

/// Tells the scan that a request of its has ended, however it did.
pub(super) struct Landing {
    ahead: Weak<ReadAhead>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        if let Some(ahead) = self.ahead.upgrade() {
            let mut state = ahead.state.lock();
            state.under_way = state.under_way.saturating_sub(1);
            drop(state);
            ahead.pump();
        }
    }
}

fn overlap(left: &Range<u64>, right: &Range<u64>) -> u64 {
    left.end.min(right.end).saturating_sub(left.start.max(right.start))
}

impl std::fmt::Debug for ReadAhead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadAhead")
    }
}
