"""Tests of getam.training."""
