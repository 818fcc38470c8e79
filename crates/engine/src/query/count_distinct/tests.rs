use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::*;

/// Numbers that look random, the same in each run.
fn numbers() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(0x9e37_79b9_7f4a_7c15_u64), |state| {
        let mut next = *state;
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        Some(next)
    })
}

/// Batches of a group `g`, a condition `f` and a value `v`, some of which are NULL.
fn batches(rows: usize, groups: u64, values: u64, data_type: &DataType) -> Vec<RecordBatch> {
    let mut numbers = numbers();
    let mut next = move |below: u64| (numbers.next().unwrap() >> 11) % below;
    (0..rows.div_ceil(1000))
        .map(|_| {
            let g = (0..1000).map(|_| (next(40) > 0).then(|| next(groups) as i64)).collect::<Int64Array>();
            let f = (0..1000).map(|_| (next(10) > 0).then(|| next(3) > 0)).collect::<BooleanArray>();
            let v = (0..1000).map(|_| (next(20) > 0).then(|| next(values) as i64)).collect::<Int64Array>();
            let v =
                cast(&v, &DataType::Int32).and_then(|v| cast(&v, data_type)).or_else(|_| cast(&v, data_type));
            let columns: [(&str, ArrayRef); 3] = [("g", Arc::new(g)), ("f", Arc::new(f)), ("v", v.unwrap())];
            RecordBatch::try_from_iter(columns).unwrap()
        })
        .collect()
}

/// The answer as text, and how often an operator spilled.
async fn answer_and_spills(ours: bool, memory: usize, batches: &[RecordBatch], sql: &str) -> (String, usize) {
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(memory))).build_arc();
    let config = SessionConfig::new()
        .with_target_partitions(3)
        .with_batch_size(512)
        .with_sort_spill_reservation_bytes(64 << 10);
    let context = SessionContext::new_with_config_rt(config, runtime.unwrap());
    if ours {
        FunctionRegistry::register_udaf(&mut *context.state_ref().write(), count()).unwrap();
    }
    let parts = batches.chunks(batches.len().div_ceil(3)).map(<[RecordBatch]>::to_vec).collect();
    let table = MemTable::try_new(batches[0].schema(), parts).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let answer = collect(plan.clone(), context.task_ctx()).await.unwrap();
    (pretty_format_batches(&answer).unwrap().to_string(), spills(&plan))
}

async fn answer(ours: bool, batches: &[RecordBatch], sql: &str) -> String {
    answer_and_spills(ours, 1 << 30, batches, sql).await.0
}

fn spills(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.metrics().and_then(|metrics| metrics.spill_count()).unwrap_or(0);
    own + plan.children().into_iter().map(spills).sum::<usize>()
}

const BY_GROUPS: &str =
    "SELECT g, count(*) AS n, count(DISTINCT v) AS d, count(DISTINCT v) FILTER (WHERE f) AS e,
    count(v) AS c, sum(g) AS s FROM t GROUP BY g ORDER BY g";

#[tokio::test]
async fn each_type_counts_as_before() {
    let types = [
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Date32,
        DataType::Date64,
        DataType::Timestamp(TimeUnit::Second, None),
        DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Timestamp(TimeUnit::Nanosecond, None),
        DataType::Decimal128(20, 2),
        DataType::Float64,
        DataType::Utf8View,
        DataType::Boolean,
    ];
    for data_type in types {
        let batches = batches(6_000, 7, 120, &data_type);
        let expected = answer(false, &batches, BY_GROUPS).await;
        assert_eq!(answer(true, &batches, BY_GROUPS).await, expected, "{data_type}");
    }
}

#[tokio::test]
async fn many_values_count_as_before() {
    for (groups, values) in [(5, 1_000_000), (300, 2_000), (1_000_000, 100)] {
        let batches = batches(60_000, groups, values, &DataType::Int64);
        let expected = answer(false, &batches, BY_GROUPS).await;
        assert_eq!(answer(true, &batches, BY_GROUPS).await, expected, "{groups} × {values}");
    }
}

#[tokio::test]
async fn what_spills_counts_as_before() {
    let batches = batches(60_000, 3_000, 1_000_000, &DataType::Int64);
    let expected = answer(false, &batches, BY_GROUPS).await;
    let (answer, spills) = answer_and_spills(true, 3 << 20, &batches, BY_GROUPS).await;
    assert_eq!(answer, expected);
    assert!(spills > 0);
}

#[tokio::test]
async fn the_other_counts_are_those_of_before() {
    let batches = batches(6_000, 7, 120, &DataType::Int64);
    for sql in [
        "SELECT count(*), count(v), count(DISTINCT v), sum(v) FROM t",
        "SELECT count(DISTINCT v) FROM t",
        "SELECT DISTINCT g, count(*) OVER (PARTITION BY g), count(v) OVER (PARTITION BY f) FROM t ORDER BY 1, 2, 3",
        "SELECT g, count(DISTINCT v), sum(DISTINCT v) FROM t GROUP BY ROLLUP (g) ORDER BY 1, 2, 3",
        "SELECT count(*) FROM t WHERE v > 1000 GROUP BY g HAVING count(DISTINCT v) > 3",
        "SELECT (SELECT count(*) FROM t AS u WHERE u.v = t.v) AS n FROM t WHERE g = 3 ORDER BY n LIMIT 50",
    ] {
        let expected = answer(false, &batches, sql).await;
        assert_eq!(answer(true, &batches, sql).await, expected, "{sql}");
    }
}

/// A model of the accumulator, and the accumulator.
struct Both {
    ours: Box<dyn GroupsAccumulator>,
    model: BTreeMap<usize, std::collections::BTreeSet<i64>>,
    groups: usize,
}

impl Both {
    fn add(&mut self, pairs: &[(usize, i64)]) {
        let values: ArrayRef = Arc::new(pairs.iter().map(|pair| pair.1).collect::<Int64Array>());
        let groups: Vec<usize> = pairs.iter().map(|pair| pair.0).collect();
        self.groups = groups.iter().map(|group| group + 1).chain([self.groups]).max().unwrap();
        self.ours.update_batch(&[values], &groups, None, self.groups).unwrap();
        for (group, value) in pairs {
            self.model.entry(*group).or_default().insert(*value);
        }
    }

    /// The counts of the first groups, which the model loses.
    fn expect(&mut self, groups: usize) -> Vec<i64> {
        let counts =
            (0..groups).map(|group| self.model.get(&group).map_or(0, |set| set.len() as i64)).collect();
        let left = std::mem::take(&mut self.model).into_iter().filter(|(group, _)| *group >= groups);
        self.model = left.map(|(group, set)| (group - groups, set)).collect();
        self.groups -= groups;
        counts
    }
}

#[test]
fn groups_that_are_complete_go_first() {
    for values in [1 << 40, 500] {
        let ours = distinct_values(&DataType::Int64).unwrap();
        let mut both = Both { ours, model: BTreeMap::new(), groups: 0 };
        let mut numbers = numbers();
        let mut next = move |below: u64| (numbers.next().unwrap() >> 11) % below;
        let mut pairs =
            |count: u64| (0..count).map(|_| (next(90) as usize, next(values) as i64)).collect::<Vec<_>>();
        both.add(&pairs(100_000));
        let counts = both.ours.evaluate(EmitTo::First(30)).unwrap();
        assert_eq!(counts.as_primitive::<Int64Type>().values().to_vec(), both.expect(30));
        both.add(&pairs(50_000));
        // The state of some, merged into another.
        let state = both.ours.state(EmitTo::First(20)).unwrap();
        let mut merged = distinct_values(&DataType::Int64).unwrap();
        let into: Vec<usize> = (0..20).rev().collect();
        merged.merge_batch(&state, &into, 20).unwrap();
        let counts = merged.evaluate(EmitTo::All).unwrap();
        let counts: Vec<i64> = counts.as_primitive::<Int64Type>().values().iter().rev().copied().collect();
        assert_eq!(counts, both.expect(20));
        both.add(&pairs(10_000));
        let (counts, groups) = (both.ours.evaluate(EmitTo::All).unwrap(), both.groups);
        assert_eq!(counts.as_primitive::<Int64Type>().values().to_vec(), both.expect(groups));
        assert_eq!(both.ours.evaluate(EmitTo::All).unwrap().len(), 0);
    }
}

#[test]
fn values_that_come_again_take_no_memory() {
    let mut ours = distinct_values(&DataType::Int64).unwrap();
    let values: ArrayRef = Arc::new((0..100_000).collect::<Int64Array>());
    let groups = vec![0; 100_000];
    let mut bytes = Vec::new();
    for _ in 0..20 {
        ours.update_batch(std::slice::from_ref(&values), &groups, None, 1).unwrap();
        bytes.push(ours.size());
    }
    assert!(bytes.iter().all(|size| *size < 8 << 20), "{bytes:?}");
}
