"""The proof: what the pod will read is what the server read, setting by setting, or a decision says why it is not.

Both files are parsed by the same parser and compared as Connect reads them: names without case, the last line of a
setting with one value, lists in order, `yes` as `true`, `60s` as `1m`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gcfg2helm import chart as charts
from gcfg2helm import gcfg, secrets
from gcfg2helm.choices import Keep
from gcfg2helm.decisions import Outcome
from gcfg2helm.findings import Finding, Level, Place, finding
from gcfg2helm.grouping import Groups, group_entries
from gcfg2helm.kinds import meaning
from gcfg2helm.masked import Secret
from gcfg2helm.merging import LIST_PATHS, dotted
from gcfg2helm.tables import DefaultRule, Fate, Setting, Tables
from gcfg2helm.values import MISSING, Path, Tree, find, same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.decisions import Decision, Plan

Key: TypeAlias = tuple[str, "str | None", str]


class Status(Enum):
    """How one setting fares."""

    SAME = "same"
    MOVED = "moved"
    SECRET = "secret"  # noqa: S105 - a word, not a password
    CHART = "chart"
    RENAMED = "renamed"
    DROPPED = "dropped"
    KEPT = "kept default"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting of the comparison: the text of either side (None: not there), where it stands, why it may differ."""

    status: Status
    setting: str
    server: Secret | str | None = None
    pod: Secret | str | None = None
    place: Place | None = None
    rendered_line: int = 0
    path: Path = ()
    reason: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole comparison. `own`: values.yaml has keys of its own, which the gcfg does not explain."""

    rows: Sequence[Row]
    findings: Sequence[Finding]
    rendered: str = ""

    @property
    def proven(self) -> bool:
        """Whether nothing is left that no decision accounts for."""
        return all(one.level is not Level.ERROR for one in self.findings)

    def counts(self) -> dict[Status, int]:
        """Return how many settings came to which status."""
        counts = dict.fromkeys(Status, 0)
        for row in self.rows:
            counts[row.status] += 1
        return counts


class _Expected(NamedTuple):
    values: list[str]
    decisions: list[Decision]


@dataclass(slots=True)
class _Comparison:
    plan: Plan
    tables: Tables
    values: Mapping[str, Tree]
    defaults: Keep
    groups: Groups
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    # what the server read --------------------------------------------------------------------------------------------

    def expected(self) -> dict[Key, _Expected]:
        """Return what should stand in the rendered file, by setting."""
        expected: dict[Key, _Expected] = {}
        for decision in self.plan.decisions:
            if decision.outcome not in (Outcome.CARRIED, Outcome.RENAMED, Outcome.SECRET):
                continue
            entry = decision.at.entry
            if decision.becomes is not None:
                values = [text.reveal() for text in decision.becomes]
            else:
                values = ["true" if entry.value is None else entry.value]
            one = expected.setdefault(key_of(decision.path), _Expected([], []))
            one.values.extend(values)
            one.decisions.append(decision)
        return expected

    def account(self) -> None:
        """Note the decisions that leave nothing in the rendered file, and check what takes the place."""
        for decision in self.plan.decisions:
            match decision.outcome:
                case Outcome.MOVED if find(self.values, decision.path) is MISSING and decision.path:
                    self._missing(decision)
                case Outcome.MOVED:
                    self._row(Status.MOVED, decision)
                case Outcome.CHART:
                    self._row(Status.CHART, decision)
                case Outcome.DROPPED | Outcome.SUPERSEDED:
                    self._row(Status.DROPPED, decision)
                case _:
                    pass

    def _row(self, status: Status, decision: Decision) -> None:
        self.rows.append(Row(status, decision.key, place=decision.at.place, path=decision.path, reason=decision.reason))

    def _missing(self, decision: Decision) -> None:
        what = f"{decision.key} moved to {dotted(decision.path)}, where values.yaml says nothing."
        self.findings.append(finding("G2H602", what, place=decision.at.place, path=decision.path))
        self._row(Status.DIFFERENT, decision)

    # what the pod reads ----------------------------------------------------------------------------------------------

    def compare(self, key: Key, expected: _Expected) -> None:
        """Compare one setting on both sides."""
        decision = expected.decisions[-1]
        group = self.groups.get(key)
        got = group.values if group else []
        setting = group.setting if group else self.tables.find(key[0], key[2]) or Setting(key[0], key[2])
        line = group.last.entry.line if group else 0
        variable = next((one.variable for one in expected.decisions if one.variable), "")
        equal = reads_as(setting, expected.values) == reads_as(setting, got)
        if not equal and group and decision.outcome is Outcome.SECRET:
            equal = self._inline(setting, expected, got)
            variable = "" if equal else variable
        reached = not variable or self.from_secret(variable, decision)
        status = _STATUS[decision.outcome] if equal and reached else Status.DIFFERENT
        hide = decision.outcome is Outcome.SECRET or sensitive(decision.path, setting)
        server, pod = shown(expected.values, hide=hide), shown(got, hide=hide) if group else None
        self.rows.append(
            Row(status, decision.key, server, pod, decision.at.place, line, decision.path, decision.reason)
        )
        if equal:
            return
        if decision.path in self.plan.kept:
            what = f"{decision.key} stays as values.yaml has it (--prefer values); the server reads {server}."
            self.findings.append(finding("G2H609", what, place=decision.at.place, path=decision.path))
            return
        where = f"line {line} of the rendered file" if line else "the rendered file does not have it"
        code = "G2H601" if group else ("G2H605" if decision.outcome is Outcome.SECRET else "G2H602")
        what = f"{decision.key}: the server reads {server}, the pod {'nothing' if pod is None else pod} ({where})."
        self.findings.append(finding(code, what, place=decision.at.place, path=decision.path))

    def _inline(self, setting: Setting, expected: _Expected, got: list[str]) -> bool:
        """Whether the pod reads a secret from the file itself, as the server did."""
        decision = expected.decisions[-1]
        source = [one.at.entry.value or "" for one in expected.decisions]
        if reads_as(setting, source) != reads_as(setting, got):
            return False
        what = f"{decision.key} holds a secret and stands under config."
        self.findings.append(finding("G2H503", what, place=decision.at.place, path=decision.path))
        return True

    def from_secret(self, variable: str, decision: Decision) -> bool:
        """Whether pod.env sets the variable from a Secret."""
        for item in _env(self.values):
            source = item.get("valueFrom")
            if (
                item.get("name") == variable
                and isinstance(source, dict)
                and isinstance(source.get("secretKeyRef"), dict)
            ):
                return True
        what = f"{decision.key}: no entry of pod.env sets {variable} from a Secret."
        self.findings.append(finding("G2H605", what, place=decision.at.place, path=("pod", "env")))
        return False

    def extra(self, key: Key, group_key: str, path: Path) -> None:
        """Judge a setting of the rendered file that the gcfg does not have."""
        group = self.groups[key]
        hide = sensitive(path, group.setting)
        pod, line = shown(group.values, hide=hide), group.last.entry.line
        if has_key(self.values.get("config"), key):
            what = f"{group_key} stands in values.yaml and not in the gcfg; the pod reads {pod}."
            self.findings.append(finding("G2H609", what, "Remove it, or accept it: --ignore G2H609.", path=path))
            self.rows.append(
                Row(Status.DIFFERENT, group_key, None, pod, None, line, path, "a key of values.yaml", own=True)
            )
            return
        if not has_key(charts.defaults(self.plan.chart).get("config"), key):
            self.rows.append(Row(Status.CHART, group_key, None, pod, None, line, path, "The chart writes it."))
            return
        row = default_row(self.tables, self.plan, path)
        if self.defaults is Keep.CHART or (row is not None and row.fate is Fate.KEEP):
            reason = row.reason if row else "--chart-defaults chart keeps it."
            self.rows.append(Row(Status.KEPT, group_key, None, pod, None, line, path, reason))
            return
        what = f"{group_key} is a default of the chart, and not in the gcfg; the pod reads {pod}."
        self.findings.append(finding("G2H603", what, f"Set {dotted(path)} to null.", path=path))
        self.rows.append(Row(Status.DIFFERENT, group_key, None, pod, None, line, path, "a default of the chart"))

    # beside the file -------------------------------------------------------------------------------------------------

    def environment(self, expected: Mapping[Key, _Expected]) -> None:
        """Look at the variables of pod.env that override the file."""
        ours = {secret.variable for secret in self.plan.env_secrets}
        by_variable = {f"CONNECT_{key[0]}_{key[2]}".upper(): key for key in expected if key[1] is None}
        for item in _env(self.values):
            name = item.get("name")
            if not isinstance(name, str) or not name.startswith("CONNECT_") or name in ours:
                continue
            key = by_variable.get(name)
            setting = self.tables.find(key[0], key[2]) if key else None
            value = item.get("value")
            if (
                key
                and setting
                and isinstance(value, str)
                and _reads(setting, value) == _reads(setting, (expected[key].values or [""])[-1])
            ):
                continue
            what = f"pod.env sets {name}; Connect takes it instead of the file."
            self.findings.append(finding("G2H606", what, path=("pod", "env")))

    def beside(self) -> None:
        """Compare what the conversion would set outside `config` because of the gcfg with what stands there."""
        for row in self.tables.always:
            if self.plan.chart in row.span and row.backend in (None, self.plan.backend):
                actual = find(self.values, row.path)
                if not same(actual, row.value) and not (row.value is None and actual is MISSING):
                    what = f"{dotted(row.path)} is not what it must be: {row.reason}"
                    self.findings.append(finding("G2H608", what, path=row.path))
        for edit in self.plan.edits:
            if edit.path[:1] == ("config",) or not edit.source or edit.remove or edit.comments_only:
                continue
            actual = find(self.values, edit.path)
            if edit.path in LIST_PATHS and isinstance(edit.value, list) and isinstance(actual, list):
                differs = any(all(not same(item, other) for other in actual) for item in edit.value)
            else:
                differs = not same(actual, edit.value)
            if differs:
                what = f"{dotted(edit.path)} is not what follows from the gcfg (line {edit.source[0]})."
                self.findings.append(finding("G2H607", what, path=edit.path))


_STATUS = {Outcome.CARRIED: Status.SAME, Outcome.RENAMED: Status.RENAMED, Outcome.SECRET: Status.SECRET}


def compare(
    plan: Plan,
    tables: Tables,
    rendered: str,
    values: Mapping[str, Tree],
    defaults: Keep = Keep.SERVER,
    file: str = "rendered rstudio-connect.gcfg",
) -> Proof:
    """Compare a rendered configuration with what the plan says of the source.

    `rendered` is the text of rstudio-connect.gcfg in the pod, `values` the user's values, all files merged in Helm's
    order, `defaults` whose defaults count (`--chart-defaults`). A rendered text that is no gcfg is a finding.
    """
    try:
        document = gcfg.parse(rendered, file)
    except gcfg.GcfgError as error:
        what = f"Connect could not read the rendered file: line {error.line}: {error.message}."
        return Proof((), (finding("G2H601", what),), rendered)
    work = _Comparison(plan, tables, values, defaults, group_entries([(file, document)], tables))
    expected = work.expected()
    for key, one in expected.items():
        if one.values or key in work.groups:
            work.compare(key, one)
        else:
            _only_environment(work, one)
    work.account()
    for key, group in work.groups.items():
        if key not in expected and group.live:
            work.extra(key, group.key, ("config", group.header, group.setting.name))
    work.environment(expected)
    work.beside()
    return Proof(work.rows, work.findings, rendered)


def _only_environment(work: _Comparison, expected: _Expected) -> None:
    decision = expected.decisions[-1]
    variable = next((one.variable for one in expected.decisions if one.variable), "")
    reached = bool(variable) and work.from_secret(variable, decision)
    status = _STATUS[decision.outcome] if reached else Status.DIFFERENT
    work.rows.append(Row(status, decision.key, Secret(""), None, decision.at.place, 0, decision.path, decision.reason))


def key_of(path: Path) -> Key:
    """Return the setting that a path under `config` names, as Connect compares it."""
    section, subsection = gcfg.split_header(path[1])
    return section.lower(), subsection, path[2].lower()


def has_key(config: object, key: Key) -> bool:
    """Whether a `config` tree has the setting, in any capitals."""
    for section, settings in config.items() if isinstance(config, dict) else ():
        if isinstance(settings, dict) and gcfg.split_header(section)[0].lower() == key[0]:
            for name, value in settings.items():
                if key_of(("config", section, name)) == key and value is not None:
                    return True
    return False


def default_row(tables: Tables, plan: Plan, path: Path) -> DefaultRule | None:
    """Return the row that speaks of a default of the chart; the most exact one."""
    rows = [row for row in tables.defaults if plan.chart in row.span and path[1 : 1 + len(row.path)] == row.path]
    return max(rows, key=lambda row: len(row.path), default=None)


def reads_as(setting: Setting, values: Sequence[str]) -> list[object]:
    """Return what Connect reads from the values of a setting: of one that holds one value, the last."""
    counting = values[-1:] if setting.surely_single else values
    return [_reads(setting, text) for text in counting]


def _reads(setting: Setting, text: str) -> object:
    read = meaning(setting.kind, text)
    return ("as it stands", text) if read is None else read


def sensitive(path: Path, setting: Setting) -> bool:
    """Whether a value at this place is shown as stars."""
    return setting.secret or secrets.secret_name(path[1] if len(path) > 1 else "", setting.name)


def shown(values: Sequence[str], *, hide: bool) -> Secret | str:
    """Return values for a person, as stars where they are secret or hold a password."""
    text = ", ".join(secrets.scrub_comment(gcfg.quote(value) or '""')[0] for value in values)
    return Secret(text) if hide else text


def _env(values: Mapping[str, Tree]) -> list[dict[str, Tree]]:
    found = find(values, ("pod", "env"))
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
