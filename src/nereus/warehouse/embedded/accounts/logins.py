"""Password rules and what logins do to them: expiry, history, and the lock after failed logins, as Doris has them.

A rule is looked at when the password was right, so that a refusal tells nothing to who does not know it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import duckdb

from nereus.warehouse.embedded.accounts.model import UserIdentity
from nereus.warehouse.embedded.errors import DorisError

#: What a rule is set to by DEFAULT (the global variables behind it are 0: no expiry, no history) and by UNBOUNDED.
DEFAULT = UNBOUNDED = -1
#: Old passwords that are remembered at the most.
MOST_HISTORY = 10
#: Remaining seconds that Doris tells of a lock without end.
_ENDLESS_S = 9999

_TABLE = "CREATE TABLE IF NOT EXISTS nereus.password_rules (name VARCHAR, host VARCHAR, rules JSON)"


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules of one user.

    Attributes:
        history: how many of the last passwords must not come again; 0 or DEFAULT for none.
        expire_s: seconds for which a password is good; 0 or DEFAULT for ever.
        attempts: failed logins in a row that lock the account; 0 for never.
        lock_s: seconds for which it is locked; 0 for not at all, UNBOUNDED until ALTER USER ... ACCOUNT_UNLOCK.
        made: when the password or its expiry was set, seconds since 1970.
        past: hashes of the passwords since `history` was set, in hex, oldest first.
    """

    history: int = 0
    expire_s: int = 0
    attempts: int = 0
    lock_s: int = 0
    made: float = 0
    past: tuple[str, ...] = ()


@dataclass(slots=True)
class _Failures:
    count: int = 0
    locked_at: float = 0


@dataclass(slots=True)
class Logins:
    """The rules of all users, kept in the database, and the failed logins since the process started."""

    cursor: duckdb.DuckDBPyConnection
    rules: dict[UserIdentity, PasswordRules] = field(default_factory=dict)
    _failures: dict[UserIdentity, _Failures] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.cursor.execute(_TABLE)
        for name, host, text in self.cursor.execute("FROM nereus.password_rules").fetchall():
            stored = json.loads(text)
            self.rules[UserIdentity(name, host)] = PasswordRules(**{**stored, "past": tuple(stored["past"])})

    def close(self) -> None:
        with self._lock:
            self.cursor.close()

    def of(self, identity: UserIdentity) -> PasswordRules:
        return self.rules.get(identity, PasswordRules())

    def check(self, identity: UserIdentity) -> None:
        """Raise DorisError 1862 for an expired password, 3955 for a locked account."""
        rules = self.of(identity)
        if rules.expire_s > 0 and time.time() - rules.made >= rules.expire_s:
            raise DorisError(
                "Your password has expired. To log in you must change it using a client that supports expired "
                "passwords.",
                1862,
                plain=True,
            )
        left = self._left_s(identity, rules)
        if left:
            failed = self._failures[identity]
            raise DorisError(
                f"Access denied for user '{identity.name}'@'{identity.host}'. Account is blocked for {rules.lock_s} "
                f"second(s) ({left} second(s) remaining) due to {failed.count} consecutive failed logins.",
                3955,
                plain=True,
            )
        self._failures.pop(identity, None)

    def failed(self, identity: UserIdentity) -> None:
        """Count a wrong password."""
        rules = self.of(identity)
        if not rules.attempts or not rules.lock_s:
            return
        with self._lock:
            failures = self._failures.setdefault(identity, _Failures())
            if failures.locked_at and not self._left_s(identity, rules):
                failures.count, failures.locked_at = 0, 0
            if failures.count < rules.attempts:
                failures.count += 1
                if failures.count == rules.attempts:
                    failures.locked_at = time.monotonic()

    def _left_s(self, identity: UserIdentity, rules: PasswordRules) -> int:
        failures = self._failures.get(identity)
        if failures is None or not failures.locked_at or not rules.attempts or not rules.lock_s:
            return 0
        if rules.lock_s == UNBOUNDED:
            return _ENDLESS_S
        return max(0, rules.lock_s - int(time.monotonic() - failures.locked_at))

    def check_history(self, identity: UserIdentity, hashed: bytes) -> None:
        """Raise DorisError 3638 for a password that was used too recently."""
        rules = self.of(identity)
        if rules.history > 0 and hashed.hex() in rules.past[-rules.history :]:
            raise DorisError(
                f"Cannot use these credentials for '{identity.name}'@'{identity.host}' because they contradict the "
                "password history policy",
                3638,
            )

    def changed(self, identity: UserIdentity, hashed: bytes) -> None:
        """A user has a new password."""
        rules = self.rules.get(identity)
        if rules is not None:
            past = (*rules.past, hashed.hex())[-MOST_HISTORY:]
            self._keep(identity, replace(rules, made=time.time(), past=past))

    def set(self, identity: UserIdentity, options: Mapping[str, int], hashed: bytes) -> None:
        """Set some of history, expire_s, attempts and lock_s. Failed logins are forgotten when the lock changes.

        Args:
            hashed: the user's password, which a new history begins with.
        """
        if not options:
            return
        rules = PasswordRules(**{**asdict(self.of(identity)), **options})
        if "expire_s" in options:
            rules = replace(rules, made=time.time())
        if "history" in options:
            rules = replace(rules, past=(hashed.hex(),))
        if "attempts" in options or "lock_s" in options:
            self.unlock(identity)
        self._keep(identity, rules)

    def unlock(self, identity: UserIdentity) -> None:
        with self._lock:
            self._failures.pop(identity, None)

    def forget(self, identity: UserIdentity) -> None:
        """The user is gone."""
        self.unlock(identity)
        if identity in self.rules:
            self._keep(identity, None)

    def _keep(self, identity: UserIdentity, rules: PasswordRules | None) -> None:
        with self._lock:
            self.cursor.execute("BEGIN")
            self.cursor.execute("DELETE FROM nereus.password_rules WHERE name = ? AND host = ?", list(identity))
            if rules is not None:
                text = json.dumps(asdict(rules))
                self.cursor.execute("INSERT INTO nereus.password_rules VALUES (?, ?, ?)", [*identity, text])
            self.cursor.execute("COMMIT")
            if rules is None:
                self.rules.pop(identity, None)
            else:
                self.rules[identity] = rules
