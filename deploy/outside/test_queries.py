"""Series, ranges and statistics by an outside client, against polars, pandas and DuckDB on the raw Parquet files."""

import datetime
import math
import uuid

import duckdb
import numpy
import polars
import pytest
from client import execute, register, upload

DBC = """VERSION ""

BU_: Car

BO_ 256 Engine: 8 Car
 SG_ Speed : 0|16@1- (0.25,-10) [0|0] "km/h" Car
 SG_ Torque : 16|16@1- (0.1,0) [0|0] "Nm" Car

BO_ 257 Wheel: 8 Car
 SG_ Slip : 0|16@1- (0.001,0) [0|0] "" Car
"""
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
START = 1_714_564_800_000_000
HOUR = 3_600_000_000

COLUMNS = "t0 method bucket sourceSamples points exact time values min max"
SERIES = f"""query($id: ID!, $signals: [SignalSelector!]!, $window: TimeWindow, $resolution: Resolution,
    $grid: Grid! = NATIVE, $fill: Fill! = NONE) {{ run(id: $id) {{
  series(signals: $signals, window: $window, resolution: $resolution, grid: $grid, fill: $fill) {{ {COLUMNS} }} }} }}"""
RANGE = f"""query($window: TimeWindow!, $signals: [SignalSelector!]!, $resolution: Resolution) {{
  range(window: $window) {{ runs {{ id }}
    series(signals: $signals, resolution: $resolution) {{ {COLUMNS} }}
    statistics(signals: $signals) {{ {{figures}} }} }} }}"""
FIGURES = "count min max mean standardDeviation first { time value } last { time value } p05 p50 p95"
RANGE = RANGE.replace("{figures}", FIGURES)
STATISTICS = f"""query($id: ID!, $signals: [SignalSelector!], $window: TimeWindow) {{ run(id: $id) {{
  statistics(signals: $signals, window: $window) {{ name {FIGURES} }} }} }}"""
STORED = STATISTICS.replace(" p05 p50 p95", "")


def micros(text):
    return (datetime.datetime.fromisoformat(text) - EPOCH) // datetime.timedelta(microseconds=1)


def window(start, end):
    moment = lambda at: (EPOCH + datetime.timedelta(microseconds=at)).isoformat()
    return {"from": moment(start), "to": moment(end)}


def drive(path, seed, start):
    """A candump of 30,000 frames at uneven times, some of them equal."""
    random = numpy.random.default_rng(seed)
    at = start + numpy.cumsum(random.integers(0, 4_000, 30_000))
    words = random.integers(0, 1 << 16, (30_000, 2))
    wheel = random.random(30_000) < 0.3
    with open(path, "w") as log:
        for time, (one, other), is_wheel in zip(at.tolist(), words.tolist(), wheel.tolist()):
            frame = "101" if is_wheel else "100"
            text = (one | other << 16).to_bytes(4, "little").hex().upper()
            log.write(f"({time // 1_000_000}.{time % 1_000_000:06}) can0 {frame}#{text}\n")
    return path


@pytest.fixture(scope="module")
def runs(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drives")
    (folder / "car.dbc").write_text(DBC)
    dbc = [{"dbc": register(server, folder / "car.dbc"), "bus": None}]
    made = []
    for seed, start in (1, START), (2, START + HOUR):
        sent, events = upload(server, drive(folder / f"RUN{seed}.log", seed, start), dbcs=dbc)
        assert events[-1]["state"] == "SUCCEEDED", events[-1]
        made.append(sent["run"]["id"])
    return made


def files(server, run, signal):
    """The message files of the run's only conversion that have the signal."""
    folder = server.folder / "data" / "runs" / f"run={uuid.UUID(run.removeprefix('run_'))}"
    paths = [path for path in folder.rglob("*.parquet") if "overview" not in path.name]
    return [path for path in paths if signal in polars.read_parquet_schema(path)]


def raw(server, run, signal):
    """Times in microseconds and values, in the order of time."""
    (path,) = files(server, run, signal)
    frame = polars.read_parquet(path, columns=["timestamp", signal]).drop_nulls(signal)
    times = polars.col("timestamp").dt.timestamp("us").alias("t")
    frame = frame.select(times, polars.col(signal).cast(polars.Float64).alias("v"))
    return frame.sort("t", maintain_order=True)


def near(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        if one is None or other is None:
            assert one is None and other is None, (one, other)
        else:
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9), (one, other)


def series(server, run, *names, **more):
    signals = [{"name": name} for name in names]
    return execute(server, SERIES, id=run, signals=signals, **more)["run"]["series"]


def buckets(series):
    """Which bucket each entry is of: buckets lie on multiples of their width since 1970."""
    width = round(series["bucket"] * 1e6)
    return width, [(micros(series["t0"]) + round(time * 1e6)) // width for time in series["time"]]


def grouped(frame, width):
    by = frame.group_by((polars.col("t") // width).alias("b")).agg(
        polars.col("v").min().alias("min"),
        polars.col("v").max().alias("max"),
        polars.col("v").mean().alias("mean"),
        polars.col("v").first().alias("first"),
        polars.col("v").last().alias("last"),
    )
    return by.sort("b")


@pytest.mark.parametrize("part", [(0.0, 1.0), (0.2, 0.9), (0.5, 0.55)])
@pytest.mark.parametrize("points", [10, 300])
def test_extremes_are_those_of_polars(server, runs, part, points):
    frame = raw(server, runs[0], "Speed")
    first, last = frame["t"][0], frame["t"][-1]
    span = [first + int((last + 1 - first) * at) for at in part]
    (found,) = series(server, runs[0], "Speed", window=window(*span), resolution={"maxPoints": points})
    frame = frame.filter(polars.col("t").is_between(*span, closed="left"))
    assert found["method"] == "MIN_MAX" and found["points"] == len(found["time"]) <= points
    assert int(found["sourceSamples"]) == len(frame)
    width, places = buckets(found)
    expected = grouped(frame, width)
    assert places == expected["b"].to_list()
    near(found["min"], expected["min"].to_list())
    near(found["max"], expected["max"].to_list())


@pytest.mark.parametrize("every", ["10ms", "100ms", "1s", "10s", "70ms"])
@pytest.mark.parametrize("method", ["MEAN", "FIRST", "LAST"])
def test_buckets_of_a_width_are_those_of_polars(server, runs, every, method):
    resolution = {"every": every, "method": method}
    (found,) = series(server, runs[0], "Torque", resolution=resolution)
    width, places = buckets(found)
    assert width == int(every.removesuffix("ms").removesuffix("s")) * (1000 if every.endswith("ms") else 1_000_000)
    expected = grouped(raw(server, runs[0], "Torque"), width)
    assert places == expected["b"].to_list()
    near(found["values"], expected[method.lower()].to_list())


def test_shared_times_are_an_outer_join_and_filled_as_polars_fills(server, runs):
    span = START + 10_000_000, START + 12_000_000
    order = polars.int_range(polars.len()).over("t").alias("n")
    frames = [raw(server, runs[0], name).with_columns(order) for name in ("Speed", "Slip")]
    both = frames[0].join(frames[1], on=["t", "n"], how="full", coalesce=True).sort("t", "n")
    both = both.filter(polars.col("t").is_between(*span, closed="left"))
    for fill, expected in [
        ("NONE", both),
        ("PREVIOUS", both.with_columns(polars.col("v", "v_right").forward_fill())),
        ("LINEAR", both.with_columns(polars.col("v", "v_right").interpolate_by("t"))),
    ]:
        found = series(server, runs[0], "Speed", "Slip", window=window(*span), grid="SHARED", fill=fill,
                       resolution={"method": "RAW", "maxPoints": 10_000})
        start = micros(found[0]["t0"])
        assert [start + round(at * 1e6) for at in found[0]["time"]] == expected["t"].to_list()
        for one, column in zip(found, ["v", "v_right"]):
            assert one["time"] == found[0]["time"]
            near(one["values"], expected[column].to_list())


def figures(found, frame):
    assert int(found["count"]) == len(frame)
    values = frame["v"]
    quantiles = [values.quantile(part, "linear") for part in (0.05, 0.5, 0.95)]
    near(
        [found["min"], found["max"], found["mean"], found["standardDeviation"]],
        [values.min(), values.max(), values.mean(), values.std(ddof=1)],
    )
    ends = [found["first"]["value"], found["last"]["value"]]
    near(ends, [values[0], values[-1]])
    assert [micros(found[end]["time"]) for end in ("first", "last")] == [frame["t"][0], frame["t"][-1]]
    if "p05" in found:
        near([found["p05"], found["p50"], found["p95"]], quantiles)
        near([found["p05"], found["p50"], found["p95"]], frame.to_pandas()["v"].quantile([0.05, 0.5, 0.95]).to_list())


@pytest.mark.parametrize("name", ["Speed", "Torque", "Slip"])
def test_figures_are_those_of_polars_pandas_and_duckdb(server, runs, name):
    frame = raw(server, runs[1], name)
    signals = [{"name": name}]
    for span in [None, (START + HOUR + 7_000_000, START + HOUR + 23_456_789)]:
        part = frame if span is None else frame.filter(polars.col("t").is_between(*span, closed="left"))
        more = {} if span is None else {"window": window(*span)}
        for query in STATISTICS, STORED:
            (found,) = execute(server, query, id=runs[1], signals=signals, **more)["run"]["statistics"]
            figures(found, part)
    (path,) = files(server, runs[1], name)
    (found,) = execute(server, STATISTICS, id=runs[1], signals=signals)["run"]["statistics"]
    row = duckdb.sql(f"""SELECT avg("{name}"), stddev_samp("{name}"), quantile_cont("{name}", [0.05, 0.5, 0.95])
        FROM read_parquet('{path}')""").fetchall()[0]
    near([found["mean"], found["standardDeviation"], found["p05"], found["p50"], found["p95"]], [*row[:2], *row[2]])


def test_a_range_is_the_files_one_after_the_other(server, runs):
    frames = [raw(server, run, "Speed") for run in runs]
    span = frames[0]["t"][10_000], frames[1]["t"][10_000]
    both = polars.concat(frames).filter(polars.col("t").is_between(*span, closed="left"))
    signals = [{"name": "Engine.Speed"}, {"expression": "Speed * 2 + 1"}]
    resolution = {"maxPoints": 500}
    found = execute(server, RANGE, window=window(*span), signals=signals, resolution=resolution)["range"]
    assert [run["id"] for run in found["runs"]] == runs
    for number, (scale, shift) in enumerate([(1, 0), (2, 1)]):
        frame = both.with_columns(polars.col("v") * scale + shift)
        figures(found["statistics"][number], frame)
        one = found["series"][number]
        assert int(one["sourceSamples"]) == len(both) and one["points"] <= 500
        gaps = [place for place, low in enumerate(one["min"]) if low is None]
        assert len(gaps) == 1, "an entry of nulls between the runs"
        kept = {key: [x for place, x in enumerate(one[key]) if place not in gaps] for key in ("time", "min", "max")}
        width, places = buckets({**one, **kept})
        expected = grouped(frame, width)
        assert places == expected["b"].to_list()
        near(kept["min"], expected["min"].to_list())
        near(kept["max"], expected["max"].to_list())


def test_real_logs_have_the_figures_of_polars(server, real_data):
    dbc = register(server, real_data / "wuracing/2019.2.1.dbc")
    log = real_data / "wuracing/LOG00011.CSV"
    sent, _ = upload(server, log, dbcs=[{"dbc": dbc, "bus": None}], timeZone="America/Chicago")
    run = sent["run"]["id"]
    everything = execute(server, STATISTICS, id=run)["run"]["statistics"]
    assert len(everything) > 20
    compared = 0
    for found in everything:
        name = found["name"].split(".", 1)[1]
        if len(files(server, run, name)) == 1 and int(found["count"]):
            figures(found, raw(server, run, name))
            compared += 1
    assert compared > 20
