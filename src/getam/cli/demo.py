"""``getam demo``: the whole road on bundled data."""
