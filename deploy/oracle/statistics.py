"""Statistics of windows as polars computes them, buckets as DuckDB's group-by does, against given ones.

usage: statistics.py ANSWERS.json

Each answer names a message file, a signal, a window in microseconds, the figures of all samples in it, and
columns of buckets. Prints how many were compared; the first disagreement ends with a message and exit code 1.
Needs duckdb and polars (deploy/test.sh installs them).
"""

import json
import math
import sys

import duckdb
import polars


def near(what, got, wanted, scale=0.0):
    """Equal to 1e-9 relative; a mean that cancels is held against the size of what it is a mean of."""
    if got is None or wanted is None:
        if got is not wanted:
            sys.exit(f"{what}: {got!r}, not {wanted!r}")
    elif not math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9 * scale):
        sys.exit(f"{what}: {got!r}, not {wanted!r}")


def statistics(answer):
    column = polars.col(answer["signal"])
    micros = polars.col("timestamp").dt.epoch("us")
    frame = polars.read_parquet(answer["file"], columns=["timestamp", answer["signal"]])
    frame = frame.filter((micros >= answer["from"]) & (micros < answer["to"]) & column.is_not_null())
    values = frame.sort("timestamp", maintain_order=True)[answer["signal"]].cast(polars.Float64)
    wanted = {
        "count": len(values), "min": values.min(), "max": values.max(), "mean": values.mean(), "std": values.std(ddof=1),
        "first": values[0] if len(values) else None, "last": values[-1] if len(values) else None,
    }
    wanted |= {f"p{part:02}": values.quantile(part / 100, "linear") for part in (5, 50, 95)}
    scale = values.abs().max() or 0.0
    for figure, value in wanted.items():
        near(f"{answer['file']} {answer['signal']} {figure}", answer["statistics"][figure], value, scale)


def buckets(answer, given):
    name, every = '"' + answer["signal"].replace('"', '""') + '"', given["every"]
    rows = duckdb.execute(f"""
        select greatest(t - ((t % {every}) + {every}) % {every}, {given['t0']}) as start, avg(x), min(x), max(x),
               arg_min(x, row(t, seq)), arg_max(x, row(t, seq))
        from (select epoch_us("timestamp") as t, {name}::double as x, file_row_number as seq
              from read_parquet('{answer['file']}', file_row_number = true))
        where x is not null and t >= {answer['from']} and t < {answer['to']} group by 1 order by 1""").fetchall()
    where = f"{answer['file']} {answer['signal']} by {every}"
    near(f"{where}: buckets", len(given["time"]), len(rows))
    for at, row in enumerate(rows):
        near(f"{where}: start {at}", given["time"][at], (row[0] - given["t0"]) / 1e6)
        scale = max(abs(row[2]), abs(row[3]))
        for figure, value in zip(("mean", "min", "max", "first", "last"), row[1:]):
            near(f"{where}: {figure} {at}", given[figure][at], value, scale)


with open(sys.argv[1]) as file:
    answers = json.load(file)
for answer in answers:
    statistics(answer)
    for given in answer["buckets"]:
        buckets(answer, given)
print(len(answers))
