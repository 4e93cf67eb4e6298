"""CREATE, ALTER, DROP and SHOW STORAGE POLICY: when rows cool down, and to which resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok, Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.tiers.model import StoragePolicy, pieces

_COLUMNS = ["PolicyName", "Id", "Version", "Type", "StorageResource", "CooldownDatetime", "CooldownTtl"]
_RESOURCE, _DATETIME, _TTL = "storage_resource", "cooldown_datetime", "cooldown_ttl"
_FORMAT = "%Y-%m-%d %H:%M:%S"
_UNITS = (("d", 86_400), ("h", 3_600), ("week", 604_800))


@statement("CREATE STORAGE POLICY", kind="CREATE")
def create_policy(session: Session, text: str) -> Ok:
    """CREATE STORAGE POLICY [IF NOT EXISTS] name PROPERTIES ("storage_resource" = r, "cooldown_ttl" | ... = t)"""
    reader = Reader.after(text, "CREATE", "STORAGE", "POLICY")
    tolerant = reader.if_not_exists()
    name = reader.name()
    written = reader.token.word == "PROPERTIES"
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("Admin_priv"))
    if not written:
        raise DorisError("properties config is required")
    tiers = session.warehouse.catalog.tiers
    resource = properties.get(_RESOURCE)
    if not resource:
        raise DorisError(f"Missing [{_RESOURCE}] in properties.")
    if _DATETIME in properties and _TTL in properties:
        raise DorisError(f"{_DATETIME} and {_TTL} can't be set together.")
    if _DATETIME not in properties and _TTL not in properties:
        raise DorisError(f"{_DATETIME} or {_TTL} must be set")
    moment = _moment(properties[_DATETIME]) if _DATETIME in properties else None
    ttl = _seconds(properties[_TTL]) if _TTL in properties else None
    _check_resource(session, resource)
    known = tiers.policies.get(name)
    if known is not None:
        if tolerant:
            return Ok()
        if known.resource == resource:
            raise DorisError("this policy has been added to s3 or hdfs resource, policy has been created.")
        raise DorisError(f"the policy {name} already create")
    tiers.put_policy(StoragePolicy(name, session.warehouse.catalog.new_id(), 0, resource, ttl, moment))
    return Ok()


@statement("ALTER STORAGE POLICY", kind="ALTER")
def alter_policy(session: Session, text: str) -> Ok:
    """ALTER STORAGE POLICY name PROPERTIES ("cooldown_ttl" | "cooldown_datetime" = t)"""
    reader = Reader.after(text, "ALTER", "STORAGE", "POLICY")
    name = reader.name_or_string()
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("Admin_priv"))
    if not properties:
        raise DorisError("policy properties can't be null")
    tiers = session.warehouse.catalog.tiers
    policy = tiers.policies.get(name)
    if policy is None:
        raise DorisError(f"Unknown storage policy: {name}")
    if _RESOURCE in properties:
        raise DorisError(
            "not support change storage policy's storage resource, you can change s3 properties by alter resource"
        )
    unknown = {key: value for key, value in properties.items() if key not in (_DATETIME, _TTL)}
    if unknown:
        shown = ", ".join(f"{key}={value}" for key, value in unknown.items())
        raise DorisError(f"Unknown Storage policy properties: {{{shown}}}")
    ttl, moment = policy.ttl_s, policy.moment
    if _TTL in properties:
        ttl = _seconds(properties[_TTL]) if properties[_TTL] else None
    if _DATETIME in properties:
        moment = _moment(properties[_DATETIME]) if properties[_DATETIME] else None
    if ttl is not None and moment is not None:
        raise DorisError(f"{_DATETIME} and {_TTL} can't be set together.")
    if ttl is None and moment is None:
        raise DorisError(f"{_DATETIME} or {_TTL} must be set")
    tiers.put_policy(replace(policy, version=policy.version + 1, ttl_s=ttl, moment=moment))
    return Ok()


@statement("DROP STORAGE POLICY", kind="DROP")
def drop_policy(session: Session, text: str) -> Ok:
    """DROP STORAGE POLICY [IF EXISTS] name, while no table uses it"""
    reader = Reader.after(text, "DROP", "STORAGE", "POLICY")
    tolerant = reader.if_exists()
    name = reader.name()
    reader.finish()
    session.check("ADMIN", error=missing("Admin_priv"))
    tiers = session.warehouse.catalog.tiers
    if name not in tiers.policies:
        if tolerant:
            return Ok()
        raise DorisError(f"the policy {name} not exist")
    tiers.drop_policy(name, (table for _, table in _tables(session)))
    return Ok()


@statement("SHOW STORAGE POLICY", kind="SHOW")
def show_policies(session: Session, text: str) -> Result:
    """SHOW STORAGE POLICY [USING [FOR name]]"""
    reader = Reader.after(text, "SHOW", "STORAGE", "POLICY")
    using = reader.accept_word("USING")
    name = reader.name_or_string() if using and reader.accept("FOR") else None
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    if using:
        return text_rows(["PolicyName", "Database", "Table", "Partitions"], list(_uses(session, name)))
    rows = []
    for policy in session.warehouse.catalog.tiers.policies.values():
        moment = policy.moment.strftime(_FORMAT) if policy.moment else "-1"
        ttl = "-1" if policy.ttl_s is None else str(policy.ttl_s)
        rows.append([policy.name, str(policy.id), str(policy.version), "STORAGE", policy.resource, moment, ttl])
    return text_rows(_COLUMNS, rows)


def _uses(session: Session, wanted: str | None) -> Iterator[list[str]]:
    for db, table in _tables(session):
        by_policy: dict[str, list[str]] = {}
        for piece in pieces(table):
            by_policy.setdefault(piece.policy, []).append(piece.name)
        every = len(table.partitions) if table.partitioning else 1
        for policy, names in by_policy.items():
            if wanted in (None, policy):
                yield [policy, db, table.name, "ALL" if len(names) == every else ",".join(names)]


def _tables(session: Session) -> Iterator[tuple[str, Table]]:
    for db in session.warehouse.catalog.snapshot().databases.values():
        for relation in db.relations.values():
            if isinstance(relation, Table):
                yield db.name, relation


def _check_resource(session: Session, name: str) -> None:
    resource = session.warehouse.catalog.tiers.resources.get(name)
    if resource is None:
        raise DorisError(f"storage resource doesn't exist: {name}")
    values: Mapping[str, str] = resource.values
    for key in ("s3.root.path", "s3.bucket"):
        if key not in values:
            raise DorisError(f"Missing [{key}] in '{name}' resource")


def _moment(value: str) -> datetime:
    try:
        return datetime.strptime(value, _FORMAT)
    except ValueError:
        raise DorisError(f"cooldown_datetime format error: {value}") from None


def _seconds(value: str) -> int:
    """``1d``, ``1day``, ``12h``, ``1week`` or a number of seconds."""
    short = value.replace("day", "d").replace("hour", "h")
    unit, factor = next(((unit, factor) for unit, factor in _UNITS if short.endswith(unit)), ("", 1))
    number = short.removesuffix(unit).strip()
    if not number.lstrip("-").isdigit():
        raise DorisError("getSecByCooldownTtl failed.")
    seconds = int(number) * factor
    if seconds < 0:
        raise DorisError("cooldownTtl can't be less than 0")
    return seconds
