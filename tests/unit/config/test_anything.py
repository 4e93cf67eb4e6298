"""Whatever a file holds, reading it gives a platform or a refusal that names the file: never another exception."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from nereus.config import Platform, load
from nereus.errors import BadInput

SECTIONS = list(Platform.model_fields)
KEYS = SECTIONS + [
    key for field in Platform.model_fields.values() for key in getattr(field.annotation, "model_fields", {})
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text("ab1% .-:\u00e9", max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | SCALARS, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.fixed_dictionaries({}, optional=dict.fromkeys(SECTIONS, VALUES))
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def load_or_refuse(path: Path) -> None:
    try:
        assert isinstance(load(path), Platform)
    except BadInput as refused:
        assert str(refused).startswith(f"{path.name}: ")  # noqa: PT017
        assert len(str(refused)) < 20_000  # noqa: PT017


@relaxed
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "platform.yaml"
    path.write_bytes(content)
    load_or_refuse(path)


@relaxed
@given(content=DOCUMENTS)
def test_any_structure(tmp_path: Path, content: dict[str, object]) -> None:
    path = tmp_path / "platform.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(content, file)
    load_or_refuse(path)


@pytest.mark.parametrize("text", ["? [a, b]\n: 1\n", "? {a: 1}\n: 1\n", "1.5: 2\n", "null: 1\n", "data: !!set {a}\n"])
def test_keys_that_are_not_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(text, "utf-8")
    load_or_refuse(path)
