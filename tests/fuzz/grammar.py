"""Statements made from a seed along Doris' grammar, and spoilt here and there with what other databases accept."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from nereus.warehouse.embedded.sql.rules import builtins

T = TypeVar("T")

TABLES = {
    "x": ("id", "k", "v", "s", "d", "ts", "b", "f"),
    "y": ("k", "w", "t"),
    "u": ("k", "v"),
    "gone": ("k",),
}
_NUMBERS = ("0", "1", "-1", "7", "2.5", "1e3", "127", "128", "2147483648", "9223372036854775807", "9" * 38, "0.000001")
_TEXTS = (
    "''",
    "'a'",
    "'it''s'",
    "'2024-02-29'",
    "'2024-01-01 10:00:00'",
    "'%a_'",
    "'[1,2]'",
    "'é漢'",
    '"q"',
    "'\\\\n'",
)
_TYPES = ("INT", "BIGINT", "DOUBLE", "DECIMAL(10, 2)", "VARCHAR(10)", "STRING", "DATE", "DATETIME(3)", "BOOLEAN",
          "LARGEINT", "CHAR(3)", "ARRAY<INT>", "JSON", "DECIMAL(38, 20)", "TINYINT", "MAP<STRING, INT>")  # fmt: skip
_BINARY = ("+", "-", "*", "/", "%", "=", "<>", "<", ">=", "<=>", "AND", "OR", "DIV", "||", "&", "|", "^", "XOR")
_UNITS = ("DAY", "MONTH", "YEAR", "HOUR", "MINUTE", "SECOND", "WEEK", "QUARTER")
_USUAL = ("abs", "round", "length", "substring", "concat", "upper", "coalesce", "if", "ifnull", "date_format", "year",
          "datediff", "date_trunc", "count", "sum", "avg", "min", "max", "group_concat", "lower", "trim", "nullif",
          "replace", "cast", "dayofweek", "hex", "md5", "floor", "power", "greatest", "array",
          "element_at")  # fmt: skip
#: What other databases have and Doris refuses.
_FOREIGN = ("::int", " ILIKE 'a%'", " FILTER (WHERE k > 1)", " COLLATE nocase", "[1:2]", " IS DISTINCT FROM 1",
            " SIMILAR TO 'a'", " GLOB '*'", " USING SAMPLE 10%", " AS OF now()", "->>'$.a'", " RETURNING *",
            " NULLS LAST", " FETCH FIRST 1 ROWS ONLY", " FOR UPDATE", " ;", " --", " /*", "'", '"', "`", "\\",
            ")")  # fmt: skip
_STRANGE = (
    "PRAGMA database_list", "COPY x TO '{folder}/out.csv'", "ATTACH '{folder}/other.db'", "INSTALL httpfs", "LOAD icu",
    "SELECT * FROM '{canary}'", "SELECT * FROM read_csv('{canary}')", "SELECT read_text('{canary}')",
    "SELECT * FROM read_text('{canary}')", "SELECT content FROM glob('{folder}/*')", "SELECT getenv('HOME')",
    "SELECT 1 INTO OUTFILE 'file://{folder}/out'", "EXPORT DATABASE '{folder}'", "SET enable_external_access = true",
    "SELECT * FROM duckdb_settings()", "SELECT * FROM data.t1", "SELECT * FROM nereus.tables", "DESCRIBE '{canary}'",
    "FROM x", "SELECT DISTINCT ON (k) * FROM x", "SELECT TRY_CAST('a' AS INT)", "SELECT * EXCLUDE (k) FROM x",
    "SELECT * FROM x NATURAL JOIN y", "SELECT * FROM (SELECT 1)", "PIVOT x ON k USING sum(v)", "CALL pragma_version()",
    "SELECT columns('k') FROM x", "SELECT k FROM x QUALIFY row_number() OVER () = 1", "VACUUM", "CHECKPOINT",
    "SELECT * FROM x ASOF JOIN y ON x.k >= y.k", "LOAD DATA INFILE '{canary}' INTO TABLE y", "SELECT [k for k in [1]]",
    "SELECT {{'a': 1}}.a", "SELECT x'41'", "SELECT b'01'", "SELECT $1", "SELECT @a := 1", "SELECT 1 a b", "SELECT",
    "CREATE TABLE z AS FROM x", "CREATE MACRO m(a) AS a", "CREATE TYPE t AS ENUM ('a')", "CREATE SEQUENCE s",
    "SELECT local('file_path' = '{canary}')", 'SELECT * FROM local("file_path" = "{canary}", "format" = "csv")',
    'SELECT * FROM s3("uri" = "{canary}", "format" = "csv")', 'SELECT * FROM file("path" = "{canary}")',
    "SELECT load_file('{canary}')", "SELECT * FROM parquet_scan('{canary}')", "SELECT * FROM sniff_csv('{canary}')",
)  # fmt: skip


class Statements:
    """One endless sequence of statements.

    Args:
        seed: makes the sequence.
        folder, canary: paths outside the warehouse that no statement may write to or read.
    """

    def __init__(self, seed: str, folder: str, canary: str) -> None:
        self._dice = random.Random(seed)
        self._paths = {"folder": folder, "canary": canary}
        self._functions = sorted(builtins.NAMES)
        self._depth = 0

    def next(self) -> str:
        dice = self._dice
        self._depth = 0
        kind = dice.random()
        if kind < 0.04:
            return self._one(_STRANGE).format(**self._paths)
        made = self.query() if kind < 0.75 else self._one(self._others())()
        return self._spoilt(made) if dice.random() < 0.25 else made

    def _one(self, choices: Sequence[T]) -> T:
        return self._dice.choice(choices)

    def _maybe(self, chance: float, make: Callable[[], str]) -> str:
        return make() if self._dice.random() < chance else ""

    def _some(self, make: Callable[[], str], most: int = 3, least: int = 1) -> str:
        return ", ".join(make() for _ in range(self._dice.randint(least, most)))

    # Queries

    def query(self) -> str:
        dice = self._dice
        with_clause = ""
        if self._depth == 0 and dice.random() < 0.12:
            with_clause = f"WITH c AS ({self._deeper(self.query)}) "
        body = self._select()
        for _ in range(dice.choice((0, 0, 0, 0, 0, 0, 1, 2)) if self._depth < 2 else 0):
            body += f" {self._one(('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'MINUS'))} {self._select()}"
        order = self._maybe(0.35, lambda: f" ORDER BY {self._some(self._sort, 2)}")
        limit = self._maybe(0.25, lambda: self._one((" LIMIT 3", " LIMIT 2 OFFSET 1", " LIMIT 1, 2", " LIMIT 0")))
        return with_clause + body + order + limit

    def _deeper(self, make: Callable[[], str]) -> str:
        self._depth += 1
        try:
            return make()
        finally:
            self._depth -= 1

    def _select(self) -> str:
        dice = self._dice
        if dice.random() < 0.2:
            return f"SELECT {self._some(self._item)}"
        if dice.random() < 0.02:
            return f"VALUES ({self._some(self._literal, 2)})"
        distinct = self._maybe(0.1, lambda: "DISTINCT ")
        if dice.random() < 0.3:
            keys = [self._column() for _ in range(dice.randint(1, 2))]
            items = ", ".join([*keys, self._aggregate()])
            having = self._maybe(0.3, lambda: f" HAVING {self._aggregate()} > {self._literal()}")
            grouping = self._one((", ".join(keys), f"ROLLUP ({', '.join(keys)})", "1", f"CUBE ({keys[0]})", keys[0]))
            return f"SELECT {items} FROM {self._relation()}{self._where()} GROUP BY {grouping}{having}"
        items = "*" if dice.random() < 0.2 else self._some(self._item)
        return f"SELECT {distinct}{items} FROM {self._relation()}{self._where()}"

    def _item(self) -> str:
        return self._expression() + self._maybe(0.3, lambda: self._one((" AS a", " n", " `q r`", " 'text'")))

    def _where(self) -> str:
        return self._maybe(0.4, lambda: f" WHERE {self._condition()}")

    def _sort(self) -> str:
        return self._one(("1", "2", self._column(), self._expression())) + self._one(
            ("", " DESC", " NULLS FIRST", " ASC")
        )

    def _relation(self) -> str:
        dice = self._dice
        kind = dice.random()
        if kind < 0.55:
            return self._one(("x", "x", "x", "y", "fuzz.y", "u", "gone", "internal.fuzz.x", "x AS y"))
        if kind < 0.8:
            join = self._one(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL OUTER JOIN", "CROSS JOIN", "LEFT SEMI JOIN",
                              "LEFT ANTI JOIN", "INNER JOIN"))  # fmt: skip
            on = "" if join == "CROSS JOIN" else self._one((" ON x.k = y.k", " USING (k)", f" ON {self._condition()}"))
            return f"x {join} y{on}"
        if kind < 0.9 and self._depth < 2:
            return f"({self._deeper(self.query)}) q"
        if kind < 0.95:
            return self._one(("numbers('number' = '3')", "x LATERAL VIEW explode([1, 2]) l AS e", "x, y", "c"))
        return "x JOIN y ON x.k = y.k JOIN u ON u.k = y.k"

    # Expressions

    def _column(self) -> str:
        table = self._one(("x", "x", "x", "y"))
        name = self._one(TABLES[table])
        return self._one((name, name, f"{table}.{name}", f"`{name}`", "nosuch" if self._dice.random() < 0.1 else name))

    def _literal(self) -> str:
        kind = self._dice.random()
        if kind < 0.45:
            return self._one(_NUMBERS)
        if kind < 0.85:
            return self._one(_TEXTS)
        return self._one(("NULL", "TRUE", "FALSE", "DATE '2024-01-31'", "[1, 2]", "{'a': 1}", "INTERVAL 1 DAY"))

    def _condition(self) -> str:
        if self._depth > 3:
            return f"{self._column()} IS NOT NULL"
        left = self._deeper(self._expression)
        return self._one((
            lambda: f"{left} {self._one(('=', '<', '>=', '<>'))} {self._deeper(self._expression)}",
            lambda: f"{left} IS NULL",
            lambda: f"{left} IN ({self._some(self._literal)})",
            lambda: f"{left} BETWEEN {self._literal()} AND {self._literal()}",
            lambda: f"{left} NOT LIKE {self._one(_TEXTS)}",
            lambda: f"NOT ({self._deeper(self._condition)})",
            lambda: f"{self._deeper(self._condition)} {self._one(('AND', 'OR'))} {self._deeper(self._condition)}",
            lambda: f"EXISTS ({self._deeper(self.query)})",
            lambda: f"{left} IN (SELECT k FROM y)",
            lambda: f"{left} REGEXP {self._one(_TEXTS)}",
        ))()  # fmt: skip

    def _expression(self) -> str:
        if self._depth > 2 or self._dice.random() < 0.55:
            return self._column() if self._dice.random() < 0.6 else self._literal()
        return self._deeper(self._one((
            lambda: f"{self._expression()} {self._one(_BINARY)} {self._expression()}",
            self._call,
            self._call,
            lambda: f"({self._expression()})",
            lambda: f"-{self._expression()}",
            lambda: f"CAST({self._expression()} AS {self._one(_TYPES)})",
            lambda: f"CASE WHEN {self._condition()} THEN {self._expression()} ELSE {self._expression()} END",
            lambda: f"CASE {self._expression()} WHEN {self._literal()} THEN {self._literal()} END",
            self._window,
            self._aggregate,
            lambda: f"(SELECT max(k) FROM y WHERE y.k = {self._column()})",
            lambda: f"{self._expression()} + INTERVAL {self._one(_NUMBERS)} {self._one(_UNITS)}",
            lambda: f"EXTRACT({self._one(_UNITS)} FROM {self._expression()})",
            lambda: f"{self._expression()}[1]",
            self._condition,
        )))  # fmt: skip

    def _call(self) -> str:
        name = self._one(_USUAL) if self._dice.random() < 0.5 else self._one(self._functions)
        return f"{name}({self._some(self._expression, 3, 0)})"

    def _aggregate(self) -> str:
        name = self._one(("count", "sum", "avg", "min", "max", "group_concat", "ndv", "stddev", "any_value", "count"))
        return f"{name}({self._one(('', '', 'DISTINCT '))}{self._one((self._column(), self._column(), '*', '1'))})"

    def _window(self) -> str:
        name = self._one(("row_number()", "rank()", f"sum({self._column()})", f"lag({self._column()}, 1, NULL)",
                          "ntile(2)", f"first_value({self._column()})", "cume_dist()"))  # fmt: skip
        part = self._maybe(0.5, lambda: f"PARTITION BY {self._column()} ")
        order = self._maybe(0.7, lambda: f"ORDER BY {self._column()}")
        frame = self._maybe(0.2, lambda: " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW")
        return f"{name} OVER ({part}{order}{frame})"

    # Everything else

    def _others(self) -> tuple[Callable[[], str], ...]:
        return (
            lambda: f"INSERT INTO u VALUES ({self._some(self._literal, 3)})",
            lambda: f"INSERT INTO u (k, v) {self.query()}",
            lambda: f"UPDATE u SET v = {self._expression()} WHERE {self._condition()}",
            lambda: f"DELETE FROM {self._one(('u', 'x', 'y'))} WHERE k = {self._literal()} AND 1 = 0",
            lambda: f"EXPLAIN {self.query()}",
            lambda: self._one(("SHOW TABLES", "SHOW DATABASES LIKE '%f%'", "SHOW CREATE TABLE x", "DESC x",
                               "DESC y ALL",
                               "SHOW FULL COLUMNS FROM x", "SHOW VARIABLES LIKE 'query%'", "SHOW PARTITIONS FROM x",
                               "SHOW INDEX FROM x", "SHOW TABLE STATUS", "SHOW PROCESSLIST", "SHOW GRANTS")),
            lambda: f"SET {self._one(('query_timeout', 'sql_mode', 'nosuch', '@a', 'time_zone'))} = {self._literal()}"
            if self._dice.random() < 0.3 else f"SELECT @@{self._one(('version', 'query_timeout', 'sql_mode'))}",
            self._create,
            lambda: f"DROP TABLE IF EXISTS {self._one(('made', 'nosuch', 'fuzz.made'))}",
            lambda: f"ALTER TABLE made {self._one(('ADD', 'DROP', 'MODIFY'))} COLUMN c2 {self._one(_TYPES)}",
            lambda: f"CREATE OR REPLACE VIEW w AS {self.query()}",
            lambda: f"TRUNCATE TABLE {self._one(('made', 'nosuch'))}",
            lambda: f"SELECT * FROM information_schema.{self._one(('tables', 'columns', 'nosuch'))} LIMIT 2",
        )  # fmt: skip

    def _create(self) -> str:
        columns = ", ".join(
            f"c{at} {self._one(_TYPES)}{self._one(('', ' NULL', ' NOT NULL', ' DEFAULT 1', ' COMMENT ' + chr(39) * 2))}"
            for at in range(self._dice.randint(1, 4))
        )
        keys = self._one(("", " DUPLICATE KEY (c0)", " UNIQUE KEY (c0)", " PRIMARY KEY (c0)", " AGGREGATE KEY (c0)"))
        spread = self._one((" DISTRIBUTED BY HASH (c0) BUCKETS 1", "", " DISTRIBUTED BY RANDOM BUCKETS 2"))
        more = self._one((" PROPERTIES ('replication_num' = '1')", "", " PROPERTIES ('nope' = '1')"))
        return f"CREATE TABLE IF NOT EXISTS made ({columns}){keys}{spread}{more}"

    def _spoilt(self, text: str) -> str:
        """With words dropped, doubled or exchanged, or with something foreign in it."""
        dice = self._dice
        words = text.split(" ")
        at = dice.randrange(len(words))
        change = dice.randrange(4)
        if change == 0:
            del words[at]
        elif change == 1:
            words[at:at] = [words[at]]
        elif change == 2:
            other = dice.randrange(len(words))
            words[at], words[other] = words[other], words[at]
        else:
            words[at] += self._one(_FOREIGN)
        return " ".join(words)
