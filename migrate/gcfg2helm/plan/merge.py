"""What the gcfg asks for meets what values.yaml already says, and the chart's own defaults.

Outside `config` the existing values.yaml is the administrator's answer and wins; under `config` the gcfg does, unless
`--prefer values` turns that round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm import gcfg
from gcfg2helm.chart import managed
from gcfg2helm.enums import Backend, ChartDefaults, Prefer
from gcfg2helm.findings import Finding, finding
from gcfg2helm.masked import STARS, Secret
from gcfg2helm.plan import defaults, scrub, secrets
from gcfg2helm.plan.grouping import key_of
from gcfg2helm.tables import Action, Fate
from gcfg2helm.values import scalars, write
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Comments, Edit, find, identity, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gcfg2helm.plan.context import Context, Group
    from gcfg2helm.plan.grouping import Key
    from gcfg2helm.values.tree import Path, Tree

# Edits at these paths hold new items only: the list that is there keeps its own.
LIST_PATHS: frozenset[Path] = frozenset(
    {("pod", "env"), ("pod", "volumes"), ("pod", "volumeMounts"), ("extraObjects",)}
)
_ENV = ("pod", "env")
_LONGEST = 120  # characters of a value in a sentence
# Its value `base` is the chart's own default, and what the template in the file is laid over.
RUNTIME_YAML = ("launcher", "customRuntimeYaml")


class Merger:
    """Turns proposals into edits, one kind after the other; `findings` collects what had to give way.

    `answers` is all of values.yaml; the context has it without what is no answer (`unanswered`).
    """

    def __init__(self, ctx: Context, answers: Mapping[str, Tree]) -> None:
        self.ctx = ctx
        self.answers = answers
        self.findings: list[Finding] = []
        self.kept: set[Path] = set()
        self.added: dict[Path, str] = {}  # under `config`, by decision, with the reason
        self.variables: set[str] = set()  # which the pod reads from the Secret

    def _existing(self, path: Path) -> object:
        """Return what values.yaml says at a path; MISSING where it says nothing."""
        return find(self.answers, path)

    def always(self) -> list[Edit]:
        """Return what the values must say whatever the gcfg and values.yaml hold."""
        edits: list[Edit] = []
        for row in self.ctx.tables.always:
            if self.ctx.chart.version not in row.span or row.backend not in (None, self.ctx.backend):
                continue
            existing = self._existing(row.path)
            if existing not in (MISSING, row.value):
                what = f"{dotted(row.path)} was {brief(existing)} and becomes {brief(row.value)}: {row.reason}"
                self.findings.append(finding("G2H214", what, path=row.path))
            edits.append(Edit(row.path, row.value))
        return edits

    def outside(self, proposals: Sequence[Edit]) -> list[Edit]:
        """Return the proposals outside `config` that values.yaml does not answer already; lists get new items only."""
        edits: dict[Path, Edit] = {}
        for edit in map(self._bare, proposals):
            if edit.path == _ENV and isinstance(edit.value, list):
                self.variables |= {str(item.get("name")) for item in edit.value if isinstance(item, dict)}
            if edit.path in LIST_PATHS:
                edits[edit.path] = self._extended(edit, edits.get(edit.path))
            elif edit.path[:1] == ("config",) or self._unanswered(edit):
                edits[edit.path] = edit
                if edit.path[:1] == ("config",):
                    self.added[edit.path] = (
                        f"It follows from line {edit.source[0].line} of {edit.source[0].file}."
                        if edit.source
                        else "It is needed."
                    )
        return list(edits.values())

    def _bare(self, edit: Edit) -> Edit:
        """Return a proposal without secrets: a path or a name that holds one is of no use in any case."""
        if edit.source and self.ctx.spared.issuperset(edit.source):
            return edit
        value, todo = _starred(edit.value), edit.todo
        if secrets.holds_secret(todo):
            todo = todo.split("\n", maxsplit=1)[0]
        if edit.path[:1] == ("config",) or (same(value, edit.value) and todo == edit.todo):
            return edit
        what = f"{dotted(edit.path)} would hold a secret of the gcfg; stars take its place."
        self.findings.append(finding("G2H506", what, "Correct the setting in the gcfg.", path=edit.path))
        return edit._replace(value=value, todo=todo)

    def _extended(self, edit: Edit, before: Edit | None) -> Edit:
        existing = self._existing(edit.path)
        items = list(before.value) if before and isinstance(before.value, list) else []
        if before is None and isinstance(existing, list):
            items = list(existing)
        new = edit.value if isinstance(edit.value, list) else []
        present = set(map(identity, items))
        items += [item for item in new if identity(item) not in present]
        todo = "; ".join(filter(None, (before.todo if before else "", edit.todo)))
        return Edit(edit.path, items, edit.comments, todo=todo, source=edit.source)

    def _unanswered(self, edit: Edit) -> bool:
        existing = self._existing(edit.path)
        if find(self.ctx.answers, edit.path) is MISSING or same(existing, edit.value):
            return True
        if edit.todo or edit.comments_only or edit.remove:
            return edit.comments_only
        what = f"{dotted(edit.path)} stays as values.yaml has it; proposed was {brief(edit.value)}."
        self.findings.append(finding("G2H607" if edit.source else "G2H209", what, path=edit.path))
        return False

    # under config ----------------------------------------------------------------------------------------------------

    def config(self, edits: Iterable[Edit], secret_paths: set[Path]) -> Iterable[Edit]:
        """Return the edits under `config`; name what values.yaml has there besides, and spell it as the chart does."""
        existing = self._existing(("config",))
        if not isinstance(existing, dict) or not existing:
            return edits
        edits = list(edits)
        variants = _by_meaning(existing)
        merged: list[Edit] = []
        wanted = {key_of(*edit.path[1:3]): edit.path for edit in edits}
        moved = {key_of(*path[1:3]) for path in secret_paths}
        for edit in edits:
            for path in variants.pop(key_of(*edit.path[1:3]), []):
                if path != edit.path:
                    merged.append(Edit(path, remove=True))
                    what = f"{dotted(path)} is the same setting in different case; Connect would read both."
                    self.findings.append(finding("G2H210", what, path=path))
                    edit = edit._replace(origin=path)  # noqa: PLW2901 - the comments there come along
            merged.append(self._against(edit))
        for meaning, paths in variants.items():
            for path in paths:
                value = self._existing(path)
                if value is None or meaning in wanted:
                    continue
                if meaning in moved or self._is_elsewhere(path):
                    merged.append(Edit(path, remove=True))
                    what = (
                        f"{dotted(path)} is removed from values.yaml: it holds a secret, and the gcfg's value is used."
                    )
                    todo = "Change the secret where the file, or a release of Helm made with it, was kept."
                    self.findings.append(finding("G2H214", what, todo, path=path))
                    continue
                what = f"{dotted(path)} is in values.yaml and not in the gcfg."
                self.findings.append(finding("G2H216", what, "Remove it, unless you want it.", path=path))
        return _with_sections(merged, existing)

    def _is_elsewhere(self, path: Path) -> bool:
        """Whether a setting of values.yaml is a secret that the gcfg sets, and that does not come under `config`."""
        section, subsection = gcfg.split_header(path[1])
        if subsection is None and f"CONNECT_{section}_{path[2]}".upper() in self.variables:
            return True
        group = self.ctx.groups.get(key_of(*path[1:3]))
        if group is None or not group.live:
            return False
        return self._is_secret(path, _printed(self._existing(path)))

    @staticmethod
    def _is_secret(path: Path, texts: Sequence[str]) -> bool:
        """Whether a setting under `config` must not be shown: by its name, or by what it says."""
        section, _ = gcfg.split_header(path[1])
        return secrets.secret_name(section, path[2]) or any(map(secrets.holds_secret, texts))

    def _against(self, edit: Edit) -> Edit:
        """Compare one edit with what is there: the same reading stays untouched, else one of the two wins."""
        existing = self._existing(edit.path)
        if existing is MISSING:
            return edit
        ours, theirs = _printed(edit.value), _printed(existing)
        if ours == theirs or (_read(theirs) and _read(theirs) == _read(ours)):
            return edit._replace(value=existing)  # type: ignore[arg-type]
        name = dotted(edit.path)
        hidden = self._is_secret(edit.path, (*ours, *theirs))
        ours_shown, theirs_shown = (STARS if hidden else brief(value) for value in (edit.value, existing))
        if self.ctx.options.prefer is Prefer.VALUES:
            what = f"{name} stays {theirs_shown}, as values.yaml has it; the gcfg says {ours_shown}."
            self.findings.append(finding("G2H214", what, "--prefer gcfg takes the gcfg's value.", path=edit.path))
            self.kept.add(edit.path)
            return edit._replace(value=existing, todo="")  # type: ignore[arg-type]
        what = f"{name} becomes {ours_shown}, as the gcfg says; values.yaml had {theirs_shown}."
        self.findings.append(finding("G2H214", what, "--prefer values keeps what values.yaml has.", path=edit.path))
        return edit

    # the chart's own -------------------------------------------------------------------------------------------------

    def defaults(self, config: Mapping[str, Mapping[str, object]]) -> list[Edit]:
        """Decide about every default of the chart under `config` that neither the gcfg nor values.yaml sets."""
        ctx = self.ctx
        edits: dict[Path, Edit] = {}
        own = ctx.chart.defaults.get("config", {})
        slipped = self._slipped()
        for path in dict.fromkeys((*_leaves(own), *slipped)):
            if path[0] in config and (len(path) < 2 or path[1] in config[path[0]]):
                continue
            row = defaults.rule(ctx.tables, ctx.chart, ctx.connect, path) or defaults.unlisted(path, config)
            if len(row.path) == 1 and path[0] in config:
                continue
            target = ("config", *(row.path if row.fate is Fate.RESET else path))
            instead = row.instead if path in slipped else None
            existing = self._existing(target)
            if existing is not MISSING and existing is not None:
                continue
            if row.fate is Fate.KEEP or self.ctx.options.chart_defaults is ChartDefaults.CHART:
                what = (
                    f"{dotted(target)} keeps the chart's default. {row.reason if row.fate is Fate.KEEP else ''}".strip()
                )
                self.findings.append(finding("G2H207", what, path=target))
                continue
            if target not in edits:
                short = row.reason.partition(";")[0].rstrip(".") if existing is MISSING else ""
                edits[target] = Edit(target, instead, Comments(beside=short))
                if instead is not None:
                    self.added[target] = row.reason
                self.findings.append(finding("G2H208", f"{dotted(target)}: {row.reason}", path=target))
        return list(edits.values())

    def _slipped(self) -> list[Path]:
        """Return the settings that the chart's templates bring with the back end, values.yaml or not."""
        if not self.ctx.chart.known:
            return []  # what its templates write only Helm can tell
        values = charts.merge(self.ctx.chart.defaults, {"launcher": {"enabled": self.ctx.backend is Backend.LAUNCHER}})
        written = managed.managed(self.ctx.chart, values, release=self.ctx.release, namespace=self.ctx.namespace)
        return [(section, name) for section, keys in managed.slipped(written).items() for name in keys]

    def legacy(self) -> list[Edit]:
        """Move values of older charts, and of the launcher, to their new place; say what has none."""
        if not self.answers:
            return []
        from gcfg2helm.plan import moves

        found = moves.moves(self.ctx.tables, self.ctx.chart, self.ctx.backend, self.answers)
        self.findings += found.findings
        self.gone = {edit.path for edit in found.edits if edit.remove}
        return found.edits


def preferred(ctx: Context) -> Iterator[tuple[Group, list[str]]]:
    """Yield what `--prefer values` says: settings that values.yaml has otherwise, and the values that Connect reads there.

    What follows from them, a port or an address, follows from these values then. Secrets are left to `secrets`.
    """
    config = ctx.answers.get("config")
    if ctx.options.prefer is not Prefer.VALUES or not isinstance(config, dict):
        return
    present = _by_meaning(config)
    for group in ctx.groups.values():
        paths = present.get(key_of(group.header, group.setting.name), [])
        if not paths or not group.live or ctx.rule(group.setting).action is not Action.CARRY:
            continue
        texts = _read(_printed(find(ctx.answers, paths[-1])))
        secret = secrets.secret_name(group.setting.section, group.setting.name)
        if texts and texts != group.values and not secret and not any(map(secrets.holds_secret, texts)):
            yield group, texts


def _read(printed: Iterable[str]) -> list[str]:
    """Return what Connect reads from printed values; nothing where one is empty or cannot be read."""
    texts: list[str] = []
    for text in printed:
        try:
            entry = gcfg.parse(f"[S]\nk = {text}\n").entries[0]
        except gcfg.GcfgError:
            return []
        texts.append(entry.value or "")
    return texts if any(texts) else []


def _with_sections(edits: Sequence[Edit], config: Mapping[str, Tree]) -> list[Edit]:
    """Return the edits under `config` with a section removed as a whole where nothing of it is left."""
    gone = emptied(edits, config)
    kept = [edit for edit in edits if edit.path[1] not in gone]
    return [*kept, *(Edit(("config", section), remove=True) for section in gone)]


def emptied(edits: Sequence[Edit], config: Mapping[str, Tree]) -> list[str]:
    """Return the sections of `config`, in its order, of which the edits under it leave no setting."""
    removed = {edit.path for edit in edits if edit.remove}
    used = {edit.path[1] for edit in edits if not edit.remove}
    return [
        section
        for section, settings in config.items()
        if isinstance(settings, dict) and settings and section not in used
        if all(("config", section, name) in removed for name in settings)
    ]


def _starred(tree: Tree) -> Tree:
    """Return a value with stars for what is secret in it; a text keeps the rest of its words."""
    if isinstance(tree, str):
        return scrub.comment(tree)[0] if secrets.holds_secret(tree) else tree
    return _shown(secrets.masked(tree))


def _shown(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {key: _shown(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return list(map(_shown, tree))
    if not isinstance(tree, Secret):
        return tree
    text, found = scrub.comment(tree.reveal())
    return text if found else STARS


def brief(value: object) -> str:
    """Return a value for a sentence: short, on one line, without what is secret in it."""
    if isinstance(value, dict | list):
        import json

        text = json.dumps(_starred(value), ensure_ascii=False, default=str)
        text = text if len(text) <= _LONGEST else ("a list" if isinstance(value, list) else "a map")
    else:
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else f"{value}"
        text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return write.visible(scrub.comment(text)[0] if secrets.holds_secret(text) else text)


def _printed(value: object) -> list[str]:
    """Return the lines that the chart prints for a value of `config`."""
    items = value if isinstance(value, list) else [value]
    return [scalars.go_text(item) for item in items]  # type: ignore[arg-type]


def _leaves(config: Tree) -> Iterator[Path]:
    """Yield the paths of `config` that the chart prints: section and setting."""
    if isinstance(config, dict):
        for section, settings in config.items():
            for name in settings if isinstance(settings, dict) else ():
                yield (section, name)


def _by_meaning(config: Mapping[str, object]) -> dict[Key, list[Path]]:
    found: dict[Key, list[Path]] = {}
    for section, settings in config.items():
        for name in settings if isinstance(settings, dict) else ():
            path = ("config", section, name)
            found.setdefault(key_of(*path[1:3]), []).append(path)
    return found
