"""Tests of what comes in: texts and delivery reports."""
