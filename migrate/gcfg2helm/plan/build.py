"""The plan: one decision for every entry of the gcfg, and the edits that make values.yaml of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.enums import Backend, SecretMode
from gcfg2helm.findings import Finding, InputError, Level, Place, finding
from gcfg2helm.masked import Secret, shown
from gcfg2helm.plan import connect as connects
from gcfg2helm.plan import entries, files, gone, needs, outcomes, placing, secrets
from gcfg2helm.plan.answers import unanswered
from gcfg2helm.plan.comments import GcfgComments
from gcfg2helm.plan.context import Context, Group, Options, Result
from gcfg2helm.plan.decisions import Decision, EnvSecret, Located, Outcome, Plan
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.plan.merge import Merger, preferred
from gcfg2helm.plan.slots import Slot, node, one_or_list
from gcfg2helm.plan.transforms import TRANSFORMS
from gcfg2helm.tables import CARRY, Action, Rule, Setting, Tables
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.gcfg import Document
    from gcfg2helm.values.tree import Path, Scalar, Tree


_ENV = ("pod", "env")
_MOST_SECRETS = 5_000  # their entries in pod.env are a megabyte, and a Helm release holds no more


def build(
    sources: Sequence[tuple[str, Document]],
    tables: Tables,
    *,
    chart: Chart,
    backend: Backend,
    release: str = "rsc",
    namespace: str = "rstudio-connect",
    options: Options | None = None,
    answers: Mapping[str, Tree] | None = None,
    environment: str = "",
) -> Plan:
    """Decide what becomes of every entry.

    `sources` are the documents by the name the user gave them, in the order Connect reads them; `environment` names the
    one that overrides the others. `answers` is the existing values.yaml as Helm reads it. Raises InputError for
    more secrets or files than a pod can take.
    """
    answers = answers or {}
    groups = group_entries(sources, tables, environment)
    options = options or Options()
    connect = connects.version(options.connect or connects.installed(chart, answers))
    ctx = Context(tables, groups, chart, backend, release, namespace, options, answers, connect)
    _take_out_passwords(ctx)
    for group, texts in preferred(ctx):
        group.texts = texts
        ctx.preferred.add(group.key)
    files_in_order = [file for file, _ in sources]
    if set(answers) - {"config"}:
        fresh = {key: value for key, value in answers.items() if key in IDENTITY}
        ctx.answers = fresh
        ctx.answers = unanswered(ctx, answers, _Draft(ctx, files_in_order, environment).decided().proposals)
    return _Draft(ctx, files_in_order, environment).decided().finish(sources, answers)


def _take_out_passwords(ctx: Context) -> None:
    """Take the password out of each URL that does not come under `config`, where `placing.place` would see to it."""
    for group in ctx.groups.values():
        holds_url = any("://" in (at.entry.value or "") for at in group.live)
        if holds_url and ctx.rule(group.setting).action not in (Action.CARRY, Action.RENAME):
            group.texts = [secrets.without_passwords(value) for value in group.values]


# What says which chart and Connect this is, and with `config` what the server is configured with; never an answer.
NAMES = frozenset({"nameOverride", "fullnameOverride", "versionOverride", "image"})
IDENTITY = NAMES | {"config"}


def _variable_of(group: Group) -> str:
    """Return the variable of the old service that names no listed setting."""
    section, name = group.last.entry.section, group.setting.name
    return f"CONNECT_{section}" if name == section else f"CONNECT_{section}_{name}"


class _Draft:
    """A plan in the making."""

    def __init__(self, ctx: Context, files: Sequence[str], environment: str) -> None:
        self.ctx = ctx
        self.environment = environment
        self.order = {file: number for number, file in enumerate(files)}
        self.unknown = 0
        self.config: dict[str, dict[str, Slot]] = {}
        self.decisions: list[Decision] = []
        self.findings: list[Finding] = []
        self.proposals: list[Edit] = []
        self.env: list[EnvSecret] = []
        self.secret_values: dict[Path, list[Secret]] = {}
        self.carried: list[Group] = []
        self.kept: set[Path] = set()

    def decided(self) -> _Draft:
        """Decide about every group, and what they ask for together."""
        for group in self.ctx.groups.values():
            self.decide(group)
        if len(self.env) > _MOST_SECRETS:
            raise InputError(f"{next(iter(self.order))}: more than {_MOST_SECRETS:,} secrets, which no pod can take")
        needed, found = needs.build(self.ctx)
        self.proposals += needed
        self.findings += found
        return self

    # one group -------------------------------------------------------------------------------------------------------

    def decide(self, group: Group) -> None:
        """Decide about all entries of one setting."""
        live = set(map(id, group.live))
        for at in group.entries:
            if id(at) not in live:
                self._supersede(group, at)
        if not group.live:
            return
        if not group.known and group.last.file == self.environment:
            self._variable(group)
            return
        self.unknown += not group.known
        self.findings += entries.odd(self.ctx, group, self.unknown)
        rule = self.ctx.rule(group.setting)
        if early := entries.early(self.ctx, group):
            self.findings.append(early)
            if not group.setting.since_at_latest:
                reason = f"Only Connect {group.setting.since} and newer know it."
                self._record(group, Rule(Action.DROP), Result(Outcome.DROPPED, reason=reason))
                return
        result = TRANSFORMS[rule.transform](self.ctx, group, rule) if rule.transform else self._plain(group, rule)
        self.findings += result.findings
        self.proposals += result.edits
        if result.outcome in (Outcome.CARRIED, Outcome.RENAMED):
            self._carry(group, rule, result)
        else:
            self._record(group, rule, result)

    def _spares(self, group: Group) -> bool:
        """Whether the admin says that a group holds no secret: by its setting, or by the variable that names none."""
        options = self.ctx.options
        if not options.not_secret:
            return False
        unlisted = not group.known and group.last.file == self.environment
        return options.spares(group.setting.key, group.key, *([_variable_of(group)] if unlisted else []))

    def _variable(self, group: Group) -> None:
        """Hand a variable of the old service that names no listed setting on to the pod as it is."""
        variable, value = _variable_of(group), group.value
        secret = secrets.secret_name(group.last.entry.section, group.setting.name) or secrets.holds_secret(value)
        if secret and not self._spares(group):
            self.env.append(
                EnvSecret(variable, variable.removeprefix("CONNECT_").lower().replace("_", "-"), Secret(value))
            )
            reason = "A secret: the pod reads the variable from a Kubernetes Secret."
            self._record(group, CARRY, Result(Outcome.SECRET, reason=reason, path=_ENV), variable)
        else:
            item: Tree = {"name": variable, "value": value}
            self.proposals.append(Edit(_ENV, [item], source=(group.last.place,)))
            self._record(group, CARRY, Result(Outcome.MOVED, reason="The pod gets the variable.", path=_ENV))
        todo = "Look it up in the configuration appendix of your Connect."
        self.findings.append(finding("G2H109", f"{variable} names no listed setting.", todo, group.last.place, _ENV))

    def _supersede(self, group: Group, at: Located) -> None:
        reason, found = entries.superseded(group, at, self.environment)
        self.decisions.append(
            Decision(
                at,
                Outcome.SUPERSEDED,
                shown(group.header),
                group.setting.name,
                (),
                reason,
                group.setting.origin,
                spared=self._spares(group),
            )
        )
        self.findings.append(found)

    def _plain(self, group: Group, rule: Rule) -> Result:
        """Carry out a rule that names no transform."""
        match rule.action:
            case Action.CARRY:
                return outcomes.carried(findings=[outcomes.said(rule.finding, group, rule)] if rule.finding else ())
            case Action.RENAME:
                return outcomes.renamed(self.ctx, group, rule)
            case Action.MOVE:
                return outcomes.moved(
                    group, rule, edits=(Edit(rule.to, node(group.value), source=(group.last.place,)),)
                )
            case Action.CHART:
                return outcomes.by_chart(group, rule)
            case Action.DROP:
                return outcomes.dropped(group, rule)

    def _carry(self, group: Group, rule: Rule, result: Result) -> None:
        """Put the values under `config`, or where secrets go."""
        ctx = self.ctx
        setting = result.setting or group.setting
        subsection = group.subsection if result.subsection is None else result.subsection
        own = result.values is None or group.key in ctx.preferred
        values = group.values if own else list(result.values or ())
        header = secrets.as_key(gcfg.header(setting.section, subsection))
        path = ("config", header, setting.name)
        if result.outcome is Outcome.RENAMED and not setting.multi and self._stands(setting, subsection):
            reason = f"{shown(header)}.{setting.name} is in the file too, and wins."
            self._record(group, rule, Result(Outcome.SUPERSEDED, reason=reason))
            return
        outcome, reason, variable = result.outcome, result.reason, ""
        placement = placing.place(self.ctx, group, setting, subsection, values)
        if placement is not None:
            self.findings += placement.findings
            if placement.env or placement.secret_values:
                outcome, reason, variable = Outcome.SECRET, placement.reason, placement.variable
            if placement.env:
                self.env.append(placement.env)
            if placement.secret_values is not None:
                self.secret_values[path] = [Secret(gcfg.quote(value)) for value in placement.secret_values]
            values = placement.config_values or []
        if values:
            slots = self.config.setdefault(header, {})
            slot = slots.get(setting.name) or slots.setdefault(setting.name, Slot(path, setting.multi))
            slot.parts += (
                (*place, value) for place, value in zip(self._positions(group, len(values)), values, strict=True)
            )
            slot.several = slot.several or len(slot.parts) > 1
            slot.todo = slot.todo or " ".join(one.todo for one in result.findings if one.level is Level.ERROR)
            if not group.known and self.unknown <= entries.MOST_UNKNOWN:
                slot.todo = slot.todo or _ASK_UNKNOWN
            slot.secret = slot.secret or (placement is not None and ctx.options.secrets is SecretMode.INLINE)
            self.carried.append(group)
        if group.key in ctx.preferred:
            self.kept.add(path)
            self.findings.append(finding("G2H214", f"{dotted(path)} stays as values.yaml has it.", path=path))
        becomes = None
        if values != group.values:
            becomes = tuple(map(Secret, values))
        if placement is not None and placement.secret_values is not None:
            becomes = tuple(map(Secret, placement.secret_values))
        self._record(group, rule, Result(outcome, reason=reason, path=path), variable, becomes)

    def _positions(self, group: Group, count: int) -> list[tuple[int, int]]:
        """Return a place in the sources for each of so many values of a group."""
        places = [(self.order[at.file], at.entry.line) for at in group.live]
        return places if len(places) == count else places[:1] * count

    def _stands(self, setting: Setting, subsection: str | None) -> bool:
        """Whether the file sets the setting under its own name."""
        other = self.ctx.groups.get((setting.section.lower(), subsection, setting.name.lower()))
        return other is not None and bool(other.live)

    def _record(
        self,
        group: Group,
        rule: Rule,
        result: Result,
        variable: str = "",
        becomes: tuple[Secret, ...] | None = None,
    ) -> None:
        """Decide about each entry that counts; what the group becomes comes with the first."""
        reason = result.reason or rule.reason
        origin = rule.origin or group.setting.origin
        if spared := self._spares(group):
            self.ctx.spared.update(at.place for at in group.live)
        for number, at in enumerate(group.live):
            mine = becomes if number == 0 or becomes is None else ()
            key = shown(group.header), group.setting.name
            self.decisions.append(
                Decision(at, result.outcome, *key, result.path, reason, origin, variable, mine, spared)
            )

    # the whole -------------------------------------------------------------------------------------------------------

    def finish(self, sources: Sequence[tuple[str, Document]], answers: Mapping[str, Tree]) -> Plan:
        """Add what follows from all groups together, merge with what values.yaml says, and close the plan."""
        ctx = self.ctx
        self.decisions.sort(key=lambda one: (self.order[one.at.file], one.at.entry.line, one.at.entry.column))
        mounts = files.build(ctx, self.carried)
        self.proposals += mounts.edits
        self.findings += mounts.findings
        self.proposals, hidden, found = placing.outside(ctx, self.proposals)
        self.findings += found
        env_edits, found, secret_name = placing.env_edits(ctx, self.env)
        self.proposals += env_edits
        self.findings += found
        stored: list[object] = []
        if ctx.options.secrets is SecretMode.EXTERNAL:
            from gcfg2helm.plan import external

            stored, found = external.build(ctx, self.env, secret_name, mounts.missing)
            self.findings += found
        merger = Merger(ctx, answers)
        edits, head = self._merged(merger, sources, answers)
        edits, self.decisions, found = gone.left_out(ctx.chart, edits, self.decisions)
        self.findings += found
        secret_edits = [
            Edit(path, one_or_list(list(texts), len(texts) > 1)) for path, texts in self.secret_values.items()
        ] + hidden
        return Plan(
            ctx.chart,
            ctx.backend,
            ctx.release,
            ctx.namespace,
            self.decisions,
            edits,
            list(map(secrets.clean, self.findings)),
            head,
            secret_edits,
            self.env,
            secret_name,
            {"files": mounts.manifests, "external": stored},
            frozenset(merger.kept | self.kept),
            merger.added,
            mounts.places,
            mounts.missing,
            connect=ctx.reads if ctx.connect else "",
        )

    def _merged(
        self, merger: Merger, sources: Sequence[tuple[str, Document]], answers: Mapping[str, Tree]
    ) -> tuple[list[Edit], tuple[str, ...]]:
        """Return all edits, merged with what values.yaml says and with the comments of the gcfg, and its head."""
        ctx = self.ctx
        outside = [*merger.legacy(), *merger.always(), *merger.outside(self.proposals)]
        comments = GcfgComments(sources, self.decisions, outside, ctx.tables, ctx.options.comments)
        self.findings += comments.findings
        edits = comments.place(outside)
        defaults = merger.defaults(self.config)
        edits += comments.place(merger.config(self._config_edits(), set(self.secret_values)))
        edits += defaults
        edits += self._empty_sections(sources, answers, {edit.path[:2] for edit in edits})
        edits += comments.rest()
        self.findings += merger.findings
        return edits, comments.head

    def _empty_sections(
        self, sources: Sequence[tuple[str, Document]], answers: Mapping[str, Tree], taken: set[Path]
    ) -> Iterator[Edit]:
        """Yield named sections without settings: each exists for Connect, with its default values."""
        own = answers.get("config")
        spoken = {(gcfg.lower(entry.section), entry.subsection) for _, doc in sources for entry in doc.entries}
        spoken |= {
            (gcfg.lower(name), sub) for name, sub in map(gcfg.split_header, own if isinstance(own, dict) else ())
        }
        for file, document in sources:
            for one in document.headers:
                key = gcfg.lower(one.section), one.subsection
                section = self.ctx.tables.sections.get(key[0])
                path: Path = ("config", gcfg.header(section.name if section else one.section, one.subsection))
                if one.subsection is not None and key not in spoken and path not in taken:
                    spoken.add(key)
                    yield Edit(path, {}, source=(Place(file, one.line, 1),))

    def _config_edits(self) -> Iterator[Edit]:
        """Yield the edits under `config`."""
        files = list(self.order)
        for slots in self.config.values():
            for slot in slots.values():
                texts: list[Scalar] = [Secret(gcfg.quote(text)) if slot.secret else node(text) for text in slot.values]
                places = tuple(Place(files[number], line, 1) for number, line, _ in slot.parts)
                yield Edit(slot.path, one_or_list(texts, slot.several), todo=slot.todo, source=places)


_ASK_UNKNOWN = "Connect does not start on a setting that it does not know: check the name, or remove it."
