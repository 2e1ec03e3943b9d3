"""Transport keys and what libp2p makes of them.

An Ed25519 peer id is the key itself in a wrapper of fixed bytes, so key and id determine each other without a hash.
"""

from __future__ import annotations

from libp2p.crypto.ed25519 import Ed25519PublicKey, create_new_key_pair
from libp2p.crypto.keys import KeyPair
from libp2p.peer.id import ID

from node.transport.interface import PeerKey


def key_pair_of(seed: bytes) -> KeyPair:
    """The identity that belongs to a 32-byte seed."""
    assert len(seed) == 32, "a seed is 32 bytes"
    return create_new_key_pair(seed)


def public_key_of(seed: bytes) -> PeerKey:
    """The transport key, as genesis and registry carry it."""
    return PeerKey(key_pair_of(seed).public_key.to_bytes())


def peer_id_of(key: bytes) -> ID:
    """The libp2p peer id of a 32-byte transport key. Its text begins with `12D3KooW`."""
    assert len(key) == 32, "a transport key is 32 bytes"
    return ID.from_pubkey(Ed25519PublicKey.from_bytes(key))


def we_dial(ours: bytes, theirs: bytes) -> bool:
    """Guard 15: of each pair the lower key dials and the other one waits, so that two calls can never cross."""
    assert ours != theirs, "the own key is no peer"
    return ours < theirs
