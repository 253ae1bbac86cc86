"""What runs in a pod of the double: real programs of this machine, their paths below a mount led to the claim's folder."""

from __future__ import annotations

import asyncio
import json
import posixpath
import shutil
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255  # the channels of v5.channel.k8s.io
PROTOCOL = "v5.channel.k8s.io"
_ALLOWED = frozenset({"cat", "du", "env", "false", "ls", "pg_isready", "sh", "tar", "test", "true"})


class Pods:
    """The disks and the network of the cluster: a folder for each claim, variables that stand for its name service."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.logs: dict[tuple[str, str], bytes] = {}

    def claim(self, namespace: str, name: str) -> Path:
        """Return the folder of a claim."""
        path = self.folder / namespace / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _inside(self, pod: dict[str, Any], word: str) -> str:
        """Return a word of a command with the folder of a claim in the place of the path where the pod mounts it."""
        spec = pod["spec"]
        claims = {
            one["name"]: one["persistentVolumeClaim"]["claimName"]
            for one in spec.get("volumes") or []
            if "persistentVolumeClaim" in one
        }
        for mount in spec["containers"][0].get("volumeMounts") or []:
            path = mount["mountPath"]
            if mount["name"] in claims and (word == path or word.startswith(path.rstrip("/") + "/")):
                folder = self.claim(pod["metadata"]["namespace"], claims[mount["name"]]) / mount.get("subPath", "")
                folder.mkdir(parents=True, exist_ok=True)
                return posixpath.normpath(f"{folder}/{word[len(path) :]}")
        return word

    async def run(
        self, pod: dict[str, Any], words: Sequence[str], read: Callable[[], Awaitable[bytes]] | None,
        write: Callable[[int, bytes], Awaitable[None]],
    ) -> int:  # fmt: skip
        """Run a program as in the pod, with what `read` gives as its input; return its exit code."""
        if not words or words[0] not in _ALLOWED or shutil.which(words[0]) is None:
            await write(STDERR, f"exec: {words[0] if words else ''}: executable file not found in $PATH\n".encode())
            return 127
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(self._inside(pod, word) for word in words), stdin=pipe, stdout=pipe, stderr=pipe,
            env={"PATH": "/usr/bin:/bin", **self.environment},
        )  # fmt: skip
        assert process.stdin is not None
        feeding = asyncio.create_task(_feed(process.stdin, read))
        await asyncio.gather(
            *(
                _drain(stream, channel, write)
                for stream, channel in ((process.stdout, STDOUT), (process.stderr, STDERR))
                if stream is not None
            )
        )
        code = await process.wait()
        feeding.cancel()
        return code


async def _feed(stream: asyncio.StreamWriter, read: Callable[[], Awaitable[bytes]] | None) -> None:
    try:
        while read is not None and (data := await read()):
            stream.write(data)
            await stream.drain()
    except (ConnectionResetError, BrokenPipeError):
        return
    stream.close()


async def _drain(stream: asyncio.StreamReader, channel: int, write: Callable[[int, bytes], Awaitable[None]]) -> None:
    while data := await stream.read(65536):
        await write(channel, data)


async def serve(pods: Pods, pod: dict[str, Any], request: web.Request, words: Sequence[str]) -> tuple[web.StreamResponse, int]:  # fmt: skip
    """Answer `exec` or `attach` over a WebSocket: run the program, hand over its streams and its exit code."""
    socket = web.WebSocketResponse(protocols=(PROTOCOL,), max_msg_size=0)
    await socket.prepare(request)
    wants_input = request.query.get("stdin") in ("true", "1")

    async def read() -> bytes:
        async for message in socket:
            if message.type is WSMsgType.BINARY and message.data[:1] == bytes([STDIN]) and len(message.data) > 1:
                return bytes(message.data[1:])
            if message.type is WSMsgType.BINARY and message.data == bytes([CLOSE, STDIN]):
                return b""
        return b""

    logged = bytearray()

    async def write(channel: int, data: bytes) -> None:
        logged.extend(data)
        if not socket.closed:
            await socket.send_bytes(bytes([channel]) + data)

    code = await pods.run(pod, words, read if wants_input else None, write)
    attached = request.path.endswith("/attach")  # who attaches reads the exit code from the pod's status
    if attached:
        pods.logs[pod["metadata"]["namespace"], pod["metadata"]["name"]] = bytes(logged)
    status: dict[str, Any] = {"metadata": {}, "status": "Success"}
    if code and not attached:
        causes = [{"reason": "ExitCode", "message": str(code)}]
        message = f"command terminated with non-zero exit code: exit status {code}"
        status = {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "message": message, "details": {"causes": causes}}  # fmt: skip
    if not socket.closed:
        await socket.send_bytes(bytes([ERROR]) + json.dumps(status).encode())
        await socket.close()
    return socket, code
