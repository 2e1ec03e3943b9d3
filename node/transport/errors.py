"""How a link comes to its end, and the border between the library's failures and our own.

Whatever libp2p raises while it works for one link, be it a broken socket, a protocol error or a bug of its own that a
peer has found, ends that link and nothing else. Whatever *our* code raises is a bug and must reach the nursery of
`run` and stop the node. The border is `library_faults`, set around the library's calls only, never around ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from ledger.errors import PeerFault
from node.transport.interface import Reason


class LinkEnded(PeerFault):
    """This link, or this attempt at one, is over. The code is the reason's value."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason.value, detail)
        self.reason = reason


@contextmanager
def library_faults(reason: Reason, doing: str) -> Iterator[None]:
    """Turn any exception of the library's calls inside into `LinkEnded`; cancellation passes untouched."""
    try:
        yield
    except LinkEnded:
        raise
    except Exception as error:
        raise LinkEnded(reason, f"{doing}: {error!r}") from error
    except BaseExceptionGroup as group:
        cancelled, failures = group.split(trio.Cancelled)
        if cancelled is None or (failures is not None and failures.split(Exception)[1] is not None):
            raise
        # The library failed while it was being cancelled: the cancellation counts, its failure has no reader.
        raise cancelled from None
