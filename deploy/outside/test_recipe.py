"""The README's notebook and SQL, word for word, against `dataviewer demo`: they say what the stored files do."""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

import polars
import pytest
from server import Server

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
RECIPES, SQL = (re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.M | re.S) for language in ("python", "sql"))

# DuckDB with its HTTP client: each statement of the argument, then the rows of the last.
DUCKDB = """
import duckdb, duckdb_extension_httpfs, json, pathlib, sys
[httpfs] = pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension")
duckdb.sql(f"LOAD '{httpfs}'")
for statement in filter(str.strip, sys.argv[1].split(";")):
    answer = duckdb.sql(statement)
print(json.dumps(answer.fetchall()))
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("demo"), role="demo")
    try:
        until_converted(running)
        yield running
    finally:
        running.stop()


def until_converted(server):
    deadline = time.monotonic() + 120
    while [run["status"] for run in server.graphql("{ runs(first: 1) { nodes { status } } }")["runs"]["nodes"]] != ["READY"]:
        assert time.monotonic() < deadline, server.log_text()
        time.sleep(0.1)  # the service serves before it has sent itself its drive, and only asking tells


def follow_recipe(number, server):
    """What the recipe's names are in the end, and what it printed."""
    names, printed = {}, io.StringIO()
    code = compile(RECIPES[number].replace("http://127.0.0.1:3001", server.url), f"{README}, recipe {number}", "exec")
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return names, printed.getvalue()


def stored(server, message):
    with urllib.request.urlopen(f"{server.url}/lake/{message}") as answer:
        return polars.read_parquet([file["url"] for file in json.load(answer)])


def test_the_recipes_are_short_and_name_the_server(demo):
    assert len(RECIPES) == 2
    assert all("http://127.0.0.1:3001" in recipe and len(recipe.splitlines()) <= 20 for recipe in RECIPES)


def test_a_frame_of_a_run_by_its_name(demo):
    frame = follow_recipe(0, demo)[0]["frame"]
    engine = stored(demo, "Engine1")
    assert frame.columns == ["timestamp", "Engine1.Speed", "Engine1.Boost - 101.3"]
    assert frame["timestamp"].to_list() == engine["timestamp"].to_list()
    assert frame["Engine1.Speed"].to_list() == engine["Speed"].to_list()
    assert frame["Engine1.Boost - 101.3"].to_list() == pytest.approx((engine["Boost"] - 101.3).to_list(), rel=1e-9)


def test_one_message_over_all_runs_in_sql(demo):
    engine = stored(demo, "Engine1")
    names, printed = follow_recipe(1, demo)
    assert names["lake"].collect().height == engine.height
    assert str(engine.height) in printed and str(engine["Speed"].max()) in printed


def test_one_message_over_all_runs_in_duckdb_alone(demo):
    engine = stored(demo, "Engine1")
    [statements] = SQL
    statements = statements.replace("http://127.0.0.1:3001", demo.url)
    command = [os.environ["DATAVIEWER_DUCKDB_PYTHON"], "-c", DUCKDB, statements]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [[engine.height, engine["Speed"].max()]]
