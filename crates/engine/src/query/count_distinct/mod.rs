//! `count`, with a better way to count distinct values by groups.
//!
//! DataFusion has one table of all groups' values for integers, which misses the processor's caches at each row, and
//! for other types a table for each group. Its `count` is asked for all but that.

mod accumulator;
mod pairs;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal128Type, FieldRef, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DataFusionResult;
use datafusion::functions_aggregate::count::Count;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature, StatisticsArgs,
};

use accumulator::CountDistinctValues;

/// The function that takes the place of DataFusion's `count`.
pub(super) fn count() -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(CountByGroups::default()))
}

#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct CountByGroups(Count);

/// What counts the distinct values of that type; `None` for types that are not numbers inside.
fn distinct_values(data_type: &DataType) -> Option<Box<dyn GroupsAccumulator>> {
    macro_rules! of {
        ($native:ty) => {
            Some(Box::new(CountDistinctValues::<$native>::new(data_type.clone())))
        };
    }
    match data_type {
        DataType::Int8 => of!(Int8Type),
        DataType::Int16 => of!(Int16Type),
        DataType::Int32 => of!(Int32Type),
        DataType::Int64 => of!(Int64Type),
        DataType::UInt8 => of!(UInt8Type),
        DataType::UInt16 => of!(UInt16Type),
        DataType::UInt32 => of!(UInt32Type),
        DataType::UInt64 => of!(UInt64Type),
        DataType::Date32 => of!(Date32Type),
        DataType::Date64 => of!(Date64Type),
        DataType::Timestamp(TimeUnit::Second, _) => of!(TimestampSecondType),
        DataType::Timestamp(TimeUnit::Millisecond, _) => of!(TimestampMillisecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => of!(TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => of!(TimestampNanosecondType),
        DataType::Decimal128(..) => of!(Decimal128Type),
        _ => None,
    }
}

impl AggregateUDFImpl for CountByGroups {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        self.0.return_type(arg_types)
    }

    fn is_nullable(&self) -> bool {
        self.0.is_nullable()
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        self.0.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        self.0.accumulator(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        match (args.is_distinct, args.expr_fields) {
            (true, [field]) => distinct_values(field.data_type()).is_some(),
            _ => self.0.groups_accumulator_supported(args),
        }
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        let distinct = match (args.is_distinct, args.expr_fields) {
            (true, [field]) => distinct_values(field.data_type()),
            _ => None,
        };
        distinct.map_or_else(|| self.0.create_groups_accumulator(args), Ok)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.0.reverse_expr()
    }

    fn default_value(&self, data_type: &DataType) -> DataFusionResult<ScalarValue> {
        self.0.default_value(data_type)
    }

    fn value_from_stats(&self, args: &StatisticsArgs) -> Option<ScalarValue> {
        self.0.value_from_stats(args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.documentation()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.0.set_monotonicity(data_type)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        self.0.create_sliding_accumulator(args)
    }
}
