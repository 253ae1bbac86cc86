"""The library: five names with a documented example each, and nothing loaded before it is asked for."""

from __future__ import annotations

import doctest
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import gcfg2helm
from gcfg2helm import api
from helpers.paths import FIXTURES, ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_examples_of_the_docstrings_and_of_the_page_hold() -> None:
    found = doctest.testmod(api)
    assert found.attempted >= 6
    assert found.failed == 0
    page = doctest.testfile(str(ROOT / "docs/api.md"), module_relative=False)
    assert page.attempted >= 10
    assert page.failed == 0


def test_the_names_are_those_promised_and_each_is_documented() -> None:
    assert sorted(gcfg2helm.__all__) == sorted(api.__all__) == ["Finding", "convert", "load_tables", "parse", "verify"]
    page = (ROOT / "docs/api.md").read_text()
    for name in gcfg2helm.__all__:
        assert getattr(gcfg2helm, name) is getattr(api, name)
        assert callable(getattr(gcfg2helm, name))
        assert f"\n## {name}\n" in page
    with pytest.raises(AttributeError):
        gcfg2helm.other  # noqa: B018


def test_the_names_stay_what_they_are_whatever_was_imported_before() -> None:
    code = (
        "import gcfg2helm.cli.convert, gcfg2helm.cli.verify, gcfg2helm.conversion, gcfg2helm.proof.run\n"
        "from gcfg2helm import convert, verify\nassert callable(convert) and callable(verify)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_loads_with_the_package_alone() -> None:
    code = "import sys, gcfg2helm; assert not [name for name in sys.modules if name.startswith('gcfg2helm.')]"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_it_converts_and_verifies_as_the_command_line_does(path: Path) -> None:
    text = path.read_text("utf-8")
    done = gcfg2helm.convert(text)
    again = gcfg2helm.convert(gcfg2helm.parse(text), values=done.values.text)
    assert again.values.text == done.values.text
    layers = [done.values.text, *([done.secret_values.text] if done.secret_values else [])]
    assert gcfg2helm.verify(text, layers).proven
    assert not gcfg2helm.verify(text + "\n[Server]\nSenderEmail = other@example.com\n", layers).proven


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.99\.0 is not known"):
        gcfg2helm.convert("[Server]\n", chart_version="0.99.0")
    with pytest.raises(ValueError, match="does not have the back end kubernetes"):
        gcfg2helm.convert("[Server]\n", chart_version="0.8.0", backend="kubernetes")
