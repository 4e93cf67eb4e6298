"""Places in object stores as statements name them: an ``s3://`` address and the properties beside it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import S3Store

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.http.spool import Spool
from nereus.warehouse.embedded.tiers.client import open_store, reason

#: Doris' names of the properties of a store, by the name under which they are kept.
_NAMES = {
    "s3.endpoint": ("aws_endpoint", "endpoint"),
    "s3.region": ("aws_region", "region"),
    "s3.access_key": ("aws_access_key", "access_key"),
    "s3.secret_key": ("aws_secret_key", "secret_key"),
    "use_path_style": ("s3.path-style-access",),
}
_STANDARD = {other: name for name, others in _NAMES.items() for other in (name, *others)}
#: What has no effect on where data is, so that nothing is lost by passing it over.
_TUNING = {
    "s3.connection.maximum",
    "aws_max_connections",
    "s3.connection.request.timeout",
    "aws_request_timeout_ms",
    "s3.connection.timeout",
    "aws_connection_timeout_ms",
    "provider",
    "s3.provider",
}
_OTHER_WAYS = {"s3.session_token", "session_token", "s3.role_arn", "aws_role_arn", "s3.external_id", "aws_token"}
_PART = 8 << 20
_CHUNK = 4 << 20


class RemoteError(DorisError):
    """A store does not give or take what was asked."""


class Found(NamedTuple):
    """An object: its key and its size in bytes."""

    key: str
    size: int


def store_properties(properties: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The properties that say how to reach a store, under one name each, and the others as they are.

    ``{"AWS_ENDPOINT": "h:1", "format": "csv"}`` -> ``({"s3.endpoint": "h:1"}, {"format": "csv"})``
    Raises Refused for credentials of other kinds than a key pair.
    """
    kept: dict[str, str] = {}
    others: dict[str, str] = {}
    for key, value in properties.items():
        lower = key.lower()
        if lower in _OTHER_WAYS:
            raise Refused(f"the property {key}", "Give s3.access_key and s3.secret_key.")
        if lower in _STANDARD:
            kept.setdefault(_STANDARD[lower], value)
        elif lower not in _TUNING:
            others[lower] = value
    return kept, others


@dataclass(frozen=True)
class Place:
    """A bucket of a store, and a key or prefix in it. Its text shows no secret."""

    endpoint: str
    bucket: str
    key: str
    region: str
    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return f"Place({self.uri} at {self.endpoint})"

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def to(self, key: str) -> Place:
        """The same bucket at another key."""
        return Place(self.endpoint, self.bucket, key, self.region, self.access_key, self.secret_key)


def place_of(uri: str, properties: Mapping[str, str]) -> Place:
    """Where an address and properties (as `store_properties` gives them) point.

    Raises DorisError for what Doris refuses and Refused for what is no store behind http or https.
    """
    parts = urlsplit(uri)
    endpoint = properties.get("s3.endpoint", "")
    bucket, key = parts.netloc, uri.partition("://")[2].partition("/")[2]
    if parts.scheme in ("http", "https"):
        if properties.get("use_path_style", "false").lower() != "true":
            raise Refused(f"the address {uri} with the bucket in the host's name", 'Write "s3://bucket/key".')
        endpoint = endpoint or f"{parts.scheme}://{parts.netloc}"
        bucket, _, key = key.partition("/")
    elif parts.scheme not in ("s3", "s3a", "s3n"):
        raise Refused(f"the address {uri}", 'Write "s3://bucket/key" and s3.endpoint: no other files are read.')
    if not bucket:
        raise DorisError(f"Invalid S3 URI: {uri}")
    if not endpoint:
        raise Refused("an S3 address without s3.endpoint", 'Add "s3.endpoint" = "http://host:port".')
    endpoint = endpoint if "://" in endpoint else f"http://{endpoint}"
    host = urlsplit(endpoint)
    if host.scheme not in ("http", "https") or not host.hostname or host.path.strip("/") or host.query or host.username:
        raise DorisError(f"Invalid endpoint: {endpoint}")
    access, secret = properties.get("s3.access_key", ""), properties.get("s3.secret_key", "")
    if bool(access) != bool(secret):
        raise DorisError("Both the access key and the secret key must be set.")
    if not access:
        raise Refused("an S3 address without keys", 'Add "s3.access_key" and "s3.secret_key".')
    return Place(endpoint, bucket, key, properties.get("s3.region", ""), access, secret)


class Bucket:
    """The bucket of a place. Every error names the place and none shows a secret. Thread-safe."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._store: S3Store = open_store(
            {
                "s3.endpoint": place.endpoint,
                "s3.bucket": place.bucket,
                "s3.region": place.region,
                "s3.access_key": place.access_key,
                "s3.secret_key": place.secret_key,
            }
        )

    def put(self, key: str, content: Path | bytes) -> None:
        """Write an object; it is there as a whole or not at all."""
        try:
            self._store.put(key, content, chunk_size=_PART, max_concurrency=2)
        except (BaseError, OSError) as error:
            raise self._failed("writing", key, error) from error

    def get(self, key: str, most: int = 64 << 20) -> bytes:
        """A small object. Raises RemoteError for one that is larger than `most` bytes."""
        try:
            found = self._store.get(key)
            if found.meta["size"] > most:
                raise RemoteError(f"{self.place.to(key).uri} is larger than {most} bytes")
            return bytes(found.bytes())
        except (BaseError, OSError) as error:
            raise self._failed("reading", key, error) from error

    def fetch(self, key: str, into: Spool, check: Callable[[], None]) -> None:
        """Copy an object into a spool file; `check` is called between its parts."""
        try:
            for chunk in self._store.get(key).stream(min_chunk_size=_CHUNK):
                check()
                into.write(bytes(chunk))
        except (BaseError, OSError) as error:
            raise self._failed("reading", key, error) from error

    def sha256(self, key: str, check: Callable[[], None]) -> str:
        """The digest of an object as the store gives it back."""
        found = hashlib.sha256()
        try:
            for chunk in self._store.get(key).stream(min_chunk_size=_CHUNK):
                check()
                found.update(bytes(chunk))
        except (BaseError, OSError) as error:
            raise self._failed("reading", key, error) from error
        return found.hexdigest()

    def list(self, prefix: str) -> Iterator[Found]:
        """The objects whose keys begin with `prefix`, which is a folder (ends in a slash) or empty, or one object."""
        try:
            for listed in self._store.list(prefix):
                yield from (Found(found["path"], found["size"]) for found in listed)
        except (BaseError, OSError) as error:
            raise self._failed("listing", prefix, error) from error

    def find(self, key: str) -> Found | None:
        """The object of exactly this key, or None."""
        try:
            return Found(key, int(self._store.head(key)["size"]))
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise self._failed("looking at", key, error) from error

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        try:
            self._store.delete(key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise self._failed("deleting", key, error) from error

    def _failed(self, doing: str, key: str, error: Exception) -> RemoteError:
        place = self.place.to(key)
        return RemoteError(f"the object store {place.endpoint} failed {doing} {place.uri}: {reason(error)}")


_GLOB = re.compile(r"[*?\[{]")


def matching(bucket: Bucket, pattern: str) -> list[Found]:
    """The objects that a key with ``*``, ``?``, ``[abc]`` and ``{a,b}`` means, by key; no mark goes beyond a slash.

    Raises Refused for other marks.
    """
    first = _GLOB.search(pattern)
    if first is None:
        found = bucket.find(pattern)
        return [] if found is None else [found]
    regex = re.compile(_regex(pattern), re.DOTALL)
    folder = pattern[: first.start()].rpartition("/")[0]
    listed = bucket.list(f"{folder}/" if folder else "")
    return sorted(found for found in listed if regex.fullmatch(found.key))


def _regex(pattern: str) -> str:
    """``a/*.{csv,txt}`` -> ``a/[^/]*\\.(?:csv|txt)``"""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        end = pattern.find({"[": "]", "{": "}"}.get(char, char), at + 1) if char in "[{" else at
        inner = pattern[at + 1 : end]
        if char in "[{" and (end < 0 or not inner or _GLOB.search(inner) or ".." in inner or "\\" in inner):
            raise Refused(f"the pattern {pattern}", "Use *, ?, [abc] and {a,b}.")
        if char == "[":
            negated = "^/" if inner[0] in "^!" else ""
            chars = inner[1:] if negated else inner
            parts.append(f"[{negated}{re.sub(r'[^A-Za-z0-9-]', lambda found: re.escape(found[0]), chars)}]")
        elif char == "{":
            parts.append(f"(?:{'|'.join(map(re.escape, inner.split(',')))})")
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at = end + 1
    return "".join(parts)
