"""Takes the shapes of well-known tokens over from detect-secrets into `mappings/gcfg2helm_mappings/tokens.toml`.

The program reads the table and not the library: importing that takes longer than a whole conversion, and brings an HTTP
client along. The test of the table makes it again and compares, so that a newer release of the library shows.

    python tools/token_rules.py
"""

from __future__ import annotations

import importlib
import re
from importlib.metadata import version
from pathlib import Path

TABLE = Path(__file__).parent.parent / "mappings/gcfg2helm_mappings/tokens.toml"
# The detectors whose rules are shapes, by module. Left out, with the reason:
# basic_auth, keyword, private_key: the program reads URLs, names and keys itself; cloudant, ibm_cos_hmac, softlayer: a
# name with a value, which the program's names cover; jwt: without the signature; npm, openai: they take time that grows
# with the square of a line (our own rules for jwt and openai follow below); high_entropy_strings, ip_public,
# ibm_cloud_iam: not shapes.
MODULES = (
    "artifactory", "aws", "azure_storage_key", "discord", "github_token", "gitlab_token", "mailchimp", "pypi_token",
    "sendgrid", "slack", "square_oauth", "stripe", "telegram_token", "twilio",
)  # fmt: skip
# A rule about a name beside a value is none of a shape.
_NAMED = re.compile(r"\(\?:key\|pwd")
_HEAD = """\
# Shapes of tokens that count as secrets wherever they are, in a value or in a comment.
#
# [library]: the rules of detect-secrets {version} (https://github.com/Yelp/detect-secrets, Apache License 2.0), taken over
# by tools/token_rules.py. [own]: what that release lacks, each with the source of its shape.

[library]
"""
_OWN = """
[own]
# RFC 7519, section 3: parts in base64url with dots between; the first is a JSON object, so it begins with `eyJ`.
jwt = ['(?<![\\w-])eyJ[\\w-]{12,4096}(?:\\.[\\w.-]{0,8192})?']
# https://github.blog/2022-10-18-introducing-fine-grained-personal-access-tokens-for-github/
github_fine_grained = ['github_pat_[A-Za-z0-9_]{22,255}']
# The library's rule without its marks inside: `sk-` and what such keys consist of.
openai = ['(?<![\\w-])sk-[\\w-]{20,512}']
# https://cloud.google.com/docs/authentication/api-keys: `AIza` and 35 characters, as its own example has them.
google_api_key = ['AIza[\\w-]{35}']
# https://developer.hashicorp.com/vault/docs/concepts/tokens: service, batch and recovery tokens.
vault = ['\\bhv[sbr]\\.[\\w-]{24,512}']
"""


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
    lines = [_HEAD.format(version=version("detect-secrets"))]
    for name, patterns in rules().items():
        lines.append(f"{name} = [\n" + "".join(f"    '''{pattern}''',\n" for pattern in patterns) + "]\n")
    return "".join(lines) + _OWN


if __name__ == "__main__":
    TABLE.write_text(table(), "utf-8")
