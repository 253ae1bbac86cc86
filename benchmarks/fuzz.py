"""The long fuzz, for a night: `python benchmarks/fuzz.py [COUNT]`, 200,000 documents without.

Compares the parser with Go's gcfg on COUNT generated documents (where Go is installed), and runs the whole of `convert` on a
tenth as many arbitrary inputs with an arbitrary existing values.yaml: each must convert, or be refused with a place.
Prints the counts; exits 1 where anything else happened.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from gcfg2helm import chart, gcfg, tables  # noqa: E402
from gcfg2helm.conversion import convert  # noqa: E402
from gcfg2helm.enums import Backend  # noqa: E402
from gcfg2helm.plan.request import Request  # noqa: E402
from gcfg2helm.values import read  # noqa: E402
from helpers import oracle  # noqa: E402 - beside the tests, which use it too

_BATCH = 20_000
_YAML = [
    "config:\n  Server:\n    Address: x  # c\n    Port: 1\n", "config: {Server: {Address: y}}\n", "pod:\n  env:\n  - name: X\n    value: y\n", "launcher: {enabled: true}\n",
    "sharedStorage: {create: yes}\n", "# c\n", "\n", "b: &a {x: 1}\nc: *a\n", "k: |\n  text\n   more\n\n", "? y\n", "? z\n: 1\n", "executionEnvironments: []\n",
    "ingress: {enabled: false}\n", "license: {server: x}\n", "rbac:\n    create: false\n", "on: off\n", "1: 2\n", "backends:\n  kubernetes:\n    # d\n    enabled: false\n",
    "m: {<<: {n: 1}, o: 2}\n", "e:\n", "f: !!binary eA==\n", 'g: "a\\x41"\n', "h: 'it''s'\n", "i: >-\n  folded\n  text\n", "extraObjects:\n- kind: X\n", "nodeSelector: {a: b}\n",
]  # fmt: skip
_BAD_YAML = [
    "\t",
    "---\n",
    "...\n",
    "'",
    '"',
    "[",
    "{",
    "}",
    ": ",
    "- x\n",
    "\x07",
    "\u2028",
    "  indented: 1\n",
    "*x\n",
    "!!python/name:os.system x\n",
]
_GCFG = [
    "[Server]\n", "Address = https://x.example.com\n", "DataDir = /data\n", '[LDAP "x"]\n', "BindPassword = a;b\n", "[Postgres]\n", 'URL = "postgres://u:p@h/d"\n', "[HTTPS]\n", "Listen = :443\n",
    "[Launcher]\n", "DataDir = h:/x\n", "[Python]\n", "Executable = /opt/python/3.9.5/bin/python\n", "Enabled\n", "[Metrics]\n", "PrometheusListen = x\n", "; Password = x\n", "[Odd]\nToken = x\n",
    'Key = "\\t\\n\\""\n', "Provider = sqlite\n", "[Database]\n", "[R]\n", "Enabled = no\n",
]  # fmt: skip


def parser(count: int) -> tuple[int, int]:
    """Return how many documents Go read, and the disagreements, which are printed."""
    if not oracle.available():
        print(f"parser: skipped, {oracle.MISSING}")
        return 0, 0
    bad = done = 0
    with tempfile.TemporaryDirectory() as folder:
        program = oracle.build(Path(folder))
        for seed in range(0, count, _BATCH):
            sources = list(oracle.documents(min(_BATCH, count - seed), seed + 1))
            found = oracle.disagreements(program, sources)
            done, bad = done + len(sources), bad + len(found)
            print("\n".join(found), end="\n" if found else "")
    return done, bad


def conversions(count: int) -> Counter[str]:
    """Return how the conversions of arbitrary inputs ended; what should not happen is printed and counted as `bug`."""
    dice = random.Random(count)
    known = tables.load()
    ends: Counter[str] = Counter()
    versions = chart.versions()
    for _ in range(count):
        source: bytes = (
            dice.randbytes(dice.randint(0, 60))
            if dice.random() < 0.1
            else "".join(dice.choices(_GCFG, k=dice.randint(0, 14))).encode()
        )
        lines = dice.sample(_YAML, k=dice.randint(0, 8)) + (dice.choices(_BAD_YAML) if dice.random() < 0.2 else [])
        dice.shuffle(lines)
        values = "".join(lines) if dice.random() < 0.7 else None
        backend = dice.choice(list(Backend))
        version = dice.choice([one for one in versions if backend is Backend.LAUNCHER or str(one) >= "0.9"])
        try:
            request = Request(
                [("f", gcfg.parse(source, "f"))], known, chart.known(version), backend, "rsc", "connect", values=values
            )
            done = convert(request)
        except (gcfg.GcfgError, read.YamlError):
            ends["refused"] += 1
            continue
        except Exception as error:  # noqa: BLE001 - what the fuzz is for
            ends["bug"] += 1
            print(f"{type(error).__name__}: {source!r} {values!r} {version} {backend}")
            continue
        if done.unproven:
            ends["bug"] += 1
            print(f"not proven: {source!r} {values!r} {version} {backend}: {[one.what for one in done.unproven]}")
        ends["converted"] += 1
    return ends


def main() -> int:
    """Run both; returns 1 where anything is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("count", nargs="?", type=int, default=200_000)
    count = arguments.parse_args().count
    start = time.perf_counter()
    done, bad = parser(count)
    print(f"parser: {done} documents, {bad} disagreements with Go's gcfg, {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    ends = conversions(max(count // 10, 1))
    shown = ", ".join(f"{number} {word}" for word, number in sorted(ends.items()))
    print(f"convert: {shown}, {time.perf_counter() - start:.0f} s")
    return int(bool(bad or ends["bug"]))


if __name__ == "__main__":
    sys.exit(main())
