"""The catalogue of signals over HTTP, with 10,000 runs of 200 signals each in the database.

    python deploy/bench/catalog.py target/release/dataviewer [runs, 10000] [signals a run, 200] [requests a query, 20]

Seeds a SQLite database as lists.py does, then asks for pages of 50 by one connection that is kept: p50, p95 and the
slowest. No answer is kept anywhere: each asks the database.
"""

import json
import sqlite3
import sys
import tempfile
import uuid

import lists
from service import Connection, Goals, serving

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


def main(binary, runs="10000", of_each="200", requests="20"):
    goals = Goals()
    with tempfile.TemporaryDirectory() as folder:
        with serving(binary, folder):
            pass  # makes the tables
        names = lists.seed(f"{folder}/dataviewer.db", int(runs))
        total = signals(f"{folder}/dataviewer.db", int(of_each))
        print(f"{total} signals of {runs} runs")
        with serving(binary, folder) as server:
            connection = Connection(server)
            print(f"{'pages of 50':36} {'nodes':>5} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8}")
            for name, (arguments, fields) in QUERIES.items():
                text = "{ signalCatalog(%s) { nodes { %s } } }" % (arguments % names, fields)
                p50, p95, slowest, answer = connection.ask_often(int(requests), text)
                nodes = len(json.loads(answer)["data"]["signalCatalog"]["nodes"])
                print(f"{name:36} {nodes:5} {p50:8.2f} {p95:8.2f} {slowest:8.2f}", flush=True)
                goals.add(f"50 of the catalogue of {total:,} signals, {name}, p95", p95, "ms")
    goals.print()


if __name__ == "__main__":
    main(*sys.argv[1:5])
