"""The blocks of one height that are talked about: what is held of them and whether they are valid.

The engine knows headers; bodies and their validation are the driver's. A block is usable when its header is right, its
body is held and the driver has validated it. Bodies are asked for once a block is proposed in the own round or has a
quorum, from the proposer and then from everybody whose vote names it: they hold it, else they would not have voted.
"""

from __future__ import annotations

from collections.abc import Iterable

from consensus.events import Fetch, Validate
from consensus.messages import BlockHash, Height, PeerId
from consensus.pbft.proposer import check_header
from consensus.pbft.site import Site
from consensus.start import Tip
from consensus.validator_window import HeightValidators
from ledger.block import Header


class Block:
    """One block's state. `verdict` is None while unknown."""

    __slots__ = ("block_hash", "header", "held", "sources", "verdict", "wanted")

    def __init__(self, block_hash: BlockHash) -> None:
        self.block_hash = block_hash
        self.header: Header | None = None
        self.held = False
        self.verdict: bool | None = None
        self.wanted = False
        self.sources: dict[PeerId, None] = {}


class Blocks:
    def __init__(self, site: Site, height: Height, tip: Tip, validators: HeightValidators) -> None:
        self._site, self._height, self._tip, self._validators = site, height, tip, validators
        self._blocks: dict[BlockHash, Block] = {}

    def get(self, block_hash: BlockHash) -> Block:
        block = self._blocks.get(block_hash)
        if block is None:
            block = self._blocks[block_hash] = Block(block_hash)
        return block

    def known(self, block_hash: BlockHash) -> Block | None:
        return self._blocks.get(block_hash)

    def learn_header(self, block_hash: BlockHash, header: Header) -> Block:
        """A header that hashes to `block_hash`. A wrong one makes the block invalid whatever its body holds (T19)."""
        block = self.get(block_hash)
        if block.header is None:
            block.header = header
            site = self._site
            if check_header(header, self._tip, self._validators, site.domain.chain, site.timing) is not None:
                block.verdict = False
        return block

    def body_arrived(self, block_hash: BlockHash, header: Header) -> None:
        """The driver holds it in full. Its own block comes the same way: the proposer validates what it proposes."""
        if block_hash not in self._blocks:
            return
        block = self.learn_header(block_hash, header)
        if not block.held:
            block.held = True
            if block.verdict is None:
                self._site.emit(Validate(self._height, block_hash))

    def validated(self, block_hash: BlockHash, ok: bool) -> None:
        block = self._blocks.get(block_hash)
        if block is not None and block.verdict is None:
            assert block.held, "only a held body can be validated"
            block.verdict = ok

    def ask_again(self) -> None:
        """Bodies asked for long ago that have not come: whoever failed to answer then may answer now."""
        for block in self._blocks.values():
            if block.wanted and not block.held:
                self._site.emit(Fetch(self._height, block.block_hash, tuple(block.sources)))

    def want(self, block: Block, sources: Iterable[PeerId]) -> None:
        """Ask for what is missing, and ask again when somebody new is known to have it."""
        if block.held:
            return
        before = len(block.sources)
        block.sources.update(dict.fromkeys(sources))
        if not block.wanted or len(block.sources) > before:
            block.wanted = True
            self._site.emit(Fetch(self._height, block.block_hash, tuple(block.sources)))
