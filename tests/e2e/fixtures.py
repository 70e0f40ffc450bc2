"""What tests on the real programs take: a desk (a watchdesk of its own), the demo, the simulated platform. Of e2e and torture."""
import pytest

import rig
from desk import Desk


@pytest.fixture
def desk(build):
    d = Desk(build)
    try:
        yield d
        d.close()
    finally:
        try:
            d.close()
        finally:
            d.remove()


@pytest.fixture(scope="module")
def demo(build):
    with rig.demo(build) as told:
        yield told


@pytest.fixture(scope="module")
def far_platform(demo):
    return rig.Platform(demo)


@pytest.fixture
def platform():
    with rig.platform() as p:
        yield p


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    desk = item.funcargs.get("desk")
    if report.when == "call" and report.failed and desk:
        report.sections.append(("the worker's log", desk.log_text()[-3000:]))
        for tty in desk.ttys:
            report.sections.append(("screen", tty.text()))
