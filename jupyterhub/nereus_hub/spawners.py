"""How a scientist's server starts: a home of its own, limits that hold, and only the environment it needs."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyterhub.spawner import SimpleLocalProcessSpawner

from nereus_hub import accounts
from nereus_hub.settings import Settings

#: User ids of scientists are counted from here on by their number in the Hub; no account of the system has them.
UID_BASE = 64_000
_OPEN_FILES = 4096
_PROCESSES = 256


class ScientistSpawner(SimpleLocalProcessSpawner):
    """One scientist's JupyterLab. `settings` is put in by the configuration."""

    settings: Settings

    @property
    def uid(self) -> int | None:
        """The scientist's own user id, or None where the Hub itself is not root."""
        return UID_BASE + int(self.user.id) if self.settings.isolated else None

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """What the new process does before it becomes the server."""
        uid, home = self.uid, self.home_dir
        memory = int(self.settings.memory_gb * 1e9)

        def prepare() -> None:
            _limit(resource.RLIMIT_DATA, memory)
            _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
            _limit(resource.RLIMIT_CORE, 0)
            # Analysts' work comes first on a machine that they share.
            os.nice(10)
            if uid is not None:
                # Counted for each user id: it would count the Hub's own processes otherwise.
                _limit(resource.RLIMIT_NPROC, _PROCESSES)
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            os.umask(0o077)
            os.chdir(home)

        return prepare

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        return {**super().user_env(env), "LOGNAME": self.user.name, "USER": self.user.name}

    def prepare(self) -> None:
        """Make the home, fill in the starter notebooks that are missing, and say how to reach the warehouse."""
        settings, home = self.settings, Path(self.home_dir)
        _folder(settings.homes, 0o711)
        _folder(home, 0o700, self.uid)
        for usecase, folder in settings.starters.items():
            _copy(Path(folder), home / usecase, self.uid)
        sockets = settings.runtime / str(self.user.id)
        _folder(settings.runtime, 0o711)
        _folder(sockets, 0o700, self.uid)
        account = accounts.read(settings.users).get(self.user.name, {}).get("warehouse", {})
        self.environment = {
            **self.environment,
            **settings.warehouse,
            "WAREHOUSE_USER": account.get("user", ""),
            "WAREHOUSE_PASSWORD": account.get("password", ""),
            "JUPYTER_RUNTIME_DIR": str(sockets),
        }


def prepare(spawner: ScientistSpawner) -> None:
    """JupyterHub's pre_spawn_hook."""
    spawner.prepare()


def _limit(kind: int, most: int) -> None:
    resource.setrlimit(kind, (most, most))


def _folder(path: Path, mode: int, owner: int | None = None) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    if owner is not None:
        os.chown(path, owner, owner)


def _copy(source: Path, target: Path, owner: int | None) -> None:
    """Starter notebooks that the scientist does not have; what they changed or wrote stays."""
    if not source.is_dir():
        return
    _folder(target, 0o700, owner)
    for notebook in sorted(source.glob("*.ipynb")):
        copy = target / notebook.name
        # A link in a home could point the Hub, which may be root, at somebody else's file.
        if os.path.lexists(copy):
            continue
        shutil.copyfile(notebook, copy)
        copy.chmod(0o600)
        if owner is not None:
            os.chown(copy, owner, owner)


def environment(settings: Settings) -> dict[str, Any]:
    """What every server's environment holds. Nothing of the Hub's own leaks in."""
    return {
        "PATH": f"{settings.notebooks}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(settings.helper),
        "PYTHONDONTWRITEBYTECODE": "1",
        # No pop-up that asks an outside address for news.
        "JUPYTER_CONFIG_PATH": str(settings.helper / "lab"),
        "JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp",
        # One numerical thread for each kernel: others work on this machine.
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
