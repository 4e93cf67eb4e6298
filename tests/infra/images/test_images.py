"""The images are really built, hold what they should and no more, and answer under the restrictions of Kubernetes."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from pathlib import Path

import pytest

from nereus import images
from nereus.paths import PROJECT
from tests.infra.containers import Podman
from tests.infra.images.conftest import BUILT, Built, Start
from tests.infra.steps import step

NAMES = BUILT

pytestmark = pytest.mark.timeout(3600)

#: What would help somebody who got in, or has no use where nothing can be installed.
LOOK = """
import importlib.util, json, os, pathlib, shutil
tools = [name for name in ("pip", "pip3", "gcc", "cc", "make", "git", "uv") if shutil.which(name)]
modules = [name for name in ("pip", "setuptools", "wheel") if importlib.util.find_spec(name)]
def can_write(path):
    try:
        probe = pathlib.Path(path) / "probe"
        probe.write_text("x"); probe.unlink()
    except OSError:
        return False
    return True
print(json.dumps({
    "uid": os.getuid(), "tools": tools, "modules": modules,
    "writable": [path for path in ("/", "/opt", "/opt/nereus", "/etc", "/srv", "/usr") if can_write(path)],
    "settings": [path for path in ("/etc/pip.conf", "/run/secrets/ca.pem") if os.path.exists(path)
                 and os.path.getsize(path)],
    "pycache": any(pathlib.Path("/opt/nereus/lib").rglob("__pycache__/*.pyc")),
}))
"""


def test_building_again_changes_nothing(built: Built) -> None:
    lines = [line for line in built.again.splitlines() if line.startswith(NAMES)]
    assert [line.split()[1] for line in lines] == ["unchanged:"] * len(NAMES)


def test_the_bundle_holds_every_image_with_its_checksum(built: Built) -> None:
    assert sorted(images.checksums(built.folder)) == sorted(f"{name}.tar" for name in NAMES)
    subprocess.run(["sha256sum", "--check", "--quiet", images.CHECKSUMS], cwd=built.folder, check=True)  # noqa: S607


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_to_build_with_and_nothing_can_be_written(start: Start, name: str) -> None:
    found = start(name, "--entrypoint", "sleep", command=("600",))
    told = json.loads(found.python(LOOK))
    assert told.pop("uid") >= 1000
    assert told == {"tools": [], "modules": [], "writable": [], "settings": [], "pycache": True}


@pytest.mark.parametrize("name", NAMES)
def test_no_layer_tells_of_this_machines_index(podman: Podman, built: Built, name: str) -> None:
    history = podman("history", "--no-trunc", "--format", "{{.CreatedBy}}", images.reference(name))
    shown = podman("inspect", "--type=image", images.reference(name))
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "HTTPS_PROXY", "https_proxy"):
        if value := os.environ.get(variable):
            assert value not in history + shown


DORIS = """\
FROM {base}
RUN mkdir -p /opt/apache-doris/be/conf && touch /opt/apache-doris/be/conf/be.conf
"""
LOOK_AT_DORIS = """
import os, pathlib
conf = pathlib.Path("/opt/apache-doris/be/conf")
(conf / "be.conf").write_text("x"); (conf / "be.pid").write_text("1")
print(os.getuid(), conf.stat().st_uid)
"""


def test_doris_belongs_to_its_user_on_a_stand_in_for_its_image(
    podman: Podman, debian: images.Bases, tmp_path: Path
) -> None:
    """The published image is out of reach here: only what our Dockerfile adds is proved."""
    (tmp_path / "Dockerfile").write_text(DORIS.format(base=debian.run), "utf-8")
    stand_in, made = "localhost/nereus-doris-stand-in", "localhost/nereus-doris-of-stand-in"
    podman("build", "--network=none", "--tag", stand_in, str(tmp_path), timeout=300)
    dockerfile = str(PROJECT / images.IMAGES["doris-be"].dockerfile)
    given = ("--file", dockerfile, "--build-arg", f"BASE={stand_in}", "--tag", made)
    podman("build", "--network=none", *given, str(tmp_path), timeout=300)
    told = podman("run", "--rm", "--network=none", "--cap-drop=all", made, "python3", "-c", LOOK_AT_DORIS)
    assert told.split() == ["1000", "1000"]


def test_the_portal_answers(start: Start) -> None:
    with step("portal"):
        portal = start("portal", writable=("/tmp", "/var/lib/nereus"))  # noqa: S108 - in the container
        portal.healthy("http://127.0.0.1:8501/_stcore/health", "ok")
    # Nobody gets past its door without a login.
    assert portal.page("http://127.0.0.1:8501/")[0] == 401


def test_the_portals_image_does_the_platforms_jobs(start: Start) -> None:
    job = start("portal", writable=("/tmp", "/var/lib/nereus"), command=("python3", "-m", "nereus", "plan"))  # noqa: S108
    job.podman("wait", job.id)
    assert "Snowflake" in job.log()


@pytest.fixture
def superset_settings(tmp_path: Path) -> Path:
    """Secrets and a plan without dashboards, for the image's user alone."""
    folder = tmp_path / "superset"
    folder.mkdir()
    for name in ("superset-key", "superset-guest"):
        (folder / name).write_text(secrets.token_urlsafe(32))
    plan = {
        **{"assets": {}, "warehouse_password": "", "admin_password": "for this test", "users": []},
        **{"roles": [], "row_rules": [], "embedded": [], "portal_origin": ""},
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    for path in (folder, *folder.iterdir()):
        os.chown(path, 10001, 10001)
    return folder


def test_superset_is_set_up_and_answers(start: Start, superset_settings: Path) -> None:
    """The job and the web server share a volume here, with SQLite; on Kubernetes they share PostgreSQL."""
    given = (
        *("--volume", f"{superset_settings}:/var/lib/superset"),
        *("--env", "SUPERSET_METADATA_URI=sqlite:////var/lib/superset/superset.db"),
        *("--env", "SUPERSET_SECRET_KEY_FILE=/var/lib/superset/superset-key"),
        *("--env", "SUPERSET_GUEST_SECRET_FILE=/var/lib/superset/superset-guest"),
        *("--env", "NEREUS_SUPERSET_PLAN=/var/lib/superset/plan.json"),
    )
    bootstrap = ("python3", "-W", "ignore", "-m", "nereus_superset.bootstrap")
    with step("superset's bootstrap"):
        job = start("superset", *given, writable=("/tmp",), command=bootstrap)  # noqa: S108
        assert job.podman("wait", job.id, timeout=900).strip() == "0", job.log()
    assert json.loads(job.log().splitlines()[-1])["embedded"] == {}
    with step("superset"):
        metrics = ("--env", "SUPERSET_METRICS_PORT=9102")
        web = start("superset", *given, *metrics, writable=("/tmp",))  # noqa: S108
        web.healthy("http://127.0.0.1:8088/health", "OK")
    # /health answers where every page fails; the login page needs the records.
    web.healthy("http://127.0.0.1:8088/login/", "csrf_token")
    assert 'superset_requests_total{kind="login",status="2xx"}' in web.page("http://127.0.0.1:9102/metrics")[1]


#: Stands for the proxy that zero-to-jupyterhub starts in a pod of its own: it takes routes and knows none.
PROXY = """
import http.server
class Routes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(201); self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8001), Routes).serve_forever()
"""
#: What the chart's own configuration sets, as far as starting needs it.
HUB = """
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.JupyterHub.hub_bind_url = "http://:8081"
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8001"
c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
c.JupyterHub.cleanup_servers = False
from nereus_hub import cluster
cluster.configure(c)
"""


def test_the_hub_answers(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()
    (folder / "jupyterhub_config.py").write_text(HUB)
    accounts = folder / "accounts"
    accounts.mkdir()
    (accounts / "accounts.json").write_text("{}")
    with step("hub"):
        proxy = start("hub", "--env", "CONFIGPROXY_AUTH_TOKEN=x", command=("python3", "-c", PROXY))
        hub = start(
            "hub",
            *("--env", f"CONFIGPROXY_AUTH_TOKEN={secrets.token_hex(32)}"),
            *("--volume", f"{folder}:/usr/local/etc/jupyterhub:ro", "--volume", f"{accounts}:/etc/nereus/accounts:ro"),
            writable=("/tmp", "/srv/jupyterhub"),  # noqa: S108
            beside=proxy,
        )
        hub.healthy("http://127.0.0.1:8081/hub/health", "")
    assert "<form" in hub.page("http://127.0.0.1:8081/hub/login")[1]


def test_a_scientists_server_fills_the_home_and_knows_its_packages(start: Start) -> None:
    with step("notebook"):
        code = (
            "import runpy, os, sys, pathlib\n"
            "os.execvp = lambda *_: None\n"
            "sys.argv = ['nereus_start']\n"
            "runpy.run_module('nereus_start', run_name='__main__')\n"
            "import nereus_notebook, jupyterlab, pandas, pyarrow, sklearn\n"
            "print(sorted(p.name for p in pathlib.Path.home().glob('*/*.ipynb')))"
        )
        server = start("notebook", writable=("/tmp", "/home/jovyan"), command=("python3", "-c", code))  # noqa: S108
        assert server.podman("wait", server.id).strip() == "0", server.log()
    assert ".ipynb" in server.log()


def test_a_scientists_server_starts(start: Start) -> None:
    """Without a Hub the same server answers on its own port; with one it asks the Hub who may."""
    lab = ("python3", "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--port=8888", "--no-browser")
    server = start("notebook", writable=("/tmp", "/home/jovyan"), command=lab)  # noqa: S108
    with step("jupyterlab"):
        server.healthy("http://127.0.0.1:8888/api", "version")
