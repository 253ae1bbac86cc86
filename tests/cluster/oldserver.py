"""The old server of a rehearsal: its disk as a folder, and programs on PATH that stand in for what no machine has."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# `sudo`: what Connect and systemd would do is only written down; for everything else paths lead below the folder.
_SUDO = """#!/bin/bash
printf '%s\\n' "$*" >> {disk}.calls
case "$1" in
/opt/rstudio-connect/*) exit 0 ;;
systemctl) [ "$2" != stop ] || {{ [ ! -e {disk}.late ] || . {disk}.late; }}; exit 0 ;;
esac
words=("$1")
for word in "${{@:2}}"; do
    case "$word" in
    /*) word={disk}$word ;;
    --listed-incremental=/*) word=--listed-incremental={disk}${{word#*=}} ;;
    esac
    words+=("$word")
done
exec "${{words[@]}}"
"""
# An editor: a person who knows the secrets writes them, from the folder `known` beside the disk.
_EDITOR = """#!/bin/bash
printf '%s\\n' "$1" >> {disk}.edited
cp "$(dirname {disk})/known/$1" "$1"
"""
# What seals a Secret for the cluster's controller, with kubeseal's own flags and no others; `operators` unseals it.
_KUBESEAL = """#!{python}
import argparse, base64, yaml
flags = argparse.ArgumentParser(allow_abbrev=False)
flags.add_argument("-o", "--format", choices=["json", "yaml"], required=True)
flags.add_argument("-f", "--secret-file", required=True)
flags.add_argument("-w", "--sealed-secret-file", required=True)
given = flags.parse_args()
made = []
for one in filter(None, yaml.safe_load_all(open(given.secret_file))):
    assert one["kind"] == "Secret", one["kind"]
    data = dict(one.get("data") or {{}})
    data |= {{key: base64.b64encode(value.encode()).decode() for key, value in one.get("stringData", {{}}).items()}}
    spec = {{"encryptedData": {{key: f"sealed({{value}})" for key, value in data.items()}}}}
    spec["template"] = {{"metadata": dict(one["metadata"]), "type": one["type"]}}
    head = {{"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": dict(one["metadata"])}}
    made.append(head | {{"spec": spec}})
yaml.safe_dump_all(made, open(given.sealed_secret_file, "w"))
"""


class OldServer:
    """A disk with what the fixtures name, and a folder of programs for PATH."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "disk"
        self.programs = folder / "bin"
        self.programs.mkdir(parents=True)
        for name, text in (("sudo", _SUDO), ("editor", _EDITOR), ("kubeseal", _KUBESEAL)):
            program = self.programs / name
            program.write_text(text.format(disk=self.disk, python=sys.executable), encoding="utf-8")
            program.chmod(0o755)

    def reset(self, data: str) -> Path:
        """Fill the disk anew, the data directory at `data`; what changes between copy and stop is in `.late`."""
        shutil.rmtree(self.disk, ignore_errors=True)
        for suffix in (".calls", ".late", ".edited"):
            self.disk.with_suffix(suffix).unlink(missing_ok=True)
        files = {
            f"{data}/db/secret.key": "key",
            f"{data}/apps/1/bundle with blanks.tar": "bundle",
            f"{data}/apps/1/gone": "deleted before the stop",
            "/etc/ssl/certs/example-ca.pem": "-----BEGIN CERTIFICATE-----\n",
            "/etc/rstudio-connect/client-secret": "client",
            "/etc/rstudio-connect/runtimes.yaml": "name: Kubernetes\nimages:\n  - name: ghcr.io/acme/content:1\n    r:\n      installations:\n        - version: 4.3.1\n          path: /opt/R/4.3.1/bin/R\n",
            "/etc/rstudio-connect/launcher.kubernetes.profiles.conf": "[*]\ndefault-cpus=1\n",
            "/etc/rstudio-connect/saml/sp.key": "-----BEGIN PRIVATE KEY-----\n",
            "/etc/rstudio-connect/saml/sp.crt": "-----BEGIN CERTIFICATE-----\n",
            "/etc/rstudio-connect/branding/logo.png": "\x89PNG\r\n\x1a\n\0",
            "/etc/rstudio-connect/tls/server.crt": "",
            "/etc/rstudio-connect/tls/server.key": "",
            "/var/tmp/.keep": "",
        }  # fmt: skip
        for path, text in files.items():
            file = self.disk / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="latin-1", newline="")
        os.utime(self.disk / data.lstrip("/"))
        folder = self.disk / data.lstrip("/") / "apps/1"
        late = f"rm -f {shlex.quote(f'{folder}/gone')}; echo late > {shlex.quote(f'{folder}/late')}\n"
        self.disk.with_suffix(".late").write_text(late, encoding="utf-8")
        return self.disk

    def calls(self) -> list[str]:
        """Return what was called with sudo."""
        file = self.disk.with_suffix(".calls")
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
