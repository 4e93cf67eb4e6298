"""The Hub's authenticator, by itself, in the Hub's environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nereus.config import Platform
from nereus.home import Home
from nereus.provision import jupyterhub
from tests.conftest import not_run

_PROGRAM = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from nereus_hub import accounts
from tornado.web import HTTPError

door = accounts.FileAuthenticator(users_file=sys.argv[2])
right = Path(sys.argv[3]).read_text("ascii").strip()
now = 1000.0
accounts.time.monotonic = lambda: now

def log_in(name, password):
    try:
        return asyncio.run(door.authenticate(None, {"username": name, "password": password}))
    except HTTPError as error:
        return error.status_code

print(log_in("scientist", right))
print([log_in("scientist", "wrong") for _ in range(11)])
print(log_in("scientist", right), log_in("admin", "wrong"), log_in("nobody", "wrong"))
now += 61
print(log_in("scientist", right), len(door._wrong))
"""


def test_ten_wrong_passwords_close_one_name_for_a_minute(tmp_path: Path) -> None:
    python = jupyterhub.environment_folder("jupyterhub") / "bin" / "python"
    if not python.exists():
        not_run("the environment jupyterhub", "run make provision once")
    home = Home(tmp_path / "home").create()
    jupyterhub.prepare(home, Platform.model_validate({"data": {"raw_tb": 1}}))
    files = (jupyterhub.FOLDER, jupyterhub.users_file(home), home.secrets / "jupyterhub-scientist")
    try:
        done = subprocess.run([python, "-c", _PROGRAM, *files], capture_output=True, text=True, check=False)
    finally:
        jupyterhub.remove_data(home)
    welcome = "{'name': 'scientist', 'admin': False, 'groups': ['scientists']}"
    refused = f"{[*[None] * 10, 429]}"
    assert done.stdout.splitlines() == [welcome, refused, "429 None None", f"{welcome} 0"], done.stderr
