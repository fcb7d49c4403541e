"""What analysts take away, `/runs/{id}/data.…` and `/range/data.…`: every reader finds in it what polars computes from the
raw Parquet files."""

import functools
import io
import math
import struct

import aiohttp
import numpy
import pandas
import polars
import pyarrow.ipc
import pyarrow.parquet
import pytest
import requests
from client import execute, register, upload
from expected import CASES, LOAD, SAVED, SAVED_EXPRESSION, Case, wanted_of
from readers import FORMS, READERS, by_all_readers, same
from test_derived import CREATE
from test_queries import HOUR, START, window

DBC = """VERSION ""

BU_: Car

BO_ 768 Shaft: 8 Car
 SG_ Turns : 0|16@1- (0.25,-10) [0|0] "rpm" Car
 SG_ Load : 16|16@1- (0.1,0) [0|0] "Nm" Car

BO_ 769 Hub: 8 Car
 SG_ Turns : 0|16@1- (0.3,5) [0|0] "rpm" Car
 SG_ Drag : 16|16@1- (0.001,0) [0|0] "" Car

BO_ 770 Door: 8 Car
 SG_ Ajar : 0|16@1- (1,0) [0|0] "" Car

BO_ 771 Probe: 8 Car
 SG_ Level : 0|32@1- (1,0) [0|0] "" Car

SIG_VALTYPE_ 771 Level : 1;
"""
FILES = "query($id: ID!) { run(id: $id) { messageFiles { nodes { bus message url } } } }"
BEGIN = START + 2000 * HOUR + 50_000_000
OVER_RUNS = "three rates", "a window, held", "means of 7 ms, held", "extremes of 100 ms", "derived", "a signal and itself"
STEPPED = "two of one message", "means of one message", "one signal twice", "extremes, twice", "derived", "means of derived"


def drive(path, seed, start, steps_back=False):
    """A candump of 20 s: Shaft at about 1 kHz, Hub at a seventh of that and half of it at Shaft's times, Door seldom and
    two frames at a time. The clock may step back by a frame now and then."""
    random = numpy.random.default_rng(seed)
    shaft = start + numpy.cumsum(random.integers(500, 1_500, 20_000))
    hub = shaft[300:19_000:7]
    hub = hub + 137 * (numpy.arange(len(hub)) % 2)
    door = numpy.repeat(shaft[1_000::2_000], 2)
    frames = [(time, number) for number, times in ((0x300, shaft), (0x301, hub), (0x302, door)) for time in times.tolist()]
    frames.sort(key=lambda frame: frame[0])
    for at in range(500, len(frames) - 500, 997) if steps_back else ():
        frames[at : at + 2] = frames[at + 1], frames[at]
    with open(path, "w") as log:
        for time, number in frames:
            log.write(f"({time // 1_000_000}.{time % 1_000_000:06}) can0 {number:03X}#{random.bytes(4).hex().upper()}\n")


def twins(path):
    """The same frames on two buses, but for their values."""
    path.write_text("".join(f"({n}.5) can{n % 2} 300#{n:02X}000{n}00\n" for n in range(1, 8)))


LEVELS = [1.5, math.nan, -2.0, math.inf, math.nan, 0.25]


def probe(path):
    """A sample a second, of which some are no numbers."""
    frames = (struct.pack("<f", level).hex().upper() for level in LEVELS)
    path.write_text("".join(f"({n}.5) can0 303#{frame}00000000\n" for n, frame in enumerate(frames, 1)))


@pytest.fixture(scope="module")
def converted(server, tmp_path_factory):
    """A function that uploads a log and gives the run's id."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "car.dbc").write_text(DBC)
    dbc = [{"dbc": register(server, folder / "car.dbc"), "bus": None}]

    def convert(name, write, *arguments):
        write(folder / name, *arguments)
        sent, events = upload(server, folder / name, dbcs=dbc, timeZone="America/Chicago")
        assert events[-1]["state"] == "SUCCEEDED", events[-1]
        return sent["run"]["id"]

    return convert


@pytest.fixture(scope="module")
def runs(converted):
    return [converted(f"EXPORT{n}.log", drive, 21 + n, BEGIN + n * HOUR) for n in range(2)]


@pytest.fixture(scope="module")
def probed(converted):
    return converted("PROBE.log", probe)


@pytest.fixture(scope="module")
def saved(server):
    answer = execute(server, CREATE, input={"name": SAVED, "expression": SAVED_EXPRESSION})["createDerivedSignal"]
    assert "code" not in answer, answer
    return answer["derivedSignal"]["id"]


def parquet(url):
    return polars.read_parquet(io.BytesIO(requests.get(url).content))


def messages(server, run, key="message"):
    """The message files of a run by the links that it gives."""
    nodes = execute(server, FILES, id=run)["run"]["messageFiles"]["nodes"]
    return {node[key]: parquet(node["url"]) for node in nodes}


@pytest.fixture(scope="module")
def files(server, runs):
    return messages(server, runs[0])


@pytest.fixture(scope="module")
def lake(server, runs):
    """The message files of both runs, from the lake."""
    frames = {run: {} for run in runs}
    for message in "Shaft", "Hub", "Door":
        for file in requests.get(f"{server.url}/lake/{message}").json():
            if file["run"] in frames:
                frames[file["run"]][message] = parquet(file["url"])
    return list(frames.values())


def file_name(answer):
    parameters = aiohttp.parse_content_disposition(answer.headers["content-disposition"])[1]
    return aiohttp.content_disposition_filename(parameters)


@pytest.fixture(scope="module")
def taken(server, tmp_path_factory):
    """A function that saves an export under the name that it has, once for all its readers."""

    @functools.cache
    def take(url):
        answer = requests.get(url)
        assert answer.status_code == 200, answer.text
        path = tmp_path_factory.mktemp("taken") / file_name(answer)
        path.write_bytes(answer.content)
        return str(path)

    return lambda path, **asked: take(requests.Request("GET", server.url + path, params=asked).prepare().url)


@pytest.fixture(scope="module")
def of_run(files, saved):
    return wanted_of([files], saved)


@pytest.fixture(scope="module")
def of_range(lake, saved):
    return wanted_of(lake, saved, (BEGIN, BEGIN + 2 * HOUR))


@by_all_readers
@pytest.mark.parametrize("name", CASES)
def test_a_run_reads_as_its_message_files(runs, of_run, taken, name, form, reader):
    asked, rows = of_run(CASES[name])
    found = READERS[form, reader](taken(f"/runs/{runs[0]}/data.{form}", **asked))
    same(found, rows, form, CASES[name].is_exact)


@by_all_readers
@pytest.mark.parametrize("name", OVER_RUNS)
def test_a_range_reads_as_the_lake(of_range, taken, name, form, reader):
    asked, rows = of_range(CASES[name])
    found = READERS[form, reader](taken(f"/range/data.{form}", **asked))
    same(found, rows, form, CASES[name].is_exact)


@by_all_readers
def test_signals_of_two_buses_have_two_names(server, converted, taken, form, reader):
    run = converted("TWINS.log", twins)
    frames = messages(server, run, "bus")
    names = {"Turns": "Shaft.Turns", "Load": "Shaft.Load"}
    one = frames["can0"].select("timestamp", *names).rename(names)
    two = frames["can1"].select("timestamp", *names).rename({name: f"{names[name]}_2" for name in names})
    both = one.join(two, on="timestamp", how="full", coalesce=True).sort("timestamp")
    same(READERS[form, reader](taken(f"/runs/{run}/data.{form}")), both, form)


@pytest.mark.parametrize("name", STEPPED)
def test_rows_ascend_where_the_clock_stepped_back(server, converted, saved, taken, name):
    run = converted("STEPPED.log", drive, 23, BEGIN + 24 * HOUR, True)
    frames = messages(server, run)
    assert not frames["Shaft"]["timestamp"].is_sorted()
    asked, rows = wanted_of([frames], saved)(CASES[name])
    found = polars.read_parquet(taken(f"/runs/{run}/data.parquet", **asked))
    same(found, rows, "parquet", CASES[name].is_exact)


def test_a_short_name_of_two_messages_is_asked_for_by_ids(server, runs, of_run, taken):
    path = f"/runs/{runs[0]}/data.parquet"
    refused = requests.get(server.url + path, params={"signals": "Turns"})
    assert (refused.status_code, refused.json()["code"]) == (400, "AMBIGUOUS_SIGNAL")
    signals = {signal["id"]: signal["qualifiedName"] for signal in refused.json()["candidates"]}
    assert sorted(signals.values()) == ["Hub.Turns", "Shaft.Turns"]
    found = polars.read_parquet(taken(path, signals=",".join(signals)))
    same(found, of_run(Case(tuple(signals.values())))[1], "parquet")


def test_units_go_along(runs, taken):
    path, asked = f"/runs/{runs[0]}/data.", {"signals": "Shaft.Load,Hub.Drag,Hub.Turns"}
    arrow = pyarrow.ipc.open_file(taken(path + "arrow", **asked)).schema
    for schema in arrow, pyarrow.parquet.read_schema(taken(path + "parquet", **asked)):
        units = {field.name: (field.metadata or {}).get(b"unit") for field in schema}
        assert units == {"timestamp": None, "Shaft.Load": b"Nm", "Hub.Drag": None, "Hub.Turns": b"rpm"}


@pytest.mark.parametrize("form", FORMS)
def test_pandas_reads_straight_from_the_address(server, runs, files, form):
    read = {
        "csv": pandas.read_csv,
        "ndjson": functools.partial(pandas.read_json, lines=True, precise_float=True),
        "arrow": pandas.read_feather,
        "parquet": pandas.read_parquet,
    }
    frame = read[form](f"{server.url}/runs/{runs[0]}/data.{form}?signals=Shaft.Load")
    assert frame["Shaft.Load"].to_list() == LOAD(files)["v"].to_list()


@pytest.mark.parametrize("form", FORMS)
def test_a_client_learns_the_name_and_keeps_what_it_has(server, runs, saved, form):
    url = f"{server.url}/runs/{runs[0]}/data.{form}"
    asked = {"signals": ["Shaft.Load,Hub.Drag", f"derived:{saved}"]}
    whole, head = requests.get(url, params=asked), requests.head(url, params=asked)
    # By the clocks of Chicago, from the first frame at 15:00:50 to the last at 15:01:10.
    assert file_name(whole) == f"DATA_2024-07-23_15-00_15-01_Shaft.Load_Hub.Drag_Größe.{form}"
    assert (head.status_code, head.content) == (200, b"")
    for name in "etag", "content-type", "content-disposition", "cache-control":
        assert head.headers[name] == whole.headers[name]
    tag = whole.headers["etag"]
    for known in tag, f'"another", W/{tag}':
        answer = requests.get(url, params=asked, headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    cut = requests.get(url, params={**asked, **window(BEGIN, BEGIN + 1_000_000)}, headers={"if-none-match": tag})
    assert cut.status_code == 200 and cut.headers["etag"] != tag


def test_each_format_has_an_etag_of_its_own(server, runs):
    tags = {requests.head(f"{server.url}/runs/{runs[0]}/data.{form}?signals=Load").headers["etag"] for form in FORMS}
    assert len(tags) == len(FORMS)


@pytest.mark.parametrize("asked", [{}, {"maxPoints": 1000}, {"maxPoints": 6, "method": "RAW"}, {"every": "1s", "method": "FIRST"}])
def test_a_sample_that_is_no_number_is_a_row(server, probed, asked):
    answer = requests.get(f"{server.url}/runs/{probed}/data.parquet", params={"signals": "Probe.Level", **asked})
    levels = polars.read_parquet(io.BytesIO(answer.content))["Probe.Level"].to_list()
    expected = [None if math.isnan(level) else level for level in LEVELS]
    assert [None if level is None or math.isnan(level) else level for level in levels] == expected
