"""What usecase.yaml may say, and what a person reads when it says something else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from nereus.errors import BadInput
from nereus.paths import USECASES
from nereus.usecases import model, scale
from nereus.usecases.schema import objects_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "usecases"
TINY = FIXTURES / "tiny"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the tiny use case, to be spoilt."""
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


def edit(folder: Path, old: str, new: str, file: str = "usecase.yaml") -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} must stand once in {file}"
    path.write_text(text.replace(old, new), "utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(BadInput) as caught:
        objects_of(model.load(folder), {"replication_num": "1"})
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_folder_is_a_use_case() -> None:
    tiny = model.load(TINY)
    assert (tiny.name, tiny.database, tiny.folder) == ("tiny", "tiny", TINY)
    assert tiny.table_names == ("item", "sale")
    assert [check.kind for check in tiny.all_checks][-1] == "freshness"
    assert len({check.label for check in tiny.all_checks}) == len(tiny.all_checks)
    with pytest.raises(ValueError, match="frozen"):
        tiny.name = "other"


@pytest.mark.parametrize("name", model.names(USECASES))
def test_the_use_cases_of_the_project_are_valid(name: str) -> None:
    usecase = model.find(name)
    objects = objects_of(usecase, {"replication_num": "3"})
    assert [one.name for one in objects] == [*usecase.table_names, *usecase.views, *usecase.materialized_views]
    for one in objects:
        assert "${" not in one.sql
        assert one.kind == "VIEW" or '"replication_num" = "3"' in one.sql


@pytest.mark.parametrize("name", model.names(USECASES))
def test_every_column_of_the_project_says_what_it_holds(name: str) -> None:
    for one in objects_of(model.find(name), {"replication_num": "1"}):
        columns = re.findall(r"^  (\w+).*?(COMMENT '[^']+')?,?$", one.sql.split("\n)", 1)[0], re.MULTILINE)
        assert columns
        assert [column for column, comment in columns if not comment] == []
        assert re.search(r"^COMMENT '", one.sql, re.MULTILINE), one.name


def test_names_and_scale() -> None:
    assert {"flights", "retail"} <= set(model.names())
    assert model.names(FIXTURES) == ["tiny"]
    assert scale("retail") == 1
    assert scale("flights") == 1


def test_an_unknown_name_proposes_the_nearest() -> None:
    with pytest.raises(BadInput, match="Did you mean tiny"):
        model.find("tinny", FIXTURES)
    with pytest.raises(BadInput, match="There are: tiny"):
        model.find("warehouse", FIXTURES)


CASES = {
    "unknown key": (
        "owner: tests",
        "owner: tests\ntabels: []",
        "tiny/usecase.yaml: tabels is not a key of a use case; expected one of name, title,",
        "Did you mean tables?",
    ),
    "unknown kind of check": ("  unique:", "  uniqe:", "checks.uniqe is not a key of checks;", "Did you mean unique?"),
    "missing key": ("owner: tests\n", "", "tiny/usecase.yaml: owner is missing", "Add for example `owner:"),
    "name of another folder": (
        "name: tiny\n",
        "name: teeny\n",
        "tiny/usecase.yaml: name is teeny; expected the name of its folder, tiny.",
        "Write `name: tiny`, or rename the folder.",
    ),
    "capital letters": ("database: tiny", "database: Tiny", "database is 'Tiny'; expected", "Did you mean tiny?"),
    "unknown source": (
        "kind: files",
        "kind: file",
        "source.kind is 'file'; expected one of files",
        "Did you mean files?",
    ),
    "script without script": (
        "kind: files",
        "kind: script",
        "tables[0].files is 'given'; expected no files: load.py makes the batches.",
        "Remove it, or set source.kind: files.",
    ),
    "unknown format": ("format: json", "format: xml", "tables[1].files.format is 'xml'", "Write for example csv"),
    "file outside": (
        "path: data/items.csv",
        "path: ../items.csv",
        "tables[0].files.path is '../items.csv'; expected a path inside the folder of the use case.",
        "Move the files into the folder",
    ),
    "role reads a stranger": (
        "select: [v_revenue, item]",
        "select: [v_revenues]",
        "roles[0].select is 'v_revenues'; expected a table or view of this use case (item, sale, v_revenue).",
        "Did you mean v_revenue?",
    ),
    "check of a stranger": (
        "{table: item, columns: [item]}",
        "{table: itm, columns: [item]}",
        "checks.unique[0] is 'itm'; expected a table or view",
        "Did you mean item?",
    ),
    "two names for one object": (
        "views: [v_revenue]",
        "views: [v_revenue, sale]",
        "is 'sale'; expected each name once",
        "",
    ),
    "check twice": (
        "    - {table: item, equals: loaded}",
        "    - {table: item, equals: loaded}\n    - {table: item, equals: loaded}",
        "checks is 'row_count item as loaded'; expected each check once.",
        "Give one of the two a `name`, or remove it.",
    ),
    "count without a number": (
        "{table: item, equals: loaded}",
        "{table: item}",
        "checks.row_count[1].equals is empty; expected either equals, or at_least and at_most.",
        "Write for example `equals: loaded`.",
    ),
    "loadded": ("equals: loaded", "equals: loadded", "equals is 'loadded'; expected loaded or", "Did you mean loaded?"),
    "per nothing": (
        "per: days",
        "per: weeks",
        "checks.row_count[0].per is 'weeks'; expected a number among source.parameters (days).",
        "Correct it, or remove it.",
    ),
    "range without bounds": (
        "{table: item, column: price, min: 0.01}",
        "{table: item, column: price}",
        "checks.range[1].min is empty; expected a lower or an upper bound.",
        "Write for example `min: 0`.",
    ),
    "freshness asks twice": (
        "not_before: 2026-01-02",
        "not_before: 2026-01-02, max_age_days: 1",
        "freshness.max_age_days is 1; expected either max_age_days or not_before.",
        "Write for example `max_age_days: 2`.",
    ),
    "two statements in a check": (
        "sql: SELECT sale_day",
        "sql: SELECT 1; SELECT sale_day",
        "custom[0].sql is",
        "SELECT 1",
    ),
    "bound that is a list": (
        "min: 0.01",
        "min: [0.01]",
        "min is [0.01]; expected a number, a text, a date",
        "one value",
    ),
    "severity": ("{table: sale, equals: 3", "{severity: fatal, table: sale, equals: 3", "severity is 'fatal'", "error"),
}


@pytest.mark.parametrize(("old", "new", "said", "fix"), CASES.values(), ids=CASES)
def test_a_wrong_file_is_refused_with_the_fix(tiny: Path, old: str, new: str, said: str, fix: str) -> None:
    edit(tiny, old, new)
    text = refusal(tiny)
    assert said in text
    assert fix in text.split(said, 1)[1]


def test_every_fault_is_told_at_once(tiny: Path) -> None:
    edit(tiny, "kind: files", "kind: file")
    edit(tiny, "database: tiny", "database: 1")
    assert refusal(tiny).count("tiny/usecase.yaml:") == 2


def test_a_folder_without_a_file(tmp_path: Path) -> None:
    assert "there is no" in refusal(tmp_path)


SCHEMAS = {
    "missing": (None, "tiny/schema/sale.sql does not exist; expected the CREATE TABLE of sale."),
    "another table": ("CREATE TABLE IF NOT EXISTS sales (a INT)", "expected CREATE TABLE IF NOT EXISTS sale."),
    "a view": ("CREATE VIEW IF NOT EXISTS sale AS SELECT 1", "expected CREATE TABLE IF NOT EXISTS sale."),
    "a database": ("CREATE TABLE IF NOT EXISTS other.sale (a INT)", "expected CREATE TABLE IF NOT EXISTS"),
    "not repeatable": ("CREATE TABLE sale (a INT)", "tiny/schema/sale.sql would fail when it is run again"),
    "two statements": ("CREATE TABLE IF NOT EXISTS sale (a INT); DROP TABLE item;", "holds more than one statement"),
    "unknown placeholder": ("CREATE TABLE IF NOT EXISTS sale (a INT) BUCKETS ${b}", "uses ${b}, which nobody fills."),
    "empty": ("-- nothing\n", "tiny/schema/sale.sql starts with ''"),
}


@pytest.mark.parametrize(("sql", "said"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_wrong_schema_is_refused(tiny: Path, sql: str | None, said: str) -> None:
    path = tiny / "schema" / "sale.sql"
    path.unlink() if sql is None else path.write_text(sql, "utf-8")
    assert said in refusal(tiny)


def test_a_schema_of_nothing_is_refused(tiny: Path) -> None:
    (tiny / "schema" / "old.sql").write_text("CREATE TABLE IF NOT EXISTS old (a INT)", "utf-8")
    assert "tiny/schema/old.sql belongs to no table or view of the use case." in refusal(tiny)


def test_semicolons_in_texts_are_no_second_statement(tiny: Path) -> None:
    edit(tiny, "COMMENT 'Day'", "COMMENT 'Day; UTC, it''s local;'", "schema/sale.sql")
    sale = next(one for one in objects_of(model.load(tiny), {"replication_num": "2"}) if one.name == "sale")
    assert "Day; UTC" in sale.sql
    assert '"replication_num" = "2"' in sale.sql


def test_the_digest_of_a_table_is_of_its_text_not_of_its_replicas(tiny: Path) -> None:
    before = [one.digest for one in objects_of(model.load(tiny), {"replication_num": "1"})]
    assert [one.digest for one in objects_of(model.load(tiny), {"replication_num": "3"})] == before
    edit(tiny, "pieces INT", "pieces BIGINT", "schema/sale.sql")
    after = [one.digest for one in objects_of(model.load(tiny), {"replication_num": "1"})]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


def test_the_example_of_the_documentation_is_valid(tmp_path: Path) -> None:
    text = (USECASES / "README.md").read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "usecase.yaml").write_text(text, "utf-8")
    shop = model.load(folder)
    documented = {check.kind for check in shop.all_checks}
    assert documented == {*type(shop.checks).model_fields, "freshness"}
