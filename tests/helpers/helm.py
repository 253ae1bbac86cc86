"""Real Helm, where the test extra brought it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree

HELM = shutil.which("helm", path=str(Path(sys.executable).parent)) or shutil.which("helm")
CHART = Path(__file__).parent.parent / "chart"
needs_helm = pytest.mark.skipif(HELM is None, reason="Helm is not installed (the test extra brings it)")


def helm(text: str, folder: Path) -> tuple[Tree, str] | None:
    """Return the values and the printed `config` as real Helm has them; None where it refuses."""
    assert HELM is not None
    file = folder / "values.yaml"
    file.write_bytes(text.encode())
    run = subprocess.run(
        [HELM, "template", "x", CHART, "-f", file], capture_output=True, text=True, timeout=60, check=False
    )
    if run.returncode:
        return None
    lines = dict(line.strip().split(": ", 1) for line in run.stdout.splitlines() if line.startswith("  "))
    tree, printed = (base64.b64decode(lines[key].strip('"')).decode() for key in ("json", "gcfg"))
    return json.loads(tree), printed
