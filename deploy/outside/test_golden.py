"""Real logs through the real API by an outside client, against figures that cantools made (the golden files)."""

import csv
import datetime
import math

import pytest
from client import execute, register, upload

RUN = """query Run($id: ID!) {
  run(id: $id) {
    start end timeSource timeZone warningCount status
    report { lines badLines samples backSteps frames { read decoded unknownId } problems { code count } }
    signals(first: 500) { totalCount nodes {
      name message bus frameId unit count firstTime lastTime min max first last mean
    } }
  }
}"""

SERIES = """query Series($id: ID!, $signals: [SignalSelector!]!) {
  run(id: $id) { series(signals: $signals, resolution: { maxPoints: 100000, method: RAW }) {
    t0 exact points sourceSamples time values
  } }
}"""


def micros(text):
    moment = datetime.datetime.fromisoformat(text)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(microseconds=1)


def is_near(one, other):
    return math.isclose(one, float(other), rel_tol=1e-9, abs_tol=1e-12)


def converted(server, real_data, log, dbc, bus=None, **fields):
    dbc = register(server, real_data / dbc)
    sent, events = upload(server, real_data / log, dbcs=[{"dbc": dbc, "bus": bus}], **fields)
    fractions = [event["progress"]["fraction"] for event in events]
    assert fractions == sorted(fractions)
    assert [event["state"] for event in events].count("SUCCEEDED") == 1
    assert events[-1]["state"] == "SUCCEEDED" and fractions[-1] == 1
    return sent["run"]["id"], execute(server, RUN, id=sent["run"]["id"])["run"]


def compare(run, golden, to_micros, bus=None):
    """Each golden row has its signal, equal in unit, count, times and values; and there are no others."""
    with open(golden) as rows:
        expected = list(csv.DictReader(rows))
    found = {(s["frameId"], s["message"], s["name"]): s for s in run["signals"]["nodes"] if s["bus"] == bus}
    assert {(int(e["frame_id_hex"], 16), e["message"], e["signal"]) for e in expected} == {
        key for key, signal in found.items() if int(signal["count"])
    }
    for row in expected:
        signal = found[int(row["frame_id_hex"], 16), row["message"], row["signal"]]
        assert int(signal["count"]) == int(row["samples"]), row
        assert (signal["unit"] or "") == row["unit"], row
        for name, column in [("min", "min"), ("max", "max"), ("mean", "mean")]:
            assert is_near(signal[name], row[column]), (name, signal, row)
        for place in "first", "last":
            assert is_near(signal[place], row[place + "_value"]), (place, signal, row)
            assert abs(micros(signal[place + "Time"]) - to_micros(row[place + "_t"])) <= 1, (place, signal, row)


def test_log00011(server, real_data):
    _, run = converted(
        server, real_data, "wuracing/LOG00011.CSV", "wuracing/2019.2.1.dbc", timeZone="America/Chicago"
    )
    compare(run, real_data / "golden/LOG00011__2019.2.1.csv", lambda ms: int(ms) * 1000)
    assert run["start"] == "2019-10-06T15:42:54.000000Z"
    assert run["end"] == "2019-10-06T15:42:57.247000Z"
    report = run["report"]
    assert (report["frames"]["read"], report["samples"]) == ("924", "3642")
    assert (report["badLines"], report["backSteps"], run["timeSource"]) == ("1", "1", "RTC")
    voltages = [int(s["count"]) for s in run["signals"]["nodes"] if s["name"] == "ECUBatteryVoltage"]
    assert sorted(voltages) == [86, 88]


def test_pe3_batt_only(server, real_data):
    _, run = converted(server, real_data, "wuracing/PE3-Batt-Only.CSV", "wuracing/2020.1.0.dbc")
    compare(run, real_data / "golden/PE3-Batt-Only__2020.1.0.csv", lambda ms: int(ms) * 1000)
    assert (run["report"]["frames"]["read"], run["report"]["badLines"]) == ("52006", "1")
    assert run["timeSource"] == "RELATIVE"
    assert (micros(run["start"]), micros(run["end"])) == (216_557_000, 542_280_000)  # the truncated line is of 542.290 s


@pytest.fixture(scope="module")
def comma(server, real_data):
    return converted(server, real_data, "comma2k19/drive.log", "comma2k19/rav4.dbc", bus="can0")


def test_comma2k19(comma, real_data):
    _, run = comma
    golden = real_data / "golden/comma2k19_Example1_bus0__rav4.csv"
    compare(run, golden, lambda seconds: round(float(seconds) * 1e6), bus="can0")
    assert run["report"]["frames"]["read"] == "135468"


def columns(server, run, *names):
    answer = execute(server, SERIES, id=run, signals=[{"name": name} for name in names])["run"]["series"]
    for series in answer:
        assert series["exact"] and str(series["points"]) == series["sourceSamples"]
    return [([micros(s["t0"]) + round(t * 1e6) for t in s["time"]], s["values"]) for s in answer]


def test_comma2k19_wheel_speeds(server, comma, real_data):
    with open(real_data / "comma2k19/expected_wheel_speed.csv") as rows:
        expected = list(csv.DictReader(rows))
    wheels = ["fl", "fr", "rl", "rr"]
    read = columns(server, comma[0], *[f"WHEEL_SPEED_{wheel.upper()}" for wheel in wheels])
    for wheel, (times, values) in zip(wheels, read):
        assert len(values) == len(expected) == 4974
        for time, value, row in zip(times, values, expected):
            assert abs(time - float(row["t_s"]) * 1e6) <= 1.5
            assert abs(value / 3.6 - float(row[wheel + "_mps"])) <= 1e-9


def test_comma2k19_steering_angle(server, comma, real_data):
    with open(real_data / "comma2k19/expected_steering_angle.csv") as rows:
        expected = list(csv.DictReader(rows))
    (times, angle), (_, fraction) = columns(server, comma[0], "STEER_ANGLE", "STEER_FRACTION")
    assert len(angle) == len(expected) == 4974
    for time, whole, part, row in zip(times, angle, fraction, expected):
        assert abs(time - float(row["t_s"]) * 1e6) <= 1.5
        assert abs(whole + part - float(row["deg"])) <= 1e-9


def test_the_same_bytes_again_are_the_same_run(server, comma, real_data):
    sent, events = upload(server, real_data / "comma2k19/drive.log")
    assert sent["duplicate"] and sent["run"]["id"] == comma[0]
    assert [event["state"] for event in events] == ["SUCCEEDED"]
