"""From records to the bodies of answers.

Answers are made with `model_construct`: what the node says of itself needs no validation, and the models' base64 fields
take raw bytes that way.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from ledger.api import CBOR, DIGEST_PATTERN
from ledger.errors import refuse

JSON = "application/json"
Identifier = Annotated[str, Path(json_schema_extra={"pattern": DIGEST_PATTERN})]


def answer(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type=JSON)


def cbor(data: bytes) -> Response:
    return Response(data, media_type=CBOR)


def from_hex(text: str, where: str, *lengths: int) -> bytes:
    """Raises `Refused` RPC-001 for anything but lower-case hexadecimal of one of `lengths` bytes."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if data.hex() != text or len(data) not in lengths:
        expected = f"{lengths[0]}" if len(lengths) == 1 else f"{min(lengths)} to {max(lengths)}"
        raise refuse("RPC-001", detail=f"{where}: {expected} bytes in lower-case hexadecimal expected")
    return data
