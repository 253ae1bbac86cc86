"""Remote execution for a server that stays where it is: the gcfg with its [Launcher] section, and what to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm import gcfg
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Finding, finding
from gcfg2helm.offhost import checks, cluster, edit
from gcfg2helm.plan import images
from gcfg2helm.plan.context import Context, Options
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.values import write

if TYPE_CHECKING:
    from gcfg2helm.chart import Chart
    from gcfg2helm.gcfg import Document
    from gcfg2helm.masked import Secret
    from gcfg2helm.plan.context import FileReader
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Tree

_HEAD = (
    "The images that content may run in, from the executables in rstudio-connect.gcfg.",
    "Check that each image holds these versions at these paths.",
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the gcfg cannot know. Empty: not answered, what the file says stays.

    `definitions` are paths of cluster definitions as they are to be in the file; `images` and `made` ask for a new
    one, made from the executables of the gcfg, for these images and at this path.
    """

    api_url: str = ""
    nfs: str = ""
    namespace: str = ""
    definitions: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    made: str = ""
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class OffHost:
    """The result: `text` of the gcfg with its byte order mark, the same parsed, the namespace that content runs in.

    `definition` is the text of the new cluster definition; None where none was asked for.
    """

    text: str
    document: Document
    namespace: str
    definition: str | None
    findings: list[Finding]


def build(
    name: str, document: Document, tables: Tables, answers: Answers, read: FileReader, chart: Chart | None = None
) -> OffHost:
    """Complete a gcfg, called `name` in findings, and check it; `read` reads cluster definitions of this server.

    `chart` is the one whose launcher the content will run under (None: the newest known).

    Raises ValueError for an answer that gcfg cannot hold.
    """
    text = edit.settle(document, "Launcher", *_wanted(document, answers))
    after = gcfg.parse(text, name)
    namespace = (after.get("Launcher", "KubernetesNamespace") or "").strip() or cluster.NAMESPACE
    groups = group_entries([(name, after)], tables)
    options = Options(images=answers.images)
    ctx = Context(tables, groups, chart or charts.newest(), Backend.LAUNCHER, "rsc", namespace, options, {}, None)
    found: list[Finding] = []
    definition = None
    if answers.made:
        definition, found = _definition(ctx, answers.made)

    def reader(path: str) -> bytes | str | None:
        return definition.encode() if definition is not None and path == answers.made else read(path)

    found += checks.check(ctx, namespace, reader)
    found += _left(after, answers)
    if after.source != document.source:
        found.append(finding("G2H716", "Connect reads the file when it starts.", "systemctl restart rstudio-connect"))
    return OffHost(text, after, namespace, definition, found)


def _wanted(document: Document, answers: Answers) -> tuple[dict[str, str | bool], dict[str, tuple[str, ...]]]:
    """Return what the section must say: settings with one value, and those with several."""
    single: dict[str, str | bool] = {"Enabled": True, "Kubernetes": True}
    if answers.api_url:
        single["KubernetesAPIURL"] = answers.api_url
    if answers.token is not None:
        single["KubernetesAuthToken"] = answers.token.reveal()
    said = document.get("Launcher", "KubernetesNamespace")
    if answers.namespace and (said is not None or answers.namespace != cluster.NAMESPACE):
        single["KubernetesNamespace"] = answers.namespace
    if answers.nfs:
        single["DataDir"] = answers.nfs
    definitions = (*answers.definitions, *((answers.made,) if answers.made else ()))
    return single, {"ClusterDefinition": definitions} if definitions else {}


def _definition(ctx: Context, path: str) -> tuple[str, list[Finding]]:
    """Return a cluster definition with the interpreters of the gcfg, and which of them have no place in it."""
    installed = images.installations(ctx)
    tree: Tree = images.value(images.RUNTIMES, images.entries(ctx.options.images, installed))
    left = [one.path for one in installed if not one.version or one.part not in images.PARTS]
    found: list[Finding] = []
    if left:
        what = f"Not in {path}, since the version is not known or such files have no place for it: {', '.join(left)}."
        found = [finding("G2H710", what, "Add them where the images have them.")]
    return write.document(tree if isinstance(tree, dict) else {}, _HEAD), found


def _left(after: Document, answers: Answers) -> list[Finding]:
    """Name the cluster definitions that are in the file and were not named now: their images stay permitted."""
    wanted = {*answers.definitions, answers.made}
    if wanted == {""}:
        return []
    entries = [one for one in after.entries if one.section.lower() == "launcher" and one.subsection is None]
    left = [one.value for one in edit.live_entries(entries, "ClusterDefinition") if one.value not in wanted]
    what = f"Launcher.ClusterDefinition names more files, which stay: {', '.join(map(str, left))}."
    return [finding("G2H710", what, "Remove the lines whose images content must not use.")] if left else []
