"""Against a real Airflow 3 of our own. What the end-to-end tests use for driving a console is used here too."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from airflow_server import Airflow  # noqa: E402
from desk import Desk  # noqa: E402


@pytest.fixture(scope="session")
def airflow(build):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="watchdesk-live-", dir=os.environ.get("TMPDIR") or "/tmp"))
    server = Airflow(folder, pathlib.Path(build) / "live")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def desk(build, airflow):
    d = Desk(build)
    try:
        d.configure({"airflow-live": {"connector": "airflow3", "env": "prod", "url": airflow.url, "every": "2s",
                                      "username": "oncall", "password": d.secret("airflow", airflow.password)}})
        d.start_worker()
        yield d
    finally:
        try:
            d.close()
        finally:
            d.remove()
