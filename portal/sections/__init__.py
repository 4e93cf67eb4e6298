"""The parts of the page, top to bottom; each has `show(deployment)`."""
