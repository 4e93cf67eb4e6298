"""The warehouse as every client sees it: MySQL protocol, Stream Load, Doris SQL."""
