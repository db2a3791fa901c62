"""Tests of getam.inference."""
