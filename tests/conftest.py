"""Fixtures shared by the tests of clients and of clouds."""

import pytest

from support.bendsql import BendSql

pytest.register_assert_rewrite("support")


@pytest.fixture
def bendsql(tmp_path):
    """BendSQL with a home of its own."""
    return BendSql(tmp_path / "home")
