"""Avro files, written here by hand: every type and every logical type, with the rows that they stand for."""

import datetime
import json
import struct
import uuid
import zlib
from decimal import Decimal

SYNC = bytes(range(16))


def long(number):
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def raw(value):
    return long(len(value)) + value


def text(value):
    return raw(value.encode())


def option(value, write):
    """A union of null and something."""
    return long(0) if value is None else long(1) + write(value)


def container(schema, rows, codec="null", blocks=1):
    meta = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    out = b"Obj\x01" + long(len(meta)) + b"".join(text(key) + raw(value) for key, value in meta.items()) + long(0) + SYNC
    size = max(1, -(-len(rows) // blocks))
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        data = b"".join(part)
        if codec == "deflate":
            packer = zlib.compressobj(wbits=-15)
            data = packer.compress(data) + packer.flush()
        out += long(len(part)) + raw(data) + SYNC
    return out


DAY = datetime.date(2024, 2, 29)
MOMENT = datetime.datetime(2024, 2, 29, 12, 34, 56, 789012)
EPOCH = datetime.datetime(1970, 1, 1)
MICROS = (MOMENT - EPOCH) // datetime.timedelta(microseconds=1)
ID = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")


def logical(kind, of, **more):
    return {"type": of, "logicalType": kind, **more}


# Name, schema, bytes of a value, what a client sees.
COLUMNS = [
    ("flag", "boolean", b"\x01", True),
    ("i", "int", long(-7), -7),
    ("l", "long", long(2**62), 2**62),
    ("f", "float", struct.pack("<f", 1.5), 1.5),
    ("d", "double", struct.pack("<d", -0.25), -0.25),
    ("s", "string", text("ä"), "ä"),
    ("kind", {"type": "enum", "name": "kinds", "symbols": ["A", "B"]}, long(1), "B"),
    ("maybe", ["null", "string"], option(None, text), None),
    ("day", logical("date", "int"), long((DAY - EPOCH.date()).days), DAY),
    ("ms", logical("timestamp-millis", "long"), long(MICROS // 1000), MOMENT.replace(microsecond=789000)),
    ("us", logical("timestamp-micros", "long"), long(MICROS), MOMENT),
    ("local_ms", logical("local-timestamp-millis", "long"), long(MICROS // 1000), MOMENT.replace(microsecond=789000)),
    ("local_us", logical("local-timestamp-micros", "long"), long(MICROS), MOMENT),
    ("money", logical("decimal", "bytes", precision=9, scale=2), raw((-12345).to_bytes(4, "big", signed=True)), Decimal("-123.45")),
    (
        "fixed_money",
        {"type": "fixed", "name": "money", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 3},
        (98765).to_bytes(8, "big", signed=True),
        Decimal("98.765"),
    ),
    ("list", {"type": "array", "items": "int"}, long(2) + long(1) + long(2) + long(0), [1, 2]),
    ("nested", {"type": "record", "name": "pair", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "string"}]}, long(3) + text("x"), (3, "x")),
]


def all_types(codec="null", blocks=1, rows=3):
    schema = {"type": "record", "name": "row", "fields": [{"name": name, "type": kind} for name, kind, _, _ in COLUMNS]}
    row = b"".join(value for _, _, value, _ in COLUMNS)
    return container(schema, [row] * rows, codec, blocks)


def other_types():
    """Types that clients see as something of their own."""
    fields = [
        ("time_ms", logical("time-millis", "int"), long(45_296_789)),
        ("time_us", logical("time-micros", "long"), long(45_296_789_012)),
        ("id", logical("uuid", "string"), text(str(ID))),
        ("bytes", "bytes", raw(b"\x01\xff")),
        ("fixed", {"type": "fixed", "name": "four", "size": 4}, b"abcd"),
        ("map", {"type": "map", "values": "long"}, long(1) + text("k") + long(5) + long(0)),
    ]
    schema = {"type": "record", "name": "row", "fields": [{"name": name, "type": kind} for name, kind, _ in fields]}
    return container(schema, [b"".join(value for _, _, value in fields)])


def files():
    plain = all_types()
    return {
        "null": plain,
        "deflate": all_types("deflate"),
        "many_blocks": all_types(blocks=3, rows=9),
        "no_rows": all_types(rows=0),
        "other": other_types(),
        "cut": plain[:-30],
        "wrong_sync": plain[:-16] + bytes(16),
        "wrong_magic": b"Obj\x02" + plain[4:],
        "lying_block": plain[: plain.index(SYNC) + 16] + long(3) + long(1 << 40) + b"x" * 100,
    }
