"""Tests of getam.pseudo_label."""
