"""kubectl and helm on this host: there, and of versions that do what the platform asks of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from nereus.errors import BadInput
from nereus.provision.doctor import Finding

#: How each is had.
GET: Mapping[str, str] = {
    "kubectl": "Install it, in the cluster's version or one minor beside it: https://kubernetes.io/docs/tasks/tools/",
    "helm": "Install helm 3: https://helm.sh/docs/intro/install/",
}
#: `get metadata` and `--dry-run=server` came with 3.13.0, which gave charts' own values in the wrong order.
HELM_MIN = (3, 13, 1)
#: Longest that a program may take to say its version, in seconds; an API that does not answer is given up sooner.
_SECONDS, _API_SECONDS = 30.0, 10
#: A helm that somebody built may leave out the last number.
_VERSION = re.compile(r"v(\d+)\.(\d+)(?:\.(\d+))?")

Version = tuple[int, ...]


def require() -> None:
    """Raises BadInput where one is missing or helm is too old: nothing can be begun without them."""
    lacking = [each for each in (_there("kubectl"), helm()) if not each.ok]
    if lacking:
        raise BadInput("\n".join(f"{each.what} {each.detail}\n  {each.fix}" for each in lacking))


def helm() -> Finding:
    """Whether helm is there and new enough. Asks helm alone, no cluster."""
    there = _there("helm")
    if not there.ok:
        return there
    _, out, err = run("helm", "version", "--short")
    seen, wanted = version(out), f"at least v{'.'.join(map(str, HELM_MIN))} is needed"
    if seen is None:
        said = (err or out).strip()[-200:] or "nothing"
        return Finding("helm", False, f"{there.detail} names no version, it said: {said}; {wanted}", GET["helm"])
    return Finding("helm", seen >= HELM_MIN, f"{out.strip()} ({there.detail}); {wanted}", GET["helm"])


def kubectl(api: Version | None, whose: str = "", answer: Mapping[str, Any] | None = None) -> Finding:
    """Whether kubectl is there and within one minor of the API's version, as Kubernetes supports it.

    `whose` says where `api` (major, minor, ...) is from; without it any kubectl will do. `answer` is what
    `kubectl version --output json` gave, where that was asked already.
    """
    there = _there("kubectl")
    if not there.ok:
        return there
    said = answer or parsed(run("kubectl", "version", "--client", "--output", "json")[1])
    told = str(said.get("clientVersion", {}).get("gitVersion", ""))
    seen = version(told)
    if seen is None:
        return Finding("kubectl", False, f"{there.detail} does not say its version", GET["kubectl"])
    if api is None:
        return Finding("kubectl", True, f"{told} ({there.detail})")
    major, minor = api[:2]
    near = seen[0] == major and abs(seen[1] - minor) <= 1
    wanted = f"v{major}.{max(minor - 1, 0)} to v{major}.{minor + 1} go with {whose}"
    return Finding("kubectl", near, f"{told} ({there.detail}); {wanted}", GET["kubectl"])


def parsed(out: str) -> Mapping[str, Any]:
    """What a program said in JSON; empty where that is no object."""
    try:
        found = json.loads(out)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def run(*words: str) -> tuple[int, str, str]:
    """Exit code, output and complaints of a program that is there; 124 for one that did not end in time."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return 124, "", f"{words[0]} did not end within {_SECONDS:.0f} s"
    except OSError as error:
        return 126, "", f"{words[0]} cannot be run: {error.strerror}"
    return done.returncode, done.stdout, done.stderr


def ask(kubeconfig: str, *words: str) -> tuple[int, str, str]:
    """The same for kubectl and one cluster, which has a few seconds for its answer. kubectl keeps nothing of it."""
    with tempfile.TemporaryDirectory(prefix="nereus-") as kept:
        flags = (f"--cache-dir={kept}", f"--request-timeout={_API_SECONDS}s")
        return run("kubectl", "--kubeconfig", kubeconfig, *flags, *words)


def version(text: str) -> Version | None:
    """The first v1.2.3, or v1.2, of a text."""
    found = _VERSION.search(text)
    return tuple(int(each) for each in found.groups() if each) if found else None


def _there(name: str) -> Finding:
    found = shutil.which(name)
    return Finding(name, found is not None, found or "is not installed here", GET[name])
