"""The images that content runs in: execution environments, made of the interpreters that the old server named.

Chart 0.8.35 brought `executionEnvironments` (for Connect 2026.03.0 and newer); until 0.9.5 `launcher.customRuntimeYaml`
holds the same images under `images`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import Finding, finding
from gcfg2helm.values import read
from gcfg2helm.values.tree import find
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.findings import Place
    from gcfg2helm.plan.context import Context
    from gcfg2helm.plan.decisions import Located
    from gcfg2helm.values.tree import Path, Tree

ENVIRONMENTS: Path = ("executionEnvironments",)
RUNTIMES: Path = ("launcher", "customRuntimeYaml")
HAS_ENVIRONMENTS = Span(Version(0, 8, 35))
HAS_RUNTIMES = Span(None, Version(0, 20, 0))
_ENVIRONMENTS_NEED = Version(2026, 3, 0)

# The sections whose `Executable` names interpreters, by the name of their part in an execution environment.
PARTS = {"r": "R", "python": "Python", "quarto": "Quarto", "tensorflow": "TensorFlow"}
_SETTINGS = {
    "Server.RVersion": "r",
    "R.Executable": "r",
    "Python.Executable": "python",
    "Quarto.Executable": "quarto",
    "TensorFlow.Executable": "tensorflow",
    "NodeJs.Executable": "nodejs",  # environments of the chart have no part for it
}
_VERSION = r"(?ia)/(?:(?:python|r|quarto|tensorflow)-?|v)?(\d+\.\d+\.\d+)(?=/|$)"
_IN_TAG = {
    "r": r"(?ai)(?:^|[-_])r-?(\d+\.\d+\.\d+)",
    "python": r"(?ai)(?:^|[-_])py(?:thon)?-?(\d+\.\d+\.\d+)",
    "quarto": r"(?ai)(?:^|[-_])quarto-?(\d+\.\d+\.\d+)",
}
_PLACES = {
    "r": "/opt/R/{}/bin/R",
    "python": "/opt/python/{}/bin/python3",
    "quarto": "/opt/quarto/{}/bin/quarto",
}
_UBUNTU = {"1804": "bionic", "2004": "focal", "2204": "jammy", "2404": "noble"}
_DISTRIBUTION = r"(?ia)ubuntu-?(\d\d)\.?(\d\d)|(bionic|focal|jammy|noble)"


class Installation(NamedTuple):
    """An interpreter: `part` of an environment, its version (empty where the path does not say), its path."""

    part: str
    version: str
    path: str


class Definitions(NamedTuple):
    """What the files of Launcher.ClusterDefinition hold: environments, what is wrong, whether all could be read."""

    environments: list[Tree]
    findings: list[Finding]
    whole: bool


# interpreters ----------------------------------------------------------------------------------------------------------


def installations(ctx: Context) -> list[Installation]:
    """Return the interpreters of the gcfg, each once, in the order of the settings."""
    found: dict[Installation, None] = {}
    for key, part in _SETTINGS.items():
        group = ctx.group(key)
        for value in group.values if group else ():
            if value.strip():
                found[_installation(part, value.strip(), folder=key == "Server.RVersion")] = None
    return list(found)


def _installation(part: str, path: str, *, folder: bool) -> Installation:
    """Read the version out of a path such as `/opt/R/4.2.3/bin/R`; Server.RVersion names R's folder, not the program."""
    match = re.search(_VERSION, path)
    if folder and not path.endswith("/bin/R"):
        path = re.sub(r"/lib(?:64)?/R/?$", "", path) if match else path
        path = path.rstrip("/") + "/bin/R"
    return Installation(part, match[1] if match else "", path)


def entries(names: Sequence[str], found: Sequence[Installation]) -> list[Tree]:
    """Return an environment for each image: the versions that its tag tells, else all that the old server had."""
    made: list[Tree] = []
    for name in dict.fromkeys(names):
        repository, _, tag = name.rpartition("/")[2].partition("@")[0].partition(":")
        told = {part: re.findall(pattern, tag) for part, pattern in _IN_TAG.items()}
        entry: dict[str, Tree] = {"name": name, "title": f"{repository} {tag}".strip(), "matching": "any"}
        for part in PARTS:
            of_part = {one.version: one.path for one in found if one.part == part and one.version}
            if versions := told.get(part):
                of_part = {version: of_part.get(version, _PLACES[part].format(version)) for version in versions}
            elif part in ("r", "python") and (told["r"] or told["python"]):
                continue
            if of_part:
                entry[part] = {"installations": [{"version": one, "path": path} for one, path in of_part.items()]}
        made.append(entry)
    return made


def template(path: Path, found: Iterable[Installation]) -> tuple[str, ...]:
    """Return the lines of the chart's value at `path` with an image to fill in, and what the old server had."""
    if path == ENVIRONMENTS:
        head, image, pad = [f"{path[-1]}:"], ["- name: IMAGE:TAG", "  title: NAME", "  matching: any"], "  "
    else:
        head, image, pad = [f"{path[-1]}:", "  name: Kubernetes", "  images:"], ["- name: IMAGE:TAG"], "    "
    return (*head, *(pad + line for line in (*image, *_parts(found))))


def _parts(found: Iterable[Installation]) -> list[str]:
    lines: list[str] = []
    found = list(found) or [Installation("r", "VERSION", "PATH")]
    for part in PARTS:
        of_part = [one for one in found if one.part == part]
        if of_part:
            lines += [f"  {part}:", "    installations:"]
        for one in of_part:
            lines += [f'      - version: "{one.version or "VERSION"}"', f"        path: {one.path}"]
    return lines


# where the chart takes them --------------------------------------------------------------------------------------------


def place(ctx: Context) -> Path:
    """Return where this chart and Connect take images from; empty where neither way is open."""
    if ctx.chart.version in HAS_ENVIRONMENTS and (ctx.connect is None or ctx.connect >= _ENVIRONMENTS_NEED):
        return ENVIRONMENTS
    return RUNTIMES if ctx.chart.version in HAS_RUNTIMES else ()


def value(path: Path, environments: Sequence[Tree]) -> Tree:
    """Return the environments in the shape that the chart's value at `path` has."""
    if path == ENVIRONMENTS:
        return list(environments)
    plain: list[Tree] = [
        {key: part for key, part in one.items() if key == "name" or key in PARTS}
        for one in environments
        if isinstance(one, dict)
    ]
    return {"name": "Kubernetes", "images": plain}


def answered(ctx: Context) -> bool:
    """Whether values.yaml lists images already, there or at the places of older charts."""
    return bool(
        ctx.answer(*ENVIRONMENTS)
        or runtime_images(ctx.answer(*RUNTIMES))
        or runtime_images(ctx.answer("launcher", "additionalRuntimeImages"))
    )


def runtime_images(tree: Tree) -> list[Tree] | None:
    """Turn a runtime definition (map with `images`, list of images, or YAML text of one) into environments; else None.

    `base` and `pro` name lists that came with older charts and have no equivalent.
    """
    if isinstance(tree, str):
        tree = _read_text(tree)
    listed = tree.get("images") if isinstance(tree, dict) else tree
    if not isinstance(listed, list) or not listed:
        return None
    made = [_environment(one) for one in listed if isinstance(one, dict) and one.get("name")]
    return made if len(made) == len(listed) else None


def _read_text(text: str) -> Tree:
    """Return what a text says that the chart prints as it is: a whole definition, or images to add to one.

    Connect, not Helm, reads it: a version such as 3.10 is the text that is there.
    """
    import yaml

    for head in ("", "images:\n"):
        try:
            read.load(head + text)
        except read.YamlError:
            continue
        made: Tree = yaml.load(head + text, yaml.BaseLoader) if ":" in text else None  # noqa: S506 - texts alone
        return made
    return None


def _environment(image: dict[str, Tree]) -> Tree:
    """Return an image of a runtime definition as an environment: all its keys, each version a text."""
    made: dict[str, Tree] = {}
    for key, part in image.items():
        listed = part.get("installations") if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(listed, list):
            made[key] = {**part, "installations": [_installed(one) for one in listed]}
        else:
            made[key] = part
    return {"matching": "any", **made} if "matching" not in made else made


def _installed(one: Tree) -> Tree:
    if not isinstance(one, dict) or "version" not in one:
        return one
    return {**one, "version": str(one["version"])}


# files of Launcher.ClusterDefinition -----------------------------------------------------------------------------------


def definitions(ctx: Context) -> Definitions:
    """Read the files of Launcher.ClusterDefinition; the environments of repeated lines add up, each image once."""
    group = ctx.group("Launcher.ClusterDefinition")
    by_name: dict[str, Tree] = {}
    found: list[Finding] = []
    whole = True
    for at, text in zip(group.live, group.values, strict=True) if group else ():
        made, problems = _definition(ctx, at, text)
        whole = whole and bool(made)
        found += problems
        for one in made:
            if isinstance(one, dict):
                by_name.setdefault(str(one["name"]), one)
    return Definitions(list(by_name.values()), found, whole)


def _definition(ctx: Context, at: Located, text: str) -> tuple[list[Tree], list[Finding]]:
    path = text.strip()
    data = ctx.options.read_definition(path) if path else "the line names no file"
    if data is None:
        what = f"The images listed in {path} could not be read: the old server's disk is not available here."
        todo = "Name that disk with --root, put a copy beside the gcfg, or fill in executionEnvironments."
        return [], [finding("G2H407", what, todo, at.place)]
    if isinstance(data, str):
        return [], [_refused(path, data, at.place)]
    try:
        tree = read.load(data.decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        return [], [_refused(path, "it is not UTF-8 text", at.place)]
    except read.YamlError as error:
        return [], [_refused(path, str(error), at.place)]
    made = runtime_images(tree)
    if made is None:
        return [], [_refused(path, "it lists no `images`, or one without a name", at.place)]
    problems = [_refused(path, text, at.place) for one in made if (text := _incomplete(one))]
    problems += [_misread(path, name, at.place) for name in _numbers(tree)]
    if others := sorted(set(tree) - {"name", "images"}):
        what = f"{path} holds more than images: {', '.join(others)}."
        problems.append(finding("G2H429", what, "Look for their place in the chart's values.", at.place))
    return made, problems


def _refused(path: str, why: str, place: Place) -> Finding:
    what = f"The cluster definition {path} cannot be used as it is: {why}."
    return finding("G2H419", what, "Correct it, or fill in executionEnvironments by hand.", place)


def _misread(path: str, name: str, place: Place) -> Finding:
    what = f"{path} has a version in the image {name} that YAML reads as a number."
    return finding("G2H709", what, 'Write it in quotes, such as "3.10", which is 3.1 without them.', place)


def _numbers(tree: dict[str, Tree]) -> Iterator[str]:
    """Yield the images of which a version is no text."""
    listed = tree.get("images")
    for image in listed if isinstance(listed, list) else ():
        if isinstance(image, dict) and any(
            isinstance(one, dict) and not isinstance(one.get("version", ""), str | None)
            for one in _installed_parts(image)
        ):
            yield str(image.get("name"))


def _incomplete(environment: Tree) -> str:
    """Return what an environment lacks; empty where it is whole."""
    if not isinstance(environment, dict):
        return ""
    installed = list(_installed_parts(environment))
    if not installed:
        return f"the image {environment['name']} has no installation"
    if any(not (isinstance(one, dict) and one.get("version") and one.get("path")) for one in installed):
        return f"an installation in the image {environment['name']} lacks its version or path"
    return ""


def _installed_parts(environment: dict[str, Tree]) -> Iterator[Tree]:
    for part in environment.values():
        listed = part.get("installations") if isinstance(part, dict) else None
        yield from listed if isinstance(listed, list) else ()


# distributions ---------------------------------------------------------------------------------------------------------


def distributions(ctx: Context) -> tuple[set[str], bool]:
    """Return the distributions that content may run on, by code name (empty where nothing tells), and whether its images tell.

    Where their names do not, the tag of Connect's own image does, else what the chart version starts.
    """
    names = [*ctx.options.images, *(str(one.get("name", "")) for one in _listed(ctx) if isinstance(one, dict))]
    if told := {code for name in names if (code := _code_name(name))}:
        return told, True
    tag = ctx.answer("image", "tag") or ctx.answer("image", "os") or ctx.answer("image", "tagPrefix")
    if tag:
        code = _code_name(str(tag))
        return {code} if code else set(), False
    own = find(ctx.chart.defaults, ("image", "os")), find(ctx.chart.defaults, ("image", "tagPrefix"))
    return {next((code for one in own if isinstance(one, str) and (code := _code_name(one))), "bionic")}, False


def _listed(ctx: Context) -> list[Tree]:
    listed = ctx.answer(*ENVIRONMENTS)
    return listed if isinstance(listed, list) else runtime_images(ctx.answer(*RUNTIMES)) or []


def _code_name(text: str) -> str:
    match = re.search(_DISTRIBUTION, text)
    if match is None:
        return ""
    return match[3].lower() if match[3] else _UBUNTU.get(match[1] + match[2], "")
