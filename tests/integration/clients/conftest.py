"""The warehouse of the wire tests, for clients that run in processes of their own."""

from tests.integration.wire.conftest import ROOT_PASSWORD, house

__all__ = ["ROOT_PASSWORD", "house"]
