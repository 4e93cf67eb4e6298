"""The embedded warehouse as a whole: what one server process opens, and what hands out sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from nereus.warehouse.embedded import dispatch
from nereus.warehouse.embedded.accounts import Accounts, Logins, UserIdentity
from nereus.warehouse.embedded.audit import Audit
from nereus.warehouse.embedded.catalog.catalog import Catalog
from nereus.warehouse.embedded.catalog.policies import RowPolicies
from nereus.warehouse.embedded.counters import QueryCounters
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.introspection.schema import SystemSchema
from nereus.warehouse.embedded.introspection.storage import Sizes
from nereus.warehouse.embedded.jobs.service import Jobs
from nereus.warehouse.embedded.materialized.service import Views
from nereus.warehouse.embedded.operations.jobs import Operations
from nereus.warehouse.embedded.plancache import PlanCache
from nereus.warehouse.embedded.processes import Processes
from nereus.warehouse.embedded.resultcache import ResultCache
from nereus.warehouse.embedded.scheduler import Scheduler
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statistics import Statistics
from nereus.warehouse.embedded.tiers.service import CACHE_BYTES, Tiering
from nereus.warehouse.embedded.variables import GlobalVariables
from nereus.warehouse.embedded.workload import Queues, WorkloadGroups
from nereus.warehouse.embedded.workload.lanes import Lanes
from nereus.warehouse.embedded.workload.memory import MemoryGuard
from nereus.warehouse.embedded.workload.policies import Policies
from nereus.warehouse.embedded.workload.rules import BlockRules
from nereus.warehouse.embedded.write.writer import Writer

#: MySQL's number for a refused login.
WRONG_PASSWORD = 1045


class Warehouse:
    """Everything that sessions share. Open it once per process; close it last.

    Attributes:
        started: when the process opened it.
        ports: where it is served ("mysql", "http"), filled in by whoever serves it; SHOW FRONTENDS tells them.
    """

    def __init__(self, engine: Engine, root_password: str, cache_bytes: int = CACHE_BYTES) -> None:
        self.engine = engine
        self.started = datetime.now(UTC)
        self.ports: dict[str, int] = {}
        self.catalog = Catalog(engine)
        self.writer = Writer(engine, self.catalog)
        self.row_policies = RowPolicies(engine)
        self.accounts = Accounts(engine.cursor(), root_password=root_password)
        self.logins = Logins(engine.cursor())
        self.variables = GlobalVariables(engine.cursor())
        self.groups = WorkloadGroups(engine.cursor())
        self.queues = Queues(self.groups)
        self.workload_policies = Policies(engine.cursor(), self.groups)
        self.block_rules = BlockRules(engine.cursor())
        self.lanes = Lanes(engine)
        self.memory = MemoryGuard(engine)
        self.plans = PlanCache()
        self.results = ResultCache()
        self.statistics = Statistics(engine)
        self.counters = QueryCounters()
        self.sizes = Sizes(lambda: self.catalog.snapshot().cold)
        self.processes = Processes()
        self.processes.watchers += [
            lambda now: self.memory.watch(self.processes),
            lambda now: self.workload_policies.apply(self.processes),
        ]
        self.tiering = Tiering(self, cache_bytes)
        self.scheduler = Scheduler(self.catalog, engine)
        self.audit = Audit(engine.cursor())
        self.views = Views(self)
        self.jobs = Jobs(self)
        self.operations = Operations(self)

    @classmethod
    def open(
        cls, data: Path, *, memory_gb: float, threads: int, root_password: str, cache_bytes: int = CACHE_BYTES
    ) -> Warehouse:
        """Open or create the warehouse in the folder `data`.

        `root_password` is given to root when the warehouse is new, and ignored when root exists. `cache_bytes` is the
        most that the cache of cooled rows takes of the disk.
        Raises Failure when the file cannot be opened.
        """
        dispatch.load()
        engine = Engine.open(data, memory_gb=memory_gb, threads=threads)
        try:
            return cls(engine, root_password, cache_bytes)
        except BaseException:
            engine.close()
            raise

    def connect(
        self, user: str, host: str = "127.0.0.1", connection_id: int | None = None, database: str | None = None
    ) -> Session:
        """A session for a user whose password has been checked.

        Raises DorisError: 1045 for a user unknown at that host, 1862 for an expired password, 3955 for an account that
        failed logins have locked, 1049 for an unknown database, 1203 where the user has as many sessions as their
        property max_user_connections allows.
        """
        identity = self.accounts.identify(user, host)
        if identity is None:
            raise DorisError(f"Access denied for user '{user}@{host}' (using password: YES)", 1045, "28000", plain=True)
        self.logins.check(identity)
        most = self.accounts.properties(user).get("max_user_connections")
        if most is not None and sum(other.identity.name == user for other in self.processes) >= int(most):
            raise DorisError("Reach limit of connections", 1203, "42000", plain=True)
        number = self.processes.next_id() if connection_id is None else connection_id
        session = Session(self, identity, host, number, database)
        self.processes.add(session)
        return session

    def system_session(self) -> Session:
        """A session for what the warehouse does by itself, in the name of root."""
        identity = self.accounts.identify("root", "127.0.0.1")
        if identity is None:
            raise DorisError("Unknown user 'root'")
        session = Session(self, identity, "127.0.0.1", self.processes.next_id(), None)
        self.processes.add(session)
        return session

    def login_refused(self, user: str, host: str, error: DorisError) -> None:
        """Note that a client was sent away: in the audit log, and against the account where the password was wrong.

        Never waits for the disk, so that an event loop can call it.
        """
        identity = self.accounts.identify(user, host)
        if identity is not None and error.code == WRONG_PASSWORD:
            self.logins.failed(identity)
        self.audit.record_login(self, user=user, client_ip=host, error=error)

    def schema(self, session: Session) -> SystemSchema:
        """The catalogue as it is now, with the system databases as `session` may see them."""
        return SystemSchema(self.catalog.snapshot(), session)

    def file_bytes(self) -> int:
        """The size of the database file and its log."""
        return sum(path.stat().st_size for path in self.engine.spool.parent.glob("warehouse.duckdb*"))

    def identity(self, user: str, host: str) -> UserIdentity | None:
        """The account under which a client is known, or None."""
        return self.accounts.identify(user, host)

    def close(self) -> None:
        """End every session, write what is pending, release the file."""
        self.operations.close()
        self.jobs.close()
        self.views.close()
        self.processes.close()
        self.scheduler.close()
        self.tiering.close()
        self.audit.close()
        self.accounts.close()
        self.logins.close()
        self.variables.close()
        self.lanes.close()
        self.memory.close()
        self.workload_policies.close()
        self.block_rules.close()
        self.groups.close()
        self.engine.close()
