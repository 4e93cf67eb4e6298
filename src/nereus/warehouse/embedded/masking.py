"""Statement texts without the secrets that they carry, for the audit log and the process list."""

from __future__ import annotations

import re

#: Words after which a quoted text is a secret: IDENTIFIED BY 'x', PASSWORD('x'), "s3.secret_key" = "x".
_STRING = r"""('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|'.*|".*)"""
_SECRET = re.compile(
    rf"""(\bIDENTIFIED\s+BY\s+(?:PASSWORD\s+)?|\bPASSWORD\s*\(\s*|\bSET\s+PASSWORD\b[^=]*=\s*){_STRING}"""
    rf"""|((?:"|')[\w.-]*(?:password|secret|token|access_key|passwd)[\w.-]*(?:"|')\s*=\s*"""
    rf"""|`?\b[\w.]*(?:secret_key|access_key|session_token)`?\s*=\s*){_STRING}""",
    re.IGNORECASE | re.DOTALL,
)
_SUSPECT = re.compile(r"password|identified|secret|token|access_key|passwd", re.IGNORECASE)


def mask(text: str) -> str:
    """`text` with every password and key replaced by ``***``.

    >>> mask("CREATE USER ann IDENTIFIED BY 'x'")
    'CREATE USER ann IDENTIFIED BY ***'
    """
    if not _SUSPECT.search(text):
        return text
    return _SECRET.sub(lambda found: (found[1] or found[3]) + "***", text)
