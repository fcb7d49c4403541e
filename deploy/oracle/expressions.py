"""What numpy and pandas make of expressions: the judge over our own evaluation.

usage: expressions.py < CASES

CASES is JSON: a list of {source, python, times, columns, result_times, result}: `python` is the expression as Python
over `a`, `b`, … and the functions below, `times` and `columns` one entry a time base (columns by name; null is a
gap). Values must agree to 1e-12 relative (for sums along time, of their greatest term), gaps be where gaps are.
Prints how many values were compared; the first disagreement ends with a message and exit code 1. Needs numpy and
pandas (deploy/test.sh installs them).
"""

import json
import sys

import numpy
import pandas


def gaps(result, *operands):
    """A gap where an operand is one."""
    for operand in operands:
        result = numpy.where(numpy.isnan(operand), numpy.nan, result)
    return result


def truth(function):
    return lambda *operands: gaps(numpy.asarray(function(*operands), dtype=float), *operands)


class Case:
    """What the functions along time know of the expression they stand in."""

    index = None
    scale = 0.0


def along(function, sums=None):
    """A function of the samples that are finite numbers, by their times; `sums` is how much greater than a sample
    the terms are that it adds up."""

    def applied(operand, *arguments):
        values = numpy.broadcast_to(numpy.asarray(operand, dtype=float), len(Case.index))
        finite = numpy.isfinite(values)
        samples = pandas.Series(values[finite], index=Case.index[finite])
        result = numpy.full(len(values), numpy.nan)
        result[finite] = function(samples, *arguments)
        if sums and len(samples):
            Case.scale = max(Case.scale, sums(samples) * numpy.abs(samples).max())
        return result

    return applied


def seconds(samples):
    return samples.index.to_numpy().astype("datetime64[us]").astype(numpy.int64) / 1e6


def derivative(samples):
    steps = numpy.diff(samples.index.to_numpy().astype("datetime64[us]").astype(numpy.int64)) / 1e6
    slopes = numpy.where(steps > 0, numpy.diff(samples.to_numpy()) / numpy.where(steps > 0, steps, 1), numpy.nan)
    return numpy.concatenate([[numpy.nan], slopes])[: len(samples)]


def integral(samples):
    values, steps = samples.to_numpy(), numpy.diff(seconds(samples))
    areas = (values[1:] + values[:-1]) / 2 * steps
    return numpy.concatenate([[0.0], numpy.cumsum(areas)])[: len(samples)]


def low_pass(samples, constant):
    """The solution of y' = (x - y) / constant from sample to sample, x held at the later one."""
    values, steps = samples.to_numpy(), numpy.diff(seconds(samples))
    filtered = list(values[:1])
    for value, step in zip(values[1:], steps):
        filtered.append(filtered[-1] * numpy.exp(-step / constant) - value * numpy.expm1(-step / constant))
    return numpy.array(filtered)


def rolling(how):
    of = lambda samples, width: getattr(samples.rolling(width, closed="right"), how)()  # noqa: E731
    return along(of, sums=(lambda samples: 1) if how == "mean" else None)


FUNCTIONS = {
    "np": numpy,
    "logical_and": truth(numpy.logical_and),
    "logical_or": truth(numpy.logical_or),
    "logical_not": truth(numpy.logical_not),
    "less": truth(numpy.less),
    "less_equal": truth(numpy.less_equal),
    "greater": truth(numpy.greater),
    "greater_equal": truth(numpy.greater_equal),
    "equal": truth(numpy.equal),
    "not_equal": truth(numpy.not_equal),
    "choose": lambda c, a, b: gaps(numpy.where(numpy.not_equal(c, 0), a, b), c),
    "power": lambda a, b: gaps(numpy.power(a, b), a, b),
    "previous": along(lambda samples: samples.shift(1)),
    "derivative": along(derivative),
    "integral": along(integral, sums=lambda samples: max(seconds(samples)[-1] - seconds(samples)[0], 0)),
    "low_pass": along(low_pass, sums=lambda samples: 1),
    "moving_mean": rolling("mean"),
    "moving_min": rolling("min"),
    "moving_max": rolling("max"),
}


def frames(case):
    """Each signal by name; on one time base as they are, on several held by previous value on the union."""
    bases = []
    for times, columns in zip(case["times"], case["columns"]):
        index = pandas.to_datetime(numpy.array(times, dtype=numpy.int64), unit="us")
        bases.append(pandas.DataFrame(columns, index=index, dtype=float))
    if len(bases) == 1:
        return bases[0]
    # Gaps hold too: rows are looked up, not filled.
    union = pandas.DatetimeIndex(sorted(set().union(*(base.index for base in bases))))
    return pandas.concat([base.reindex(union, method="ffill") for base in bases], axis=1)


def check(case):
    frame = frames(case)
    names = {name: frame[name].to_numpy() for name in frame.columns}
    Case.index, Case.scale = frame.index, 0.0
    with numpy.errstate(all="ignore"):
        result = eval(case["python"], {}, FUNCTIONS | names)  # noqa: S307 - our own test's text
    result = numpy.broadcast_to(numpy.asarray(result, dtype=float), len(frame))
    ours = numpy.array([numpy.nan if value is None else float(value) for value in case["result"]])
    times = pandas.to_datetime(numpy.array(case["result_times"], dtype=numpy.int64), unit="us")
    if len(times) != len(frame) or not (times == frame.index).all():
        raise SystemExit(f"{case['source']}: other times")
    with numpy.errstate(invalid="ignore"):
        near = numpy.abs(result - ours) <= 1e-12 * numpy.maximum(numpy.abs(result), Case.scale)
    same = near | (result == ours) | (numpy.isnan(result) & numpy.isnan(ours))
    if not same.all():
        row = int(numpy.argmin(same))
        raise SystemExit(f"{case['source']}, row {row}: {result[row]!r} there, {ours[row]!r} here")
    return len(ours)


print(sum(check(case) for case in json.load(sys.stdin)))
