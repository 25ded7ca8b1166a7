"""Tests of the providers: one conformance suite for all, and per provider a table and what is its own."""

import pytest

pytest.register_assert_rewrite("tests.providers.conformance")
