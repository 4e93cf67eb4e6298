"""The Hub as people meet it: logins, limits, homes, and what is left when it ends."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.measure.people import Person
from nereus.provision import jupyterhub
from tests.integration.jupyterhub.hubs import Deployment, Running, nereus

pytestmark = pytest.mark.timeout(600)
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="scientists have user ids of their own where root runs the Hub"
)


def test_wrong_passwords_are_refused_and_soon_not_even_looked_at(the_hub: Running) -> None:
    stranger = Person(the_hub.service.url, "admin")
    answers = [stranger.log_in(f"guess {number}").status_code for number in range(100)]
    assert answers == [403] * 10 + [429] * 90
    # Nobody else is kept out.
    assert Person(the_hub.service.url, "nobody").log_in("guess").status_code == 403


def test_the_first_scientist_logs_in_with_the_generated_password(deployment: Deployment, the_hub: Running) -> None:
    password = (deployment.home.secrets / "jupyterhub-scientist").read_text("ascii").strip()
    assert Person(the_hub.service.url, "scientist").log_in(password).url.endswith("/hub/home")


def test_an_allocation_beyond_the_limit_fails_and_nothing_else(ada: Person) -> None:
    said = ada.run(
        "import numpy",
        "try:",
        "    numpy.ones(int(3e9) // 8)",
        "except MemoryError as error:",
        "    print('no room:', error)",
    )
    assert said.startswith("no room: Unable to allocate 2.79 GiB")
    assert ada.run("print(6 * 7)") == "42"


@needs_root
def test_homes_are_closed_to_other_scientists(deployment: Deployment, ada: Person, grace: Person) -> None:
    home = ada.run("import os", "open('diary.txt', 'w').write('private')", "print(os.getcwd())")
    assert Path(home).stat().st_mode & 0o777 == 0o700
    assert Path(home, "diary.txt").stat().st_mode & 0o777 == 0o600
    assert Path(home).stat().st_uid != Path(grace.run("import os", "print(os.getcwd())")).stat().st_uid
    closed = (
        f"{home}/diary.txt",
        home,
        os.fspath(deployment.home.secrets),
        os.fspath(jupyterhub.users_file(deployment.home)),
    )
    for path in closed:
        assert grace.run(f"print(open({path!r}).read())").startswith("PermissionError: ")
    mine = ada.run("import os", "print(os.environ['JUPYTER_RUNTIME_DIR'])")
    assert grace.run(f"import os; os.listdir({mine!r})").startswith("PermissionError: ")


@needs_root
def test_nobody_reads_what_another_process_was_told(ada: Person, grace: Person) -> None:
    pid = ada.run("import os", "print(os.getpid())")
    assert grace.run(f"open('/proc/{pid}/environ').read()").startswith("PermissionError: ")


def test_the_kernel_knows_nothing_of_the_hub(ada: Person) -> None:
    names = set(ada.run("import os", "print(*os.environ)").split())
    assert not {
        name for name in names if "SECRET" in name or name.startswith("NEREUS") or name == "CONFIGPROXY_AUTH_TOKEN"
    }
    assert {"WAREHOUSE_USER", "WAREHOUSE_PASSWORD"} <= names


def test_kernels_open_no_port(ada: Person) -> None:
    assert (
        ada.run("import json, ipykernel", "print(json.load(open(ipykernel.get_connection_file()))['transport'])")
        == "ipc"
    )


def test_jupyterlab_shows_no_news_and_does_not_ask_for_any(ada: Person) -> None:
    page = ada.open("lab").text
    told = re.search(r'id="jupyter-config-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert told
    assert "@jupyterlab/apputils-extension:announcements" in json.loads(told[1])["disabledExtensions"]


def test_the_command_line_lists_who_works_here(deployment: Deployment, ada: Person) -> None:
    assert nereus(deployment, "scientist", "list").split("\n")[:2] == ["ada", "admin  administers JupyterHub"]


def test_a_name_is_given_once(deployment: Deployment, ada: Person) -> None:
    said = nereus(deployment, "scientist", "add", "ada", code=2)
    assert "ada has an account already" in said
    assert "nereus scientist remove ada" in said


def test_who_is_removed_can_no_longer_log_in(deployment: Deployment, the_hub: Running) -> None:
    password = nereus(deployment, "scientist", "add", "alan").split()[-1]
    assert Person(the_hub.service.url, "alan").log_in(password).status_code == 200
    nereus(deployment, "scientist", "remove", "alan")
    assert Person(the_hub.service.url, "alan").log_in(password).status_code == 403
    users = {row["User"] for row in deployment.as_user("root").query("SELECT User FROM mysql.user")}
    assert "alan" not in users


def test_roles_given_later_reach_everybody(deployment: Deployment, join: Callable[[str], Person], ada: Person) -> None:
    root = deployment.as_user("root")
    root.execute("CREATE ROLE later_scientist")
    root.execute("GRANT 'later_scientist' TO 'scientist'@'%'")
    granted = list(jupyterhub.ensure_roles(deployment.home, root))
    assert "warehouse user ada has the role later_scientist" in granted
    assert list(jupyterhub.ensure_roles(deployment.home, root)) == []
