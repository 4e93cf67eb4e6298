"""Charts' answers, kept whole in memory for a minute: many people open the same dashboards at the same time.

Superset's own cache holds the rows of a query; to find and to write them out it takes some 40 ms of processor time for
each chart. An answer that is kept here costs a few. What an answer depends on is its key:

- the question, to the byte;
- what the person may see: the rows and the dataset as they are for this person, looked up anew every ten seconds, as
  all rights are (`rights`);
- the last load: whoever warms the cache says so, and no answer from before is given again (`loaded`).

Kept are answers that came from Superset's cache; a question that forces a refresh is never answered from here, and what
was kept for it goes. People who see a dashboard in the portal's frame are always answered by Superset.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

#: For how long, how many bytes of answers in one process, and the largest of them.
SECONDS, MOST_BYTES, LARGEST_BYTES = 60.0, 48_000_000, 2_000_000
#: How often the mark of the last load is looked at.
_MARK_SECONDS = 1.0
_MARK = "nereus-loaded"


class Answers:
    """Bodies of answers by key; the one that was longest not asked for goes first. For many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> tuple[float, bytes] | None:
        """Since when it is kept, in seconds, and the answer."""
        with self._lock:
            since, body = self._kept.get(key, (0.0, None))
            age = self._clock() - since
            if body is None or age >= SECONDS:
                return None
            self._kept.move_to_end(key)
            return age, body

    def put(self, key: Hashable, body: bytes) -> None:
        if len(body) > LARGEST_BYTES:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = (self._clock(), body)
            self._bytes += len(body)
            while self._bytes > MOST_BYTES:
                self._drop(next(iter(self._kept)))

    def drop(self, key: Hashable) -> None:
        with self._lock:
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        _, body = self._kept.pop(key, (0.0, b""))
        self._bytes -= len(body)


def keep(app: Any) -> None:  # noqa: ANN401 - Flask
    """Let Superset's interface for charts' data keep its answers. Called before the interface is registered."""
    from flask import make_response, request
    from flask_appbuilder.api import expose, protect
    from superset.charts.data.api import ChartDataRestApi

    answers, mark = Answers(), _Mark()
    # Behind the check of who asks and what they may do, which is made here as before.
    plain = ChartDataRestApi.data.__wrapped__

    @expose("/data", methods=("POST",))
    @protect()
    @functools.wraps(plain)
    def data(self: Any) -> Any:  # noqa: ANN401 - Superset's
        asked = request.get_json(silent=True) if request.is_json else None
        sight = _sight(app.appbuilder.sm, asked)
        if sight is None or not isinstance(asked, dict):
            return plain(self)
        question = hashlib.blake2b(request.query_string + b"\n" + _bytes(asked), digest_size=16).digest()
        key = (question, sight, mark.read())
        if asked.get("force"):
            answers.drop(key)
            return plain(self)
        if found := answers.get(key):
            age, body = found
            kept = make_response(body)
            kept.headers["Content-Type"] = "application/json; charset=utf-8"
            kept.headers["Age"] = str(int(age))
            return kept
        answer = plain(self)
        if answer.status_code == 200 and _from_cache(answer.get_data()):
            answers.put(key, answer.get_data())
        return answer

    ChartDataRestApi.data = data


def loaded() -> None:
    """Let no process give an answer again that it kept before now. Called in Superset's application context."""
    from superset.extensions import cache_manager

    cache_manager.data_cache.set(_MARK, uuid.uuid4().hex, timeout=0)


class _Mark:
    """The mark of the last load, in the cache that all processes share."""

    def __init__(self) -> None:
        self._known: tuple[float, str | None] = (-_MARK_SECONDS, None)

    def read(self) -> str | None:
        from superset.extensions import cache_manager

        now = time.monotonic()
        if now - self._known[0] >= _MARK_SECONDS:
            self._known = (now, cache_manager.data_cache.get(_MARK))
        return self._known[1]


def _sight(manager: Any, asked: Any) -> Hashable | None:  # noqa: ANN401 - Superset's, and JSON
    """What the person sees of the dataset that is asked; None where an answer is not to be kept."""
    from flask import g

    if not isinstance(asked, dict) or manager.is_guest_user():
        return None
    source = asked.get("datasource")
    if not isinstance(source, dict) or source.get("type") != "table":
        return None
    if (asked.get("result_format") or "json", asked.get("result_type") or "full") != ("json", "full"):
        return None
    person, number = getattr(g.user, "id", None), str(source.get("id"))
    if person is None or not number.isdecimal():
        return None
    found: Hashable = manager.remember(("sight", person, number), lambda: _look(manager, int(number)))
    return found or None


def _look(manager: Any, number: int) -> Hashable:  # noqa: ANN401 - Superset's
    """The dataset's version and the conditions on its rows; nothing where there is no such dataset, or no right to."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.exceptions import SupersetSecurityException
    from superset.extensions import db

    dataset = db.session.get(SqlaTable, number)
    if dataset is None:
        return ()
    try:
        manager.raise_for_access(datasource=dataset)
    except SupersetSecurityException:
        return ()
    return number, str(dataset.changed_on), str(dataset.database.changed_on), *manager.get_rls_cache_key(dataset)


def _bytes(asked: dict[str, Any]) -> bytes:
    """The question without what says how to come by the answer."""
    told = {name: value for name, value in asked.items() if name != "force"}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def _from_cache(body: bytes) -> bool:
    results = json.loads(body).get("result") or [{}]
    return all(one.get("is_cached") for one in results)
