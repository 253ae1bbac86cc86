"""The pictures of the README show what the program prints today."""

from __future__ import annotations

import html
import importlib.util
import re
from typing import Any

import pytest

from helpers.paths import ROOT

spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs/pictures.py")
assert spec is not None
assert spec.loader is not None
pictures: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pictures)


def words(svg: str) -> str:
    """Return the text of a picture without its blanks: releases of rich cut it into pieces differently.

    Nor with the numbers of the newest chart and its Connect: a new one makes no picture stale.
    """
    text = re.sub(r"\s", "", html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", "", svg, flags=re.DOTALL)))
    return re.sub(r"chart[0-9.]+withConnect[0-9.]+", "", text.replace("\xa0", ""))


@pytest.mark.parametrize("name", list(pictures.RUNS))
def test_a_picture_is_not_stale(name: str, *, update: bool) -> None:
    file = ROOT / "docs" / f"{name}.svg"
    fresh = pictures.picture(name)
    if update:
        file.write_text(fresh, encoding="utf-8")
    assert words(file.read_text(encoding="utf-8")) == words(fresh), "run: python docs/pictures.py"
    assert f"docs/{name}.svg" in (ROOT / "README.md").read_text(encoding="utf-8")
