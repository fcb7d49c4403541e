"""Queries over one run of 36 million samples: ours in process, DuckDB and polars on the same Parquet files.

    cargo bench --workspace --bench queries --no-run               # prints the path of PROGRAM
    python deploy/bench/queries.py PROGRAM [FOLDER]

PROGRAM makes the runs (100 Hz, four signals: 0.3 and 36 million rows) in FOLDER, unless they are there. Every figure
is the best of three fresh processes, the files in the system's page cache: `cold` is the first query of a process
(without its start and its imports), `warm` the second identical one. A query's goal is the faster of the two others,
cold. Needs duckdb and polars.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from service import Goals

ROUNDS = 3
FORMULA = "(A + B) * (A - C) / (B + 2) + A * 3 - C * B + 1.5"
STATISTICS = "count({0}), min({0}), max({0}), avg({0}), stddev_samp({0}), arg_min({0}, timestamp), arg_max({0}, timestamp), quantile_cont({0}, [0.05, 0.5, 0.95])"


def duckdb_query(query, file):
    import duckdb

    connection = duckdb.connect()
    start, end = connection.execute(f"select epoch_us(min(timestamp)), epoch_us(max(timestamp)) from '{file}'").fetchone()
    part = "where true"
    if query == "hundredth":
        start, end = start + (end - start) * 45 // 100, start + (end - start) * 46 // 100
        part = f"where timestamp >= make_timestamp({start}) and timestamp < make_timestamp({end})"
    zone = connection.execute(f"select typeof(timestamp) from '{file}' limit 1").fetchone()[0]
    if "ZONE" in zone:
        part = part.replace("make_timestamp(", "make_timestamptz(")
    width = (end - start) // 2000 + 1
    value = FORMULA if query.startswith("derived") else "A"
    if query.endswith("statistics"):
        text = f"select {STATISTICS.format('(' + value + ')')} from '{file}'"
    else:
        bucket = f'epoch_us("timestamp") // {width}'
        text = f"select {bucket}, min({value}), max({value}) from '{file}' {part} group by 1 order by 1"
    return lambda: connection.execute(text).fetchall()


def polars_query(query, file):
    import polars

    column = polars.sql_expr(FORMULA) if query.startswith("derived") else polars.col("A")
    times = polars.scan_parquet(file).select(polars.col("timestamp").min().alias("a"), polars.col("timestamp").max().alias("b"))
    start, end = times.collect().row(0)
    frame = polars.scan_parquet(file)
    if query == "hundredth":
        start, end = start + (end - start) * 0.45, start + (end - start) * 0.46
        frame = frame.filter((polars.col("timestamp") >= start) & (polars.col("timestamp") < end))
    if query.endswith("statistics"):
        figures = [column.count(), column.min(), column.max(), column.mean(), column.std(), column.first(), column.last()]
        figures += [column.quantile(part, "linear") for part in (0.05, 0.5, 0.95)]
        lazy = frame.select([figure.alias(str(at)) for at, figure in enumerate(figures)])
    else:
        width = int((end - start).total_seconds() * 1e6) // 2000 + 1
        bucket = polars.col("timestamp").dt.epoch("us") // width
        lazy = frame.group_by(bucket.alias("b")).agg(column.min().alias("l"), column.max().alias("h")).sort("b")
    return lazy.collect


def ask(tool, query, file):
    """In this process: prints the seconds of the first and of the second query."""
    run = {"duckdb": duckdb_query, "polars": polars_query}[tool](query, file)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    print(*seconds)


def best(command):
    """Best cold and best warm of some fresh processes, in milliseconds."""
    rounds = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(ROUNDS)]
    return [1e3 * min(float(one[at]) for one in rounds) for at in (0, 1)]


def make(program, folder):
    """The runs, unless they are there; what was broken off is not."""
    if not (folder / "long").exists():
        part = folder / "part"
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run([program, "make", part], check=True)
        for run in ("short", "long"):
            shutil.rmtree(folder / run, ignore_errors=True)
            (part / run).rename(folder / run)
        part.rmdir()


def main(program, folder):
    make(program, folder)
    goals = Goals()
    print(f"{'query':<34}{'ours cold':>11}{'warm':>9}{'DuckDB cold':>13}{'×':>7}{'polars cold':>13}{'×':>7}")
    for title, query, run, others in [
        ("2,000 points of 0.3 M samples", "view", "short", True),
        ("2,000 points of 36 M samples", "view", "long", True),
        ("2,000 points of 1 % of 36 M", "hundredth", "long", True),
        ("statistics of 36 M samples", "statistics", "long", True),
        ("2,000 points, derived, of 36 M", "derived", "long", True),
        ("statistics, derived, of 36 M", "derived-statistics", "long", True),
        ("rows of one signal, 36 M", "export", "long", False),
        ("rows of four signals, 36 M", "export-four", "long", False),
        ("rows of a derived signal, 36 M", "export-derived", "long", False),
    ]:
        overview = next((folder / run).glob("*.overview.parquet"))
        rows = next(file for file in (folder / run).glob("*.parquet") if file != overview)
        ours = best([program, query, folder / run, rows.name, overview.name])
        line = f"{title:<34}{ours[0]:>8.2f} ms{ours[1]:>6.2f} ms"
        if others:
            theirs = [best([sys.executable, __file__, "--ask", tool, query, rows])[0] for tool in ("duckdb", "polars")]
            line += "".join(f"{cold:>10.1f} ms{cold / ours[0]:>7.1f}" for cold in theirs)
            goals.add(f"{title}, cold", ours[0], "ms", at_most=min(theirs))
        else:
            speed = 36e3 / ours[0]
            line += f"   {speed:.1f} M rows/s"
            goals.add(f"{title}, cold", speed, "M rows/s")
        print(line, flush=True)
    goals.print()


if sys.argv[1] == "--ask":
    ask(*sys.argv[2:])
elif len(sys.argv) > 2:
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
else:
    with tempfile.TemporaryDirectory() as made:
        main(sys.argv[1], pathlib.Path(made))
