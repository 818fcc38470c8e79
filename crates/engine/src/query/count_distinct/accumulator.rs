//! `count(DISTINCT …)` of all groups at once.

use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Array, ListArray, PrimitiveArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use datafusion::common::exec_err;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::pairs::Pairs;

/// Counts the values of a type that is a number inside. Its state is, for each group, a list of values in which one may
/// stand more than once.
pub(super) struct CountDistinctValues<T: ArrowPrimitiveType> {
    data_type: DataType,
    pairs: Pairs<T::Native>,
    /// Groups that there are.
    groups: usize,
}

impl<T: ArrowPrimitiveType> CountDistinctValues<T>
where
    T::Native: Eq + Hash,
{
    pub(super) fn new(data_type: DataType) -> Self {
        Self { data_type, pairs: Pairs::new(), groups: 0 }
    }

    fn set_groups(&mut self, groups: usize) -> DataFusionResult<()> {
        if u32::try_from(groups).is_err() {
            return exec_err!("COUNT(DISTINCT) cannot count for {groups} groups at once");
        }
        self.groups = groups;
        Ok(())
    }

    /// How many of the first groups are meant.
    fn emitted(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(groups) => groups,
        }
    }

    /// How many pairs each of the first groups has.
    fn counts(&self, groups: usize) -> Vec<usize> {
        let mut counts = vec![0; groups];
        self.pairs.for_each(|group, _| {
            if let Some(count) = counts.get_mut(group as usize) {
                *count += 1;
            }
        });
        counts
    }

    fn forget_first(&mut self, groups: usize) {
        // INVARIANT: there are no more groups than `u32` counts: `set_groups`.
        self.pairs.forget_first(groups as u32);
        self.groups -= groups;
    }

    fn list(&self, offsets: OffsetBuffer<i32>, values: Vec<T::Native>) -> DataFusionResult<Vec<ArrayRef>> {
        let values = PrimitiveArray::<T>::new(values.into(), None).with_data_type(self.data_type.clone());
        let field = Arc::new(Field::new_list_field(self.data_type.clone(), true));
        Ok(vec![Arc::new(ListArray::try_new(field, offsets, Arc::new(values), None)?)])
    }
}

impl<T: ArrowPrimitiveType> GroupsAccumulator for CountDistinctValues<T>
where
    T::Native: Eq + Hash,
{
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.set_groups(total_num_groups)?;
        let values = values[0].as_primitive::<T>();
        if values.null_count() == 0 && opt_filter.is_none() {
            for (group, value) in group_indices.iter().zip(values.values()) {
                self.pairs.add(*group as u32, *value);
            }
            return Ok(());
        }
        for (row, group) in group_indices.iter().enumerate() {
            if counts(values, opt_filter, row) {
                self.pairs.add(*group as u32, values.value(row));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        self.pairs.leave_distinct();
        let groups = self.emitted(emit_to);
        let counts = self.counts(groups).into_iter().map(|count| count as i64);
        let counts = Int64Array::from_iter_values(counts);
        self.forget_first(groups);
        Ok(Arc::new(counts))
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        let groups = self.emitted(emit_to);
        let counts = self.counts(groups);
        if i32::try_from(counts.iter().sum::<usize>()).is_err() {
            return exec_err!("COUNT(DISTINCT) has more values than one batch can hold");
        }
        let offsets = OffsetBuffer::<i32>::from_lengths(counts);
        let mut places: Vec<i32> = offsets.iter().copied().collect();
        let total = places.pop().unwrap_or_default() as usize;
        let mut values = vec![T::Native::default(); total];
        let mut left = Pairs::new();
        self.pairs.drain(|group, value| match places.get_mut(group as usize) {
            Some(place) => {
                values[*place as usize] = value;
                *place += 1;
            }
            None => left.add(group - groups as u32, value),
        });
        self.pairs = left;
        self.groups -= groups;
        self.list(offsets, values)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.set_groups(total_num_groups)?;
        let lists = values[0].as_list::<i32>();
        let values = lists.values().as_primitive::<T>();
        for (window, group) in lists.value_offsets().windows(2).zip(group_indices) {
            for value in &values.values()[window[0] as usize..window[1] as usize] {
                self.pairs.add(*group as u32, *value);
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> DataFusionResult<Vec<ArrayRef>> {
        let values = values[0].as_primitive::<T>();
        let counted = (0..values.len()).map(|row| counts(values, opt_filter, row));
        let offsets = OffsetBuffer::from_lengths(counted.clone().map(usize::from));
        let kept = counted.enumerate().filter(|(_, counts)| *counts).map(|(row, _)| values.value(row));
        self.list(offsets, kept.collect())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.pairs.bytes()
    }
}

/// Whether the value of a row counts.
fn counts<T: ArrowPrimitiveType>(
    values: &PrimitiveArray<T>,
    filter: Option<&BooleanArray>,
    row: usize,
) -> bool {
    values.is_valid(row) && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}
