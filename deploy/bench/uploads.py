"""One large log into a folder and into a bucket, against the disk and against a plain client of the same bucket.

    python deploy/bench/uploads.py target/release/dataviewer [GiB, 5] [folder for everything, the system's own]
    S3_SERVER=/…/bin/garage python deploy/bench/uploads.py …

Makes a log of that size (candump, every line valid, no block like another), then, in one run:

- writes the same bytes to the disk and waits until they are on it;
- uploads the log through GraphQL multipart to `dataviewer api`, which converts nothing, on local folders;
- puts it into an S3 server as one object, and as one of parts of 8 MiB, four at a time, by signed requests;
- uploads it to a `dataviewer api` whose bucket is on that server.

The S3 server is s3s-fs (`deploy/test.sh` installs it), which copies all parts into the object at the end, so that by
parts nobody gets beyond half of a plain PUT there; or Garage (`cargo install garage`), which does not.

All by one client, which streams from the file. Prints the speed of each, the ratios, and how much the memory of the
service grew. Needs about four times the size on the disk.
"""

import concurrent.futures
import contextlib
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

from service import Memory, serving
from server import free_port  # of deploy/outside, which the line above made known

UPLOAD = "mutation($input: UploadLogInput!) { uploadLog(input: $input) { ... on UploadLogPayload { run { id } } ... on Problem { code message } } }"
BLOCK = 32 << 20
PART = 8 << 20
AT_ONCE = 4
# Garage takes no others than of this form.
KEY, SECRET, BUCKET = "GK" + 12 * "b3", 32 * "7c", "logs"


def make(path, size):
    """A log of at least `size` bytes, to the end of a line."""
    lines = BLOCK // 45
    payload = random.Random(7).randbytes(8 * lines).hex().upper()
    block = "".join(
        f"(1700000{n // 1000:03d}.{n % 1000 * 1000:06d}) can0 {0x100 + n % 256:03X}#{payload[16 * n : 16 * n + 16]}\n"
        for n in range(lines)
    ).encode()
    with open(path, "wb") as log:
        for n in range(-(-size // len(block))):
            rest = size - log.tell()
            part = block.replace(b"(1700000", b"(17%05d" % n)
            log.write(part if rest > len(part) else part[: part.index(b"\n", rest - 1) + 1])
        os.fsync(log.fileno())
    return path.stat().st_size


def disk(log, folder):
    """Seconds until the same bytes are on the disk."""
    copy = folder / "copy"
    begun = time.perf_counter()
    with open(log, "rb", buffering=0) as source, open(copy, "wb", buffering=0) as target:
        while piece := source.read(1 << 20):
            target.write(piece)
        os.fsync(target.fileno())
    took = time.perf_counter() - begun
    copy.unlink()
    return took


class Sending:
    """A request whose body is streamed from a file; the same for the service and for its peer."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method, target, headers, body=b"", file=None, after=b""):
        """`body`, then so many bytes of `(path, offset, count)`, then `after`; returns the answer and its body."""
        count = len(body) + (file[2] if file else 0) + len(after)
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"content-length: {count}", "", ""]
        self.socket.sendall("\r\n".join(lines).encode() + body)
        if file:
            with open(file[0], "rb") as source:
                self.socket.sendfile(source, file[1], file[2])
        self.socket.sendall(after)
        answer = http.client.HTTPResponse(self.socket, method=method)
        answer.begin()
        said = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {target}: {answer.status} {said[:500]}")
        return answer, said

    def close(self):
        self.socket.close()


def signed(method, address, path, query=""):
    """The headers of an S3 request (AWS Signature Version 4, body unsigned)."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"host": address, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": stamp}
    names = ";".join(headers)
    canonical = "\n".join([method, path, query, *(f"{n}:{v}" for n, v in headers.items()), "", names, "UNSIGNED-PAYLOAD"])
    scope = f"{day}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for step in [day, "us-east-1", "s3", "aws4_request", text]:
        key = hmac.digest(key, step.encode(), "sha256")
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return headers


def plain(address, log, size):
    """Seconds of one PUT."""
    sending, path = Sending(address), f"/{BUCKET}/plain"
    begun = time.perf_counter()
    sending.send("PUT", path, signed("PUT", address, path), file=(log, 0, size))
    took = time.perf_counter() - begun
    sending.close()
    return took


def parted(address, log, size):
    """Seconds of an upload by parts."""
    path, sendings = f"/{BUCKET}/parted", threading.local()

    def request(method, query, **body):
        if not hasattr(sendings, "own"):
            sendings.own = Sending(address)
        target = path + "?" + query.rstrip("=")
        return sendings.own.send(method, target, signed(method, address, path, query), **body)

    def put(number):
        offset = (number - 1) * PART
        piece = (log, offset, min(PART, size - offset))
        answer, _ = request("PUT", f"partNumber={number}&uploadId={upload}", file=piece)
        return f"<Part><PartNumber>{number}</PartNumber><ETag>{answer.headers['etag']}</ETag></Part>"

    begun = time.perf_counter()
    upload = re.search(rb"<UploadId>(.+)</UploadId>", request("POST", "uploads=")[1])[1].decode()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        parts = "".join(threads.map(put, range(1, -(-size // PART) + 1)))
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    _, said = request("POST", f"uploadId={upload}", body=body)
    if b"<Error>" in said:
        raise SystemExit(said)
    return time.perf_counter() - begun


@contextlib.contextmanager
def program(command, **more):
    """A process, ended at the end."""
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def send_log(at, log, size):
    boundary = uuid.uuid4().hex
    operations = json.dumps({"query": UPLOAD, "variables": {"input": {"file": None}}})
    before = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{operations}\r\n'
        f'--{boundary}\r\ncontent-disposition: form-data; name="map"\r\n\r\n{{"0":["variables.input.file"]}}\r\n'
        f'--{boundary}\r\ncontent-disposition: form-data; name="0"; filename="drive.log"\r\n\r\n'
    )
    headers = {"host": at, "content-type": f"multipart/form-data; boundary={boundary}", "graphql-require-preflight": "1"}
    sending, after = Sending(at), f"\r\n--{boundary}--\r\n".encode()
    begun = time.perf_counter()
    _, said = sending.send("POST", "/graphql", headers, before.encode(), (log, 0, size), after)
    took = time.perf_counter() - begun
    sending.close()
    answer = json.loads(said)
    if "errors" in answer or "run" not in answer["data"]["uploadLog"]:
        raise SystemExit(answer)
    return took


def upload(binary, folder, log, size, variables):
    """Seconds of an upload through a fresh API, and by how many MiB its memory grew."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="service-", dir=folder))
    first = home / "first.log"
    # What it needs for its first upload, whatever the size, is no growth.
    with open(log, "rb") as source:
        first.write_bytes(source.read(64 << 20))
    settings = {"DATAVIEWER_MAX_UPLOAD_BYTES": str(2 * size + (1 << 30)), **variables}
    with serving(binary, home, role="api", **settings) as api:
        at = api.url.removeprefix("http://")
        if first.stat().st_size < size:
            send_log(at, first, first.stat().st_size)
        with Memory(api) as memory:
            took = send_log(at, log, size)
    shutil.rmtree(home)
    return took, memory.growth


def answering(port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            Sending(f"127.0.0.1:{port}").close()
            return f"127.0.0.1:{port}"
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise SystemExit("the S3 server does not answer")


@contextlib.contextmanager
def s3s_fs(folder):
    """An S3 server with one bucket: its address, and how an object of it is removed."""
    tools = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"), "tools/bin/s3s-fs")
    name = str(tools) if tools.exists() else shutil.which("s3s-fs")
    if not name:
        raise SystemExit("s3s-fs is missing: cargo install s3s-fs --version 0.14.1 --features binary")
    root = folder / "s3"
    (root / BUCKET).mkdir(parents=True)
    port = free_port()
    command = [name, "--host", "127.0.0.1", "--port", str(port), "--access-key", KEY, "--secret-key", SECRET, str(root)]
    with program(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield answering(port), lambda key: (root / BUCKET / key).unlink()


@contextlib.contextmanager
def garage(name, folder):
    """The same of Garage, one node that keeps what it is sent once and as it is."""
    port, between = free_port(), free_port()
    settings = folder / "garage.toml"
    settings.write_text(f"""
        metadata_dir = "{folder}/meta"
        data_dir = "{folder}/data"
        db_engine = "lmdb"
        replication_factor = 1
        compression_level = "none"
        rpc_bind_addr = "127.0.0.1:{between}"
        rpc_public_addr = "127.0.0.1:{between}"
        rpc_secret = "{SECRET}"
        [s3_api]
        s3_region = "us-east-1"
        api_bind_addr = "127.0.0.1:{port}"
    """)
    with program([name, "-c", settings, "server"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        at = answering(port)

        def tell(*words):
            return subprocess.run([name, "-c", settings, *words], check=True, capture_output=True, text=True).stdout

        node = tell("node", "id", "-q").split("@")[0]
        tell("layout", "assign", "-z", "here", "-c", "1T", node)
        tell("layout", "apply", "--version", "1")
        tell("bucket", "create", BUCKET)
        tell("key", "import", "--yes", KEY, SECRET)
        tell("bucket", "allow", "--read", "--write", BUCKET, "--key", KEY)
        yield at, lambda _key: None


def s3_server(folder):
    other = os.environ.get("S3_SERVER")
    return garage(other, folder) if other else s3s_fs(folder)


def tell(what, size, took, more=""):
    print(f"{what:<44} {size / took / 1e6:7.0f} MB/s  {took:6.1f} s{more}", flush=True)
    return size / took


def grown(mebibytes):
    return f"  memory grew by {mebibytes:.0f} MiB"


def main(binary, gibibytes="5", place=None):
    binary = str(pathlib.Path(binary).absolute())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="uploads-", dir=place))
    try:
        log = folder / "drive.log"
        size = make(log, int(float(gibibytes) * (1 << 30)))
        print(f"a log of {size / 1e9:.2f} GB in {folder}")
        written = tell("written to the disk, fsync", size, disk(log, folder))
        took, growth = upload(binary, folder, log, size, {})
        local = tell("uploaded into a folder", size, took, grown(growth))
        with s3_server(folder) as (at, remove):
            put = tell("put into the bucket as one object", size, plain(at, log, size))
            remove("plain")
            parts = tell("put into the bucket by parts", size, parted(at, log, size))
            remove("parted")
            variables = {
                "UPLOAD_BUCKET": BUCKET,
                "DATA_BUCKET": BUCKET,
                "AWS_ENDPOINT_URL": "http://" + at,
                "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET,
            }
            took, growth = upload(binary, folder, log, size, variables)
            distant = tell("uploaded into the bucket", size, took, grown(growth))
        print(f"folder: {local / written:.0%} of the disk's speed")
        print(f"bucket: {distant / put:.0%} of one object's, {distant / parts:.0%} of the speed by parts")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*sys.argv[1:4])
