"""Many servers in one run: each gcfg into its own folder by worker processes, one table of what came of them."""

import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import typer

from gcfg2helm.cli import talk
from gcfg2helm.cli.options import Settings, words
from gcfg2helm.enums import SecretMode
from gcfg2helm.report.servers import Server
from gcfg2helm.report.servers import summary as summarised

REPORT = "report.json"
_VALUES = "values.yaml"


def convert(
    settings: Settings,
    sources: Sequence[str],
    folder: Path,
    *,
    jobs: int,
    strict: bool,
    common: Path | None,
    as_json: bool,
) -> int:
    """Convert every gcfg of `sources`, files or folders, into a folder of its own below `folder`.

    What one cannot do does not stop the others. Prints the table on standard output; returns the gravest exit code.
    Raises session.UsageError and atomic.WriteError.
    """
    from gcfg2helm.cli.session import UsageError

    files = _files(sources)
    if not files:
        raise UsageError(f"no *.gcfg in {', '.join(sources)}")
    if common is not None and common.exists():
        raise UsageError(f"--common: {common} exists; these servers are split already: convert into another folder")
    if settings.secrets is SecretMode.SOPS:
        from gcfg2helm.cli import sops

        sops.ensure(folder / _VALUES)
    options = [*words(settings), *(["--strict"] if strict else [])]
    names = names_of(files)
    runs = [(name, file, str(folder / name), options) for name, file in zip(names, files, strict=True)]
    done: dict[str, Server] = {}
    with _bar(len(runs), quiet=settings.quiet) as step:
        if jobs == 1:
            for one in runs:
                done[one[0]] = _server(*one)
                step()
        else:
            with ProcessPoolExecutor(min(jobs, len(runs))) as pool:
                for future in as_completed([pool.submit(_server, *one) for one in runs]):
                    server = future.result()
                    done[server.name] = server
                    step()
    servers = [done[name] for name in names]
    if common is not None:
        from gcfg2helm.cli import split

        servers = split.common(settings, servers, common)
    if as_json:
        sys.stdout.write(json.dumps([one._asdict() for one in servers], indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in summarised(servers)))
    return max(one.code for one in servers)


def _files(sources: Sequence[str]) -> list[str]:
    """Return each gcfg once: files as they are named, of a folder all *.gcfg below it, in the order of their names."""
    found: dict[str, None] = {}
    for source in sources:
        if Path(source).is_dir():
            found |= dict.fromkeys(str(one) for one in sorted(Path(source).rglob("*.gcfg")) if one.is_file())
        else:
            found[source] = None
    return list(found)


def names_of(files: Sequence[str]) -> list[str]:
    """Return a name for each server, from as few parts of its path as tell them apart: `prod`, `eu-prod`.

    The usual name of the file says nothing, so the folder's counts then. Raises session.UsageError where none do.
    """
    from gcfg2helm.cli.session import UsageError

    parts = [_parts(Path(file)) for file in files]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["-".join(one[-depth:]) for one in parts]
        if len(set(names)) == len(names):
            return names
    names = ["-".join(one) for one in parts]
    name = next(one for one in names if names.count(one) > 1)
    one, other, *_ = (file for file, its in zip(files, names, strict=True) if its == name)
    raise UsageError(f"{one} and {other} would have the same name, {name}: rename one")


def _parts(file: Path) -> list[str]:
    *folders, name = [part for part in file.parts if part not in ("/", ".", "..")]
    stem = name.removesuffix(".gcfg")
    return folders if stem == "rstudio-connect" and folders else [*folders, stem]


def _server(name: str, file: str, folder: str, options: Sequence[str]) -> Server:
    """Convert one server, as the command line would; everything that it says is kept with its result."""
    from gcfg2helm.cli import run

    said = io.StringIO()
    report = Path(folder, REPORT)
    report.unlink(missing_ok=True)
    line = ["convert", file, "--output", str(Path(folder, _VALUES)), "--yes", "--report", str(report), *options]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with redirect_stdout(said), redirect_stderr(said):
            code = run(line)
    except OSError as error:
        return Server(name, file, folder, 4, problem=error.strerror or str(error))
    except Exception as error:  # noqa: BLE001 - one server's bug must not stop the others
        return Server(name, file, folder, 1, problem=f"a bug: {type(error).__name__}")
    if code in (2, 3, 4) or not report.exists():
        lines = [one for one in said.getvalue().splitlines() if one.strip()]
        return Server(
            name, file, folder, code, problem=next((one for one in lines if "error" in one or "gcfg2helm" in one), "")
        )
    told = json.loads(report.read_text("utf-8"))
    asks = told["asks"]
    return Server(
        name, file, folder, code, told["total"], told["decisions"]["secret"], asks["blocks start"], asks["decide"],
        told["proof"]["verdict"],
    )  # fmt: skip


@contextmanager
def _bar(count: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show how far the work is where somebody is watching."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    with typer.progressbar(length=count, label="Converting", file=sys.stderr) as bar:
        yield lambda: bar.update(1)
    talk.say("")
