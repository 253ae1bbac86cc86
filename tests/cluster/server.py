"""The server itself: discovery, objects, patches, dry runs, watches, logs; in a thread of its own."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import yaml
from aiohttp import web

from cluster import controllers, patches, programs, protobuf
from cluster.admission import RefusedError, admitted
from cluster.kinds import KINDS, Kind, schema
from cluster.store import Key, Store, matches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VERSION = {"major": "1", "minor": "32", "gitVersion": "v1.32.0", "platform": "linux/amd64", "goVersion": "go1.23"}
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_PATCHES = {
    "application/json-patch+json": lambda old, body, _: patches.json_patch(old, body),
    "application/merge-patch+json": lambda old, body, _: patches.merge(old, body),
    "application/strategic-merge-patch+json": patches.strategic,
    "application/apply-patch+yaml": patches.apply,
}


class Request(NamedTuple):
    """A request that was made."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


class _Target(NamedTuple):
    """What a path means: a kind, and where it is said a namespace, a name, a part of it."""

    kind: Kind
    namespace: str
    name: str
    part: str


class Cluster:
    """A running double; `with Cluster(...) as cluster`. `environment` is what programs in its pods find."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.store = Store()
        self.pods = programs.Pods(folder, environment or {})
        self.requests: list[Request] = []
        self.url = ""
        self._programs: list[asyncio.Task[None]] = []  # a task that nobody holds may vanish
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._open())
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _open(self) -> None:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def _close(self) -> None:
        """Stop listening, and end whatever still waits: a watch that its client forgot, a program in a pod."""
        await self._runner.cleanup()
        waiting = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    # what tests do with it -------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Empty the cluster, but for what every cluster has: the namespace `default`, a storage class, an ingress class."""

        async def work() -> None:
            self.store.objects.clear()
            self.requests.clear()
            controllers.settle(self.store)

        self._call(work())
        self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "example.com/nfs"}
        self.put({**head, "metadata": {"name": "standard", "annotations": default}})
        controller = {"controller": "k8s.io/ingress-nginx"}
        self.put({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": controller})  # fmt: skip

    def put(self, made: dict[str, Any]) -> None:
        """Create or replace an object, as an administrator would."""

        async def work() -> None:
            kind = next(one for one in KINDS if (one.api_version, one.kind) == (made["apiVersion"], made["kind"]))
            if kind.namespaced:
                made["metadata"].setdefault("namespace", "default")
            self.store.put(kind, admitted(self.store, kind, copy.deepcopy(made), None))
            controllers.settle(self.store)

        self._call(work())

    def get(self, plural: str, namespace: str, name: str) -> dict[str, Any] | None:
        """Return an object; None where there is none."""
        return copy.deepcopy(self.store.get(plural, namespace, name))

    def kubeconfig(self, path: Path, namespace: str = "default") -> Path:
        """Write a configuration for clients."""
        context = {"cluster": "double", "user": "admin", "namespace": namespace}
        content = {
            "apiVersion": "v1", "kind": "Config", "current-context": "double",
            "clusters": [{"name": "double", "cluster": {"server": self.url}}],
            "users": [{"name": "admin", "user": {"token": "token"}}],
            "contexts": [{"name": "double", "context": context}],
        }  # fmt: skip
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    # requests --------------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read() if request.can_read_body else b""
        try:
            body = _body(request.content_type, raw)
        except ValueError as error:
            return _status(415, "UnsupportedMediaType", str(error))
        self.requests.append(Request(request.method, request.path, dict(request.query), body))
        try:
            return await self._routed(request, body)
        except RefusedError as error:
            return _status(error.status, error.reason, error.message)

    async def _routed(self, request: web.Request, body: Any) -> web.StreamResponse:
        words = request.path.strip("/").split("/")
        if (known := _discovery(words)) is not None:
            return web.json_response(known)
        target = _target(words)
        if target.kind.namespaced and not target.namespace and request.method != "GET":
            raise RefusedError(404, "NotFound", f"{request.path} needs a namespace")
        if target.kind.plural == "pods" and target.part in ("exec", "attach", "log"):
            return await self._pod(request, target)
        if target.kind.plural == "deployments" and target.part == "scale":
            return self._scale(request, target, body)
        if target.part not in ("", "status"):
            raise RefusedError(404, "NotFound", f"the double does not serve {target.part}")
        match request.method:
            case "GET" if request.query.get("watch") in ("true", "1"):
                return await self._watch(request, target)
            case "GET":
                return self._read(request, target)
            case "POST":
                return self._create(request, target, body)
            case "PUT" | "PATCH":
                return self._change(request, target, body)
            case "DELETE":
                return self._delete(request, target, body)
        raise RefusedError(405, "MethodNotAllowed", request.method)

    def _existing(self, target: _Target) -> dict[str, Any]:
        found = self.store.get(target.kind.plural, target.namespace, target.name)
        if found is None:
            group = f".{target.kind.group}" if target.kind.group else ""
            raise RefusedError(404, "NotFound", f'{target.kind.plural}{group} "{target.name}" not found')
        return found

    def _read(self, request: web.Request, target: _Target) -> web.Response:
        if target.name:
            return web.json_response(self._existing(target))
        items = self._listed(request, target)
        head = {"apiVersion": target.kind.api_version, "kind": f"{target.kind.kind}List"}
        return web.json_response({**head, "metadata": {"resourceVersion": str(self.store.revision)}, "items": items})

    def _listed(self, request: web.Request, target: _Target) -> list[dict[str, Any]]:
        labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
        return [one for one in self.store.all(target.kind.plural, target.namespace) if matches(one, labels, fields)]

    async def _watch(self, request: web.Request, target: _Target) -> web.StreamResponse:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
        since = int(request.query.get("resourceVersion") or 0)
        entry = (target.kind.plural, queue)
        self.store.watchers.append(entry)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        try:
            await response.prepare(request)
            for one in self._listed(request, target):
                if int(one["metadata"]["resourceVersion"]) > since:
                    queue.put_nowait({"type": "ADDED" if not since else "MODIFIED", "object": copy.deepcopy(one)})
            until = asyncio.get_running_loop().time() + float(request.query.get("timeoutSeconds") or 60)
            while (left := until - asyncio.get_running_loop().time()) > 0:
                try:
                    event = await asyncio.wait_for(queue.get(), left)
                except TimeoutError:
                    break
                made = event["object"]
                if target.namespace in ("", made["metadata"].get("namespace")) and matches(made, labels, fields):
                    await response.write(json.dumps(event).encode() + b"\n")
        except ConnectionResetError:
            pass  # who watched has gone
        finally:
            self.store.watchers.remove(entry)
        return response

    def _create(self, request: web.Request, target: _Target, body: Any) -> web.Response:
        if target.kind.plural == "serviceaccounts" and target.part == "token":
            return web.json_response({"status": {"token": "token"}}, status=201)
        metadata = body.setdefault("metadata", {})
        if "name" not in metadata and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + uuid.uuid4().hex[:5]
        body = self._prepared(target._replace(name=metadata.get("name", "")), body)
        if self.store.get(target.kind.plural, target.namespace, metadata["name"]) is not None:
            group = f".{target.kind.group}" if target.kind.group else ""
            raise RefusedError(409, "AlreadyExists", f'{target.kind.plural}{group} "{metadata["name"]}" already exists')
        return self._saved(request, target, body, None, 201)

    def _prepared(self, target: _Target, body: dict[str, Any]) -> dict[str, Any]:
        """Check that what is sent is of the kind and the name that the path says."""
        body.setdefault("apiVersion", target.kind.api_version)
        body.setdefault("kind", target.kind.kind)
        metadata = body.setdefault("metadata", {})
        if (body["apiVersion"], body["kind"]) != (target.kind.api_version, target.kind.kind):
            raise RefusedError(400, "BadRequest", f"{body['kind']} is not a {target.kind.kind}")
        if not target.name or metadata.setdefault("name", target.name) != target.name:
            raise RefusedError(400, "BadRequest", "the name of the object does not match the name on the URL")
        if target.kind.namespaced and metadata.setdefault("namespace", target.namespace) != target.namespace:
            raise RefusedError(400, "BadRequest", "the namespace of the object does not match the namespace on the URL")
        return body

    def _change(self, request: web.Request, target: _Target, body: Any) -> web.Response:
        old = self.store.get(target.kind.plural, target.namespace, target.name)
        if request.method == "PUT":
            made = body
            self._existing(target)
        else:
            if old is None and "apply" not in request.content_type:
                self._existing(target)
            try:
                change = _PATCHES[request.content_type]
            except KeyError:
                raise RefusedError(415, "UnsupportedMediaType", request.content_type) from None
            made = change(copy.deepcopy(old), body, schema(target.kind))
        made = self._prepared(target, made)
        if old is not None:
            made["metadata"] = {**made["metadata"], "uid": old["metadata"]["uid"]}
            made.setdefault("status", old["status"]) if "status" in old else None
        return self._saved(request, target, made, old, 200 if old else 201)

    def _saved(
        self, request: web.Request, target: _Target, made: dict[str, Any], old: dict[str, Any] | None, status: int
    ) -> web.Response:
        made = admitted(self.store, target.kind, made, old)
        if request.query.get("dryRun") == "All":
            metadata = {"uid": str(uuid.uuid4()), "creationTimestamp": "2026-01-01T00:00:00Z", **made["metadata"]}
            return web.json_response({**made, "metadata": metadata}, status=status)
        made = self.store.put(target.kind, made)
        controllers.settle(self.store)
        self._start_program(made)
        key = Key(target.kind.plural, target.namespace, target.name or made["metadata"]["name"])
        return web.json_response(self.store.objects.get(key, made), status=status)

    def _delete(self, request: web.Request, target: _Target, body: Any) -> web.Response:
        if not target.name:
            raise RefusedError(405, "MethodNotAllowed", "the double deletes single objects")
        found = self._existing(target)
        if request.query.get("dryRun") != "All" and (body or {}).get("dryRun") != ["All"]:
            self.store.remove(Key(target.kind.plural, target.namespace, target.name))
            controllers.settle(self.store)
        return web.json_response(found)

    def _scale(self, request: web.Request, target: _Target, body: Any) -> web.Response:
        """Read or change the number of replicas."""
        found = self._existing(target)
        if request.method in ("PUT", "PATCH"):
            spec = {**found["spec"], "replicas": body["spec"]["replicas"]}
            self.store.put(target.kind, {**found, "spec": spec})
            controllers.settle(self.store)
            found = self._existing(target)
        head = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": found["metadata"]}
        replicas = found["spec"].get("replicas", 1)
        return web.json_response({**head, "spec": {"replicas": replicas}, "status": {"replicas": replicas}})

    # pods ------------------------------------------------------------------------------------------------------------

    async def _pod(self, request: web.Request, target: _Target) -> web.StreamResponse:
        pod = self._existing(target)
        namespace, name = target.namespace, target.name
        if target.part == "log":
            log = self.pods.logs.get((namespace, name), b"Starting Posit Connect\n")
            return web.Response(body=log, content_type="text/plain")
        if pod["status"]["phase"] != "Running":
            raise RefusedError(400, "BadRequest", f"pod {name} is {pod['status']['phase']}")
        if "websocket" not in request.headers.get("Upgrade", "").lower():
            raise RefusedError(400, "BadRequest", "the double speaks WebSocket")
        attach = target.part == "attach"
        words = _program(pod) if attach else request.query.getall("command")
        response, code = await programs.serve(self.pods, pod, request, words)
        if attach:
            controllers.finished(self.store, namespace, name, code)
        return response

    def _start_program(self, made: dict[str, Any]) -> None:
        """Run what a pod of its own is for, where nobody will attach to it; one that only waits runs for ever."""
        alone = made["kind"] == "Pod" and made["spec"].get("restartPolicy") == "Never"
        container = made["spec"]["containers"][0] if alone else {}
        if not alone or container.get("stdin") or _program(made)[:1] == ["sleep"]:
            return
        namespace, name = made["metadata"]["namespace"], made["metadata"]["name"]

        async def work() -> None:
            logged = bytearray()

            async def write(_: int, data: bytes) -> None:
                logged.extend(data)

            code = await self.pods.run(made, _program(made), None, write)
            self.pods.logs[namespace, name] = bytes(logged)
            controllers.finished(self.store, namespace, name, code)

        self._programs.append(asyncio.get_running_loop().create_task(work()))


def _program(pod: dict[str, Any]) -> list[str]:
    container = pod["spec"]["containers"][0]
    return [*(container.get("command") or []), *(container.get("args") or [])]


def _body(kind: str, raw: bytes) -> Any:
    """Return what was sent. Raises ValueError where that cannot be read."""
    if "protobuf" in kind:
        return protobuf.decode(raw)
    return yaml.safe_load(raw) if "yaml" in kind else json.loads(raw) if raw else None


def _status(code: int, reason: str, message: str) -> web.Response:
    head = {"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure"}
    return web.json_response({**head, "reason": reason, "message": message, "code": code}, status=code)


# paths ------------------------------------------------------------------------------------------------------------------


def _target(words: list[str]) -> _Target:
    """Read `api/v1/namespaces/NS/pods/NAME/log` and its like; raises RefusedError for what is not served."""
    head = 2 if words[0] == "api" else 3
    api, rest = "/".join(words[1:head]), words[head:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    kind = next((one for one in KINDS if one.api_version == api and rest[:1] == [one.plural]), None)
    if kind is None or len(rest) > 3 or bool(namespace) > kind.namespaced:
        raise RefusedError(404, "NotFound", "the server could not find the requested resource")
    return _Target(kind, namespace, *([*rest[1:], "", ""][:2]))


def _discovery(words: list[str]) -> dict[str, Any] | None:
    """Return what a client asks of the server itself; None for everything else."""
    groups = sorted({(one.group, one.version) for one in KINDS if one.group})
    match words:
        case ["version"]:
            return _VERSION
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        case ["apis"]:
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*one) for one in groups]}
        case ["api", "v1"]:
            return _resources("v1")
        case ["apis", group, version] if (group, version) in groups:
            return _resources(f"{group}/{version}")
        case ["openapi", "v3"]:
            paths = ["api/v1", *(f"apis/{group}/{version}" for group, version in groups)]
            return {"paths": {one: {"serverRelativeURL": f"/openapi/v3/{one}"} for one in paths}}
        case ["openapi", "v3", _, *rest]:
            return _openapi("/".join(rest))
    return None


def _group(name: str, version: str) -> dict[str, Any]:
    one = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [one], "preferredVersion": one}


def _resources(api: str) -> dict[str, Any]:
    listed = []
    for one in KINDS:
        if one.api_version == api:
            own = {"name": one.plural, "singularName": one.kind.lower(), "namespaced": one.namespaced, "kind": one.kind}
            listed.append({**own, "verbs": _VERBS, "shortNames": list(one.short)})
            if one.plural == "deployments":
                scale = {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]}
                listed.append({"name": "deployments/scale", "singularName": "", "namespaced": True, **scale})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": listed}


def _openapi(api: str) -> dict[str, Any]:
    """Return as much as clients read: that patches take a dry run and check fields on the server."""
    paths = {}
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("dryRun", "fieldValidation")]
    content: dict[str, Any] = {
        "application/json-patch+json": {}
    }  # strategic ones would need all schemas; kubectl has its own
    for one in KINDS:
        if one.api_version == api:
            kind = {"group": one.group, "version": one.version, "kind": one.kind}
            where = f"/{'apis' if one.group else 'api'}/{api}{'/namespaces/{namespace}' if one.namespaced else ''}"
            patch = {"x-kubernetes-group-version-kind": kind, "parameters": parameters, "requestBody": {"content": content}, "responses": {}}  # fmt: skip
            paths[f"{where}/{one.plural}/{{name}}"] = {"patch": patch}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.32.0"}, "paths": paths}
