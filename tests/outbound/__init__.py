"""Tests of what leaves: replies, dispatch, pacing and repair."""
