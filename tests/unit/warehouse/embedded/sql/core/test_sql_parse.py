from __future__ import annotations

import pytest
from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.parse import parse, parse_expression, parse_query


def shape(node: exp.Expression) -> str:
    """An expression with a pair of parentheses around every operation."""
    if isinstance(node, tree.Name):
        return ".".join(node.args["parts"])
    if isinstance(node, tree.Call):
        return f"{node.this}({', '.join(map(shape, node.expressions))})"
    if isinstance(node, exp.Literal):
        return repr(node.this) if node.is_string else node.this
    if isinstance(node, (exp.Null, exp.Boolean)):
        return str(node).lower()
    if isinstance(node, (exp.And, exp.Or)):
        return f"({f' {type(node).__name__} '.join(map(shape, node.expressions))})"
    if isinstance(node, exp.Is):
        return f"({shape(node.this)} IsNull)"
    if isinstance(node, exp.Cast):
        return f"cast({shape(node.this)} as {node.args['to']})"
    if isinstance(node, (exp.DateAdd, exp.DateSub)):
        return f"{type(node).__name__}({shape(node.this)}, {shape(node.expression)} {node.args['unit'].name})"
    if isinstance(node, exp.Between):
        return f"({shape(node.this)} Between {shape(node.args['low'])}, {shape(node.args['high'])})"
    if isinstance(node, exp.In):
        return f"({shape(node.this)} In {', '.join(map(shape, node.expressions))})"
    if isinstance(node, exp.Case):
        branches = ", ".join(f"{shape(b.this)}: {shape(b.args['true'])}" for b in node.args["ifs"])
        default = node.args.get("default")
        return f"case({branches}{f'; {shape(default)}' if default else ''})"
    if isinstance(node, exp.Binary):
        return f"({shape(node.this)} {type(node).__name__} {shape(node.expression)})"
    if isinstance(node, exp.Unary):
        return f"({type(node).__name__} {shape(node.this)})"
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "(1 Add (2 Mul 3))"),
        ("(1 + 2) * 3", "((1 Add 2) Mul 3)"),
        ("a - b - c", "((a Sub b) Sub c)"),
        ("a - -1", "(a Sub -1)"),
        ("a -1", "(a Sub 1)"),
        ("-a", "(Neg a)"),
        ("- 1", "-1"),
        ("+a", "a"),
        ("~a ^ b & c | d", "((((BitwiseNot a) BitwiseXor b) BitwiseAnd c) BitwiseOr d)"),
        ("7 div 2 % 3", "((7 IntDiv 2) Mod 3)"),
        ("a = b <=> c", "((a EQ b) NullSafeEQ c)"),
        ("a or b and c xor d", "(a Or ((b And c) Xor d))"),
        ("a and b and c && d", "(a And b And c And d)"),
        ("a || b or c", "(a Or (b Or c))"),
        ("not a and b", "((Not a) And b)"),
        ("!a = b", "(Not (a EQ b))"),
        ("not a = b", "(Not (a EQ b))"),
        ("a is null", "(a IsNull)"),
        ("a is not null", "(Not (a IsNull))"),
        ("a is true", "cast(a as boolean)"),
        ("a is not false", "(Not (Not cast(a as boolean)))"),
        ("a between 1 and 2 and b", "((a Between 1, 2) And b)"),
        ("a not between 1 and 2", "(Not (a Between 1, 2))"),
        ("a in (1, 2)", "(a In 1, 2)"),
        ("a not in (1)", "(Not (a In 1))"),
        ("a not like 'x%'", "(Not (a Like 'x%'))"),
        ("a rlike 'x' = b", "(a RegexpLike ('x' EQ b))"),
        ("a match_any 'x y'", "match_any(a, 'x y')"),
        ("case a when 1 then 'x' else 'y' end", "case((a EQ 1): 'x'; 'y')"),
        ("case when a then b end", "case(a: b)"),
        ("cast(a as decimal(10, 2))", "cast(a as decimal(10,2))"),
        ("cast(a as varchar(5))", "substr(cast(a as varchar(5)), 1, 5)"),
        ("cast(a as char)", "cast(a as char(1))"),
        ("cast(a as signed)", "cast(a as bigint)"),
        ("convert(a, unsigned int)", "cast(a as largeint)"),
        ("convert(a using utf8)", "convert_to(a, 'utf8')"),
        ("cast(a as array<map<string, int>>)", "cast(a as array<map<text,int>>)"),
        ("d + interval 1 day", "DateAdd(d, 1 DAY)"),
        ("interval '2' month + d", "DateAdd(d, '2' MONTH)"),
        ("d - interval n week", "DateSub(d, n WEEK)"),
        ("extract(year from d)", "year(d)"),
        ("substring(a, 1, 2)", "substring(a, 1, 2)"),
        ("trim(leading 'x' from a)", "ltrim(a, 'x')"),
        ("trim(both from a)", "trim(a)"),
        ("trim(a)", "trim(a)"),
        ("left(a, 1)", "left(a, 1)"),
        ("LEFT(a, 1)", "left(a, 1)"),
        ("if(a, 1, 2)", "if(a, 1, 2)"),
        ("char(65, 66 using utf8)", "char('utf8', 65, 66)"),
        ("current_timestamp", "now()"),
        ("current_date()", "current_date()"),
        ("a[1]", "element_at(a, 1)"),
        ("a[1:]", "array_slice(a, 1)"),
        ("a[1:2][3]", "element_at(array_slice(a, 1, 2), 3)"),
        ("[1, 2]", "array(1, 2)"),
        ("{'k': 1, 'l': 2}", "map('k', 1, 'l', 2)"),
        ("{1, 'x'}", "struct(1, 'x')"),
        ("{}", "map()"),
        ("isnull(a)", "(a IsNull)"),
        ("db.t.c", "db.t.c"),
        ("date '2024-01-01'", "Introducer"),
        ("date", "date"),
        ("timestampdiff(DAY, a, b)", "timestampdiff(DAY, a, b)"),
        ("a collate utf8", "a"),
        ("group_concat(distinct a order by b separator ';')", "group_concat(a, ';')"),
        ("count(*)", "count(Star)"),
    ],
)
def test_expressions(text: str, expected: str) -> None:
    assert shape(parse_expression(text)) == expected


def test_pipes_as_concat() -> None:
    assert shape(parse_expression("a || b || c", sql_mode="PIPES_AS_CONCAT")) == "concat(concat(a, b), c)"


@pytest.mark.parametrize(
    "text",
    [
        "select a::int from t",
        "select a ilike 'x' from t",
        "select sum(a) filter (where a > 1) from t",
        "select * from a natural join b",
        "select distinct on (a) a from t",
        "select try_cast('a' as int)",
        "with recursive c(n) as (select 1) select * from c",
        "select * from (select 1)",
        "select * from t pivot (sum(a) for b in (1, 2))",
        "select * from t, lateral (select 1) x",
        "select x -> 1 from t",
        "select [x for x in a]",
        "from t select 1",
        "from t",
        "select a from t group by all",
        "select a from t order by all",
        "select * from 'file.csv'",
        'select * from "file.csv"',
        "select a from t for update",
        "select 1 limit -1",
        "select 1 limit 1 + 1",
        "select 1 limit all",
        "select 1 fetch first 1 rows only",
        "select a from t t(x)",
        "select * from t cross join u on t.a = u.a",
        "select * from t left join u",
        "select row_number() over w from t window w as (order by a)",
        "select 1 from t using sample 10",
        "select a mod b",
        "select a = not b",
        "select 1 union by name select 2",
        "select #1",
        "select $1::text",
        "select * exclude (a) from t",
        "select 'a' 'b' 'c'",
        "table t",
        "select a.b.* replace (1) from t",
        "select cast(a as nosuchtype)",
        "select 1,",
        "select",
        "",
        "select (1",
        "select 1)",
    ],
)
def test_what_doris_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(DorisError) as caught:
        parse_query(text)
    assert caught.value.code == 1105
    assert not isinstance(caught.value, Refused)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1 limit -1", "\nmismatched input '-' expecting INTEGER_VALUE(line 1, pos 15)\n"),
        ("select 1\n  frm t x", "\nmismatched input 't' expecting {<EOF>, ';'}(line 2, pos 6)\n"),
        ("select max(*)\nfrom t", "\n'*' can only be used in conjunction with COUNT: max(line 1, pos 7)\n"
         "\n== SQL ==\nselect max(*)\n-------^^^\nfrom t\n"),
        ("select a.b(1).c", None),
    ],
)  # fmt: skip
def test_errors_name_the_place(text: str, message: str | None) -> None:
    with pytest.raises(DorisError) as caught:
        parse_query(text)
    if message is not None:
        assert caught.value.detail == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select * from (select 1)", "Every derived table must have its own alias(line 1, pos 14)"),
        ("select * from a-b", "Possibly unquoted identifier a-b detected."
         " Please consider quoting it with back-quotes as `a-b`(line 1, pos 14)"),
        ("select sum(a) over (order by b rows x preceding) from t",
         "Unsupported expression in WindowFrame : x(line 1, pos 36)"),
        ("select * from t cross join u on 1", "Cross join can't be used with ON clause(line 1, pos 16)"),
        ("select * from t left join u", "on mustn't be empty except for cross/inner join(line 1, pos 16)"),
        ("select * from t join [x] u on 1", "Invalid join hint: x(line 1, pos 16)"),
        ("select interval 1 day * a", "Only supported: ADD(line 1, pos 22)"),
        ("select sum(distinct a) over (), avg(distinct a) over () from t",
         "DISTINCT not allowed in analytic function: avg(line 1, pos 48)"),
        ("select * except (a + 1) from t", "only column name is supported in except clause(line 1, pos 17)"),
        ("select * from t a(b)", "Do not implemented(line 1, pos 17)"),
    ],
)  # fmt: skip
def test_errors_about_a_whole_clause_show_the_statement(text: str, message: str) -> None:
    with pytest.raises(DorisError) as caught:
        parse_query(text)
    first, *rest = caught.value.detail.strip("\n").split("\n")
    assert first == message
    assert rest[:3] == ["", "== SQL ==", text]
    assert rest[3].endswith("^^^")


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("select * from t tablesample(10 percent)", "TABLESAMPLE"),
        ("select * from t tablet(1)", "TABLET"),
        ("select * from t for version as of 3", "FOR VERSION or TIME AS OF"),
        ("select 1 into outfile 'x'", "INTO OUTFILE of a query that is not sent by itself"),
        ("select mydb.myfunction(1)", "the function mydb.myfunction"),
        ("select " + "(" * 400 + "1" + ")" * 400, "a statement nested deeper than 200 levels"),
        ("select " + "not " * 400 + "1", "a statement nested deeper than 200 levels"),
        ("select " + "- " * 400 + "a", "a statement nested deeper than 200 levels"),
    ],
)
def test_what_only_the_embedded_warehouse_refuses_says_so(text: str, construct: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_query(text)
    assert caught.value.construct == construct


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("A + b", "A + b"),
        ("Sum( A )", "Sum( A )"),
        ("t.Col", "Col"),
        ("(t.Col)", "Col"),
        ("`a b`", "a b"),
        ("'text'", "text"),
        ('"  spaced"', "spaced"),
        ("1.50", "1.50"),
        ("x as `My Name`", "My Name"),
        ("x 'y z'", "y z"),
        ("x qualify", "qualify"),
        ("null", "null"),
    ],
)
def test_items_are_named_by_their_text(item: str, name: str) -> None:
    body = parse_query(f"select {item}").body
    assert isinstance(body, tree.Select)
    assert body.items[0].name == name


def test_query_clauses() -> None:
    query = parse_query(
        "with c as (select 1) select distinct a from t x left semi join u on x.a = u.a where a > 1"
        " group by a with rollup having a > 2 qualify b order by a desc nulls first, b limit 3, 4"
    )
    body = query.body
    assert isinstance(body, tree.Select)
    assert [table.name for table in query.tables] == ["c"]
    assert (query.limit, query.offset) == (4, 3)
    assert [(item.descending, item.nulls_first) for item in query.order] == [(True, True), (False, True)]
    assert isinstance(body.relation, tree.Join)
    assert body.relation.kind == "LEFT SEMI"
    assert body.group is not None
    assert body.group.sets is not None
    assert [len(keys) for keys in body.group.sets] == [1, 0]
    assert body.having is not None
    assert body.qualify is not None


def test_set_operations_bind_as_in_doris() -> None:
    body = parse_query("select 1 union all select 2 intersect select 3 minus select 4").body
    assert isinstance(body, tree.SetOperation)
    assert (body.kind, body.all) == ("EXCEPT", False)
    assert isinstance(body.left, tree.SetOperation)
    assert (body.left.kind, body.left.all) == ("UNION", True)
    assert isinstance(body.left.right, tree.SetOperation)
    assert body.left.right.kind == "INTERSECT"


def test_order_by_belongs_to_the_whole_union() -> None:
    query = parse_query("select a from t union select b from u order by 1 limit 2")
    assert len(query.order) == 1
    assert query.limit == 2


def test_scripts_and_hints() -> None:
    first, second = parse("select /*+ SET_VAR(query_timeout = 1, sql_mode='X') */ 1; values (1), (2);")
    assert first.set_var == {"query_timeout": "1", "sql_mode": "X"}
    assert isinstance(second.body, tree.Values)
    assert len(second.body.rows) == 2


def test_cube_and_rollup_are_grouping_sets() -> None:
    body = parse_query("select 1 from t group by cube(a, b)").body
    assert isinstance(body, tree.Select)
    assert body.group is not None
    assert body.group.sets is not None
    assert [tuple(shape(key) for key in keys) for keys in body.group.sets] == [("a", "b"), ("a",), ("b",), ()]


def test_relations() -> None:
    text = (
        "select 1 from (a, (b)) join [broadcast] c d, numbers('number' = '3') n, (select 1) e lateral view f(x) l as y"
    )
    body = parse_query(text).body
    assert isinstance(body, tree.Select)
    outer = body.relation
    assert isinstance(outer, tree.Join)
    assert isinstance(outer.right, tree.Derived)
    assert outer.right.views[0].columns == ("y",)
    assert isinstance(outer.left, tree.Join)
    assert isinstance(outer.left.right, tree.TableFunction)
    assert outer.left.right.properties == {"number": "3"}


@pytest.mark.parametrize(
    ("text", "partitions", "temporary"),
    [
        ("select * from t partition (p, q)", ("p", "q"), False),
        ("select * from t partition p", ("p",), False),
        ("select * from t temporary partition (p)", ("p",), True),
    ],
)
def test_partitions_of_a_table(text: str, partitions: tuple[str, ...], temporary: bool) -> None:
    body = parse_query(text).body
    assert isinstance(body, tree.Select)
    assert isinstance(body.relation, tree.TableName)
    assert (body.relation.partitions, body.relation.temporary) == (partitions, temporary)
