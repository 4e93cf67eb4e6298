"""Stream Load, health and metrics on the HTTP port."""
