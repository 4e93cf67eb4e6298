from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus.config import load
from nereus.config.model import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.insight import inside
from nereus.insight.services import reached, seen_from
from nereus.paths import PROJECT

TOKEN = "token of the probe"


def manifest() -> dict[str, str]:
    """What the portal's manifest sets, as written."""
    documents = YAML(typ="safe").load_all((PROJECT / "k8s/apps/portal/base/portal.yaml").read_text("utf-8"))
    (found,) = [one for one in documents if one["kind"] == "Deployment"]
    (container,) = found["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """As a pod has it: the mounted secrets alone."""
    found = Home(tmp_path / "home").create()
    for name in ("warehouse-portal", "jupyterhub-probe"):
        (found.secrets / name).write_text(TOKEN, "utf-8")
    return found


@pytest.fixture
def platform() -> Platform:
    return load(PROJECT / "platform.yaml")


class Pages(http.server.BaseHTTPRequestHandler):
    """Superset's and the Hub's pages as far as probes read them."""

    def do_GET(self) -> None:
        allowed = self.path != "/hub/api/users" or self.headers["Authorization"] == f"token {TOKEN}"
        self.send_response(200 if allowed else 403)
        self.end_headers()
        self.wfile.write(b"<form> csrf_token")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_manifest_says_all_that_the_portal_wants_to_know(platform: Platform, home: Home) -> None:
    environ = manifest()
    doors = environ[inside.DOORS].replace("${hosts.", "").replace("}", ".example")
    found = inside.services({**environ, inside.DOORS: doors}, platform, home)
    assert {one.name: one.url for one in found if one.name != "warehouse"} == {
        "superset": "https://superset.example",
        "jupyterhub": "https://jupyter.example",
    }


def test_services_are_asked_inside_and_shown_as_from_outside(platform: Platform, home: Home, pages: str) -> None:
    environ = {
        inside.DOORS: "superset=https://superset.example jupyterhub=https://jupyter.example",
        **{"NEREUS_SUPERSET_URL": pages, "NEREUS_JUPYTERHUB_URL": pages},
    }
    rows = {row.name: row for row in reached(inside.services(environ, platform, home)[1:])}
    assert {name: (row.up, row.error) for name, row in rows.items()} == {
        **{"superset": (True, None), "jupyterhub": (True, None)}
    }
    assert rows["superset"].url == "https://superset.example"
    assert seen_from(rows["superset"].url, "https://portal.example/cost") == "https://superset.example"


def test_a_service_that_is_silent_is_down(platform: Platform, home: Home) -> None:
    nobody = "http://127.0.0.1:9"
    environ = {
        inside.DOORS: "superset=https://superset.example jupyterhub=https://jupyter.example",
        **{"NEREUS_SUPERSET_URL": nobody, "NEREUS_JUPYTERHUB_URL": nobody},
    }
    rows = reached(inside.services(environ, platform, home)[1:])
    assert [row.up for row in rows] == [False, False]
    assert all(row.error for row in rows)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({inside.DOORS: "superset"}, "expected NAME=ADDRESS"),
        ({inside.DOORS: "superset=https://superset.example"}, "has no address of jupyterhub"),
        ({"NEREUS_SUPERSET_URL": ""}, "NEREUS_SUPERSET_URL is ''"),
    ],
)
def test_what_is_missing_is_named(platform: Platform, home: Home, changed: dict[str, str], said: str) -> None:
    environ = {
        inside.DOORS: "superset=https://superset.example jupyterhub=https://jupyter.example",
        **{"NEREUS_SUPERSET_URL": "http://superset", "NEREUS_JUPYTERHUB_URL": "http://hub:8081"},
    }
    with pytest.raises(BadInput, match=said):
        inside.services({**environ, **changed}, platform, home)


def test_every_dashboard_has_the_id_that_its_file_says(platform: Platform) -> None:
    found = inside.embedded(platform)
    assert found
    assert len(set(found.values())) == len(found)


def test_without_doors_the_portal_is_this_machines() -> None:
    assert not inside.is_inside({})
