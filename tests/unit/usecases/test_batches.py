"""What is loaded: identities that follow the content, and scripts that do not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nereus.errors import BadInput
from nereus.usecases import model
from nereus.usecases.batches import Batch, batches_of, digest_of

TINY = Path(__file__).parents[2] / "fixtures" / "usecases" / "tiny"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


def batches(folder: Path) -> list[Batch]:
    return batches_of(model.load(folder), folder.parent / "cache", lambda text: None)


def scripted(folder: Path, script: str) -> Path:
    """The tiny use case with a load.py instead of files."""
    text = (folder / "usecase.yaml").read_text("utf-8").replace("kind: files", "kind: script")
    head, _, rest = text.partition("tables:")
    views = rest[rest.index("views:") :]
    (folder / "usecase.yaml").write_text(f"{head}tables: [{{name: item}}, {{name: sale}}]\n\n{views}", "utf-8")
    (folder / "load.py").write_text(script, "utf-8")
    return folder


def test_files_are_batches_in_the_order_of_tables_and_names() -> None:
    found = batches(TINY)
    assert [(batch.table, batch.part, batch.format) for batch in found] == [
        ("item", "items", "csv_with_names"),
        ("sale", "sales-2026-01-01", "json"),
        ("sale", "sales-2026-01-02", "json"),
    ]
    assert found[1].produce() == TINY / "data" / "sales-2026-01-01.json"
    assert found[1].headers == {"read_json_by_line": "true"}
    assert found[1].columns == "sale_day, item, pieces"


def test_the_label_follows_the_content_and_how_it_is_read(tiny: Path) -> None:
    def labels() -> list[str]:
        return [batch.label("tiny", 0) for batch in batches(tiny)]

    before = labels()
    assert before == [batch.label("tiny", 0) for batch in batches(TINY)]
    with (tiny / "data" / "items.csv").open("a") as file:
        file.write("pear,0.70,green\n")
    assert [old == new for old, new in zip(before, labels(), strict=True)] == [False, True, True]
    text = (tiny / "usecase.yaml").read_text("utf-8")
    (tiny / "usecase.yaml").write_text(text.replace("columns: sale_day,", "columns: sale_day ,"), "utf-8")
    assert [old == new for old, new in zip(before, labels(), strict=True)] == [False, False, False]


def test_a_removed_table_gets_another_label() -> None:
    batch = batches(TINY)[0]
    assert batch.label("tiny", 0) != batch.label("tiny", 1)
    assert batch.label("tiny", 0) != batch.label("other", 0)


def test_labels_stay_within_what_doris_accepts() -> None:
    batch = Batch("t" * 63, "été 2026/01: all of it" * 20, "0" * 64, lambda: b"")
    assert len(batch.label("u" * 63, 12)) <= 128
    assert batch.label("u" * 63, 12).isascii()


def test_digests_tell_their_parts_apart(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"ab")
    assert digest_of("a", "b") != digest_of("ab")
    assert digest_of("ab") == digest_of(path)
    assert digest_of("a", "b") != digest_of("b", "a")


def test_missing_files_are_named(tiny: Path) -> None:
    for path in (tiny / "data").glob("sales*"):
        path.unlink()
    with pytest.raises(BadInput, match=r"the files data/sales-\*.json of table sale do not exist"):
        batches(tiny)


GOOD = """
from nereus.usecases.batches import Batch

def batches(context):
    context.tell("making")
    assert context.parameters == {"days": 2}
    for day in range(context.parameters["days"]):
        yield Batch("sale", str(day), "d", lambda: (context.cache / "x").write_bytes(b"1") and b"1", "csv")
    yield Batch("item", "all", "d", lambda: b"", "csv")
"""


def test_a_script_makes_batches_only_when_they_are_needed(tiny: Path) -> None:
    found = batches(scripted(tiny, GOOD))
    assert [(batch.table, batch.part) for batch in found] == [("item", "all"), ("sale", "0"), ("sale", "1")]
    assert list((tiny.parent / "cache" / "usecases" / "tiny").iterdir()) == []
    assert found[1].produce() == b"1"


SCRIPTS = {
    "no function": ("x = 1", "tiny/load.py has no function `batches`"),
    "no Python": ("def batches(", "tiny/load.py: line 1 is not Python"),
    "unknown table": (
        GOOD.replace('"item", "all"', '"items", "all"'),
        "goes into table items, which the use case does not",
    ),
    "part twice": (GOOD.replace("str(day)", "'1'"), "table sale has two batches called 1"),
}


@pytest.mark.parametrize(("script", "said"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_wrong_script_is_refused(tiny: Path, script: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        batches(scripted(tiny, script))


def test_a_script_must_exist(tiny: Path) -> None:
    (scripted(tiny, GOOD) / "load.py").unlink()
    with pytest.raises(BadInput, match=r"source\.kind is script and there is no tiny/load\.py"):
        batches(tiny)
