"""Tests of the laptop's own programs."""
