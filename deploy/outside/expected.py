"""What exports must hold: polars on the message files, each signal by itself, then all on the union of their times.

`frames` are the message files of one run, by message; a sample is a time `t` in microseconds, which sample of its time it
is, `n`, and a value `v`.
"""

import dataclasses
import functools
import itertools

import polars
from test_queries import grouped, window

EVER = 0, 1 << 60
FIRST = polars.lit(0, polars.Int64).alias("n")


def joined(one, other, on):
    return one.join(other, on=on, how="full", coalesce=True)


def recorded(message, signal):
    def samples(frames):
        times = polars.col("timestamp").dt.timestamp("us").alias("t")
        frame = frames[message].select(times, polars.col(signal).cast(polars.Float64).alias("v"))
        frame = frame.drop_nulls("v").sort("t", maintain_order=True)
        return frame.with_columns(polars.int_range(polars.len()).over("t").alias("n"))

    return samples


def computed(value, *operands):
    """`value` of the operands `a`, `b` at the union of their times, each by its last sample."""

    def samples(frames):
        each = [operand(frames).select("t", polars.col("v").alias(name)) for name, operand in zip("ab", operands)]
        held = functools.reduce(functools.partial(joined, on="t"), each).sort("t")
        held = held.select("t", polars.exclude("t").forward_fill()).drop_nulls()
        return held.select("t", value.alias("v"), FIRST).drop_nulls("v")

    return samples


A, B, T = polars.col("a"), polars.col("b"), polars.col("t")
LOAD, DRAG = recorded("Shaft", "Load"), recorded("Hub", "Drag")
SAVED = "Größe"
SAVED_EXPRESSION = "derivative(Load) + Drag"
SAMPLES = {
    "Shaft.Turns": recorded("Shaft", "Turns"),
    "Shaft.Load": LOAD,
    "Load": LOAD,
    "Hub.Turns": recorded("Hub", "Turns"),
    "Hub.Drag": DRAG,
    "Door.Ajar": recorded("Door", "Ajar"),
    "expr:Load": LOAD,
    "expr:Load * 2 - 1": computed(A * 2 - 1, LOAD),
    'expr:max("Load", Drag) - 0.5': computed(polars.max_horizontal(A, B) - 0.5, LOAD, DRAG),
    SAVED: computed(A + B, computed(A.diff() / (T.diff() / 1e6), LOAD), DRAG),
}


@dataclasses.dataclass(frozen=True)
class Case:
    """What is asked for: the times from one frame of Shaft to another, `cut`, and buckets of `every` milliseconds."""

    signals: tuple
    cut: tuple = ()
    every: int = 0
    method: str = "RAW"
    fill: str = "NONE"
    columns: tuple = ()

    @property
    def names(self):
        return self.columns or tuple(signal.removeprefix("expr:") for signal in self.signals)

    @property
    def is_exact(self):
        """Means and derivatives are rounded by the way they are made."""
        return self.method != "MEAN" and SAVED not in self.signals

    def span(self, runs, everything):
        """The times wanted, from the first of the runs to the last."""
        ends = [LOAD(frames)["t"][at] for frames, at in zip((runs[0], runs[-1]), self.cut)]
        return tuple(ends) or everything

    def parameters(self, saved, span):
        asked = {"signals": [f"derived:{saved}" if signal == SAVED else signal for signal in self.signals]}
        every = {"every": f"{self.every}ms"} if self.every else {}
        times = window(*span) if span != EVER else {}
        return {**asked, **every, **times, "method": self.method, "fill": self.fill}


RATES = "Shaft.Load", "Hub.Drag", "Door.Ajar"
DERIVED = SAVED, "Hub.Turns", "expr:Load * 2 - 1", 'expr:max("Load", Drag) - 0.5'
EXTREMES = "Shaft.Load.min", "Shaft.Load.max", "Hub.Drag.min", "Hub.Drag.max"
CASES = {
    "three rates": Case(RATES),
    "three rates, held": Case(RATES, fill="PREVIOUS"),
    "a window": Case(RATES, cut=(5_001, 12_345)),
    "a window, held": Case(RATES, cut=(5_000, 12_000), fill="PREVIOUS"),
    "means of 10 ms": Case(RATES, every=10, method="MEAN"),
    "means of 7 ms, held": Case(RATES[:2], cut=(4_000, 11_000), every=7, method="MEAN", fill="PREVIOUS"),
    "extremes of 100 ms": Case(RATES[:2], cut=(9_000, 12_000), every=100, method="MIN_MAX", columns=EXTREMES),
    "extremes of 3 ms": Case(RATES[:2], every=3, method="MIN_MAX", columns=EXTREMES),
    "derived": Case(DERIVED),
    "derived in a window, held": Case(DERIVED, cut=(8_000, 8_500), fill="PREVIOUS"),
    "means of derived": Case(DERIVED, every=20, method="MEAN"),
    "two of one message": Case(("Hub.Drag", "Shaft.Load", "Shaft.Turns")),
    "means of one message": Case(("Shaft.Load", "Shaft.Turns"), every=7, method="MEAN"),
    "one short name": Case(("Shaft.Turns", "Hub.Turns")),
    "one signal twice": Case(("Load", "Load"), columns=("Load", "Load_2")),
    "a signal and itself": Case(("expr:Load", "Shaft.Load", "Load"), columns=("Load", "Shaft.Load", "Load_2")),
    "extremes, twice": Case(
        ("Load", "expr:Load"), every=100, method="MIN_MAX", columns=("Load.min", "Load.max", "Load.min_2", "Load.max_2")
    ),
}


def bucketed(samples, case, start):
    """The buckets with samples, each at its beginning, or at `start` where the rows begin within it."""
    width, values = case.every * 1000, {"MEAN": ["mean"], "MIN_MAX": ["min", "max"]}[case.method]
    return grouped(samples, width).select((polars.col("b") * width).clip(start).alias("t"), FIRST, *values)


def every_bucket(width, start, end):
    times = [start, *range((start // width + 1) * width, end, width)]
    return polars.DataFrame({"t": times}).with_columns(FIRST)


def table(case, frames, span):
    """The rows of one run."""
    shaft = LOAD(frames)["t"]  # begins before all others and ends behind them
    start, end = max(shaft[0], span[0]), min(shaft[-1] + 1, span[1])
    names, parts = iter(case.names), []
    for signal in case.signals:
        part = SAMPLES[signal](frames).filter(T.is_between(*span, closed="left")).select("t", "n", "v")
        part = bucketed(part, case, start) if case.every else part
        values = part.columns[2:]
        parts.append(part.rename(dict(zip(values, itertools.islice(names, len(values))))))
    if case.every and case.fill == "PREVIOUS":
        parts.append(every_bucket(case.every * 1000, start, end))
    rows = functools.reduce(functools.partial(joined, on=["t", "n"]), parts).sort("t", "n")
    columns = polars.col(case.names)
    times = polars.from_epoch("t", "us").dt.replace_time_zone("UTC").alias("timestamp")
    return rows.select(times, columns.forward_fill() if case.fill == "PREVIOUS" else columns)


def wanted_of(runs, saved, everything=EVER):
    """A function of a case: its parameters, and the rows of these runs."""

    @functools.cache
    def wanted(case):
        span = case.span(runs, everything)
        return case.parameters(saved, span), polars.concat([table(case, frames, span) for frames in runs])

    return wanted
