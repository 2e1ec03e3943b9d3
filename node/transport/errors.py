"""How a link comes to its end, and the border between the library's failures and our own.

Whatever libp2p raises while it works for one link, be it a broken socket, a protocol error or a bug of its own that a
peer has found, ends that link and nothing else. Whatever *our* code raises is a bug and must reach the nursery of
`run` and stop the node. The border is `library_faults`, set around the library's calls only, never around ours.
"""

from __future__ import annotations

import trio

from ledger.errors import PeerFault
from node.transport.interface import Reason


class LinkEnded(PeerFault):
    """This link, or this attempt at one, is over. The code is the reason's value."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason.value, detail)
        self.reason = reason


class library_faults:  # noqa: N801 - read as a statement: with library_faults(...)
    """Turn any exception of the library's calls inside into `LinkEnded`; cancellation passes untouched.

    A class and no generator: it stands around every read and write of every stream.
    """

    __slots__ = ("_doing", "_reason")

    def __init__(self, reason: Reason, doing: str) -> None:
        self._reason = reason
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, LinkEnded):
            return
        if isinstance(error, Exception):
            raise LinkEnded(self._reason, f"{self._doing}: {error!r}") from error
        if isinstance(error, BaseExceptionGroup):
            cancelled, failures = error.split(trio.Cancelled)
            if cancelled is None or (failures is not None and failures.split(Exception)[1] is not None):
                return
            # The library failed while it was being cancelled: the cancellation counts, its failure has no reader.
            raise cancelled from None
