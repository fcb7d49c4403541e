"""The real binary, started on a folder of its own and a free port, and asked over HTTP as any client would."""

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

BINARY = pathlib.Path(os.environ.get("DATAVIEWER_BINARY", "target/debug/dataviewer")).absolute()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`dataviewer serve`, or another role that serves, embedded, in `folder`."""

    def __init__(self, folder, role="serve", binary=BINARY, **settings):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            "PATH": os.environ["PATH"],
            "PORT": str(self.port),
            "UPLOAD_FOLDER": str(self.folder / "data"),
            "DATA_FOLDER": str(self.folder / "data"),
            "DATABASE_URL": f"sqlite:///{self.folder}/dataviewer.db",
            **settings,
        }
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen(
            [binary, role], cwd=self.folder, env=environment, stdout=self.log, stderr=self.log
        )
        self._wait_until_ready()

    def _wait_until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended: " + self.log_text())
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=2):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)  # the port is the event, and only asking tells
        raise RuntimeError("not ready in 60 s: " + self.log_text())

    def log_text(self):
        return (self.folder / "server.log").read_text(errors="replace")[-4000:]

    def rss_bytes(self):
        """Resident memory of the server process itself (its children apart)."""
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def graphql(self, document, **variables):
        request = urllib.request.Request(
            self.url + "/graphql",
            data=json.dumps({"query": document, "variables": variables}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=40)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.log.close()
