"""The table function S3(): files of an object store in FROM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.denials import missing
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.operations.files import Fetched, Files, Reading, fetch
from nereus.warehouse.embedded.operations.remote import place_of, store_properties
from nereus.warehouse.embedded.sql.typed import Relation

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

TITLE = "S3TableValuedFunction"
#: Statements that read rows now. What keeps its text for later would keep the keys with it.
_READS = ("SELECT", "WITH", "VALUES", "(", "INSERT", "EXPLAIN", "DESC", "DESCRIBE")


def relation(session: Session, properties: Mapping[str, str]) -> Relation:
    """The files as a relation; they are removed when the statement is over. Raises DorisError."""
    found = files(session, properties)
    return Relation("", TITLE, found.columns, from_sql=found.from_sql)


def files(session: Session, properties: Mapping[str, str]) -> Files:
    """The files, fetched once for a statement."""
    run = session.running
    if run is not None and run.route is not None:
        opening = run.route.opening
        if opening[0] not in _READS and opening[:2] != ("CREATE", "TABLE"):
            raise Refused(f"S3() in {' '.join(opening)}", "Use it in SELECT and INSERT ... SELECT.")
    key = tuple(sorted(properties.items()))
    fetched = run.fetched if run is not None else None
    if fetched is not None and key in fetched.of:
        return fetched.of[key]
    passing = fetched is None
    if fetched is None:
        fetched = Fetched.below(session.warehouse.engine.spool)
        if run is not None:
            run.fetched, passing = fetched, False
    try:
        try:
            found = _fetch(session, properties, fetched)
        except DorisError as error:
            if isinstance(error, Refused):
                raise
            raise DorisError(f"Can not build s3(): {error.detail}") from error
        fetched.of[key] = found
        return found
    finally:
        # Who only asks for the columns does not read the rows.
        if passing:
            fetched.close()


def _fetch(session: Session, properties: Mapping[str, str], fetched: Fetched) -> Files:
    given = {key.lower(): value for key, value in properties.items()}
    resource = given.pop("resource", None)
    if resource is not None:
        known = session.warehouse.catalog.tiers.resources.get(resource)
        if known is None:
            raise DorisError(f"Can not find resource: {resource}")
        session.check("ADMIN", error=missing("ADMIN"))
        given = {**{key: value for key, value in known.values.items() if key in _OF_RESOURCE}, **given}
    uri = given.pop("uri", None)
    format_ = given.pop("format", "").lower()
    store, options = store_properties(given)
    reading = Reading(format_, options, session.variables["time_zone"])
    reading.check()
    if uri is None:
        raise DorisError("props must contain uri")
    place = place_of(uri, store)
    cursor = session.warehouse.engine.cursor()
    try:
        return fetch(cursor, place, reading, fetched.folder, session.check_cancelled)
    finally:
        cursor.close()


_OF_RESOURCE = ("s3.endpoint", "s3.region", "s3.access_key", "s3.secret_key")
