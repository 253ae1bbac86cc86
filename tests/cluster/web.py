"""The internet of a rehearsal: a proxy that leads every HTTPS address to one server, with a certificate of our own for each.

It plays the repository of the chart and Connect's API; programs come to it through HTTPS_PROXY and SSL_CERT_FILE.
"""

from __future__ import annotations

import http.server
import io
import json
import shutil
import socketserver
import ssl
import subprocess
import tarfile
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CHART = "/charts/rstudio-connect-{version}.tgz"


def packed(folder: Path, version: str, connect: str, values: Mapping[str, Any]) -> bytes:
    """Return a chart of ours as an archive, with the name, version and default values that the real one has."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        head = (folder / "Chart.yaml").read_text(encoding="utf-8").replace("version: 0.0.0", f"version: {version}")
        texts = {"Chart.yaml": f"{head}appVersion: {connect}\n", "values.yaml": json.dumps(values)}
        texts |= {f"templates/{one.name}": one.read_text(encoding="utf-8") for one in (folder / "templates").iterdir()}
        for name, text in texts.items():
            content = text.encode()
            entry = tarfile.TarInfo(f"rstudio-connect/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def archive(folder: Path) -> bytes:
    """Return a chart that lies in a folder as an archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as packing:
        packing.add(folder, "rstudio-connect")
    return stream.getvalue()


def certificates(folder: Path, hosts: Sequence[str]) -> None:
    """Make `ca.pem`, and `server.pem` with the key of a certificate for the hosts."""
    names = ",".join(f"DNS:{host}" for host in hosts)
    commands = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=rehearsal",
        "openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server",
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.crt -extfile names",
    )
    (folder / "names").write_text(f"subjectAltName={names}\n", encoding="utf-8")
    for command in commands:
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    (folder / "server.pem").write_bytes((folder / "server.crt").read_bytes() + (folder / "server.key").read_bytes())


class Web:
    """The running proxy; `with Web(...) as web`. `calls` are the requests of Connect's API: method, host, path, body, key."""

    def __init__(self, folder: Path, hosts: Sequence[str], charts: Mapping[str, bytes]) -> None:
        certificates(folder, hosts)
        self.authority = folder / "ca.pem"
        self.charts = charts
        self.calls: list[tuple[str, str, str, Any, str]] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

            def finish(self) -> None:
                super().finish()
                self.connection.close()

            def do_CONNECT(self) -> None:
                self.send_response(200, "Connection established")
                self.end_headers()
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
                self.close_connection = False

            def do_GET(self) -> None:
                content = web.file(self.headers.get("Host", ""), self.path)
                self._send(*((200, content) if content is not None else self._call()))

            def do_DELETE(self) -> None:
                self._send(*self._call())

            def _call(self) -> tuple[int, bytes]:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                key = self.headers.get("Authorization", "")
                body = json.loads(raw) if raw else None
                web.calls.append((self.command, self.headers.get("Host", ""), self.path, body, key))
                if not self.path.endswith("/__api__/v1/system/caches/runtime") or not key.startswith("Key "):
                    return 404, b"{}"
                return (202, b'{"task_id": "1"}') if self.command == "DELETE" else (200, b'{"caches": []}')

            def _send(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = True

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def file(self, host: str, path: str) -> bytes | None:
        """Return a file of the chart's repository; None where it is not that host, or has none."""
        if not host.startswith("helm.rstudio.com"):
            return None
        if path == "/index.yaml":
            entries = [
                {"name": "rstudio-connect", "version": one, "apiVersion": "v2", "urls": [f"https://helm.rstudio.com{CHART.format(version=one)}"]}
                for one in self.charts
            ]  # fmt: skip
            return json.dumps({"apiVersion": "v1", "entries": {"rstudio-connect": entries}}).encode()
        return next((content for one, content in self.charts.items() if path == CHART.format(version=one)), None)


def available() -> bool:
    """Whether this machine has what the certificates are made with, and curl."""
    return bool(shutil.which("openssl") and shutil.which("curl"))
