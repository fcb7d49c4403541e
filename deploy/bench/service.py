"""What the benches of this folder share: a service to ask, a connection to it, its memory, and the table of goals.

Importing it makes `deploy/outside` known, whose server this starts and whose client some benches use.
"""

import contextlib
import http.client
import json
import pathlib
import sys
import threading
import time
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "outside"))
from server import Server  # noqa: E402


@contextlib.contextmanager
def serving(binary, folder, **settings):
    """`dataviewer serve` (or another `role`) on `folder`, from when it is ready until this is left."""
    # It runs in that folder, where a relative path would mean another place.
    server = Server(pathlib.Path(folder).resolve(), binary=pathlib.Path(binary).resolve(), **settings)
    try:
        yield server
    finally:
        server.stop()


class Timings(NamedTuple):
    """Milliseconds of one question that was asked often, and an answer to it."""

    p50: float
    p95: float
    slowest: float
    answer: bytes


class Connection:
    """One connection that is kept, as a browser has it."""

    def __init__(self, server):
        self.http = http.client.HTTPConnection("127.0.0.1", server.port)

    def ask(self, text, **variables):
        """Milliseconds to the answer's last byte, and the answer."""
        body = json.dumps({"query": text, "variables": variables})
        begun = time.perf_counter()
        self.http.request("POST", "/graphql", body, {"content-type": "application/json"})
        answer = self.http.getresponse().read()
        took = 1e3 * (time.perf_counter() - begun)
        assert "errors" not in json.loads(answer), answer[:500]
        return took, answer

    def ask_often(self, times, text, **variables):
        """Asks once more than that: the first time is not counted."""
        _, answer = self.ask(text, **variables)
        took = sorted(self.ask(text, **variables)[0] for _ in range(times))
        return Timings(took[times // 2], took[times * 95 // 100], took[-1], answer)


class Memory:
    """The most memory of a server while this is entered, above what it had before."""

    def __init__(self, server):
        self.server, self.before, self.over = server, server.rss_bytes(), threading.Event()
        self.most, self.thread = self.before, threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, self.server.rss_bytes())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    @property
    def growth(self):
        """In MiB."""
        return (self.most - self.before) / (1 << 20)


class Goals:
    """The table that a bench ends with: what was measured, and whether that is what was wanted."""

    def __init__(self):
        self.rows = []

    def add(self, what, measured, unit, at_most=None, at_least=None):
        goal = "none"
        if at_most is not None:
            goal = f"at most {at_most:,.4g} {unit}: {'reached' if measured <= at_most else 'MISSED'}"
        if at_least is not None:
            goal = f"at least {at_least:,.4g} {unit}: {'reached' if measured >= at_least else 'MISSED'}"
        self.rows.append((what, f"{measured:,.2f} {unit}", goal))

    def print(self):
        print("\n| what | measured | goal |\n| --- | --- | --- |")
        for row in self.rows:
            print(f"| {' | '.join(row)} |")
