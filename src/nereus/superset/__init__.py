"""Dashboards as code: read from the use cases' folders, checked, imported, exported, warmed and measured."""
