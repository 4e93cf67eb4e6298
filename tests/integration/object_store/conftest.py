from tests.stores import running_store  # noqa: F401
