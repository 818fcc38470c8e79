//! From the ranges somebody needs to the requests that bring them: near ones together, long ones in pieces.

use std::ops::Range;

/// Ranges further apart than this are never fetched together.
const GAP_BYTES_MAX: u64 = 256 << 10;
/// Bytes between ranges that a request may bring without being asked: one in so many.
const WASTE_PART: u64 = 8;
/// That much is wasted without looking at the part: a request costs more.
const WASTE_BYTES_FREE: u64 = 16 << 10;
/// A request brings at most this much: a connection takes about 100 ms for it.
const PIECE_BYTES_MAX: u64 = 8 << 20;
/// And is not cut smaller than this: below it, the round trip is what takes the time.
const PIECE_BYTES_MIN: u64 = 1 << 20;
/// Requests that a small scan is cut into, so that they run side by side.
const PIECES_WANTED: u64 = 24;

/// How long a request may be when so many bytes are needed in all.
pub(crate) fn piece_bytes(total: u64) -> u64 {
    (total / PIECES_WANTED).clamp(PIECE_BYTES_MIN, PIECE_BYTES_MAX)
}

/// The requests that bring all of `wanted`, in the order of the file. They do not overlap.
pub(crate) fn plan_requests(wanted: &[Range<u64>], piece_bytes: u64) -> Vec<Range<u64>> {
    let mut wanted: Vec<Range<u64>> =
        wanted.iter().filter(|range| range.start < range.end).cloned().collect();
    wanted.sort_unstable_by_key(|range| (range.start, range.end));
    let mut requests: Vec<Range<u64>> = Vec::new();
    let (mut useful, mut wasted) = (0u64, 0u64);
    for range in wanted {
        let length = range.end - range.start;
        if let Some(last) = requests.last_mut() {
            if range.start <= last.end {
                useful += range.end.saturating_sub(last.end);
                last.end = last.end.max(range.end);
                continue;
            }
            let gap = range.start - last.end;
            let waste_max = ((useful + length) / WASTE_PART).max(WASTE_BYTES_FREE);
            let fits = range.end - last.start <= piece_bytes;
            if gap <= GAP_BYTES_MAX && wasted + gap <= waste_max && fits {
                last.end = range.end;
                useful += length;
                wasted += gap;
                continue;
            }
        }
        requests.push(range);
        (useful, wasted) = (length, 0);
    }
    requests.into_iter().flat_map(|request| cut(request, piece_bytes)).collect()
}

/// Equal pieces of at most that length, give or take a quarter.
fn cut(request: Range<u64>, piece_bytes: u64) -> impl Iterator<Item = Range<u64>> {
    let length = request.end - request.start;
    let pieces = if length <= piece_bytes + piece_bytes / 4 { 1 } else { length.div_ceil(piece_bytes) };
    let step = length.div_ceil(pieces);
    (0..pieces).map(move |index| {
        let start = request.start + index * step;
        start..(start + step).min(request.end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;

    fn vec_of(range: Range<u64>) -> Vec<Range<u64>> {
        std::iter::once(range).collect()
    }

    #[test]
    fn near_ranges_come_together_and_far_ones_apart() {
        let near = plan_requests(&[0..MIB, MIB + 50 * KIB..2 * MIB], 8 * MIB);
        assert_eq!(near, vec_of(0..2 * MIB));
        let far = plan_requests(&[0..MIB, 2 * MIB..3 * MIB], 8 * MIB);
        assert_eq!(far, [0..MIB, 2 * MIB..3 * MIB]);
    }

    #[test]
    fn small_columns_do_not_drag_large_gaps_along() {
        let wanted: Vec<Range<u64>> =
            (0..10).map(|index| index * 100 * KIB..index * 100 * KIB + 640).collect();
        let requests = plan_requests(&wanted, 8 * MIB);
        let bytes: u64 = requests.iter().map(|request| request.end - request.start).sum();
        assert_eq!(bytes, 6400, "{requests:?}");
    }

    #[test]
    fn long_ranges_are_cut_and_nothing_is_lost() {
        let requests = plan_requests(&vec_of(5..5 + 10 * MIB), MIB);
        assert_eq!(requests.len(), 10);
        assert_eq!(requests.first().unwrap().start, 5);
        assert_eq!(requests.last().unwrap().end, 5 + 10 * MIB);
        assert!(requests.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(plan_requests(&vec_of(0..MIB + MIB / 8), MIB).len(), 1);
        assert!(plan_requests(&vec_of(7..7), MIB).is_empty());
    }

    #[test]
    fn overlapping_ranges_are_fetched_once() {
        assert_eq!(plan_requests(&[10..20, 0..15, 12..13], MIB), vec_of(0..20));
    }
}
