"""Identifiers for machines: time-ordered UUIDs."""

from __future__ import annotations

import os
import time


def new_uid() -> str:
    """A UUID of version 7 (RFC 9562): new records sort last and indexes grow at their end."""
    digits = f"{time.time_ns() // 1_000_000:012x}7{os.urandom(10).hex()}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{'89ab'[ord(digits[16]) % 4]}{digits[17:20]}-{digits[20:32]}"
