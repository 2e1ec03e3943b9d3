"""The unified social credit code of an organisation, GB 32100: 18 characters, the last of which checks the others."""

from __future__ import annotations

from typing import Final

CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH: Final = 18


def is_credit_code(code: str) -> bool:
    """Weights are 3^i mod 31; the last character makes the weighted sum divisible by 31."""
    if len(code) != LENGTH or any(character not in CHARACTERS for character in code):
        return False
    total = sum(CHARACTERS.index(character) * pow(3, i, 31) for i, character in enumerate(code[:-1]))
    return CHARACTERS[-total % 31] == code[-1]
