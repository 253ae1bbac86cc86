"""Files that settings name: which the pod lacks, how they are mounted, and how the old server's disk is read."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gcfg2helm import gcfg, tables
from gcfg2helm.chart import newest
from gcfg2helm.cli import disk
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Where
from gcfg2helm.masked import Secret
from gcfg2helm.plan import files, volumes
from gcfg2helm.plan.context import Context, Options
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.values import write

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.plan.context import FileReader

TABLES = tables.load()
CA = '[LDAP "x"]\nTLSCACertificate = '
KEY = "[OAuth2]\nClientSecretFile = "
NAME = "rsc-rstudio-connect-files-etc-x"


def build(
    text: str, read: dict[str, bytes | str] | None = None, answers: dict[str, Any] | None = None
) -> volumes.Mounts:
    """Return the mounts for a gcfg text, all of whose settings are carried; `read` is the old server's disk."""
    groups = group_entries([("f.gcfg", gcfg.parse(text, "f.gcfg"))], TABLES)
    options = Options() if read is None else Options(read_file=lambda path: read.get(path, "No such file"))
    chart = newest()
    ctx = Context(TABLES, groups, chart, Backend.LAUNCHER, "rsc", "connect", options, answers or {}, None)
    return files.build(ctx, list(groups.values()))


def codes(mounts: volumes.Mounts) -> list[str]:
    return [one.code for one in mounts.findings]


def values(mounts: volumes.Mounts) -> dict[str, Any]:
    """Return `pod` as the edits make it."""
    assert all(edit.path[0] == "pod" and len(edit.path) == 2 for edit in mounts.edits)
    return {edit.path[1]: edit.value for edit in mounts.edits}


def mount(path: str, name: str = "files-etc-x", key: str = "") -> dict[str, Any]:
    return {"name": name, "mountPath": path, "subPath": key or path.rpartition("/")[2], "readOnly": True}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CA, id="empty"),
        pytest.param(CA + "ca.pem", id="relative"),
        pytest.param("[SAML]\nIdPMetaDataPath = https://idp.example.org/metadata", id="url"),
        pytest.param('[SAML]\nIdPSigningCertificate = "-----BEGIN CERTIFICATE-----\\nMIIE"', id="pasted"),
        pytest.param(CA + "/var/lib/rstudio-connect/ca.pem", id="data-directory"),
        pytest.param(CA + "/mnt/x/../data/ca.pem\n[Server]\nDataDir = /mnt/data/", id="other-data-directory"),
        pytest.param(CA + "/etc/ssl/certs/ca-certificates.crt", id="image"),
        pytest.param("[R]\nExecutable = /srv/R/bin/R\n[Git]\nExecutable = /srv/git", id="programs"),
        pytest.param("[Logging]\nServiceLog = /var/log/x.log", id="log"),
        pytest.param("[Server]\nAddress = /etc/x", id="no-path"),
        pytest.param("[Server]\nTempDir = /tmp", id="temporary"),
        pytest.param("[Database]\nDir = /srv/db", id="directory-with-a-rule-of-its-own"),
    ],
)
def test_nothing_to_bring(text: str) -> None:
    assert build(text) == volumes.Mounts([], [], [], {}, [])


def test_a_certificate_comes_from_a_configmap() -> None:
    made = build(CA + "/etc/x/ca.pem")
    assert values(made) == {
        "volumes": [{"name": "files-etc-x", "configMap": {"name": NAME}}],
        "volumeMounts": [mount("/etc/x/ca.pem")],
    }
    (found,) = made.findings
    assert found.code == "G2H511"
    (command,) = found.commands
    assert command.text == f"kubectl create configmap {NAME} --namespace connect --from-file=ca.pem=/etc/x/ca.pem"
    assert command.where is Where.SERVER
    assert made.manifests == []


def test_a_key_comes_from_a_secret() -> None:
    made = build(KEY + "/etc/x/client")
    volume = {"name": "files-etc-x-keys", "secret": {"secretName": f"{NAME}-keys", "defaultMode": 256}}
    assert values(made) == {"volumes": [volume], "volumeMounts": [mount("/etc/x/client", "files-etc-x-keys")]}
    assert (
        made.findings[-1]
        .commands[0]
        .text.startswith(f"kubectl create secret generic {NAME}-keys --namespace connect --from-file=")
    )


def test_files_of_one_folder_and_kind_share_a_volume() -> None:
    text = f'{CA}/etc/x/b.pem\n[LDAP "y"]\nTLSCACertificate = /etc/x/a.pem\n[LDAP "z"]\nTLSCACertificate = /etc//x/b.pem\n{KEY}/etc/x/k'
    made = values(build(text))
    assert [one["name"] for one in made["volumes"]] == ["files-etc-x", "files-etc-x-keys"]
    assert made["volumeMounts"] == [
        mount("/etc/x/a.pem"),
        mount("/etc/x/b.pem"),
        mount("/etc/x/k", "files-etc-x-keys"),
    ]


TLS = "[HTTPS]\nCertificate = /etc/x/server.crt\nKey = /etc/x/server.key"


def test_the_certificate_of_the_ingress_is_read() -> None:
    """Where certificate and key are on the old server's disk, the ingress's Secret is made of them, and again next time."""
    read: dict[str, bytes | str] = {"/etc/x/server.crt": b"certificate", "/etc/x/server.key": b"key"}

    def certificates(*given: Any) -> list[Any]:
        return [
            one for one in build(*given).manifests if isinstance(one, dict) and one.get("type") == "kubernetes.io/tls"
        ]

    (made,) = certificates(TLS, read)
    assert made == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "rsc-rstudio-connect-tls", "namespace": "connect"},
        "type": "kubernetes.io/tls",
        "data": {key: Secret(base64.b64encode(value).decode()) for key, value in (("tls.crt", b"certificate"), ("tls.key", b"key"))},
    }  # fmt: skip
    assert certificates(TLS, read, {"ingress": {"tls": [{"secretName": "rsc-rstudio-connect-tls"}]}}) == [made]
    assert certificates(TLS, read, {"ingress": {"tls": [{"secretName": "another"}]}}) == []
    assert certificates(TLS, {"/etc/x/server.crt": b"certificate"}) == []
    assert certificates("[HTTPS]\nCertificate = /etc/x/server.crt", read) == []


def test_names_are_valid_and_differ() -> None:
    """Folders that look alike, long and strange names: every volume its own, and the same in each run."""
    folders = ["/a-b", "/a/b", "/A/b", "/" + "long/" * 20 + "x", "/" + "long/" * 20 + "y", "/ä ö", ""]
    text = "".join(f'[LDAP "{n}"]\nTLSCACertificate = "{folder}/C a.pem"\n' for n, folder in enumerate(folders))
    made = build(text, {f"{folder}/C a.pem": b"x" for folder in folders})
    names = [one["name"] for one in values(made)["volumes"]]
    assert len(set(names)) == len(folders)
    assert all(len(name) <= 63 for name in names)
    assert values(build(text, {f"{folder}/C a.pem": b"x" for folder in folders})) == values(made)
    validate(made)


def test_content_goes_into_the_manifests() -> None:
    text = f'{CA}/etc/x/ca.pem\n[LDAP "y"]\nTLSCACertificate = /etc/x/der\n{KEY}/etc/x/k'
    made = build(
        text,
        {"/etc/x/ca.pem": "Zertifikat für\r\nuns\n".encode(), "/etc/x/der": b"\x30\x82\xff", "/etc/x/k": b"topsecret"},
    )
    assert codes(made) == ["G2H505"]
    assert "topsecret" not in f"{made}"
    assert base64.b64encode(b"topsecret").decode() not in f"{made}"
    config, secret = validate(made)
    assert config["data"] == {"ca.pem": "Zertifikat für\r\nuns\n"}
    assert base64.b64decode(config["binaryData"]["der"]) == b"\x30\x82\xff"
    assert config["metadata"] == {"name": NAME, "namespace": "connect"}
    assert {key: base64.b64decode(value) for key, value in secret["data"].items()} == {"k": b"topsecret"}


def test_a_private_key_in_a_certificate_file_makes_a_secret() -> None:
    made = build(CA + "/etc/x/both.pem", {"/etc/x/both.pem": b"-----BEGIN PRIVATE KEY-----\nMIIE"})
    (secret,) = validate(made)
    assert secret["kind"] == "Secret"
    assert "MIIE" not in f"{made}"


def test_files_that_cannot_be_read_are_named() -> None:
    text = f'{CA}/etc/x/ca.pem\n[LDAP "y"]\nTLSCACertificate = /etc/x/gone.pem'
    made = build(text, {"/etc/x/ca.pem": b"x"})
    assert codes(made) == ["G2H512"]
    assert "No such file" in made.findings[0].what
    assert made.findings[0].todo == "Add to its manifest: gone.pem"
    assert not made.findings[0].commands
    assert len(values(made)["volumeMounts"]) == 2
    alone = build(CA + "/etc/x/gone.pem", {})
    assert alone.findings[0].commands[0].text.startswith(f"kubectl create configmap {NAME} ")


def test_an_object_holds_one_mebibyte() -> None:
    text = f'{CA}/etc/x/a\n[LDAP "y"]\nTLSCACertificate = /etc/x/b\n[LDAP "z"]\nTLSCACertificate = /etc/x/c'
    made = build(text, {"/etc/x/a": b"x" * (volumes.LIMIT - 1), "/etc/x/b": b"yy", "/etc/x/c": b"z"})
    assert codes(made) == ["G2H513"]
    assert "/etc/x/b" in made.findings[0].what
    assert [one["mountPath"] for one in values(made)["volumeMounts"]] == ["/etc/x/a", "/etc/x/c"]
    (config,) = validate(made)
    assert sorted(config["data"]) == ["a", "c"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/etc/rstudio-connect/rstudio-connect.gcfg", "G2H515"),
        ("/etc/rstudio-connect/execution-environments/ca.pem", "G2H515"),
        ("/etc/x/a:b.pem", "G2H515"),
        ("/etc/rstudio-connect/ca.pem", "G2H511"),
    ],
)
def test_the_charts_own_files_are_left_alone(path: str, code: str) -> None:
    made = build(CA + path)
    assert codes(made) == [code]
    assert bool(made.edits) is (code == "G2H511")


def test_directories_are_a_question() -> None:
    made = build("[Metrics]\nDataPath = /srv/metrics")
    assert codes(made) == ["G2H514"]
    assert made.edits == []


@pytest.mark.parametrize("place", ["/etc/x/ca.pem", "/etc/x", "/etc/x/"])
def test_what_values_yaml_mounts_is_there(place: str) -> None:
    answers = {"pod": {"volumeMounts": [{"name": "mine", "mountPath": place}]}}
    assert build(CA + "/etc/x/ca.pem", answers=answers) == volumes.Mounts([], [], [], {}, [])


def test_a_directory_that_values_yaml_mounts_is_there() -> None:
    answers = {"pod": {"volumeMounts": [{"name": "mine", "mountPath": "/srv"}]}}
    assert build("[Metrics]\nDataPath = /srv/metrics", answers=answers) == volumes.Mounts([], [], [], {}, [])


def test_a_second_run_edits_nothing_and_still_makes_the_manifests() -> None:
    read: dict[str, bytes | str] = {"/etc/x/ca.pem": b"x"}
    first = build(CA + "/etc/x/ca.pem", read)
    second = build(CA + "/etc/x/ca.pem", read, {"pod": values(first)})
    assert second == volumes.Mounts([], [], first.manifests, first.places, [])
    assert second.manifests


def validate(made: volumes.Mounts) -> list[dict[str, Any]]:
    """Return the objects as YAML reads them, and the pod's part within a Pod, all accepted by Kubernetes' schema."""
    objects = list(YAML(typ="safe", pure=True).load_all(write.documents(made.manifests)))
    pod = values(made)
    container = {"name": "c", "image": "i", "volumeMounts": pod["volumeMounts"]}
    spec = {"containers": [container], "volumes": pod["volumes"]}
    newest = kubernetes_validate.latest_version()
    for one in [*objects, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}]:
        kubernetes_validate.validate(one, newest, strict=True)
    return objects


# the old server's disk ------------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A server's disk, and beside it a file that must never be read."""
    (tmp_path / "outside").write_bytes(b"outside")
    folder = tmp_path / "root" / "etc"
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"a")
    (folder / "empty").touch()
    (folder / "most").write_bytes(b"x" * volumes.LIMIT)
    (folder / "more").write_bytes(b"x" * (volumes.LIMIT + 1))
    os.mkfifo(folder / "pipe")
    for name, target in {
        "relative": "a",
        "absolute": "/etc/a",
        "absolute-folder": "/etc",
        "up": "../etc/a",
        "out": "../../outside",
        "absolute-out": str(tmp_path / "outside"),
        "circle": "circle",
        "dangling": "nothing",
        "to-pipe": "pipe",
    }.items():
        (folder / name).symlink_to(target)
    return tmp_path / "root"


@pytest.mark.parametrize(
    "path",
    [
        "/etc/a",
        "etc/a",
        "//etc/./a",
        "/etc/../etc/a",
        "/etc/relative",
        "/etc/absolute",
        "/etc/absolute-folder/a",
        "/etc/up",
    ],
)
def test_disk_reads(root: Path, path: str) -> None:
    assert disk.disk(root)(path) == b"a"


def test_disk_reads_all_sizes_up_to_the_limit(root: Path) -> None:
    read = disk.disk(root)
    assert read("/etc/empty") == b""
    assert read("/etc/most") == b"x" * volumes.LIMIT


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("/../outside", "outside the root", id="dots"),
        pytest.param("/etc/../../outside", "outside the root", id="dots-inside"),
        pytest.param("/etc/out", "outside the root", id="link-out"),
        pytest.param("/etc/absolute-out", "No such file", id="absolute-link-out"),
        pytest.param("/etc/circle", "symbolic links", id="circle"),
        pytest.param("/etc/dangling", "No such file", id="dangling"),
        pytest.param("/etc/gone", "No such file", id="missing"),
        pytest.param("/etc/a/b", "Not a directory", id="below-a-file"),
        pytest.param("/etc", "not a regular file", id="directory"),
        pytest.param("/", "not a regular file", id="root"),
        pytest.param("/etc/pipe", "not a regular file", id="pipe"),
        pytest.param("/etc/to-pipe", "not a regular file", id="link-to-pipe"),
        pytest.param("/etc/more", "larger than 1 MiB", id="too-large"),
        pytest.param("/etc/a\0b", "no file name", id="nul"),
        pytest.param("/" + "x" * 5000, "too long", id="long"),
    ],
)
def test_disk_says_why_not(root: Path, path: str, reason: str) -> None:
    said = disk.disk(root)(path)
    assert isinstance(said, str)
    assert reason in said


def test_disk_refuses_devices(root: Path) -> None:
    try:
        os.mknod(root / "null", 0o020666, os.makedev(1, 3))
    except OSError:
        pytest.skip("only root may make devices")
    assert disk.disk(root)("/null") == "it is not a regular file"


def test_disk_cannot_read_what_is_forbidden(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    assert disk.disk(root)("/etc/a") == "Permission denied"


def test_disk_needs_no_root(tmp_path: Path) -> None:
    assert disk.disk(tmp_path / "gone")("/etc/a") == "No such file or directory"


_NAMES = st.sampled_from(
    ["etc", "a", "..", ".", "", "relative", "absolute-folder", "out", "up", "circle", "outside", "pipe"]
)


@given(data=st.lists(_NAMES, max_size=8))
def test_disk_never_leaves_the_root(data: list[str], reader: FileReader) -> None:
    assert reader("/".join(data)) != b"outside"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FileReader:
    """A reader of a disk made once, for the property."""
    base = tmp_path_factory.mktemp("disk")
    (base / "outside").write_bytes(b"outside")
    folder = base / "root" / "etc"
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"a")
    for name, target in {
        "relative": "a",
        "absolute-folder": "/etc",
        "out": "../../outside",
        "up": "..",
        "circle": "circle",
    }.items():
        (folder / name).symlink_to(target)
    return disk.disk(base / "root")
