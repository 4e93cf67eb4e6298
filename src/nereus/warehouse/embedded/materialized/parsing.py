"""The statements about materialised views, by Doris' grammar."""

from __future__ import annotations

from dataclasses import dataclass, field

from nereus.warehouse.embedded.ddl.clauses import ClauseParser
from nereus.warehouse.embedded.ddl.syntax import DistributedBy
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.lexer import INTEGER
from nereus.warehouse.embedded.sql.tree import Query

Name = tuple[str, ...]
UNITS = ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK")


@dataclass(frozen=True, slots=True)
class Trigger:
    """MANUAL, COMMIT or SCHEDULE with ``EVERY every unit [STARTS starts]``."""

    kind: str
    every: int = 0
    unit: str = ""
    starts: str = ""


@dataclass(frozen=True, slots=True)
class CreateView:
    """CREATE MATERIALIZED VIEW; `partition` is (column, date_trunc unit or "")."""

    name: Name
    if_not_exists: bool
    columns: tuple[tuple[str, str], ...] | None
    build: str
    method: str
    trigger: Trigger
    keys: tuple[str, ...]
    comment: str
    partition: tuple[str, str] | None
    distributed_by: DistributedBy
    properties: dict[str, str]
    query: Query
    query_text: str


@dataclass(frozen=True, slots=True)
class AlterView:
    """ALTER MATERIALIZED VIEW: one of these is given."""

    name: Name
    new_name: str | None = None
    method: str | None = None
    trigger: Trigger | None = None
    replace_with: str | None = None
    properties: dict[str, str] = field(default_factory=dict)


class ViewParser(ClauseParser):
    @classmethod
    def of(cls, session: Session, text: str) -> ViewParser:
        modes = session.variables["sql_mode"].upper()
        return cls(
            text,
            pipes_as_concat="PIPES_AS_CONCAT" in modes,
            backslash_escapes="NO_BACKSLASH_ESCAPES" not in modes,
        )

    def words(self, *words: str) -> None:
        for word in words:
            self.expect_word(word)

    def create(self) -> CreateView:
        self.words("CREATE", "MATERIALIZED", "VIEW")
        if_not_exists = self.if_not_exists()
        name = self.table_name()
        columns = None
        if self.kind == "(" and self.ahead(1).kind not in ("SELECT", "WITH", "VALUES", "("):
            columns = self._columns()
        build = method = None
        if self.accept_word("BUILD"):
            build = self._one_of("IMMEDIATE", "DEFERRED")
        trigger = None
        if self.accept_word("REFRESH"):
            method = self._one_of("COMPLETE", "AUTO") if self.token.word in ("COMPLETE", "AUTO") else None
            trigger = self.trigger() if self.token.word == "ON" else None
        keys: tuple[str, ...] = ()
        if self.accept_word("DUPLICATE") or self.token.word == "KEY":
            self.expect_word("KEY")
            keys = self.name_list()
        comment = self.optional_comment()
        partition = self._partition()
        distributed_by = self.distributed_by()
        properties = self.properties()
        self.accept("AS")
        start = self.token.start
        query = self.query()
        if build is None and method is None and trigger is None and not (columns or keys or distributed_by):
            raise Refused(
                "a synchronous materialized view",
                "Write BUILD IMMEDIATE REFRESH AUTO ON COMMIT: it is refreshed after every load.",
            )
        return CreateView(
            name,
            if_not_exists,
            columns,
            build or "IMMEDIATE",
            method or "AUTO",
            trigger or Trigger("MANUAL"),
            keys,
            comment or "",
            partition,
            distributed_by or DistributedBy(None),
            properties,
            query,
            self.rest(start),
        )

    def _columns(self) -> tuple[tuple[str, str], ...]:
        self.expect("(")
        found = []
        while True:
            found.append((self.name(), self.optional_comment() or ""))
            if not self.accept(","):
                break
        self.expect(")")
        return tuple(found)

    def trigger(self) -> Trigger:
        self.expect_word("ON")
        kind = self._one_of("MANUAL", "COMMIT", "SCHEDULE")
        if kind != "SCHEDULE":
            return Trigger(kind)
        self.expect_word("EVERY")
        if self.kind != INTEGER:
            self.fail("INTEGER_VALUE")
        every, unit = self.number(), self.name().upper()
        if unit not in UNITS:
            raise DorisError(f"interval time unit can not be {unit}")
        if unit == "SECOND":
            raise DorisError("Interval time unit can not be second in production mode")
        if every <= 0:
            raise DorisError("interval must be greater than 0")
        starts = self.string() if self.accept_word("STARTS") else ""
        return Trigger(kind, every, unit, starts)

    def _partition(self) -> tuple[str, str] | None:
        if not self.accept("PARTITION"):
            return None
        self.expect("BY")
        self.expect("(")
        name = self.name()
        unit = ""
        if self.accept("("):
            if name.lower() != "date_trunc":
                raise DorisError(f"async materialized view partition not support function name: {name}")
            name = self.name()
            self.expect(",")
            unit = self.string().lower()
            self.expect(")")
        self.expect(")")
        return name, unit

    def alter(self) -> AlterView:
        self.words("ALTER", "MATERIALIZED", "VIEW")
        name = self.table_name()
        if self.accept_word("RENAME"):
            return AlterView(name, new_name=self.name())
        if self.accept_word("REFRESH"):
            method = self._one_of("COMPLETE", "AUTO") if self.token.word in ("COMPLETE", "AUTO") else None
            trigger = self.trigger() if method is None or self.token.word == "ON" else None
            return AlterView(name, method=method, trigger=trigger)
        if self.accept_word("REPLACE"):
            raise Refused("ALTER MATERIALIZED VIEW ... REPLACE WITH", "Drop it and make it anew.")
        self.expect("SET")
        return AlterView(name, properties=self.property_list())

    def _one_of(self, *words: str) -> str:
        if self.token.word not in words:
            self.fail("{" + ", ".join(f"'{word}'" for word in words) + "}")
        return self.advance().word
