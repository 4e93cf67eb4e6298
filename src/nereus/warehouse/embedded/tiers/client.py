"""The object store as the warehouse uses it: files in, ranges out, and one clear error when it does not answer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.tiers.model import Resource

#: A request that takes longer is given up: a range is a few MB, and a file is sent in parts of 8 MB.
_SECONDS = 20
_CONNECT_SECONDS = 2
_RETRIES = 2
_PART = 8 << 20
_DEFAULT_REGION = "us-east-1"


class StoreError(DorisError):
    """The object store does not give or take what was asked. `failures` knows it by its name in the engine's errors."""


def open_store(values: Mapping[str, str]) -> S3Store:
    """A client of the bucket that Doris' properties ``s3.endpoint``, ``s3.bucket`` ... name."""
    endpoint = values["s3.endpoint"]
    return S3Store(
        bucket=values["s3.bucket"],
        endpoint=endpoint if "://" in endpoint else f"http://{endpoint}",
        region=values.get("s3.region") or _DEFAULT_REGION,
        access_key_id=values.get("s3.access_key", ""),
        secret_access_key=values.get("s3.secret_key", ""),
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": True,
            "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
            "timeout": timedelta(seconds=_SECONDS),
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_SECONDS)},
    )


class Client:
    """One bucket of one resource. Thread-safe."""

    def __init__(self, resource: Resource) -> None:
        values = resource.values
        self.resource = resource
        self._place = resource.place
        self._store = open_store(values)

    def upload(self, key: str, file: Path) -> None:
        try:
            self._store.put(key, file, chunk_size=_PART, max_concurrency=2)
        except (BaseError, OSError) as error:
            raise self._unreachable(f"writing {key}", error) from error

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Bytes from `start` to before `stop`."""
        try:
            return bytes(self._store.get_range(key, start=start, end=stop))
        except (BaseError, OSError) as error:
            raise self._unreachable(f"reading {key}", error) from error

    def size(self, key: str) -> int:
        try:
            return int(self._store.head(key)["size"])
        except (BaseError, OSError) as error:
            raise self._unreachable(f"looking at {key}", error) from error

    def delete(self, key: str) -> None:
        try:
            self._store.delete(key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise self._unreachable(f"deleting {key}", error) from error

    def keys(self, prefix: str) -> Iterator[str]:
        try:
            for listed in self._store.list(prefix):
                yield from (found["path"] for found in listed)
        except (BaseError, OSError) as error:
            raise self._unreachable(f"listing {prefix}", error) from error

    def check(self, root: str) -> None:
        """Write, look at, list and delete an object, as Doris does before it takes a resource."""
        key = f"{root}doris-test-object-valid-{secrets.token_hex(8)}.txt"
        for what, act in (
            ("put", lambda: obstore.put(self._store, key, b"A")),
            ("head", lambda: obstore.head(self._store, key)),
            ("list", lambda: self._store.list(key).collect()),
            ("delete", lambda: self._store.delete(key)),
        ):
            try:
                act()
            except (BaseError, OSError) as error:
                raise DorisError(
                    f"pingS3 failed({what}), please check your endpoint, ak/sk or "
                    f"permissions(put/head/delete/list/multipartUpload), status: {reason(error)}"
                ) from error

    def _unreachable(self, doing: str, error: Exception) -> StoreError:
        return StoreError(
            f"the object store {self._place} (resource {self.resource.name}) failed {doing}: {reason(error)}. "
            "Rows that have not cooled down can be read without it."
        )


def reason(error: Exception) -> str:
    """The part of the client's error that a person can use, without request ids and debug output."""
    text = str(error).partition("Debug source")[0].strip()
    for mark, said in (
        ("NoSuchKey", "the object is not there"),
        ("NoSuchBucket", "the bucket is not there"),
        # Keys of objects are digits and letters: a bare 403 may stand in their names.
        ("403 Forbidden", "it refuses the key pair"),
        ("onnection refused", "it does not listen"),
        ("error sending request", "it does not answer"),
        ("timed out", "it does not answer in time"),
    ):
        if mark in text or mark in str(error):
            return said
    return text.partition("\n")[0][:300]
