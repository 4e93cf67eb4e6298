"""Privileges: what there is, what a user holds, and whether that satisfies what a statement wants.

Names are matched exactly, as Doris matches them: neither ``%`` nor ``_`` is a wildcard, and ``*`` stands for "every".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntFlag

#: The only catalogue of the embedded warehouse.
CATALOG = "internal"
ANY = "*"

#: (catalog, database, table); `*` from the right widens the scope up to `*.*.*`.
Scope = tuple[str, str, str]
GLOBAL: Scope = (ANY, ANY, ANY)


class Privilege(IntFlag):
    """Doris' privileges, in the order in which it lists them."""

    NODE = 1 << 0
    ADMIN = 1 << 1
    GRANT = 1 << 2
    SELECT = 1 << 3
    LOAD = 1 << 4
    ALTER = 1 << 5
    CREATE = 1 << 6
    DROP = 1 << 7
    USAGE = 1 << 8
    SHOW_VIEW = 1 << 14

    @property
    def label(self) -> str:
        """As SHOW GRANTS writes a set of them: ``Select_priv,Load_priv``."""
        return ",".join(f"{one.name.capitalize()}_priv" for one in Privilege if one in self and one.name)


#: What GRANT may name. ALL and READ_WRITE are the same set.
_ALL = Privilege.SELECT | Privilege.LOAD | Privilege.ALTER | Privilege.CREATE | Privilege.DROP | Privilege.SHOW_VIEW
GRANTABLE: Mapping[str, Privilege] = {
    "READ_ONLY": Privilege.SELECT,
    "READ_WRITE": _ALL,
    "ALL": _ALL,
    **{f"{one.name}_PRIV": one for one in Privilege},
}

#: What a statement wants: any one of these privileges is enough.
WANTED: Mapping[str, Privilege] = {
    "SHOW": Privilege.ADMIN | _ALL,
    "SHOW_VIEW": Privilege.ADMIN | Privilege.CREATE | Privilege.ALTER | Privilege.DROP | Privilege.SHOW_VIEW,
    "GRANT": Privilege.ADMIN | Privilege.GRANT,
    "ADMIN": Privilege.ADMIN,
    "ADMIN_OR_NODE": Privilege.ADMIN | Privilege.NODE,
    "NODE": Privilege.NODE,
    "USAGE": Privilege.ADMIN | Privilege.USAGE,
    **{name: Privilege.ADMIN | Privilege[name] for name in ("SELECT", "LOAD", "ALTER", "CREATE", "DROP")},
}


@dataclass(frozen=True, slots=True)
class Rights:
    """What one role, or one user by all of their roles together, may do.

    Attributes:
        scopes: privileges by scope; no entry is empty.
        columns: columns of (database, table) that may be selected although the table may not.
        groups: privileges on workload groups by name.
    """

    scopes: Mapping[Scope, Privilege] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    groups: Mapping[str, Privilege] = field(default_factory=dict)

    def held(self, db: str | None = None, table: str | None = None) -> Privilege:
        """Every privilege that holds globally, or for a database, or for a table."""
        found = self.scopes.get(GLOBAL, Privilege(0))
        if db is not None:
            found |= self.scopes.get((CATALOG, ANY, ANY), Privilege(0))
            found |= self.scopes.get((CATALOG, db, ANY), Privilege(0))
            if table is not None:
                found |= self.scopes.get((CATALOG, db, table), Privilege(0))
        return found

    def satisfies(self, wanted: Privilege, db: str | None = None, table: str | None = None) -> bool:
        """Whether any privilege of `wanted` holds there."""
        return bool(self.held(db, table) & wanted)

    def holds_all(self, wanted: Privilege, db: str | None = None, table: str | None = None) -> bool:
        """Whether every privilege of `wanted` holds there."""
        return self.held(db, table) & wanted == wanted

    def sees_database(self, db: str) -> bool:
        """Whether the database is shown to the user: a privilege on it or on anything within."""
        return (
            self.satisfies(WANTED["SHOW"], db)
            or any(scope[1] == db and scope[0] == CATALOG for scope in self.scopes)
            or any(key[0] == db for key in self.columns)
        )

    def sees_table(self, db: str, table: str) -> bool:
        """Whether the table or view is shown to the user."""
        return self.satisfies(WANTED["SHOW"], db, table) or (db, table) in self.columns

    def selects(self, db: str, table: str, column: str) -> bool:
        """Whether the column may be read."""
        return self.satisfies(WANTED["SELECT"], db, table) or column in self.columns.get((db, table), ())

    def uses_group(self, name: str) -> bool:
        """Whether statements may run in the workload group; everyone may use ``normal``."""
        if name == "normal" or self.satisfies(WANTED["USAGE"]):
            return True
        granted = self.groups.get(name, Privilege(0)) | self.groups.get("%", Privilege(0))
        return bool(granted & WANTED["USAGE"])

    def with_scope(self, scope: Scope, privileges: Privilege) -> Rights:
        """These rights and `privileges` at `scope`."""
        if not privileges:
            return self
        merged = self.scopes.get(scope, Privilege(0)) | privileges
        return Rights({**self.scopes, scope: merged}, self.columns, self.groups)

    def without_scope(self, scope: Scope, privileges: Privilege) -> Rights:
        """These rights less `privileges` at `scope`."""
        left = self.scopes.get(scope, Privilege(0)) & ~privileges
        scopes = {key: value for key, value in self.scopes.items() if key != scope}
        return Rights({**scopes, scope: left} if left else scopes, self.columns, self.groups)

    def with_columns(self, db: str, table: str, names: Iterable[str]) -> Rights:
        """These rights and the right to select single columns."""
        merged = self.columns.get((db, table), frozenset()) | frozenset(names)
        return Rights(self.scopes, {**self.columns, (db, table): merged}, self.groups)

    def without_columns(self, db: str, table: str, names: Iterable[str]) -> Rights:
        """These rights less the right to select single columns."""
        left = self.columns.get((db, table), frozenset()) - frozenset(names)
        columns = {key: value for key, value in self.columns.items() if key != (db, table)}
        return Rights(self.scopes, {**columns, (db, table): left} if left else columns, self.groups)

    def with_group(self, name: str, privileges: Privilege) -> Rights:
        """These rights and `privileges` on a workload group."""
        merged = self.groups.get(name, Privilege(0)) | privileges
        return Rights(self.scopes, self.columns, {**self.groups, name: merged})

    def without_group(self, name: str, privileges: Privilege) -> Rights:
        """These rights less `privileges` on a workload group."""
        left = self.groups.get(name, Privilege(0)) & ~privileges
        groups = {key: value for key, value in self.groups.items() if key != name}
        return Rights(self.scopes, self.columns, {**groups, name: left} if left else groups)


def union(rights: Iterable[Rights]) -> Rights:
    """What several roles allow together."""
    whole = Rights()
    for one in rights:
        for scope, privileges in one.scopes.items():
            whole = whole.with_scope(scope, privileges)
        for (db, table), names in one.columns.items():
            whole = whole.with_columns(db, table, names)
        for name, privileges in one.groups.items():
            whole = whole.with_group(name, privileges)
    return whole


def to_json(rights: Rights) -> dict[str, object]:
    """A form that JSON can carry."""
    return {
        "scopes": [[*scope, int(privileges)] for scope, privileges in sorted(rights.scopes.items())],
        "columns": [[*key, *sorted(names)] for key, names in sorted(rights.columns.items())],
        "groups": {name: int(privileges) for name, privileges in sorted(rights.groups.items())},
    }


def from_json(value: dict[str, object]) -> Rights:
    """Read back what `to_json` wrote."""
    scopes = value["scopes"]
    columns = value["columns"]
    groups = value["groups"]
    if not (isinstance(scopes, list) and isinstance(columns, list) and isinstance(groups, dict)):
        raise TypeError(f"not the rights of a role: {value!r}")
    return Rights(
        {(row[0], row[1], row[2]): Privilege(row[3]) for row in scopes},
        {(row[0], row[1]): frozenset(row[2:]) for row in columns},
        {name: Privilege(number) for name, number in groups.items()},
    )
