"""How a package index is reached while an image is built: what this machine's environment says, and no layer keeps.

pip's variables are the ones that people set; what uv is to know is made of the same.
"""

from __future__ import annotations

import configparser
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nereus.errors import BadInput

#: pip's environment variables that concern reaching an index -> the key of its configuration file.
_SETTINGS: Mapping[str, str] = {
    "PIP_INDEX_URL": "index-url",
    "PIP_EXTRA_INDEX_URL": "extra-index-url",
    "PIP_TRUSTED_HOST": "trusted-host",
    "PIP_PROXY": "proxy",
    "PIP_DEFAULT_TIMEOUT": "timeout",
    "PIP_RETRIES": "retries",
}
#: Where the Dockerfiles mount the certificates.
_MOUNTED = "/run/secrets/ca.pem"


@dataclass(frozen=True)
class Index:
    """`settings` of pip's configuration file; `certificates` is a file with the roots to trust, or None."""

    settings: Mapping[str, str]
    certificates: Path | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Index:
        """What pip's own environment variables say, as PIP_INDEX_URL and PIP_CERT. Raises BadInput."""
        settings = {key: environ[name] for name, key in _SETTINGS.items() if environ.get(name)}
        given = environ.get("PIP_CERT")
        certificates = Path(given) if given else None
        if certificates is not None:
            if not certificates.is_file():
                raise BadInput(
                    f"PIP_CERT is {given}, which is no file",
                    fix="Name the file with the root certificates, or unset it.",
                )
            settings["cert"] = _MOUNTED
        return cls(settings, certificates)

    def uv(self) -> str:
        """uv's configuration file. Its certificates come by SSL_CERT_FILE."""
        lines = []
        if hosts := self.settings.get("trusted-host", "").split():
            lines.append(f"allow-insecure-host = {json.dumps(hosts)}")
        for more in self.settings.get("extra-index-url", "").split():
            lines.append(f"[[index]]\nurl = {json.dumps(more)}")
        if address := self.settings.get("index-url"):
            lines.append(f"[[index]]\nurl = {json.dumps(address)}\ndefault = true")
        return "".join(f"{line}\n" for line in lines)

    def text(self) -> str:
        """pip's configuration file."""
        written = io.StringIO()
        parser = configparser.RawConfigParser()
        parser["global"] = dict(self.settings)
        parser.write(written)
        return written.getvalue()

    @contextmanager
    def files(self) -> Iterator[dict[str, Path]]:
        """The files that the engine mounts during the build alone, by the id that the Dockerfiles know."""
        with tempfile.TemporaryDirectory(prefix="nereus-index-") as folder:
            # An index's address may hold a password.
            found: dict[str, Path] = {}
            for name, text in (("pip.conf", self.text()), ("uv.toml", self.uv())):
                found[name] = Path(folder) / name
                with open(os.open(found[name], os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as written:
                    written.write(text)
            if self.certificates is not None:
                found["ca.pem"] = self.certificates
            yield found
