"""The plan: every entry has exactly one decision, the sums add up, the result proves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gcfg2helm import chart, gcfg, tables
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend
from gcfg2helm.findings import codes
from gcfg2helm.plan import slots
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.versions import Version
from helpers.make import converted, request
from helpers.paths import CORPUS, FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.tables import Tables

READABLE = [path for path in [*FIXTURES, *CORPUS] if path.stem != "truncated-quote"]
BOUNDARIES = ["0.3.0", "0.7.0", "0.8.0", "0.8.35", "0.9.0", "0.20.0", "0.20.1", "0.21.0"]


def adds_up(done: Conversion, document: gcfg.Document) -> None:
    decided = [id(one.at.entry) for one in done.plan.decisions]
    assert len(decided) == len(set(decided)) == len(document.entries)
    assert sum(done.plan.counts().values()) == len(document.entries)
    assert {one.code for one in done.findings} <= set(codes())


@pytest.mark.parametrize("version", BOUNDARIES)
@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.parent.name + "-" + path.stem)
def test_real_files_convert_and_prove_for_every_boundary(path: Path, version: str, known: Tables) -> None:
    for backend in Backend:
        if backend is Backend.KUBERNETES and Version.parse(version) < Version(0, 9, 0):
            continue
        done = converted(path.read_bytes(), known, version, backend)
        adds_up(done, gcfg.parse(path.read_bytes()))
        assert done.unproven == []
        assert done.proof.totals, f"the chart refuses: {done.proof.findings}"
        again = convert(request(path.read_bytes(), known, version, backend, done.values.text))
        assert again.values.text == done.values.text, "twice is once"


_KNOWN = tables.load()
_NAMES = [(setting.section, setting.name) for setting in _KNOWN]
lines = st.one_of(
    st.builds(
        lambda key, value: f"[{key[0]}]\n{key[1]} = {value}", st.sampled_from(_NAMES), st.text("ab1:/.;# ", max_size=8)
    ),
    st.builds(
        lambda key, value: f'[{key[0]} "n"]\n{key[1]} = "{value}"',
        st.sampled_from(_NAMES),
        st.text("ab1:/.;#@ ", max_size=8),
    ),
    st.sampled_from(
        [
            '[LDAP "x"]',
            "Key = 1",
            "Key",
            "; note",
            "",
            "[Odd]\nPassword = x",
            "[Server]\nAddress",
            "[Metrics]\nUser = x",
        ]
    ),
)


@settings(max_examples=150)
@given(st.lists(lines, max_size=12), st.sampled_from(BOUNDARIES))
def test_sums_add_up_and_prove_for_any_document(parts: list[str], version: str) -> None:
    text = "[Server]\n" + "\n".join(parts) + "\n"
    done = converted(text, _KNOWN, version)
    adds_up(done, gcfg.parse(text))
    assert done.unproven == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("TRUE", "TRUE"), ("yes", "yes"), ("1", 1), ("999999", 999999), ("1000000", "1000000"), ("0755", "0755"), ("-5", -5), ("1.10", "1.10"),
        ("a;b", '"a;b"'), ("", ""), ("a\tb", '"a\\tb"'), ("~", "~"),
    ],
)  # fmt: skip
def test_a_value_as_yaml(text: str, value: object) -> None:
    found = slots.node(text)
    assert (type(found), found) == (type(value), value)


def decisions(text: str, known: Tables) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for one in converted(text, known).plan.decisions:
        found.setdefault(one.key, []).append(one.outcome)
    return found


def test_single_valued_takes_the_last_and_multi_all(known: Tables) -> None:
    done = converted(
        "[Http]\nforcesecure = yes\nForceSecure = no\n[Server]\nCustomHeader = a\nCustomHeader = b\n[Odd]\nName = 1\nname = 2\n",
        known,
    )
    config = done.values.tree["config"]
    assert isinstance(config, dict)
    assert config["HTTP"] == {"ForceSecure": "no"}
    assert config["Server"]["CustomHeader"] == ["a", "b"]  # type: ignore[call-overload,index]
    assert config["Odd"] == {"Name": [1, 2]}
    assert [one.outcome for one in done.plan.decisions][:2] == [Outcome.SUPERSEDED, Outcome.CARRIED]


def test_a_name_without_equals_empties_a_list(known: Tables) -> None:
    done = converted("[Server]\nCustomHeader = a\nCustomHeader\nCustomHeader = b\n", known)
    assert done.values.tree["config"]["Server"]["CustomHeader"] == ["b"]  # type: ignore[call-overload,index]


def test_every_published_version_has_an_appversion() -> None:
    assert all(chart.app_version(one) for one in chart.versions())
    assert chart.OLDEST in chart.versions()
    assert chart.NEWEST in chart.versions()
