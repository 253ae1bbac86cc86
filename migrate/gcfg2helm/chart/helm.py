"""Real Helm: `helm template` on a chart's folder or archive, and the rstudio-connect.gcfg in what it renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FILE = "rstudio-connect.gcfg"
_PATIENCE = 120  # seconds


class HelmError(Exception):
    """Helm is absent, does not render, or renders no configuration; the message says which, and what Helm said."""


class RefusedError(HelmError):
    """Helm ran, and refused what it was given."""


def program(name: str = "") -> str:
    """Return the Helm to run: the given one, else the one on PATH. Raises HelmError where there is none."""
    import shutil

    found = shutil.which(name or "helm")
    if found is None:
        wanted = f"{name} is not a program" if name else "helm is not on PATH"
        raise HelmError(
            f"{wanted}; install Helm or name it with --helm, or leave --chart out to use the built-in model"
        )
    return found


class Helm(NamedTuple):
    """A Helm to run, and the chart that it renders."""

    program: str
    chart: Path

    def rendered(self, layers: Sequence[str], release: str, namespace: str) -> str:
        """Return the rstudio-connect.gcfg for values texts in Helm's order. Raises HelmError."""
        return rendered(self.program, self.chart, layers, release, namespace)

    def manifests(self, layers: Sequence[str], release: str, namespace: str) -> list[dict[str, Any]]:
        """Return all objects for values texts in Helm's order. Raises HelmError."""
        return manifests(self.program, self.chart, layers, release, namespace)


def rendered(helm: str, chart: Path, layers: Sequence[str], release: str, namespace: str) -> str:
    """Return the rstudio-connect.gcfg that `helm template` gives for values texts in Helm's order. Raises HelmError."""
    return configuration(manifests(helm, chart, layers, release, namespace))


def manifests(helm: str, chart: Path, layers: Sequence[str], release: str, namespace: str) -> list[dict[str, Any]]:
    """Return the objects that `helm template` gives for values texts in Helm's order.

    The texts may hold secrets: they are in a folder that only this user can read, and only while Helm runs.
    Raises HelmError.
    """
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="gcfg2helm-") as folder:
        command = [helm, "template", release, str(chart.absolute()), "--namespace", namespace]
        for number, text in enumerate(layers):
            file = Path(folder) / f"values-{number}.yaml"
            file.touch(mode=0o600)
            file.write_text(text, encoding="utf-8", newline="")
            command += ["-f", str(file)]
        output = run(command)
    return documents(output)


def run(command: list[str]) -> str:
    """Return what a command of Helm prints. Raises HelmError; RefusedError with what Helm said."""
    import subprocess

    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603 - the user's Helm
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HelmError(f"{command[0]}: {type(error).__name__}") from None
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise RefusedError("helm refuses: " + " ".join(said[-3:])[:2000])
    return done.stdout


def documents(output: str) -> list[dict[str, Any]]:
    """Return the objects that Helm printed. Raises HelmError."""
    import yaml

    # libyaml, of which Go's YAML is a port, reads all that Helm prints; the pure readers refuse some of it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return [one for one in yaml.load_all(output, loader) if isinstance(one, dict)]
    except (yaml.YAMLError, ValueError) as error:
        raise HelmError(f"what Helm printed cannot be read as YAML: {type(error).__name__}") from None


def configuration(objects: Sequence[dict[str, Any]]) -> str:
    """Return the rstudio-connect.gcfg among objects of a chart. Raises HelmError."""
    for one in objects:
        data = one.get("data") if one.get("kind") == "ConfigMap" else None
        if isinstance(data, dict) and _FILE in data:
            return str(data[_FILE])
    raise HelmError(f"the chart renders no ConfigMap with {_FILE}; is it rstudio-connect?")
