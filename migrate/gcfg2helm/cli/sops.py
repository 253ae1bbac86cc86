"""`--secrets sops`: the `.sops.yaml` that says who may decrypt, and whether its rules encrypt what they must.

How sops looks for the file, which rule it takes and what that rule encrypts is told by its documentation
(getsops.io/docs/usage/identities/config-file) and its source (config/config.go, sops.go): the first rule whose
path_regex is found in the file's path counts, from the folder of `.sops.yaml`.
"""

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcfg2helm.findings import Finding, InputError, finding
from gcfg2helm.runbook.files import beside

if TYPE_CHECKING:
    from gcfg2helm.conversion import Conversion

NAME = ".sops.yaml"
_TODO = "TODO"  # no recipient: sops refuses it, as it must
# Each names keys that can decrypt (sops' config.go, creationRule).
_RECIPIENTS = ("age", "pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri", "key_groups")
_SECRET = "^(data|stringData)$"  # noqa: S105 - what sops' documentation encrypts of a Kubernetes Secret
_HEAD = """\
---
# Who may decrypt the files, and what of them is encrypted: https://getsops.io/docs/usage/identities/config-file/
# TODO(gcfg2helm): name the recipients in the place of TODO, once; apart by commas. An age or SSH public key stays
# under age; for others write pgp, kms, gcp_kms, azure_keyvault or hc_vault_transit_uri in its place, in both rules.
creation_rules:
"""


def file_for(output: str) -> tuple[Path, bool]:
    """Return the `.sops.yaml` for the files beside `output`, and whether it is there: the nearest, else one beside them."""
    folder = Path(output).parent
    for one in (folder, *(Path(folder, *[".."] * n) for n in range(1, len(folder.resolve().parts)))):
        if (one / NAME).is_file():
            return one / NAME, True
    return folder / NAME, False


def text(output: str) -> str:
    """Return a new `.sops.yaml` for the private files beside `output`, its recipients open."""
    from gcfg2helm.values.write import scalar

    manifest, values = (scalar(_pattern(beside(output, kind))) for kind in ("secret", "secret-values"))
    return (
        f"{_HEAD}"
        f"  - path_regex: {manifest}\n    encrypted_regex: {scalar(_SECRET)}\n    age: &recipients {_TODO}\n"
        f"  - path_regex: {values}\n    age: *recipients\n"
    )


def ensure(output: Path) -> None:
    """Write a `.sops.yaml` beside `output`, for all below it, where there is none. Raises atomic.WriteError."""
    from gcfg2helm.cli import outputs

    file, there = file_for(str(output))
    if not there:
        file.parent.mkdir(parents=True, exist_ok=True)
        outputs.write([outputs.output(file, text(str(output)).encode("utf-8"))])


def _pattern(path: Path) -> str:
    return f"(^|/){re.escape(path.name)}$".replace(r"\-", "-")


def findings(output: str, done: "Conversion") -> list[Finding]:
    """Return what is wrong with the rules for the files that a conversion writes beside `output`.

    Raises InputError for a `.sops.yaml` that cannot be read.
    """
    wanted = dict(_wanted(output, done))
    if not wanted:
        return []
    file, there = file_for(output)
    if not there:
        return [_open(file)]
    rules = _rules(file)
    found: dict[Finding, None] = {}
    for path, secret in wanted.items():
        rule = _rule(rules, _relative(path, file))
        if rule is None:
            found[_unfit(file, path, "has no rule for")] = None
        elif not all(_encrypts(rule, one) for one in secret):
            found[_unfit(file, path, "leaves secrets plain in")] = None
        elif _is_open(rule):
            found[_open(file)] = None
    return list(found)


def _wanted(output: str, done: "Conversion") -> Iterator[tuple[Path, list[tuple[str, ...]]]]:
    """Yield the files to encrypt, with the paths of the secrets in them."""
    if done.secret:
        mounted = (done.plan.manifests or {}).get("files", ())
        kept = "stringData" if done.plan.env_secrets else "data"
        others = any(isinstance(one, dict) and one["kind"] == "Secret" for one in mounted)
        yield beside(output, "secret"), [(kept, "x"), *([("data", "x")] if others else [])]
    if done.secret_values:
        yield beside(output, "secret-values"), [tuple(map(str, edit.path)) for edit in done.plan.secret_edits]


def _rules(file: Path) -> list[Mapping[str, Any]]:
    import yaml

    from gcfg2helm.cli import inputs

    try:
        tree = yaml.safe_load(inputs.existing(str(file)))
    except yaml.YAMLError:
        raise InputError(f"{file}: no YAML that sops reads") from None
    rules = tree.get("creation_rules") if isinstance(tree, dict) else None
    return [one for one in rules if isinstance(one, dict)] if isinstance(rules, list) else []


def _relative(path: Path, file: Path) -> str:
    """Return a path as sops compares it: from the folder of its configuration, else absolute."""
    whole, folder = str(Path.cwd() / path), str((Path.cwd() / file).parent)
    whole, folder = os.path.realpath(whole), os.path.realpath(folder)
    return whole.removeprefix(folder.rstrip("/") + "/")


def _rule(rules: Sequence[Mapping[str, Any]], path: str) -> Mapping[str, Any] | None:
    return next((one for one in rules if not one.get("path_regex") or _fits(one["path_regex"], path)), None)


def _fits(pattern: object, text: str) -> bool:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.search(str(pattern), text) is not None
        except re.error:  # Go's expressions know a few words that Python's do not: only sops can tell
            return True


def _encrypts(rule: Mapping[str, Any], path: Sequence[str]) -> bool:
    """Whether a rule encrypts the value at a path: what names keys counts for all below them (sops.go, shouldBeEncrypted)."""
    if pattern := rule.get("encrypted_regex"):
        return any(_fits(pattern, key) for key in path)
    if pattern := rule.get("unencrypted_regex"):
        return not any(_fits(pattern, key) for key in path)
    if suffix := rule.get("encrypted_suffix"):
        return any(key.endswith(str(suffix)) for key in path)
    if rule.get("encrypted_comment_regex") or rule.get("unencrypted_comment_regex"):
        return True  # comments decide, which the files do not have
    suffix = str(rule.get("unencrypted_suffix") or "_unencrypted")
    return not any(key.endswith(suffix) for key in path)


def _is_open(rule: Mapping[str, Any]) -> bool:
    given = [rule[name] for name in _RECIPIENTS if rule.get(name)]
    return not given or any(_TODO in str(one) for one in given)


def _open(file: Path) -> Finding:
    what = f"{file} must say who may decrypt the files with secrets."
    todo = "convert writes the file; name the recipients in it, where it says TODO." if not file.exists() else ""
    return finding("G2H517", what, todo or "Name the recipients in the rule for these files, under age, pgp or kms.")


def _unfit(file: Path, path: Path, how: str) -> Finding:
    rule = {"path_regex": _pattern(path)}
    if not path.name.endswith(".secret-values.yaml"):
        rule["encrypted_regex"] = _SECRET
    quoted = [f"{key}: '{value.replace(chr(39), chr(39) * 2)}'" for key, value in rule.items()]
    todo = f"Put this rule before the others, with your recipient: - {{{', '.join(quoted)}, age: RECIPIENT}}"
    return finding("G2H518", f"{file} {how} {path}.", todo)


def call(output: str) -> str:
    """Return the words for the shell that call sops with the configuration for the files beside `output`.

    It looks by itself in the current folder, and above.
    """
    file, here = file_for(output)[0], Path.cwd()
    nearest = next((one / NAME for one in (here, *here.parents) if (one / NAME).is_file()), here / NAME)
    return "sops" if nearest.resolve() == file.resolve() else shlex.join(["sops", "--config", str(file)])
