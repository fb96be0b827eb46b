"""A stand-in for Kibana on loopback: its HTTP API as far as we use it, with its rules, its defaults and its refusals.

It takes only what the schema of tests/kibana/schema.py takes, wants `kbn-xsrf` on every write, checks the credentials,
fills in defaults as Kibana does, and answers errors in Kibana's shape.
"""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from tests.kibana import schema

USER, PASSWORD, API_KEY = "elastic", "right:p@ss", "aWQ6a2V5"
UPDATE_KEYS = {
    "title",
    "name",
    "timeFieldName",
    "fieldFormats",
    "sourceFilters",
    "runtimeFieldMap",
    "fields",
    "type",
}

Answer = tuple[int, Any]


class FakeKibana:
    """`with FakeKibana(fields) as kibana:` then `kibana.url`. `fields`: what the index behind a data view has, by title."""

    def __init__(self, fields: Mapping[str, set[str]], version: str = "9.5.0") -> None:
        self.fields = dict(fields)
        self.version = version
        self.level_now: Callable[[], str] = lambda: "available"
        self.has_dashboards_api = True
        self.no_right_to: set[str] = set()
        self.roles: dict[str, Any] = {}
        self.data_views: dict[tuple[str, str], Any] = {}
        self.dashboards: dict[tuple[str, str], Any] = {}
        self.spaces = {"default", "desk"}
        self.asked: list[tuple[str, str]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{USER}:right%3Ap%40ss@127.0.0.1:{self.port}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [asked for asked in self.asked if asked[0] != "GET"]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Answer:
        self.asked.append((method, path))
        if not self._known(headers.get("authorization", "")):
            return _error(401, "[security_exception]: unable to authenticate user")
        if method != "GET" and not headers.get("kbn-xsrf"):
            return _error(400, "Request must contain a kbn-xsrf header.")
        space, path = self._space(path)
        if space not in self.spaces:
            return _error(404, f"Saved object [space/{space}] not found")
        for part in self.no_right_to:
            if method != "GET" and part in path:
                return _error(
                    403, f"API [{method} {path}] is unauthorized for user, this action is granted by ..."
                )
        if path == "/api/status":
            return 200, {
                "version": {"number": self.version},
                "status": {"overall": {"level": self.level_now()}},
            }
        for pattern, handle in (
            (r"/api/spaces/space/([^/]+)", self._spaces),
            (r"/api/security/role/([^/]+)", self._role),
            (r"/api/data_views/data_view(?:/([^/]+))?(/fields)?", self._data_view),
            (r"/api/dashboards/([^/]+)", self._dashboard),
        ):
            if match := re.fullmatch(pattern, path):
                return handle(method, space, body, *map(unquote, (part or "" for part in match.groups())))
        return _error(404, "Not Found")

    def _known(self, authorization: str) -> bool:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return authorization in (f"Basic {basic}", f"ApiKey {API_KEY}")

    def _space(self, path: str) -> tuple[str, str]:
        match = re.fullmatch(r"/s/([^/]+)(/.*)", path)
        return (match.group(1), match.group(2)) if match else ("default", path)

    def _spaces(self, method: str, space: str, body: Any, name: str) -> Answer:
        return (200, {"id": name, "name": name}) if name in self.spaces else _error(404, "Not Found")

    def _role(self, method: str, space: str, body: Any, name: str) -> Answer:
        if method == "PUT":
            if set(body) - {"description", "metadata", "elasticsearch", "kibana"}:
                return _error(400, "[request body]: definition for this key is missing")
            self.roles[name] = body
            return 204, None
        if name not in self.roles:
            return _error(404, "Not Found")
        return 200, {
            "name": name,
            "metadata": {},
            "transient_metadata": {"enabled": True},
            **self.roles[name],
        }

    def _data_view(self, method: str, space: str, body: Any, name: str, part: str) -> Answer:
        if method == "POST" and not name:
            view = body["data_view"]
            if (space, view["id"]) in self.data_views:
                return _error(400, f"Duplicate data view: {view['name']}")
            self.data_views[space, view["id"]] = {
                "fieldAttrs": {},
                "fieldFormats": {},
                "version": "WzEsMV0=",
                **view,
            }
            return 200, {"data_view": self._shown(space, view["id"])}
        held = self.data_views.get((space, name))
        if held is None:
            return _error(404, f"Saved object [index-pattern/{name}] not found")
        if method == "POST" and part:
            if not body["fields"]:
                return _error(400, "Change set is empty.")
            for field, told in body["fields"].items():
                held["fieldAttrs"].setdefault(field, {}).update(told)
            return 200, {"acknowledged": True}
        if method == "POST":
            if unknown := set(body["data_view"]) - UPDATE_KEYS:
                return _error(
                    400, f"[request body.data_view.{unknown.pop()}]: definition for this key is missing"
                )
            held.update(body["data_view"])
            held["version"] += "x"
        return 200, {"data_view": self._shown(space, name)}

    def _shown(self, space: str, name: str) -> Any:
        held = self.data_views[space, name]
        fields = {field: {"name": field} for field in self.fields.get(held["title"], ())}
        return json.loads(json.dumps({"typeMeta": {}, "runtimeFieldMap": {}, **held, "fields": fields}))

    def _dashboard(self, method: str, space: str, body: Any, name: str) -> Answer:
        if not self.has_dashboards_api:
            return _error(404, "Not Found")
        there = (space, name) in self.dashboards
        if method == "PUT":
            if wrong := schema.findings(body):
                place, _, what = wrong[0].partition(": ")
                return _error(400, f"[request body.{place}]: {what}")
            for view in re.findall(r'"(?:ref_id|data_view_id)": "([^"]+)"', json.dumps(body)):
                if (space, view) not in self.data_views:
                    return 400, {
                        "message": "Bad request",
                        "panelErrors": [{"message": f"data view {view} not found", "panel_type": "vis"}],
                    }
            self.dashboards[space, name] = json.loads(json.dumps(body))
            return 200 if there else 201, self._wrapped(space, name)
        return (200, self._wrapped(space, name)) if there else _error(404, "Not Found")

    def _wrapped(self, space: str, name: str) -> Any:
        """With defaults filled in, as Kibana answers."""
        data = json.loads(json.dumps(self.dashboards[space, name]))
        data = {"description": "", "filters": [], "tags": [], **data}
        for panel in data["panels"]:
            if panel["type"] == "vis":
                panel["config"] = {"ignore_global_filters": False, "sampling": 1, **panel["config"]}
        return {"id": name, "data": data, "meta": {"updated_at": f"{len(self.asked)}"}}

    def _handler(kibana) -> type[BaseHTTPRequestHandler]:  # noqa: N805  the inner class has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, told = kibana.answer(self.command, self.path, headers, body)
                out = b"" if told is None else json.dumps(told).encode()
                self.send_response(status)
                self.send_header("kbn-name", "fake")
                if status != 204:
                    self.send_header("Content-Type", "application/json; charset=utf-8")
                    self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            do_GET = do_PUT = do_POST = do_DELETE = _do  # noqa: N815  as http.server names them

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the requests are recorded."""

        return Handler


def _error(status: int, message: str) -> Answer:
    names = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
    return status, {"statusCode": status, "error": names[status], "message": message}
