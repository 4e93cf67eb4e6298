"""Statements that run by themselves, once or again and again: CREATE JOB."""
