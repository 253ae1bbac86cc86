"""The words that options choose among; in a module of their own, so that the command line starts without the rest."""

from __future__ import annotations

from enum import Enum


class Backend(Enum):
    """What starts content in the cluster: the launcher, or Connect's own runner (chart 0.9.0 on)."""

    LAUNCHER = "launcher"
    KUBERNETES = "kubernetes"


class SecretMode(Enum):
    """Where secrets go (`--secrets`)."""

    SEPARATE = "separate"
    SOPS = "sops"
    SEALED = "sealed"
    EXTERNAL = "external"
    EXISTING = "existing"
    INLINE = "inline"

    @property
    def makes_secrets(self) -> bool:
        """Whether Kubernetes Secrets are written, with their values."""
        return self in (SecretMode.SEPARATE, SecretMode.SOPS, SecretMode.SEALED)

    @property
    def makes_values(self) -> bool:
        """Whether the second values file is written."""
        return self.makes_secrets or self is SecretMode.EXTERNAL


class Tls(Enum):
    """Where TLS ends (`--tls`)."""

    INGRESS = "ingress"
    POD = "pod"


class ChartDefaults(Enum):
    """Whose defaults count under `config` where the gcfg is silent (`--chart-defaults`)."""

    SERVER = "server"
    CHART = "chart"


class CommentMode(Enum):
    """Which comments of the gcfg come along (`--comments`)."""

    ALL = "all"
    OWN = "own"
    NONE = "none"


class FailOn(Enum):
    """From which level of findings on a command fails (`--fail-on`)."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Prefer(Enum):
    """Who wins under `config` where the gcfg and values.yaml say different things (`--prefer`)."""

    GCFG = "gcfg"
    VALUES = "values"
