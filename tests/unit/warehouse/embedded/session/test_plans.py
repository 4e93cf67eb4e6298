from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Partition, Partitioning, Table
from nereus.warehouse.embedded.introspection.partitions import partition_facts, replica_count
from nereus.warehouse.embedded.introspection.storage import Size, readable
from nereus.warehouse.embedded.plancache import Plan, PlanCache
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.typed import BoundQuery
from nereus.warehouse.embedded.statements import query
from nereus.warehouse.embedded.statements.answers import like
from nereus.warehouse.embedded.types import parse_type
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, do


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were bound since."""
    texts: list[str] = []
    real = query.bind_query

    def spy(tree: Any, schema: Any, facts: Any) -> BoundQuery:
        texts.append(tree.text)
        return real(tree, schema, facts)

    monkeypatch.setattr(query, "bind_query", spy)
    return texts


def test_a_query_that_comes_again_is_not_bound_again(warehouse: Warehouse, root: Session, bound: list[str]) -> None:
    text = "SELECT sum(id) FROM orders WHERE note = 'a'"
    assert ask(root, text) == ask(root, text) == [(1,)]
    second = warehouse.connect("root", database="shop")
    ask(second, text)
    second.close()
    assert bound == [text]


def test_a_change_of_the_catalogue_or_of_the_database_is_bound_anew(
    warehouse: Warehouse, root: Session, bound: list[str]
) -> None:
    text = "SELECT count(id) FROM shop.orders"
    ask(root, text)
    warehouse.catalog.create_database("third")
    ask(root, text)
    do(root, "USE other")
    ask(root, text)
    assert len(bound) == 3
    warehouse.catalog.drop_database("third")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT now()",
        "SELECT @@query_timeout",
        "SELECT @never",
        "SELECT count(*) FROM information_schema.tables",
        "SELECT /*+ SET_VAR(query_timeout=5) */ 1",
        "SELECT connection_id()",
        "SELECT user()",
    ],
)
def test_what_may_differ_next_time_is_bound_each_time(root: Session, bound: list[str], text: str) -> None:
    ask(root, text)
    ask(root, text)
    assert len(bound) == 2


def test_the_least_used_plan_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nereus.warehouse.embedded.plancache._MOST_PLANS", 2)
    cache = PlanCache()
    keys = [(f"SELECT {n}", None, 1, ()) for n in range(3)]
    plan = Plan(BoundQuery("SELECT 1", (), frozenset(), volatile=False), ())
    cache.put(keys[0], plan)
    cache.put(keys[1], plan)
    cache.get(keys[0])
    cache.put(keys[2], plan)
    assert [cache.get(key) is plan for key in keys] == [True, False, True]


def test_huge_and_volatile_queries_are_not_kept() -> None:
    cache = PlanCache()
    key = ("SELECT 1" + " " * 20_000, None, 1, ())
    cache.put(key, Plan(BoundQuery("SELECT 1", (), frozenset(), volatile=False), ()))
    assert cache.get(key) is None
    key = ("SELECT now()", None, 1, ())
    cache.put(key, Plan(BoundQuery("SELECT 1", (), frozenset(), volatile=True), ()))
    assert cache.get(key) is None


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        (None, "anything", True),
        ("a%", "abc", True),
        ("a%", "ABC", False),
        ("a_c", "abc", True),
        ("a_c", "abbc", False),
        (r"a\_c", "abc", False),
        (r"a\_c", "a_c", True),
        ("a.c", "abc", False),
        ("%", "", True),
        ("", "a", False),
    ],
)
def test_like_is_mysqls(pattern: str | None, name: str, matches: bool) -> None:
    assert like(pattern)(name) is matches
    assert like(pattern, case_sensitive=False)(name.upper()) is (matches or name == "ABC")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.000 "), (512, "512.000 B"), (1024, "1024.000 B"), (480_000, "468.750 KB"), (3 << 30, "3.000 GB")],
)
def test_bytes_are_written_as_doris_writes_them(size: int, text: str) -> None:
    assert readable(size) == text


def test_partitions_of_a_list_and_of_numbers_are_shown_by_their_keys(warehouse: Warehouse) -> None:
    def facts(kind: str, types: dict[str, str], *partitions: Partition) -> list[str]:
        columns = tuple(Column(name, parse_type(text), is_key=True) for name, text in types.items())
        made = warehouse.catalog.create_table(
            Table(
                "other",
                "parts",
                0,
                columns,
                KeyModel.DUPLICATE,
                tuple(types),
                Partitioning(kind, tuple(types)),
                partitions,
                properties=(("replication_allocation", "tag.location.default: 3"),),
            )
        )
        assert made is not None
        assert replica_count(made) == 3
        cursor = warehouse.engine.cursor()
        shown = [fact.range for fact in partition_facts(cursor, made, Size())]
        cursor.close()
        warehouse.catalog.drop("other", "parts", view=False)
        return shown

    assert facts("RANGE", {"k": "int"}, Partition("p", 0, (None,), ("10",)), Partition("q", 0, ("10",), ("20",))) == [
        "[types: [INT]; keys: [-2147483648]; ..types: [INT]; keys: [10]; )",
        "[types: [INT]; keys: [10]; ..types: [INT]; keys: [20]; )",
    ]
    assert facts("LIST", {"city": "varchar(9)"}, Partition("p", 0, values=(("Oslo",), ("Rome",)))) == [
        "[types: [VARCHAR]; keys: [Oslo]; , types: [VARCHAR]; keys: [Rome]; ]"
    ]
