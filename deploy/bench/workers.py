"""Two workers against one: 40 conversions by `dataviewer worker` processes on this host, one thread each.

    cargo run --release -p canlog --example synth -- /tmp/drive 200
    python deploy/bench/workers.py /tmp/drive target/release/dataviewer [conversions]

For one worker, then for two, in turn and twice: a fresh folder, an API, the logs uploaded (each differs in its
first frame), then the workers started; the time runs from there until the last job has succeeded. Prints the
times, the ratio, and what was busy: processor time of all processes against the clock, per core, and the bytes
written. Uses REDIS_URL when it is set; without it workers find their jobs by polling.
"""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

REGISTER = "mutation($input: RegisterDbcInput!) { registerDbc(input: $input) { ... on RegisterDbcPayload { dbc { id } } } }"
UPLOAD = "mutation($input: UploadLogInput!) { uploadLog(input: $input) { ... on UploadLogPayload { job { id } } ... on Problem { code message } } }"
ENDED = "{ jobs(first: 1, filter: {states: [QUEUED, RUNNING, RETRY_WAIT]}) { totalCount } failed: jobs(first: 1, filter: {states: [FAILED, CANCELLED]}) { totalCount } }"


def start(binary, role, folder):
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": "0",
        "UPLOAD_FOLDER": str(folder / "data"),
        "DATA_FOLDER": str(folder / "data"),
        "DATAVIEWER_WORKERS": "1",
        "DATAVIEWER_CHILD_THREADS": "1",
        "DATAVIEWER_POLL_SECONDS": "0.2",
        **{name: os.environ[name] for name in ["REDIS_URL", "DATABASE_URL"] if name in os.environ},
    }
    log = open(folder / f"{role}-{uuid.uuid4().hex[:8]}.log", "w+b")
    return subprocess.Popen([binary, role], cwd=folder, env=environment, stdout=log, stderr=log), log


def address(process, log):
    while process.poll() is None:
        found = re.search(r"serving on http://(\S+)", pathlib.Path(log.name).read_text(errors="replace"))
        if found:
            return "http://" + found[1]
        time.sleep(0.02)
    raise SystemExit("the API ended: " + pathlib.Path(log.name).read_text(errors="replace"))


def ask(request):
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    if "errors" in answer:
        raise SystemExit(answer["errors"])
    return answer["data"]


def graphql(url, document, variables=None):
    body = json.dumps({"query": document, "variables": variables or {}}).encode()
    return ask(urllib.request.Request(url + "/graphql", body, {"content-type": "application/json"}))


def upload(url, log, variables):
    boundary = uuid.uuid4().hex
    operations = json.dumps({"query": UPLOAD, "variables": variables})
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{operations}\r\n',
        f'--{boundary}\r\ncontent-disposition: form-data; name="map"\r\n\r\n{{"0":["variables.input.file"]}}\r\n',
        f'--{boundary}\r\ncontent-disposition: form-data; name="0"; filename="drive.log"\r\n\r\n',
    ]
    body = "".join(parts).encode() + log + f"\r\n--{boundary}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}", "graphql-require-preflight": "1"}
    sent = ask(urllib.request.Request(url + "/graphql", body, headers))["uploadLog"]
    if "job" not in sent:
        raise SystemExit(sent)


def stop(processes):
    for process, _ in processes:
        process.send_signal(signal.SIGTERM)
    for process, log in processes:
        process.wait(60)
        log.close()


def fill(url, drive, conversions):
    dbc = graphql(url, REGISTER, {"input": {"name": "drive.dbc", "text": (drive / "drive.dbc").read_text()}})
    log = (drive / "drive.log").read_bytes()
    for n in range(conversions):
        second, rest = log.split(b".", 1)
        changed = second + b".%06d" % n + rest[rest.index(b")") :]
        upload(url, changed, {"input": {"file": None, "dbcs": [{"dbc": dbc["registerDbc"]["dbc"]["id"]}]}})


def seconds(binary, drive, workers, conversions):
    """Wall seconds, processor seconds of workers and converters, bytes of all converted runs."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="workers-"))
    api = start(binary, "api", folder)
    url = address(*api)
    fill(url, drive, conversions)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    running = [start(binary, "worker", folder) for _ in range(workers)]
    while (state := graphql(url, ENDED))["jobs"]["totalCount"]:
        time.sleep(0.05)
    took = time.perf_counter() - begun
    if state["failed"]["totalCount"]:
        raise SystemExit("jobs failed; see " + str(folder))
    stop(running)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    written = sum(file.stat().st_size for file in (folder / "data/runs").rglob("*") if file.is_file())
    stop([api])
    shutil.rmtree(folder)
    return took, busy, written


def main(drive, binary, conversions="40"):
    drive, binary, conversions = pathlib.Path(drive), pathlib.Path(binary).absolute(), int(conversions)
    cores, best = os.cpu_count(), {}
    for workers in [1, 2, 1, 2]:
        took, busy, written = seconds(binary, drive, workers, conversions)
        best[workers] = min(took, best.get(workers, took))
        print(
            f"{workers} worker(s): {took:6.2f} s for {conversions} conversions, {busy / took:4.2f} of {cores} cores busy, "
            f"{busy / conversions:5.3f} s of processor each, {written / 1e6:.0f} MB written"
        )
    print(f"two workers are {best[1] / best[2]:.2f} times as fast as one")


if __name__ == "__main__":
    main(*sys.argv[1:4])
