"""JupyterHub on this platform. What differs between deployments stands in a settings file: nereus_hub/settings.py."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

# The Hub's database and its proxy's files hold secrets: nobody else may read what is made from here on.
os.umask(0o077)
# Servers and services are asked to end with SIGINT. What a shell starts in the background ignores it, and so do they.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, str(Path(__file__).resolve().parent))

from nereus_hub import accounts, settings, spawners  # noqa: E402 - found by the line above

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub puts it here
here = settings.load()

# Where it listens. The proxy alone faces people; the Hub and the proxy's own port stay on loopback.
c.JupyterHub.bind_url = f"http://{here.bind}:{here.port}/"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{here.port + 1}/hub/"
c.JupyterHub.proxy_class = "traefik_file"
c.TraefikProxy.traefik_api_url = f"http://127.0.0.1:{here.port + 2}"
c.TraefikProxy.traefik_api_username = "hub"
c.TraefikProxy.traefik_api_password = here.proxy_secret
c.TraefikProxy.static_config_file = str(here.data / "traefik.toml")
c.TraefikFileProviderProxy.dynamic_config_file = str(here.data / "traefik-rules.toml")
c.TraefikProxy.traefik_log_level = "WARN"
c.TraefikProxy.extra_static_config = {"global": {"checkNewVersion": False, "sendAnonymousUsage": False}}

# What it keeps.
c.JupyterHub.cookie_secret_file = str(here.data / "cookie-secret")
c.JupyterHub.db_url = f"sqlite:///{here.data}/jupyterhub.sqlite"

# Who logs in.
if here.oidc is None:
    c.JupyterHub.authenticator_class = accounts.FileAuthenticator
    c.FileAuthenticator.users_file = str(here.users)
    # The file is the list of who may.
    c.Authenticator.allow_all = True
else:
    c.JupyterHub.authenticator_class = "generic-oauth"
    c.GenericOAuthenticator.scope = ["openid", "profile", "email", "groups"]
    c.GenericOAuthenticator.username_claim = "preferred_username"
    c.GenericOAuthenticator.auth_state_groups_key = "oauth_user.groups"
    for name, value in here.oidc.items():
        setattr(c.GenericOAuthenticator, name, value)
c.Authenticator.manage_groups = True
# A name is the name of a home, too.
c.Authenticator.username_pattern = r"[a-z0-9][a-z0-9._@+-]{0,62}"

# What they get.
spawners.ScientistSpawner.settings = here
c.JupyterHub.spawner_class = spawners.ScientistSpawner
c.SimpleLocalProcessSpawner.home_dir_template = str(here.homes / "{username}")
c.Spawner.pre_spawn_hook = spawners.prepare
c.Spawner.cmd = [str(here.notebooks / "bin" / "jupyterhub-singleuser")]
# Kernels talk through sockets in a private folder: ports of the machine could be reached by everybody on it.
c.Spawner.args = ["--KernelManager.transport=ipc"]
c.Spawner.default_url = "/lab"
c.Spawner.env_keep = ["LANG", "LC_ALL", "TZ"]
c.Spawner.environment = spawners.environment(here)
# Shown in JupyterLab's status bar; spawners.py makes it hold.
c.Spawner.mem_limit = int(here.memory_gb * 1e9)
c.Spawner.start_timeout = 90
c.Spawner.http_timeout = 90
c.JupyterHub.active_server_limit = here.servers
c.JupyterHub.concurrent_spawn_limit = 2
c.JupyterHub.cleanup_servers = True
# The whole Hub ends within 15 s, its servers included.
c.LocalProcessSpawner.interrupt_timeout = 5
c.LocalProcessSpawner.term_timeout = 3
c.LocalProcessSpawner.kill_timeout = 2

# Who helps. JupyterHub listens to signals only once it has started and puts its services in sessions of their own:
# without a signal from its parent's death, the culler would outlive a Hub that ends before that, or is killed.
idle_s = round(here.idle_minutes * 60)
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            *("setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "jupyterhub_idle_culler"),
            *(f"--timeout={idle_s}", f"--cull-every={min(120, max(1, idle_s // 2))}", "--max-age=86400"),
        ],
    },
    # Asks the Hub about itself when the platform's state is looked at.
    {"name": "probe", "api_token": here.probe_token},
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    },
    {"name": "probe", "scopes": ["list:users", "read:servers", "read:hub"], "services": ["probe"]},
]
