"""What several servers' values share, split off into one file that Helm layers below each server's own."""

import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from gcfg2helm.cli.options import Settings, words
from gcfg2helm.report.servers import Server
from gcfg2helm.values import read, splice
from gcfg2helm.values.tree import Edit, Tree, same
from gcfg2helm.values.tree import Path as ValuesPath

_VALUES = "values.yaml"
_SECRET = "values.secret-values.yaml"  # noqa: S105 - the name of a file


def common(settings: Settings, servers: Sequence[Server], file: Path) -> list[Server]:
    """Write what the converted servers' values share into `file`, leave the rest in each, and prove each with both.

    Comments stay with their keys. Nothing is written where fewer than two were converted, or where they share nothing; a
    server whose two files do not prove as its one file did keeps that, and fails. Raises atomic.WriteError.
    """
    from gcfg2helm.cli import outputs

    whole = [one for one in servers if not one.problem]
    texts = {one.name: (Path(one.folder) / _VALUES).read_text("utf-8") for one in whole}
    trees = {name: read.load(text) for name, text in texts.items()}
    if len(trees) < 2 or not (paths := shared(list(trees.values()))):
        return list(servers)
    first = next(iter(texts))
    rest = [path for path in _paths(trees[first]) if not any(_within(path, one) for one in paths)]
    kept = splice.apply(texts[first], [Edit(path, remove=True) for path in _outermost(rest, paths)]).text
    done: dict[str, Server] = {}
    own: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for one in whole:
            left = splice.apply(texts[one.name], [Edit(path, remove=True) for path in paths]).text
            if _is_encrypted(one):
                done[one.name] = one._replace(code=1, problem=f"{_SECRET} is encrypted: split before you encrypt")
            elif _proven(settings, one, [kept, left], Path(folder)) == one.verdict:
                own[one.name] = left
            else:
                done[one.name] = one._replace(code=1, problem="the split values do not prove as the whole did")
    if len(own) == len(whole):
        rest_of = [outputs.output(Path(one.folder) / _VALUES, own[one.name].encode("utf-8")) for one in whole]
        outputs.write([outputs.Output(file, kept.encode("utf-8"), None), *rest_of])
    return [done.get(one.name, one) for one in servers]


def shared(trees: Sequence[Mapping[str, Tree]]) -> list[ValuesPath]:
    """Return the outermost paths at which all trees hold the same."""
    first, *others = trees
    found: list[ValuesPath] = []
    for key, value in first.items():
        values = [one[key] for one in others if key in one]
        if len(values) < len(others):
            continue
        if all(same(value, one) for one in values):
            found.append((key,))
        elif isinstance(value, dict) and all(isinstance(one, dict) for one in values):
            below = shared([value, *(one for one in values if isinstance(one, dict))])
            found += ((key, *path) for path in below)
    return found


def _paths(tree: Tree, path: ValuesPath = ()) -> list[ValuesPath]:
    """Return the paths of all leaves; a list is one."""
    if not isinstance(tree, dict) or not tree:
        return [path] if path else []
    return [found for key, value in tree.items() for found in _paths(value, (*path, key))]


def _within(path: ValuesPath, outer: ValuesPath) -> bool:
    return path[: len(outer)] == outer


def _outermost(rest: Sequence[ValuesPath], kept: Sequence[ValuesPath]) -> list[ValuesPath]:
    """Return the paths to take out so that the rest goes and no empty map is left behind."""
    found: dict[ValuesPath, None] = {}
    for path in rest:
        depth = next(n for n in range(1, len(path) + 1) if not any(_within(one, path[:n]) for one in kept))
        found[path[:depth]] = None
    return list(found)


def _is_encrypted(server: Server) -> bool:
    from gcfg2helm.cli import inputs

    return inputs.encrypted(inputs.text(str(Path(server.folder) / _SECRET)) or "")


def _proven(settings: Settings, server: Server, texts: Sequence[str], folder: Path) -> str:
    """Return what `verify` says of a server with these layers and its own file of secrets; what it says to people is lost."""
    from gcfg2helm.cli import run

    layers = [folder / f"layer-{number}.yaml" for number, _ in enumerate(texts, 1)]
    for path, text in zip(layers, texts, strict=True):
        path.write_text(text, "utf-8")
    secret = Path(server.folder) / _SECRET
    first, *more = [*layers, *([secret] if secret.exists() else [])]
    line = ["verify", server.source, str(first), *(word for one in more for word in ("-f", str(one)))]
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(io.StringIO()):
        run([*line, *words(settings), "--format", "json"])
    try:
        return str(json.loads(said.getvalue())["verdict"])
    except (ValueError, KeyError):
        return ""
