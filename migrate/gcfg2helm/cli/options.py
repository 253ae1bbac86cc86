"""The options that several commands share, declared once, and what they say as one value."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_type_hints

import typer

from gcfg2helm.cli import complete, config
from gcfg2helm.enums import Backend, ChartDefaults, CommentMode, FailOn, Prefer, SecretMode, Tls
from gcfg2helm.findings import Finding, Level

Gcfg = Annotated[str, typer.Argument(metavar="GCFG", help="The server's rstudio-connect.gcfg; - is standard input.")]

TARGET = "Target"
ANSWERS = "What the gcfg does not say"
SECRETS = "Secrets"
SOURCES = "More inputs"
OUTPUT = "Output"
MANY = "Many servers"


def codes(values: list[str]) -> list[str]:
    """Return codes of findings in capitals. Raises BadParameter for one that there is not."""
    from gcfg2helm import findings

    unknown = [value for value in values if value.upper() not in findings.codes()] if values else []
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such finding; `gcfg2helm explain` lists them.")
    return [value.upper() for value in values]


# fmt: off
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Said:
    """What a command says of its findings, and when it fails on them. Each field is an option."""

    ignore: Annotated[list[str], typer.Option(metavar="CODE", autocompletion=complete.findings, callback=codes, help="Do not show, nor fail on, this finding; repeatable.", rich_help_panel=OUTPUT)] = field(default_factory=list)
    fail_on: Annotated[FailOn | None, typer.Option(help="Exit 1 if a finding of this level or above is left.", rich_help_panel=OUTPUT)] = None
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show findings of level info too.", rich_help_panel=OUTPUT)] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and the result.", rich_help_panel=OUTPUT)] = False

    # fmt: on
    def heard(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that `--ignore` leaves."""
        return [one for one in findings if one.code not in self.ignore]

    def shown(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings to print: with `--quiet` errors, with `--verbose` all, else all but infos."""
        level = Level.ERROR if self.quiet else Level.INFO if self.verbose else Level.WARNING
        return [one for one in findings if one.level >= level]

    def fails(self, findings: Iterable[Finding], default: Level | None) -> bool:
        """Whether findings reach the level of `--fail-on`, or the command's own."""
        level = Level[self.fail_on.name] if self.fail_on else default
        return level is not None and any(one.level >= level for one in self.heard(findings))


# fmt: off
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Settings(Said):
    """Everything the shared options say. Each field is an option: its type, name, help and default are declared here only."""

    chart: Annotated[Path | None, typer.Option(metavar="PATH", help="The chart itself, as `helm pull` saves it: a folder or a .tgz.", rich_help_panel=TARGET)] = None
    helm: Annotated[str, typer.Option(metavar="PATH", help="The Helm program that renders --chart; default: helm on PATH.", rich_help_panel=TARGET)] = ""
    chart_version: Annotated[str, typer.Option(metavar="VERSION", autocompletion=complete.versions, help="Version of the chart, 0.3.0 or newer; default: the newest known.", rich_help_panel=TARGET)] = ""
    connect_version: Annotated[str, typer.Option(metavar="VERSION", help="The Connect that will read the configuration; versionOverride is written where the chart would start another. Default: as the image's tag, versionOverride or the chart say.", rich_help_panel=TARGET)] = ""
    backend: Annotated[Backend | None, typer.Option(help="What runs content; default: as in values.yaml, else launcher.", rich_help_panel=TARGET)] = None
    release: Annotated[str, typer.Option(metavar="NAME", help="Name of the Helm release.", rich_help_panel=TARGET)] = "rsc"
    namespace: Annotated[str, typer.Option(metavar="NAME", help="Namespace of the release.", rich_help_panel=TARGET)] = "rstudio-connect"
    pvc: Annotated[str, typer.Option(metavar="NAME", help="Existing PersistentVolumeClaim with the data directory.", rich_help_panel=ANSWERS)] = ""
    storage_class: Annotated[str, typer.Option(metavar="NAME", help="Storage class of the shared storage (ReadWriteMany).", rich_help_panel=ANSWERS)] = ""
    storage_size: Annotated[str, typer.Option(metavar="SIZE", help="Size of the shared storage, such as 100Gi.", rich_help_panel=ANSWERS)] = ""
    nfs: Annotated[str, typer.Option(metavar="HOST:/PATH", help="NFS export with the data directory.", rich_help_panel=ANSWERS)] = ""
    ingress_class: Annotated[str, typer.Option(metavar="NAME", help="Class of the ingress.", rich_help_panel=ANSWERS)] = ""
    tls: Annotated[Tls, typer.Option(help="Where TLS is terminated.", rich_help_panel=ANSWERS)] = Tls.INGRESS
    tls_secret: Annotated[str, typer.Option(metavar="NAME", help="Secret with the certificate of the ingress.", rich_help_panel=ANSWERS)] = ""
    license_file_secret: Annotated[str, typer.Option(metavar="NAME", help="Secret with the licence file.", rich_help_panel=ANSWERS)] = ""
    license_server: Annotated[str, typer.Option(metavar="URL", help="Floating licence server.", rich_help_panel=ANSWERS)] = ""
    image: Annotated[list[str], typer.Option(metavar="NAME", help="Image for content; repeatable.", rich_help_panel=ANSWERS)] = field(default_factory=list)
    secrets: Annotated[SecretMode, typer.Option(help="separate: files of their own; sops, sealed: those, for SOPS or Sealed Secrets; external: an ExternalSecret; existing: references only; inline: in values.yaml.", rich_help_panel=SECRETS)] = SecretMode.SEPARATE
    secret_name: Annotated[str, typer.Option(metavar="NAME", help="Name of the Kubernetes Secret.", rich_help_panel=SECRETS)] = ""
    secret_store: Annotated[str, typer.Option(metavar="[KIND/]NAME", help="Store of the ExternalSecret: a SecretStore, or ClusterSecretStore/NAME.", rich_help_panel=SECRETS)] = ""
    secret_prefix: Annotated[str, typer.Option(metavar="TEXT", help="Prefix of the store's entries, before the Secret's name.", rich_help_panel=SECRETS)] = ""
    not_secret: Annotated[list[str], typer.Option(metavar="SETTING", autocompletion=complete.settings, help="A setting that looks like a secret but is not one; repeatable.", rich_help_panel=SECRETS)] = field(default_factory=list)
    chart_defaults: Annotated[ChartDefaults, typer.Option(help="server: behave like the old server; chart: keep the chart's own defaults.", rich_help_panel=ANSWERS)] = ChartDefaults.SERVER
    prefer: Annotated[Prefer, typer.Option(help="Which side wins under `config` where gcfg and values.yaml differ.", rich_help_panel=ANSWERS)] = Prefer.GCFG
    comments: Annotated[CommentMode, typer.Option(help="Which comments of the gcfg to keep; own: those of settings that are carried.", rich_help_panel=ANSWERS)] = CommentMode.ALL
    root: Annotated[Path | None, typer.Option(metavar="DIR", help="The old server's file system, or a copy of it, to read files from.", exists=True, file_okay=False, rich_help_panel=SOURCES)] = None
    also: Annotated[list[str], typer.Option(metavar="FILE", help="A second gcfg that the server reads, such as rstudio-connect-migration.gcfg; repeatable.", rich_help_panel=SOURCES)] = field(default_factory=list)
    env_file: Annotated[str, typer.Option(metavar="FILE", help="CONNECT_* variables of the old service: KEY=value lines or a systemd drop-in.", rich_help_panel=SOURCES)] = ""
    mappings: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own mapping tables; they override the built-in ones.", rich_help_panel=SOURCES)] = None
# fmt: on


_TALK = ("fail_on", "verbose", "quiet")  # what a command says and ends with, not what it does


def words(settings: Settings) -> tuple[str, ...]:
    """Return the words of a command line that give these settings; what is the default stays unsaid."""
    said: list[str] = []
    for name, parameter in _parameters().items():
        value = getattr(settings, name)
        if name not in _TALK and value and value != parameter.default:
            for one in value if isinstance(value, list) else [value]:
                said += [f"--{name.replace('_', '-')}", str(one.value if isinstance(one, Enum) else one)]
    return tuple(said)


_PATHS = ("gcfg", "values", "output")


def plain(path: Any) -> Any:
    """Return the path of a file, or a list of them, so that no command line that it is put into takes it for an option."""
    if isinstance(path, list):
        return [plain(one) for one in path]
    return f"./{path}" if isinstance(path, str) and path.startswith("-") and path != "-" else path


@functools.cache
def _parameters() -> dict[str, inspect.Parameter]:
    """Return the fields of Settings as parameters of a function, those of every command last."""
    types = get_type_hints(Settings, include_extras=True)
    last = [one.name for one in fields(Said)]
    found = {
        one.name: inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default if one.default_factory is MISSING else one.default_factory(),
            annotation=types[one.name],
        )
        for one in fields(Settings)
    }
    return {name: found[name] for name in sorted(found, key=last.__contains__)}


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first parameter is a Settings, all the shared options behind its own.

    Each shared option can also be set by an environment variable, and `--show-config` prints them all.
    """
    common = _parameters()
    _, *own = inspect.signature(command).parameters.values()
    for name, parameter in common.items():
        option = parameter.annotation.__metadata__[0]
        option.envvar, option.show_envvar = config.variable(name), False

    @functools.wraps(command)
    def run(**given: Any) -> None:
        ctx: typer.Context = given.pop("ctx")
        show = given.pop("show_config")
        options = {name: given.pop(name) for name in common}
        settings = Settings(**options)
        given |= {name: plain(given[name]) for name in _PATHS if name in given}
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


def _show_config(ctx: typer.Context, options: Mapping[str, object]) -> NoReturn:
    sources: dict[str, str] = {}
    for name in options:
        source = ctx.get_parameter_source(name)
        word = "DEFAULT" if source is None else source.name
        sources[name] = config.variable(name) if word == "ENVIRONMENT" else _SAID.get(word, "default")
    sys.stdout.write("".join(f"{line}\n" for line in config.lines(options, sources)))
    raise typer.Exit
