"""Slow, obvious versions that the tests compare with."""
