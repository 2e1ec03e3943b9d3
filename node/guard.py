"""The guard's own small file, beside the consensus key: the last thing that this key may have signed.

What the record means is the engine's; here it is bytes that are replaced whole. The file is written under another name,
synced, renamed over the old one, and the folder is synced: after a crash there is the old record or the new one.
A file that cannot be read back is as good as lost, and whoever has lost its guard observes before it votes.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Final

from node.frame_log import sync_folder

MAGIC: Final = b"lugang-guard-1\n"
CHECKSUM_BYTES: Final = 4
RECORD_BYTES_MAX: Final = 64 * 1024


class GuardFile:
    """One guard record on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new = path.with_suffix(".new")

    def load(self) -> bytes | None:
        """The record, or None when the file is missing or its bytes are not what was written."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        head = len(MAGIC) + CHECKSUM_BYTES
        record = data[head:]
        checksum = zlib.crc32(record).to_bytes(CHECKSUM_BYTES, "big")
        return record if data[:head] == MAGIC + checksum and len(record) <= RECORD_BYTES_MAX else None

    def replace(self, record: bytes) -> None:
        """Return when `record` is durable. Any OSError must stop the node: it may not sign any more."""
        assert len(record) <= RECORD_BYTES_MAX, "a guard record is small"
        data = MAGIC + zlib.crc32(record).to_bytes(CHECKSUM_BYTES, "big") + record
        handle = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, data)
            os.fdatasync(handle)
        finally:
            os.close(handle)
        os.replace(self._new, self.path)
        sync_folder(self.path.parent)
