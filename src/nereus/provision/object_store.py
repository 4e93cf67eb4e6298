"""The object store of the local target: SeaweedFS with an S3 port, one bucket and one key pair for each purpose.

One process holds SeaweedFS' four parts (master, volume, filer, S3). S3 takes requests signed with a bucket's own key.
The other parts talk to each other over seven more ports, on which everybody needs a certificate that this deployment
made for itself; the authority's key is thrown away once it has signed. Nothing is sent to SeaweedFS' maker.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from obstore.store import S3Store

from nereus import secrets
from nereus.config import rules
from nereus.errors import Failure
from nereus.home import Home

#: bucket -> what it is for.
BUCKETS = {
    "cold": "partitions that have cooled down",
    "landing": "files that wait to be loaded",
    "backup": "backups of the warehouse",
    "notebooks": "what notebooks keep",
}
HOST = "127.0.0.1"
REGION = "us-east-1"
#: SeaweedFS' own ports, counted from the S3 port.
_MASTER, _VOLUME, _FILER, _MASTER_RPC, _VOLUME_RPC, _FILER_RPC, _S3_RPC = range(1, 8)
PORTS = rules.PORTS_TAKEN["object_store"]
#: How much the Go runtime keeps before it collects harder; the store works with more where it must.
_MEMORY = {"GOMEMLIMIT": "256MiB", "GOGC": "50"}
#: One growing file for each bucket instead of seven, which a first write would have to make; and no maintenance that
#: a single machine has no use for.
_MASTER_TOML = """
[master.volume_growth]
copy_1 = 1
[master.maintenance]
sleep_minutes = 60
scripts = '''
lock
fs.log.purge -daysAgo=7
volume.deleteEmpty -quietFor=24h -apply
s3.clean.uploads -timeAgo=24h
unlock
'''
"""
_VALID = timedelta(days=3650)
_RENEWED = timedelta(days=365)
_TOOL_SECONDS = 60


@dataclass(frozen=True)
class Access:
    """What a client needs for one bucket. The secret is not part of its text."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    region: str = REGION

    def __repr__(self) -> str:
        return f"Access({self.endpoint}/{self.bucket} as {self.access_key})"


def access(home: Home, port: int, bucket: str) -> Access:
    """The access to one of `BUCKETS`; its key is limited to it."""
    return Access(f"http://{HOST}:{port}", bucket, f"nereus-{bucket}", secrets.ensure(home, f"object-store-{bucket}"))


def folder(home: Home) -> Path:
    """Where the store's configuration and certificates are, for their owner alone."""
    return home.run / "object-store"


def command(home: Home, port: int) -> tuple[str, ...]:
    """The store's process. Every part listens on the loopback address; what is not used is off."""
    options = {
        "dir": home.data / "object-store",
        "ip": HOST,
        "ip.bind": HOST,
        "master.port": port + _MASTER,
        "master.port.grpc": port + _MASTER_RPC,
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 1024,
        "volume.port": port + _VOLUME,
        "volume.port.grpc": port + _VOLUME_RPC,
        "volume.max": 0,
        "volume.preStopSeconds": 0,
        "filer": "true",
        "filer.port": port + _FILER,
        "filer.port.grpc": port + _FILER_RPC,
        # A range is read together with the whole chunk that it lies in: small ones make cold columns cheap.
        "filer.maxMB": 1,
        "filer.disableHttp": "true",
        "filer.exposeDirectoryData": "false",
        "filer.localSocket": folder(home) / "filer.sock",
        "s3": "true",
        "s3.port": port,
        "s3.port.grpc": port + _S3_RPC,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.iam": "false",
        "s3.autoCreateBucket": "false",
        "s3.config": folder(home) / "s3.json",
        "s3.localSocket": folder(home) / "s3.sock",
    }
    flags = tuple(f"-{name}={value}" for name, value in options.items())
    return (*_weed(home), "server", *flags)


def environment() -> dict[str, str]:
    return dict(_MEMORY)


def prepare(home: Home) -> None:
    """Write the store's configuration: keys, certificates, who may do what. Running it again changes nothing."""
    home.create()
    where = folder(home)
    for path in (where, home.data / "object-store"):
        path.mkdir(mode=0o700, exist_ok=True)
    if not _certified(where):
        _certify(where)
    _write(where / "security.toml", _security(home).encode())
    _write(where / "master.toml", _MASTER_TOML.encode())
    identities = [_identity(access(home, 0, bucket)) for bucket in BUCKETS]
    _write(where / "s3.json", json.dumps({"identities": identities}, indent=2).encode())


def store(found: Access, *, timeout: str = "5s") -> S3Store:
    """A client of one bucket that tries once."""
    return S3Store(
        bucket=found.bucket,
        endpoint=found.endpoint,
        region=found.region,
        access_key_id=found.access_key,
        secret_access_key=found.secret_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True, "connect_timeout": timeout, "timeout": timeout},
        retry_config={"max_retries": 0},
    )


def probe(home: Home, port: int) -> Callable[[], None]:
    """A signed request. A store without buckets answers too: they are made once it does."""

    def ask() -> None:
        try:
            store(access(home, port, "cold")).list(chunk_size=1).collect()
        except Exception as error:
            if "NoSuchBucket" not in str(error):
                raise

    return ask


def ensure_buckets(home: Home, port: int) -> Iterator[str]:
    """Make the buckets that are missing. Yields what was made. Raises Failure."""
    missing = [bucket for bucket in BUCKETS if not _exists(access(home, port, bucket))]
    if not missing:
        return
    # No key of S3 may make buckets: this goes the way of the store's own parts.
    script = "".join(
        # A write is acknowledged once it is on the disk.
        f"s3.bucket.create -name {bucket}\nfs.configure -locationPrefix=/buckets/{bucket}/ -fsync -apply\n"
        for bucket in missing
    )
    master = f"{HOST}:{port + _MASTER}.{port + _MASTER_RPC}"
    done = subprocess.run(
        [*_weed(home), "shell", f"-master={master}"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TOOL_SECONDS,
    )
    for bucket in missing:
        if not _exists(access(home, port, bucket)):
            raise Failure(f"the object store did not make the bucket {bucket}: {(done.stderr or done.stdout).strip()}")
        yield f"bucket {bucket} created"


def _exists(found: Access) -> bool:
    try:
        store(found).list(chunk_size=1).collect()
    except Exception as error:
        if "NoSuchBucket" in str(error):
            return False
        raise Failure(f"the object store at {found.endpoint} refuses the key of {found.bucket}: {error}") from error
    return True


def _weed(home: Home) -> tuple[str, ...]:
    weed = Path(sys.executable).parent / "weed"
    return str(weed), "-logtostderr=true", f"-config_dir={folder(home)}"


def _identity(found: Access) -> dict[str, object]:
    """One key pair that reads, writes and lists one bucket and nothing else."""
    return {
        "name": found.access_key,
        "credentials": [{"accessKey": found.access_key, "secretKey": found.secret_key}],
        "actions": [f"{verb}:{found.bucket}" for verb in ("Read", "Write", "List", "Tagging")],
    }


def _security(home: Home) -> str:
    """SeaweedFS' security.toml: signed tokens and mutual TLS between its parts."""
    where, secret = folder(home), secrets.ensure(home, "object-store-internal")
    member = f'cert = "{where / "member.crt"}"\nkey = "{where / "member.key"}"\n'
    authority = f'ca = "{where / "authority.crt"}"\n'
    parts = ["[access]\nui = false\n", f"[grpc]\n{authority}"]
    for name in ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read"):
        parts.append(f'[{name}]\nkey = "{hashlib.sha256(f"{secret} {name}".encode()).hexdigest()}"\n')
    parts += [f"[grpc.{name}]\n{member}" for name in ("master", "volume", "filer", "s3", "client")]
    parts += [f"[https.{name}]\n{member}{authority}" for name in ("master", "volume", "filer")]
    parts.append(f"[https.client]\nenabled = true\n{member}{authority}")
    return "\n".join(parts)


def _write(path: Path, content: bytes) -> None:
    """A file for its owner alone, moved into place whole; one that holds the same is left."""
    if path.exists() and path.read_bytes() == content:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    os.replace(draft, path)


def _certified(where: Path) -> bool:
    """Whether there are certificates that will still hold for a while."""
    names = ("authority.crt", "member.crt", "member.key")
    if not all((where / name).exists() for name in names):
        return False
    member = x509.load_pem_x509_certificate((where / "member.crt").read_bytes())
    return member.not_valid_after_utc > datetime.now(UTC) + _RENEWED


def _certify(where: Path) -> None:
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("nereus object store", authority_key, None, authority_key)
    key = ec.generate_private_key(ec.SECP256R1())
    member = _certificate("nereus object store member", key, authority, authority_key)
    _write(where / "authority.crt", authority.public_bytes(serialization.Encoding.PEM))
    _write(
        where / "member.key",
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    _write(where / "member.crt", member.public_bytes(serialization.Encoding.PEM))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(signer, hashes.SHA256())
    )
