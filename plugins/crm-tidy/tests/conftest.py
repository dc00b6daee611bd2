"""The program's own fixtures: a home of the test's own."""

from __future__ import annotations

from tests.conftest import isolated

__all__ = ["isolated"]
