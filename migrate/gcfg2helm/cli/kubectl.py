"""What the cluster at hand offers, asked with kubectl: names of a few kinds of objects, read only, with a time limit."""

import json
import os
import shutil
import subprocess

_SECONDS = 5
_MOST = 20  # names of one kind; more is no choice


class Cluster:
    """A cluster that kubectl reaches, in a namespace; after the first failure it is asked no more."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.problem = ""
        context = os.environ.get("HELM_KUBECONTEXT", "")
        self._words = ["kubectl", *(["--context", context] if context else []), f"--request-timeout={_SECONDS}s"]

    def names(self, kind: str, *, everywhere: bool = True) -> list[str]:
        """Return the names of the objects of a kind, `storageclasses`, in order; nothing where kubectl cannot tell.

        Of several kinds, apart by commas, each name has its kind before it. A kind that the cluster lacks has no names.
        """
        if self.problem:
            return []
        where = [] if everywhere else ["--namespace", self.namespace]
        words = [*self._words, *where, "get", kind, "--output", "json"]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_SECONDS + 3)  # noqa: S603 - fixed words
            listed = json.loads(done.stdout)["items"] if done.returncode == 0 else []
            several = "," in kind
            names = sorted((f"{one['kind']}/" if several else "") + str(one["metadata"]["name"]) for one in listed)
        except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
            self.problem = "the cluster does not answer"
            return []
        if done.returncode and "have a resource type" not in done.stderr:
            self.problem = next((line for line in done.stderr.splitlines() if line), "kubectl failed")
        return names[:_MOST]


def reachable(namespace: str) -> Cluster | None:
    """Return the cluster of kubectl's current context; None where there is no kubectl, or no context is configured."""
    if shutil.which("kubectl") is None:
        return None
    if os.environ.get("HELM_KUBECONTEXT"):
        return Cluster(namespace)
    try:
        words = ["kubectl", "config", "current-context"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Cluster(namespace) if done.returncode == 0 and done.stdout.strip() else None
