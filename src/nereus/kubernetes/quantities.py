"""Quantities as Kubernetes writes them: "250m" cores, "1536Mi" of memory or disk."""

from __future__ import annotations

import math
import re

from nereus.errors import BadInput

MI = 1024**2
GI = 1024**3
_SUFFIXES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 1024, "Mi": MI, "Gi": GI, "Ti": 1024**4}
_BYTES = re.compile(r"(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?")
_CPU = re.compile(r"(\d+(?:\.\d+)?)(m)?")


def millicores(quantity: object, where: str) -> int:
    """Thousandths of a core. `where` names the key for the message of BadInput."""
    match = _CPU.fullmatch(str(quantity))
    if match is None:
        raise BadInput(f"{where} is {quantity!r}; expected cores.", fix="Write for example 250m, 0.5 or 2.")
    return math.ceil(float(match[1]) * (1 if match[2] else 1000) - 1e-9)


def in_bytes(quantity: object, where: str) -> int:
    """Bytes. `where` names the key for the message of BadInput."""
    match = _BYTES.fullmatch(str(quantity))
    if match is None:
        raise BadInput(f"{where} is {quantity!r}; expected memory or disk.", fix="Write for example 512Mi or 20Gi.")
    return math.ceil(float(match[1]) * _SUFFIXES[match[2] or ""] - 1e-9)


def cpu_text(thousandths: int) -> str:
    """1500 -> "1500m", 2000 -> "2": as the API server would write it back."""
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def bytes_text(count: int) -> str:
    """In Gi where it is whole, else in Mi rounded up."""
    return f"{count // GI}Gi" if count % GI == 0 else f"{math.ceil(count / MI)}Mi"
