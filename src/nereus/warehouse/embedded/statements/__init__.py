"""One handler per statement family."""
