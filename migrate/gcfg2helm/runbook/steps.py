"""The runbook as a whole: which steps this server needs, in which order.

Everything comes from the plan, its findings, the new values and the answers of the command line. Decisions come first and
together: what stops the new server, the questions that every migration has, the rest. A step that settles a finding names
its code; what no step settles is in two steps of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gcfg2helm.plan.context import Context
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.plan.postgres import databases
from gcfg2helm.runbook import decisions, moving, preparing, secrets
from gcfg2helm.runbook.model import Mark, Step
from gcfg2helm.runbook.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gcfg2helm.conversion import Conversion
    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.request import Request
    from gcfg2helm.runbook.files import Files

# In the order of the work; those that turn out to be decisions go to the front.
_STEPS: tuple[Callable[[Server], Step | None], ...] = (
    decisions.to_postgres,
    decisions.database_address,
    decisions.unreadable_database,
    decisions.storage,
    decisions.shared_data,
    decisions.ingress,
    decisions.licence,
    decisions.images,
    decisions.other_files,
    secrets.recipients,
    preparing.convert,
    secrets.second_file,
    secrets.encrypt,
    preparing.prove,
    preparing.images,
    preparing.ingress,
    preparing.repository,
    preparing.namespace,
    preparing.dry_run,
    preparing.database_check,
    secrets.store,
    secrets.secret,
    preparing.mounted_files,
    preparing.certificate,
    preparing.licence,
    preparing.content_data,
    moving.storage,
    moving.key,
    moving.copy,
    moving.stop,
    moving.difference,
    moving.install,
    moving.dns,
    moving.caches,
    moving.token,
    moving.old_licence,
    moving.clean,
    moving.roll_back,
)


def build(request: Request, done: Conversion, findings: Sequence[Finding], files: Files) -> list[Step]:
    """Return the steps that this server needs, in order. `findings` are those that `--ignore` leaves."""
    groups = group_entries(request.sources, request.tables, request.environment)
    ctx = Context(
        request.tables, groups, request.chart, request.backend, request.release, request.namespace, request.options,
        done.values.tree, None,
    )  # fmt: skip
    server = Server(ctx, request, done, findings, files, databases(ctx))
    there = {one.code for one in findings}
    made = [step for make in _STEPS if (step := make(server))]
    made = [replace(step, codes=tuple(code for code in step.codes if code in there)) for step in made]
    blocking, open_ = decisions.left(findings, {code for step in made for code in step.codes})
    named = [step for step in made if step.mark is Mark.DECISION]
    return [*blocking, *named, *open_, *(step for step in made if step.mark is not Mark.DECISION)]
