"""Accounts as the running warehouse uses them: read from memory, changed in one transaction each."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import duckdb

from nereus.warehouse.embedded.accounts import passwords
from nereus.warehouse.embedded.accounts.model import (
    BUILT_IN,
    COMMON,
    OPERATOR,
    Book,
    Role,
    User,
    UserIdentity,
)
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.privileges import Rights, from_json, to_json, union

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

ROOT = UserIdentity("root")
#: Compared with when the user is unknown, so that a refusal takes the same time.
_NOBODY = bytes(20)

_TABLES = """
CREATE SCHEMA IF NOT EXISTS nereus;
CREATE TABLE IF NOT EXISTS nereus.users (name VARCHAR, host VARCHAR, hash BLOB, comment VARCHAR, roles JSON);
CREATE TABLE IF NOT EXISTS nereus.roles (name VARCHAR, comment VARCHAR, rights JSON);
CREATE TABLE IF NOT EXISTS nereus.user_properties (name VARCHAR, properties JSON);
"""


class Accounts:
    """Users, roles and their privileges.

    Reading takes no lock: `book` is replaced as a whole, and `version` grows with every change.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, *, root_password: str) -> None:
        """Read the accounts through `cursor`, which is kept for writing; create root where it is missing."""
        self._cursor = cursor
        self._lock = threading.Lock()
        self._rights: dict[UserIdentity, Rights] = {}
        self.version = 0
        for text in _TABLES.strip().split(";\n"):
            cursor.execute(text)
        self.book = self._read()
        if ROOT not in self.book.users:
            if not root_password:
                raise ValueError("root needs a password: none was given")
            self.create_user(User(ROOT, passwords.native_hash(root_password), "ROOT", (OPERATOR,)))

    def close(self) -> None:
        with self._lock:
            self._cursor.close()

    # Who may log in

    def identify(self, user: str, host: str) -> UserIdentity | None:
        """The identity under which `user` at `host` is known; the narrowest host pattern wins."""
        known = [one for one in self.book.users if one.name == user and one.admits(host)]
        return min(known, key=lambda one: ("%" in one.host, -len(one.host.replace("%", ""))), default=None)

    def native_hash(self, user: str, host: str) -> bytes | None:
        """SHA1(SHA1(password)) of the user at that host, or None when nobody of that name may log in from there."""
        identity = self.identify(user, host)
        return None if identity is None else self.book.users[identity].hash

    def check_password(self, user: str, host: str, password: str) -> bool:
        """Whether the user may log in with `password`. Takes the same time whether or not the user exists."""
        stored = self.native_hash(user, host)
        good = passwords.matches(stored or _NOBODY, password)
        return good and stored is not None

    # What they may do

    def rights(self, identity: UserIdentity) -> Rights:
        """Everything the user may do, by all roles together. A user who was dropped may do nothing."""
        # The cache is taken before the book: a change publishes the book first, so no new cache sees an old book.
        cache, book = self._rights, self.book
        found = cache.get(identity)
        if found is None:
            user = book.users.get(identity)
            names = (identity.default_role, *user.roles) if user else ()
            found = cache[identity] = union(book.roles[name].rights for name in names if name in book.roles)
        return found

    def roles(self, identity: UserIdentity) -> tuple[str, ...]:
        """The roles that the user holds."""
        user = self.book.users.get(identity)
        return (identity.default_role, *user.roles) if user else ()

    def properties(self, name: str) -> Mapping[str, str]:
        """The properties that SET PROPERTY gave to every user called `name`."""
        return self.book.properties.get(name, {})

    # Changes

    def create_user(self, user: User, *, if_not_exists: bool = False) -> None:
        """Add a user, with the default role that every user has. Raises DorisError for a role that does not exist."""

        def rule(book: Book) -> Book:
            for role in user.roles:
                if role not in book.roles:
                    raise DorisError(f"Role: {role} does not exist")
            if user.identity in book.users:
                if if_not_exists:
                    return book
                raise DorisError(f"User {user.identity} already exist")
            default = Role(user.identity.default_role, COMMON)
            return replace(book, users={**book.users, user.identity: user}, roles={**book.roles, default.name: default})

        self._change(rule)

    def drop_user(self, identity: UserIdentity, *, if_exists: bool = False) -> None:
        """Remove a user and what was granted to them directly."""

        def rule(book: Book) -> Book:
            if identity not in book.users:
                if if_exists:
                    return book
                raise DorisError(f"User `{identity.name}`@`{identity.host}` does not exist.")
            users = _without(book.users, identity)
            kept = any(other.name == identity.name for other in users)
            properties = book.properties if kept else _without(book.properties, identity.name)
            return Book(users, _without(book.roles, identity.default_role), properties)

        self._change(rule)

    def alter_user(self, identity: UserIdentity, rule: Callable[[User], User]) -> None:
        """Replace a user by what `rule` makes of them."""

        def whole(book: Book) -> Book:
            if identity not in book.users:
                raise DorisError(f"User {identity} does not exist")
            return replace(book, users={**book.users, identity: rule(book.users[identity])})

        self._change(whole)

    def create_role(self, role: Role, *, if_not_exists: bool = False) -> None:
        def rule(book: Book) -> Book:
            if role.name in book.roles:
                if if_not_exists:
                    return book
                raise DorisError(f"Role {role.name} already exists")
            return replace(book, roles={**book.roles, role.name: role})

        self._change(rule)

    def alter_role(self, name: str, comment: str) -> None:
        def rule(book: Book) -> Book:
            if name not in book.roles:
                raise DorisError(f"Role {name} not exist")
            return replace(book, roles={**book.roles, name: replace(book.roles[name], comment=comment)})

        self._change(rule)

    def drop_role(self, name: str, *, if_exists: bool = False) -> None:
        """Remove a role, from its holders too."""

        def rule(book: Book) -> Book:
            if name not in book.roles:
                if if_exists:
                    return book
                raise DorisError(f"Role {name} does not exist")
            users = {
                key: replace(user, roles=tuple(role for role in user.roles if role != name))
                for key, user in book.users.items()
            }
            return replace(book, users=users, roles=_without(book.roles, name))

        self._change(rule)

    def change_rights(self, role: str, rule: Callable[[Rights], Rights], *, create: bool = False) -> None:
        """Replace the rights of a role. Raises DorisError for a role that does not exist, unless `create`."""

        def whole(book: Book) -> Book:
            if role not in book.roles and not create:
                raise DorisError(f"Role {role} does not exist")
            old = book.roles.get(role, Role(role, comment=""))
            return replace(book, roles={**book.roles, role: replace(old, rights=rule(old.rights))})

        self._change(whole)

    def grant_roles(self, identity: UserIdentity, roles: Sequence[str], *, revoke: bool = False) -> None:
        """Give roles to a user, or take them away."""

        def rule(book: Book) -> Book:
            user = book.users.get(identity)
            if user is None:
                raise DorisError(f"user: {identity} does not exist")
            for role in roles:
                if role not in book.roles:
                    raise DorisError(f"role:{role} does not exist")
            kept = tuple(role for role in user.roles if role not in roles)
            changed = replace(user, roles=kept if revoke else (*kept, *roles))
            return replace(book, users={**book.users, identity: changed})

        self._change(rule)

    def set_properties(self, name: str, properties: Mapping[str, str]) -> None:
        """Merge properties into those of the users called `name`."""

        def rule(book: Book) -> Book:
            if not any(identity.name == name for identity in book.users):
                raise DorisError(f"Unknown user({name})")
            merged = {**book.properties.get(name, {}), **properties}
            return replace(book, properties={**book.properties, name: merged})

        self._change(rule)

    # Storage

    def _change(self, rule: Callable[[Book], Book]) -> None:
        """Apply a rule to the book, write what changed in one transaction, then publish it."""
        with self._lock:
            new = rule(self.book)
            if new is self.book:
                return
            self._cursor.execute("BEGIN")
            try:
                self._write(new)
                self._cursor.execute("COMMIT")
            except BaseException:
                self._cursor.execute("ROLLBACK")
                raise
            self.book = new
            self._rights = {}
            self.version += 1

    def _read(self) -> Book:
        users = {
            identity: User(identity, hashed, comment, tuple(json.loads(roles)))
            for name, host, hashed, comment, roles in self._cursor.execute("FROM nereus.users").fetchall()
            for identity in (UserIdentity(name, host),)
        }
        stored = {
            name: Role(name, from_json(json.loads(rights)), comment)
            for name, comment, rights in self._cursor.execute("FROM nereus.roles").fetchall()
        }
        properties = {
            name: json.loads(text) for name, text in self._cursor.execute("FROM nereus.user_properties").fetchall()
        }
        return Book(users, {**BUILT_IN, **stored}, properties)

    def _write(self, new: Book) -> None:
        old = self.book
        self._sync("users", ("name", "host"), old.users, new.users, _user_row)
        self._sync("roles", ("name",), old.roles, new.roles, _role_row)
        self._sync("user_properties", ("name",), old.properties, new.properties, lambda value: (_json(dict(value)),))

    def _sync(
        self,
        table: str,
        keys: tuple[str, ...],
        old: Mapping[_Key, _Value],
        new: Mapping[_Key, _Value],
        row: Callable[[_Value], tuple[object, ...]],
    ) -> None:
        """Bring a table's rows from `old` to `new`; `row` gives the columns behind the keys."""
        where = " AND ".join(f"{key} = ?" for key in keys)
        for key in {*old, *new}:
            if old.get(key) == new.get(key):
                continue
            named = list(key) if isinstance(key, tuple) else [key]
            self._cursor.execute(f"DELETE FROM nereus.{table} WHERE {where}", named)
            if key in new:
                values = [*named, *row(new[key])]
                marks = ", ".join("?" * len(values))
                self._cursor.execute(f"INSERT INTO nereus.{table} VALUES ({marks})", values)


def _json(value: object) -> str:
    return json.dumps(value)


def _user_row(user: User) -> tuple[object, ...]:
    return user.hash, user.comment, _json(user.roles)


def _role_row(role: Role) -> tuple[object, ...]:
    return role.comment, _json(to_json(role.rights))


def _without(mapping: Mapping[_Key, _Value], gone: _Key) -> dict[_Key, _Value]:
    return {key: value for key, value in mapping.items() if key != gone}
