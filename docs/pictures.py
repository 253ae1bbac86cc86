"""Makes the pictures of the README from real runs in a terminal of 100 columns: `python docs/pictures.py`."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
FIXTURE = HERE.parent / "fixtures/saml-https/rstudio-connect.gcfg"
WIDTH = 100
RUNS = {
    "preview": ["convert", "rstudio-connect.gcfg", "--dry-run"],
    "check": ["check", "rstudio-connect.gcfg"],
}
# How many lines are shown, from the beginning and from the end; what is between them is counted.
_LINES = {"preview": (15, 43), "check": (46, 10)}
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def seen(arguments: list[str]) -> str:
    """Return what a run prints on a terminal, colours included; the fixture is in the working folder."""
    leader, follower = pty.openpty()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FIXTURE.name).write_bytes(FIXTURE.read_bytes())
        environment = {**os.environ, "COLUMNS": str(WIDTH), "LINES": "50", "TERM": "xterm-256color"}
        environment.pop("NO_COLOR", None)
        command = [sys.executable, "-c", "from gcfg2helm.__main__ import main; main()", *arguments]
        process = subprocess.Popen(
            command, cwd=folder, stdin=follower, stdout=follower, stderr=follower, env=environment
        )
        os.close(follower)
        parts: list[bytes] = []
        try:
            while part := os.read(leader, 65536):
                parts.append(part)
        except OSError:
            pass  # the other end is closed
        process.wait()
    os.close(leader)
    return b"".join(parts).decode().replace("\r\n", "\n")


def picture(name: str) -> str:
    """Return the SVG of one run, its first and last lines; without the web fonts that rich would load."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    # On a busy machine a run takes longer than a second, and says that it goes on.
    lines = [line for line in seen(RUNS[name]).rstrip("\n").split("\n") if not line.startswith("Converting ")]
    first, last = _LINES[name]
    if len(lines) > first + last:
        lines[first:-last] = [f"... {len(lines) - first - last} more lines"]
    console.print(Text.from_ansi("\n".join(lines)))
    title = "gcfg2helm " + " ".join(RUNS[name])
    return _FONTS.sub("", console.export_svg(title=title, unique_id=name))


def main() -> None:
    """Write every picture beside this file."""
    for name in RUNS:
        (HERE / f"{name}.svg").write_text(picture(name), encoding="utf-8")


if __name__ == "__main__":
    main()
