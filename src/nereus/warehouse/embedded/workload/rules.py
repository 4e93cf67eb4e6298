"""SQL_BLOCK_RULE: statements that are refused by their text, their hash, or the partitions and tablets they read."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

import duckdb

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.workload.policies import check_name

_STORE = "CREATE TABLE IF NOT EXISTS nereus.sql_block_rules (name VARCHAR, rule JSON)"
#: What Doris keeps for a text that was not given.
_NOT_SET = "NULL"
_TEXTS = ("sql", "sqlHash")
_LIMITS = ("partition_num", "tablet_num", "cardinality")
_PROPERTIES = (*_TEXTS, *_LIMITS, "global", "enable")
_BOTH = "sql/sqlHash and partition_num/tablet_num/cardinality cannot be set in one rule."
_LONG = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """`sql` is a regular expression that is searched for, `sql_hash` the MD5 of a whole text; "NULL" where not set."""

    name: str
    sql: str = _NOT_SET
    sql_hash: str = _NOT_SET
    partition_num: int = 0
    tablet_num: int = 0
    cardinality: int = 0
    everywhere: bool = False
    enabled: bool = True

    @property
    def shown(self) -> tuple[object, ...]:
        """A row of SHOW SQL_BLOCK_RULE."""
        flags = (str(self.everywhere).lower(), str(self.enabled).lower())
        return (self.name, self.sql, self.sql_hash, self.partition_num, self.tablet_num, self.cardinality, *flags)

    def matches(self, text: str) -> str:
        """How the rule matches a statement: "hash", "regex", or empty where it does not."""
        if self.sql_hash not in ("", _NOT_SET) and self.sql_hash == sql_hash(text):
            return "hash"
        if self.sql not in ("", _NOT_SET) and _pattern(self.sql).search(text):
            return "regex"
        return ""


class BlockRules:
    """The rules by name, kept in the database."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._lock = threading.Lock()
        cursor.execute(_STORE)
        rows = cursor.execute("SELECT rule FROM nereus.sql_block_rules").fetchall()
        self.rules: Mapping[str, Rule] = {rule.name: rule for rule in (Rule(**json.loads(text)) for (text,) in rows)}
        self.blocked: dict[str, int] = {}

    def create(self, name: str, properties: Mapping[str, str], *, if_not_exists: bool) -> None:
        _check_properties(properties)
        has_text = any(properties.get(key, _NOT_SET) != _NOT_SET for key in _TEXTS)
        has_limit = any(properties.get(key) for key in _LIMITS)
        if has_text == has_limit:
            raise DorisError(_BOTH, 5084, "42000")
        rule = _changed(Rule(name), properties)
        check_name("SQL BLOCK RULE NAME", name)
        if rule.sql and _pattern(rule.sql).search(name):
            raise DorisError("sql of SQL_BLOCK_RULE should not match its name")
        with self._lock:
            if name in self.rules:
                if if_not_exists:
                    return
                raise DorisError(f"the sql block rule {name} already create")
            _check_limits(rule)
            self._put(rule)

    def alter(self, name: str, properties: Mapping[str, str]) -> None:
        _check_properties(properties)
        has_text = any(properties.get(key, _NOT_SET) != _NOT_SET for key in _TEXTS)
        if has_text and any(properties.get(key) for key in _LIMITS):
            raise DorisError(_BOTH, 5084, "42000")
        with self._lock:
            old = self.rules.get(name)
            if old is None:
                raise DorisError(f"the sql block rule {name} not exist")
            rule = _changed(old, {key: value for key, value in properties.items() if value})
            _check_limits(rule)
            limits = rule.partition_num or rule.tablet_num or rule.cardinality
            if rule.sql != _NOT_SET and rule.sql_hash not in ("", _NOT_SET):
                raise DorisError("Only sql or sqlHash can be configured")
            if limits and (rule.sql != _NOT_SET or rule.sql_hash != _NOT_SET):
                raise DorisError(_BOTH, 5084, "42000")
            self._put(rule)

    def drop(self, names: Iterable[str], *, if_exists: bool) -> None:
        with self._lock:
            for name in (given := list(names)):
                if name not in self.rules and not if_exists:
                    raise DorisError(f"the sql block rule {name} not exist")
            for name in given:
                self._cursor.execute("DELETE FROM nereus.sql_block_rules WHERE name = ?", [name])
            self.rules = {key: rule for key, rule in self.rules.items() if key not in given}

    def check(self, text: str, bound: Iterable[str]) -> None:
        """Raise for a statement that a global rule blocks, or one of the rules `bound` to the user."""
        if not self.rules:
            return
        everywhere = [rule for rule in self.rules.values() if rule.everywhere]
        of_user = [self.rules[name] for name in bound if name in self.rules]
        for rule in (*everywhere, *of_user):
            if rule.enabled and (how := rule.matches(text)):
                self.blocked[rule.name] = self.blocked.get(rule.name, 0) + 1
                raise DorisError(f"sql match {how} sql block rule: {rule.name}")

    def close(self) -> None:
        with self._lock:
            self._cursor.close()

    def _put(self, rule: Rule) -> None:
        self._cursor.execute("BEGIN")
        self._cursor.execute("DELETE FROM nereus.sql_block_rules WHERE name = ?", [rule.name])
        row = [rule.name, json.dumps(asdict(rule))]
        self._cursor.execute("INSERT INTO nereus.sql_block_rules VALUES (?, ?)", row)
        self._cursor.execute("COMMIT")
        self.rules = {**self.rules, rule.name: rule}


def sql_hash(text: str) -> str:
    """The MD5 of a statement, as the audit log's sql_hash."""
    return hashlib.md5(text.encode(errors="replace"), usedforsecurity=False).hexdigest()


@lru_cache(200)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise Refused(f"the regular expression {text!r} ({error})") from None


def _check_properties(properties: Mapping[str, str]) -> None:
    if not properties:
        raise DorisError("Not set properties")
    unknown = [name for name in properties if name not in _PROPERTIES]
    if unknown:
        raise DorisError(f"{unknown[0]} is invalid property")
    if all(properties.get(name, _NOT_SET) != _NOT_SET for name in _TEXTS):
        raise DorisError("Only sql or sqlHash can be configured")


def _changed(rule: Rule, properties: Mapping[str, str]) -> Rule:
    if "sql" in properties:
        _pattern(properties["sql"])
    return Rule(
        rule.name,
        properties.get("sql", rule.sql),
        properties.get("sqlHash", rule.sql_hash),
        _limit(properties, "partition_num", rule.partition_num),
        _limit(properties, "tablet_num", rule.tablet_num),
        _limit(properties, "cardinality", rule.cardinality),
        _flag(properties, "global", rule.everywhere),
        _flag(properties, "enable", rule.enabled),
    )


def _limit(properties: Mapping[str, str], name: str, old: int) -> int:
    text = properties.get(name)
    if not text:
        return old
    if not _LONG.fullmatch(text):
        raise DorisError(f"{name} should be a long")
    if int(text) > 0:
        raise Refused(f"block rules with {name}", "Use a workload policy with be_scan_rows or query_time.")
    return int(text)


def _flag(properties: Mapping[str, str], name: str, old: bool) -> bool:
    text = properties.get(name)
    # Whatever is not "true" is false, as in Doris.
    return text.lower() == "true" if text else old


def _check_limits(rule: Rule) -> None:
    for name in _LIMITS:
        if getattr(rule, name) < 0:
            raise DorisError(f"the value of {name} can't be a negative")
