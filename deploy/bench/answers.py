"""What a browser and a notebook wait for: queries and exports of a long run, over HTTP.

    python deploy/bench/answers.py target/release/dataviewer [folder]

Starts `dataviewer serve` on a folder of its own, uploads a drive of 10,000 s (one message at 1 kHz: 10 M rows; two at
100 Hz; ten signals) and asks by one connection that is kept, from the question to the answer's last byte: p50, p95, and
for exports the rows a second, what the service's memory grows by, and the same rows written by DuckDB. The log is made in
`folder` unless it is there. Needs numpy and the packages of deploy/oracle/requirements.txt.
"""

import http.client
import json
import os
import pathlib
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "outside"))
os.environ["DATAVIEWER_BINARY"] = sys.argv[1]
from client import register, upload  # noqa: E402
from server import Server  # noqa: E402

SECONDS = 10_000
MESSAGES = {"Fast": (512, 1_000, "ABCD"), "Slow": (513, 100, "EFGH"), "Few": (514, 100, "IJ")}
SIGNALS = [f"{message}.{name}" for message, (_, _, names) in MESSAGES.items() for name in names]
HEX = numpy.frombuffer(b"0123456789ABCDEF", numpy.uint8)


def dbc():
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
        time = second + micros / 1e6
        values = [3_000 * numpy.sin(time * (n + 1) / 7) + 40 * ((micros * (n + 3) // 1000) % 97) for n in range(4)]
        raw = numpy.stack(values, 1).astype("<i2").view(numpy.uint8)
        line = numpy.empty((rate, 46), numpy.uint8)
        line[:] = numpy.frombuffer(f"({1_700_000_000 + second}.000000) can0 {frame:03X}#0000000000000000\n".encode(), numpy.uint8)
        for digit in range(6):
            line[:, 12 + digit] = 48 + micros // 10 ** (5 - digit) % 10
        line[:, 29:45:2], line[:, 30:45:2] = HEX[raw >> 4], HEX[raw & 15]
        blocks.append(line)
        order.append(micros)
    lines = numpy.concatenate(blocks)
    return lines[numpy.argsort(numpy.concatenate(order), kind="stable")].tobytes()


def make(path):
    if not path.exists():
        with open(path, "wb") as log:
            for second in range(SECONDS):
                log.write(frames(second))


class Client:
    """One connection that is kept, as a browser has it."""

    def __init__(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port)

    def ask(self, text, **variables):
        """Seconds to the last byte, and the bytes."""
        body = json.dumps({"query": text, "variables": variables})
        begun = time.perf_counter()
        self.connection.request("POST", "/graphql", body, {"content-type": "application/json"})
        answer = self.connection.getresponse().read()
        took = time.perf_counter() - begun
        assert b'"errors"' not in answer, answer[:500]
        return took, answer

    def often(self, title, goal, text, **variables):
        self.ask(text, **variables)
        took = sorted(1e3 * self.ask(text, **variables)[0] for _ in range(300))
        size = len(self.ask(text, **variables)[1])
        print(f"{title:<44}{took[150]:>9.2f}{took[285]:>9.2f}{took[-1]:>9.2f}{size:>11}   {goal}", flush=True)

    def export(self, title, path, rows):
        """Reads an answer to its end, and watches the service's memory meanwhile."""
        before, most, over = self.server.rss_bytes(), [0], threading.Event()

        def watch():
            while not over.wait(0.02):
                most[0] = max(most[0], self.server.rss_bytes())

        watcher = threading.Thread(target=watch)
        watcher.start()
        begun, size = time.perf_counter(), 0
        with urllib.request.urlopen(self.server.url + path) as answer:
            while block := answer.read(1 << 20):
                size += len(block)
        took = time.perf_counter() - begun
        over.set()
        watcher.join()
        grown = (most[0] - before) / 2**20
        print(f"{title:<44}{took:>8.2f} s{rows / took / 1e6:>7.2f} M rows/s{size / 1e6:>9.0f} MB   +{grown:.0f} MiB", flush=True)


def peer(file, columns, rows):
    import duckdb

    begun = time.perf_counter()
    duckdb.sql(f"COPY (SELECT timestamp, {columns} FROM '{file}') TO '/dev/null' (FORMAT csv)")
    took = time.perf_counter() - begun
    print(f"{'  DuckDB, from the file, to /dev/null':<44}{took:>8.2f} s{rows / took / 1e6:>7.2f} M rows/s", flush=True)


def measure(server, folder):
    client = Client(server)
    (folder / "bench.dbc").write_text(dbc())
    sent, events = upload(server, folder / "bench.log", dbcs=[{"dbc": register(server, folder / "bench.dbc"), "bus": None}])
    assert events[-1]["state"] == "SUCCEEDED", events[-1]
    run = sent["run"]["id"]
    print(f"{'10,000 s, 12 M frames, over HTTP':<44}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}{'bytes':>11}   goal")
    series = "query($id: ID!, $signals: [SignalSelector!]!, $window: TimeWindow) { run(id: $id) { series(signals: $signals, window: $window) { %s } } }"
    ten = [{"name": name} for name in SIGNALS]
    json_columns, b64_columns = "name t0 time min max", "name t0 timeB64 minB64 maxB64"
    zoom = {"from": "2023-11-14T23:13:20Z", "to": "2023-11-14T23:15:00Z"}
    client.often("10 signals × 2,000 points, JSON", "p95 15", series % json_columns, id=run, signals=ten)
    client.often("10 signals × 2,000 points, base64", "p95 8", series % b64_columns, id=run, signals=ten)
    client.often("the same of 100 s (1 %), JSON", "", series % json_columns, id=run, signals=ten, window=zoom)
    client.often("the same of 100 s (1 %), base64", "", series % b64_columns, id=run, signals=ten, window=zoom)
    derived = [{"expression": "Fast.A * 2 + Fast.B / 3"}]
    client.often("a derived signal of 100 s, base64", "", series % b64_columns, id=run, signals=derived, window=zoom)
    statistics = "query($id: ID!, $signals: [SignalSelector!]) { run(id: $id) { statistics(signals: $signals) { %s } } }"
    stored = "count min max mean standardDeviation first last"
    client.often("statistics of one signal, stored", "5", statistics % stored, id=run, signals=ten[:1])
    client.often("statistics of ten signals, stored", "", statistics % stored, id=run, signals=ten)
    quantiles = statistics % (stored + " p05 p50 p95")
    print(f"{'statistics with quantiles of 10 M, first':<44}{1e3 * client.ask(quantiles, id=run, signals=ten[:1])[0]:>9.2f}")
    file = next(path for path in folder.rglob("*Fast*.parquet") if "overview" not in path.name)
    data = f"/runs/{run}/data.%s?" + urllib.parse.urlencode({"signals": "Fast.A"})
    every = data + "&every=10ms&method=mean"
    for _ in range(2):
        client.export("CSV of one signal, 10 M rows", data % "csv", 10e6)
    peer(file, "A", 10e6)
    client.export("CSV of four signals, 10 M rows", f"/runs/{run}/data.csv?signals=Fast.A,Fast.B,Fast.C,Fast.D", 10e6)
    peer(file, "A, B, C, D", 10e6)
    client.export("NDJSON of one signal", data % "ndjson", 10e6)
    client.export("Arrow of one signal", data % "arrow", 10e6)
    client.export("Parquet of one signal", data % "parquet", 10e6)
    client.export("CSV of ten signals of three messages", f"/runs/{run}/data.csv?signals=" + ",".join(SIGNALS), 10e6)
    client.export("CSV of means of 10 ms, 1 M rows", every % "csv", 1e6)
    expression = urllib.parse.quote("expr:Fast.A * 2 + Fast.B / 3")
    client.export("CSV of a derived signal, 10 M rows", f"/runs/{run}/data.csv?signals={expression}", 10e6)


def main(folder):
    make(folder / "bench.log")
    with tempfile.TemporaryDirectory(dir=folder) as own:
        own = pathlib.Path(own)
        os.symlink(folder.absolute() / "bench.log", own / "bench.log")
        server = Server(own)
        try:
            measure(server, own)
        finally:
            server.stop()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(pathlib.Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(pathlib.Path(made))
