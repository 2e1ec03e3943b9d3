"""A wallet's folder: keys, the chain it is pinned to, the nodes it asks, and what it has already seen.

    keys/LABEL.json        one encrypted key each
    genesis.cbor           the chain this wallet belongs to; it is never replaced by another
    config.json            nodes, the chosen identity, the language
    pin.cbor               the highest certificate ever seen, and the validators' changes up to it
    seen.json              ids that lists have shown, so that people may type their beginnings, and each identity's last
                           numbered list

Only this module knows the folder. It holds no secret in the clear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ledger.crypto import Suite
from ledger.genesis import Genesis
from ledger.national import suite_named
from wallet.keystore import Keystore, load_keystore, save_keystore, write_private
from wallet.problems import problem

LABEL: Final = re.compile(r"[\w.-]{1,40}", re.ASCII)
SEEN_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Config:
    nodes: tuple[str, ...] = ()
    identity: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom a numbered list was shown: an identity's label and organisation, on one chain (hexadecimal)."""

    label: str
    organisation: str
    chain: str


class Home:
    """One wallet on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # the chain

    def genesis_bytes(self) -> bytes | None:
        path = self.root / "genesis.cbor"
        return path.read_bytes() if path.exists() else None

    def pin_genesis(self, data: bytes) -> None:
        """Take this chain for good; raises WAL-015 when the wallet belongs to another."""
        suite = suite_named(Genesis.decode(data).suite)
        held = self.genesis_bytes()
        if held is not None and held != data:
            digest = suite.hasher("genesis")
            raise problem("WAL-015", found=digest(data).hex()[:16], expected=chain_of(held)[1].hex()[:16])
        if held is None:
            write_private(self.root / "genesis.cbor", data)

    @property
    def config(self) -> Config:
        value = self._read_json("config.json")
        nodes, identity, language = value.get("nodes", []), value.get("identity"), value.get("language")
        if not _are_texts(nodes) or not _are_texts([text for text in (identity, language) if text is not None]):
            raise problem("WAL-014", file=str(self.root / "config.json"), detail="nodes, identity, language")
        return Config(tuple(nodes), identity, language)

    def save_config(self, config: Config) -> None:
        self._write_json("config.json", asdict(config))

    def pin(self) -> bytes | None:
        path = self.root / "pin.cbor"
        return path.read_bytes() if path.exists() else None

    def save_pin(self, data: bytes) -> None:
        write_private(self.root / "pin.cbor", data)

    # identities

    def _key_path(self, label: str) -> Path:
        if not LABEL.fullmatch(label):
            raise problem("WAL-011", argument="label", detail="1 to 40 of a-z A-Z 0-9 . _ - expected")
        return self.root / "keys" / f"{label}.json"

    def labels(self) -> list[str]:
        return sorted(path.stem for path in (self.root / "keys").glob("*.json"))

    def keystore(self, label: str) -> Keystore:
        path = self._key_path(label)
        if not path.exists():
            raise problem("WAL-003", label=label)
        return load_keystore(path)

    def add_keystore(self, keystore: Keystore) -> Path:
        path = self.check_free(keystore.label)
        save_keystore(path, keystore)
        return path

    def check_free(self, label: str) -> Path:
        """Where a new identity will stand; raises WAL-004, so that nobody types a passphrase in vain."""
        path = self._key_path(label)
        if path.exists():
            raise problem("WAL-004", label=label)
        return path

    # what was seen

    def seen(self) -> list[str]:
        """Ids in hexadecimal, the latest last."""
        ids = self._read_json("seen.json").get("ids", [])
        if not _are_texts(ids):
            raise problem("WAL-014", file=str(self.root / "seen.json"), detail="ids")
        return list(ids)

    def numbered(self, owner: Owner) -> list[bytes]:
        """The ids of the last numbered list that was shown to this identity, in the list's order."""
        held = self._read_json("seen.json").get("lists")
        entry = held.get(owner.label) if type(held) is dict else None
        if type(entry) is not dict or entry.get("of") != [owner.organisation, owner.chain]:
            return []
        if not _are_texts(entry.get("rows")):
            raise problem("WAL-014", file=str(self.root / "seen.json"), detail="rows")
        return [bytes.fromhex(text) for text in entry["rows"]]

    def remember(self, ids: Iterable[bytes], numbered: tuple[Owner, Sequence[bytes]] | None = None) -> None:
        """Keep what a list has shown; `numbered` also replaces the numbered list of its owner and of nobody else: a
        number that somebody was shown must never act on what somebody else was shown."""
        held = self._read_json("seen.json")
        known = dict.fromkeys(self.seen())
        before = len(known)
        for identifier in ids:
            known.pop(identifier.hex(), None)
            known[identifier.hex()] = None
        if numbered is None and len(known) == before:
            return
        lists = held["lists"] if type(held.get("lists")) is dict else {}
        if numbered is not None:
            owner, rows = numbered
            lists[owner.label] = {"of": [owner.organisation, owner.chain], "rows": [row.hex() for row in rows]}
        self._write_json("seen.json", {"ids": list(known)[-SEEN_MAX:], "lists": lists})

    def _read_json(self, name: str) -> dict[str, Any]:
        path = self.root / name
        if not path.exists():
            return {}
        try:
            value = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            raise problem("WAL-014", file=str(path), detail="not JSON") from None
        return value if type(value) is dict else {}

    def _write_json(self, name: str, value: dict[str, Any]) -> None:
        write_private(self.root / name, json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8"))


def _are_texts(value: Any) -> bool:
    return type(value) is list and all(type(item) is str for item in value)


def chain_of(genesis_bytes: bytes) -> tuple[Suite, bytes, Genesis]:
    """The suite, the chain's identity and the decoded genesis; raises `Refused` on a damaged file."""
    genesis = Genesis.decode(genesis_bytes)
    suite = suite_named(genesis.suite)
    return suite, suite.hasher("genesis")(genesis_bytes), genesis
