"""Rows of the system databases about variables, accounts, sessions and workload groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from nereus.warehouse.embedded.accounts import UserIdentity
from nereus.warehouse.embedded.introspection.columns import INFORMATION_SCHEMA, MYSQL
from nereus.warehouse.embedded.introspection.schema import SystemSchema, provider
from nereus.warehouse.embedded.masking import mask
from nereus.warehouse.embedded.privileges import ANY, GLOBAL, Privilege, Rights
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.variables import catalogue

Row = tuple[Any, ...]

#: MySQL's names of Doris' privileges; those of the cluster have none.
_MYSQL_NAMES = {
    Privilege.SELECT: "SELECT",
    Privilege.LOAD: "INSERT",
    Privilege.ALTER: "ALTER",
    Privilege.CREATE: "CREATE",
    Privilege.DROP: "DROP",
    Privilege.USAGE: "USAGE",
    Privilege.SHOW_VIEW: "SHOW VIEW",
}
#: Tables that a Doris cluster has for MySQL's sake and leaves empty, or that tell of what the user has none of.
_EMPTY = (
    "column_privileges",
    "column_statistics",
    "engines",
    "events",
    "files",
    "key_column_usage",
    "parameters",
    "profiling",
    "referential_constraints",
    "routine_load_jobs",
    "routines",
    "statistics",
    "table_constraints",
    "triggers",
)

for _table in _EMPTY:
    provider(INFORMATION_SCHEMA, _table)(lambda schema: ())
provider(MYSQL, "procs_priv")(lambda schema: ())

#: Privileges that mysql.user has a column for, in its order.
_USER_COLUMNS = (
    Privilege.NODE,
    Privilege.ADMIN,
    Privilege.GRANT,
    Privilege.SELECT,
    Privilege.LOAD,
    Privilege.ALTER,
    Privilege.CREATE,
    Privilege.DROP,
    Privilege.USAGE,
    Privilege.SHOW_VIEW,
)


def variable_rows(values: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Name, value, default and whether it differs, as SHOW VARIABLES lists them: changed ones first."""
    rows = [
        (variable.name, values[key], variable.default, str(int(values[key] != variable.default)))
        for key, variable in catalogue().items()
        if not variable.hidden
    ]
    return sorted(rows, key=lambda row: row[3], reverse=True)


@provider(INFORMATION_SCHEMA, "session_variables")
def session_variables(schema: SystemSchema) -> Iterable[Row]:
    return variable_rows(schema.session.variables)


@provider(INFORMATION_SCHEMA, "global_variables")
def global_variables(schema: SystemSchema) -> Iterable[Row]:
    return variable_rows(schema.session.warehouse.variables.values())


@provider(INFORMATION_SCHEMA, "character_sets")
def character_sets(schema: SystemSchema) -> Iterable[Row]:
    return [("utf8mb4", "utf8mb4_0900_bin", "UTF-8 Unicode", 4)]


@provider(INFORMATION_SCHEMA, "collations")
def collations(schema: SystemSchema) -> Iterable[Row]:
    return [("utf8mb4_0900_bin", "utf8mb4", 309, "Yes", "Yes", 1)]


# Sessions


def visible_sessions(session: Session) -> Iterator[Session]:
    """One's own sessions; all of them for who may administer or grant."""
    for other in session.warehouse.processes:
        if other.identity.name == session.identity.name or session.allows("GRANT"):
            yield other


def process_rows(session: Session) -> Iterator[Row]:
    """The columns of SHOW PROCESSLIST."""
    now = datetime.now(UTC)
    for other in visible_sessions(session):
        run = other.running
        last = run or other.last
        began = run.started if run else other.login_time if last is None else last.started
        yield (
            "Yes" if other is session else "No",
            str(other.connection_id),
            other.identity.name,
            other.host,
            other.login_time.replace(tzinfo=None, microsecond=0),
            "internal",
            other.database or "",
            "Query" if run else "Sleep",
            int((now - began).total_seconds()),
            "OK",
            last.query_id if last else "NaN",
            "",
            mask(run.text) if run else "",
            "127.0.0.1",
            "NULL",
        )


@provider(INFORMATION_SCHEMA, "processlist")
def processlist(schema: SystemSchema) -> Iterable[Row]:
    return process_rows(schema.session)


@provider(INFORMATION_SCHEMA, "active_queries")
def active_queries(schema: SystemSchema) -> Iterable[Row]:
    groups = schema.session.warehouse.groups.groups
    for other in visible_sessions(schema.session):
        run = other.running
        if run is not None and run.route is not None and run.route.reads:
            group = run.group or groups.get(other.workload_group)
            ticket = run.ticket
            queued = (
                f"{moment:%Y-%m-%d %H:%M:%S}" if moment else None
                for moment in ((ticket.queued, ticket.started) if ticket else (None, None))
            )
            yield (
                run.query_id,
                f"{run.started:%Y-%m-%d %H:%M:%S}",
                run.elapsed_ms,
                group.id if group else -1,
                other.database or "",
                "127.0.0.1",
                *queued,
                ticket.status if ticket else "",
                other.identity.name,
                mask(run.text),
            )


# Workload groups


def visible_groups(session: Session) -> Iterator[str]:
    """The workload groups that the user may use, by name."""
    return (name for name in sorted(session.warehouse.groups.groups) if session.rights.uses_group(name))


@provider(INFORMATION_SCHEMA, "workload_groups")
def workload_groups(schema: SystemSchema) -> Iterable[Row]:
    groups = schema.session.warehouse.groups.groups
    for name in visible_groups(schema.session):
        group = groups[name]
        numbers = ("max_concurrency", "max_queue_size", "queue_timeout", "scan_thread_num")
        remote = ("max_remote_scan_thread_num", "min_remote_scan_thread_num")
        yield (
            group.id,
            group.name,
            *map(group.get, ("min_cpu_percent", "max_cpu_percent", "min_memory_percent", "max_memory_percent")),
            *(int(group.get(key)) for key in (*numbers, *remote)),
            *map(group.get, ("memory_low_watermark", "memory_high_watermark", "compute_group")),
            *(int(group.get(key)) for key in ("read_bytes_per_second", "remote_read_bytes_per_second")),
        )


@provider(INFORMATION_SCHEMA, "workload_policy")
def workload_policy(schema: SystemSchema) -> Iterable[Row]:
    for policy in schema.session.warehouse.workload_policies.policies.values():
        # Doris asks for the privilege on a workload group of the policy's name.
        if schema.session.rights.uses_group(policy.name):
            conditions, actions = (";".join(map(str, listed)) for listed in (policy.conditions, policy.actions))
            flags = (policy.priority, policy.enabled, policy.version)
            yield policy.id, policy.name, conditions, actions, *flags, policy.group


@provider(INFORMATION_SCHEMA, "sql_block_rule_status")
def sql_block_rule_status(schema: SystemSchema) -> Iterable[Row]:
    """How long the rules took is not measured."""
    rules = schema.session.warehouse.block_rules
    for rule in rules.rules.values() if schema.session.allows("ADMIN") else ():
        limits = (rule.partition_num, rule.tablet_num, rule.cardinality)
        counts = (rules.blocked.get(rule.name, 0), None, None, None)
        yield rule.name, rule.sql, rule.sql_hash, *limits, rule.everywhere, rule.enabled, *counts


@provider(INFORMATION_SCHEMA, "workload_group_privileges")
def workload_group_privileges(schema: SystemSchema) -> Iterable[Row]:
    for identity, rights in visible_accounts(schema.session):
        grantable = "YES" if rights.satisfies(Privilege.ADMIN) else "NO"
        for name, privileges in sorted(rights.groups.items()):
            yield str(identity), name, privileges.label, grantable


# Accounts


def visible_accounts(session: Session) -> Iterator[tuple[UserIdentity, Rights]]:
    """Oneself; everyone for who may administer or grant."""
    accounts = session.warehouse.accounts
    for identity in sorted(accounts.book.users):
        if identity == session.identity or session.allows("GRANT"):
            yield identity, accounts.rights(identity)


def _privilege_rows(schema: SystemSchema, depth: int) -> Iterator[tuple[UserIdentity, tuple[str, ...], str, str]]:
    """(user, scope, MySQL's privilege, grantable) for scopes of `depth` names (catalogue, database, table)."""
    for identity, rights in visible_accounts(schema.session):
        for scope, privileges in sorted(rights.scopes.items()):
            if sum(part != ANY for part in scope) == depth:
                grantable = "YES" if privileges & (Privilege.GRANT | Privilege.ADMIN) else "NO"
                for privilege, name in _MYSQL_NAMES.items():
                    if privilege in privileges:
                        yield identity, scope, name, grantable


@provider(INFORMATION_SCHEMA, "user_privileges")
def user_privileges(schema: SystemSchema) -> Iterable[Row]:
    for identity, _, name, grantable in _privilege_rows(schema, 0):
        yield str(identity), "internal", name, grantable


@provider(INFORMATION_SCHEMA, "schema_privileges")
def schema_privileges(schema: SystemSchema) -> Iterable[Row]:
    for identity, scope, name, grantable in _privilege_rows(schema, 2):
        yield str(identity), scope[0], scope[1], name, grantable


@provider(INFORMATION_SCHEMA, "table_privileges")
def table_privileges(schema: SystemSchema) -> Iterable[Row]:
    for identity, scope, name, grantable in _privilege_rows(schema, 3):
        yield str(identity), *scope, name, grantable


@provider(MYSQL, "user")
def users(schema: SystemSchema) -> Iterable[Row]:
    """Password hashes are not told, not even to administrators."""
    for identity, rights in visible_accounts(schema.session):
        held = rights.scopes.get(GLOBAL, Privilege(0))
        flags = ["Y" if privilege in held else "N" for privilege in _USER_COLUMNS]
        properties = schema.session.warehouse.accounts.properties(identity.name)
        connections = int(properties.get("max_user_connections", 100))
        yield (
            identity.host,
            identity.name,
            *flags,
            "N",
            "N",
            *("", "", "", ""),
            *(0, 0, 0, connections),
            "mysql_native_password",
            "",
            *("-1", None, "-1", None, "0", "-1", "0", None),
        )
