"""Superset's own interface, as its front end uses it: log in, list dashboards, ask for a chart's data."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from nereus.errors import Failure

_PATIENCE_S = 120


@dataclass(frozen=True)
class Chart:
    """A chart of a dashboard and the query that it asks."""

    id: int
    name: str
    query: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a chart was answered. `milliseconds` from sending the question to the last byte."""

    rows: int
    cached: bool
    milliseconds: float
    data: list[dict[str, Any]]


class Superset:
    """One person's session. Not for several threads at once: open one each."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Log in. Raises Failure where Superset does not answer, or refuses."""
        self.url = url
        self._web = _web()
        self._web.headers["Referer"] = url
        login = {"username": user, "password": password, "provider": "db", "refresh": False}
        told = self._call("POST", "/api/v1/security/login", login)
        self._web.headers["Authorization"] = f"Bearer {told['access_token']}"
        self._web.headers["X-CSRFToken"] = self._call("GET", "/api/v1/security/csrf_token/")["result"]

    def again(self) -> Superset:
        """Another connection of the same person."""
        other = object.__new__(Superset)
        other.url, other._web = self.url, _web()
        other._web.headers.update(self._web.headers)
        other._web.cookies.update(self._web.cookies)
        return other

    def dashboards(self) -> dict[str, int]:
        """Slug -> number of every dashboard that this person sees."""
        told = self._call("GET", "/api/v1/dashboard/?q=(page_size:100)")
        return dict(sorted((one["slug"] or str(one["id"]), one["id"]) for one in told["result"]))

    def charts(self, dashboard: str) -> list[Chart]:
        """The charts of the dashboard with this slug."""
        found = []
        for one in self._call("GET", f"/api/v1/dashboard/{dashboard}/charts")["result"]:
            told = self._call("GET", f"/api/v1/chart/{one['id']}")["result"]
            found.append(Chart(one["id"], one["slice_name"], json.loads(told["query_context"])))
        return sorted(found, key=lambda chart: chart.id)

    def ask(
        self, chart: Chart, *, dashboard: int | None = None, force: bool = False, period: str | None = None
    ) -> Answer:
        """The chart's data, from the cache unless `force`. Raises Failure with what the warehouse said.

        `period` is a time range as a dashboard's filter sends it: `2013-01-01 : 2013-07-01`.
        """
        form = {**chart.query.get("form_data", {}), "slice_id": chart.id, "dashboardId": dashboard}
        question = {**chart.query, "force": force, "form_data": form}
        if period is not None:
            question["queries"] = [_within(period, query) for query in chart.query["queries"]]
        started = time.perf_counter()
        told = self._call("POST", "/api/v1/chart/data", question)["result"][0]
        spent = (time.perf_counter() - started) * 1000
        return Answer(int(told["rowcount"]), bool(told.get("is_cached")), spent, told["data"])

    def export(self) -> dict[str, str]:
        """Everything that can be imported again: path -> YAML."""
        packed = zipfile.ZipFile(io.BytesIO(self._send("GET", "/api/v1/assets/export/").content))
        return {name.partition("/")[2]: packed.read(name).decode("utf-8") for name in packed.namelist()}

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        return self._send(method, path, body).json()

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        try:
            answer = self._web.request(method, self.url + path, json=body, timeout=_PATIENCE_S)
        except requests.RequestException as error:
            raise Failure(f"Superset does not answer at {self.url}: {error}", fix="See: make status") from error
        if answer.ok:
            return answer
        raise Failure(f"Superset refused {path.partition('?')[0]} ({answer.status_code}): {_said(answer)}")


def _within(period: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The query with another time range, on the column that it is bound in time by already."""
    told = [{**one, "val": period} if one["op"] == "TEMPORAL_RANGE" else one for one in query.get("filters", ())]
    return {**query, "filters": told}


def _web() -> requests.Session:
    """As browsers do, a question on a connection that the server had just closed is asked once more."""
    web = requests.Session()
    web.mount("http", HTTPAdapter(max_retries=Retry(total=1, allowed_methods=None)))
    return web


def _said(answer: requests.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return answer.reason
    message = told.get("message") or "; ".join(str(one.get("message")) for one in told.get("errors", ()))
    return message if isinstance(message, str) else json.dumps(message)
