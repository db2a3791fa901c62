"""Tests of what is published: the wheel, its metadata and the links of the README."""
