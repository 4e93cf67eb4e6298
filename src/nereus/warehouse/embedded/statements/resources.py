"""CREATE, ALTER, DROP and SHOW RESOURCE: object stores by name, with the keys that open them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nereus.warehouse.embedded.catalog.names import COMMON
from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok, Result
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import like
from nereus.warehouse.embedded.statements.filtering import filtered
from nereus.warehouse.embedded.statements.reader import Reader
from nereus.warehouse.embedded.tiers.client import Client
from nereus.warehouse.embedded.tiers.model import Resource
from nereus.warehouse.embedded.tiers.mover import root_of

_TYPES = ("SPARK", "ODBC_CATALOG", "S3", "JDBC", "HDFS", "HMS", "ES", "AZURE", "AI")
_COLUMNS = ("Name", "ResourceType", "Item", "Value")
#: Doris' older names of properties; both are understood, the newer is kept.
_STANDARD = {
    "AWS_ENDPOINT": "s3.endpoint",
    "AWS_REGION": "s3.region",
    "AWS_ACCESS_KEY": "s3.access_key",
    "AWS_SECRET_KEY": "s3.secret_key",
    "AWS_TOKEN": "s3.session_token",
    "AWS_ROOT_PATH": "s3.root.path",
    "AWS_BUCKET": "s3.bucket",
    "AWS_MAX_CONNECTIONS": "s3.connection.maximum",
    "AWS_REQUEST_TIMEOUT_MS": "s3.connection.request.timeout",
    "AWS_CONNECTION_TIMEOUT_MS": "s3.connection.timeout",
    "AWS_ROLE_ARN": "s3.role_arn",
    "AWS_EXTERNAL_ID": "s3.external_id",
}
_KNOWN = {*_STANDARD.values(), "type", "use_path_style", "s3_validity_check", "provider"}
_DEFAULTS = {
    "s3.connection.maximum": "50",
    "s3.connection.request.timeout": "3000",
    "s3.connection.timeout": "1000",
}
_SECRET = ("s3.secret_key", "s3.session_token")
#: What may not change while a policy uses the resource: the rows that cooled down are found by it.
_FIXED = ("s3.endpoint", "s3.region", "s3.root.path", "s3.bucket")
_WHERE = re.compile(
    r"""(?:NAME\s*(?P<op>=|LIKE)\s*(?P<name>'[^']*'|"[^"]*"))?(?P<and>\s+AND\s+)?"""
    r"""(?:RESOURCETYPE\s*=\s*(?P<type>'[^']*'|"[^"]*"))?""",
    re.IGNORECASE,
)


@statement("CREATE RESOURCE", "CREATE EXTERNAL RESOURCE", kind="CREATE")
def create_resource(session: Session, text: str) -> Ok:
    """CREATE RESOURCE [IF NOT EXISTS] name PROPERTIES ("type" = "s3", ...)"""
    reader = Reader.after(text, "CREATE")
    reader.accept_word("EXTERNAL")
    reader.expect_word("RESOURCE")
    tolerant = reader.if_not_exists()
    name = reader.name_or_string()
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    _check_name(name)
    if not properties:
        raise DorisError("Resource properties can't be null")
    kind = next((value for key, value in properties.items() if key.lower() == "type"), "")
    if not kind:
        raise DorisError("Resource type can't be null")
    if kind.upper() not in _TYPES or kind.upper() == "SPARK":
        raise DorisError(f"Unsupported resource type: {kind}")
    if kind.upper() == "ODBC_CATALOG":
        raise DorisError("ODBC table is deprecated, use JDBC instead.")
    if kind.upper() != "S3":
        raise Refused(f"resources of type {kind}", "Use a resource of type s3.")
    kept = _standard(properties)
    _check_given(kept, "s3.endpoint", "s3.bucket")
    if "://" not in kept["s3.endpoint"]:
        kept["s3.endpoint"] = f"http://{kept['s3.endpoint']}"
    tiers = session.warehouse.catalog.tiers
    resource = Resource(name, 0, 0, tuple(sorted((_DEFAULTS | kept).items())))
    _check_reachable(resource)
    if name in tiers.resources:
        if tolerant:
            return Ok()
        raise DorisError(f"Resource({name}) already exist")
    tiers.put_resource(Resource(name, session.warehouse.catalog.new_id(), 0, resource.properties))
    return Ok()


@statement("ALTER RESOURCE", kind="ALTER")
def alter_resource(session: Session, text: str) -> Ok:
    """ALTER RESOURCE name PROPERTIES (...): other keys, or any property while no policy uses it"""
    reader = Reader.after(text, "ALTER", "RESOURCE")
    name = reader.name_or_string()
    properties = reader.properties()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    if not properties:
        raise DorisError("Resource properties can't be null")
    if "type" in properties:
        raise DorisError("Can not change resource type.")
    tiers = session.warehouse.catalog.tiers
    old = tiers.resources.get(name)
    if old is None:
        raise DorisError(f"Unknown resource: {name}")
    used = any(policy.resource == name for policy in tiers.policies.values())
    for key in properties:
        if used and _STANDARD.get(key, key) in _FIXED:
            raise DorisError(f"current not support modify property : {key}")
    given = {key: value for key, value in _standard(properties).items() if value}
    if "s3.endpoint" in given and "://" not in given["s3.endpoint"]:
        given["s3.endpoint"] = f"http://{given['s3.endpoint']}"
    changed = Resource(name, old.id, old.version + 1, tuple(sorted((old.values | given).items())))
    _check_reachable(changed)
    tiers.put_resource(changed)
    return Ok()


@statement("DROP RESOURCE", kind="DROP")
def drop_resource(session: Session, text: str) -> Ok:
    """DROP RESOURCE [IF EXISTS] name, while no policy uses it"""
    reader = Reader.after(text, "DROP", "RESOURCE")
    tolerant = reader.if_exists()
    name = reader.name_or_string()
    reader.finish()
    session.check("ADMIN", error=missing("ADMIN"))
    _check_name(name)
    tiers = session.warehouse.catalog.tiers
    if name not in tiers.resources:
        if tolerant:
            return Ok()
        raise DorisError(f"Resource({name}) does not exist")
    tiers.drop_resource(name)
    return Ok()


@statement("SHOW RESOURCES", kind="SHOW")
def show_resources(session: Session, text: str) -> Result:
    """SHOW RESOURCES [LIKE p | WHERE NAME = n [AND RESOURCETYPE = t]] [ORDER BY ...] [LIMIT n]; secrets are masked"""
    reader = Reader.after(text, "SHOW", "RESOURCES")
    chosen = reader.filter(ends=("ORDER", "LIMIT"))
    tail = reader.tail()
    matches, kind = like(chosen.like), None
    if chosen.where is not None:
        found = _WHERE.fullmatch(chosen.where.strip())
        both = found is not None and bool(found["name"]) and bool(found["type"])
        if found is None or bool(found["and"]) != both or not (found["name"] or found["type"]):
            raise DorisError(
                'Where clause should looks like: NAME = "your_resource_name", or NAME LIKE "matcher",  or '
                'RESOURCETYPE = "resource_type",  or compound predicate with operator AND'
            )
        if found["name"]:
            name = found["name"][1:-1]
            matches = like(name) if found["op"].upper() == "LIKE" else lambda other: other == name
        kind = found["type"][1:-1].upper() if found["type"] else None
    rows = []
    if session.allows("ADMIN") and kind in (None, "S3"):
        for resource in sorted(session.warehouse.catalog.tiers.resources.values(), key=lambda one: one.name):
            if matches(resource.name):
                items = {"id": str(resource.id), "version": str(resource.version), **resource.values}
                rows += [
                    [resource.name, "s3", key, "******" if key in _SECRET else value] for key, value in items.items()
                ]
    return filtered(session, _COLUMNS, rows, tail)


def _standard(properties: Mapping[str, str]) -> dict[str, str]:
    """Under Doris' newer names. Raises Refused for properties that would have an effect on a cluster and none here."""
    kept: dict[str, str] = {}
    for key, value in properties.items():
        name = "type" if key.lower() == "type" else _STANDARD.get(key, key)
        if name not in _KNOWN:
            raise Refused(f"the resource property {key}")
        if name in ("s3.role_arn", "s3.external_id"):
            raise Refused(f"the resource property {key}", "Give s3.access_key and s3.secret_key.")
        kept.setdefault(name, value)
    return kept


def _check_given(properties: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not properties.get(name):
            raise DorisError(f"Missing [{name}] in properties.")


def _check_reachable(resource: Resource) -> None:
    if resource.values.get("s3_validity_check", "true").lower() == "true":
        Client(resource).check(root_of(resource.values))


def _check_name(name: str) -> None:
    if not re.fullmatch(COMMON, name):
        raise DorisError(f"Incorrect resource name '{name}'. Resource name regex is '{COMMON}'")
