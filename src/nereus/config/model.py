"""What platform.yaml may say: frozen models. Requirements and prices only; what follows from them is computed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nereus.config import kinds, rules
from nereus.config.kinds import Address, Choice, Either, Network, Number, PortNumber, PriceNumber, StoredShare, Text

TARGETS = ("local", "vms", "hosts", "cluster")
EDITIONS = ("standard", "enterprise", "business_critical", "vps")
SIZES = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
GENERATIONS = ("gen1", "gen2_aws", "gen2_azure", "interactive")

Name = Annotated[
    str, Text("a name of lower-case letters, digits and hyphens", r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", "nereus")
]
Word = Annotated[str, Text("a name of lower-case letters, digits and underscores", r"[a-z][a-z0-9_]{0,62}", "retail")]
_PATH = r"[^\x00-\x1f]+"
_DNS = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
NamespaceName = Annotated[
    str, Text("the name of a namespace", r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "kube-system", 63)
]
LabelText = Annotated[
    str,
    Text("a Kubernetes label", r"([A-Za-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", "warehouse", 317),
]
Port = Annotated[int, PortNumber()]
Fraction = Annotated[float, Number(0, 1, 0.05, kinds.FRACTION)]
People = Annotated[int, Number(0, 100_000, 20, whole=True, noun="a number of people")]


class Section(BaseModel):
    """A frozen section that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlatformSection(Section):
    """Which platform this is and where it stands."""

    name: Name = "nereus"
    target: Annotated[Literal["local", "vms", "hosts", "cluster"], Choice(TARGETS)] = "local"


class Compression(Section):
    """TB stored in one copy per TB of raw data, from the luckiest to the unluckiest case."""

    low: Annotated[float, StoredShare()] = 0.3
    typical: Annotated[float, StoredShare()] = 0.4
    high: Annotated[float, StoredShare()] = 0.5


class DataSection(Section):
    """How much data, how it grows, and how long it stays fast."""

    raw_tb: Annotated[float, Number(0.001, 500, 1, kinds.TERABYTES)]
    growth_per_year: Annotated[float, Number(0, 2, 0.1, kinds.FRACTION, per=" a year")] = 0.10
    horizon_years: Annotated[int, Number(1, 15, 5, kinds.YEARS, whole=True)] = 5
    history_months: Annotated[int, Number(1, 600, 60, kinds.MONTHS, whole=True)] = 60
    hot_months: Annotated[int, Number(1, 600, 24, kinds.MONTHS, whole=True)] = 24
    compression: Compression = Compression()
    replicas: Annotated[int, Number(1, 5, 3, whole=True, noun="a number of copies")] = 3
    headroom: Annotated[float, Number(0.1, 2, 0.4, kinds.FRACTION)] = 0.4
    backups_kept: Annotated[int, Number(0, 30, 2, whole=True, noun="a number of full backups")] = 2

    @model_validator(mode="after")
    def _in_order(self) -> DataSection:
        rules.raise_all(rules.data(self))
        return self


class UsersSection(Section):
    """People with an account, not people at work at once."""

    analysts: People = 20
    scientists: People = 5
    managers: People = 5


class PromiseSection(Section):
    """What users are promised."""

    dashboard_average_s: Annotated[float, Number(0.05, 60, 1, kinds.SECONDS)] = 1.0


class MachinesSection(Section):
    """One machine as bought, rented or given to a virtual machine, and how many there are."""

    nodes: Annotated[
        int | Literal["auto"], Either("auto", Number(1, 500, 3, whole=True, noun="a number of machines"))
    ] = "auto"
    cores: Annotated[int, Number(1, 512, 16, whole=True, noun="a number of cores")] = 16
    memory_gb: Annotated[float, Number(1, 16384, 128, kinds.GIGABYTES)] = 128
    nvme_tb: Annotated[float, Number(0.01, 1000, 4, kinds.TERABYTES)] = 4
    hdd_tb: Annotated[float, Number(0, 5000, 16, kinds.TERABYTES)] = 16

    @model_validator(mode="after")
    def _usable_disk(self) -> MachinesSection:
        rules.raise_all(rules.machines(self))
        return self


class SnowflakeWarehouse(Section):
    """One virtual warehouse of the present bill: its credits are size x hours x days x clusters."""

    name: Word
    size: Annotated[str, Choice(SIZES, "S")]
    generation: Annotated[str, Choice(GENERATIONS)] = "gen1"
    hours_per_day: Annotated[float, Number(0, 24, 8, noun="a number of hours")]
    days_per_month: Annotated[float, Number(0, 31, 22, noun="a number of days")]
    clusters: Annotated[float, Number(1, 10, 1, noun="a number of clusters")] = 1.0


#: The warehouses of a typical small team (796 credits a month), taken when the bill is not given.
TYPICAL_WAREHOUSES = (
    SnowflakeWarehouse(name="dashboards", size="S", hours_per_day=10, days_per_month=22),
    SnowflakeWarehouse(name="loads", size="S", hours_per_day=3, days_per_month=30),
    SnowflakeWarehouse(name="data_science", size="M", hours_per_day=2, days_per_month=22),
)


class SnowflakeSection(Section):
    """What the data costs where it is today, or what Snowflake would cost instead."""

    edition: Annotated[str, Choice(EDITIONS, "enterprise")] = "enterprise"
    region: Word = "aws_eu_paris"
    credits_per_month: Annotated[float | None, Number(0, 10_000_000, 796, noun="a number of credits")] = None
    warehouses: tuple[SnowflakeWarehouse, ...] = TYPICAL_WAREHOUSES
    serverless_share: Fraction = 0.05
    discount: Annotated[float, Number(0, 0.9, 0.15, kinds.FRACTION)] = 0.0

    @model_validator(mode="after")
    def _consumption_said_once(self) -> SnowflakeSection:
        rules.raise_all(rules.snowflake(self))
        return self


_PRICE = PriceNumber()


class OwnPrice(Section):
    """A price of your own, with where it comes from."""

    value: Annotated[float, _PRICE]
    source: Annotated[
        str, Text("a text that says where the price comes from", r"[^\x00-\x1f]+", "quote 2026-118", 200)
    ] = ""
    seen_on: date | None = None

    @model_validator(mode="before")
    @classmethod
    def _number_alone(cls, value: object) -> object:
        """`electricity: 0.14` means `electricity: {value: 0.14}`."""
        return value if isinstance(value, Mapping | OwnPrice) else {"value": _PRICE.check(value)}


class CostsSection(Section):
    """Which alternatives are compared."""

    rented_server: Word = "hetzner_ax102"


class Ports(Section):
    """TCP ports of the local target."""

    warehouse_mysql: Port = 9030
    warehouse_http: Port = 8030
    warehouse_flight: Port = 8070
    object_store: Port = 8333
    portal: Port = 8501
    superset: Port = 8088
    jupyterhub: Port = 8000

    @model_validator(mode="after")
    def _apart(self) -> Ports:
        rules.raise_all(rules.ports(self))
        return self


class LocalSection(Section):
    """The local target: plain processes on this machine."""

    bind: Annotated[str, Address()] = "127.0.0.1"
    memory_gb: Annotated[float, Number(0.5, 16384, 4, kinds.GIGABYTES)] = 4
    threads: Annotated[int, Number(1, 512, 2, whole=True, noun="a number of threads")] = 2
    ports: Ports = Ports()


class VmsSection(Section):
    """The vms target: the one strong host that carries the virtual machines.

    `uri: lab` is a private libvirt daemon beneath the deployment's own folder. `image` is `build` (of Debian packages,
    needs root once), a path, or an address with its checksum (sha256:... or sha512:...).
    """

    uri: Annotated[str, Text("a libvirt address, or lab", r"lab|[a-z]+(\+[a-z0-9]+)?://[^\s]*", "qemu:///system")] = (
        "qemu:///system"
    )
    image: Annotated[str, Text("build, a path or an address of an image", _PATH, "build", 4096)] = "build"
    image_checksum: Annotated[
        str | None,
        Text("a checksum", r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", "sha512: and 128 hexadecimal letters", 135),
    ] = None
    host_memory_gb: Annotated[float, Number(1, 16384, 512, kinds.GIGABYTES)]
    host_nvme_tb: Annotated[float, Number(0.01, 1000, 16, kinds.TERABYTES)]


class HostsSection(Section):
    """The hosts target: existing machines in an Ansible inventory."""

    inventory: Annotated[str, Text("a path to an Ansible inventory", _PATH, "inventories/mine.yaml", 4096)]


class ExistingIngress(Section):
    """An ingress controller that serves `cluster.ingress_class`; its pods are let through to the platform's doors."""

    namespace: NamespaceName


class ExistingCertificates(Section):
    """A cert-manager with a ClusterIssuer that may sign the platform's host names."""

    issuer: Annotated[str, Text("the name of a ClusterIssuer", _DNS, "company-ca")]


class ExistingMonitoring(Section):
    """A Prometheus operator that looks at every namespace; its Prometheus is let through to what is measured."""

    namespace: NamespaceName


class ExistingObjectStore(Section):
    """An S3 store with the platform's four buckets; its keys are given as secrets."""

    endpoint: Annotated[
        str, Text("an address http(s)://host[:port]", r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", "https://s3.example.com")
    ]
    region: Annotated[str, Text("the name of a region", r"[a-z0-9-]{1,40}", "us-east-1")] = "us-east-1"
    cidr: Annotated[str, Network()]


class ExistingSection(Section):
    """What the cluster has already; it is used and not installed."""

    ingress: ExistingIngress | None = None
    certificates: ExistingCertificates | None = None
    monitoring: ExistingMonitoring | None = None
    object_store: ExistingObjectStore | None = None


class ClusterSection(Section):
    """The cluster target: an existing Kubernetes cluster."""

    kubeconfig: Annotated[str, Text("a path to a kubeconfig file", _PATH, "~/.kube/config", 4096)]
    storage_class: Annotated[str, Text("the name of a storage class", _DNS, "local-path")]
    cold_storage_class: Annotated[str | None, Text("the name of a storage class", _DNS, "bulk")] = None
    ingress_class: Annotated[str, Text("the name of an ingress class", _DNS, "traefik")]
    node_labels: Mapping[LabelText, LabelText] = Field(default_factory=dict)
    existing: ExistingSection = ExistingSection()


class IdentitySection(Section):
    """The OpenID Connect provider that Superset, JupyterHub and the portal sign people in with."""

    issuer: Annotated[
        str, Text("an https address without a trailing slash", r"https://[^\s?#]*[^\s?#/]", "https://login.example.com")
    ]
    client_id: Annotated[str, Text("a client id", r"[A-Za-z0-9._:/-]{1,120}", "nereus")] = "nereus"


class KubernetesSection(Section):
    """How people reach the platform on the targets vms, hosts and cluster."""

    domain: Annotated[str, Text("a domain name", _DNS, "nereus.internal")] = "nereus.internal"
    acme_email: Annotated[str | None, Text("a mail address", r"[^\s@]+@[^\s@]+\.[^\s@]+", "platform@example.com")] = (
        None
    )
    identity: IdentitySection | None = None


#: Nothing beneath these keys is an omission, not a wish for the defaults.
_NEVER_EMPTY = ("data", "usecases")


class Platform(Section):
    """The whole of platform.yaml."""

    platform: PlatformSection = PlatformSection()
    data: DataSection
    users: UsersSection = UsersSection()
    promise: PromiseSection = PromiseSection()
    machines: MachinesSection = MachinesSection()
    snowflake: SnowflakeSection = SnowflakeSection()
    costs: CostsSection = CostsSection()
    prices: Mapping[str, OwnPrice] = Field(default_factory=dict)
    local: LocalSection = LocalSection()
    vms: VmsSection | None = None
    hosts: HostsSection | None = None
    cluster: ClusterSection | None = None
    kubernetes: KubernetesSection = KubernetesSection()
    usecases: tuple[Word, ...] = ("retail", "flights")

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, value: object) -> object:
        """A section whose keys are all commented out takes its defaults."""
        if not isinstance(value, Mapping):
            return value
        return {key: each for key, each in value.items() if each is not None or key in _NEVER_EMPTY}

    @model_validator(mode="after")
    def _parts_agree(self) -> Platform:
        rules.raise_all(rules.platform(self))
        return self
