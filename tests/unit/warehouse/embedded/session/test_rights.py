from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.warehouse.embedded.privileges import (
    ANY,
    CATALOG,
    GLOBAL,
    GRANTABLE,
    WANTED,
    Privilege,
    Rights,
    from_json,
    to_json,
    union,
)

NAMES = st.sampled_from(["shop", "other", "orders", "a_b"])
PRIVILEGES = st.sets(st.sampled_from(list(Privilege)), min_size=1).map(
    lambda chosen: Privilege(sum(int(privilege) for privilege in chosen))
)
SCOPES = st.one_of(
    st.just(GLOBAL),
    st.just((CATALOG, ANY, ANY)),
    NAMES.map(lambda db: (CATALOG, db, ANY)),
    st.tuples(st.just(CATALOG), NAMES, NAMES),
)
RIGHTS = st.lists(st.tuples(SCOPES, PRIVILEGES), max_size=6).map(
    lambda pairs: union(Rights().with_scope(scope, privileges) for scope, privileges in pairs)
)


def test_privileges_are_listed_in_doris_order() -> None:
    assert (Privilege.ADMIN | Privilege.NODE).label == "Node_priv,Admin_priv"
    assert GRANTABLE["ALL"].label == "Select_priv,Load_priv,Alter_priv,Create_priv,Drop_priv,Show_view_priv"
    assert GRANTABLE["READ_ONLY"] == Privilege.SELECT
    assert WANTED["SELECT"].label == "Admin_priv,Select_priv"


@given(RIGHTS, NAMES, NAMES)
def test_wider_scopes_reach_down(rights: Rights, db: str, table: str) -> None:
    everywhere, in_db, on_table = rights.held(), rights.held(db), rights.held(db, table)
    assert everywhere in in_db
    assert in_db in on_table


@given(RIGHTS, SCOPES, PRIVILEGES)
def test_what_is_granted_and_revoked_again_is_as_if_it_never_was(
    rights: Rights, scope: tuple[str, str, str], privileges: Privilege
) -> None:
    before = rights.scopes.get(scope, Privilege(0))
    after = rights.with_scope(scope, privileges).without_scope(scope, privileges)
    assert after.scopes.get(scope, Privilege(0)) == before & ~privileges
    assert all(after.scopes.values())
    others = {key: value for key, value in rights.scopes.items() if key != scope}
    assert {key: value for key, value in after.scopes.items() if key != scope} == others


@given(RIGHTS, RIGHTS, NAMES, NAMES)
def test_two_roles_allow_what_either_allows(left: Rights, right: Rights, db: str, table: str) -> None:
    assert union([left, right]).held(db, table) == left.held(db, table) | right.held(db, table)


@given(RIGHTS, NAMES, NAMES)
def test_rights_survive_their_storage(rights: Rights, db: str, name: str) -> None:
    whole = rights.with_columns(db, "t", {name, "id"}).with_group("wg", Privilege.USAGE)
    assert from_json(json.loads(json.dumps(to_json(whole)))) == whole


def test_a_name_is_no_pattern() -> None:
    rights = Rights().with_scope((CATALOG, "a_b", ANY), Privilege.SELECT)
    assert rights.satisfies(Privilege.SELECT, "a_b")
    assert not rights.satisfies(Privilege.SELECT, "axb")
    assert not Rights().with_scope((CATALOG, "%", ANY), Privilege.SELECT).satisfies(Privilege.SELECT, "shop")


def test_a_database_is_seen_by_who_may_do_something_within() -> None:
    on_table = Rights().with_scope((CATALOG, "shop", "orders"), Privilege.LOAD)
    assert on_table.sees_database("shop")
    assert not on_table.sees_database("other")
    assert on_table.sees_table("shop", "orders")
    assert not on_table.sees_table("shop", "customers")
    assert Rights().with_columns("shop", "orders", ["id"]).sees_database("shop")
    assert not Rights().with_scope(GLOBAL, Privilege.NODE).sees_table("shop", "orders")


def test_columns_stand_in_for_the_table_where_it_is_not_granted() -> None:
    rights = Rights().with_columns("shop", "orders", ["id"])
    assert rights.selects("shop", "orders", "id")
    assert not rights.selects("shop", "orders", "note")
    assert rights.with_scope((CATALOG, "shop", ANY), Privilege.SELECT).selects("shop", "orders", "note")
    assert rights.without_columns("shop", "orders", ["id"]) == Rights()


@pytest.mark.parametrize(
    ("rights", "usable"),
    [
        (Rights(), False),
        (Rights().with_group("wg", Privilege.USAGE), True),
        (Rights().with_group("%", Privilege.USAGE), True),
        (Rights().with_group("other", Privilege.USAGE), False),
        (Rights().with_scope(GLOBAL, Privilege.ADMIN), True),
    ],
)
def test_workload_groups_are_used_by_grant(rights: Rights, usable: bool) -> None:
    assert rights.uses_group("wg") == usable
    assert rights.uses_group("normal")
