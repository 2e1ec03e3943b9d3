"""The wallet's commands, by the name under which `lugang` finds them."""

from __future__ import annotations

import click

from wallet.commands.audit import audit
from wallet.commands.calls import call, receipt, view
from wallet.commands.describe import describe
from wallet.commands.keys import config, key
from wallet.commands.lists import holdings, inbox
from wallet.commands.offline import cosign, sign, submit
from wallet.commands.pending import pending
from wallet.commands.proofs import evidence
from wallet.commands.source import source
from wallet.commands.status import status
from wallet.commands.trace import trace

COMMANDS: dict[str, click.Command] = {
    str(command.name): command
    for command in (
        key, config, status, inbox, call, pending, holdings, trace, view, describe, source, receipt, sign, cosign,
        submit, evidence, audit,
    )
}  # fmt: skip
