"""What an image is made of decides whether it is built; an engine that only writes down its calls stands for podman."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus import images
from nereus.bundle import items
from nereus.errors import BadInput, Failure
from nereus.images.index import Index
from nereus.paths import PROJECT

BASES = images.Bases("localhost/run:1", "localhost/build:1")

#: Keeps the label of what it built; a real engine's tests are in tests/infra/images.
ENGINE = """\
#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
arguments = sys.argv[1:]
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
labels = here / "labels.json"
if arguments[0] == "build":
    if (here / "broken").exists():
        sys.exit("no space left on device")
    given = dict(pair.split("=", 1) for flag, pair in zip(arguments, arguments[1:]) if flag == "--label")
    for flag, value in zip(arguments, arguments[1:]):
        if flag == "--secret":
            (here / value.split(",")[0].split("=")[1]).write_text(pathlib.Path(value.split("src=")[1]).read_text())
    labels.write_text(json.dumps(given))
if arguments[0] == "image":
    if not labels.exists():
        sys.exit(1)
    print(json.dumps([{{"Labels": json.loads(labels.read_text())}}]))
if arguments[0] == "save":
    pathlib.Path(arguments[arguments.index("--output") + 1]).write_text("layers")
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "podman"
    program.write_text(ENGINE.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def calls(engine: Path, verb: str) -> list[list[str]]:
    lines = (engine / "calls").read_text().splitlines()
    return [call for call in map(json.loads, lines) if call[0] == verb]


def test_an_image_is_built_once(engine: Path) -> None:
    image, program = images.IMAGES["portal"], images.Engine.find("podman")
    assert images.build(image, program, BASES)
    assert not images.build(image, program, BASES)
    (built,) = calls(engine, "build")
    assert "BASE=localhost/run:1" in built
    assert images.reference("portal") in built


def test_another_base_is_another_image() -> None:
    image = images.IMAGES["portal"]
    assert images.content(image, BASES) != images.content(image, images.Bases("localhost/run:2", BASES.build))


def test_a_failed_build_says_what_the_engine_said(engine: Path) -> None:
    (engine / "broken").touch()
    with pytest.raises(Failure, match="no space left on device"):
        images.build(images.IMAGES["portal"], images.Engine.find("podman"), BASES)


def test_an_archive_is_saved_once_with_its_checksum(engine: Path, tmp_path: Path) -> None:
    image, program = images.IMAGES["hub"], images.Engine.find("podman")
    images.build(image, program, BASES)
    assert images.save(image, program, BASES, tmp_path / "out")
    assert not images.save(image, program, BASES, tmp_path / "out")
    assert images.checksums(tmp_path / "out") == {"hub.tar": hashlib.sha256(b"layers").hexdigest()}
    subprocess.run(["sha256sum", "--check", "--quiet", images.CHECKSUMS], cwd=tmp_path / "out", check=True)  # noqa: S607


def test_the_index_reaches_the_build_and_not_the_call(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://somebody:password@index.example/simple")
    images.build(images.IMAGES["portal"], images.Engine.find("podman"), BASES)
    assert "index-url = https://somebody:password@index.example/simple" in (engine / "pip.conf").read_text()
    assert "password" not in (engine / "calls").read_text()


def test_settings_of_the_index_are_pips() -> None:
    found = Index.of({"PIP_INDEX_URL": "https://index.example/simple", "PIP_FIND_LINKS": "/opt/wheels"})
    assert found.text().split() == ["[global]", "index-url", "=", "https://index.example/simple"]


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"PIP_CERT is .*nowhere\.pem, which is no file"):
        Index.of({"PIP_CERT": str(tmp_path / "nowhere.pem")})


@pytest.mark.parametrize(("names", "said"), [(["portl"], "Did you mean portal"), (["xyzzy"], "Choose one of")])
def test_an_unknown_image_is_refused(names: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        images.chosen(names)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(BadInput, match="no container engine 'kaniko'"):
        images.Engine.find("kaniko")


@pytest.mark.parametrize("image", images.IMAGES.values(), ids=lambda image: image.name)
class TestDockerfiles:
    def test_every_copied_path_counts_and_exists(self, image: images.Image) -> None:
        text = (PROJECT / image.dockerfile).read_text("utf-8").replace("\\\n", " ")
        copied = {path for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M) for path in line.split()[:-1]}
        assert copied == set(image.sources)
        assert all((PROJECT / path).exists() for path in copied)

    def test_it_does_not_run_as_root(self, image: images.Image) -> None:
        users = re.findall(r"^USER (\d+):(\d+)$", (PROJECT / image.dockerfile).read_text("utf-8"), re.M)
        assert users
        assert all(int(user) >= 1000 for user, _ in users)

    def test_every_base_is_an_argument(self, image: images.Image) -> None:
        text = (PROJECT / image.dockerfile).read_text("utf-8")
        assert re.findall(r"^FROM (\S+)", text, re.M) == (["${BASE}"] if image.base else ["${BUILD_BASE}", "${BASE}"])

    def test_everything_copied_is_let_into_the_build(self, image: images.Image) -> None:
        lines = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
        let_in = [line[1:] for line in lines if line.startswith("!")]
        assert all(any(path == each or path.startswith(each + "/") for each in let_in) for path in image.sources)


def test_names_and_tags_stand_in_versions_yaml() -> None:
    declared = YAML(typ="safe").load(PROJECT / "versions.yaml")["images"]
    for name in images.IMAGES:
        assert images.reference(name) == declared[name]
        assert not declared[name].endswith(":latest")


def test_every_image_of_our_registry_is_built_here_and_in_the_bundle() -> None:
    """`make images` and the bundle's list agree with what manifests name."""
    versions = YAML(typ="safe").load(PROJECT / "versions.yaml")
    own = {name for name, reference in versions["images"].items() if reference.startswith(items.OWN_REGISTRY)}
    assert own == set(images.IMAGES)
    listed = {one.source: one.get for one in items.declared(versions, PROJECT / "locks", ("images",))}
    assert listed.keys() == set(versions["images"].values())
    assert {name for name in own if listed[images.reference(name)] == "Run: make images"} == own


def test_an_image_of_its_own_base_starts_from_that(engine: Path) -> None:
    declared = YAML(typ="safe").load(PROJECT / "versions.yaml")["image-bases"]["doris-be"]
    images.build(images.IMAGES["doris-be"], images.Engine.find("podman"), BASES)
    (built,) = calls(engine, "build")
    assert f"BASE={declared}" in built


def test_uv_is_told_the_same_index() -> None:
    found = Index.of({"PIP_INDEX_URL": "https://one.example/simple", "PIP_TRUSTED_HOST": "one.example"})
    told = tomllib.loads(found.uv())
    assert told == {
        "allow-insecure-host": ["one.example"],
        "index": [{"url": "https://one.example/simple", "default": True}],
    }
