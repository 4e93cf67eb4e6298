"""A JupyterHub with a warehouse behind it, and people who work in it as their browsers do."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import requests

from nereus import config
from nereus.config import Platform
from nereus.config.rules import PORTS_TAKEN
from nereus.home import Home
from nereus.paths import USECASES
from nereus.provision import jupyterhub
from nereus.provision.services import Service, local_services
from nereus.warehouse.client import Warehouse
from tests.stores import free_ports

#: A server starts in seconds; the machine may have other work.
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Deployment:
    """A platform.yaml of its own and what provisioning makes of it."""

    config: Path
    platform: Platform
    home: Home

    def service(self, name: str) -> Service:
        (found,) = [one for one in local_services(self.config, self.platform, self.home) if one.name == name]
        return found

    def as_user(self, name: str) -> Warehouse:
        return Warehouse.for_user(self.platform, self.home, name)


def declare(folder: Path) -> Deployment:
    names = ("warehouse_mysql", "warehouse_http", "warehouse_flight")
    ports = {name: free_ports(1) for name in names} | {"jupyterhub": free_ports(PORTS_TAKEN["jupyterhub"])}
    file = folder / "platform.yaml"
    local = {"memory_gb": 1, "threads": 2, "ports": ports}
    file.write_text(json.dumps({"data": {"raw_tb": 1}, "local": local, "usecases": ["retail", "flights"]}), "utf-8")
    return Deployment(file, config.load(file), Home.beside(file).create())


@dataclass
class Running:
    """A service's process."""

    service: Service
    process: psutil.Popen
    log: Path
    probe_token: str = ""

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def stop(self) -> float:
        """End it as the platform's supervisor does. Returns the seconds that took; nothing of it may be left."""
        family, started = self.family(), time.monotonic()
        self.process.terminate()
        _, left = psutil.wait_procs(family, timeout=self.service.stop_seconds)
        took = time.monotonic() - started
        for process in left:
            process.kill()
        assert not left, f"still there {took:.0f} s after the end of {self.service.name}: {left}"
        return took


@contextmanager
def running(deployment: Deployment, name: str) -> Iterator[Running]:
    """A service that answers; it is ended with everything that it started."""
    service = deployment.service(name)
    log = deployment.home.logs / f"{name}.log"
    with log.open("wb") as file:
        environment = {**os.environ, **service.environment}
        process = psutil.Popen(
            service.command, env=environment, cwd=deployment.home.root, stdout=file, stderr=subprocess.STDOUT
        )
    made = Running(service, process, log)
    try:
        wait_for(lambda: answers(service) or process.poll() is not None, PATIENCE_S, log)
        assert process.poll() is None, log.read_text("utf-8")
        yield made
    finally:
        if process.is_running():
            made.stop()


def answers(service: Service) -> bool:
    try:
        service.probe()
    except Exception:
        return False
    return True


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_S, log: Path | None = None) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        told = f":\n{log.read_text('utf-8')[-4000:]}" if log else ""
        assert time.monotonic() < deadline, f"the condition did not come true{told}"
        time.sleep(0.1)


@contextmanager
def hub(deployment: Deployment, **changed: object) -> Iterator[Running]:
    """The Hub as it is provisioned, apart from the settings that are `changed`."""
    jupyterhub.prepare(deployment.home, deployment.platform)
    file = deployment.home.run / "jupyterhub.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **changed}), "utf-8")
    try:
        with running(deployment, "jupyterhub") as made:
            yield made
    finally:
        jupyterhub.remove_data(deployment.home)


class Person:
    """Somebody with a browser: logs in, starts their server, runs code in one kernel."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.browser = requests.Session()
        self._kernel = ""

    def log_in(self, password: str) -> requests.Response:
        page = self.browser.get(f"{self.url}/hub/login", timeout=PATIENCE_S)
        form = {"username": self.name, "password": password, "_xsrf": _token(page.text)}
        return self.browser.post(f"{self.url}/hub/login?next=/hub/home", data=form, timeout=PATIENCE_S)

    def come_from_provider(self) -> requests.Response:
        """Log in at the OpenID Connect provider, which knows who this is."""
        return self.browser.get(f"{self.url}/hub/oauth_login?next=/hub/home", timeout=PATIENCE_S)

    def start_server(self) -> None:
        """Come to the Lab's page, as the button does."""
        page = self.browser.get(f"{self.url}/hub/spawn", timeout=PATIENCE_S)
        wait_for(lambda: "/lab" in self.open("lab").url)
        assert page.ok

    def open(self, path: str) -> requests.Response:
        return self.browser.get(f"{self.url}/user/{self.name}/{path}", timeout=PATIENCE_S)

    def get(self, path: str) -> Any:
        found = self.open(path)
        assert found.ok, found.text
        return found.json()

    def run(self, *lines: str) -> str:
        """What the lines print in the kernel; an exception there is given as `Name: text`."""
        if not self._kernel:
            answer = self.browser.post(
                f"{self.url}/user/{self.name}/api/kernels",
                headers={"X-XSRFToken": self._cookies()["_xsrf"]},
                timeout=PATIENCE_S,
            )
            assert answer.ok, answer.text
            self._kernel = answer.json()["id"]
        return asyncio.run(self._run("\n".join(lines)))

    async def _run(self, code: str) -> str:
        address = f"{self.url.replace('http', 'ws', 1)}/user/{self.name}/api/kernels/{self._kernel}/channels"
        jar = "; ".join(f"{name}={value}" for name, value in self._cookies().items())
        said = ""
        async with (
            asyncio.timeout(PATIENCE_S),
            aiohttp.ClientSession() as session,
            session.ws_connect(address, headers={"Cookie": jar}) as socket,
        ):
            asked = _request(code)
            await socket.send_json(asked)
            async for message in socket:
                told = json.loads(message.data)
                if told["parent_header"].get("msg_id") != asked["header"]["msg_id"]:
                    continue
                if told["msg_type"] == "stream":
                    said += told["content"]["text"]
                elif told["msg_type"] == "error":
                    said += f"{told['content']['ename']}: {told['content']['evalue']}"
                elif told["msg_type"] == "status" and told["content"]["execution_state"] == "idle":
                    return said.strip()
        raise AssertionError(f"the kernel went away after {said!r}")

    def _cookies(self) -> dict[str, str]:
        own = ("/", f"/user/{self.name}/")
        return {cookie.name: str(cookie.value) for cookie in self.browser.cookies if cookie.path in own}


def _token(page: str) -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', page)
    assert found, page
    return found.group(1)


def _request(code: str) -> dict[str, Any]:
    header = {"msg_id": uuid.uuid4().hex, "username": "", "session": "s", "msg_type": "execute_request"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    return {
        "header": {**header, "version": "5.3"},
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
    }


def nereus(deployment: Deployment, *words: str, code: int = 0) -> str:
    """Run one command of the platform as a person does; gives all that it printed."""
    command = (str(Path(sys.executable).parent / "nereus"), *words, "--config", str(deployment.config))
    environment = {key: value for key, value in os.environ.items() if key != "NEREUS_HOME"} | {"COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    return said


def small_usecases(folder: Path) -> Path:
    """Copies of the use cases, retail at a hundredth of its size."""
    for name in ("flights", "retail"):
        shutil.copytree(USECASES / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    declared = folder / "retail" / "usecase.yaml"
    text = declared.read_text("utf-8")
    assert "scale: 1 " in text
    declared.write_text(text.replace("scale: 1 ", "scale: 0.01 "), "utf-8")
    return folder
