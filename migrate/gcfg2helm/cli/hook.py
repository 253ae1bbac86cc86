"""The commands for pre-commit, which hands over many files at once: `check` each gcfg, `verify` each with its values."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gcfg2helm.cli import leave, open_streams, run

USAGE = "usage: gcfg2helm-hook check|verify [OPTION... --] [FILE...]"
# The values files of a server in the order in which Helm gets them, by their endings.
_VALUES = ("values.yaml", "values.secret-values.yaml")


def main() -> None:
    """Run one of the two over all files; exit with the gravest code."""
    open_streams()
    kind, *rest = sys.argv[1:] or [""]
    if kind not in ("check", "verify"):
        sys.stderr.write(f"{USAGE}\n")
        raise SystemExit(2)
    split = rest.index("--") if "--" in rest else 0
    options, files = rest[:split], [word for word in rest[split:] if word != "--"]
    runs = checks(files) if kind == "check" else verifications(files)
    leave(max((run([kind, *words, *options]) for words in runs), default=0))


def checks(files: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words of a check for each gcfg."""
    for name in files:
        yield [name, "--quiet"]


def verifications(files: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words of a verification for each gcfg in a folder of which a file was named and that has values.yaml."""
    for folder in sorted({Path(name).parent for name in files}):
        first, *more = [folder / name for name in _VALUES]
        if first.exists():
            for gcfg in sorted(folder.glob("*.gcfg")):
                yield [str(gcfg), str(first), *(word for one in more if one.exists() for word in ("-f", str(one)))]
