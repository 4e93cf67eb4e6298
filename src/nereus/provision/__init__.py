"""Standing a platform up, watching it and taking it down."""
