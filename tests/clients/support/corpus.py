"""Odd files, made here: what csv-spectrum, parquet-testing and arrow-testing have, in small."""

import bz2
import datetime
import gzip
import io
import json
import lzma
from decimal import Decimal

import pyarrow as pa
import pyarrow.feather as feather
from pyarrow import orc

from support.customer import parquet_bytes

ROWS = 500

# What csv-spectrum has, and more.
CSV = {
    "simple": b"a,b,c\n1,2,3\n",
    "simple_crlf": b"a,b,c\r\n1,2,3\r\n",
    "no_last_newline": b"a,b,c\n1,2,3\n4,5,6",
    "comma_in_quotes": b'first,last,address,city,zip\nJohn,Doe,120 any st.,"Anytown, WW",08123\n',
    "empty_fields": b'a,b,c\n1,"",""\n2,3,4\n',
    "empty_fields_crlf": b'a,b,c\r\n1,"",""\r\n2,3,4\r\n',
    "escaped_quotes": b'a,b\n1,"ha ""ha"" ha"\n3,4\n',
    "json": b'key,val\n1,"{""type"": ""Point"", ""coordinates"": [102.0, 0.5]}"\n',
    "newlines": b'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n',
    "newlines_crlf": b'a,b,c\r\n1,2,3\r\n"Once upon \r\na time",5,6\r\n7,8,9\r\n',
    "quotes_and_newlines": b'a,b\n1,"ha \n""ha"" \nha"\n3,4\n',
    "utf8": "a,b,c\n1,2,3\n4,5,ʤ\n".encode(),
    "byte_order_mark": b"\xef\xbb\xbfa,b\n1,x\n",
    "types": b"i,f,d,t,z,s\n1,1.5,2024-02-29,2024-02-29 10:00:00,true,x\n-2,1e3,0001-01-01,1999-12-31 23:59:59.5,false,\n",
    "nulls": b"a,b\n,x\n1,\n",
    "quoted_header": b'"first name","last,name"\nAnn,Bee\n',
    "wide": b",".join(b"c%d" % i for i in range(300)) + b"\n" + b",".join(b"%d" % i for i in range(300)) + b"\n",
    "long_line": b"a,b\n1," + b"x" * 300_000 + b"\n2,y\n",
}

NDJSON = {
    "simple": b'{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n',
    "missing": b'{"a":1}\n{"a":2,"b":1.5}\n{"b":2}\n',
    "nested": b'{"a":{"b":[1,2],"c":"x"}}\n{"a":{"b":[],"c":null}}\n',
    "blank_lines": b'\n{"a":1}\n\n{"a":2}\n',
    "unicode": '{"a":"\\u00e4\\ud83d\\ude00 ʤ"}\n'.encode(),
    "crlf": b'{"a":1}\r\n{"a":2}\r\n',
    "floats": b'{"a":1}\n{"a":2.5}\n{"a":1e300}\n',
}


def rows_text():
    """A text file that is long enough to be cut into blocks when it is repeated."""
    lines = ["number,name,ratio"] + [f'{i},"name, {i}",{i / 8}' for i in range(60_000)]
    return ("\n".join(lines) + "\n").encode()


def packed(text):
    """One text in every packing that Python has, by ending."""
    half = len(text) // 2
    return {
        "gz": gzip.compress(text),
        "members.gz": gzip.compress(text[:half]) + gzip.compress(text[half:]),
        "bz2": bz2.compress(text),
        "xz": lzma.compress(text),
        "zst": pa.compress(text, codec="zstd", asbytes=True),
        "br": pa.compress(text, codec="brotli", asbytes=True),
    }


def odd_table():
    """Columns of many types with NULLs."""

    def some(make):
        return [None if i % 7 == 3 else make(i) for i in range(ROWS)]

    day = datetime.date(1970, 1, 1)
    moment = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
    columns = {
        "i8": pa.array(some(lambda i: i % 256 - 128), pa.int8()),
        "i16": pa.array(some(lambda i: i * 60 - 15000), pa.int16()),
        "i32": pa.array(some(lambda i: i * -4_000_000), pa.int32()),
        "i64": pa.array(some(lambda i: 2**63 - 1 - i), pa.int64()),
        "u8": pa.array(some(lambda i: i % 256), pa.uint8()),
        "u32": pa.array(some(lambda i: 2**32 - 1 - i), pa.uint32()),
        "u64": pa.array(some(lambda i: 2**64 - 1 - i), pa.uint64()),
        "f32": pa.array(some(lambda i: i / 4), pa.float32()),
        "f64": pa.array(some(lambda i: i / 3), pa.float64()),
        "flag": pa.array(some(lambda i: i % 3 == 0), pa.bool_()),
        "text": pa.array(some(lambda i: f"text {i % 11} ä"), pa.string()),
        "long_text": pa.array(some(lambda i: "x" * (i % 50)), pa.large_string()),
        "dictionary": pa.array(some(lambda i: f"word {i % 3}")).dictionary_encode(),
        "bytes": pa.array(some(lambda i: bytes([i % 256, 0])), pa.binary()),
        "fixed": pa.array(some(lambda i: bytes([i % 256] * 4)), pa.binary(4)),
        "day": pa.array(some(lambda i: day + datetime.timedelta(days=i * 30 - 5000)), pa.date32()),
        "ms": pa.array(some(lambda i: moment.replace(microsecond=123000) + datetime.timedelta(hours=i)), pa.timestamp("ms")),
        "us": pa.array(some(lambda i: moment + datetime.timedelta(hours=i)), pa.timestamp("us")),
        "ns": pa.array(some(lambda i: moment + datetime.timedelta(hours=i)), pa.timestamp("ns")),
        "decimal9": pa.array(some(lambda i: Decimal(i) / 100), pa.decimal128(9, 2)),
        "decimal18": pa.array(some(lambda i: Decimal(i * 10**12) / 1000), pa.decimal128(18, 3)),
        "decimal38": pa.array(some(lambda i: Decimal(-i * 10**30)), pa.decimal128(38, 0)),
        "list": pa.array(some(lambda i: list(range(i % 4))), pa.list_(pa.int32())),
        "tuple": pa.array(some(lambda i: {"a": i, "b": str(i)}), pa.struct([("a", pa.int64()), ("b", pa.string())])),
    }
    return pa.table(columns)


DELTA = {"i64": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "bytes": "DELTA_LENGTH_BYTE_ARRAY"}

PARQUET_OPTIONS = {
    "plain": {"use_dictionary": False},
    "dictionary": {"use_dictionary": True},
    "page_version_2": {"data_page_version": "2.0"},
    "many_row_groups": {"row_group_size": 10},
    "small_pages": {"data_page_size": 64, "write_page_index": True},
    "int96": {"use_deprecated_int96_timestamps": True},
    "delta": {"use_dictionary": False, "column_encoding": DELTA},
    "byte_stream_split": {"use_dictionary": False, "column_encoding": {"f32": "BYTE_STREAM_SPLIT", "f64": "BYTE_STREAM_SPLIT"}},
    "version_1": {"version": "1.0", "coerce_timestamps": "us", "allow_truncated_timestamps": True},
    "gzip": {"compression": "gzip"},
    "brotli": {"compression": "brotli"},
    "zstd": {"compression": "zstd"},
    "lz4": {"compression": "lz4"},
    "none": {"compression": "none"},
    "no_statistics": {"write_statistics": False},
}


def parquet_files():
    table = odd_table()
    files = {name: parquet_bytes(table, **options) for name, options in PARQUET_OPTIONS.items()}
    files["no_rows"] = parquet_bytes(table.slice(0, 0))
    return files


def arrow_files():
    table = odd_table()
    stream, file, compressed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=77)
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=77)
    feather.write_feather(table, compressed, compression="zstd", chunksize=100)
    return {"stream.arrows": stream.getvalue(), "file.arrow": file.getvalue(), "feather.arrow": compressed.getvalue()}


def json_array():
    return json.dumps([{"a": i, "b": f"x{i}", "c": {"d": [i]}} for i in range(1000)]).encode()


def orc_table():
    """What ORC can hold, with NULLs."""

    def some(make):
        return [None if i % 7 == 3 else make(i) for i in range(ROWS)]

    day = datetime.date(1970, 1, 1)
    moment = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
    columns = {
        "i8": pa.array(some(lambda i: i % 256 - 128), pa.int8()),
        "i16": pa.array(some(lambda i: i * 60 - 15000), pa.int16()),
        "i32": pa.array(some(lambda i: i * -4_000_000), pa.int32()),
        "i64": pa.array(some(lambda i: 2**63 - 1 - i * 7919), pa.int64()),
        "run": pa.array(some(lambda i: i // 50), pa.int64()),
        "f32": pa.array(some(lambda i: i / 4), pa.float32()),
        "f64": pa.array(some(lambda i: i / 3), pa.float64()),
        "flag": pa.array(some(lambda i: i % 3 == 0), pa.bool_()),
        "text": pa.array(some(lambda i: f"text {i} ä"), pa.string()),
        "word": pa.array(some(lambda i: f"word {i % 3}"), pa.string()),
        "bytes": pa.array(some(lambda i: bytes([i % 256, 0])), pa.binary()),
        "day": pa.array(some(lambda i: day + datetime.timedelta(days=i * 30 - 5000)), pa.date32()),
        "us": pa.array(some(lambda i: moment + datetime.timedelta(hours=i * 1000 - 400_000)), pa.timestamp("us")),
        "decimal9": pa.array(some(lambda i: Decimal(i) / 100), pa.decimal128(9, 2)),
        "decimal38": pa.array(some(lambda i: Decimal(-i * 10**30)), pa.decimal128(38, 0)),
        "list": pa.array(some(lambda i: list(range(i % 4))), pa.list_(pa.int32())),
        "tuple": pa.array(some(lambda i: {"a": i, "b": str(i)}), pa.struct([("a", pa.int64()), ("b", pa.string())])),
        "nested": pa.array(some(lambda i: [{"x": [i, None]}, None]), pa.list_(pa.struct([("x", pa.list_(pa.int64()))]))),
    }
    return pa.table(columns)


ORC_OPTIONS = {
    "uncompressed": {"compression": "uncompressed"},
    "zlib": {"compression": "zlib"},
    "snappy": {"compression": "snappy"},
    "lz4": {"compression": "lz4"},
    "zstd": {"compression": "zstd"},
    "version_0_11": {"file_version": "0.11"},
    "dictionary": {"dictionary_key_size_threshold": 1.0},
    "small_blocks": {"compression": "zlib", "compression_block_size": 65536},
    "small_stripes": {"stripe_size": 16 << 10, "batch_size": 32, "row_index_stride": 1000},
}


def orc_files():
    def written(table, **options):
        out = io.BytesIO()
        orc.write_table(table, out, **options)
        return out.getvalue()

    table = orc_table()
    files = {name: written(table, **options) for name, options in ORC_OPTIONS.items()}
    files["no_rows"] = written(table.slice(0, 0))
    files["map"] = written(pa.table({"m": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64()))}))
    files["utc"] = written(pa.table({"t": pa.array([datetime.datetime(2024, 2, 29, 12), None], pa.timestamp("us", tz="UTC"))}))
    return files


def more_types():
    """Types that DuckDB and the driver have other words for: what a client sees stands beside each."""
    moment = datetime.datetime(2024, 2, 29, 12, 34, 56, 789012)
    return {
        "lists": (pa.array([[[1, 2], []], None, [None, [3]]], pa.list_(pa.list_(pa.int32()))), [[[1, 2], []], None, [None, [3]]]),
        "structs": (
            pa.array([[{"a": 1, "b": "x"}], [], None], pa.list_(pa.struct([("a", pa.int64()), ("b", pa.string())]))),
            [[[1, "x"]], [], None],
        ),
        "fixed_list": (pa.array([[1, 2], [3, 4], None], pa.list_(pa.int16(), 2)), [[1, 2], [3, 4], None]),
        "utc": (pa.array([moment, None, moment], pa.timestamp("us", tz="UTC")), [moment, None, moment]),
        "berlin": (pa.array([moment, None, moment], pa.timestamp("ms", tz="Europe/Berlin")), [moment.replace(microsecond=789000), None, moment.replace(microsecond=789000)]),
        "time_ms": (pa.array([datetime.time(1, 2, 3, 4000), None, None], pa.time32("ms")), ["01:02:03.004", None, None]),
        "time_us": (pa.array([datetime.time(1, 2, 3, 4), None, None], pa.time64("us")), ["01:02:03.000004", None, None]),
        "nothing": (pa.nulls(3), [None, None, None]),
        "decimal_long": (pa.array([Decimal("12345678901234567890123456789012345678901234.5"), None, Decimal(-1)], pa.decimal256(50, 1)), [Decimal("12345678901234567890123456789012345678901234.5"), None, Decimal(-1)]),
        "f16": (pa.array([1.5, None, -2.0], pa.float16()), [1.5, None, -2.0]),
        "long_bytes": (pa.array([b"\x00\xff", None, b""], pa.large_binary()), [b"\x00\xff", None, b""]),
    }
