"""One message over all runs, read by polars, pandas and DuckDB straight from the addresses that `/lake` lists."""

import json
import urllib.error
import urllib.request

import duckdb
import pandas
import polars
import pytest
from client import execute, follow, register, upload

DBC = """VERSION ""

BU_: Car

BO_ 512 Lake: 8 Car
 SG_ Depth : 0|16@1- (0.25,-10) [0|0] "m" Car
"""
# The next season: a signal more, and one of 64 bits that was whole has a factor now.
SEASONS = [
    'BO_ 513 Grown: 8 Car\n SG_ Level : 0|64@1+ (1,0) [0|0] "" Car\n',
    'BO_ 513 Grown: 8 Car\n SG_ Level : 0|64@1+ (0.5,0) [0|0] "" Car\n SG_ Low : 0|8@1+ (1,0) [0|0] "" Car\n',
]
RECONVERT = """mutation($input: ReconvertRunInput!) { reconvertRun(input: $input) {
  ... on ReconvertRunPayload { job { id } } ... on Problem { code message } } }"""


@pytest.fixture(scope="module")
def depths(server, tmp_path_factory):
    """Runs, each with what its frames say."""
    folder = tmp_path_factory.mktemp("lake")
    (folder / "lake.dbc").write_text(DBC)
    dbc = [{"dbc": register(server, folder / "lake.dbc"), "bus": None}]
    runs = {}
    for number in range(3):
        raws = [(7 * n * (number + 1)) % 30_000 for n in range(5_000)]
        log = folder / f"LAKE{number}.log"
        with open(log, "w") as lines:
            for n, raw in enumerate(raws):
                lines.write(f"({1_700_000_000 + 1000 * number + n // 1000}.{n % 1000 * 1000:06}) can0 200#")
                lines.write(raw.to_bytes(8, "little").hex().upper() + "\n")
        sent, events = upload(server, log, dbcs=dbc)
        assert events[-1]["state"] == "SUCCEEDED", events[-1]
        runs[sent["run"]["id"]] = [0.25 * raw - 10 for raw in raws]
    return runs


def listed(server, query="", message="Lake"):
    with urllib.request.urlopen(f"{server.url}/lake/{message}{query}") as answer:
        return json.load(answer)


def test_three_tools_read_every_run_by_its_address(server, depths):
    files = listed(server)
    assert [file["run"] for file in files] == list(depths)
    expected = [value for values in depths.values() for value in values]
    lake = polars.scan_parquet([file["url"] for file in files])
    assert lake.collect()["Depth"].to_list() == expected
    frames = [pandas.read_parquet(file["url"]) for file in files]
    assert pandas.concat(frames)["Depth"].to_list() == expected
    count, deepest = duckdb.sql("SELECT count(*), max(Depth) FROM lake").fetchall()[0]
    assert (count, deepest) == (len(expected), max(expected))
    assert sum(file["rows"] for file in files) == count


def test_a_message_whose_signals_change_is_one_table(server, tmp_path):
    for number, messages in enumerate(SEASONS):
        (tmp_path / "car.dbc").write_text(f'VERSION ""\n\nBU_: Car\n\n{messages}')
        dbc = [{"dbc": register(server, tmp_path / "car.dbc"), "bus": None}]
        log = tmp_path / f"GROWN{number}.log"
        log.write_text("".join(f"({1_600_000_000 + 1000 * number + n}.0) can0 201#{n:02X}00000000000000\n" for n in range(4)))
        assert upload(server, log, dbcs=dbc)[1][-1]["state"] == "SUCCEEDED"
    urls = [file["url"] for file in listed(server, message="Grown")]
    expected = {"Level": [0, 1, 2, 3, 0, 0.5, 1, 1.5], "Low": [None] * 4 + [0, 1, 2, 3]}
    lake = polars.concat([polars.scan_parquet(url) for url in urls], how="diagonal_relaxed").sort("timestamp").collect()
    assert {name: lake[name].to_list() for name in expected} == expected
    paths = []
    for number, url in enumerate(urls):
        paths.append(str(tmp_path / f"{number}.parquet"))
        urllib.request.urlretrieve(url, paths[-1])
    rows = duckdb.read_parquet(paths, union_by_name=True).order("timestamp").select("Level", "Low").fetchall()
    assert rows == list(zip(*expected.values()))


def test_a_run_that_is_converted_again_is_listed_once(server, depths):
    run = next(iter(depths))
    before = {file["run"]: file["url"] for file in listed(server)}
    job = execute(server, RECONVERT, input={"id": run})["reconvertRun"]["job"]["id"]
    assert follow(server, job)[-1]["state"] == "SUCCEEDED"
    after = listed(server)
    assert [file["run"] for file in after] == list(depths)
    changed = [file["run"] for file in after if file["url"] != before[file["run"]]]
    assert changed == [run]
    assert polars.read_parquet(after[0]["url"])["Depth"].to_list() == depths[run]


def test_a_window_leaves_the_other_runs_out(server, depths):
    assert [file["run"] for file in listed(server, "?from=2023-11-14T22:29:00Z&to=2023-11-14T22:31:00Z")] == [list(depths)[1]]
    with pytest.raises(urllib.error.HTTPError) as refused:
        listed(server, "?from=yesterday")
    assert (refused.value.code, json.load(refused.value)["code"]) == (400, "BAD_USER_INPUT")
