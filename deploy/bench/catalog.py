"""The catalogue of signals over HTTP, with 10,000 runs of 200 signals each in the database.

    python deploy/bench/catalog.py target/release/dataviewer [runs, 10000] [signals a run, 200] [requests a query, 20]

Seeds a SQLite database as lists.py does, then asks for pages of 50 by one connection that is kept: p50, p95 and the
slowest. No answer is kept anywhere: each asks the database.
"""

import http.client
import json
import sqlite3
import sys
import tempfile
import time
import uuid

import lists
from server import Server

FIGURES = "name message units runCount sampleCount firstSeen lastSeen"
QUERIES = {
    "names alone": ("first: 50", "name message"),
    "figures": ("first: 50", FIGURES),
    "figures of a search": ('first: 50, search: "engine temp"', FIGURES),
    "figures of one car": ("first: 50, vehicle: %(vehicle)s", FIGURES),
    "figures and the length": ("first: 50", FIGURES + " } totalCount x: pageInfo { hasNextPage"),
    "runs of each": ("first: 50", "name runs(first: 5) { nodes { number } }"),
}


def signals(path, count):
    """Gives every converted run this many signals, in messages of eight; one run in three has the first half only."""
    db = sqlite3.connect(path, isolation_level=None, timeout=30)
    db.execute("BEGIN IMMEDIATE")
    db.execute("DELETE FROM signal")
    db.execute("DELETE FROM sqlite_stat1")  # no server has analysed its tables
    kinds = []
    for place in range(count):
        message, name = ["Engine", "Brake", "Wheel", "Dash"][place // 8 % 4] + str(place // 8), f"Temp{place}"
        row, entry = uuid.uuid4().bytes, uuid.uuid4().bytes
        lists.insert(
            db, "catalog_signal", id=row, entry_id=entry, beginning=name, message=message, name=name, unit="degC"
        )
        kinds.append((row, message, name, place))
    columns = [row[1] for row in db.execute("PRAGMA table_info(signal)")]
    insert = f"INSERT INTO signal ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    runs = db.execute("SELECT id, current_conversion_id, start_at, end_at FROM run WHERE end_at IS NOT NULL")
    for number, (run, conversion, start, end) in enumerate(runs.fetchall()):
        same = dict(run_id=run, conversion_id=conversion, first_at=start, last_at=end, bus="can0", extended=0, sorted=1)
        rows = []
        for row, message, name, place in kinds[: count // 2 if number % 3 == 0 else count]:
            of = dict(
                id=uuid.uuid4().bytes, position=place, frame_id=256 + place // 8, message=message, name=name,
                unit="degC", file=f"{message}.parquet", overview=f"{message}.overview.parquet", count=90_000 + place,
                summary='{"min":1,"max":2}' + " " * 300, catalog_id=row,
            )
            rows.append([{**same, **of}.get(column) for column in columns])
        db.executemany(insert, rows)
    total = db.execute("SELECT count(*) FROM signal").fetchone()[0]
    db.execute("COMMIT")
    db.close()
    return total


def ask(connection, text):
    begun = time.perf_counter()
    connection.request("POST", "/graphql", json.dumps({"query": text}), {"content-type": "application/json"})
    answer = connection.getresponse().read()
    took = time.perf_counter() - begun
    assert b'"errors"' not in answer, answer[:500]
    return took, len(json.loads(answer)["data"]["signalCatalog"]["nodes"])


def main():
    runs, of_each, requests = (int(text) for text in (sys.argv[2:] + ["10000", "200", "20"][len(sys.argv) - 2 :])[:3])
    with tempfile.TemporaryDirectory() as folder:
        Server(folder).stop()
        names = lists.seed(f"{folder}/dataviewer.db", runs)
        print(f"{signals(f'{folder}/dataviewer.db', of_each)} signals of {runs} runs")
        server = Server(folder)
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            print(f"{'pages of 50':36} {'nodes':>5} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8}")
            for name, (arguments, fields) in QUERIES.items():
                text = "{ signalCatalog(%s) { nodes { %s } } }" % (arguments % names, fields)
                ask(connection, text)
                answers = [ask(connection, text) for _ in range(requests)]
                took = sorted(answer[0] * 1e3 for answer in answers)
                p50, p95 = took[len(took) // 2], took[len(took) * 95 // 100]
                print(f"{name:36} {answers[0][1]:5} {p50:8.2f} {p95:8.2f} {took[-1]:8.2f}", flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
