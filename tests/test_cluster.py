"""The double of a cluster: real kubectl works with it as with a real one, and what a real one refuses it refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from cluster.server import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is absent (Debian: kubernetes-client)")

CLAIM = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
OVERRIDE = {"containers": [{"name": "copy", "image": "debian", "command": ["sleep", "infinity"], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}], "volumes": [CLAIM]}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One double for all tests here; each begins with an empty one."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    running.reset()
    return running


def kubectl(cluster: Cluster, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run kubectl against the double."""
    config = cluster.kubeconfig(cluster.folder / "kubeconfig")
    environment = {**os.environ, "KUBECONFIG": str(config)}
    return subprocess.run(
        ["kubectl", *words], env=environment, input=given, capture_output=True, text=True, check=False, timeout=60
    )


def apply(cluster: Cluster, kind: str, spec: dict[str, Any], name: str = "data", api: str = "v1") -> str:
    """Apply an object and return what kubectl says, its complaints included."""
    made = {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **spec}
    done = kubectl(cluster, "apply", "-f", "-", given=json.dumps(made))
    return done.stdout + done.stderr


def claim(**more: Any) -> dict[str, Any]:
    return {"spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}, **more}}


def test_the_kinds_are_discovered(cluster: Cluster) -> None:
    """kubectl finds every kind by its plural and its short name."""
    listed = kubectl(cluster, "api-resources").stdout
    assert "persistentvolumeclaims   pvc" in listed
    assert "ingresses" in listed
    assert kubectl(cluster, "get", "sc", "standard").stdout.count("standard") == 1


def test_applying_twice_changes_nothing(cluster: Cluster) -> None:
    """The second apply is a patch; what others wrote stays, what was taken out goes."""
    assert apply(cluster, "ConfigMap", {"data": {"a": "1", "b": "2"}}) == "configmap/data created\n"
    assert apply(cluster, "ConfigMap", {"data": {"a": "1", "b": "2"}}) == "configmap/data unchanged\n"
    assert apply(cluster, "ConfigMap", {"data": {"a": "3"}}) == "configmap/data configured\n"
    stored = cluster.get("configmaps", "default", "data")
    assert stored is not None
    assert stored["data"] == {"a": "3"}


@pytest.mark.parametrize(("kind", "spec", "said"), [
    pytest.param("ConfigMap", {"data": {"a": 1}}, "data", id="a number where text belongs"),
    pytest.param("ConfigMap", {"dato": {"a": "1"}}, "dato", id="an unknown field"),
    pytest.param("ConfigMap", {"data": {"a/b": "1"}}, "a/b", id="a key with a slash"),
    pytest.param("ConfigMap", {"metadata": {"name": "Data"}}, "Invalid value: 'Data'", id="a name with a capital"),
    pytest.param("ConfigMap", {"metadata": {"name": "x", "namespace": "none"}}, "not found", id="a namespace that is not there"),
    pytest.param("Secret", {"data": {"a": "%"}}, "base64", id="no base64"),
    pytest.param("Secret", {"data": {"tls.crt": ""}, "type": "kubernetes.io/tls"}, "tls.key", id="half a certificate"),
    pytest.param("PersistentVolumeClaim", claim(resources={"requests": {"storage": "many"}}), "'many'", id="no quantity"),
])  # fmt: skip
def test_what_is_refused(cluster: Cluster, kind: str, spec: dict[str, Any], said: str) -> None:
    """The schemas are Kubernetes' own, strict; names, keys and quantities are checked besides."""
    assert said in apply(cluster, kind, spec)


def test_typed_clients_send_protobuf(cluster: Cluster) -> None:
    """`kubectl create` does, and so does Helm for its releases."""
    assert kubectl(cluster, "create", "namespace", "x").returncode == 0
    words = ("create", "secret", "generic", "s", "--namespace=x", "--from-literal=key=a b")
    assert kubectl(cluster, *words).stdout == "secret/s created\n"
    assert "already exists" in kubectl(cluster, *words).stderr
    stored = cluster.get("secrets", "x", "s")
    assert stored is not None
    assert (stored["data"], stored["type"]) == ({"key": "YSBi"}, "Opaque")


def test_what_cannot_change(cluster: Cluster) -> None:
    """The class of a claim is for good."""
    apply(cluster, "PersistentVolumeClaim", claim())
    assert "immutable" in apply(cluster, "PersistentVolumeClaim", claim(storageClassName="other"))


def test_a_dry_run_stores_nothing(cluster: Cluster) -> None:
    """The server checks and forgets."""
    made = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}})
    assert "created (server dry run)" in kubectl(cluster, "apply", "--dry-run=server", "-f", "-", given=made).stdout
    assert cluster.get("secrets", "default", "x") is None


def test_claims_are_bound_where_they_can_be(cluster: Cluster) -> None:
    """A class of the cluster, or the volume that is named, if class and modes fit; else the claim waits."""
    nfs = {"server": "n", "path": "/d"}
    volume = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany"], "storageClassName": "nfs", "nfs": nfs}
    apply(cluster, "PersistentVolume", {"spec": volume}, name="v")
    wanted = {
        "default": claim(),
        "nowhere": claim(storageClassName="none"),
        "volume": claim(storageClassName="nfs", volumeName="v"),
        "other": claim(storageClassName="nfs", volumeName="v"),
    }
    phases = {}
    for name, spec in wanted.items():
        apply(cluster, "PersistentVolumeClaim", spec, name=name)
        phases[name] = (cluster.get("persistentvolumeclaims", "default", name) or {})["status"]["phase"]
    assert phases == {"default": "Bound", "nowhere": "Pending", "volume": "Bound", "other": "Pending"}


def test_a_deployment_waits_for_what_it_refers_to(cluster: Cluster) -> None:
    """It is ready when the Secret has the key, and not before."""
    reference = {"secretKeyRef": {"name": "s", "key": "k"}}
    container = {"name": "c", "image": "i", "env": [{"name": "A", "valueFrom": reference}]}
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [container]}}
    apply(
        cluster,
        "Deployment",
        {"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template}},
        api="apps/v1",
    )
    status = ("rollout", "status", "deployment/data", "--timeout=1s")
    assert kubectl(cluster, *status).returncode != 0
    apply(cluster, "Secret", {"stringData": {"other": "x"}}, name="s")
    assert "couldn't find key k" in kubectl(cluster, "get", "pods", "-o", "yaml").stdout
    apply(cluster, "Secret", {"stringData": {"k": "x"}}, name="s")
    assert "successfully rolled out" in kubectl(cluster, *status).stdout
    assert "Starting Posit Connect" in kubectl(cluster, "logs", "deployment/data").stdout


def test_programs_run_in_pods(cluster: Cluster, tmp_path: Path) -> None:
    """`exec` carries input, output and exit code; the claim keeps what is written below its mount."""
    apply(cluster, "PersistentVolumeClaim", claim())
    overrides = f"--overrides={json.dumps({'spec': OVERRIDE})}"
    kubectl(cluster, "run", "copy", "--image=debian", "--restart=Never", overrides)
    assert "condition met" in kubectl(cluster, "wait", "--for=condition=Ready", "pod/copy", "--timeout=5s").stdout
    (tmp_path / "f").write_text("x" * 100_000, encoding="utf-8")
    archive = subprocess.run(["tar", "-C", str(tmp_path), "-cf", "-", "."], capture_output=True, check=True).stdout
    done = subprocess.run(
        ["kubectl", "exec", "-i", "copy", "--", "tar", "-C", "/data", "-xf", "-"], input=archive, check=False,
        env={**os.environ, "KUBECONFIG": str(cluster.folder / "kubeconfig")},
    )  # fmt: skip
    assert done.returncode == 0
    assert (cluster.pods.claim("default", "data") / "f").stat().st_size == 100_000
    assert kubectl(cluster, "exec", "copy", "--", "test", "-e", "/data/f").returncode == 0
    assert kubectl(cluster, "exec", "copy", "--", "false").returncode == 1


def test_a_pod_for_one_command(cluster: Cluster) -> None:
    """`kubectl run --rm -i` gives the exit code of the program and leaves nothing behind."""
    start = ("run", "one", "--rm", "-i", "--restart=Never", "--image=debian", "--command", "--")
    assert kubectl(cluster, *start, "true").returncode == 0
    assert kubectl(cluster, *start, "false").returncode == 1
    assert cluster.get("pods", "default", "one") is None


def test_external_secrets_are_made_of_a_store(cluster: Cluster) -> None:
    """kubectl waits for what the store lacks, and the Secret is there once it has every property; TODO is refused."""
    data = [{"secretKey": key, "remoteRef": {"key": "entry", "property": key}} for key in ("a", "tls.key")]
    spec = {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"}, "target": {"name": "s"}, "data": data}
    wrong = {**spec, "secretStoreRef": {"name": "TODO"}}
    made = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "s"}}
    for way in ("client", "server"):
        said = kubectl(cluster, "apply", f"--dry-run={way}", "-f", "-", given=json.dumps({**made, "spec": spec}))
        assert f"created ({'server ' if way == 'server' else ''}dry run)" in said.stdout, said.stderr
    assert "does not match" in apply(cluster, "ExternalSecret", {"spec": wrong}, "s", "external-secrets.io/v1")
    cluster.store.vaults = {"ClusterSecretStore/vault": {"entry": {"a": b"1"}}}
    apply(cluster, "ExternalSecret", {"spec": spec}, "s", "external-secrets.io/v1")
    wait = ("wait", "--for=condition=Ready", "externalsecret/s", "--timeout=1s")
    assert kubectl(cluster, *wait).returncode == 1
    assert cluster.get("secrets", "default", "s") is None
    cluster.store.vaults["ClusterSecretStore/vault"]["entry"]["tls.key"] = b"\xff"
    apply(cluster, "ConfigMap", {"data": {}})  # something happens, and the operator looks again
    assert kubectl(cluster, *wait).returncode == 0
    assert (cluster.get("secrets", "default", "s") or {})["data"] == {"a": "MQ==", "tls.key": "/w=="}


def test_the_values_of_a_manifest_as_the_stores_take_them(cluster: Cluster) -> None:
    """The command of docs/how-to/secrets.md: one JSON object for `vault kv put ... @FILE` and its like."""
    made = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"a": 'x"y\nz', "b": "\u00e9"},
    }
    words = ("create", "--dry-run=client", "-f", "-", "-o", "jsonpath={.stringData}")
    assert json.loads(kubectl(cluster, *words, given=json.dumps(made)).stdout) == made["stringData"]
