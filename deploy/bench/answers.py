"""What a browser and a notebook wait for: queries and exports of a long run, over HTTP.

    python deploy/bench/answers.py target/release/dataviewer [folder] [seconds, 10000]

Starts `dataviewer serve` on a folder of its own, uploads a drive of 10,000 s (one message at 1 kHz: 10 M rows; two at
100 Hz; ten signals) and asks by one connection that is kept, from the question to the answer's last byte: p50, p95, and
for exports the rows a second, what the service's memory grows by, and the same rows written by DuckDB. The log is made in
`folder` unless it is there. Needs numpy and the packages of deploy/oracle/requirements.txt.
"""

import datetime
import pathlib
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import numpy
from service import Connection, Goals, Memory, serving

from client import register, upload  # of deploy/outside, which the line above made known

START = 1_700_000_000
MESSAGES = {"Fast": (512, 1_000, "ABCD"), "Slow": (513, 100, "EFGH"), "Few": (514, 100, "IJ")}
SIGNALS = [f"{message}.{name}" for message, (_, _, names) in MESSAGES.items() for name in names]
HEX = numpy.frombuffer(b"0123456789ABCDEF", numpy.uint8)


def dbc_text():
    lines = ['VERSION ""', "BU_: Car"]
    for message, (frame, _, names) in MESSAGES.items():
        lines.append(f"BO_ {frame} {message}: 8 Car")
        lines += [f' SG_ {name} : {16 * n}|16@1- (0.0125,-10) [0|0] "V" Car' for n, name in enumerate(names)]
    return "\n".join(lines) + "\n"


def frames(second):
    """The lines of one second: candump text of fixed width, in the order of time."""
    blocks, order = [], []
    for frame, rate, _ in MESSAGES.values():
        micros = numpy.arange(rate) * (1_000_000 // rate)
        at = second + micros / 1e6
        values = [3_000 * numpy.sin(at * (n + 1) / 7) + 40 * ((micros * (n + 3) // 1000) % 97) for n in range(4)]
        raw = numpy.stack(values, 1).astype("<i2").view(numpy.uint8)
        line = numpy.empty((rate, 46), numpy.uint8)
        line[:] = numpy.frombuffer(f"({START + second}.000000) can0 {frame:03X}#0000000000000000\n".encode(), numpy.uint8)
        for digit in range(6):
            line[:, 12 + digit] = 48 + micros // 10 ** (5 - digit) % 10
        line[:, 29:45:2], line[:, 30:45:2] = HEX[raw >> 4], HEX[raw & 15]
        blocks.append(line)
        order.append(micros)
    lines = numpy.concatenate(blocks)
    return lines[numpy.argsort(numpy.concatenate(order), kind="stable")].tobytes()


def make(path, seconds):
    """The log, unless it is there; one that was broken off is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        part = path.with_suffix(".part")
        with open(part, "wb") as log:
            for second in range(seconds):
                log.write(frames(second))
        part.rename(path)


class Bench:
    """What is asked of one run, and what the answers took."""

    def __init__(self, server, run, seconds):
        self.server, self.run, self.rows = server, run, 1_000 * seconds
        self.connection, self.goals = Connection(server), Goals()

    def query(self, title, at_most, text, **variables):
        """A question asked 300 times, whose p95 is to be so many milliseconds at most."""
        p50, p95, slowest, answer = self.connection.ask_often(300, text, id=self.run, **variables)
        goal = f"p95 {at_most}" if at_most else ""
        print(f"{title:<44}{p50:>9.2f}{p95:>9.2f}{slowest:>9.2f}{len(answer):>11}   {goal}", flush=True)
        self.goals.add(f"{title}, p95", p95, "ms", at_most=at_most)

    def export(self, title, ending, signals, rows=None, **parameters):
        """Reads an answer to its end; returns millions of rows a second, and the MiB that the service grew by."""
        asked = urllib.parse.urlencode({"signals": signals, **parameters})
        with Memory(self.server) as memory:
            begun, size = time.perf_counter(), 0
            with urllib.request.urlopen(f"{self.server.url}/runs/{self.run}/data.{ending}?{asked}") as answer:
                while block := answer.read(1 << 20):
                    size += len(block)
            took = time.perf_counter() - begun
        speed = (rows or self.rows) / took / 1e6
        print(f"{title:<44}{took:>8.2f} s{speed:>7.2f} M rows/s{size / 1e6:>9.0f} MB   +{memory.growth:.0f} MiB", flush=True)
        return speed, memory.growth

    def peer(self, file, columns):
        """The same rows by DuckDB, in millions a second."""
        import duckdb

        begun = time.perf_counter()
        duckdb.sql(f"COPY (SELECT timestamp, {columns} FROM '{file}') TO '/dev/null' (FORMAT csv)")
        took = time.perf_counter() - begun
        speed = self.rows / took / 1e6
        print(f"{'  DuckDB, from the file, to /dev/null':<44}{took:>8.2f} s{speed:>7.2f} M rows/s", flush=True)
        return speed


def ask_series(bench, seconds):
    series = """query($id: ID!, $signals: [SignalSelector!]!, $window: TimeWindow) {
      run(id: $id) { series(signals: $signals, window: $window) { %s } } }"""
    json_columns, b64_columns = series % "name t0 time min max", series % "name t0 timeB64 minB64 maxB64"
    ten = [{"name": name} for name in SIGNALS]
    derived = [{"expression": "Fast.A * 2 + Fast.B / 3"}]
    moment = lambda at: datetime.datetime.fromtimestamp(START + at, datetime.timezone.utc).isoformat()  # noqa: E731
    zoom = {"from": moment(0.36 * seconds), "to": moment(0.37 * seconds)}
    bench.query("10 signals × 2,000 points, JSON", 15, json_columns, signals=ten)
    bench.query("10 signals × 2,000 points, base64", 8, b64_columns, signals=ten)
    bench.query("the same of 1 % of the run, JSON", None, json_columns, signals=ten, window=zoom)
    bench.query("the same of 1 % of the run, base64", None, b64_columns, signals=ten, window=zoom)
    bench.query("a derived signal of 1 %, base64", None, b64_columns, signals=derived, window=zoom)


def ask_statistics(bench):
    statistics = "query($id: ID!, $signals: [SignalSelector!]) { run(id: $id) { statistics(signals: $signals) { %s } } }"
    figures = "count min max mean standardDeviation first { time value } last { time value }"
    ten = [{"name": name} for name in SIGNALS]
    bench.query("statistics of one signal, stored", 5, statistics % figures, signals=ten[:1])
    bench.query("statistics of ten signals, stored", 5, statistics % figures, signals=ten)
    title, quantiles = "statistics with quantiles of one, first", statistics % f"{figures} p05 p50 p95"
    took, _ = bench.connection.ask(quantiles, id=bench.run, signals=ten[:1])
    print(f"{title:<44}{took:>9.2f}")
    bench.goals.add(title, took, "ms")


def export(bench, file):
    one, four, rows = "Fast.A", "Fast.A,Fast.B,Fast.C,Fast.D", f"{bench.rows / 1e6:g} M rows"
    title = f"CSV of one signal, {rows}"
    twice = [bench.export(title, "csv", one) for _ in range(2)]
    bench.goals.add(title, max(speed for speed, _ in twice), "M rows/s", at_least=1)
    bench.goals.add(f"{title}, growth of memory", max(growth for _, growth in twice), "MiB", at_most=100)
    bench.goals.add(f"{title}, by DuckDB", bench.peer(file, "A"), "M rows/s")
    title = f"CSV of four signals, {rows}"
    bench.goals.add(title, bench.export(title, "csv", four)[0], "M rows/s")
    bench.goals.add(f"{title}, by DuckDB", bench.peer(file, "A, B, C, D"), "M rows/s")
    derived = "expr:Fast.A * 2 + Fast.B / 3"
    for title, ending, signals, more in [
        ("NDJSON of one signal", "ndjson", one, {}),
        ("Arrow of one signal", "arrow", one, {}),
        ("Parquet of one signal", "parquet", one, {}),
        ("CSV of ten signals of three messages", "csv", ",".join(SIGNALS), {}),
        ("CSV of means of 10 ms", "csv", one, {"rows": bench.rows // 10, "every": "10ms", "method": "MEAN"}),
        (f"CSV of a derived signal, {rows}", "csv", derived, {}),
    ]:
        bench.goals.add(title, bench.export(title, ending, signals, **more)[0], "M rows/s")


def main(binary, folder, seconds):
    log = folder / f"{seconds}.log"
    make(log, seconds)
    with tempfile.TemporaryDirectory(dir=folder) as own, serving(binary, own) as server:
        dbc = pathlib.Path(own) / "bench.dbc"
        dbc.write_text(dbc_text())
        sent, events = upload(server, log, dbcs=[{"dbc": register(server, dbc), "bus": None}])
        assert events[-1]["state"] == "SUCCEEDED", events[-1]
        file = next(path for path in pathlib.Path(own).rglob("*Fast*.parquet") if "overview" not in path.name)
        bench = Bench(server, sent["run"]["id"], seconds)
        what = f"{seconds:,} s, {1.2e-3 * seconds:g} M frames, over HTTP"
        print(f"{what:<44}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}{'bytes':>11}   goal")
        ask_series(bench, seconds)
        ask_statistics(bench)
        export(bench, file)
        bench.goals.print()


if __name__ == "__main__":
    binary, seconds = sys.argv[1], int((sys.argv[3:] or ["10000"])[0])
    if len(sys.argv) > 2:
        main(binary, pathlib.Path(sys.argv[2]), seconds)
    else:
        with tempfile.TemporaryDirectory() as made:
            main(binary, pathlib.Path(made), seconds)
