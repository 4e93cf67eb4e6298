"""Certificates of one simulated cluster: its own authority, made anew at each start and thrown away with it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from ruamel.yaml import YAML

#: Longer than any cluster lives, shorter than a forgotten key would matter.
_LIFE = timedelta(days=2)
#: Who may enter: the file's name -> the user and its group, as Kubernetes reads them from the certificate.
CLIENTS = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "etcd-client": ("etcd-client", None),
}
_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_SERVER_ADDRESSES = ("127.0.0.1", "10.0.0.1")


@dataclass(frozen=True)
class Authority:
    """A certificate authority that lives as long as its cluster."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, folder: Path) -> Authority:
        """Make the authority and every certificate of the cluster in `folder` (mode 0700, keys 0600)."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("nereus-simulated-cluster")
        built = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        authority = cls(folder, key, built.sign(key, hashes.SHA256()))
        authority._write("ca", key, authority.certificate)
        authority._issue("server", _name("kube-apiserver"), server=True)
        for file, (user, group) in CLIENTS.items():
            authority._issue(file, _name(user, group))
        signer = ec.generate_private_key(ec.SECP256R1())
        _keep(folder / "service-accounts.key", _private(signer))
        public = signer.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        _keep(folder / "service-accounts.pub", public)
        return authority

    def _issue(self, file: str, subject: x509.Name, *, server: bool = False) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        built = _builder(subject, self.certificate.subject, key)
        if server:
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
            alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in _SERVER_NAMES]
            alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in _SERVER_ADDRESSES]
            built = built.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        built = built.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        self._write(file, key, built.sign(self.key, hashes.SHA256()))

    def _write(self, file: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        _keep(self.folder / f"{file}.key", _private(key))
        _keep(self.folder / f"{file}.crt", certificate.public_bytes(serialization.Encoding.PEM))

    def write_kubeconfigs(self, server: str, names: Sequence[str]) -> None:
        """One NAME.kubeconfig (mode 0600) for each client of `names`, all for the API server at `server`."""
        for name in names:
            content = {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "simulated", "cluster": self._cluster(server)}],
                "users": [{"name": name, "user": self._user(name)}],
                "contexts": [{"name": "simulated", "context": {"cluster": "simulated", "user": name}}],
                "current-context": "simulated",
            }
            path = self.folder / f"{name}.kubeconfig"
            path.touch(mode=0o600)
            with path.open("w", encoding="utf-8") as file:
                YAML(typ="safe").dump(content, file)

    def _cluster(self, server: str) -> dict[str, str]:
        return {"server": server, "certificate-authority": str(self.folder / "ca.crt")}

    def _user(self, name: str) -> dict[str, str]:
        return {
            "client-certificate": str(self.folder / f"{name}.crt"),
            "client-key": str(self.folder / f"{name}.key"),
        }


def _name(user: str, group: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
    if group is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    # Kubernetes reads keys of service accounts in this form only.
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _keep(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
