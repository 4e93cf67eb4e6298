#!/usr/bin/python
"""A machine's settings as files, all in one go: what has to be checked is checked before the first is written."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: settings
short_description: Write, link and take away files of settings
description:
  - Brings all files to what is asked for in one visit, where a task for each would make many. They are root's.
  - A file whose C(check) command refuses it stops the module before anything is written.
author: Nereus
options:
  files:
    description: The files. One without C(content) and without C(link) has to be absent.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Where., type: path, required: true}
      content: {description: What it holds., type: str}
      link: {description: What it is a symbolic link to., type: path}
      mode: {description: Its mode., type: str, default: "0644"}
      check: {description: A command that has to accept a draft; C(%s) is the draft., type: list, elements: str}
"""

EXAMPLES = r"""
- name: Write the settings
  settings:
    files:
      - {path: /etc/sysctl.d/60-example.conf, content: "vm.swappiness = 0\n"}
      - {path: /etc/systemd/system/swap.target, link: /dev/null}
      - {path: /etc/sysctl.d/61-old.conf}
"""

RETURN = r"""
paths:
  description: The files that were changed.
  returned: always
  type: list
"""

_CHECK_SECONDS = 60


def differs(wanted: Mapping[str, Any]) -> bool:
    """Whether the file is not what is wanted."""
    path = wanted["path"]
    if wanted["link"] is not None:
        return not os.path.islink(path) or os.readlink(path) != wanted["link"]
    if wanted["content"] is None:
        return os.path.lexists(path)
    if os.path.islink(path) or not os.path.isfile(path):
        return True
    seen = os.stat(path)
    if (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid) != (int(wanted["mode"], 8), 0, 0):
        return True
    with open(path, "rb") as file:
        return file.read() != wanted["content"].encode()


def refused(wanted: Mapping[str, Any]) -> str:
    """What the check command says against the file; empty where it accepts it."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as draft:
        draft.write(wanted["content"])
        draft.flush()
        command = [each.replace("%s", draft.name) for each in wanted["check"]]
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_CHECK_SECONDS, env=clean
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    return (done.stderr or done.stdout or f"exit code {done.returncode}").strip() if done.returncode else ""


def put(wanted: Mapping[str, Any]) -> None:
    """Make the file what is wanted. It is whole at any time: the old one, then the new one."""
    path = wanted["path"]
    if wanted["link"] is None and wanted["content"] is None:
        os.unlink(path)
        return
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    draft = os.path.join(folder, f".{os.path.basename(path)}.draft")
    if os.path.lexists(draft):
        os.unlink(draft)
    if wanted["link"] is not None:
        os.symlink(wanted["link"], draft)
    else:
        with open(draft, "w", encoding="utf-8") as file:
            os.fchown(file.fileno(), 0, 0)
            os.fchmod(file.fileno(), int(wanted["mode"], 8))
            file.write(wanted["content"])
            file.flush()
            os.fsync(file.fileno())
    os.replace(draft, path)


def main() -> None:
    options = {
        "path": {"type": "path", "required": True},
        "content": {"type": "str"},
        "link": {"type": "path"},
        "mode": {"type": "str", "default": "0644"},
        "check": {"type": "list", "elements": "str"},
    }
    files = {"type": "list", "elements": "dict", "required": True, "options": options}
    files["mutually_exclusive"] = [("content", "link")]
    module = AnsibleModule({"files": files}, supports_check_mode=True)
    changes = [each for each in module.params["files"] if differs(each)]
    for each in changes:
        if each["check"] and each["content"] is not None and (said := refused(each)):
            module.fail_json(msg=f"No setting was changed. {each['path']} was refused by {each['check'][0]}: {said}")
    if not module.check_mode:
        for each in changes:
            put(each)
    module.exit_json(changed=bool(changes), paths=[each["path"] for each in changes])


if __name__ == "__main__":
    main()
