//! A scan cut into units: some row groups of one file each, read by one decoder.

use std::ops::Range;

use datafusion::parquet::file::metadata::ParquetMetaData;

use super::{ScanFile, ScanHints};

/// Units a partition gets, so that none is idle while another has much left.
const UNITS_PER_PARTITION: usize = 8;
/// A unit is not made smaller than this, counted in bytes of all columns: opening one costs too.
const UNIT_BYTES_MIN: u64 = 2 << 20;

/// Some row groups of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Which of the scan's files.
    pub(crate) file: usize,
    pub(crate) row_groups: Range<usize>,
}

/// The number of a unit, carried by the file that DataFusion is given for it.
#[derive(Debug, Clone, Copy)]
pub(in crate::stage) struct UnitNumber(pub(in crate::stage) usize);

/// Cuts the files into units of about equal size, in their order. Where the first rows may be enough, each
/// row group is one.
pub(in crate::stage) fn split_into_units(
    files: &[ScanFile],
    partitions: usize,
    hints: ScanHints,
) -> Vec<Unit> {
    let sizes: Vec<Vec<u64>> = files.iter().map(|file| group_sizes(&file.parquet.metadata)).collect();
    let total: u64 = sizes.iter().flatten().sum();
    let wanted = (partitions * UNITS_PER_PARTITION) as u64;
    let target = if hints.first_rows { 0 } else { (total / wanted.max(1)).max(UNIT_BYTES_MIN) };
    cut(&sizes, target)
}

fn group_sizes(metadata: &ParquetMetaData) -> Vec<u64> {
    let size = |size: i64| u64::try_from(size).unwrap_or(0);
    metadata.row_groups().iter().map(|group| size(group.compressed_size())).collect()
}

/// `sizes` are the bytes of each file's row groups.
fn cut(sizes: &[Vec<u64>], target: u64) -> Vec<Unit> {
    let mut units = Vec::new();
    for (file, sizes) in sizes.iter().enumerate() {
        let mut start = 0;
        let mut bytes = 0;
        for (index, size) in sizes.iter().enumerate() {
            if index > start && bytes + size / 2 > target {
                units.push(Unit { file, row_groups: start..index });
                (start, bytes) = (index, 0);
            }
            bytes += size;
        }
        if start < sizes.len() {
            units.push(Unit { file, row_groups: start..sizes.len() });
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn every_row_group_is_in_one_unit() {
        let sizes = vec![vec![7 * MIB; 53], vec![], vec![MIB], vec![100 * MIB, MIB, MIB]];
        let units = cut(&sizes, 30 * MIB);
        for (file, sizes) in sizes.iter().enumerate() {
            let groups: Vec<usize> = units
                .iter()
                .filter(|unit| unit.file == file)
                .flat_map(|unit| unit.row_groups.clone())
                .collect();
            assert_eq!(groups, (0..sizes.len()).collect::<Vec<_>>());
        }
        assert!((13..=20).contains(&units.len()), "{units:?}");
    }

    #[test]
    fn small_files_are_not_cut() {
        let units = cut(&vec![vec![100_000; 3]; 1000], UNIT_BYTES_MIN);
        assert_eq!(units.len(), 1000);
        assert_eq!(cut(&[vec![100_000; 3]], 0).len(), 3);
    }
}
