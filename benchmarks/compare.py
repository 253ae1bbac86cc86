"""What one would use instead, side by side: `python benchmarks/compare.py` prints the tables of the README here.

Which of some small documents each parser reads as Go's gcfg does, and how long each takes for 20,000 sections with 60,000
settings; how long the built-in model of the chart takes to render, and how long `helm template` on a small chart. dulwich
and Helm are left out where they are not installed.
"""

from __future__ import annotations

import configparser
import io
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import iniconfig

from gcfg2helm import chart, gcfg
from gcfg2helm.values import read

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent

# A name for each document, its text, section and name to look up, and what Go's gcfg reads there (None: it refuses).
DOCUMENTS: list[tuple[str, str, tuple[str, str, str | None]]] = [
    ("plain", "[Server]\nAddress = http://x\n", ("Server", "Address", "http://x")),
    ("repeated key", "[Server]\nPort = 1\nPort = 2\n", ("Server", "Port", "2")),
    ("repeated section", "[Server]\nPort = 1\n[Server]\nHost = a\n", ("Server", "Port", "1")),
    ("other capitals", "[server]\nport = 1\n", ("Server", "Port", "1")),
    ("quotes", '[Server]\nText = "a;b"\n', ("Server", "Text", "a;b")),
    ("escapes", '[Server]\nText = "a\\tb"\n', ("Server", "Text", "a\tb")),
    ("comment behind a value", "[Server]\nText = a;b\n", ("Server", "Text", "a")),
    ("refused: a setting on a header's line", "[Server] Port = 1\n", ("Server", "Port", None)),
    ("refused: `_` in a name", "[Server]\nPort_1 = 1\n", ("Server", "Port_1", None)),
    ("refused: the escape `\\b`", '[Server]\nText = "a\\bb"\n', ("Server", "Text", None)),
    ("refused: an open quote", '[Server]\nText = "a\n', ("Server", "Text", None)),
    ("continued line", "[Server]\nText = a\\\nb\n", ("Server", "Text", "ab")),
]


def _by_gcfg(text: str) -> Callable[[str, str], object]:
    document = gcfg.parse(text)
    return lambda section, name: document[section][name]


def _by_configparser(text: str) -> Callable[[str, str], object]:
    config = configparser.RawConfigParser()
    config.read_string(text)
    return lambda section, name: config[section][name]


def _by_iniconfig(text: str) -> Callable[[str, str], object]:
    config = iniconfig.IniConfig("f", data=text)
    return lambda section, name: config[section][name]


def _by_dulwich(text: str) -> Callable[[str, str], object]:
    from dulwich.config import ConfigFile  # type: ignore[import-not-found,unused-ignore]

    config = ConfigFile.from_file(io.BytesIO(text.encode()))
    return lambda section, name: config.get((section.encode(),), name.encode()).decode()


def parsers() -> dict[str, Callable[[str], Callable[[str, str], object]]]:
    """Return the parsers that are installed, each as a function from a text to a look-up."""
    found: dict[str, Callable[[str], Callable[[str, str], object]]] = {
        "gcfg2helm": _by_gcfg,
        "configparser": _by_configparser,
        "iniconfig": _by_iniconfig,
    }
    try:
        import dulwich.config  # type: ignore[import-not-found,unused-ignore] # noqa: F401 - whether it is there
    except ImportError:
        return found
    return {**found, "dulwich": _by_dulwich}


def reads(
    parser: Callable[[str], Callable[[str, str], object]], text: str, wanted: tuple[str, str, str | None]
) -> bool:
    """Whether a parser reads a setting as Go does."""
    try:
        found = parser(text)(wanted[0], wanted[1])
    except Exception:  # noqa: BLE001 - each parser has its own errors, and all mean that it does not take the text
        return wanted[2] is None
    return found == wanted[2]


def seconds(function: Callable[[], object], repeat: int = 5) -> float:
    """Return the median time of a call."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def rendering() -> list[tuple[str, float]]:
    """Return what renders a configuration, and its time: the model, and Helm as a process."""
    text = "launcher: {enabled: true}\nsharedStorage: {create: true}\nconfig: {Server: {Address: https://connect.example.com}}\n"
    values = read.load(text)
    rows = [
        (
            "the model of the chart",
            seconds(lambda: chart.render(chart.newest(), [values], release="rsc", namespace="connect")),
        )
    ]
    helm = shutil.which("helm", path=str(Path(sys.executable).parent)) or shutil.which("helm")
    if helm:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            command = [helm, "template", "rsc", str(ROOT / "tests/chart"), "-f", file.name]
            rows.append(
                (
                    "`helm template` on a small chart",
                    seconds(lambda: subprocess.run(command, check=True, capture_output=True)),
                )
            )
    return rows


def main() -> None:
    """Print the tables."""
    found = parsers()
    print("| document | " + " | ".join(found) + " |")
    print("| --- |" + " --- |" * len(found))
    for name, text, wanted in DOCUMENTS:
        print(
            f"| {name} | "
            + " | ".join("yes" if reads(parser, text, wanted) else "no" for parser in found.values())
            + " |"
        )
    large = "".join(
        f"[S{number}]\nAddress = http://x{number}\nPort = {number}\nName = hello world {number}\n"
        for number in range(20_000)
    )
    times = [f"{seconds(lambda parser=parser: parser(large)) * 1000:.0f} ms" for parser in found.values()]  # type: ignore[misc]
    print("| 20,000 sections, 60,000 settings | " + " | ".join(times) + " |")
    print("\n| renders | time |\n| --- | ---: |")
    for name, took in rendering():
        print(f"| {name} | {took * 1000:.1f} ms |")


if __name__ == "__main__":
    main()
