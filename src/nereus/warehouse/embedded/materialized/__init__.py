"""Asynchronous materialised views: how they are made, refreshed, told of and used to answer queries."""
