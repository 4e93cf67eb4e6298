"""Where machines' files are: of one deployment, and what is kept between deployments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nereus import paths
from nereus.home import Home
from nereus.paths import PROJECT

TERRAFORM = PROJECT / "infra" / "terraform"


def user_cache() -> Path:
    """The user's cache for what takes minutes to make and is the same for every deployment."""
    return paths.user_cache() / "machines"


@dataclass(frozen=True)
class Places:
    """The folders of one deployment's machines, beneath its home."""

    home: Home

    @property
    def root(self) -> Path:
        return self.home.data / "machines"

    @property
    def terraform(self) -> Path:
        """A copy of infra/terraform beside its states: `terraform plan` works there by hand too."""
        return self.root / "terraform"

    @property
    def pool(self) -> Path:
        """The machines' disks."""
        return self.root / "pool"

    @property
    def contract(self) -> Path:
        return self.root / "contract.json"

    @property
    def consoles(self) -> Path:
        return self.home.logs / "machines"

    @property
    def lab(self) -> Path:
        """The private libvirtd's own folder."""
        return self.home.run / "lab"

    @property
    def ssh_key(self) -> Path:
        return self.home.secrets / "machines-ssh"

    @property
    def known_hosts(self) -> Path:
        return self.root / "known_hosts"
