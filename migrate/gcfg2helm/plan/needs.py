"""What follows from the configuration as a whole, not from one setting: storage, licence, database, images, repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.enums import Backend, ChartDefaults
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import connect, images
from gcfg2helm.plan.outcomes import unused_options
from gcfg2helm.plan.storage import shared_storage
from gcfg2helm.values.tree import Comments, Edit
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from gcfg2helm.plan.context import Context
    from gcfg2helm.values.tree import Tree

_OVERRIDE = ("versionOverride",)
_DIRECT_RUNNER_DEFAULT = Span(Version(0, 20, 1))
_CHART_ADDRESS = "http://localhost:3939"
_ASK_INSTALLATIONS = "Add what each image holds: `r`, `python`, `quarto`, with version and path of each installation."


def build(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    """Return proposals outside `config`, and findings, that no single setting decides."""
    edits: list[Edit] = []
    found: list[Finding] = []
    for part in (_backend, _connect, shared_storage, _licence, _database, _images, _repositories, _address):
        more, notes = part(ctx)
        edits += more
        found += notes
    return edits, found


def _backend(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    if ctx.backend is not Backend.LAUNCHER or ctx.chart.version not in _DIRECT_RUNNER_DEFAULT:
        return [], []
    what = f"Chart {ctx.chart} starts content without the launcher by default; the values here use the launcher."
    return [], [finding("G2H212", what, "Try --backend kubernetes.")]


def _connect(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    """Have the chart start the Connect that the admin names, where its own is another."""
    wanted = ctx.options.connect
    if not wanted or not connect.overriding(ctx.chart, ctx.answers, wanted):
        return [], []
    made = connect.image(ctx.chart, ctx.answers, wanted)
    what = f"versionOverride is {wanted}, as --connect-version says; chart {ctx.chart} would start {ctx.chart.app_version}."
    todo = f"See that the registry has the image {made}."
    return [Edit(_OVERRIDE, wanted)], [finding("G2H226", what, todo, path=_OVERRIDE)]


# licence ---------------------------------------------------------------------------------------------------------------


def _licence(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    options = ctx.options
    edits: list[Edit] = []
    if options.license_file_secret:
        edits.append(Edit(("license", "file", "secret"), options.license_file_secret))
    if options.license_server:
        edits.append(Edit(("license", "server"), options.license_server))
    if _licence_answered(ctx):
        unused = {"--license-file-secret": options.license_file_secret, "--license-server": options.license_server}
        return [], unused_options(
            ("license",), {name: value for name, value in unused.items() if not _holds(ctx.answer("license"), value)}
        )
    if edits:
        return edits, []
    group = ctx.group("Licensing.LicenseType")
    remote = group is not None and group.value.strip().lower() == "remote"
    what = "The old server used a licence server." if remote else "The old server's licence is not carried over."
    todo = "Name a Secret with a licence file (--license-file-secret) or a licence server (--license-server)."
    ask = "Set license.file.secret to a Secret with the licence file, or license.server to host:port."
    place = group.last.place if remote and group else None
    return [Edit(("license",), todo=ask, comments_only=True)], [finding("G2H410", what, todo, place, ("license",))]


def _holds(tree: Tree, value: str) -> bool:
    """Whether a text is anywhere in a tree."""
    if isinstance(tree, dict | list):
        return any(_holds(item, value) for item in (tree.values() if isinstance(tree, dict) else tree))
    return tree == value


def _licence_answered(ctx: Context) -> bool:
    paths = (("key",), ("server",), ("file", "secret"), ("file", "contents"))
    return any(ctx.answer("license", *path) for path in paths) or _in_pod_env(ctx, "RSC_LICENSE")


# database --------------------------------------------------------------------------------------------------------------


def _database(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    if not _stands(ctx, "Database", "Provider"):
        what = "Database.Provider is not set: Connect would use SQLite."
        todo = "Move the data to PostgreSQL first, with `migrate db` on the old server, and set Database.Provider."
        ask = Edit(("config", "Database", "Provider"), todo=todo, comments_only=True)
        return [ask], [finding("G2H401", what, todo)]
    if (ctx.value("Database.Provider") or "postgres").lower().startswith("postgres") and not _stands(
        ctx, "Postgres", "URL"
    ):
        what = "Postgres.URL is not set: Connect would look for the database in the pod itself."
        todo = "Set Postgres.URL to the database server as the cluster sees it."
        ask = Edit(("config", "Postgres", "URL"), todo=todo, comments_only=True)
        return [ask], [finding("G2H402", what, todo)]
    return [], []


def _stands(ctx: Context, section: str, name: str) -> bool:
    """Whether the gcfg, values.yaml or the pod's environment sets a setting to something."""
    value = ctx.value(f"{section}.{name}")
    return bool(
        (value and value.strip())
        or ctx.answer("config", section, name)
        or _in_pod_env(ctx, f"CONNECT_{section.upper()}_{name.upper()}")
    )


def _in_pod_env(ctx: Context, start: str) -> bool:
    """Whether values.yaml sets an environment variable whose name starts so."""
    listed = ctx.answer("pod", "env")
    return isinstance(listed, list) and any(
        isinstance(item, dict) and str(item.get("name", "")).startswith(start) for item in listed
    )


# images ----------------------------------------------------------------------------------------------------------------


def _images(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    if images.answered(ctx):
        listed = [ctx.answer(*path) for path in (images.ENVIRONMENTS, images.RUNTIMES)]
        left = [name for name in ctx.options.images if not _holds(listed, name)]
        path = images.ENVIRONMENTS if ctx.answer(*images.ENVIRONMENTS) else images.RUNTIMES
        return [], unused_options(path, {"--image": " ".join(left)})
    found, path = images.installations(ctx), images.place(ctx)
    notes = _interpreters_left(ctx, found)
    environments = images.definitions(ctx).environments
    known = {one.get("name") for one in environments if isinstance(one, dict)}
    environments += [
        one for one in images.entries(ctx.options.images, found) if isinstance(one, dict) and one["name"] not in known
    ]
    if not path:
        what = f"Connect {ctx.connect} takes no execution environments from chart {ctx.chart}."
        todo = "Use the chart's own Connect, 2026.03.0 or newer, or create the environments in Connect."
        return [], [finding("G2H407", what, todo)]
    if environments:
        bare = [
            str(one["name"]) for one in environments if isinstance(one, dict) and not images.PARTS.keys() & one.keys()
        ]
        if bare and ctx.options.images:
            what = f"No interpreter is known for {', '.join(bare)}."
            notes.append(finding("G2H407", what, _ASK_INSTALLATIONS, path=path))
        check = ("Check that each image holds these versions at these paths.",) if ctx.options.images and found else ()
        todo = _ASK_INSTALLATIONS if bare else ""
        return [Edit(path, images.value(path, environments), Comments(above=check), todo=todo)], notes
    what = f"Content needs images with {_listed(found)}." if found else "No image for content is named."
    todo = f"Name them with --image, or fill in {'.'.join(path)}."
    return [_to_fill_in(path, found)], [finding("G2H407", what, todo, path=path), *notes]


def _interpreters_left(ctx: Context, found: list[images.Installation]) -> list[Finding]:
    """Name the interpreters that no environment can hold: those whose path tells no version, and Node.js."""
    left = [one for one in found if not one.version or one.part not in images.PARTS]
    if not left or not ctx.options.images:
        return []
    what = f"Not in the environments: {_listed(left)}; the version is not known, or the chart has no place for it."
    return [finding("G2H407", what, "Add them where the images have them.")]


def _listed(found: list[images.Installation]) -> str:
    return ", ".join(f"{images.PARTS.get(one.part, 'Node.js')} {one.version or one.path}" for one in found)


def _to_fill_in(path: tuple[str, ...], found: list[images.Installation]) -> Edit:
    """Return the chart's own default with a commented environment above it, ready to be filled in."""
    if path == images.ENVIRONMENTS:
        default: Tree = []
        ask = "List the images that content runs in; in place of the empty list below, for example:"
    else:
        ask = "`base` means the images that come with the chart. For your own, write in its place, for example:"
        default = "base"
    return Edit(path, default, todo="\n".join([ask, *images.template(path, found)]))


# repositories and address ----------------------------------------------------------------------------------------------


def _repositories(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    answers = ctx.answer("config")
    in_values = isinstance(answers, dict) and any(
        key.lower().startswith("rpackagerepository") and value for key, value in answers.items()
    )
    if in_values or ctx.options.chart_defaults is ChartDefaults.CHART or any(ctx.named("RPackageRepository", "URL")):
        return [], []
    what = "No RPackageRepository is configured: packages come from the repositories recorded with the content."
    todo = "Name repositories with packages built for the images, or keep the chart's with --chart-defaults chart."
    return [], [finding("G2H417", what, todo)]


def _address(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    if _stands(ctx, "Server", "Address") and (
        ctx.value("Server.Address") or ctx.answer("config", "Server", "Address") != _CHART_ADDRESS
    ):
        return [], []
    what = "Server.Address is not set."
    return [], [
        finding("G2H425", what, "Set it to the URL that people will use.", path=("config", "Server", "Address"))
    ]
