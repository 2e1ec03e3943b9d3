"""Writes blocks into a store until it is killed, and says each height after its batch."""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from tests.node.chain_on_disk import ChainOnDisk
from tests.node.support import make_genesis

BLOCK_TRANSACTIONS = 40


async def main(path: Path) -> None:
    chain = ChainOnDisk(path, make_genesis())
    while True:
        await chain.apply(*(chain.transaction() for _ in range(BLOCK_TRANSACTIONS)))
        applied = chain.store.applied
        assert applied is not None
        sys.stdout.write(f"{applied.height}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]))
