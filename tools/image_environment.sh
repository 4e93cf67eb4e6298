#!/bin/sh
# In the build stage of an image: /opt/nereus, the environment that a lock describes, without what it was made with.
# Which package index is asked stands in files that the machine that builds lends for this step; no layer keeps them.
set -eu
lock=$1
if [ -s /run/secrets/ca.pem ]; then export SSL_CERT_FILE=/run/secrets/ca.pem; fi

python3 -m venv /tmp/tools
/tmp/tools/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile \
    --require-hashes --no-deps -r /locks/image-build.txt
/tmp/tools/bin/python -m venv --without-pip /opt/nereus
uv() { /tmp/tools/bin/uv pip "$@" --quiet --no-cache --python /opt/nereus/bin/python; }
# Two packages come as source only, pure Python: the pinned setuptools builds them, and goes again.
uv install --require-hashes --no-deps -r /locks/image-build.txt
uv install --require-hashes --no-deps --no-build-isolation --compile-bytecode -r "/locks/$lock"
uv uninstall setuptools wheel uv
rm -rf /tmp/tools
