"""How much one client, and all of them together, may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Attributes:
        connections: clients at a time, as Doris' qe_max_connection.
        login_seconds: from the first byte to the end of the login.
        login_packet_bytes: longest packet of a client that has not logged in.
        packet_bytes: longest statement.
        inbound_bytes: what all clients together may have sent that is not yet carried out.
        write_seconds: how long a client may leave a full connection unread.
        prepared: prepared statements of one connection.
    """

    connections: int = 1024
    login_seconds: float = 10
    login_packet_bytes: int = 64 << 10
    packet_bytes: int = 64 << 20
    inbound_bytes: int = 256 << 20
    write_seconds: float = 600
    prepared: int = 16_382


@dataclass(slots=True)
class Budget:
    """Bytes that clients have sent and that are held in memory."""

    limit: int
    used: int = field(default=0)

    def take(self, size: int) -> bool:
        """Whether `size` more bytes fit; they are taken if so."""
        if self.used + size > self.limit:
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        self.used -= size
