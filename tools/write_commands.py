"""The reference of the commands, from Typer: `docs/commands.md` for the site, and a man page for each command.

python tools/write_commands.py MAN_FOLDER       writes gcfg2helm.1, gcfg2helm-convert.1, ...
"""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typer.main import get_command

from gcfg2helm import __version__
from gcfg2helm.cli import COMMANDS, app, config
from gcfg2helm.cli.config import FILE
from gcfg2helm.report.markdown import cell, table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXITS = (
    ("0", "done; `diff`: no difference; `verify`: proven, or proven but for what it names"),
    ("1", "differences, errors found, or not proven"),
    ("2", "usage"),
    ("3", "an input cannot be read or parsed; the message says where"),
    ("4", "nothing was written: not confirmed, or the disk refused"),
    ("130", "stopped by ^C; nothing was written"),
)


class Option(NamedTuple):
    """One option as a reader meets it: how it is written, what it does, its default, its variable; `panel` is its topic."""

    written: str
    help: str
    default: str
    variable: str
    panel: str


class Command(NamedTuple):
    """One command: its name, its arguments as in the usage line, what it does, its examples, arguments and options."""

    name: str
    usage: str
    text: str
    examples: list[str]
    arguments: list[tuple[str, str]]
    options: list[Option]


def commands() -> list[Command]:
    """Return all commands, as Typer has them, in the order of `--help`."""
    group: Any = get_command(app)
    return [_command(name, group.get_command(None, name)) for name in COMMANDS]


def _command(name: str, made: Any) -> Command:
    text, _, examples = (made.help or "").replace("\b", "").partition("Examples:")
    arguments = [one for one in made.params if one.param_type_name == "argument"]
    options = [_option(one) for one in made.params if one.param_type_name == "option" and not one.hidden]
    panels = list(dict.fromkeys(one.panel for one in options))
    options.sort(key=lambda one: panels.index(one.panel))
    return Command(
        name,
        " ".join(["gcfg2helm", name, "[OPTIONS]", *(one.metavar or one.name.upper() for one in arguments)]),
        "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n")),
        [line.strip() for line in examples.strip().splitlines() if line.strip()],
        [(one.metavar or one.name.upper(), one.help or "") for one in arguments],
        options,
    )


def _option(one: Any) -> Option:
    names = ", ".join([*one.opts, *one.secondary_opts])
    choices = getattr(one.type, "choices", None)
    words = "|".join(str(getattr(choice, "value", choice)) for choice in choices) if choices else ""
    metavar = "" if one.is_flag else one.metavar or words or "TEXT"
    default = one.default
    given = (
        ""
        if default in (None, "", False, True, [], ()) or callable(default)
        else str(getattr(default, "value", default))
    )
    variable = one.envvar if isinstance(one.envvar, str) else ""
    return Option(f"{names} {metavar}".strip(), one.help or "", given, variable, one.rich_help_panel or "Options")


# Markdown ----------------------------------------------------------------------------------------------------------------


def page() -> Iterator[str]:
    """Yield the lines of the site's reference."""
    yield "# Commands"
    yield ""
    yield "<!-- Written by `python tools/write_docs.py docs/` from the commands themselves. Do not edit. -->"
    yield ""
    yield (
        f"Every shared option can also be set in `{FILE}` beside the gcfg, under its long name, or by a variable such as"
        f" `{config.variable('chart_version')}`. The command line wins over the variable, the variable over the file."
    )
    for one in commands():
        yield from ("", f"## {one.name}", "", f"`{one.usage}`", "", one.text, "")
        if one.examples:
            yield from ("```sh", *one.examples, "```", "")
        yield from (f"- `{name}`: {help_}" for name, help_ in one.arguments)
        for panel, options in groupby(one.options, key=lambda option: option.panel):
            yield from ("", f"### {one.name}: {panel.lower()}", "")
            yield from table_lines(["option", "what it does", "default"], map(_row, options))
    yield from ("", "## Exit codes", "")
    yield from table_lines(["exit", "meaning"], ([str(code), meaning] for code, meaning in _EXITS))


def _row(option: Option) -> list[str]:
    return [f"`{cell(option.written)}`", cell(option.help), f"`{cell(option.default)}`" if option.default else ""]


# man ---------------------------------------------------------------------------------------------------------------------


def man_pages() -> dict[str, str]:
    """Return a man page for each command and one for all, by the name of its file."""
    listed = commands()
    return {
        "gcfg2helm.1": "".join(f"{line}\n" for line in _whole(listed)),
        **{f"gcfg2helm-{one.name}.1": "".join(f"{line}\n" for line in _man(one)) for one in listed},
    }


def _whole(listed: list[Command]) -> Iterator[str]:
    yield _title("gcfg2helm")
    yield from (
        ".SH NAME",
        r"gcfg2helm \- move a Posit Connect server's configuration onto its Helm chart, and prove it",
    )
    yield from (".SH SYNOPSIS", r".B gcfg2helm", _roff("COMMAND [OPTIONS] ..."), ".SH COMMANDS")
    for one in listed:
        yield from (".TP", rf".BR gcfg2helm\-{_roff(one.name)} (1)", _roff(COMMANDS[one.name].help))
    yield from _exits()
    yield from _files()


def _man(one: Command) -> Iterator[str]:
    yield _title(f"gcfg2helm-{one.name}")
    yield from (".SH NAME", rf"gcfg2helm\-{_roff(one.name)} \- {_roff(COMMANDS[one.name].help.rstrip('.'))}")
    yield from (".SH SYNOPSIS", _roff(one.usage), ".SH DESCRIPTION")
    for number, part in enumerate(one.text.split("\n\n")):
        yield from ((".PP",) if number else ())
        yield _roff(part)
    if one.arguments:
        yield ".SH ARGUMENTS"
        for name, text in one.arguments:
            yield from (".TP", f".I {_roff(name)}", _roff(text))
    for panel, options in groupby(one.options, key=lambda option: option.panel):
        yield f".SH {_roff(panel.upper())}"
        for option in options:
            default = f" Default: {option.default}." if option.default else ""
            variable = f" Variable: {option.variable}." if option.variable else ""
            yield from (".TP", rf".B {_roff(option.written)}", _roff(f"{option.help}{default}{variable}"))
    if one.examples:
        yield from (".SH EXAMPLES", ".nf", *map(_roff, one.examples), ".fi")
    yield from _exits()
    yield from _files()
    yield from (".SH SEE ALSO", r".BR gcfg2helm (1)")


def _title(name: str) -> str:
    return f'.TH "{_roff(name.upper())}" 1 "" "gcfg2helm {__version__}" "gcfg2helm"'


def _exits() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, meaning in _EXITS:
        yield from (".TP", f".B {code}", _roff(meaning.replace("`", "")))


def _files() -> Iterator[str]:
    yield from (
        ".SH FILES",
        ".TP",
        f".I {FILE}",
        "Beside the gcfg: answers for a repository, under the long names of options.",
    )


def _roff(text: str) -> str:
    r"""Return a line of text for roff: `\` and `-` as themselves, nothing at its start taken for a request."""
    escaped = re.sub(r"\s+", " ", text).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


def main(folder: str) -> None:
    """Write the man pages."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in man_pages().items():
        (Path(folder) / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
