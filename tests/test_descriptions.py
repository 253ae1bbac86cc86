"""What the tables say of each setting in words: a sentence, a default and a link, each with where it comes from."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gcfg2helm.plan import tablechecks
from gcfg2helm.report import explain, markdown, topics
from gcfg2helm.tables import Action, Source, load
from gcfg2helm.tables.model import APPENDIX
from gcfg2helm.tables.rows import TablesError

if TYPE_CHECKING:
    from gcfg2helm.tables import Setting, Tables

DOCS = Path(__file__).parents[1] / "docs"
_SMALL = set(
    re.split(" ", "a an the of is are be to in for whether how which where what and or it its by with on that this")
)
_DEFAULT_SOURCE = re.compile(
    r"https://\S+|RStudio blog: RStudio Connect v?[\d.]+.*|RStudio blog \(\w+\)|the chart's values\.yaml"
    r"|public configuration files|unconfirmed"
)


def words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|\d+", text)}


def test_every_setting_has_one_sentence_of_its_own(known: Tables) -> None:
    for section in known.sections.values():
        for setting in section.settings.values():
            assert setting.description, setting.key
            assert not [why for why in tablechecks.of_setting(setting) if why.startswith("description")], setting.key
            assert len(setting.description) <= 130, setting.key
            assert words(setting.description) - words(setting.name) - words(setting.section) - _SMALL, setting.key
        doubled = [
            text for text, count in Counter(one.description for one in section.settings.values()).items() if count > 1
        ]
        assert not doubled, section.name


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("How often Connect looks for new commits.", True),
        ("An address, as host:port.", True),
        ("Reads R.ConfigActive.", True),
        ("How often Connect looks for new commits", False),
        ("First one. Then another.", False),
        ("lower case.", False),
        ("Two\nlines.", False),
        ("Really?", False),
        ("Dots...", False),
    ],
)
def test_what_a_sentence_is(text: str, right: bool, known: Tables) -> None:
    setting = known.setting("Git.PollingFrequency")
    assert setting is not None
    problems = list(tablechecks.of_setting(setting._replace(description=text)))
    assert (not problems) is right, problems


def test_a_row_without_a_sentence_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gcfg2helm.tables import loader

    (tmp_path / "connect").mkdir()
    (tmp_path / "connect/server.toml").write_text('section = "Server"\n[Address]\ntype = "string"\nsource = "docs"\n')
    tables = loader.sections_of(tmp_path / "connect")
    with pytest.raises(TablesError, match="description: required"):
        tables["server"]


def test_a_site_may_leave_the_sentence_out_or_change_it(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text(
        'section = "Server"\n[OurHeader]\ntype = "string"\n[Address]\ndescription = "Our address."\n[DataDir]\ndefault = "/srv"\n'
    )
    tables = load(tmp_path, tablechecks.check)
    ours, address, data = (tables.setting(f"Server.{name}") for name in ("OurHeader", "Address", "DataDir"))
    assert ours is not None
    assert address is not None
    assert data is not None
    assert (ours.description, ours.link) == ("", "")
    assert address.sentence == "Our address."
    assert (data.default, data.default_source, data.shown_default) == ("/srv", "", "/srv")
    assert list(explain.text(topics.Named(ours, None), tables, 80, colour=False))[1].startswith("  type")


def test_what_is_unconfirmed_says_so(known: Tables) -> None:
    unsure = [setting for setting in known if setting.source is Source.UNCONFIRMED or setting.inferred]
    assert len(unsure) > 40
    for setting in known:
        assert setting.sentence.endswith(" (unconfirmed).") is (setting in unsure), setting.key


def test_each_default_has_its_source(known: Tables) -> None:
    having = [setting for setting in known if setting.default]
    assert len(having) >= 182, "defaults were lost"
    assert len([one for one in having if one.default_source.startswith("http")]) >= 45, "confirmed ones were lost"
    for setting in known:
        assert bool(setting.default) is bool(setting.default_source), setting.key
        assert not setting.default or _DEFAULT_SOURCE.fullmatch(setting.default_source), setting.key


# Pages about one subject, and the sections whose settings they are about.
_SUBJECTS = {
    "saml": {"SAML"}, "ldap": {"LDAP"}, "oauth2": {"OAuth2"}, "proxied": {"ProxyAuth"}, "/pam": {"PAM"},
    "postgres": {"Postgres", "Database"}, "git-backed": {"Git", "GitCredential"}, "chronicle": {"Chronicle"},
    "opentelemetry": {"OpenTelemetry", "OTLPEndpoint"}, "branding": {"Branding"}, "tableau": {"TableauIntegration"},
    "email": {"SMTP", "Server", "Notifications"}, "operational-metrics": {"Metrics"}, "/python": {"Python"},
}  # fmt: skip


def renamed(setting: Setting) -> bool:
    return any(rule.action is Action.RENAME for rule in setting.rules)


def test_each_link_leads_to_a_page_about_the_setting(known: Tables) -> None:
    for setting in known:
        page = setting.link
        if setting.until or renamed(setting):
            assert page != f"{APPENDIX}#{setting.key}", f"{setting.key}: the appendix knows the new name alone"
            continue
        assert re.fullmatch(r"https://(?:docs\.posit\.co|docs-archive\.posit\.it)/connect/\S+", page), setting.key
        assert not page.startswith(APPENDIX) or known.setting(page.removeprefix(f"{APPENDIX}#"))
        for subject, sections in _SUBJECTS.items():
            if subject in page.removesuffix(f"#{setting.key}"):
                assert setting.section in sections, f"{setting.key}: {page}"


def test_the_same_words_everywhere(known: Tables) -> None:
    page = (DOCS / "mapping.md").read_text("utf-8")
    for setting in known:
        named = topics.Named(setting, None)
        assert markdown.cell(setting.sentence) in page, setting.key
        assert setting.sentence in "\n".join(explain.text(named, known, 200, colour=False))
        assert markdown.cell(setting.sentence) in "\n".join(explain.markdown(named, known))
        assert topics.setting_data(named, known)["description"] == setting.sentence
