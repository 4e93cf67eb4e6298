#!/bin/sh
# In the build stage of an image: /opt/nereus, the environment that a lock describes, without what it was made with.
# Which package index is asked stands in pip's configuration of the machine that builds; no layer keeps it.
set -eu
lock=$1

python3 -m venv /opt/nereus
pip() { /opt/nereus/bin/python -m pip --disable-pip-version-check --no-cache-dir "$@"; }
pip install --quiet --require-hashes --no-deps -r /locks/image-build.txt
# Two packages come as source only, pure Python: the pinned setuptools above builds them.
pip install --quiet --require-hashes --no-deps --no-build-isolation -r "/locks/$lock"
pip uninstall --quiet --yes setuptools wheel pip
