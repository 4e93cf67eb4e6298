"""The certificates of a simulated cluster."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from ruamel.yaml import YAML

from nereus.kubernetes.sim.pki import CLIENTS, Authority


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cluster") / "pki"
    Authority.create(path).write_kubeconfigs("https://127.0.0.1:1", ["admin"])
    return path


def certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


@pytest.mark.parametrize("name", ["server", *CLIENTS])
def test_every_certificate_is_signed_by_the_authority(folder: Path, name: str) -> None:
    certificate(folder, name).verify_directly_issued_by(certificate(folder, "ca"))


def test_the_administrator_is_of_the_group_that_may_all(folder: Path) -> None:
    subject = certificate(folder, "admin").subject
    assert [each.value for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:masters"]


def test_nobody_else_can_read_keys(folder: Path) -> None:
    private = [path for path in folder.iterdir() if path.suffix in (".key", ".kubeconfig")]
    assert len(private) > 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_a_kubeconfig_names_the_server_and_its_authority(folder: Path) -> None:
    content = YAML(typ="safe").load((folder / "admin.kubeconfig").read_text("utf-8"))
    assert content["clusters"][0]["cluster"] == {
        "server": "https://127.0.0.1:1",
        "certificate-authority": str(folder / "ca.crt"),
    }
