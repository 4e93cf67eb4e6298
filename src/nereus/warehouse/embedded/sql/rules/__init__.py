"""One rule per function, operator, cast and literal family; a file per family."""
