//! `sum` of whole numbers that is an error where it leaves the range of its type. DataFusion's own wraps around.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, FieldRef, Int64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, Expr, GroupsAccumulator, Operator,
    ReversedUDAF, SetMonotonicity, Signature, StatisticsArgs,
};

/// Values whose halves are added up before 64 bits could be too few for them.
const CHUNK_VALUES: usize = 1 << 16;

/// DataFusion's `sum`, with whole numbers checked.
pub(crate) fn checked_sum() -> AggregateUDF {
    AggregateUDF::new_from_impl(CheckedSum { plain: Sum::new() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckedSum {
    plain: Sum,
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        self.plain.name()
    }

    fn signature(&self) -> &Signature {
        self.plain.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.plain.return_type(types)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let (data_type, is_distinct) = (args.return_field.data_type().clone(), args.is_distinct);
        Ok(match (data_type, is_distinct) {
            (DataType::Int64, false) => Box::new(WideSum::<Int64Type>::default()),
            (DataType::UInt64, false) => Box::new(WideSum::<UInt64Type>::default()),
            (DataType::Int64, true) => {
                Box::new(DistinctSum::<Int64Type>(self.plain.accumulator(args)?, PhantomData))
            }
            (DataType::UInt64, true) => {
                Box::new(DistinctSum::<UInt64Type>(self.plain.accumulator(args)?, PhantomData))
            }
            _ => self.plain.accumulator(args)?,
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.plain.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.plain.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(match args.return_field.data_type() {
            DataType::Int64 => Box::new(GroupSums::<Int64Type>::default()),
            DataType::UInt64 => Box::new(GroupSums::<UInt64Type>::default()),
            _ => self.plain.create_groups_accumulator(args)?,
        })
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(match (args.return_field.data_type(), args.is_distinct) {
            (DataType::Int64, false) => Box::new(WideSum::<Int64Type>::default()),
            (DataType::UInt64, false) => Box::new(WideSum::<UInt64Type>::default()),
            _ => self.plain.create_sliding_accumulator(args)?,
        })
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.plain.order_sensitivity()
    }

    fn simplify_expr_op_literal(
        &self,
        function: &AggregateFunction,
        argument: &Expr,
        operator: Operator,
        literal: &Expr,
        argument_is_left: bool,
    ) -> Result<Option<Expr>> {
        self.plain.simplify_expr_op_literal(function, argument, operator, literal, argument_is_left)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.plain.reverse_expr()
    }

    fn value_from_stats(&self, args: &StatisticsArgs) -> Option<ScalarValue> {
        // Sums of statistics may have wrapped.
        let is_whole = matches!(args.return_type, DataType::Int64 | DataType::UInt64);
        if is_whole { None } else { self.plain.value_from_stats(args) }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.plain.documentation()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.plain.set_monotonicity(data_type)
    }
}

/// Whole numbers of 64 bits.
trait Whole: ArrowPrimitiveType + Debug + Send + Sync {
    const SQL_TYPE: &'static str;

    fn add(left: Self::Native, right: Self::Native) -> (Self::Native, bool);

    fn narrow(sum: i128) -> Option<Self::Native>;

    /// The sum of at most [`CHUNK_VALUES`] values. Both halves are added up apart, which the compiler makes fast.
    fn sum_chunk(values: &[Self::Native]) -> i128;
}

impl Whole for Int64Type {
    const SQL_TYPE: &'static str = "BIGINT";

    fn add(left: i64, right: i64) -> (i64, bool) {
        left.overflowing_add(right)
    }

    fn narrow(sum: i128) -> Option<i64> {
        i64::try_from(sum).ok()
    }

    fn sum_chunk(values: &[i64]) -> i128 {
        let low: i64 = values.iter().map(|value| value & 0xffff_ffff).sum();
        let high: i64 = values.iter().map(|value| value >> 32).sum();
        (i128::from(high) << 32) + i128::from(low)
    }
}

impl Whole for UInt64Type {
    const SQL_TYPE: &'static str = "BIGINT UNSIGNED";

    fn add(left: u64, right: u64) -> (u64, bool) {
        left.overflowing_add(right)
    }

    fn narrow(sum: i128) -> Option<u64> {
        u64::try_from(sum).ok()
    }

    fn sum_chunk(values: &[u64]) -> i128 {
        let low: u64 = values.iter().map(|value| value & 0xffff_ffff).sum();
        let high: u64 = values.iter().map(|value| value >> 32).sum();
        (i128::from(high) << 32) + i128::from(low)
    }
}

fn too_large<T: Whole>() -> DataFusionError {
    DataFusionError::Execution(format!(
        "`sum` gives a number that is outside of {}: sum(CAST(… AS DECIMAL(38, 0))) is exact, and sum(CAST(… AS DOUBLE)) rounds",
        T::SQL_TYPE
    ))
}

/// The sum of an array's values that are no NULL, and how many those are.
fn sum_array<T: Whole>(array: &ArrayRef) -> (i128, usize) {
    let array = array.as_primitive::<T>();
    let values = array.values();
    let sum = |values: &[T::Native]| values.chunks(CHUNK_VALUES).map(T::sum_chunk).sum::<i128>();
    let sum = match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => sum(values),
        Some(nulls) => {
            nulls.valid_slices().map(|(start, end)| sum(values.get(start..end).unwrap_or_default())).sum()
        }
    };
    (sum, array.len() - array.null_count())
}

/// One sum, with room for any number of values.
#[derive(Debug)]
struct WideSum<T: Whole> {
    sum: i128,
    values: usize,
    data_type: PhantomData<T>,
}

impl<T: Whole> Default for WideSum<T> {
    fn default() -> Self {
        Self { sum: 0, values: 0, data_type: PhantomData }
    }
}

impl<T: Whole> Accumulator for WideSum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for array in values {
            let (sum, values) = sum_array::<T>(array);
            self.sum += sum;
            self.values += values;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for array in values {
            let (sum, values) = sum_array::<T>(array);
            self.sum -= sum;
            self.values -= values;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = match self.values {
            0 => None,
            _ => Some(T::narrow(self.sum).ok_or_else(too_large::<T>)?),
        };
        ScalarValue::new_primitive::<T>(sum, &T::DATA_TYPE)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// DataFusion's accumulator of different values, with a sum of its own.
#[derive(Debug)]
struct DistinctSum<T: Whole>(Box<dyn Accumulator>, PhantomData<T>);

impl<T: Whole> Accumulator for DistinctSum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.update_batch(values)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut sum = WideSum::<T>::default();
        for state in self.0.state()? {
            if let ScalarValue::List(list) = state {
                sum.update_batch(&[list.values().clone()])?;
            }
        }
        sum.evaluate()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.state()
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

/// A sum for each group.
#[derive(Debug)]
struct GroupSums<T: Whole> {
    sums: Vec<T::Native>,
    /// Which groups have a value; `None` for all.
    seen: Option<Vec<bool>>,
}

impl<T: Whole> Default for GroupSums<T> {
    fn default() -> Self {
        Self { sums: Vec::new(), seen: None }
    }
}

impl<T: Whole> GroupSums<T> {
    fn add(&mut self, group: usize, value: T::Native, too_large: &mut bool) {
        if let Some(sum) = self.sums.get_mut(group) {
            let (added, over) = T::add(*sum, value);
            *sum = added;
            *too_large |= over;
        }
    }
}

impl<T: Whole> GroupsAccumulator for GroupSums<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        groups_in_all: usize,
    ) -> Result<()> {
        let [values] = values else {
            return Err(DataFusionError::Internal("sum has one argument".into()));
        };
        let values = values.as_primitive::<T>();
        let known = self.sums.len();
        self.sums.resize(groups_in_all, T::Native::default());
        let mut over = false;
        if values.null_count() == 0 && filter.is_none() {
            for (group, value) in groups.iter().zip(values.values()) {
                self.add(*group, *value, &mut over);
            }
            // A new group is one of this batch, so that all of them have a value now.
            if let Some(seen) = &mut self.seen {
                seen.resize(groups_in_all, true);
                groups.iter().for_each(|group| {
                    if let Some(seen) = seen.get_mut(*group) {
                        *seen = true;
                    }
                });
            }
        } else {
            let mut seen = self.seen.take().unwrap_or_else(|| vec![true; known]);
            seen.resize(groups_in_all, false);
            for (row, (group, value)) in groups.iter().zip(values).enumerate() {
                let passes = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
                let Some(value) = value.filter(|_| passes) else { continue };
                self.add(*group, value, &mut over);
                if let Some(seen) = seen.get_mut(*group) {
                    *seen = true;
                }
            }
            self.seen = Some(seen);
        }
        if over { Err(too_large::<T>()) } else { Ok(()) }
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], groups_in_all: usize) -> Result<()> {
        self.update_batch(states, groups, None, groups_in_all)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sums = emit_to.take_needed(&mut self.sums);
        let nulls = self.seen.as_mut().map(|seen| NullBuffer::from(emit_to.take_needed(seen)));
        Ok(Arc::new(PrimitiveArray::<T>::try_new(sums.into(), nulls)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let [array] = values else {
            return Err(DataFusionError::Internal("sum has one argument".into()));
        };
        let Some(filter) = filter else { return Ok(vec![array.clone()]) };
        let values = array.as_primitive::<T>().iter().zip(filter);
        let passing = values.map(|(value, passes)| value.filter(|_| passes == Some(true)));
        Ok(vec![Arc::new(passing.collect::<PrimitiveArray<T>>())])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<T::Native>() + self.seen.as_ref().map_or(0, Vec::capacity)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, UInt64Array};

    use super::*;

    #[test]
    fn a_sum_is_exact_or_an_error() {
        let mut sum = WideSum::<Int64Type>::default();
        let array = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
        assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(None));
        sum.update_batch(&[array(vec![Some(i64::MAX), None, Some(5)])]).unwrap();
        assert!(sum.evaluate().unwrap_err().to_string().contains("outside of BIGINT: sum(CAST"));
        sum.update_batch(&[array(vec![Some(-7), Some(i64::MIN), None])]).unwrap();
        assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(-3)));
        sum.retract_batch(&[array(vec![Some(i64::MIN)])]).unwrap();
        sum.retract_batch(&[array(vec![Some(i64::MAX), Some(1)])]).unwrap();
        assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(-3)));

        let wide: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX; CHUNK_VALUES * 2 + 1]));
        assert_eq!(sum_array::<UInt64Type>(&wide).0, i128::from(u64::MAX) * (CHUNK_VALUES as i128 * 2 + 1));
        let low: ArrayRef = Arc::new(Int64Array::from(vec![i64::MIN; CHUNK_VALUES + 1]));
        assert_eq!(sum_array::<Int64Type>(&low).0, i128::from(i64::MIN) * (CHUNK_VALUES as i128 + 1));
    }

    #[test]
    fn groups_without_a_value_are_null() {
        let mut sums = GroupSums::<Int64Type>::default();
        let array = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
        sums.update_batch(&[array(vec![Some(1), Some(2)])], &[0, 0], None, 1).unwrap();
        sums.update_batch(&[array(vec![None, Some(4), None])], &[1, 2, 0], None, 3).unwrap();
        let filter = BooleanArray::from(vec![Some(false), None, Some(true)]);
        sums.update_batch(&[array(vec![Some(9), Some(9), Some(i64::MAX)])], &[3, 3, 4], Some(&filter), 5)
            .unwrap();
        let state = sums.state(EmitTo::First(2)).unwrap();
        assert_eq!(*state[0], Int64Array::from(vec![Some(3), None]));
        let over = sums.merge_batch(&[array(vec![Some(1)])], &[2], 3).unwrap_err();
        assert!(over.to_string().contains("outside of BIGINT"), "{over}");
        let rest = sums.evaluate(EmitTo::All).unwrap();
        assert_eq!(rest.null_count(), 1);
        assert_eq!(
            *sums.convert_to_state(&[array(vec![Some(1), Some(2), Some(3)])], Some(&filter)).unwrap()[0],
            Int64Array::from(vec![None, None, Some(3)])
        );
    }
}
