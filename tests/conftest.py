"""Fixtures shared by the tests of clients and of clouds."""

import pytest

pytest.register_assert_rewrite("support")

from support.bendsql import BendSql  # noqa: E402 - assertions in it are rewritten only from here on


def pytest_collection_modifyitems(items):
    """What looks at everything that was left behind comes last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture
def bendsql(tmp_path):
    """BendSQL with a home of its own."""
    return BendSql(tmp_path / "home")
