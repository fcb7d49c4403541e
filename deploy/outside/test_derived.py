"""Derived signals by an outside client, over two message files and over two runs, against numpy and pandas on the raw
Parquet files: each operand is computed on its own message's times, then held on the union of them."""

import functools

import numpy
import pandas
import polars
import pytest
from client import execute, register, upload
from test_queries import DBC, HOUR, RANGE, SERIES, START, buckets, figures, grouped, micros, near, raw, window

BEGIN = START + 1000 * HOUR
CREATE = """mutation Create($input: CreateDerivedSignalInput!) { createDerivedSignal(input: $input) {
  ... on CreateDerivedSignalPayload { derivedSignal { id } } ... on Problem { code message } } }"""


def drive(path, seed, start):
    """A candump of 20,000 frames at uneven times, no two of them equal: Wheel in a third of them, and late."""
    random = numpy.random.default_rng(seed)
    at = start + numpy.cumsum(random.integers(1, 4_000, 20_000))
    words = random.integers(0, 1 << 16, (20_000, 2))
    wheel = (random.random(20_000) < 0.3) & (numpy.arange(20_000) > 500)
    with open(path, "w") as log:
        for time, (one, other), is_wheel in zip(at.tolist(), words.tolist(), wheel.tolist()):
            text = (one | other << 16).to_bytes(4, "little").hex().upper()
            log.write(f"({time // 1_000_000}.{time % 1_000_000:06}) can0 {'101' if is_wheel else '100'}#{text}\n")
    return path


@pytest.fixture(scope="module")
def runs(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("derived")
    (folder / "car.dbc").write_text(DBC)
    dbc = [{"dbc": register(server, folder / "car.dbc"), "bus": None}]
    made = []
    for seed in (11, 12):
        path = drive(folder / f"DERIVED{seed}.log", seed, BEGIN + (seed - 11) * HOUR)
        sent, events = upload(server, path, dbcs=dbc)
        assert events[-1]["state"] == "SUCCEEDED", events[-1]
        made.append(sent["run"]["id"])
    return made


@pytest.fixture(scope="module")
def saved(server):
    """A derived signal, and one that uses it."""
    for name, text in ("Slope", "derivative(Speed)"), ("Steep", "Slope * Slip"):
        answer = execute(server, CREATE, input={"name": name, "expression": text})["createDerivedSignal"]
        assert "code" not in answer, answer
    return answer["derivedSignal"]["id"]


def of(values):
    return numpy.asarray(values, dtype=float)


def along(function):
    """A function of the samples that are finite; other rows stay gaps."""

    def applied(series, *arguments):
        samples = series[numpy.isfinite(series)]
        return pandas.Series(function(samples, *arguments), samples.index).reindex(series.index)

    return applied


def steps(samples):
    return numpy.diff(samples.index.to_numpy()) / 1e6


@along
def derivative(samples):
    return numpy.concatenate([[numpy.nan], numpy.diff(of(samples)) / steps(samples)])


@along
def integral(samples):
    values = of(samples)
    return numpy.concatenate([[0.0], numpy.cumsum((values[1:] + values[:-1]) / 2 * steps(samples))])


@along
def low_pass(samples, constant):
    filtered = [of(samples)[0]]
    for value, step in zip(of(samples)[1:], steps(samples)):
        filtered.append(filtered[-1] + (1 - numpy.exp(-step / constant)) * (value - filtered[-1]))
    return filtered


@along
def previous(samples):
    return of(samples.shift(1))


def moving(how, samples, seconds):
    times = pandas.to_datetime(samples.index, unit="us")
    rolling = pandas.Series(of(samples), times).rolling(pandas.Timedelta(seconds=seconds), closed="right")
    return pandas.Series(of(getattr(rolling, how)()), samples.index)


def held(*operands):
    """Each on the union of their times, by its last row at or before each."""
    union = pandas.DataFrame({"t": numpy.unique(numpy.concatenate([one.index.to_numpy() for one in operands]))})
    columns = []
    for one in operands:
        frame = pandas.DataFrame({"t": one.index.to_numpy(), "v": of(one)})
        found = pandas.merge_asof(union, frame, on="t", direction="backward")
        columns.append(pandas.Series(of(found["v"]), union["t"].to_numpy()))
    return columns


def joined(function, *operands):
    return function(*held(*operands))


mean, low, high = (functools.partial(moving, how) for how in ("mean", "min", "max"))
CASES = {
    "Speed * Slip + Torque / 2": lambda a, b, c: joined(lambda a, b, c: a * c + b / 2, a, b, c),
    "derivative(Speed)": lambda a, b, c: derivative(a),
    "integral(Slip)": lambda a, b, c: integral(c),
    "previous(Torque) - Torque": lambda a, b, c: previous(b) - b,
    "moving_mean(Speed, 50ms) - moving_min(Torque, 20ms) + moving_max(Torque, 1s)": lambda a, b, c: (
        mean(a, 0.05) - low(b, 0.02) + high(b, 1)
    ),
    "low_pass(Slip, 100ms) + previous(Speed)": lambda a, b, c: joined(numpy.add, low_pass(c, 0.1), previous(a)),
    "derivative(Speed * Slip)": lambda a, b, c: derivative(joined(numpy.multiply, a, c)),
    "integral(abs(Torque - Slip))": lambda a, b, c: integral(joined(lambda b, c: abs(b - c), b, c)),
    "low_pass(moving_mean(Speed + Slip, 200ms), 2s)": lambda a, b, c: low_pass(
        along(lambda samples: of(mean(samples, 0.2)))(joined(numpy.add, a, c)), 2
    ),
    "derived": lambda a, b, c: joined(numpy.multiply, derivative(a), c),
}


def expected(server, run, text):
    """Times and values of the whole run; gaps are no samples."""
    frames = [raw(server, run, name) for name in ("Speed", "Torque", "Slip")]
    result = CASES[text](*(pandas.Series(frame["v"].to_numpy(), frame["t"].to_numpy()) for frame in frames))
    result = result.dropna()
    return polars.DataFrame({"t": result.index.to_numpy(), "v": result.to_numpy()})


@pytest.mark.parametrize("text", CASES)
def test_a_derived_signal_is_what_pandas_makes_of_the_files(server, runs, saved, text):
    selector = {"derived": saved} if text == "derived" else {"expression": text}
    frames = [expected(server, run, text) for run in runs]

    # Samples of a part of one run: what lies before it is looked back at.
    span = BEGIN + 10_000_000, BEGIN + 12_000_000
    raws = {"method": "RAW", "maxPoints": 10_000}
    (found,) = execute(server, SERIES, id=runs[0], signals=[selector], window=window(*span), resolution=raws)["run"]["series"]
    part = frames[0].filter(polars.col("t").is_between(*span, closed="left"))
    start = micros(found["t0"])
    assert [start + round(at * 1e6) for at in found["time"]] == part["t"].to_list()
    near(found["values"], part["v"].to_list())

    # Over the end of one run and the beginning of the next, each of which is computed by itself.
    span = frames[0]["t"][5_000], frames[1]["t"][5_000]
    both = polars.concat(frames).filter(polars.col("t").is_between(*span, closed="left"))
    resolution = {"maxPoints": 500}
    found = execute(server, RANGE, window=window(*span), signals=[selector], resolution=resolution)["range"]
    assert [run["id"] for run in found["runs"]] == runs
    figures(found["statistics"][0], both)
    (one,) = found["series"]
    assert int(one["sourceSamples"]) == len(both) and one["points"] <= 500
    gaps = [place for place, least in enumerate(one["min"]) if least is None]
    assert len(gaps) == 1, "an entry of nulls between the runs"
    kept = {key: [x for place, x in enumerate(one[key]) if place not in gaps] for key in ("time", "min", "max")}
    width, places = buckets({**one, **kept})
    grid = grouped(both, width)
    assert places == grid["b"].to_list()
    near(kept["min"], grid["min"].to_list())
    near(kept["max"], grid["max"].to_list())
