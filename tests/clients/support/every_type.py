"""Every type that a Parquet file can hold, with its extremes, and what each client must make of it.

Each column has three rows: a lowest or first value, a highest or last one, and NULL.
"""

import datetime
import struct
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

UTC = datetime.timezone.utc


@dataclass(frozen=True)
class Column:
    """`bendsql` is the text of BendSQL; `python` the values of the driver for Python; `node` the texts of
    that for Node, where they are not those of BendSQL."""

    name: str
    values: pa.Array
    bendsql: list
    python: list
    node: list


def column(name, kind, values, bendsql=None, python=None, node=None):
    """A column and its NULL; what is not given follows from what is."""
    texts = [str(value) for value in values] if bendsql is None else bendsql
    return Column(
        name,
        pa.array([*values, None], type=kind),
        [*texts, "NULL"],
        [*(values if python is None else python), None],
        [*(texts if node is None else node), None],
    )


def instants(name, kind, low, high):
    """A column of timestamps: digits in UTC, exact to the microsecond. A JavaScript Date counts
    milliseconds, and the driver for Node rounds towards 1970."""
    values = [datetime.datetime.fromisoformat(text) for text in (low, high)]
    aware = [value.replace(tzinfo=UTC) for value in values]
    return column(
        name,
        kind,
        aware if getattr(kind, "tz", None) else values,
        [f"{text:0<26}" if "." in text else f"{text}.000000" for text in (low, high)],
        aware,
        [_javascript_date(value) for value in values],
    )


def _javascript_date(value):
    is_rounded_up = value.year < 1970 and value.microsecond % 1000
    milliseconds = value.microsecond // 1000 + (1 if is_rounded_up else 0)
    return f"{value:%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z".zfill(24)


def decimals(name, kind, low, high):
    return column(name, kind, [Decimal(low), Decimal(high)], [low, high])


def integers(name, kind):
    """The extremes of an integer. The driver for Node makes a Number, not a BigInt, of an Int64, which
    holds 53 bits; `test_node_gets_int64_exactly_as_text` reads those digits."""
    bits = kind.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if pa.types.is_signed_integer(kind) else (0, 2**bits - 1)
    rounded = ["-9223372036854776000", "9223372036854776000"] if kind == pa.int64() else None
    return column(name, kind, [low, high], node=rounded)


def single(value):
    """The double that is exactly this single."""
    return struct.unpack("f", struct.pack("f", value))[0]


POINT = pa.struct([("x", pa.int32()), ("label", pa.string())])
TEXT = 'tab\t"quote"\nline, 100 % ü 🎭'
MICROSECONDS = ("0001-01-01 00:00:00.000001", "9999-12-30 21:59:59.999999")
MILLISECONDS = ("0001-01-01 00:00:00.001", "9999-12-30 21:59:59.999")
NANOSECONDS = ("1677-09-21 00:12:44", "2262-04-11 23:47:16.854775")

COLUMNS = [
    column("bool", pa.bool_(), [False, True], ["false", "true"]),
    *[integers(str(kind), kind) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())],
    *[integers(str(kind), kind) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())],
    column(
        "float32", pa.float32(), [single(-3.4028235e38), single(1e-45)], ["-3.4028235e+38", "1e-45"],
        node=["-3.4028234663852886e+38", "1.401298464324817e-45"],
    ),
    column("float64", pa.float64(), [-0.0, 5e-324], ["-0.0", "5e-324"], node=["-0", "5e-324"]),
    column(
        "float64_special", pa.float64(), [float("nan"), float("-inf")], ["NaN", "-inf"], node=["NaN", "-Infinity"]
    ),
    decimals("decimal_9", pa.decimal128(9, 2), "-9999999.99", "0.01"),
    decimals("decimal_18", pa.decimal128(18, 0), "-" + "9" * 18, "9" * 18),
    decimals("decimal_38", pa.decimal128(38, 10), "-" + "9" * 28 + "." + "9" * 10, "0.0000000001"),
    decimals("decimal_76", pa.decimal256(76, 5), "-" + "9" * 71 + "." + "9" * 5, "0.00001"),
    column("string", pa.string(), ["", TEXT]),
    column("large_string", pa.large_string(), ["", TEXT]),
    column("string_view", pa.string_view(), ["", TEXT]),
    column("dictionary", pa.dictionary(pa.int8(), pa.string()), ["", TEXT]),
    column("binary", pa.binary(), [b"", b"\x00\xffab"], ["", "00FF6162"], node=["", "00ff6162"]),
    column("binary_4", pa.binary(4), [b"\x00" * 4, b"\xff" * 4], ["0" * 8, "F" * 8], node=["0" * 8, "f" * 8]),
    column(
        "date", pa.date32(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
        node=["0001-01-01T00:00:00.000Z", "9999-12-31T00:00:00.000Z"],
    ),
    instants("timestamp_ms", pa.timestamp("ms"), *MILLISECONDS),
    instants("timestamp_us", pa.timestamp("us"), *MICROSECONDS),
    instants("timestamp_ns", pa.timestamp("ns"), *NANOSECONDS),
    instants("timestamp_utc", pa.timestamp("us", "UTC"), *MICROSECONDS),
    instants("timestamp_zone", pa.timestamp("us", "America/New_York"), *MICROSECONDS),
    column(
        "list", pa.list_(pa.int32()), [[], [1, None, -(2**31)]], ["[]", "[1,NULL,-2147483648]"],
        node=[[], ["1", None, "-2147483648"]],
    ),
    column(
        "large_list", pa.large_list(pa.string()), [[""], ["a", None]], ['[""]', '["a",NULL]'], node=[[""], ["a", None]]
    ),
    column(
        "fixed_list", pa.list_(pa.int16(), 2), [[1, None], [-1, 2]], ["[1,NULL]", "[-1,2]"],
        node=[["1", None], ["-1", "2"]],
    ),
    column(
        "list_of_lists", pa.list_(pa.list_(pa.int32())), [[], [[1], [], None]], ["[]", "[[1],[],NULL]"],
        node=[[], [["1"], [], None]],
    ),
    column(
        "struct", POINT, [{"x": 1, "label": "a"}, {"x": None, "label": None}], ['(1,"a")', "(NULL,NULL)"],
        [(1, "a"), (None, None)], [["1", "a"], [None, None]],
    ),
    column(
        "list_of_structs", pa.list_(POINT), [[], [{"x": 1, "label": "a"}, None]], ["[]", '[(1,"a"),NULL]'],
        [[], [(1, "a"), None]], [[], [["1", "a"], None]],
    ),
    column(
        "map", pa.map_(pa.string(), pa.int32()), [[], [("a", 1), ("b", None)]], ["{}", '{"a":1,"b":NULL}'],
        [{}, {"a": 1, "b": None}], [{}, {"a": "1", "b": None}],
    ),
    column(
        "list_of_instants", pa.list_(pa.timestamp("us", "UTC")),
        [[], [datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, UTC)]], ["[]", '["1969-12-31 23:59:59.999000"]'],
        node=[[], ["1969-12-31T23:59:59.999Z"]],
    ),
    column(
        "list_of_decimals", pa.list_(pa.decimal128(38, 2)), [[], [Decimal("-0.01"), None]], ["[]", "[-0.01,NULL]"],
        node=[[], ["-0.01", None]],
    ),
]  # fmt: skip


def table():
    """All of them."""
    return pa.table({column.name: column.values for column in COLUMNS})


def same(expected, found):
    """Equality that sees the sign of zero, and for which NaN is NaN."""
    return repr(expected) == repr(found) and type(expected) is type(found)
