"""The simple paths of the headers jsonpaths and json_root: ``$.a.b``, ``$.list[0].c``, ``$."dotted.key"``."""

from __future__ import annotations

import json
import re

from nereus.warehouse.embedded.http.failures import LoadFailed, refused

#: Steps from a document to a value: keys of objects and indexes of arrays. No step is the document itself.
Path = tuple[str | int, ...]

_STEP = re.compile(r'\.(?:"(?P<quoted>[^"\\]*)"|(?P<key>[^.\["\\*]+))|\[(?P<index>\d{1,9})\]')


def parse_path(text: str) -> Path:
    """Raises LoadFailed for what is no path, or a path with wildcards."""
    if not text.startswith("$"):
        raise LoadFailed("INVALID_JSON_PATH", f"Invalid json path: {text}")
    if text in ("$", "$."):
        return ()
    steps: list[str | int] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (found["index"] is not None and not isinstance(steps[-1] if steps else 0, str)):
            raise refused(f"the json path {text}", 'Write steps like $.a.b, $.list[0].c or $."dotted.key".')
        steps.append(int(found["index"]) if found["index"] is not None else found["quoted"] or found["key"] or "")
        at = found.end()
    return tuple(steps)


def parse_paths(header: str) -> tuple[Path, ...]:
    """The paths of a jsonpaths header, a JSON array of strings."""
    try:
        paths = json.loads(header)
    except (ValueError, RecursionError):
        paths = None
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise LoadFailed("INVALID_JSON_PATH", f"Invalid json path: {header}")
    return tuple(parse_path(path) for path in paths)
