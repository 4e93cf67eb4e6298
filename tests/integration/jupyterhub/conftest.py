"""One warehouse and one Hub for all these tests; three people work there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks.measure.people import Person
from nereus import secrets, usecases
from nereus.provision import jupyterhub, users
from tests.conftest import not_run
from tests.integration.jupyterhub.hubs import Deployment, Running, declare, hub, nereus, running, small_usecases

_SHOP = (
    "CREATE DATABASE shop",
    "CREATE TABLE shop.orders (id BIGINT, region VARCHAR(20), amount DECIMAL(12, 2), day DATE) DUPLICATE KEY(id)"
    " DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
    "INSERT INTO shop.orders VALUES (1, 'Europe', 10.50, '2026-01-01'), (2, 'Asia', 7.25, '2026-01-02'),"
    " (3, 'Europe', NULL, '2026-01-03')",
    "CREATE TABLE shop.numbers (n BIGINT) DUPLICATE KEY(n)"
    " DISTRIBUTED BY HASH(n) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
    "INSERT INTO shop.numbers SELECT number FROM numbers('number' = '300000')",
    "CREATE ROLE shop_scientist",
    "GRANT SELECT_PRIV ON `internal`.`shop`.`*` TO ROLE 'shop_scientist'",
    "GRANT 'shop_scientist' TO 'scientist'@'%'",
)


@pytest.fixture(scope="session")
def environments() -> None:
    """They are made by provisioning, not by a test."""
    for name in ("jupyterhub", "notebooks"):
        if not jupyterhub.environment_folder(name).is_dir():
            not_run(f"the environment {name}", "run make provision once")


@pytest.fixture(scope="session")
def deployment(environments: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A warehouse with a small shop in it that runs."""
    made = declare(tmp_path_factory.mktemp("hub"))
    secrets.ensure(made.home, "warehouse-root")
    with running(made, "warehouse"):
        root = made.as_user("root")
        list(users.ensure(root, made.home))
        for statement in _SHOP:
            root.execute(statement)
        yield made
    jupyterhub.remove_data(made.home)


@pytest.fixture(scope="session")
def the_hub(deployment: Deployment) -> Iterator[Running]:
    with hub(deployment) as made:
        yield made


@pytest.fixture(scope="session")
def join(deployment: Deployment, the_hub: Running) -> Iterator[Callable[[str], Person]]:
    """Give somebody an account by the command line, and log them in with the password it shows."""
    joined: dict[str, Person] = {}

    def come(name: str) -> Person:
        if name not in joined:
            shown = nereus(deployment, "scientist", "add", name)
            joined[name] = Person(the_hub.service.url, name)
            assert joined[name].log_in(shown.split()[-1]).status_code == 200
            joined[name].start_server()
        return joined[name]

    yield come
    for name in joined:
        nereus(deployment, "scientist", "remove", name)


@pytest.fixture(scope="session")
def ada(join: Callable[[str], Person]) -> Person:
    return join("ada")


@pytest.fixture(scope="session")
def grace(join: Callable[[str], Person]) -> Person:
    return join("grace")


@pytest.fixture(scope="session")
def loaded(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Flights as they are, retail at a hundredth of its size."""
    folder = small_usecases(tmp_path_factory.mktemp("usecases"))
    for name in ("flights", "retail"):
        usecases.deployment(name, deployment.platform, deployment.home, lambda step: None, folder).run()
    return deployment
