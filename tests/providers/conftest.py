"""Lets assertions of the shared suite explain themselves."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.providers.contract", "tests.providers.driving")
