"""Tests of getam.data."""
