"""What all tests in Python share: where the build is, which tests share a server, and the notes that are printed at the end."""
import os
import sys

import pytest

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, TESTS)

NOTES = []

# A configuration that its group may change is refused: the files of tests are as most people's are.
os.umask(0o022)


def pytest_addoption(parser):
    parser.addoption("--build", default=os.path.join(ROOT, "build"), help="the build folder with watchdesk and watchdesk-worker")
    parser.addoption("--long", action="store_true", help="the whole of each attack in tests/torture, not its short form")


@pytest.fixture(scope="session")
def build(request):
    return os.path.abspath(request.config.getoption("--build"))


@pytest.fixture(scope="session")
def note():
    """note(text): a line of the report, for what could not be tested here."""
    return lambda text: NOTES.append(text) if text not in NOTES else None


# ---- side by side (pytest-xdist, --dist loadgroup) ------------------------------------------------


def shared_server(item):
    """The first fixture of a whole module that the test uses: its tests stay in one process, so that it starts once."""
    found = sorted(name for name, defs in item._fixtureinfo.name2fixturedefs.items() if defs[-1].scope == "module")
    return found[0] if found else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        server = shared_server(item)
        if server:
            item.add_marker(pytest.mark.xdist_group("%s-%s" % (item.module.__name__, server)))


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["notes"] = NOTES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    NOTES.extend(text for text in getattr(node, "workeroutput", {}).get("notes", []) if text not in NOTES)


def pytest_terminal_summary(terminalreporter):
    for text in NOTES:
        terminalreporter.write_line("note: " + text)
