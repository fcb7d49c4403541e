"""What DuckDB, polars, pandas and pyarrow read in a conversion's files, as they are.

usage: read_outputs.py FOLDER ...

Every message file must have the same columns, types and values in all four, and the figures that
manifest.json gives; every level of an overview must hold what DuckDB computes from the rows. Prints one
line of JSON a message; the first disagreement ends with a message and exit code 1. Needs duckdb, polars,
pandas and pyarrow (deploy/test.sh installs them).
"""

import json
import math
import sys
from pathlib import Path

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet

TYPES = {"double": "DOUBLE", "int64": "BIGINT", "uint64": "UBIGINT"}


class Disagreement(Exception):
    """Two readers, or a reader and a promise, differ."""


def agree(what, one, other):
    if one != other:
        raise Disagreement(f"{what}: {one!r} and {other!r}")


def near(what, one, other):
    """Equal, or both nothing, or equal to 1e-9 relative."""
    if one is None or other is None:
        return agree(what, one, other)
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) and math.isnan(other) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12):
            return None
    return agree(what, one, other)


def same_values(what, one, other):
    """Arrays of the same values, null where null and NaN where NaN."""
    one, other = (numpy.ma.masked_invalid(numpy.ma.asarray(values)) for values in (one, other))
    agree(f"{what}, missing", numpy.ma.getmaskarray(one).tolist(), numpy.ma.getmaskarray(other).tolist())
    if not (one.filled(0) == other.filled(0)).all():
        raise Disagreement(f"{what}: values differ")


def numbers(column):
    """A pyarrow column as numpy, nulls as NaN (wide integers without nulls stay integers)."""
    return column.to_numpy(zero_copy_only=False)


def check_types(path, arrow, sql):
    agree("timestamp", arrow.schema.field("timestamp").type, pyarrow.timestamp("us", tz="UTC"))
    described = dict(sql.execute("select column_name, column_type from (describe select * from rows)").fetchall())
    agree("timestamp in DuckDB", described.pop("timestamp"), "TIMESTAMP WITH TIME ZONE")
    for name, kind in described.items():
        agree(f"{name} in DuckDB", kind, TYPES[str(arrow.schema.field(name).type)])
    agree("timestamp in polars", str(polars.read_parquet_schema(path)["timestamp"]),
          "Datetime(time_unit='us', time_zone='UTC')")


def check_rows(path, sql):
    """All four readers see the same table."""
    arrow = pyarrow.parquet.read_table(path)
    check_types(path, arrow, sql)
    frames = {"polars": polars.read_parquet(path).to_arrow(), "DuckDB": sql.sql("from rows").to_arrow_table()}
    panda = pandas.read_parquet(path)
    times = arrow["timestamp"].cast("int64").to_numpy()
    same_values("pandas: timestamp", panda["timestamp"].astype("int64").to_numpy(), times)
    for reader, frame in frames.items():
        agree(f"{reader}: columns", frame.column_names, arrow.column_names)
        same_values(f"{reader}: timestamp", frame["timestamp"].cast("int64").to_numpy(), times)
    for name in arrow.column_names[1:]:
        same_values(f"pandas: {name}", panda[name].to_numpy(), numbers(arrow[name]))
        for reader, frame in frames.items():
            same_values(f"{reader}: {name}", numbers(frame[name]), numbers(arrow[name]))
    return arrow


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def check_manifest(message, arrow, sql):
    agree("rows", message["rows"], arrow.num_rows)
    agree("columns", [signal["name"] for signal in message["signals"]], arrow.column_names[1:])
    times = arrow["timestamp"].cast("int64").to_numpy()
    agree("sorted", message["sorted"], bool((times[1:] >= times[:-1]).all()))
    for signal in message["signals"]:
        name, column = signal["name"], quoted(signal["name"])
        # DuckDB holds NaN to be the greatest value, we pass over it.
        count, least, most, mean, deviation = sql.execute(
            f"select count({column}), min({column}) filter (not isnan({column}::double)),"
            f" max({column}) filter (not isnan({column}::double)), avg({column}),"
            f" if(count({column}) > 1, stddev_samp({column}), null) from rows"
        ).fetchone()
        agree(f"{name}: count", signal["count"], count)
        for figure, value in {"min": least, "max": most, "mean": mean, "standardDeviation": deviation}.items():
            near(f"{name}: {figure}", value and float(value), signal[figure] and float(signal[figure]))
        filled = arrow[name].is_valid().to_numpy()
        values, stamps = numbers(arrow[name])[filled], times[filled]
        if len(values):
            agree(f"{name}: first", (float(values[0]), int(stamps[0])), (float(signal["first"]), signal["firstTime"]))
            agree(f"{name}: last", (float(values[-1]), int(stamps[-1])), (float(signal["last"]), signal["lastTime"]))


def check_overview(path, message, sql):
    """Returns how many levels there are."""
    widths = [width for (width,) in sql.execute("select distinct width from cells order by 1").fetchall()]
    for signal in message["signals"]:
        name, column = signal["name"], quoted(signal["name"])
        figure = {part: quoted(f"{name}.{part}") for part in ("count", "min", "max", "first", "last", "sum")}
        for width in widths:
            # One row a cell: those that a step back opened twice are merged, and have no single first and last.
            overview = f"""
                select epoch_us("timestamp") as start, sum({figure['count']})::bigint as n, min({figure['min']}),
                       max({figure['max']}), sum({figure['sum']}), if(count(*) = 1, any_value({figure['first']}), null),
                       if(count(*) = 1, any_value({figure['last']}), null), count(*)
                from cells where width = {width} group by start having n > 0 order by start"""
            rows = f"""
                select epoch_us("timestamp") - (epoch_us("timestamp") % {width} + {width}) % {width} as start, count(x) as n,
                       min(x), max(x), sum(x::double), arg_min(x, row(epoch_us("timestamp"), seq)),
                       arg_max(x, row(epoch_us("timestamp"), seq)), 1
                from (select "timestamp", {column} as x, file_row_number as seq from numbered)
                where x is not null group by start order by start"""
            got, wanted = sql.execute(overview).fetchall(), sql.execute(rows).fetchall()
            agree(f"{name}: cells of {width}", len(got), len(wanted))
            for cell, expected in zip(got, wanted):
                agree(f"{name}: cell", cell[:2], expected[:2])
                several = cell[7] > 1
                for place, part in enumerate(("min", "max", "sum", "first", "last")):
                    if not (several and part in ("first", "last")):
                        near(f"{name}: {part} of cell {cell[0]} of {width}", cell[2 + place], expected[2 + place])
    agree("overview in polars", polars.read_parquet(path).height, pyarrow.parquet.read_metadata(path).num_rows)
    return len(widths)


def check(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for message in manifest["messages"]:
        path, cells = folder / message["file"], folder / message["overview"]["file"]
        sql = duckdb.connect()
        sql.execute("set timezone = 'UTC'")
        sql.execute(f"create view rows as from read_parquet('{path}')")
        sql.execute(f"create view numbered as from read_parquet('{path}', file_row_number = true)")
        sql.execute(f"create view cells as from read_parquet('{cells}')")
        try:
            arrow = check_rows(path, sql)
            check_manifest(message, arrow, sql)
            levels = check_overview(cells, message, sql)
        except Disagreement as difference:
            sys.exit(f"{message['file']}: {difference}")
        print(json.dumps({"file": message["file"], "rows": arrow.num_rows, "levels": levels}))


for argument in sys.argv[1:]:
    check(Path(argument))
