"""Nereus: a small, complete on-premises analytics platform."""
