"""What all tests share: the judge of the parser, the corpus, `--update` for goldens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from gcfg2helm import tables
from helpers import oracle
from helpers.paths import SHARED

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.tables import Tables

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the goldens with what the program gives now")
    parser.addoption(
        "--all-runbooks", action="store_true", help="rehearse the runbook of every combination, not of pairs"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are to be rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def known() -> Tables:
    """The tables of the package."""
    return tables.load()


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Go's gcfg package, as a program; skips where Go is absent."""
    if not oracle.available():
        pytest.skip(oracle.MISSING)
    return oracle.build(tmp_path_factory.mktemp("judge"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the corpus and the chart's facts; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not beside the project")
    return SHARED
