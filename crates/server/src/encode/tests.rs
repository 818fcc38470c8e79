//! Every Arrow type as clients read it, in JSON and in Arrow bodies.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;
use arrow::ipc::reader::StreamReader;
use arrow::record_batch::RecordBatch;
use half::f16;

use super::{ResultEncoder, size_of_batch, write_arrow_stream};

/// One column's Databend type and its cells.
fn encode(column: ArrayRef, zone: &str) -> (String, Vec<Option<String>>) {
    encode_field(Field::new("c", column.data_type().clone(), true), column, zone)
}

fn encode_field(field: Field, column: ArrayRef, zone: &str) -> (String, Vec<Option<String>>) {
    let schema = Arc::new(Schema::new(vec![field]));
    let encoder = ResultEncoder::new(schema.clone(), zone).unwrap();
    let batch = encoder.to_plain(&RecordBatch::try_new(schema, vec![column]).unwrap()).unwrap();
    let mut json = Vec::new();
    encoder.write_json_rows(std::slice::from_ref(&batch), &mut json);
    let rows: Vec<Vec<Option<String>>> = serde_json::from_slice(&json).unwrap();
    check_arrow_body(&encoder, &batch);
    (encoder.fields()[0].data_type.clone(), rows.into_iter().map(|mut row| row.remove(0)).collect())
}

/// The Arrow body holds the same rows, with types that clients decode.
fn check_arrow_body(encoder: &ResultEncoder, batch: &RecordBatch) {
    let body = write_arrow_stream(encoder, std::slice::from_ref(batch), r#"{"id":"1"}"#.to_owned()).unwrap();
    let mut reader = StreamReader::try_new(Cursor::new(body), None).unwrap();
    assert_eq!(reader.schema().metadata()["response_header"], r#"{"id":"1"}"#);
    let read = reader.next().unwrap().unwrap();
    assert_eq!(read.columns(), batch.columns());
    assert!(reader.next().is_none());
    for field in read.schema().fields() {
        assert_decodable(field);
    }
}

/// What the Rust driver's Arrow decoder takes.
fn assert_decodable(field: &Field) {
    match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) | DataType::Map(item, _) => assert_decodable(item),
        DataType::Struct(fields) => fields.iter().for_each(|field| assert_decodable(field)),
        data_type => assert!(
            data_type.is_integer()
                || matches!(
                    data_type,
                    DataType::Null
                        | DataType::Boolean
                        | DataType::Float32
                        | DataType::Float64
                        | DataType::Decimal128(_, _)
                        | DataType::Decimal256(_, _)
                        | DataType::Utf8
                        | DataType::LargeUtf8
                        | DataType::Binary
                        | DataType::LargeBinary
                        | DataType::Date32
                        | DataType::Timestamp(TimeUnit::Microsecond, None)
                ),
            "{data_type} is not decodable"
        ),
    }
}

/// Checks a column whose second cell is NULL.
fn check(column: impl Array + 'static, data_type: &str, cell: &str) {
    let (found_type, cells) = encode(Arc::new(column), "UTC");
    assert_eq!(found_type, format!("Nullable({data_type})"));
    assert_eq!(cells, [Some(cell.to_owned()), None]);
}

#[test]
fn booleans_are_digits() {
    check(BooleanArray::from(vec![Some(true), None]), "Boolean", "1");
    check(BooleanArray::from(vec![Some(false), None]), "Boolean", "0");
}

#[test]
fn integers_keep_their_extremes() {
    check(Int8Array::from(vec![Some(i8::MIN), None]), "Int8", "-128");
    check(Int16Array::from(vec![Some(i16::MIN), None]), "Int16", "-32768");
    check(Int32Array::from(vec![Some(i32::MIN), None]), "Int32", "-2147483648");
    check(Int64Array::from(vec![Some(i64::MIN), None]), "Int64", "-9223372036854775808");
    check(Int64Array::from(vec![Some(i64::MAX), None]), "Int64", "9223372036854775807");
    check(UInt8Array::from(vec![Some(u8::MAX), None]), "UInt8", "255");
    check(UInt16Array::from(vec![Some(u16::MAX), None]), "UInt16", "65535");
    check(UInt32Array::from(vec![Some(u32::MAX), None]), "UInt32", "4294967295");
    check(UInt64Array::from(vec![Some(u64::MAX), None]), "UInt64", "18446744073709551615");
}

#[test]
fn floats_are_the_shortest_text_that_reads_back() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e16, "1e16"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e308"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        check(Float64Array::from(vec![Some(value), None]), "Float64", text);
        assert_eq!(text.parse::<f64>().unwrap().total_cmp(&value), std::cmp::Ordering::Equal);
    }
    check(Float32Array::from(vec![Some(0.1_f32), None]), "Float32", "0.1");
    check(Float32Array::from(vec![Some(f32::NEG_INFINITY), None]), "Float32", "-Infinity");
    check(Float16Array::from(vec![Some(f16::from_f32(1.5)), None]), "Float32", "1.5");
}

#[test]
fn decimals_have_all_their_fraction_digits() {
    let decimal = |value: i128, precision, scale| {
        Decimal128Array::from(vec![Some(value), None]).with_precision_and_scale(precision, scale).unwrap()
    };
    check(decimal(150, 10, 2), "Decimal(10, 2)", "1.50");
    check(decimal(-5, 10, 2), "Decimal(10, 2)", "-0.05");
    check(decimal(0, 10, 2), "Decimal(10, 2)", "0.00");
    check(decimal(7, 10, 0), "Decimal(10, 0)", "7");
    check(decimal(-1, 38, 38), "Decimal(38, 38)", "-0.00000000000000000000000000000000000001");
    check(decimal(9_999_999_999_999_999_999, 19, 0), "Decimal(20, 0)", "9999999999999999999");
    let nines = "9".repeat(38);
    check(decimal(nines.parse().unwrap(), 38, 0), "Decimal(38, 0)", &nines);
    check(decimal(12, 5, -3), "Decimal(38, 0)", "12000");
    let wide = i256::from_string(&"9".repeat(76)).unwrap();
    let wide = Decimal256Array::from(vec![Some(wide), None]).with_precision_and_scale(76, 2).unwrap();
    check(wide, "Decimal(76, 2)", &format!("{}.99", "9".repeat(74)));
    check(
        Decimal32Array::from(vec![Some(150), None]).with_precision_and_scale(9, 2).unwrap(),
        "Decimal(9, 2)",
        "1.50",
    );
    check(
        Decimal64Array::from(vec![Some(-150), None]).with_precision_and_scale(18, 1).unwrap(),
        "Decimal(18, 1)",
        "-15.0",
    );
}

#[test]
fn texts_are_as_they_are() {
    let text = "a\"b\\c\nd\te\rf\u{1}\u{7f} ü 🦀 </script>";
    check(StringArray::from(vec![Some(text), None]), "String", text);
    check(LargeStringArray::from(vec![Some(text), None]), "String", text);
    check(StringViewArray::from(vec![Some(text), None]), "String", text);
    check(StringArray::from(vec![Some(""), None]), "String", "");
    check(StringArray::from(vec![Some("NULL"), None]), "String", "NULL");
}

#[test]
fn bytes_are_upper_case_hexadecimal() {
    let bytes: &[u8] = b"ab\xff\x00";
    check(BinaryArray::from(vec![Some(bytes), None]), "Binary", "6162FF00");
    check(LargeBinaryArray::from(vec![Some(bytes), None]), "Binary", "6162FF00");
    check(BinaryViewArray::from(vec![Some(bytes), None]), "Binary", "6162FF00");
    let fixed =
        FixedSizeBinaryArray::try_from_sparse_iter_with_size([Some(bytes), None].into_iter(), 4).unwrap();
    check(fixed, "Binary", "6162FF00");
}

#[test]
fn dates_are_proleptic_gregorian() {
    for (days, text) in [
        (0, "1970-01-01"),
        (-1, "1969-12-31"),
        (19_782, "2024-02-29"),
        (-719_162, "0001-01-01"),
        (2_932_896, "9999-12-31"),
        (2_932_897, "+10000-01-01"),
        (-719_529, "-0001-12-31"),
    ] {
        check(Date32Array::from(vec![Some(days), None]), "Date", text);
    }
    check(Date64Array::from(vec![Some(86_400_000), None]), "Date", "1970-01-02");
}

#[test]
fn dates_agree_with_chrono() {
    for days in (-1_000_000..3_000_000).step_by(997) {
        let date = chrono::NaiveDate::from_num_days_from_ce_opt(days + 719_163).unwrap();
        let mut text = Vec::new();
        super::text::write_date(days.into(), &mut text);
        assert_eq!(String::from_utf8(text).unwrap(), date.format("%Y-%m-%d").to_string());
    }
}

#[test]
fn timestamps_of_every_unit_have_six_digits() {
    check(TimestampSecondArray::from(vec![Some(-1), None]), "Timestamp", "1969-12-31 23:59:59.000000");
    check(TimestampMillisecondArray::from(vec![Some(1), None]), "Timestamp", "1970-01-01 00:00:00.001000");
    check(TimestampMicrosecondArray::from(vec![Some(-1), None]), "Timestamp", "1969-12-31 23:59:59.999999");
    check(TimestampNanosecondArray::from(vec![Some(1_999), None]), "Timestamp", "1970-01-01 00:00:00.000001");
    check(TimestampNanosecondArray::from(vec![Some(-1), None]), "Timestamp", "1969-12-31 23:59:59.999999");
    let zoned = TimestampMicrosecondArray::from(vec![Some(0), None]).with_timezone("+09:00");
    check(zoned, "Timestamp", "1970-01-01 00:00:00.000000");
}

#[test]
fn timestamps_are_shown_in_the_session_zone() {
    let cells = |seconds: i64, zone: &str| {
        encode(Arc::new(TimestampSecondArray::from(vec![seconds])), zone).1.remove(0).unwrap()
    };
    assert_eq!(cells(0, "Asia/Shanghai"), "1970-01-01 08:00:00.000000");
    assert_eq!(cells(1_720_000_000, "Europe/Berlin"), "2024-07-03 11:46:40.000000");
    assert_eq!(cells(1_700_000_000, "America/St_Johns"), "2023-11-14 18:43:20.000000");
    assert_eq!(cells(0, "Etc/UTC"), "1970-01-01 00:00:00.000000");
}

/// What lies beyond is shown as the first or last instant that clients have.
#[test]
fn timestamps_stay_in_the_calendar_of_clients() {
    check(
        TimestampMicrosecondArray::from(vec![Some(i64::MAX), None]),
        "Timestamp",
        "9999-12-30 22:00:00.000000",
    );
    check(TimestampSecondArray::from(vec![Some(i64::MIN), None]), "Timestamp", "-9999-01-02 01:59:59.000000");
}

#[test]
fn an_unknown_zone_is_refused() {
    let error = ResultEncoder::new(Arc::new(Schema::empty()), "Mars/Olympus").unwrap_err();
    assert!(error.message.contains("`Mars/Olympus`"), "{error}");
}

#[test]
fn times_are_texts() {
    check(Time32SecondArray::from(vec![Some(3_661), None]), "String", "01:01:01");
    check(Time64MicrosecondArray::from(vec![Some(1), None]), "String", "00:00:00.000001");
}

#[test]
fn intervals_and_durations_are_intervals() {
    check(IntervalYearMonthArray::from(vec![Some(14), None]), "Interval", "1 year 2 months");
    check(IntervalYearMonthArray::from(vec![Some(-14), None]), "Interval", "-1 year -2 months");
    let day_time = |days, ms| IntervalDayTimeArray::from(vec![Some(IntervalDayTime::new(days, ms)), None]);
    check(day_time(1, 1_500), "Interval", "1 day 0:00:01.5");
    check(day_time(0, 0), "Interval", "00:00:00");
    check(day_time(-2, -1), "Interval", "-2 days -0:00:00.001");
    let value = IntervalMonthDayNano::new(-1, 3, 3_723_000_004_000);
    check(
        IntervalMonthDayNanoArray::from(vec![Some(value), None]),
        "Interval",
        "-1 month 3 days 1:02:03.000004",
    );
    check(DurationSecondArray::from(vec![Some(90_000), None]), "Interval", "25:00:00");
    check(DurationMillisecondArray::from(vec![Some(1), None]), "Interval", "0:00:00.001");
    check(DurationMicrosecondArray::from(vec![Some(-1), None]), "Interval", "-0:00:00.000001");
    check(DurationNanosecondArray::from(vec![Some(1_000), None]), "Interval", "0:00:00.000001");
}

#[test]
fn nulls_have_their_own_type() {
    let (data_type, cells) = encode(Arc::new(NullArray::new(2)), "UTC");
    assert_eq!(data_type, "NULL");
    assert_eq!(cells, [None, None]);
}

#[test]
fn columns_without_null_are_not_nullable() {
    let field = Field::new("c", DataType::Int32, false);
    let (data_type, cells) = encode_field(field, Arc::new(Int32Array::from(vec![1])), "UTC");
    assert_eq!(data_type, "Int32");
    assert_eq!(cells, [Some("1".to_owned())]);
}

#[test]
fn lists_of_every_layout_are_arrays() {
    let rows = || vec![Some(vec![Some(1), None, Some(3)]), None];
    let data_type = "Array(Nullable(Int32))";
    check(ListArray::from_iter_primitive::<Int32Type, _, _>(rows()), data_type, "[1,NULL,3]");
    check(LargeListArray::from_iter_primitive::<Int32Type, _, _>(rows()), data_type, "[1,NULL,3]");
    check(FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(rows(), 3), data_type, "[1,NULL,3]");
    check(ListViewArray::from_iter_primitive::<Int32Type, _, _>(rows()), data_type, "[1,NULL,3]");
    check(LargeListViewArray::from_iter_primitive::<Int32Type, _, _>(rows()), data_type, "[1,NULL,3]");
    let empty = vec![Some(Vec::<Option<i32>>::new()), None];
    check(ListArray::from_iter_primitive::<Int32Type, _, _>(empty), data_type, "[]");
}

/// Clients read a doubled quote as one, and `\"` as two characters.
#[test]
fn nested_texts_are_quoted() {
    let mut list = ListBuilder::new(StringViewBuilder::new());
    list.append_value([Some("a\"b"), Some("c\\d\n"), None, Some("NULL")]);
    list.append_null();
    check(list.finish(), "Array(Nullable(String))", "[\"a\"\"b\",\"c\\\\d\n\",NULL,\"NULL\"]");
}

#[test]
fn nested_values_have_the_form_that_clients_parse() {
    fn one(values: ArrayRef) -> String {
        let item = Arc::new(Field::new("item", values.data_type().clone(), true));
        let list = ListArray::new(item, OffsetBuffer::from_lengths([values.len()]), values, None);
        encode(Arc::new(list), "Asia/Shanghai").1.remove(0).unwrap()
    }
    assert_eq!(one(Arc::new(BooleanArray::from(vec![true, false]))), "[1,0]");
    assert_eq!(one(Arc::new(Date32Array::from(vec![0]))), "[\"1970-01-01\"]");
    assert_eq!(one(Arc::new(TimestampSecondArray::from(vec![0]))), "[\"1970-01-01 08:00:00.000000\"]");
    assert_eq!(one(Arc::new(DurationSecondArray::from(vec![1]))), "[\"0:00:01\"]");
    assert_eq!(one(Arc::new(BinaryArray::from(vec![b"ab".as_slice()]))), "[6162]");
    assert_eq!(one(Arc::new(Float64Array::from(vec![f64::NAN, 1.0]))), "[NaN,1.0]");
    assert_eq!(one(Arc::new(NullArray::new(2))), "[NULL,NULL]");
    assert_eq!(one(Arc::new(Time32SecondArray::from(vec![1]))), "[\"00:00:01\"]");
}

#[test]
fn structs_are_tuples() {
    let fields =
        Fields::from(vec![Field::new("a", DataType::Int32, false), Field::new("b", DataType::Utf8, true)]);
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(StringArray::from(vec![None, Some("x")]))];
    let array = StructArray::new(fields, columns, Some(NullBuffer::from(vec![true, false])));
    check(array, "Tuple(Int32, Nullable(String))", "(1,NULL)");
}

#[test]
fn maps_are_maps() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("k\"1");
    map.values().append_value(1);
    map.keys().append_value("k2");
    map.values().append_null();
    map.append(true).unwrap();
    map.append(false).unwrap();
    check(map.finish(), "Map(String, Nullable(Int64))", "{\"k\"\"1\":1,\"k2\":NULL}");
}

#[test]
fn dictionaries_and_runs_are_their_values() {
    let dictionary: DictionaryArray<Int8Type> = vec![Some("a"), None].into_iter().collect();
    check(dictionary, "String", "a");
    let values = TimestampSecondArray::from(vec![Some(0), None]);
    let runs = RunArray::try_new(&Int32Array::from(vec![1, 2]), &values).unwrap();
    check(runs, "Timestamp", "1970-01-01 00:00:00.000000");
}

#[test]
fn unions_are_texts() {
    let fields = UnionFields::try_new(
        [0, 1],
        [Field::new("i", DataType::Int32, true), Field::new("s", DataType::Utf8, true)],
    )
    .unwrap();
    let children: Vec<ArrayRef> =
        vec![Arc::new(Int32Array::from(vec![Some(7), None])), Arc::new(StringArray::from(vec!["x", "y"]))];
    let union = UnionArray::try_new(fields, ScalarBuffer::from(vec![0_i8, 0]), None, children).unwrap();
    let (data_type, cells) = encode(Arc::new(union), "UTC");
    assert_eq!(data_type, "Nullable(String)");
    assert_eq!(cells, [Some("{i=7}".to_owned()), None]);
}

#[test]
fn marked_texts_are_variants() {
    let field = Field::new("v", DataType::Utf8View, true)
        .with_metadata([("Extension".to_owned(), "Variant".to_owned())].into());
    let column: ArrayRef = Arc::new(StringViewArray::from(vec![Some(r#"{"a":"b"}"#), None]));
    let (data_type, cells) = encode_field(field, column, "UTC");
    assert_eq!(data_type, "Nullable(Variant)");
    assert_eq!(cells, [Some(r#"{"a":"b"}"#.to_owned()), None]);
}

#[test]
fn slices_are_written_from_their_first_row() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1)]),
        Some(vec![Some(2), Some(3)]),
        None,
    ]);
    check(list.slice(1, 2), "Array(Nullable(Int32))", "[2,3]");
    let dictionary: DictionaryArray<Int8Type> = vec![Some("a"), Some("b"), None].into_iter().collect();
    check(dictionary.slice(1, 2), "String", "b");
}

#[test]
fn the_size_of_a_slice_is_its_own() {
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..1000).map(|_| "x".repeat(100))));
    let batch = RecordBatch::try_from_iter([("t", texts)]).unwrap();
    assert_eq!(size_of_batch(&batch), 116_000);
    assert_eq!(size_of_batch(&batch.slice(10, 10)), 1_160);
    let list: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(
        (0..100).map(|_| Some(vec![Some(1), Some(2)])),
    ));
    let batch = RecordBatch::try_from_iter([("l", list)]).unwrap();
    assert_eq!(size_of_batch(&batch.slice(50, 10)), 10 * (2 * 8 + 4));
}

#[test]
fn rows_of_many_batches_are_one_array() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("a", DataType::Int32, false),
        Field::new("b", DataType::Utf8, true),
    ]));
    let encoder = ResultEncoder::new(schema.clone(), "UTC").unwrap();
    let batch = |a: i32, b: Option<&str>| {
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int32Array::from(vec![a])), Arc::new(StringArray::from(vec![b]))];
        encoder.to_plain(&RecordBatch::try_new(schema.clone(), columns).unwrap()).unwrap()
    };
    let mut json = Vec::new();
    encoder.write_json_rows(&[batch(1, Some("x")), batch(2, None)], &mut json);
    assert_eq!(String::from_utf8(json).unwrap(), r#"[["1","x"],["2",null]]"#);
    let mut none = Vec::new();
    encoder.write_json_rows(&[], &mut none);
    assert_eq!(none, b"[]");
}
