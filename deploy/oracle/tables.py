"""Exported tables as polars, pandas, pyarrow, DuckDB and the standard library read them, against what was written.

usage: tables.py CASES.json

Each case names files of the same rows (`csv`, `ndjson`, `arrow`, `parquet`), the times in microseconds, and the columns:
name, unit, values as text (null where there is none). Prints how many values were compared; the first disagreement
ends with a message and exit code 1. Needs duckdb, pandas, polars and pyarrow (deploy/test.sh installs them).
"""

import csv
import datetime
import json
import math
import sys

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
compared = 0


def micros(text):
    return (datetime.datetime.fromisoformat(text) - EPOCH) // datetime.timedelta(microseconds=1)


def of_polars(frame):
    times = frame["timestamp"].dt.epoch("us").to_list()
    return times, {name: frame[name].to_list() for name in frame.columns if name != "timestamp"}


def of_arrow(table):
    stamps = table["timestamp"]
    zone = getattr(stamps.type, "tz", None)
    assert zone in ("UTC", "+00:00"), stamps.type
    times = stamps.cast(pyarrow.timestamp("us", zone)).cast(pyarrow.int64()).to_pylist()
    return times, {name: table[name].to_pylist() for name in table.column_names if name != "timestamp"}


def of_pandas(frame):
    times = frame["timestamp"].astype("datetime64[us, UTC]").astype("int64").tolist()
    return times, {name: frame[name].tolist() for name in frame.columns if name != "timestamp"}


def of_duckdb(relation, names):
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    rows = relation.select('epoch_us("timestamp")' + (", " + quoted if quoted else "")).fetchall()
    columns = list(zip(*rows)) or [()] * (1 + len(names))
    return list(columns[0]), dict(zip(names, map(list, columns[1:])))


def lines_of_csv(path):
    with open(path, newline="") as file:
        heading, *rows = csv.reader(file, strict=True)
    assert heading[0] == "timestamp", heading
    columns = {name: [row[at] or None for row in rows] for at, name in enumerate(heading) if at}
    return [micros(row[0]) for row in rows], columns


def lines_of_json(path, names):
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    assert all(None not in row.values() or "infinite" in path for row in rows)
    return [micros(row["timestamp"]) for row in rows], {name: [row.get(name) for row in rows] for name in names}


def same(what, got, wanted):
    """Equal to the last bit, the sign of zeros too; what is missing may be NaN."""
    global compared
    if len(got) != len(wanted):
        sys.exit(f"{what}: {len(got)} rows, not {len(wanted)}")
    for row, (one, other) in enumerate(zip(got, wanted)):
        one = None if one is None or math.isnan(float(one)) else float(one)
        if one != other or one == 0 and math.copysign(1, one) != math.copysign(1, other):
            sys.exit(f"{what}, row {row}: {one!r}, not {other!r}")
    compared += len(got)


def agree(what, read, case, finite=False):
    times, columns = read
    if times != case["times"]:
        sys.exit(f"{what}: times {times[:5]} …, not {case['times'][:5]} …")
    if not set(columns) <= set(case["names"]):
        sys.exit(f"{what}: columns {list(columns)}, not {case['names']}")
    for name, wanted in zip(case["names"], case["values"]):
        wanted = [None if finite and value is not None and math.isinf(value) else value for value in wanted]
        # Of a column without a value, JSON has no trace.
        same(f"{what}, {name}", columns.get(name, [None] * len(wanted)), wanted)


def units(what, schema, case):
    for name, unit in zip(case["names"], case["units"]):
        metadata = {key: value for key, value in (schema.field(name).metadata or {}).items() if key == b"unit"}
        if metadata != ({} if unit is None else {b"unit": unit.encode()}):
            sys.exit(f"{what}, {name}: {metadata}, not {unit}")


def text(case):
    path, names = case["csv"], case["names"]
    agree(f"{path} (csv)", lines_of_csv(path), case)
    if not case["times"]:
        # Of no row, no reader can tell what kind it is.
        for read in (polars.read_csv, pandas.read_csv, pyarrow.csv.read_csv):
            assert len(read(path)) == 0, path
        return
    agree(f"{path} (polars)", of_polars(polars.read_csv(path, try_parse_dates=True, infer_schema_length=None)), case)
    frame = pandas.read_csv(path, parse_dates=["timestamp"])
    agree(f"{path} (pandas)", of_pandas(frame), case)
    agree(f"{path} (pyarrow)", of_arrow(pyarrow.csv.read_csv(path)), case)
    agree(f"{path} (duckdb)", of_duckdb(duckdb.read_csv(path, header=True), names), case)


def objects(case):
    path, names = case["ndjson"], case["names"]
    agree(f"{path} (json)", lines_of_json(path, names), case, True)
    if not case["times"]:
        return
    times = polars.col("timestamp").str.to_datetime(time_zone="UTC")
    frame = polars.read_ndjson(path, infer_schema_length=None).with_columns(times)
    agree(f"{path} (polars)", of_polars(frame), case, True)
    frame = pandas.read_json(path, lines=True, precise_float=True)
    frame["timestamp"] = pandas.to_datetime(frame["timestamp"], utc=True)
    agree(f"{path} (pandas)", of_pandas(frame), case, True)
    table = pyarrow.json.read_json(path)
    stamps = pyarrow.array([micros(text) for text in table["timestamp"].to_pylist()], pyarrow.timestamp("us", "UTC"))
    agree(f"{path} (pyarrow)", of_arrow(table.set_column(0, "timestamp", stamps)), case, True)
    relation = duckdb.read_json(path, format="newline_delimited", sample_size=-1)
    relation = relation.select('* replace ("timestamp"::timestamptz as "timestamp")')
    agree(f"{path} (duckdb)", of_duckdb(relation, [name for name in names if name in relation.columns]), case, True)


def arrow(case):
    path, names = case["arrow"], case["names"]
    agree(f"{path} (polars)", of_polars(polars.read_ipc(path)), case)
    agree(f"{path} (pandas)", of_pandas(pandas.read_feather(path)), case)
    table = pyarrow.ipc.open_file(path).read_all()
    table.validate(full=True)
    agree(f"{path} (pyarrow)", of_arrow(table), case)
    agree(f"{path} (duckdb)", of_duckdb(duckdb.from_arrow(table), names), case)
    units(path, table.schema, case)
    for name, values in zip(names, case["values"]):
        assert table[name].null_count == values.count(None), (path, name)


def parquet(case):
    path, names = case["parquet"], case["names"]
    agree(f"{path} (polars)", of_polars(polars.read_parquet(path)), case)
    agree(f"{path} (pandas)", of_pandas(pandas.read_parquet(path)), case)
    file = pyarrow.parquet.ParquetFile(path)
    agree(f"{path} (pyarrow)", of_arrow(file.read()), case)
    agree(f"{path} (duckdb)", of_duckdb(duckdb.read_parquet(path), names), case)
    units(path, file.schema_arrow, case)
    entries = json.loads(file.metadata.metadata[b"dataviewer.signals"])
    assert [(entry["name"], entry["unit"]) for entry in entries] == list(zip(names, case["units"])), (path, entries)
    groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
    assert all(group.num_rows <= case["most_rows"] for group in groups), (path, [group.num_rows for group in groups])
    assert len(groups) == -(-len(case["times"]) // case["most_rows"]), path
    for group in groups:
        assert all(group.column(at).compression == "ZSTD" for at in range(group.num_columns)), path


with open(sys.argv[1]) as file:
    cases = json.load(file)
for case in cases:
    case["values"] = [[None if value is None else float(value) for value in column] for column in case["values"]]
    text(case)
    objects(case)
    arrow(case)
    parquet(case)
print(compared)
