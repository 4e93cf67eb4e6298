"""The portal as a server: `streamlit run portal/serve.py`. Nobody gets past its door without a login.

NEREUS_CONFIG names the platform.yaml of the deployment, NEREUS_HOME its state.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

sys.path.insert(0, str(Path(__file__).parent))

import state
from doorkeeper import Doorkeeper
from nereus.errors import NereusError
from nereus.home import Home
from nereus.insight import access

_home = Home.beside(Path(os.environ.get("NEREUS_CONFIG", "platform.yaml")))
_provider = access.provider(_home)


@asynccontextmanager
async def _warm(_: st.App) -> AsyncIterator[None]:
    """What takes longest to compute is there before the first viewer comes."""

    def compute() -> None:
        # A file with a fault: the pages say what is wrong with it.
        with contextlib.suppress(NereusError):
            state.sensitivity(state.deployment())
        # Modules and results stay as long as the portal: garbage is sought among what pages make.
        gc.collect()
        gc.freeze()

    threading.Thread(target=compute, daemon=True).start()
    yield


app = st.App(
    Path(__file__).parent / "app.py",
    lifespan=_warm,
    secrets={"auth": _provider.settings} if _provider else None,
    # A provider's logins are Streamlit's own; app.py asks for one before it shows anything.
    middleware=[] if _provider else [Middleware(Doorkeeper, gate=access.Gate(_home))],
)
