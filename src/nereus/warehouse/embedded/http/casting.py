"""Casts of a load: what a file holds becomes the type of the column it goes to, or NULL."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.sql.rules.build import cast, sql, try_cast
from nereus.warehouse.embedded.sql.rules.casts import cast_to, implicit
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import DATE, STRING, DorisType

#: Beside the integers: types whose canonical texts are read natively.
_PLAIN = ("decimal", "float", "double")


def to_column(value: Typed, to: DorisType) -> Typed:
    """Cast a field to the type of its column as a Doris backend does: by way of its text.

    Text is neither cut nor checked for its length. Raises Refused where the result would not be certain.
    """
    if value.type == to or (value.type.is_text and to.is_text):
        return Typed(value.node, to, volatile=value.volatile)
    if value.type.is_text:
        return Typed(_from_text(value, to), to, volatile=value.volatile)
    if _same_as_by_text(value.type, to):
        return cast_to(value, to)
    by_text = Typed(_from_text(cast_to(value, STRING), to), to, volatile=value.volatile)
    if value.type.name == "datetime" and to.is_date:
        return Typed(_exact_moment(value, to, by_text.node), to, volatile=value.volatile)
    return by_text


def _same_as_by_text(source: DorisType, to: DorisType) -> bool:
    """Pairs of types for which writing the text and reading it again gives what the direct cast gives."""
    exact = ("boolean", "decimal")
    if source.is_integer or source.name in exact:
        return to.is_integer or to.name in exact or to.is_text
    return to.is_text or (source == DATE and to.name == "datetime")


def _from_text(value: Typed, to: DorisType) -> exp.Expression:
    """The cast of the rules, with a short cut for texts as DuckDB itself would write them.

    ``CASE WHEN CAST(TRY_CAST(s AS INTEGER) AS VARCHAR) = s THEN TRY_CAST(s AS INTEGER) ELSE ... END``: such a text has
    one meaning, and reading it costs a tenth of the regular expressions that the rules need for all the others.
    """
    by_rule = implicit(value, to).node
    if to.is_integer or to.name in _PLAIN:
        template = "CASE WHEN CAST(v AS VARCHAR) = s THEN v ELSE r END"
    elif to.is_date:
        # Other lengths are years beyond 9999 or fractions that may have to be rounded.
        length = len("2024-01-01") if to == DATE else len("2024-01-01 10:00:00")
        template = f"CASE WHEN length(s) = {length} AND CAST(v AS VARCHAR) = s THEN v ELSE r END"
    else:
        return by_rule
    return sql(template, v=try_cast(value.node.copy(), to), s=value.node.copy(), r=by_rule)


def _exact_moment(value: Typed, to: DorisType, by_text: exp.Expression) -> exp.Expression:
    """A moment that loses nothing is taken over as it is; only the others go by their text."""
    unit = "day" if to == DATE else "second"
    if to.scale == value.type.scale:
        return value.node
    return sql(
        f"CASE WHEN date_trunc('{unit}', t) = t THEN d ELSE r END",
        t=value.node.copy(),
        d=cast(value.node.copy(), to),
        r=by_text,
    )
