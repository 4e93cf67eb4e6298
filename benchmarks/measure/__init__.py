"""Measurements of the embedded warehouse itself: ratios within one run, each printed by one command."""
