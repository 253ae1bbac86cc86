"""A PostgreSQL of the tests' own, in a temporary folder, at an address of the loopback network that nobody else has."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=Path())
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=20")


def available() -> bool:
    """Whether this machine has PostgreSQL."""
    return (PROGRAMS / "initdb").exists()


def _account() -> str | None:
    """Return the account for the server: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Postgres:
    """A running server; `with Postgres() as server`. Its port is 5432: the address is its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rehearsal-postgres-"))
        self.host = ""
        self._user = _account()

    def __enter__(self) -> Self:
        if self._user:
            shutil.chown(self.folder, self._user)
        data = self.folder / "data"
        self._run(
            PROGRAMS / "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--pgdata", data
        )
        for host in self._addresses():
            settings = [word for one in (*_SETTINGS, f"listen_addresses={host}", f"unix_socket_directories={self.folder}") for word in ("-c", one)]  # fmt: skip
            log = (self.folder / "log").open("wb")
            self._process = subprocess.Popen(
                [PROGRAMS / "postgres", "-D", data, "-p", "5432", *settings], stdout=log, stderr=log, user=self._user, cwd=self.folder
            )  # fmt: skip
            log.close()
            if self._answers(host):
                self.host = host
                return self
        raise RuntimeError((self.folder / "log").read_text(encoding="utf-8", errors="replace"))

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *words: object) -> None:
        subprocess.run([str(word) for word in words], check=True, capture_output=True, user=self._user, cwd=self.folder)

    def _addresses(self) -> Iterator[str]:
        for _ in range(5):
            yield f"127.{random.randint(2, 250)}.{random.randint(0, 250)}.{random.randint(2, 250)}"

    def _answers(self, host: str) -> bool:
        for _ in range(150):
            if self._process.poll() is not None:
                return False  # the address is taken
            done = subprocess.run([PROGRAMS / "pg_isready", "--quiet", "-h", host, "-p", "5432"], check=False)
            if done.returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def sql(self, text: str, database: str = "postgres", user: str = "postgres") -> str:
        """Run statements; return what the last one gives, a row a line. Raises CalledProcessError with the reason."""
        words = ["psql", "-h", self.host, "-U", user, "-d", database, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
