"""Looking after a platform that runs: whether it really works, its size, its version, its history kept apart."""
