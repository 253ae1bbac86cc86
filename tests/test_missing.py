"""What the file leaves open that a person has to know: a provider without its section, lines that a later one overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gcfg2helm import tables
from gcfg2helm.conversion import convert
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Level
from helpers.make import request

if TYPE_CHECKING:
    from gcfg2helm.conversion import Conversion

LDAP = '[LDAP "x"]\nServerAddress = ldap.example.com:389\n'
PROVIDER = "[Authentication]\nProvider = {}\n"


def converted(source: str, values: str | None = None) -> Conversion:
    return convert(request(source, tables.load(), "0.21.0", Backend.LAUNCHER)._replace(values=values))


def codes(done: Conversion, *wanted: str) -> list[tuple[str, Level, int]]:
    found = [(one.code, one.level, one.place.line) for one in done.plan.findings if one.code in wanted and one.place]
    return sorted(found)


@pytest.mark.parametrize(
    ("provider", "rest", "missing"),
    [
        ("ldap", "", True),
        ("LDAP", "", True),
        ("ldap", "[LDAP]\nServerAddress = ldap.example.com:389\n", True),
        ("ldap", '[LDAP "x"]\nBindDN = a\n', True),
        ("ldap", '[LDAP "x"]\nServerAddress =\n', True),
        ("ldap", LDAP, False),
        ("ldap", '[ldap "x"]\nserveraddress = ldap.example.com:389\n', False),
        ("oauth2", "", True),
        ("oauth2", "[OAuth2]\nClientId = a\n", False),
        ("saml", "[SAML]\nLogging = true\n", True),
        ("saml", "[SAML]\nIdPMetaDataURL = https://a.example.com/m\n", False),
        ("saml", "[SAML]\nIdPMetaDataPath = /etc/rstudio-connect/m.xml\n", False),
        ("password", "", False),
        ("proxy", "", False),
        ("pam", "", False),
    ],
)
def test_a_provider_needs_its_section(provider: str, rest: str, missing: bool) -> None:
    found = codes(converted(PROVIDER.format(provider) + rest), "G2H432")
    assert found == ([("G2H432", Level.ERROR, 2)] if missing else [])


def test_the_values_may_have_the_section() -> None:
    values = "config:\n  'LDAP \"x\"':\n    ServerAddress: ldap.example.com:389\n"
    assert codes(converted(PROVIDER.format("ldap"), values), "G2H432") == []
    assert codes(converted(PROVIDER.format("ldap"), "config:\n  LDAP:\n    ServerAddress: a\n"), "G2H432")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("[Server]\nEmailProvider = SMTP\n", True),
        ("[Server]\nEmailProvider = SMTP\n[SMTP]\nPort = 25\n", True),
        ("[Server]\nEmailProvider = SMTP\n[SMTP]\nHost = mail.example.com\n", False),
        ("[Server]\nEmailProvider = none\n", False),
    ],
)
def test_smtp_needs_a_mail_server(text: str, missing: bool) -> None:
    assert codes(converted(text), "G2H433") == ([("G2H433", Level.WARNING, 2)] if missing else [])


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[Authentication]\nProvider = ldap\nProvider = saml\n", Level.WARNING),
        ("[Authentication]\nProvider = ldap\nProvider = LDAP\n", Level.INFO),
        ("[Authentication]\nLifetime = 60m\nLifetime = 1h\n", Level.INFO),
        ("[Authentication]\nLifetime = 60m\nLifetime = 2h\n", Level.WARNING),
        ("[Server]\nHideVersion = yes\nHideVersion = true\n", Level.INFO),
        ("[Server]\nHideVersion = yes\nHideVersion = false\n", Level.WARNING),
        ("[Server]\nAddress = http://a\nAddress = http://A\n", Level.WARNING),
        ("[SMTP]\nPort = 25\n[SMTP]\nPort = 587\n", Level.WARNING),
    ],
)
def test_a_line_that_a_later_one_overrides(text: str, level: Level) -> None:
    (found,) = codes(converted(text), "G2H105", "G2H114")
    assert found == ("G2H114" if level is Level.WARNING else "G2H105", level, 2)
    (one,) = [one for one in converted(text).plan.findings if one.code == found[0]]
    assert ("line" in one.what.replace("this line", "")) is (level is Level.WARNING), "where the value that counts is"


def test_an_overridden_secret_is_not_told() -> None:
    done = converted("[Postgres]\nPassword = first-canary\nPassword = second-canary\n")
    (one,) = [one for one in done.plan.findings if one.code == "G2H114"]
    assert "canary" not in f"{one.what}{one.todo}"
