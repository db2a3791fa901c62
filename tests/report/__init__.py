"""Tests of getam.report."""
