"""The HTTP port of the embedded warehouse: Stream Load, health, metrics."""

from nereus.warehouse.embedded.http.app import HttpServer, make_app, serve_http

__all__ = ["HttpServer", "make_app", "serve_http"]
