"""Chance that is no accident: numbers that depend on the seed and on what they are for."""

from __future__ import annotations

from hashlib import blake2b


def draw(seed: int, *what: object) -> int:
    """64 bits that are the same for the same seed and the same thing, and random else."""
    text = "/".join(map(str, (seed, *what)))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
