"""Files of a load as rows of text or of typed columns."""
