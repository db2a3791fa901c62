"""Tests of getam.evaluation."""
