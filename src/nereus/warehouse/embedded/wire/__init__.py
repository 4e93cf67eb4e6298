"""The MySQL protocol: authentication, packets, streaming."""
