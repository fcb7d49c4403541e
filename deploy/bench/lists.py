"""Lists of runs over HTTP, with 10,000 runs in the database.

    python deploy/bench/lists.py target/release/dataviewer [runs, 10000] [requests a query, 200]

Starts `dataviewer serve` on a folder of its own, writes runs with their logs, jobs, conversions and signals straight
into its SQLite database, and asks for pages of 50 by one connection that is kept: p50, p95 and the slowest, and the
answer's size. No answer is kept anywhere: each asks the database, whose tables nobody has analysed, as a server has it.
"""

import datetime
import json
import random
import sqlite3
import sys
import tempfile
import time
import uuid

from service import Connection, Goals, serving

SMALL = "id number name type location driver tags start end duration status warningCount"
NESTED = SMALL + " vehicle { name } testDay { date } job { state progress { fraction } } log { bytes } dbcs { bus }"
KINDS = ["Acceleration", "Autocross", "Skidpad", "Brake", "Endurance", "Everything", "Misc Testing"]
PLACES = ["Lincoln", "Michigan", "St. Louis", "Hockenheim", "Silverstone"]
HOUR = 3_600_000_000
# Milliseconds of a page by filter or text.
GOAL = 20
QUERIES = {
    "newest": ("", SMALL),
    "newest, nested": ("", NESTED),
    "newest, nested, with the report": ("", NESTED + " report { badLines problems { code count } }"),
    "newest, nested, counted": ("", NESTED + " } totalCount x: pageInfo { hasNextPage"),
    "by filter": ('filter: { type: ["Skidpad", "Brake"], location: ["Michigan"], hasWarnings: false }', NESTED),
    "by a common word": ('filter: { search: "endurance" }', NESTED),
    "by filter and two words": ('filter: { type: ["Endurance"], search: "lincoln anna" }', NESTED),
    "by filter and a rare word": ('filter: { type: ["Endurance"], search: "needle" }', NESTED),
    "by a word that no run has": ('filter: { search: "nowhere" }', NESTED),
    "by status and text": ('filter: { status: [READY], search: "wet" }', NESTED),
    "by day": ("filter: { testDay: %(day)s }", NESTED),
    "by vehicle, by start": ("filter: { vehicle: %(vehicle)s }, orderBy: { field: START }", NESTED),
    "by window": ('filter: { overlaps: { from: "2023-01-01T00:00:00Z", to: "2023-02-01T00:00:00Z" } }', NESTED),
    "by number, with text": ('filter: { search: "dry" }, orderBy: { field: NUMBER }', NESTED),
    "by duration": ("orderBy: { field: DURATION, direction: DESC }", NESTED),
    "those with a tag": ('filter: { tag: "wet" }', NESTED),
}


def insert(db, table, **row):
    """A row; a column that is not named is NULL where it may be, else 0 or empty."""
    values = {}
    for _, column, kind, required, default, _ in db.execute(f"PRAGMA table_info({table})"):
        if required and default is None:
            values[column] = "" if "char" in kind or kind == "text" else 0
    values |= row
    names = ", ".join(f'"{name}"' for name in values)
    db.execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(values))})', list(values.values()))


def seed(path, runs):
    """Runs of four years, one in fifty not converted; returns what queries need to name."""
    chance, begun = random.Random(7), 1_609_459_200_000_000
    new = lambda: uuid.UUID(int=chance.getrandbits(128), version=4).bytes  # noqa: E731
    db = sqlite3.connect(path, isolation_level=None, timeout=30)
    db.execute("BEGIN IMMEDIATE")
    vehicles, days = [new() for _ in range(5)], []
    for number, vehicle in enumerate(vehicles):
        insert(db, "vehicle", id=vehicle, name=f"WUFR-{number + 20}", created_at=begun)
    for number in range(200):
        start, day = begun + number * 7 * 24 * HOUR, new()
        date = datetime.datetime.fromtimestamp(start / 1e6, datetime.timezone.utc).date().isoformat()
        insert(
            db, "test_day", id=day, date=date, location=PLACES[number % 5], time_zone="UTC",
            vehicle_id=vehicles[number % 5], start_at=start, end_at=start + 24 * HOUR, created_at=begun,
        )
        days.append((day, start))
    dbc = new()
    insert(db, "dbc", id=dbc, sha256="0" * 64, name="car.dbc", diagnostics="[]", created_at=begun)
    for number in range(runs):
        name = f"run {number}" + (" needle" if number == runs // 3 else "")
        run(db, (number, name), chance, new, (days[number * len(days) // runs], vehicles, dbc))
    db.execute("COMMIT")
    db.close()
    return {"day": json.dumps("testday_" + days[50][0].hex()), "vehicle": json.dumps("vehicle_" + vehicles[2].hex())}


def run(db, called, chance, new, context):
    (number, name), ((day, midnight), vehicles, dbc) = called, context
    run, blob, job, conversion = new(), new(), new(), new()
    start = midnight + chance.randrange(8 * HOUR, 18 * HOUR)
    end, ready = start + chance.randrange(60_000_000, HOUR), number % 50 != 7
    kind = "Endurance" if "needle" in name else chance.choice(KINDS)
    insert(db, "blob", id=blob, sha256=f"{number:064x}", object_key=f"uploads/{number}", bytes=9_000_000, state="PRESENT")
    insert(
        db, "run", id=run, blob_id=blob, file_name=f"LOG{number:05}.CSV", number=number % 40, kind=kind, name=name,
        location=chance.choice(PLACES),
        description="A drive to try the new dampers on a track that was not quite dry. " * 2,
        driver=chance.choice(["Anna", "Ben", "Chloe", "Deepak"]), tags=json.dumps(chance.sample(["wet", "dry", "new tyres"], 2)),
        vehicle_id=chance.choice(vehicles), test_day_id=chance.choice([day, None]), time_zone="UTC",
        time_source="RTC" if ready else None, start_at=start if ready else None, end_at=end if ready else None,
        warning_count=number % 3, created_at=end + number, updated_at=end + number,
    )
    insert(db, "run_dbc", run_id=run, position=0, dbc_id=dbc)
    insert(
        db, "job", id=job, run_id=run, kind="convert_upload", schema_version=1, payload="{}", attempts=1,
        state="SUCCEEDED" if ready else "FAILED", error_code=None if ready else "NO_FRAMES", queued_at=end + number,
        progress_bytes=9_000_000, progress_total=9_000_000, finished_at=end + number,
    )
    if not ready:
        return
    report = {
        "format": "team-csv", "bytes": 9_000_000, "lines": 300_000, "badLines": 1, "samples": 900_000, "backSteps": 0,
        "frames": {"read": 300_000, "decoded": 300_000, "unknownId": 0, "skipped": {"error": 0, "remote": 0, "unusable": 0}},
        "timeSource": "RTC", "start": start, "end": end, "unknownIds": [],
        "problems": [{"code": "BAD_LINES", "count": 1, "samples": [{"line": 7, "text": "x" * 100, "reason": "cut"}]}],
    }
    insert(
        db, "conversion", id=conversion, run_id=run, job_id=job, state="PUBLISHED", key_prefix=f"runs/{number}",
        manifest="{}" + " " * 4000, report=json.dumps(report), created_at=end, state_at=end,
    )
    db.execute("UPDATE run SET current_conversion_id = ? WHERE id = ?", (conversion, run))
    for position in range(5):
        insert(
            db, "signal", id=new(), run_id=run, conversion_id=conversion, position=position, message="Engine",
            name=f"S{position}", file="e.parquet", overview="e.overview.parquet", count=100, summary="{}",
        )


def main(binary, runs="10000", requests="200"):
    runs, goals = int(runs), Goals()
    with tempfile.TemporaryDirectory() as folder:
        with serving(binary, folder):
            pass  # makes the tables
        begun = time.perf_counter()
        names = seed(f"{folder}/dataviewer.db", runs)
        print(f"{runs} runs written in {time.perf_counter() - begun:.1f} s")
        with serving(binary, folder) as server:
            connection = Connection(server)
            print(f"{'pages of 50':36} {'nodes':>5} {'bytes':>7} {'p50 ms':>7} {'p95 ms':>7} {'max ms':>7}")
            for name, (arguments, fields) in QUERIES.items():
                text = "{ runs(%s) { nodes { %s } } }" % ("first: 50, " + arguments % names, fields)
                p50, p95, slowest, answer = connection.ask_often(int(requests), text)
                nodes = len(json.loads(answer)["data"]["runs"]["nodes"])
                print(f"{name:36} {nodes:5} {len(answer):7} {p50:7.2f} {p95:7.2f} {slowest:7.2f}", flush=True)
                goals.add(f"50 of {runs:,} runs, {name}, p95", p95, "ms", at_most=GOAL if "filter:" in arguments else None)
    goals.print()


if __name__ == "__main__":
    main(*sys.argv[1:4])
