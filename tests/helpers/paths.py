"""Where the project is, its fixtures, and the corpus beside it, where there is one."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SHARED = ROOT.parent / "shared"
FIXTURES = sorted(ROOT.glob("fixtures/*/rstudio-connect.gcfg"))
CORPUS = sorted(SHARED.glob("corpus/*.gcfg"))
assert len(FIXTURES) >= 3, "the fixtures are part of the project"
