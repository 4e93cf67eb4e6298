"""What images start from where no registry is asked: Debian's own packages, kept in the user's cache by their list."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from nereus.paths import user_cache

SUITE = "bookworm"
PACKAGES = ("python3", "ca-certificates")
BUILD_PACKAGES = ("python3-venv",)
#: Longest that the packages may take to come, in seconds.
_SECONDS = 900
_OPTIONS = (
    *("--variant=minbase", "--mode=root", "--quiet", "--aptopt=Acquire::Languages none"),
    *(f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("man", "doc", "locale")),
    "--customize-hook=rm -rf $1/var/lib/apt/lists/* $1/var/cache/apt/*",
)
#: One run of the packages' installation gives both: the first archive is written before the second's packages come.
_FIRST = "tar -C $1 --one-file-system --exclude=./dev/* --exclude=./proc/* --exclude=./sys/* --exclude=./run/* -cf {} ."
_MORE = (
    "cp /etc/resolv.conf $1/etc/resolv.conf",
    "chroot $1 apt-get update -qq",
    f"chroot $1 apt-get install -y -qq --no-install-recommends {' '.join(BUILD_PACKAGES)}",
    "rm -rf $1/var/lib/apt/lists/* $1/var/cache/apt/* $1/etc/resolv.conf",
)


def cache() -> Path:
    """Where the archives and podman's store are kept, for all checkouts of this user."""
    return user_cache() / "images"


def archives() -> tuple[Path, Path]:
    """Root file systems to run in and to build in, made where they are missing."""
    made_of = repr((SUITE, PACKAGES, BUILD_PACKAGES, _OPTIONS, _FIRST, _MORE))
    mark = hashlib.sha256(made_of.encode()).hexdigest()[:12]
    run, build = cache() / f"base-{mark}.tar", cache() / f"build-base-{mark}.tar"
    if run.exists() and build.exists():
        return run, build
    cache().mkdir(parents=True, exist_ok=True)
    drafts = [path.with_suffix(f".{os.getpid()}.tar") for path in (run, build)]
    hooks = (_FIRST.format(drafts[0]), *_MORE)
    try:
        subprocess.run(
            (
                *("mmdebstrap", *_OPTIONS, f"--include={','.join(PACKAGES)}"),
                *(f"--customize-hook={hook}" for hook in hooks),
                *(SUITE, str(drafts[1])),
            ),
            check=True,
            timeout=_SECONDS,
        )
        for draft, path in zip(drafts, (run, build), strict=True):
            draft.rename(path)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    return run, build
