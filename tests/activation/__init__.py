"""Tests of getam.activation."""
