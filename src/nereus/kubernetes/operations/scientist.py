"""A data scientist as a program: logs in to JupyterHub, starts a server, runs code in a kernel, leaves nothing."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import requests

from nereus.errors import Failure

_REQUEST_S = 60.0
_LOOK_S = 0.5


class Scientist:
    """One person's browser at one Hub. Every step raises Failure with what the Hub or the kernel said."""

    def __init__(self, url: str, name: str, password: str, *, patience_s: float = 180.0) -> None:
        """Log in. A server may take `patience_s` to start: on a cluster its volume is made first."""
        self.url, self.name, self.patience_s = url.rstrip("/"), name, patience_s
        self._browser = requests.Session()
        page = self._get("/hub/login")
        found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        if found is None:
            raise Failure(f"{self.url}/hub/login has no form: people sign in elsewhere")
        form = {"username": name, "password": password, "_xsrf": found[1]}
        answer = self._browser.post(f"{self.url}/hub/login?next=/hub/home", data=form, timeout=_REQUEST_S)
        if not answer.ok:
            raise Failure(f"JupyterHub at {self.url} refused {name}: {answer.status_code}")

    @contextmanager
    def server(self) -> Iterator[None]:
        """A server that answers; it is stopped afterwards unless it ran before."""
        ran = self._answers()
        if not ran:
            self._get("/hub/spawn")
            deadline = time.monotonic() + self.patience_s
            while not self._answers():
                if time.monotonic() > deadline:
                    raise Failure(f"{self.name}'s server did not start within {self.patience_s:.0f} s")
                time.sleep(_LOOK_S)
        try:
            yield
        finally:
            if not ran:
                self._browser.delete(
                    f"{self.url}/hub/api/users/{self.name}/server",
                    headers={"X-XSRFToken": self._cookie("/hub/"), "Referer": f"{self.url}/hub/home"},
                    timeout=_REQUEST_S,
                )

    def run(self, code: str) -> str:
        """What `code` prints in a kernel of its own, which is ended afterwards."""
        own = f"/user/{self.name}"
        headers = {"X-XSRFToken": self._cookie(f"{own}/")}
        made = self._browser.post(f"{self.url}{own}/api/kernels", headers=headers, timeout=_REQUEST_S)
        if not made.ok:
            raise Failure(f"no kernel started: {made.status_code} {made.text[:200]}")
        kernel = made.json()["id"]
        try:
            return asyncio.run(self._ask(f"{own}/api/kernels/{kernel}/channels", code))
        finally:
            self._browser.delete(f"{self.url}{own}/api/kernels/{kernel}", headers=headers, timeout=_REQUEST_S)

    async def _ask(self, path: str, code: str) -> str:
        question, said = _question(code), ""
        jar = "; ".join(f"{one.name}={one.value}" for one in self._browser.cookies if _sent_to(one.path, path))
        trusted = self._browser.merge_environment_settings(self.url, {}, None, None, None)["verify"]
        context = ssl.create_default_context(cafile=trusted if isinstance(trusted, str) else None)
        async with (
            asyncio.timeout(self.patience_s),
            aiohttp.ClientSession() as session,
            session.ws_connect(
                self.url.replace("http", "ws", 1) + path, headers={"Cookie": jar, "Origin": self.url}, ssl=context
            ) as socket,
        ):
            await socket.send_json(question)
            async for message in socket:
                told = json.loads(message.data)
                if told["parent_header"].get("msg_id") != question["header"]["msg_id"]:
                    continue
                content = told["content"]
                if told["msg_type"] == "stream":
                    said += content["text"]
                elif told["msg_type"] == "error":
                    raise Failure(f"the notebook failed: {content['ename']}: {content['evalue']}")
                elif told["msg_type"] == "status" and content["execution_state"] == "idle":
                    return said.strip()
        raise Failure(f"the kernel went away after {said!r}")

    def _answers(self) -> bool:
        # A page, not the interface: only pages send a visitor to the Hub and back, which gives the server's own cookie.
        answer = self._get(f"/user/{self.name}/lab")
        return answer.ok and "/hub/" not in answer.url

    def _get(self, path: str) -> requests.Response:
        try:
            return self._browser.get(self.url + path, timeout=_REQUEST_S)
        except requests.RequestException as error:
            raise Failure(f"JupyterHub does not answer at {self.url}: {error}") from error

    def _cookie(self, path: str) -> str:
        self._get("/hub/home")
        return next((str(one.value) for one in self._browser.cookies if one.name == "_xsrf" and one.path == path), "")


def _sent_to(cookie_path: str, path: str) -> bool:
    return path.startswith(cookie_path)


def _question(code: str) -> dict[str, Any]:
    header = {"msg_id": uuid.uuid4().hex, "username": "", "session": uuid.uuid4().hex, "msg_type": "execute_request"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    return {
        **{"header": {**header, "version": "5.3"}, "parent_header": {}, "metadata": {}},
        **{"content": content, "channel": "shell"},
    }
