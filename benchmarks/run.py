"""Speed and memory of gcfg2helm as ratios to what it is built on, all measured in one run: `python benchmarks/run.py`.

Prints a table and exits 1 where a limit is passed. `--quick` repeats less, and converts fewer servers. Absolute numbers
depend on the machine, the ratios hardly do. `helm template` renders the newest chart in the folder that GCFG2HELM_CHARTS
names (`VERSION/rstudio-connect`, as `helm pull` leaves them); without it the small chart of the tests, which is an easier
match for Helm: the row says which.
"""

from __future__ import annotations

import argparse
import compileall
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parent.parent
FIXTURE = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"
SMALL_CHART = ROOT / "tests/chart"
PROGRAM = [sys.executable, "-c", "from gcfg2helm.__main__ import main; main()"]


class Measured(NamedTuple):
    """One row of the table: what was measured, in which unit, against what, and how many times that it may take."""

    name: str
    ours: float
    theirs: float
    unit: str
    against: str
    limit: float

    @property
    def ratio(self) -> float:
        """How many times the other."""
        return self.ours / self.theirs


def seconds(
    commands: Mapping[str, list[str]], repeat: int, prepare: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Return the median of the processor's seconds for each command, taken in turn: what else the machine does hits all."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            prepare()
            start = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = resource.getrusage(resource.RUSAGE_CHILDREN)
            times[name].append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
    return {name: statistics.median(found) for name, found in times.items()}


def peak(command: list[str]) -> float:
    """Return the peak memory of a command in bytes."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=-3, stderr=-3); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, text=True)
    return float(done.stdout) * 1024


def used(command: list[str]) -> tuple[float, float]:
    """Return the processor's seconds of a command with all its workers, and the peak memory of the largest, in bytes."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3);"
        " used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, text=True)
    time_taken, memory = map(float, done.stdout.split())
    return time_taken, memory * 1024


def helm_chart() -> tuple[Path, str]:
    """Return the chart that Helm renders, and how the table names it."""
    if folder := os.environ.get("GCFG2HELM_CHARTS"):
        charts = [one for one in Path(folder).glob("*/rstudio-connect") if (one / "Chart.yaml").exists()]
        newest = max(charts, key=lambda one: tuple(int(part) for part in one.parent.name.split(".")))
        return newest, f"chart {newest.parent.name}"
    return SMALL_CHART, "the small chart of the tests"


def helm_template(gcfg: Path, folder: Path) -> tuple[list[str], str]:
    """Return the command that renders what `convert` makes of a gcfg, and how the table names the chart."""
    output = folder / "values.yaml"
    subprocess.run(
        [*PROGRAM, "convert", str(gcfg), "-o", str(output), "--yes", "-q"], check=True, stderr=subprocess.DEVNULL
    )
    chart, name = helm_chart()
    files = [
        word for file in (output, folder / "values.secret-values.yaml") if file.exists() for word in ("-f", str(file))
    ]
    beside = Path(sys.executable).parent  # where the test extra puts it
    helm = shutil.which("helm", path=f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if helm is None:
        sys.exit("no helm: install the test extra")
    return [helm, "template", "rstudio-connect", str(chart), *files], name


def servers(folder: Path, count: int) -> list[str]:
    """Write the configurations of so many servers, variations of the fixtures; returns the command that converts them."""
    texts = [file.read_text("utf-8") for file in sorted(FIXTURE.parent.parent.glob("*/*.gcfg"))]
    for number in range(count):
        own = "".join(f"CustomHeader = X-Site-{header}: {number}\n" for header in range(number % 7))
        (folder / f"gcfg/{number:04}").mkdir(parents=True)
        text = texts[number % len(texts)].replace("example.", f"site{number}.example.")
        (folder / f"gcfg/{number:04}/rstudio-connect.gcfg").write_text(f"{text}\n[Server]\n{own}", "utf-8")
    return [*PROGRAM, "convert", "--out-dir", str(folder / "values"), str(folder / "gcfg")]


def many(folder: Path, less: int, more: int) -> list[Measured]:
    """Return the rows of `convert --out-dir`: time for each server and memory, with more servers against less."""
    found = {}
    for count in (less, more):
        command = servers(folder / str(count), count)
        found[count] = used(command)
        made = len(list((folder / str(count)).glob("values/*/values.yaml")))
        if made != count:
            sys.exit(f"{made} of {count} servers were converted")
    (short, small), (long, large) = found[less], found[more]
    return [
        Measured(
            f"convert --out-dir, each of {more:,} servers", long / more, short / less, "s", f"each of {less:,}", 1.2
        ),
        Measured(f"peak memory of a process, {more:,} servers", large, small, "B", f"{less:,} servers", 1.2),
    ]


def python(code: str) -> list[str]:
    """Return the command that runs a line of Python."""
    return [sys.executable, "-c", code]


def configuration(settings: int) -> str:
    """Return a gcfg of so many settings in named sections, as dense as real files are: about 45 bytes for a setting."""
    lines = [
        "[Server]", "Address = https://connect.example.com", "[Database]", "Provider = postgres",
        "[Postgres]", "URL = postgres://connect@db.example.com/connect",
    ]  # fmt: skip
    for number in range((settings - 3) // 8):
        lines += [
            "", f"; The directory of department {number}. Read-only account.", f'[LDAP "Department {number}"]',
            f"ServerAddress = ldap{number}.example.com:636", "TLS = true", f'BindDN = "CN=connect;OU={number},DC=example,DC=com"',
            f'UserSearchBaseDN = "OU=Users {number},DC=example,DC=com"', "UserObjectClass = user", "UsernameAttribute = sAMAccountName",
            f"GroupSearchBaseDN = OU=Groups {number},DC=example,DC=com ; since spring", "UniqueIdAttribute = objectGUID",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def parse_times(repeat: int) -> tuple[float, float]:
    """Return the times of our parser and of iniconfig on 20,000 sections with 60,000 settings."""
    import iniconfig

    from gcfg2helm import gcfg

    text = "".join(
        f"[S{number}]\nAddress = http://x{number}\nPort = {number}\nName = hello world {number}\n"
        for number in range(20_000)
    )
    data = text.encode()
    ours, theirs = [], []
    for _ in range(repeat):
        start = time.perf_counter()
        gcfg.parse(data)
        middle = time.perf_counter()
        iniconfig.IniConfig("f", data=text)
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    return statistics.median(ours), statistics.median(theirs)


def measure(folder: Path, repeat: int) -> list[Measured]:
    """Run everything; returns the rows of the table."""
    two_hundred = folder / "two-hundred.gcfg"
    two_hundred.write_text(
        FIXTURE.read_text() + "[Server]\n" + "".join(f"CustomHeader = X-Header-{n}: v{n}\n" for n in range(146))
    )
    rendering = folder / "rendering"
    rendering.mkdir()
    helm, chart = helm_template(two_hundred, rendering)
    output = folder / "values.yaml"

    def clean() -> None:
        for file in folder.glob("values*.yaml"):
            file.unlink()

    write = [*PROGRAM, "convert", str(two_hundred), "-o", str(output), "--yes"]
    took = seconds(
        {
            "typer": python("import typer"),
            "ruamel": python("import typer, ruamel.yaml"),
            "deepdiff": python("import typer, ruamel.yaml, deepdiff"),
            "help": [*PROGRAM, "--help"],
            "version": [*PROGRAM, "--version"],
            "print": [*PROGRAM, "convert", str(two_hundred), "-o", "-"],
            "helm": helm,
            "write": write,
        },
        repeat,
        clean,
    )
    ours, theirs = parse_times(min(repeat, 5))
    rows = [
        Measured("--help", took["help"], took["typer"], "s", "import typer", 1.3),
        Measured("--version", took["version"], took["typer"], "s", "import typer", 1.3),
        Measured("convert -o -, 200 settings", took["print"], took["ruamel"], "s", "import typer, ruamel.yaml", 2.0),
        Measured("convert -o - with its proof, 200 settings", took["print"], took["helm"], "s", f"`helm template` of the result, {chart}", 2.2),
        Measured("convert with preview and write", took["write"], took["deepdiff"], "s", "... and deepdiff", 1.35),
        Measured("parse 20,000 sections, 60,000 settings", ours, theirs, "s", "iniconfig", 1.5),
        Measured("peak memory, 200 settings", peak(write), peak(python("import typer, ruamel.yaml, deepdiff")), "B", "import typer, ruamel.yaml, deepdiff", 1.7),
    ]  # fmt: skip
    large = folder / "large.gcfg"
    large.write_text(configuration(20_000))
    big_command = [*PROGRAM, "convert", str(large), "-o", "-", "-q"]
    big = seconds({"big": big_command}, 3)["big"]
    rows.append(Measured("convert, 20,000 settings", big, 3.0, "s", "three seconds", 1.0))
    rows.append(
        Measured("peak memory, 20,000 settings", peak(big_command), large.stat().st_size, "B", "bytes of the gcfg", 150)
    )
    code = "import time, sys; s = time.perf_counter(); import tomli; t = time.perf_counter(); from gcfg2helm import tables; list(tables.load()); print(t - s, time.perf_counter() - t)"
    both = [
        subprocess.run(python(code), check=True, capture_output=True, text=True).stdout.split() for _ in range(repeat)
    ]
    toml, loading = (statistics.median(float(one[index]) for one in both) for index in (0, 1))
    rows.append(Measured("all mapping tables, imports included", loading, toml, "s", "import tomli", 30))
    return [*rows, *many(folder, 100, 1_000 if repeat > 5 else 300)]


def shown(value: float, unit: str) -> str:
    """Return a number with its unit."""
    if unit == "B":
        return f"{value / 2**20:.1f} MiB"
    return f"{value * 1e6:.1f} us" if value < 1e-3 else f"{value * 1e3:.0f} ms"


def imports() -> list[str]:
    """Return the heaviest entries of the import tree of `convert -o -`, own time in microseconds first."""
    code = f"import sys; sys.argv = ['gcfg2helm', 'convert', {str(FIXTURE)!r}, '-o', '-', '-q']; from gcfg2helm.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    rows = [
        line.removeprefix("import time:").split("|")
        for line in done.stderr.splitlines()
        if line.startswith("import time:") and "[us]" not in line
    ]
    heaviest = sorted(rows, key=lambda row: -int(row[0]))[:12]
    return [f"{int(row[0]):7} us  {row[2].strip()}" for row in heaviest]


def main() -> int:
    """Print the table; returns 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="repeat 3 times instead of 11, 300 servers instead of 1,000"
    )
    repeat = 3 if parser.parse_args().quick else 11
    os.environ["NO_COLOR"] = "1"
    # As pip does where it installs: an editable installation without bytecode would measure the compiler.
    for part in ("migrate", "mappings"):
        compileall.compile_dir(ROOT / part, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), repeat)
    print("| what | ours | against | theirs | ratio | at most |")
    print("| --- | ---: | --- | ---: | ---: | ---: |")
    for row in rows:
        mark = "" if row.ratio <= row.limit else " **over**"
        print(
            f"| {row.name} | {shown(row.ours, row.unit)} | {row.against} | {shown(row.theirs, row.unit)} | {row.ratio:.2f}{mark} | {row.limit} |"
        )
    print("\nThe heaviest imports of `convert -o -`:\n")
    print("\n".join(imports()))
    return int(any(row.ratio > row.limit for row in rows))


if __name__ == "__main__":
    sys.exit(main())
