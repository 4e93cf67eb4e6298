"""The engine reaches nothing but its own data, and loses nothing that was committed."""

import subprocess
import sys
import threading
from types import SimpleNamespace

import duckdb
import pytest

from nereus.errors import Failure
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.scheduler import fold


@pytest.fixture
def engine(tmp_path):
    opened = Engine.open(tmp_path / "data", memory_gb=1, threads=2)
    yield opened
    opened.close()


@pytest.fixture
def outside(tmp_path):
    """A file beside the data folder that SQL must not reach."""
    file = tmp_path / "outside.csv"
    file.write_text("a,b\n1,2\n")
    return file


READS = [
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM glob('{file}')",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM read_csv('{spool}/../../outside.csv')",
    "COPY (SELECT 1) TO '{file}'",
    "COPY (SELECT 1) TO '{spool}/../../outside.csv'",
    "EXPORT DATABASE '{file}.d'",
    "IMPORT DATABASE '{file}.d'",
    "ATTACH '{file}.duckdb'",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM read_text('/etc/hostname')",
]


@pytest.mark.parametrize("sql", READS)
def test_no_file_outside_is_reached(engine, outside, sql):
    with pytest.raises(duckdb.PermissionException):
        engine.cursor().execute(sql.format(file=outside, spool=engine.spool))
    assert outside.read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x.csv", "https://example.com/x.parquet", "s3://b/x.parquet"])
def test_no_address_is_reached(engine, address):
    with pytest.raises(duckdb.PermissionException):
        engine.cursor().execute(f"SELECT * FROM '{address}'")


@pytest.mark.parametrize("sql", ["INSTALL httpfs", "LOAD httpfs", "LOAD '/tmp/x.duckdb_extension'"])
def test_no_extension_is_loaded(engine, sql):
    with pytest.raises(duckdb.PermissionException):
        engine.cursor().execute(sql)


@pytest.mark.parametrize(
    "setting",
    [
        "enable_external_access = true",
        "allowed_directories = ['/']",
        "autoload_known_extensions = true",
        "lock_configuration = false",
        "memory_limit = '1TB'",
        "temp_directory = '/tmp'",
        "python_enable_replacements = true",
    ],
)
def test_settings_are_locked(engine, setting):
    with pytest.raises(duckdb.Error, match=r"locked|cannot be|Cannot"):
        engine.cursor().execute(f"SET {setting}")


def test_python_objects_are_no_tables(engine):
    secret = [1, 2, 3]
    assert secret
    with pytest.raises(duckdb.CatalogException):
        engine.cursor().execute("SELECT * FROM secret")


def test_spool_is_readable(engine):
    (engine.spool / "a.csv").write_text("a,b\n1,2\n")
    assert engine.cursor().execute(f"SELECT a, b FROM read_csv('{engine.spool}/a.csv')").fetchall() == [(1, 2)]


def test_spool_is_emptied_at_start(tmp_path):
    first = Engine.open(tmp_path, memory_gb=1, threads=1)
    (first.spool / "left.csv").write_text("x")
    (first.spool / "folder").mkdir()
    (first.spool / "folder" / "left.csv").write_text("x")
    first.close()
    second = Engine.open(tmp_path, memory_gb=1, threads=1)
    assert list(second.spool.iterdir()) == []
    second.close()


def test_limits_are_set(engine):
    memory, threads = (
        engine.cursor().execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchone()
    )
    assert memory == "819.0 MiB"
    assert threads == 2


def test_another_process_is_told_that_the_file_is_taken(tmp_path, engine):
    code = (
        "import sys; from pathlib import Path; from nereus.warehouse.embedded.engine import Engine\n"
        "from nereus.errors import Failure\n"
        "try: Engine.open(Path(sys.argv[1]), memory_gb=1, threads=1)\n"
        "except Failure as failure: print(failure)"
    )
    (engine.spool / "in-use.csv").write_text("x")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "data")], capture_output=True, text=True, timeout=60, check=True
    )
    assert "cannot open the warehouse file" in done.stdout
    assert "Stop the other warehouse first" in done.stdout
    assert (engine.spool / "in-use.csv").exists()


def test_a_file_that_is_no_database_is_a_failure(tmp_path):
    (tmp_path / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(Failure, match="cannot open the warehouse file"):
        Engine.open(tmp_path, memory_gb=1, threads=1)


def test_cursors_are_made_from_many_threads(engine):
    engine.cursor().execute("CREATE TABLE t AS SELECT range i FROM range(1000)")
    sums = []

    def work():
        cursor = engine.cursor()
        sums.append(cursor.execute("SELECT sum(i) FROM t").fetchone()[0])
        cursor.close()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [499500] * 16


def test_a_disk_that_is_nearly_full_takes_no_rows(tmp_path, monkeypatch):
    engine = Engine.open(tmp_path / "data", memory_gb=1, threads=1)
    total, gib = 100 << 30, 1 << 30
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=total, free=gib + engine.log_bytes))
    engine.check_room()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=total, free=gib - 1))
    with pytest.raises(DorisError, match="1023 MiB of 102400 MiB are free, 1024 MiB must stay"):
        engine.check_room()
    engine.close()


def test_a_file_that_was_given_up_is_noticed(tmp_path):
    class GivenUp:
        def execute(self, _):
            raise duckdb.FatalException("database has been invalidated")

    engine = Engine.open(tmp_path / "data", memory_gb=1, threads=1)
    with pytest.raises(duckdb.FatalException):
        fold(engine, GivenUp())
    assert engine.broken.is_set()
    engine.close()
