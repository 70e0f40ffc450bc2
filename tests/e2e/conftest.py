"""End to end: the programs as they are built, under ASan and UBSan, driven from outside."""
from fixtures import demo, desk, far_platform, platform, pytest_runtest_makereport  # noqa: F401
