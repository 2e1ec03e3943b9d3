"""How an organisation's name looks: names that people would take for one another have the same look.

The look is the name's letters, digits and ideographs alone: full-width forms are folded to ASCII, capitals to small
letters, and blanks and punctuation are left out. It is what NFKC and case folding would make of these characters, but
by number and not by a Unicode table: tables differ between Python versions, and nodes must agree. A name with any other
character (compatibility ideographs and radicals, letters of alphabets that resemble ASCII, marks that nobody sees) has
no look and is no name. Decision 0017 has the reasons.
"""

from __future__ import annotations

from typing import Final

FULL_WIDTH: Final = (0xFF01, 0xFF5E)
FULL_WIDTH_OFFSET: Final = 0xFEE0
IDEOGRAPHS: Final = (
    (0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2EBE0), (0x30000, 0x323AF),
)  # fmt: skip
LEFT_OUT: Final = frozenset(" \u3000·・•—–‐‘’“”《》〈〉「」『』【】、。")
"""Blanks and marks that names are written with besides ASCII's."""


def look_of(name: str) -> str:
    """The look; empty for what cannot be a name."""
    kept: list[str] = []
    for character in name:
        point = ord(character)
        if FULL_WIDTH[0] <= point <= FULL_WIDTH[1]:
            point -= FULL_WIDTH_OFFSET
        if any(low <= point <= high for low, high in IDEOGRAPHS):
            kept.append(character)
        elif 0x20 < point < 0x7F:
            if chr(point).isalnum():
                kept.append(chr(point).lower())
        elif character not in LEFT_OUT:
            return ""
    return "".join(kept)
