"""Writes the Parquet files of this folder: each type of pyarrow, Polars and DuckDB, written by that program.

    python3 tests/foreign/make.py

creates a virtual environment with the pinned wheels in a temporary folder, and runs itself in it. The files are checked in, since every
run writes other bytes (files contain versions and dates). `tests/tests/foreign` reads them and compares the values with literals.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

WHEELS = ["pyarrow==26.0.1", "polars==2.1.0", "duckdb==2.0.0"]
HERE = pathlib.Path(__file__).resolve().parent


def in_environment():
    """Runs this script with the wheels."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.check_call([sys.executable, "-m", "venv", folder])
        python = os.path.join(folder, "bin", "python")
        subprocess.check_call([python, "-m", "pip", "install", "--quiet", *WHEELS])
        subprocess.check_call([python, str(pathlib.Path(__file__).resolve()), "write"])


def pyarrow_files():
    import datetime as dt
    from decimal import Decimal

    import pyarrow as pa
    import pyarrow.parquet as pq

    def write(name, columns, **options):
        table = pa.table({name: pa.array(values, type=ty) for name, (ty, values) in columns.items()})
        pq.write_table(table, HERE / f"pyarrow_{name}.parquet", **options)

    moment = dt.datetime(2024, 2, 29, 12, 30, 0, 123456)
    write("numbers", {
        **{f"i{bits}": (getattr(pa, f"int{bits}")(), [-(2 ** (bits - 1)), None, 2 ** (bits - 1) - 1])
           for bits in (8, 16, 32, 64)},
        **{f"u{bits}": (getattr(pa, f"uint{bits}")(), [0, None, 2**bits - 1]) for bits in (8, 16, 32, 64)},
        "f16": (pa.float16(), [0.5, None, -2.0]),
        "f32": (pa.float32(), [0.25, None, float("inf")]),
        "f64": (pa.float64(), [0.1, None, -1e300]),
        "flag": (pa.bool_(), [True, None, False]),
    })
    long = "größer als zwölf Bytes"
    write("texts", {
        "plain": (pa.string(), ["a", None, long]),
        "large": (pa.large_string(), ["a", None, long]),
        "view": (pa.string_view(), ["a", None, long]),
        "dictionary": (pa.dictionary(pa.int8(), pa.string()), ["a", None, long]),
        "binary": (pa.binary(), [b"\x00\xff", None, b""]),
        "large_binary": (pa.large_binary(), [b"\x00\xff", None, b""]),
        "fixed": (pa.binary(3), [b"abc", None, b"\x00\x01\x02"]),
        "uuid": (pa.uuid(), [bytes(range(16)), None, bytes(16)]),
        "json": (pa.json_(), ['{"a":1}', None, "[]"]),
    })
    write("times", {
        "date32": (pa.date32(), [dt.date(2024, 2, 29), None, dt.date(1969, 12, 31)]),
        "date64": (pa.date64(), [dt.date(2024, 2, 29), None, dt.date(1969, 12, 31)]),
        "seconds": (pa.timestamp("s"), [1709209800, None, -1]),
        "millis": (pa.timestamp("ms"), [1709209800123, None, -1]),
        "micros": (pa.timestamp("us"), [1709209800123456, None, -1]),
        "nanos": (pa.timestamp("ns"), [1709209800123456789, None, -1]),
        "zoned": (pa.timestamp("us", tz="Europe/Berlin"), [1709209800123456, None, -1]),
        "zoned_nanos": (pa.timestamp("ns", tz="UTC"), [1709209800123456789, None, -1]),
        "time32": (pa.time32("ms"), [45000123, None, 0]),
        "time32_seconds": (pa.time32("s"), [45000, None, 0]),
        "time64": (pa.time64("us"), [45000123456, None, 0]),
        "time64_nanos": (pa.time64("ns"), [45000123456789, None, 0]),
        "duration": (pa.duration("ms"), [90061001, None, -5]),
    })
    write("decimals", {
        "d32": (pa.decimal32(7, 2), [Decimal("12345.67"), None, Decimal("-0.01")]),
        "d64": (pa.decimal64(16, 4), [Decimal("123456789012.3456"), None, Decimal("-0.0001")]),
        "d128": (pa.decimal128(38, 10), [Decimal("922337203.6854775807"), None, Decimal("-0.0000000001")]),
        "d256": (pa.decimal256(50, 3), [Decimal("12.345"), None, Decimal("-0.001")]),
        "too_large": (pa.decimal128(38, 10), [Decimal("1"), None, Decimal("922337203.6854775808")]),
        "far_too_large": (pa.decimal256(50, 3), [Decimal("1"), None, Decimal(10) ** 40]),
        "fine": (pa.decimal128(38, 20), [Decimal("1"), None, Decimal("2")]),
    })
    write("decimals_as_integers", {
        "int32": (pa.decimal128(9, 2), [Decimal("1234567.89"), None, Decimal("-0.01")]),
        "int64": (pa.decimal128(18, 2), [Decimal("1234567890123456.78"), None, Decimal("-0.01")]),
        "flba": (pa.decimal128(20, 2), [Decimal("1234567890123456.78"), None, Decimal("-0.01")]),
    }, store_decimal_as_integer=True)
    item = pa.struct([("name", pa.string()), ("count", pa.uint32())])
    items = [[{"name": "tea", "count": 2}, {"name": "salt", "count": 1}], None, []]
    write("lists", {
        "full": (pa.list_(pa.int32()), [[1, 2], [], [3]]),
        "maybe": (pa.list_(pa.int32()), [[1, 2], None, []]),
        "holes": (pa.list_(pa.int32()), [[1, None], None, [None]]),
        "large": (pa.large_list(pa.int64()), [[1, None], None, []]),
        "fixed": (pa.list_(pa.float32(), 2), [[0.5, 1.5], [2.5, 3.5], [4.5, 5.5]]),
        "words": (pa.list_(pa.string()), [["a", long], None, []]),
        "word_holes": (pa.list_(pa.string()), [["a", None], None, []]),
        "bytes": (pa.list_(pa.binary()), [[b"\xff"], None, []]),
        "days": (pa.list_(pa.date32()), [[dt.date(2024, 2, 29)], None, []]),
        "flags": (pa.list_(pa.bool_()), [[True, False], None, []]),
        "nested": (pa.list_(pa.list_(pa.int64())), [[[1, 2], [], None], None, []]),
        "nothing": (pa.list_(pa.null()), [[None, None], None, []]),
        "items": (pa.list_(item), items),
        "item_holes": (pa.list_(item), [[{"name": None, "count": 2}, None], None, []]),
    })
    home = pa.struct([("zip", pa.uint32()), ("city", pa.string())])
    person = pa.struct([("name", pa.string()), ("home", home), ("tags", pa.list_(pa.string()))])
    ada = {"name": "Ada", "home": {"zip": 7, "city": "York"}, "tags": ["a", "b"]}
    write("nested", {
        "home": (home, [{"zip": 7, "city": "York"}, {"zip": None, "city": None}, None]),
        "person": (person, [ada, {"name": "Bob", "home": None, "tags": None}, None]),
        "people": (pa.list_(person), [[ada, {"name": "Bob", "home": None, "tags": []}], [], None]),
        "counts": (pa.map_(pa.string(), pa.int64()), [[("b", 2), ("a", 1)], [], None]),
        "gaps": (pa.map_(pa.int32(), pa.string()), [[(1, None), (2, "two")], [], None]),
        "homes": (pa.map_(pa.string(), home), [[("x", {"zip": 1, "city": "A"})], [], None]),
        "baskets": (pa.map_(pa.string(), pa.list_(item)), [[("x", items[0])], [], None]),
        "twice": (pa.map_(pa.string(), pa.int64()), [[("a", 1), ("a", 2)], [], None]),
        "nothing": (pa.null(), [None, None, None]),
    })
    write("int96", {"moment": (pa.timestamp("ns"), [1709209800123456789, None, -1])},
          use_deprecated_int96_timestamps=True)
    write("flavour_spark", {"moment": (pa.timestamp("us"), [moment, None, moment]), "an_id": (pa.int64(), [1, 2, 3])},
          flavor="spark")
    write("case", {"OrderKey": (pa.int64(), [1]), "Kunde": (home, [{"zip": 7, "city": "York"}]),
                   "note": (pa.string(), ["a"]), "NOTE": (pa.string(), ["b"])})
    thousand = {"id": (pa.int64(), list(range(1000))), "word": (pa.string(), [f"word {n % 10}" for n in range(1000)]),
                "items": (pa.list_(item), [[{"name": "x", "count": n}] * (n % 3) for n in range(1000)])}
    write("row_groups", thousand, row_group_size=300)
    write("pages", thousand, data_page_size=512, write_batch_size=50, data_page_version="2.0", use_dictionary=False)
    write("checksums", thousand, write_page_checksum=True, write_page_index=True)
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        write(f"codec_{codec}", thousand, compression=codec)
    write("encodings", {
        "delta": (pa.int64(), [5, None, 2**62, -7]),
        "delta_small": (pa.int32(), [5, None, 2**30, -7]),
        "lengths": (pa.string(), ["a", None, long, ""]),
        "prefixes": (pa.string(), ["abc", None, "abd", "ab"]),
        "split": (pa.float64(), [0.1, None, -2.5, 1e300]),
        "split32": (pa.float32(), [0.5, None, -2.5, 1e30]),
        "split_int": (pa.int32(), [1, None, -2, 3]),
        "runs": (pa.bool_(), [True, None, False, True]),
        "plain": (pa.int64(), [1, None, 2, 3]),
    }, use_dictionary=False, data_page_version="2.0", column_encoding={
        "delta": "DELTA_BINARY_PACKED", "delta_small": "DELTA_BINARY_PACKED", "lengths": "DELTA_LENGTH_BYTE_ARRAY",
        "prefixes": "DELTA_BYTE_ARRAY", "split": "BYTE_STREAM_SPLIT", "split32": "BYTE_STREAM_SPLIT",
        "split_int": "BYTE_STREAM_SPLIT", "runs": "RLE", "plain": "PLAIN"})
    write("empty", {"id": (pa.int64(), []), "items": (pa.list_(item), [])})


def polars_files():
    import datetime as dt
    from decimal import Decimal

    import polars as pl

    def write(name, columns, **options):
        frame = pl.DataFrame([pl.Series(name, values, dtype=ty) for name, (ty, values) in columns.items()])
        frame.write_parquet(HERE / f"polars_{name}.parquet", **options)

    long = "größer als zwölf Bytes"
    item = pl.Struct({"name": pl.String, "count": pl.UInt32})
    moment = dt.datetime(2024, 2, 29, 12, 30, 0, 123456)
    write("values", {
        "i8": (pl.Int8, [-128, None]), "i16": (pl.Int16, [-32768, None]), "i32": (pl.Int32, [-(2**31), None]),
        "i64": (pl.Int64, [-(2**63), None]), "u8": (pl.UInt8, [255, None]), "u16": (pl.UInt16, [65535, None]),
        "u32": (pl.UInt32, [2**32 - 1, None]), "u64": (pl.UInt64, [2**64 - 1, None]),
        "f32": (pl.Float32, [0.25, None]), "f64": (pl.Float64, [0.1, None]), "flag": (pl.Boolean, [True, None]),
        "text": (pl.String, [long, None]), "binary": (pl.Binary, [b"\x00\xff", None]),
        "date": (pl.Date, [dt.date(2024, 2, 29), None]),
        "millis": (pl.Datetime("ms"), [moment, None]), "micros": (pl.Datetime("us"), [moment, None]),
        "nanos": (pl.Datetime("ns"), [1709209800123456789, None]),
        "zoned": (pl.Datetime("us", "Europe/Berlin"), [1709209800123456, None]),
        "time": (pl.Time, [dt.time(12, 30, 0, 123456), None]),
        "duration": (pl.Duration("us"), [dt.timedelta(days=1, microseconds=5), None]),
        "decimal": (pl.Decimal(38, 4), [Decimal("12.3456"), None]),
        "category": (pl.Categorical, ["red", None]), "choice": (pl.Enum(["red", "blue"]), ["blue", None]),
        "list": (pl.List(pl.Int64), [[1, 2], None]), "holes": (pl.List(pl.Int64), [[1, None], []]),
        "array": (pl.Array(pl.Int32, 2), [[1, 2], [3, 4]]), "words": (pl.List(pl.String), [["a", long], []]),
        "home": (pl.Struct({"zip": pl.UInt32, "city": pl.String}), [{"zip": 7, "city": "York"}, None]),
        "items": (pl.List(item), [[{"name": "tea", "count": 2}, {"name": "salt", "count": 1}], []]),
        "nested": (pl.List(pl.List(pl.Int64)), [[[1], []], None]),
        "nothing": (pl.Null, [None, None]),
    })
    write("wide", {"i128": (pl.Int128, [2**100, None])})
    thousand = {"id": (pl.Int64, list(range(1000))), "word": (pl.String, [f"word {n % 10}" for n in range(1000)])}
    for codec in ("uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"):
        write(f"codec_{codec}", thousand, compression=codec, row_group_size=400)


def duckdb_files():
    import duckdb

    connection = duckdb.connect()

    def write(name, query, options=""):
        connection.execute(f"COPY ({query}) TO '{HERE}/duckdb_{name}.parquet' (FORMAT parquet{options})")

    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TYPE colour AS ENUM ('red', 'blue')")
    values = {
        "i8": "(-128)::TINYINT", "i16": "(-32768)::SMALLINT", "i32": "(-2147483648)::INTEGER",
        "i64": "(-9223372036854775807)::BIGINT", "u8": "255::UTINYINT", "u16": "65535::USMALLINT",
        "u32": "4294967295::UINTEGER", "u64": "18446744073709551615::UBIGINT", "f32": "0.25::FLOAT",
        "f64": "0.1::DOUBLE", "flag": "true", "text": "'größer als zwölf Bytes'", "blob": "'\\x00\\xFF'::BLOB",
        "day": "DATE '2024-02-29'", "seconds": "TIMESTAMP_S '2024-02-29 12:30:00'",
        "millis": "TIMESTAMP_MS '2024-02-29 12:30:00.123'", "micros": "TIMESTAMP '2024-02-29 12:30:00.123456'",
        "nanos": "TIMESTAMP_NS '2024-02-29 12:30:00.123456789'",
        "zoned": "TIMESTAMPTZ '2024-02-29 13:30:00.123456+01'", "clock": "TIME '12:30:00.123456'",
        "d4": "1.5::DECIMAL(4, 1)", "d9": "1234567.89::DECIMAL(9, 2)", "d18": "12.3456::DECIMAL(18, 4)",
        "d38": "12.3456::DECIMAL(38, 4)", "huge": "5::HUGEINT",
        "uuid": "'00010203-0405-0607-0809-0a0b0c0d0e0f'::UUID", "choice": "'blue'::colour",
        "span": "INTERVAL '1 month 2 days 3 seconds'", "json": "'{\"a\":1}'::JSON", "bits": "'101'::BIT",
        "list": "[1, 2]::BIGINT[]", "holes": "[1, NULL]::BIGINT[]", "words": "['a', 'b']", "pair": "[1, 2]::INTEGER[2]",
        "home": "{'zip': 7::UINTEGER, 'city': 'York'}",
        "items": "[{'name': 'tea', 'count': 2::UINTEGER}, {'name': 'salt', 'count': 1::UINTEGER}]",
        "counts": "MAP {'b': 2::BIGINT, 'a': 1::BIGINT}", "nested": "[[1, 2], []]::BIGINT[][]",
        "nothing": "NULL",
    }
    columns = lambda of: ", ".join(f"{of(value)} AS {name}" for name, value in values.items())
    # The second row is null in every column.
    first, second = columns(lambda value: value), columns(lambda value: f"CASE WHEN false THEN {value} END")
    write("values", f"SELECT {first} UNION ALL SELECT {second}")
    thousand = "SELECT range AS id, 'word ' || (range % 10) AS word FROM range(1000)"
    for codec in ("uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4", "lz4_raw"):
        write(f"codec_{codec}", thousand, f", COMPRESSION {codec}")
    write("version_2", thousand, ", PARQUET_VERSION v2, ROW_GROUP_SIZE 300")


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        pyarrow_files()
        polars_files()
        duckdb_files()
        total = sum(file.stat().st_size for file in HERE.glob("*.parquet"))
        print(f"{total} bytes")
        assert total <= 1 << 20, "more than 1 MiB"
    else:
        in_environment()
