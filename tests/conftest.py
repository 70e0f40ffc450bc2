"""What all tests in Python share: where the build is, and the notes that are printed at the end."""
import os
import sys

import pytest

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, TESTS)

NOTES = []


def pytest_addoption(parser):
    parser.addoption("--build", default=os.path.join(ROOT, "build"), help="the build folder with watchdesk and watchdesk-worker")


@pytest.fixture(scope="session")
def build(request):
    return os.path.abspath(request.config.getoption("--build"))


@pytest.fixture(scope="session")
def note():
    """note(text): a line of the report, for what could not be tested here."""
    return lambda text: NOTES.append(text) if text not in NOTES else None


def pytest_terminal_summary(terminalreporter):
    for text in NOTES:
        terminalreporter.write_line("note: " + text)
