"""The options that several commands share, declared once, and what they say as one value."""

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import typer

from gcfg2helm.cli import config
from gcfg2helm.enums import Backend, ChartDefaults, CommentMode, Prefer, SecretMode, Tls
from gcfg2helm.findings import Finding, Level

Gcfg = Annotated[str, typer.Argument(metavar="GCFG", help="The server's rstudio-connect.gcfg; - is standard input.")]

TARGET = "Target"
ANSWERS = "What the file cannot tell"
SECRETS = "Secrets"
SOURCES = "More inputs"
OUTPUT = "Output"
MANY = "Many servers"


class Settings(NamedTuple):
    """Everything the shared options say, as given on the command line."""

    chart: Path | None
    helm: str
    chart_version: str
    connect_version: str
    backend: Backend | None
    release: str
    namespace: str
    pvc: str
    storage_class: str
    storage_size: str
    nfs: str
    ingress_class: str
    tls: Tls
    tls_secret: str
    license_file_secret: str
    license_server: str
    image: tuple[str, ...]
    secrets: SecretMode
    secret_name: str
    not_secret: tuple[str, ...]
    chart_defaults: str
    prefer: str
    comments: CommentMode
    root: Path | None
    also: tuple[str, ...]
    env_file: str
    mappings: Path | None
    ignore: frozenset[str]
    fail_on: Level | None
    verbose: bool
    quiet: bool

    @property
    def keep_defaults(self) -> ChartDefaults:
        """Whose defaults count under `config`."""
        return ChartDefaults.CHART if self.chart_defaults == "chart" else ChartDefaults.SERVER

    @property
    def preferred(self) -> Prefer:
        """Who wins under `config`."""
        return Prefer.VALUES if self.prefer == "values" else Prefer.GCFG

    def heard(self, findings: list[Finding]) -> list[Finding]:
        """Return the findings that `--ignore` leaves."""
        return [one for one in findings if one.code not in self.ignore]

    def shown(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings to print: with `--quiet` errors, with `--verbose` all, else all but infos."""
        level = Level.ERROR if self.quiet else Level.INFO if self.verbose else Level.WARNING
        return [one for one in findings if one.level >= level]

    def fails(self, findings: list[Finding], default: Level | None) -> bool:
        """Whether findings reach the level of `--fail-on`, or the command's own."""
        level = self.fail_on or default
        return level is not None and any(one.level >= level for one in self.heard(findings))


def word(name: str, *words: str) -> Callable[[str], str]:
    """Return a callback that takes one of the words, and refuses others."""

    def check(value: str) -> str:
        if value not in words:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(words)}.", param_hint=name)
        return value

    return check


def codes(values: list[str]) -> list[str]:
    """Return codes of findings in capitals. Raises BadParameter for one that there is not."""
    from gcfg2helm import findings

    unknown = [value for value in values if value.upper() not in findings.codes()] if values else []
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such finding; `gcfg2helm explain` lists them.")
    return [value.upper() for value in values]


def _settings(
    chart: Annotated[Path | None, typer.Option(metavar="PATH", help="The chart itself, as `helm pull` leaves it: a folder or a .tgz.", rich_help_panel=TARGET)] = None,
    helm: Annotated[str, typer.Option(metavar="PATH", help="The Helm that renders --chart; default: from PATH.", rich_help_panel=TARGET)] = "",
    chart_version: Annotated[str, typer.Option(metavar="VERSION", help="Version of the chart, 0.3.0 or newer; default: the newest known.", rich_help_panel=TARGET)] = "",
    connect_version: Annotated[str, typer.Option(metavar="VERSION", help="The Connect that will read the configuration; default: as the image's tag, versionOverride or the chart say.", rich_help_panel=TARGET)] = "",
    backend: Annotated[Backend | None, typer.Option(help="What starts content; default: as values.yaml says, else launcher.", rich_help_panel=TARGET)] = None,
    release: Annotated[str, typer.Option(metavar="NAME", help="Name of the Helm release.", rich_help_panel=TARGET)] = "rsc",
    namespace: Annotated[str, typer.Option(metavar="NAME", help="Namespace of the release.", rich_help_panel=TARGET)] = "rstudio-connect",
    pvc: Annotated[str, typer.Option(metavar="NAME", help="Existing PersistentVolumeClaim with the data directory.", rich_help_panel=ANSWERS)] = "",
    storage_class: Annotated[str, typer.Option(metavar="NAME", help="Storage class of the shared storage (ReadWriteMany).", rich_help_panel=ANSWERS)] = "",
    storage_size: Annotated[str, typer.Option(metavar="SIZE", help="Size of the shared storage, such as 100Gi.", rich_help_panel=ANSWERS)] = "",
    nfs: Annotated[str, typer.Option(metavar="HOST:/PATH", help="NFS export with the data directory.", rich_help_panel=ANSWERS)] = "",
    ingress_class: Annotated[str, typer.Option(metavar="NAME", help="Class of the ingress.", rich_help_panel=ANSWERS)] = "",
    tls: Annotated[Tls, typer.Option(help="Where TLS ends.", rich_help_panel=ANSWERS)] = Tls.INGRESS,
    tls_secret: Annotated[str, typer.Option(metavar="NAME", help="Secret with the certificate of the ingress.", rich_help_panel=ANSWERS)] = "",
    license_file_secret: Annotated[str, typer.Option(metavar="NAME", help="Secret with the licence file.", rich_help_panel=ANSWERS)] = "",
    license_server: Annotated[str, typer.Option(metavar="URL", help="Floating licence server.", rich_help_panel=ANSWERS)] = "",
    image: Annotated[list[str], typer.Option(metavar="NAME", help="Image for content; repeatable.", rich_help_panel=ANSWERS)] = [],  # noqa: B006
    secrets: Annotated[SecretMode, typer.Option(help="separate: files of their own; existing: references only; inline: in values.yaml.", rich_help_panel=SECRETS)] = SecretMode.SEPARATE,
    secret_name: Annotated[str, typer.Option(metavar="NAME", help="Name of the Kubernetes Secret.", rich_help_panel=SECRETS)] = "",
    not_secret: Annotated[list[str], typer.Option(metavar="SETTING", help="A setting that holds no secret, though it looks so; repeatable.", rich_help_panel=SECRETS)] = [],  # noqa: B006
    chart_defaults: Annotated[str, typer.Option(metavar="server|chart", callback=word("--chart-defaults", "server", "chart"), help="server: behave as the old server; chart: leave the chart's own defaults in.", rich_help_panel=ANSWERS)] = "server",
    prefer: Annotated[str, typer.Option(metavar="gcfg|values", callback=word("--prefer", "gcfg", "values"), help="Who wins under `config` where both speak.", rich_help_panel=ANSWERS)] = "gcfg",
    comments: Annotated[CommentMode, typer.Option(help="Which comments of the gcfg come along; own: those of what is carried.", rich_help_panel=ANSWERS)] = CommentMode.ALL,
    root: Annotated[Path | None, typer.Option(metavar="DIR", help="The old server's file system, or a copy: files are read from it.", exists=True, file_okay=False, rich_help_panel=SOURCES)] = None,
    also: Annotated[list[str], typer.Option(metavar="FILE", help="A second gcfg that the server reads, such as rstudio-connect-migration.gcfg; repeatable.", rich_help_panel=SOURCES)] = [],  # noqa: B006
    env_file: Annotated[str, typer.Option(metavar="FILE", help="CONNECT_* variables of the old service: KEY=value lines or a systemd drop-in.", rich_help_panel=SOURCES)] = "",
    mappings: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own mapping tables, laid over the built-in ones.", rich_help_panel=SOURCES)] = None,
    ignore: Annotated[list[str], typer.Option(metavar="CODE", callback=codes, help="Do not show, nor fail on, this finding; repeatable.", rich_help_panel=OUTPUT)] = [],  # noqa: B006
    fail_on: Annotated[str, typer.Option(metavar="info|warning|error", callback=word("--fail-on", "", "info", "warning", "error"), help="Exit 1 where a finding of this level or above is left.", rich_help_panel=OUTPUT)] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show findings of level info too.", rich_help_panel=OUTPUT)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.", rich_help_panel=OUTPUT)] = False,
) -> Settings:  # fmt: skip
    return Settings(
        chart, helm, chart_version, connect_version, backend, release, namespace, pvc, storage_class, storage_size, nfs, ingress_class, tls, tls_secret,
        license_file_secret, license_server, tuple(image), secrets, secret_name, tuple(not_secret), chart_defaults, prefer, comments, root, tuple(also),
        env_file, mappings, frozenset(ignore), Level[fail_on.upper()] if fail_on else None, verbose, quiet,
    )  # fmt: skip


_TALK = ("fail_on", "verbose", "quiet")  # what a command says and ends with, not what it does


def words(settings: Settings) -> tuple[str, ...]:
    """Return the words of a command line that give these settings; what is the default stays unsaid."""
    said: list[str] = []
    for name, parameter in inspect.signature(_settings).parameters.items():
        value = getattr(settings, name)
        several = isinstance(value, tuple | frozenset)
        listed = sorted(value) if isinstance(value, frozenset) else value if several else (value,)
        if name not in _TALK and value != (tuple(parameter.default) if several else parameter.default):
            for one in listed if several or value else ():
                said += [f"--{name.replace('_', '-')}", str(one.value if isinstance(one, Enum) else one)]
    return tuple(said)


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first parameter is a Settings, all the shared options behind its own.

    Each shared option can also be set by an environment variable, and `--show-config` prints them all.
    """
    common = inspect.signature(_settings).parameters
    _, *own = inspect.signature(command).parameters.values()
    for name, parameter in common.items():
        option = parameter.annotation.__metadata__[0]
        option.envvar, option.show_envvar = config.variable(name), False

    @functools.wraps(command)
    def run(**given: Any) -> None:
        ctx: typer.Context = given.pop("ctx")
        show = given.pop("show_config")
        options = {name: given.pop(name) for name in common}
        settings = _settings(**options)
        if show:
            _show_config(ctx, options)
        command(settings, **given)

    parameters = [*own, *common.values(), *inspect.signature(_more).parameters.values()]
    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    del run.__wrapped__
    return run


def _more(
    ctx: typer.Context,
    show_config: Annotated[bool, typer.Option("--show-config", help="Print these settings and where each comes from, and stop.", rich_help_panel=OUTPUT)] = False,
) -> None:  # fmt: skip
    """What every command with shared options has besides."""


_SAID = {"COMMANDLINE": "command line", "DEFAULT_MAP": config.FILE}


def _show_config(ctx: typer.Context, options: Mapping[str, Any]) -> NoReturn:
    sources: dict[str, str] = {}
    for name in options:
        source = ctx.get_parameter_source(name)
        word = "DEFAULT" if source is None else source.name
        sources[name] = config.variable(name) if word == "ENVIRONMENT" else _SAID.get(word, "default")
    sys.stdout.write("".join(f"{line}\n" for line in config.lines(options, sources)))
    raise typer.Exit
