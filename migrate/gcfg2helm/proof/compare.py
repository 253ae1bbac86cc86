"""The proof: what the pod will read is what the server read, setting by setting, or a decision says why it is not.

Both files are parsed by the same parser and compared as Connect reads them: names without case, the last line of a
setting with one value, lists in order, `yes` as `true`, `60s` as `1m`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm import gcfg
from gcfg2helm.enums import ChartDefaults, Prefer
from gcfg2helm.findings import Finding, finding
from gcfg2helm.masked import ENCRYPTED, Secret
from gcfg2helm.plan import connect as connects
from gcfg2helm.plan import defaults, secrets
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.grouping import Groups, Key, group_entries, key_of
from gcfg2helm.proof import layout, outside, pod, reach, reading, variables
from gcfg2helm.proof.model import Proof, Row, Status
from gcfg2helm.proof.nodes import unseen
from gcfg2helm.tables import Fate, Setting, Tables
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Path, Tree, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.plan.context import Group
    from gcfg2helm.plan.decisions import Decision, Plan


class _Keys:
    """The settings of a `config` tree, as Connect compares them; a null is none."""

    def __init__(self, config: object) -> None:
        self._keys: set[Key] = set()
        for text, settings in config.items() if isinstance(config, dict) else ():
            if isinstance(settings, dict):
                self._keys.update(key_of(text, name) for name, value in settings.items() if value is not None)

    def __contains__(self, key: Key) -> bool:
        return key in self._keys


class _Comparison:
    def __init__(
        self,
        plan: Plan,
        tables: Tables,
        values: Mapping[str, Tree],
        keep: ChartDefaults,
        prefer: Prefer,
        entries: Groups,
        *,
        every: bool,
    ) -> None:
        self.plan = plan
        self.tables = tables
        self.values = values
        self.keep = keep
        self.connect = connects.version(plan.connect)
        self.prefer = prefer
        self.entries = entries
        self.every = every
        self.counts = dict.fromkeys(Status, 0)
        self.more = dict.fromkeys(Status, 0)
        self.layout = layout.of(plan, values, entries)
        self.config = _Keys(values.get("config"))
        self.default_config = _Keys(plan.chart.defaults.get("config"))
        self.from_secrets, found = variables.secrets(plan, values)
        self.rows: list[Row] = []
        self.findings: list[Finding] = [*found]

    # what the server read --------------------------------------------------------------------------------------------

    def expected(self) -> dict[Key, list[Decision]]:
        """Return what puts something into the rendered file, by setting: its decisions in the sources' order."""
        expected: dict[Key, list[Decision]] = {}
        for decision in self.plan.decisions:
            if decision.outcome in _STATUS and decision.path[:1] == ("config",):
                expected.setdefault(key_of(*decision.path[1:3]), []).append(decision)
        return expected

    def account(self) -> None:
        """Note the decisions that leave nothing in the rendered file, and check what takes the place."""
        for decision in self.plan.decisions:
            match decision.outcome:
                case Outcome.MOVED if find(self.values, decision.path) is MISSING and decision.path:
                    what = f"{decision.key} moved to {dotted(decision.path)}, which values.yaml does not set."
                    self.findings.append(finding("G2H602", what, place=decision.at.place, path=decision.path))
                    self._note(Status.DIFFERENT, decision)
                case Outcome.MOVED:
                    self._note(Status.MOVED, decision)
                case Outcome.SECRET if decision.path[:1] != ("config",):
                    self._only_environment((decision,))
                case Outcome.CHART:
                    self._note(Status.CHART, decision)
                case Outcome.DROPPED | Outcome.SUPERSEDED:
                    self._note(Status.DROPPED, decision)
                case _:
                    pass

    def _note(
        self,
        status: Status,
        decision: Decision,
        server: Secret | str | None = None,
        there: Secret | str | None = None,
        line: int = 0,
        count: int = 1,
    ) -> None:
        """Count the entries of a setting, and keep its row where somebody will see it."""
        self.counts[status] += count
        if self.every or status is Status.DIFFERENT:
            at, path, reason = decision.at.place, decision.path, decision.reason
            self.rows.append(Row(status, decision.key, server, there, at, line, path, reason))

    # what the pod reads ----------------------------------------------------------------------------------------------

    def compare(self, key: Key, decisions: Sequence[Decision]) -> None:
        """Compare one setting on both sides."""
        decision = decisions[-1]
        values = _values(decisions)
        group = self.entries.get(key)
        variable = next((one.variable for one in decisions if one.variable), "")
        if not values and (group is None or (variable and key not in self.config)):
            self._only_environment(decisions)
            return
        got = group.values if group else []
        if values == got and not variable and not self.every:
            self.counts[_STATUS[decision.outcome]] += len(decisions)
            return
        setting = group.setting if group else self.tables.find(key[0], key[2]) or Setting(key[0], key[2])
        equal = reading.of(setting, values) == reading.of(setting, got)
        if not equal and got and all(one.startswith(ENCRYPTED) for one in got):
            equal = True
            self.findings.append(unseen(decision.path, "is encrypted by SOPS; its value is not checked."))
        elif not equal and group and decision.outcome is Outcome.SECRET:
            equal = self._inline(setting, decisions, got)
            variable = "" if equal else variable
        reached = not variable or self._from_secret(variable, decision)
        kept = not equal and self.prefer is Prefer.VALUES and key in self.config
        hide = decision.outcome is Outcome.SECRET or reading.is_secret(decision.path, setting)
        server, there = reading.shown(values, hide=hide), reading.shown(got, hide=hide) if group else None
        line = group.last.entry.line if group else 0
        status = Status.OWN if kept else _STATUS[decision.outcome] if equal and reached else Status.DIFFERENT
        self._note(status, decision, server, there, line, len(decisions))
        if not equal:
            self._different(decision, server, there, line, kept=kept)

    def _different(
        self, decision: Decision, server: Secret | str, there: Secret | str | None, line: int, *, kept: bool
    ) -> None:
        if kept:
            what = f"{decision.key}: the server reads {server}, and values.yaml keeps {'nothing' if there is None else there}."
            self.findings.append(finding("G2H609", what, place=decision.at.place, path=decision.path))
            return
        code = "G2H601" if line else "G2H605" if decision.outcome is Outcome.SECRET else "G2H602"
        where = f"line {line} of the rendered file" if line else "the rendered file does not have it"
        what = f"{decision.key}: the server reads {server}, the pod {'nothing' if there is None else there} ({where})."
        self.findings.append(finding(code, what, place=decision.at.place, path=decision.path))

    def _only_environment(self, decisions: Sequence[Decision]) -> None:
        """Account for a setting that leaves the file for a variable of the pod."""
        variable = next((one.variable for one in decisions if one.variable), "")
        reached = bool(variable) and self._from_secret(variable, decisions[-1])
        status = _STATUS[decisions[-1].outcome] if reached else Status.DIFFERENT
        self._note(status, decisions[-1], Secret(""), count=len(decisions))

    def _inline(self, setting: Setting, decisions: Sequence[Decision], got: list[str]) -> bool:
        """Whether the pod reads a secret from the file itself, as the server did."""
        source = [one.at.entry.value or "" for one in decisions]
        if reading.of(setting, source) != reading.of(setting, got):
            return False
        what = f"{decisions[-1].key} holds a secret and is under config."
        self.findings.append(finding("G2H503", what, place=decisions[-1].at.place, path=decisions[-1].path))
        return True

    def _from_secret(self, variable: str, decision: Decision) -> bool:
        """Whether pod.env sets the variable from a Secret."""
        if variable in self.from_secrets:
            return True
        what = f"{decision.key}: no entry of pod.env sets {variable} from a Secret."
        self.findings.append(finding("G2H605", what, place=decision.at.place, path=("pod", "env")))
        return False

    def extra(self, key: Key, group: Group) -> None:
        """Judge a setting of the rendered file that the gcfg does not have: who says it, and with which value?"""
        path = ("config", group.header, group.setting.name)
        hide = reading.is_secret(path, group.setting)
        there = reading.shown(group.values, hide=hide)
        status, reason, own = Status.DIFFERENT, "", False
        if path in self.plan.added:
            status, reason = Status.KEPT, self.plan.added[path]
        elif key in self.layout.nulls:
            what = f"{dotted(path)} is null, and the chart has no default for it; the pod reads an empty value."
            self.findings.append(finding("G2H610", what, "Remove the key, or give it a value.", path=path))
        elif key in self.config:
            own, reason = True, "a key of values.yaml"
            self._own(key, group, path, there)
        elif key in self.default_config or key in self.layout.slipped:
            row = defaults.rule(self.tables, self.plan.chart, self.connect, path[1:])
            if self.keep is ChartDefaults.CHART or (row is not None and row.fate is Fate.KEEP):
                status, reason = Status.KEPT, row.reason if row else "--chart-defaults chart keeps it."
            else:
                reason = "a default of the chart"
                what = f"{group.key} is a default of the chart, and not in the gcfg; the pod reads {there}."
                take_out = "null" if key in self.default_config else "what Connect takes without it"
                self.findings.append(finding("G2H603", what, f"Set {dotted(path)} to {take_out}.", path=path))
        elif group.values == self.layout.managed.get(key):
            status, reason = Status.CHART, "The chart writes it."
        else:
            what = f"{group.key}: the pod reads {there} (line {group.last.entry.line} of the rendered file), and nothing accounts for it."
            self.findings.append(finding("G2H610", what, "Find the key or value that sets it.", path=path))
        self.more[Status.OWN if own else status] += 1
        if self.every or status is Status.DIFFERENT:
            line = group.last.entry.line
            self.rows.append(Row(Status.OWN if own else status, group.key, None, there, None, line, path, reason, own))

    def unknown(self, group: Group) -> None:
        """Find a setting that the Connect which starts here does not know yet, whoever writes it."""
        if defaults.too_new(group.setting, self.plan.chart, self.connect):
            path = ("config", group.header, group.setting.name)
            what = f"{group.key} came with Connect {group.setting.since}; {self.plan.connect} would not start with it."
            self.findings.append(finding("G2H620", what, "Choose a newer Connect, or remove the setting.", path=path))

    def _own(self, key: Key, group: Group, path: Path, there: Secret | str) -> None:
        """Name a key that values.yaml has and the gcfg has not; against what the chart computes it is no choice."""
        managed = self.layout.managed.get(key)
        if managed is not None and managed != group.values and key[0] in _RUNNERS:
            what = (
                f"{dotted(path)} overrides what the chart writes there ({', '.join(managed)}); the pod reads {there}."
            )
            self.findings.append(finding("G2H610", what, "Remove the key.", path=path))
        elif managed != group.values:
            what = f"{group.key} is set by values.yaml and not by the gcfg; the pod reads {there}."
            self.findings.append(finding("G2H609", what, "Remove it, or accept it: --ignore G2H609.", path=path))

    def empty(self, headers: Sequence[tuple[str, str | None]]) -> None:
        """Judge sections without settings: a named one exists for Connect, with its defaults, and an unknown one is refused."""
        ours = {edit.path for edit in self.plan.edits if len(edit.path) == 2 and edit.value == {}}
        there = {("config", gcfg.header(section, subsection)) for section, subsection in headers}
        for path in sorted(ours - there):
            if not isinstance(section_keys := find(self.values, path), dict) or not section_keys:
                what = f"[{path[1]}]: the server has this section, without settings; the pod does not."
                self.findings.append(finding("G2H602", what, path=path))
        for section, subsection in headers:
            header = gcfg.header(section, subsection)
            if ("config", header) in ours:
                continue
            if subsection is not None:
                what = (
                    f"[{header}] is an empty section of the rendered file; for Connect it is one with default values."
                )
                self.findings.append(finding("G2H610", what, "Remove it.", path=("config", header)))
            elif gcfg.lower(section) not in self.tables.sections:
                what = f"[{header}] is an empty section of values.yaml, and no known section of Connect."
                self.findings.append(finding("G2H609", what, "Remove it.", path=("config", header)))

    def structure(self) -> None:
        """Check that each key of the tree prints its own lines, no more and no fewer."""
        for path, what in self.layout.broken:
            self.findings.append(finding("G2H611", f"{dotted(path)} {what}", path=path))
        if self.layout.broken:
            return
        printed = {key: len(group.entries) for key, group in self.entries.items()}
        for key in sorted(printed.keys() | self.layout.lines.keys(), key=str):
            meant = self.layout.lines.get(key, 0)
            if printed.get(key, 0) != meant:
                name = f"{gcfg.header(key[0], key[1])}.{key[2]}"
                what = f"{name} has {printed.get(key, 0)} lines in the rendered file, and {meant} in the values."
                self.findings.append(finding("G2H611", what))

    def read(self) -> reach.Read:
        """Return what the pod reads of itself, without the secrets of its URLs."""

        def text(section: str, name: str) -> str:
            group = self.entries.get((section, None, name))
            return secrets.without_passwords(group.value) if group else ""

        return reach.Read(text("server", "datadir"), text("http", "listen"), text("https", "listen"))

    # beside the file -------------------------------------------------------------------------------------------------

    def environment(self, expected: Mapping[Key, Sequence[Decision]]) -> None:
        """Look at the variables of pod.env that the conversion does not write."""
        in_file = {f"CONNECT_{key[0]}_{key[2]}".upper(): key for key in self.entries if key[1] is None}
        by_variable = {f"CONNECT_{key[0]}_{key[2]}".upper(): key for key in expected if key[1] is None}

        def reads(name: str, text: str | None) -> variables.Setting:
            key = by_variable.get(name) or in_file.get(name)
            group = self.entries.get(key) if key else None
            if key is None:
                return variables.Setting(known=False, same=False)
            setting = group.setting if group else self.tables.find(key[0], key[2]) or Setting(key[0], key[2])
            wanted = (_values(expected[key]) if key in expected else group.values if group else []) or [""]
            same_value = text is not None and reading.meant(setting, text) == reading.meant(setting, wanted[-1])
            return variables.Setting(known=True, same=same_value)

        full = charts.merge(self.plan.chart.defaults, self.values)
        self.findings += variables.besides(self.plan, self.values, full, reads)


_RUNNERS = ("launcher", "kubernetes", "executionenvironments", "licensing")
_STATUS = {Outcome.CARRIED: Status.SAME, Outcome.RENAMED: Status.RENAMED, Outcome.SECRET: Status.SECRET}


def compare(
    plan: Plan,
    tables: Tables,
    rendered: str,
    values: Mapping[str, Tree],
    keep: ChartDefaults = ChartDefaults.SERVER,
    prefer: Prefer = Prefer.GCFG,
    file: str = "rendered rstudio-connect.gcfg",
    *,
    every: bool = True,
) -> Proof:
    """Compare a rendered configuration with what the plan says of the source.

    `rendered` is the text of rstudio-connect.gcfg in the pod, `values` the user's values, all files merged in Helm's
    order, `keep` whose defaults count (`--chart-defaults`), `prefer` who wins under `config` (`--prefer`). `every` keeps a row for each setting, else only for what
    differs. A rendered text that is no gcfg is a finding.
    """
    try:
        document = gcfg.parse(rendered, file)
    except gcfg.GcfgError as error:
        what = f"Connect could not read the rendered file: line {error.line}: {error.message}."
        return Proof((), (finding("G2H601", what),))
    work = _Comparison(plan, tables, values, keep, prefer, group_entries([(file, document)], tables), every=every)
    expected = work.expected()
    empty = _empty_sections(document)
    del document
    for key, decisions in expected.items():
        work.compare(key, decisions)
    work.account()
    for key in work.entries:
        if found := work.entries.get(key):
            work.unknown(found)
        if key not in expected and (group := work.entries.get(key)) and group.live:
            work.extra(key, group)
    work.empty(empty)
    work.structure()
    work.environment(expected)
    work.findings += outside.check(plan, tables, values)
    work.findings += pod.check(plan, values, work.read())
    return Proof(work.rows, work.findings, work.counts, rendered, work.more)


def _empty_sections(document: gcfg.Document) -> list[tuple[str, str | None]]:
    """Return the sections of a file that hold nothing under any of their headers."""
    filled = {(gcfg.lower(one.section), one.subsection) for one in document.headers if one.entries}
    found = {(gcfg.lower(one.section), one.subsection): one for one in document.headers if not one.entries}
    return [(one.section, one.subsection) for key, one in found.items() if key not in filled]


def _values(decisions: Sequence[Decision]) -> list[str]:
    """Return what these decisions put into the rendered file."""
    values: list[str] = []
    for decision in decisions:
        if decision.becomes is not None:
            values += [text.reveal() for text in decision.becomes]
        else:
            value = decision.at.entry.value
            values.append("true" if value is None else value)
    return values
