"""Values of older charts, and of the launcher, that do not move as they are: what comes of them, and what is left over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gcfg2helm.plan import images
from gcfg2helm.values.tree import item

if TYPE_CHECKING:
    from collections.abc import Callable

    from gcfg2helm.values.tree import Path, Tree


class Part(NamedTuple):
    """A part of an old value, at `origin` below its path, and where it goes.

    `append`: its items go behind those that are there. `yields`: what is there already wins, and this part goes.
    `text`: the value is at its origin as it is, so its text can move, `inside` a text that is YAML itself. Without `to` the part has no effect any more.
    """

    origin: Path
    to: Path
    value: Tree
    append: bool = False
    yields: bool = False
    text: bool = True
    inside: Path = ()


class Leftover(NamedTuple):
    """A part of an old value that nothing takes the place of: why, and what to do (empty: as the row says)."""

    path: Path
    why: str
    todo: str = ""


# None: the value cannot be moved; nothing in both: it goes without a trace.
Split: TypeAlias = "tuple[list[Part], list[Leftover]]"

_TAG_PREFIX = r"(?i)(?:ubuntu-?(22|24)\.?04|(jammy|noble))-?"
_OF_CONNECT = ("runAsUser", "runAsGroup", "supplementalGroups")
_NAMED_LISTS = ("base", "pro")


def runtime_yaml(value: Tree, to: Path) -> Split | None:
    """Return the execution environments that launcher.customRuntimeYaml or .additionalRuntimeImages held.

    `base` and `pro` name the lists of older charts, which filled Connect's database at its first start and stay there
    (source: examples/connect/beta-migration of the chart's repository).
    """
    if value in _NAMED_LISTS:
        return [], []
    made = images.runtime_images(value)
    if made is None:
        return None
    origin: Path = ("images",) if isinstance(value, dict) else ()
    left = [
        Leftover((key,), "Execution environments have no place for it.")
        for key in (value if isinstance(value, dict) else ())
        if key not in ("name", "images")
    ]
    inside: Path = ("images",) if isinstance(value, str) else ()
    return [Part(origin, to, made, append=True, inside=inside)], left


def tag_prefix(value: Tree, to: Path) -> Split | None:
    """Turn `ubuntu2204-` into `ubuntu-22.04`; None for a distribution that the newer images do not come in."""
    match = re.fullmatch(_TAG_PREFIX, value) if isinstance(value, str) else None
    if match is None:
        return None
    system = (
        f"ubuntu-{match[1]}.04" if match[1] else {"jammy": "ubuntu-22.04", "noble": "ubuntu-24.04"}[match[2].lower()]
    )
    return [Part((), to, system)], []


def security_context(value: Tree, to: Path) -> Split | None:
    """Move a security context without the account, which the direct runner sets itself."""
    return _security(value, to, yields=False)


def security_default(value: Tree, to: Path) -> Split | None:
    """Move the security context that pods had by default: where the other one says something, that counts."""
    return _security(value, to, yields=True)


def _security(value: Tree, to: Path, *, yields: bool) -> Split | None:
    if not isinstance(value, dict):
        return None
    parts = [Part((key,), (*to, key), one, yields=yields) for key, one in value.items() if key not in _OF_CONNECT]
    left = [Leftover((key,), "Connect sets it itself for content.") for key in value if key in _OF_CONNECT]
    return parts, left


# profiles --------------------------------------------------------------------------------------------------------------

# The keys of launcher.kubernetes.profiles.conf (docs.posit.co/job-launcher, Kubernetes plugin) that limit jobs, and the
# settings of Connect that limit content. unconfirmed: nobody says that they take their place.
_LIMITS = {
    "default-cpus": "CPULimit",
    "max-cpus": "MaxCPULimit",
    "default-mem-mb": "MemoryLimit",
    "max-mem-mb": "MaxMemoryLimit",
    "default-nvidia-gpus": "NvidiaGPULimit",
    "max-nvidia-gpus": "MaxNvidiaGPULimit",
    "default-amd-gpus": "AMDGPULimit",
    "max-amd-gpus": "MaxAMDGPULimit",
}
# Connect names the image of each job itself.
_NO_EFFECT = ("container-images", "default-container-image", "allow-unknown-images")
_OVERRIDES = "job-json-overrides"
_BASE: Path = ("backends", "kubernetes", "defaultResourceJobBase")
_FIRST = ("spec", "template", "spec", "containers", "0")


def profiles(value: Tree, to: Path) -> Split | None:
    """Move the limits of the profile for everybody to Scheduler, its overrides to the base of jobs; name what is left."""
    if not isinstance(value, dict):
        return None
    parts: list[Part] = []
    left: list[Leftover] = []
    for section, keys in value.items():
        if section != "*":
            left.append(
                Leftover((section,), f"The direct runner treats all users alike, and [{section}] is for some of them.")
            )
            continue
        for key, one in keys.items() if isinstance(keys, dict) else ():
            if key in _LIMITS:
                text = f"{one} MB" if key.endswith("-mb") else one
                parts.append(Part((section, key), (*to, _LIMITS[key]), text))
            elif key == _OVERRIDES:
                found, others = _overrides(one, (section, key))
                parts += found
                left += others
            elif key in _NO_EFFECT:
                parts.append(Part((section, key), (), None))
            else:
                left.append(Leftover((section, key), "The direct runner has no such limit or choice."))
    return parts, left


def _overrides(value: Tree, origin: Path) -> Split:
    """Move JSON overrides, whose targets point into the job, to the same places of its base."""
    made: list[Part] = []
    for one in value if isinstance(value, list) else ():
        target = one.get("target") if isinstance(one, dict) else None
        to = _pointed(target) if isinstance(target, str) else None
        if to is None or not isinstance(one, dict) or "json" not in one:
            return [], [Leftover(origin, "One of the overrides points to no place that can be told.")]
        path, append = to
        made.append(Part(origin, (*_BASE, *path), [one["json"]] if append else one["json"], append=append, text=False))
    return made, []


def _pointed(target: str) -> tuple[Path, bool] | None:
    """Return the place that a JSON pointer names in the base of jobs, and whether it goes behind a list's items."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in target.split("/")[1:]]
    append = bool(steps) and (
        steps[-1] == "-" or (steps[-1] == "0" and steps[-2:-1] in (["initContainers"], ["volumes"]))
    )
    if append:
        steps = steps[:-1]
    if tuple(steps[: len(_FIRST)]) == _FIRST and len(steps) > len(_FIRST):
        steps = [*_FIRST[:-1], item("connect-content"), *steps[len(_FIRST) :]]
    if not steps or steps[0] not in ("metadata", "spec") or any(step.isdigit() or step == "-" for step in steps):
        return None
    return tuple(steps), append


LEGACY: dict[str, Callable[[Tree, Path], Split | None]] = {
    "legacy_profiles": profiles,
    "legacy_runtime_yaml": runtime_yaml,
    "legacy_security_context": security_context,
    "legacy_security_default": security_default,
    "legacy_tag_prefix": tag_prefix,
}
