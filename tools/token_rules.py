"""Takes the shapes of well-known tokens over from detect-secrets into `mappings/gcfg2helm_mappings/tokens.toml`.

The program reads the table and not the library: importing that takes longer than a whole conversion, and brings an HTTP
client along. The test of the table makes it again and compares, so that a newer release of the library shows.

    python tools/token_rules.py
"""

from __future__ import annotations

import importlib
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLE = Path(__file__).parent.parent / "mappings/gcfg2helm_mappings/tokens.toml"
# The detectors whose rules are shapes, by module. Left out, with the reason:
# basic_auth, keyword, private_key: the program reads URLs, names and keys itself; cloudant, ibm_cos_hmac, softlayer: a
# name with a value, which the program's names cover; jwt: without the signature; npm, openai: they take time that grows
# with the square of a line (our own rules for jwt and openai follow below); high_entropy_strings, ip_public,
# ibm_cloud_iam: not shapes.
# Beside each: texts of which one is in every such token. Only where one is there the shapes are looked for.
MODULES = {
    "artifactory": ("AKC", "AP"),
    "aws": ("A3T", "ABIA", "ACCA", "AKIA", "ASIA"),
    "azure_storage_key": ("AccountKey=",),
    "discord": (".",),
    "github_token": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    "gitlab_token": ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "GR1348941", "glcbt-", "glimt-", "glptt-", "glagent-", "gloas-"),
    "mailchimp": ("-us",),
    "pypi_token": ("pypi-",),
    "sendgrid": ("SG.",),
    "slack": ("xox", "hooks.slack.com"),
    "square_oauth": ("sq0csp-",),
    "stripe": ("k_live_",),
    "telegram_token": (":",),
    "twilio": ("AC", "SK"),
}  # fmt: skip
# A rule about a name beside a value is none of a shape.
_NAMED = re.compile(r"\(\?:key\|pwd")
_HEAD = """\
# Shapes of tokens that count as secrets wherever they are, in a value or in a comment.
#
# `library`: the rules of detect-secrets {version} (https://github.com/Yelp/detect-secrets, Apache License 2.0), taken over
# by tools/token_rules.py. `own`: what that release lacks, each with the source of its shape.

"""
# What the release of the library lacks, or has in a form that will not do here: heads, pattern, source.
OWN = {
    "jwt": (
        ("eyJ",), r"(?<![\w-])eyJ[\w-]{12,4096}(?:\.[\w.-]{0,8192})?",
        "RFC 7519, section 3: parts in base64url with dots between; the first is a JSON object, so it begins with `eyJ`.",
    ),
    "github_fine_grained": (
        ("github_pat_",), "github_pat_[A-Za-z0-9_]{22,255}",
        "https://github.blog/2022-10-18-introducing-fine-grained-personal-access-tokens-for-github/",
    ),
    "openai": (
        ("sk-",), r"(?<![\w-])sk-[\w-]{20,512}", "The library's rule without its marks inside: `sk-` and what such keys consist of.",
    ),
    "google_api_key": (
        ("AIza",), r"AIza[\w-]{35}", "https://cloud.google.com/docs/authentication/api-keys, as its own example has them.",
    ),
    "vault": (
        ("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[\w-]{24,512}",
        "https://developer.hashicorp.com/vault/docs/concepts/tokens: service, batch and recovery tokens.",
    ),
}  # fmt: skip


def rules() -> dict[str, list[str]]:
    """Return the patterns of each detector, by the name of its module."""
    found: dict[str, list[str]] = {}
    for name in MODULES:
        module = importlib.import_module(f"detect_secrets.plugins.{name}")
        (detector,) = (
            one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__
        )
        listed: list[re.Pattern[str]] = vars(detector)["denylist"]
        found[name] = [rule.pattern for rule in listed if not _NAMED.search(rule.pattern)]
    return found


def table() -> str:
    """Return the whole table as TOML."""
    parts = [_HEAD.format(version=version("detect-secrets"))]
    for name, patterns in rules().items():
        parts.append(_row("library", name, MODULES[name], patterns))
    for name, (heads, pattern, source) in OWN.items():
        parts.append(f"\n# {source}" + _row("own", name, heads, [pattern]))
    return "".join(parts)


def _row(part: str, name: str, heads: Sequence[str], patterns: Sequence[str]) -> str:
    listed = "".join(f"    '''{pattern}''',\n" for pattern in patterns)
    return f"\n[{part}.{name}]\nheads = {json.dumps(list(heads))}\nshapes = [\n{listed}]\n"


if __name__ == "__main__":
    TABLE.write_text(table(), "utf-8")
