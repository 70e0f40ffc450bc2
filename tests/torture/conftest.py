"""Attacks on the real programs. Each has a short form, which is part of `make check`, and a long one: `make torture`.

A test that takes the fixture `long` does all of it when that is true, else the part that finds what usually breaks. Both are bounded
in rounds, not by the clock; what is chosen at random comes from a seed that is printed."""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from fixtures import demo, desk, far_platform, platform, pytest_runtest_makereport  # noqa: E402,F401


@pytest.fixture(scope="session")
def long(request):
    return request.config.getoption("--long")
