"""Tests of getam.export."""
