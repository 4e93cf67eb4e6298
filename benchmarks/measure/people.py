"""Somebody who works at JupyterHub with a browser: logs in, starts a server, runs code in one kernel."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp
import requests

#: A server starts in seconds; the machine may have other work.
PATIENCE_S = 120.0


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
        _wait_for(lambda: "/lab" in self.open("lab").url)
        assert page.ok

    def stop_server(self) -> None:
        """End the server, as the button of the Hub's page does."""
        answer = self.browser.delete(
            f"{self.url}/hub/api/users/{self.name}/server",
            headers={"X-XSRFToken": self._xsrf_of_hub(), "Referer": f"{self.url}/hub/home"},
            timeout=PATIENCE_S,
        )
        assert answer.ok, answer.text
        self._kernel = ""

    def _xsrf_of_hub(self) -> str:
        self.browser.get(f"{self.url}/hub/home", timeout=PATIENCE_S)
        return next(
            str(cookie.value) for cookie in self.browser.cookies if (cookie.name, cookie.path) == ("_xsrf", "/hub/")
        )

    def open(self, path: str) -> requests.Response:
        return self.browser.get(f"{self.url}/user/{self.name}/{path}", timeout=PATIENCE_S)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
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


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"a scientist's server did not start within {PATIENCE_S:.0f} s")
        time.sleep(0.1)
