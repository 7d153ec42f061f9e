"""Reads every Parquet, CSV and JSON file below a folder with the engine and with pyarrow, and compares their rows.

    cargo build --release -p tests --bin foreign
    python3 tests/foreign/compare.py target/release/foreign FOLDER...

needs pyarrow (`pip install pyarrow`). Tested folders: parquet-testing and arrow-testing of Apache, `data` of DuckDB, `files` of the tests
of Polars, JSONTestSuite, csv-spectrum. A file passes if its rows equal those of pyarrow (of Python's `json`, if pyarrow cannot read the
JSON), or if the engine rejects it with a message that names the file. If a record is rejected, its columns are read one by one.

It fails if rows differ, if a message names no file, if a process crashes or hangs, and if any code panics, even if the panic is caught.
For review it prints the messages for files that only pyarrow reads, and the files that only the engine reads.
"""

import collections
import concurrent.futures
import concurrent.futures.process
import decimal
import gzip
import json
import math
import os
import pathlib
import re
import resource
import struct
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

SECONDS = 120
MEMORY_BYTES = 8 << 30

# Values that the authors of a file document, and that pyarrow reads wrongly, because its arithmetic overflows.
DOCUMENTED = {
    "int96_from_spark.parquet": [1704141296123456, 1704070800000000, 253402225200000000, 1735599600000000, None,
                                 9089380393200000000],
}

# The only column of JSON lines that are not objects.
VALUE = "(the line)"


class Unreadable(Exception):
    """pyarrow cannot read the file, or no type of field can hold its values."""


class Number(str):
    """The text of a JSON number that is not an integer."""


def format_of(path):
    name, folder = path.name.lower(), str(path.parent).lower()
    endings = name.removesuffix(".gz").removesuffix(".zst").split(".")[1:]
    if "parquet" in endings:
        return "parquet"
    if "csv" in endings:
        return "csv"
    if {"json", "ndjson", "jsonl"} & set(endings):
        return "json"
    # Inputs of fuzzers have no suffixes.
    if "fuzz" in folder and not endings:
        return next((kind for kind in ("parquet", "csv") if kind in folder), None)
    return None


# Types, as words for the engine.

PLAIN = {
    pa.bool_(): "bool", pa.int8(): "i8", pa.int16(): "i16", pa.int32(): "i32", pa.int64(): "i64",
    pa.uint8(): "u8", pa.uint16(): "u16", pa.uint32(): "u32", pa.uint64(): "u64",
    pa.float16(): "f32", pa.float32(): "f32", pa.float64(): "f64", pa.date32(): "date", pa.date64(): "date",
    pa.null(): "text",
}


def words(ty):
    """The words of a type, without the `optional` before it."""
    if isinstance(ty, pa.BaseExtensionType):
        return words(ty.storage_type)
    if ty in PLAIN:
        return [PLAIN[ty]]
    if pa.types.is_dictionary(ty):
        return words(ty.value_type)
    if pa.types.is_string(ty) or pa.types.is_large_string(ty) or pa.types.is_string_view(ty):
        return ["text"]
    if pa.types.is_binary(ty) or pa.types.is_large_binary(ty) or pa.types.is_binary_view(ty):
        return ["bytes"]
    if pa.types.is_fixed_size_binary(ty):
        return ["bytes"]
    if pa.types.is_timestamp(ty):
        return ["timestamp"]
    if pa.types.is_time(ty):
        return ["i64"]
    if pa.types.is_duration(ty):
        return ["length"]
    if pa.types.is_decimal(ty):
        return [f"decimal {min(max(ty.scale, 0), 18)}"]
    if pa.types.is_map(ty):
        return ["map", *words(ty.key_type), "optional", *words(ty.item_type)]
    if is_list(ty):
        return ["list", "optional", *words(ty.value_type)]
    if pa.types.is_struct(ty):
        return record(list(ty))
    raise Unreadable(f"no field holds {ty}")


def is_list(ty):
    return pa.types.is_list(ty) or pa.types.is_large_list(ty) or pa.types.is_fixed_size_list(ty)


def record(fields):
    if any("\n" in field.name for field in fields):
        raise Unreadable("a name with a newline")
    return [f"record {len(fields)}"] + [word for f in fields for word in (f.name, "optional", *words(f.type))]


# Values: `expected` of pyarrow, `found` of the engine's JSON, in one form.

def days(year, month, day):
    """Days since 1970, for any year."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0] if math.isfinite(value) else value


def plain(ty):
    """Returns True if a value is compared without conversion."""
    return ty in (pa.bool_(), pa.null()) or pa.types.is_integer(ty) or words(ty) == ["text"]


def expected(array):
    """The values of an array."""
    ty = array.type
    if isinstance(ty, pa.BaseExtensionType):
        return expected(array.storage)
    if pa.types.is_dictionary(ty):
        return expected(array.cast(ty.value_type))
    if pa.types.is_timestamp(ty) or pa.types.is_duration(ty):
        per_micro = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": None}[ty.unit]
        values = array.cast(pa.int64()).to_pylist()
        micros = (lambda v: v // 1000) if per_micro is None else (lambda v: v * per_micro)
        return [None if v is None else micros(v) for v in values]
    if pa.types.is_time(ty):
        values = array.cast(pa.int32() if ty.bit_width == 32 else pa.int64()).to_pylist()
        factor = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": None}[ty.unit]
        return [None if v is None else v // 1000 if factor is None else v * factor for v in values]
    if pa.types.is_date(ty):
        return array.cast(pa.date32()).cast(pa.int32()).to_pylist()
    if pa.types.is_struct(ty):
        columns = [(field.name, expected(array.field(i))) for i, field in enumerate(ty)]
        valid = array.is_valid().to_pylist()
        return [{name: column[i] for name, column in columns} if there else None for i, there in enumerate(valid)]
    if pa.types.is_map(ty):
        array = array.cast(pa.map_(ty.key_type, ty.item_type))
        starts, keys, items = array.offsets.to_pylist(), expected(array.keys), expected(array.items)
        valid = array.is_valid().to_pylist()
        entry = lambda i: sorted_map(list(zip(keys, items))[starts[i]:starts[i + 1]])
        return [entry(i) if there else None for i, there in enumerate(valid)]
    if is_list(ty):
        valid = array.is_valid().to_pylist()
        if pa.types.is_fixed_size_list(ty):
            values = [expected(scalar.values) if there else None for scalar, there in zip(array, valid)]
            return values
        starts, values = array.offsets.to_pylist(), expected(array.values)
        return [values[starts[i]:starts[i + 1]] if there else None for i, there in enumerate(valid)]
    values = array.to_pylist()
    if words(ty) == ["bytes"]:
        return [None if v is None else v.hex() for v in values]
    return values


def sorted_map(entries):
    return sorted(dict((json.dumps(key, default=str), value) for key, value in entries).items())


def found(ty, value):
    """A value of JSON in the form of `expected`."""
    if isinstance(ty, pa.BaseExtensionType):
        return found(ty.storage_type, value)
    if pa.types.is_dictionary(ty):
        return found(ty.value_type, value)
    if value is None:
        return None
    if pa.types.is_floating(ty):
        number = float(value)
        return number if ty == pa.float64() else single(number)
    if pa.types.is_decimal(ty):
        return decimal.Decimal(value)
    if pa.types.is_date(ty):
        sign, year, month, day = re.fullmatch(r"([+-]?)(\d+)-(\d\d)-(\d\d)", value).groups()
        return days(int(sign + year), int(month), int(day))
    if pa.types.is_timestamp(ty):
        pattern = r"([+-]?\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z"
        year, month, day, hour, minute, second, fraction = re.fullmatch(pattern, value).groups()
        seconds = (days(int(year), int(month), int(day)) * 24 + int(hour)) * 3600 + int(minute) * 60 + int(second)
        return seconds * 1_000_000 + int((fraction or "").ljust(6, "0"))
    if pa.types.is_duration(ty):
        sign, hours, minutes, seconds, fraction = re.fullmatch(
            r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?", value).groups()
        whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        micros = whole * 1_000_000 + int((fraction or "").ljust(6, "0"))
        return -micros if sign else micros
    if pa.types.is_struct(ty):
        return {field.name: found(field.type, value[field.name]) for field in ty}
    if pa.types.is_map(ty):
        entries = value.items() if isinstance(value, dict) else value
        return sorted_map([(found(ty.key_type, key), found(ty.item_type, item)) for key, item in entries])
    if is_list(ty):
        return [found(ty.value_type, item) for item in value]
    return value


def same(left, right):
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


# Files as tables of pyarrow.

def read_parquet(path):
    # Microseconds hold all that the engine's timestamps do.
    file = pq.ParquetFile(path, arrow_extensions_enabled=False, coerce_int96_timestamp_unit="us")
    table = file.read()
    if path.name in DOCUMENTED:
        table = pa.table({table.column_names[0]: pa.array(DOCUMENTED[path.name], pa.timestamp("us"))})
    return [table]


def read_csv(path):
    read = pa.csv.ReadOptions(use_threads=False, block_size=64 << 20)

    def table(types=None, null_values=("",), is_single=False):
        # A line without a character is a record if records have one field.
        parse = pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=not is_single)
        convert = pa.csv.ConvertOptions(column_types=types, null_values=list(null_values), strings_can_be_null=True,
                                        quoted_strings_can_be_null=False)
        return pa.csv.read_csv(path, read, parse, convert)

    inferred = table()
    is_single = inferred.num_columns == 1
    # The engine names columns that have no name.
    names = inferred.column_names
    named = names if is_single else [name or f"column_{index + 1}" for index, name in enumerate(names)]
    texts = table({name: pa.string() for name in names}, is_single=is_single)
    numbers = {field.name: field.type for field in inferred.schema if field.type in (pa.int64(), pa.float64())}
    tables = [texts]
    if numbers and not is_single:
        tables.append(table({name: numbers.get(name, pa.string()) for name in names}))
    return [table.rename_columns(named) for table in tables]


def refuse_constant(text):
    raise ValueError(f"{text} is no JSON")


def json_rows(path):
    """The rows of a file as Python's `json` reads it: one record a line, or one array of records."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    load = lambda text: json.loads(text, parse_constant=refuse_constant)
    try:
        rows = [load(line) for line in text.split("\n") if line.strip()]
    except ValueError:
        rows = load(text)
    if len(rows) == 1 and isinstance(rows[0], list) and all(isinstance(row, dict) for row in rows[0]):
        rows = rows[0]
    return rows


def without_times(ty):
    """The type with texts in the place of times, which JSON does not have."""
    if pa.types.is_timestamp(ty):
        return pa.string()
    if pa.types.is_struct(ty):
        return pa.struct([field.with_type(without_times(field.type)) for field in ty])
    if is_list(ty):
        return pa.list_(without_times(ty.value_type))
    return ty


def pyarrow_json(path):
    options = pa.json.ReadOptions(use_threads=False, block_size=64 << 20)
    table = pa.json.read_json(path, options, pa.json.ParseOptions(newlines_in_values=True))
    schema = pa.schema([field.with_type(without_times(field.type)) for field in table.schema])
    if schema != table.schema:
        parse = pa.json.ParseOptions(newlines_in_values=True, explicit_schema=schema)
        table = pa.json.read_json(path, options, parse)
    return table


def read_json(path):
    try:
        # In a separate process, since some texts make it crash.
        with concurrent.futures.ProcessPoolExecutor(1) as pool:
            table = pool.submit(pyarrow_json, path).result()
        if table.num_columns:
            return [table]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, concurrent.futures.process.BrokenProcessPool):
        pass
    rows = json_rows(path)
    if not all(isinstance(row, dict) for row in rows):
        # One value a line, of one type.
        return [pa.table({VALUE: pa.array(rows)})]
    return [pa.Table.from_pylist(rows) if any(rows) else pa.table({"x": pa.nulls(len(rows), pa.string())})]


def tables(kind, path):
    """The tables that a file is compared with."""
    try:
        return {"parquet": read_parquet, "csv": read_csv, "json": read_json}[kind](path)
    except Exception as error:  # Damaged files raise anything.
        raise Unreadable(f"{type(error).__name__}: {error}") from error


# The engine.

def run(program, kind, path, described):
    """The rows that the engine reads, and its message."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "rows.json")
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        try:
            done = subprocess.run([program, kind, str(path), output], input="\n".join(described) + "\n", text=True,
                                  errors="replace", capture_output=True, timeout=SECONDS, preexec_fn=limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not read within {SECONDS} seconds") from None
        message = done.stderr.strip()
        if done.returncode not in (0, 1):
            raise AssertionError(f"ended with {done.returncode}: {message}")
        if done.returncode == 1:
            named = path.name in message or path.name.encode().decode(errors="replace") in message
            assert named and "internal error" not in message, f"the message names no file: {message}"
            assert "decoder gave up" not in message, message
            return None, message
        with open(output, encoding="utf-8") as lines:
            return [json.loads(line, parse_float=Number) for line in lines], ""


def compare(program, kind, path, table):
    """The messages of rejected files."""
    # The first of several columns of one name is read.
    first = {name: index for index, name in reversed(list(enumerate(table.column_names)))}
    fields = [table.schema.field(index) for index in sorted(first.values())]
    messages = []
    is_value = table.column_names == [VALUE]

    def matches(fields):
        described = words(fields[0].type) if is_value else record(fields)
        rows, message = run(program, kind, path, described if not is_value else ["optional", *described])
        if rows is None:
            return message
        assert len(rows) == table.num_rows, f"{len(rows)} rows for {table.num_rows}"
        for field in fields:
            column = table.column(first[field.name])
            values = [value for chunk in column.chunks for value in expected(chunk)]
            for index, (row, value) in enumerate(zip(rows, values)):
                got = found(field.type, row if is_value else row[field.name])
                assert same(got, value), f"row {index}, column {field.name}: {got!r} for {value!r}"
        return None

    try:
        message = matches(fields)
        if message is None or len(fields) == 1:
            return [message] if message else []
    except Unreadable:
        pass
    for field in fields:
        try:
            message = matches([field])
        except Unreadable as error:
            message = str(error)
        if message:
            messages.append(message)
    return messages


def main():
    program, *folders = sys.argv[1:]
    counts, failures = collections.Counter(), []
    for path in sorted(path for folder in folders for path in pathlib.Path(folder).rglob("*") if path.is_file()):
        kind = format_of(path)
        if kind is None:
            continue
        try:
            try:
                compared, reason = tables(kind, path), None
            except Unreadable as error:
                compared, reason = [], str(error)
            if reason:
                rows, message = run(program, kind, path, ["record 1", "x", "optional", "text"])
                if rows is None:
                    counts["refused by both"] += 1
                else:
                    counts["read here only"] += 1
                    print(f"read here only: {path}: {reason[:200]}")
                continue
            messages = list(dict.fromkeys(m for table in compared for m in compare(program, kind, path, table)))
            counts["refused, all or in part" if messages else "same rows"] += 1
            for message in messages:
                print(f"refused: {path}: {message.replace(str(path), '')[:300]}")
        except RecursionError:
            counts["too deep for Python"] += 1
        except AssertionError as error:
            if kind == "csv" and b"\r" in path.read_bytes().replace(b"\r\n", b""):
                # Only pyarrow ends lines with these.
                counts["with returns alone, not compared"] += 1
                continue
            failures.append(f"{path}: {error}")
            print(f"FAILED: {failures[-1][:1000]}")
    print(dict(counts), f"failed: {len(failures)}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
