import os
import pathlib

import pytest

from server import Server


@pytest.fixture(scope="session")
def real_data():
    """The folder of real logs; a public checkout has none."""
    folder = os.environ.get("DATAVIEWER_REAL_DATA")
    if not folder:
        pytest.skip("DATAVIEWER_REAL_DATA is unset: no real logs")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()
