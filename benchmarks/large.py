"""Large and hostile inputs, each with a limit of time and memory: `python benchmarks/large.py [MEGABYTES]`, 10 without.

Every configuration of `tests/helpers/hostile.py` goes through `convert` in a process of its own that may have 1 GiB of address
space. Prints seconds of the processor and peak memory of each, and exits 1 where one takes more than 10 seconds, is killed, or ends with
another exit code than 0 to 4.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from helpers import hostile  # noqa: E402 - beside the tests, which use it too

SECONDS = 10
MEMORY = 2**30
_CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
sys.argv[1:] = sys.argv[2:]
try:
    from gcfg2helm.cli import main
    main()
finally:
    status = open("/proc/self/status").read()
    print(status.partition("VmHWM:")[2].split()[0], file=sys.__stderr__)
"""


class Run(NamedTuple):
    """One conversion: its exit code (None: stopped after the time), seconds of the processor, peak memory in bytes, what it said."""

    code: int | None
    seconds: float
    memory: int
    said: str

    @property
    def bad(self) -> bool:
        """Whether it broke a promise."""
        return self.code not in range(5) or self.seconds > SECONDS or "a bug" in self.said or "Traceback" in self.said


def convert(source: Path, *arguments: str, patience: float = 6 * SECONDS) -> Run:
    """Convert a file under the limits."""
    command = [sys.executable, "-c", _CHILD, str(MEMORY), "convert", str(source), *arguments]
    before = _used()
    try:
        done = subprocess.run(command, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        return Run(None, patience, 0, "")
    said = done.stderr.decode("utf-8", "replace")
    *_, last = said.split() or ["0"]
    return Run(done.returncode, _used() - before, int(last) * 1024 if last.isdigit() else 0, said)


def _used() -> float:
    """Return the processor's seconds of all children so far: they do not depend on what else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Print the table; returns 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", nargs="?", type=float, default=10)
    parser.add_argument("--only", default="", help="only inputs with this in their name")
    given = parser.parse_args()
    size, bad = int(given.megabytes * 1_000_000), 0
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("| input | exit code | seconds | MiB |\n| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rstudio-connect.gcfg"
        for name in hostile.NAMES:
            if given.only not in name:
                continue
            source.write_bytes(hostile.gcfg(name, size))
            run = convert(source, "-o", str(Path(folder) / "values.yaml"), "--yes")
            for file in Path(folder).glob("values*"):
                file.unlink()
            bad += run.bad
            mark = " **over**" if run.bad else ""
            print(f"| {name} | {run.code}{mark} | {run.seconds:.1f} | {run.memory / 2**20:.0f} |", flush=True)
            if run.bad and run.code not in range(5):
                print(run.said[-1500:], file=sys.stderr)
    print(f"\n{bad} of them beyond the limits" if bad else "\nall within the limits")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
