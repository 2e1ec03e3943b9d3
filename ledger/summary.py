"""The sentence that a signer is shown and whose digest stands in the signed bytes. The only renderer there is.

The sentence is a pure function of the contract's interface, the action's arguments and the names of the organisations
that the arguments mention. Names come from the genesis or from proven membership records, so a later reader who proves
the same records gets the same text; an organisation without a proven record stands with its slug and says so.

digest = H("summary", CBOR [language, digest of the interface, text]).

Every argument appears, also one that the template leaves out: a template cannot hide what is signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.choices import choice_in_sentence
from ledger.codec import encode
from ledger.crypto import Suite
from ledger.errors import Refused, refuse
from ledger.interface import BYTES_KINDS, Action, Interface, Type
from ledger.transaction import Summary
from ledger.wording import Reader, label_of, parts_of, show_value, visible


def sentence(reader: Reader, action: str, args: tuple[Any, ...]) -> str:
    """What the signer of `action` with `args` is shown; raises `Refused` TX-008…010."""
    form = reader.interface.action(action)
    if len(args) != len(form.arguments):
        raise refuse("TX-009", found=len(args), expected=len(form.arguments))
    shown = [
        (field, show_value(reader, field.type, value, field.name))
        for field, value in zip(form.arguments, args, strict=True)
    ]
    template = reader.say(form.zh, form.en) or form.name
    hidden = [(field, text) for field, text in shown if "{" + field.name + "}" not in template]
    text = fill_once(template, {field.name: text for field, text in shown})
    colon, semicolon = reader.say("：", ": "), reader.say("；", "; ")
    return text + "".join(f"{semicolon}{label_of(field, reader.language)}{colon}{text}" for field, text in hidden)


def fill_once(template: str, texts: Mapping[str, str]) -> str:
    """Fill `{name}` places in one pass: what an argument's text looks like must not be filled again."""
    out, rest = "", template
    while "{" in rest:
        before, _, after = rest.partition("{")
        name, closed, tail = after.partition("}")
        out += before
        if closed and name in texts:
            out, rest = out + texts[name], tail
        else:
            out, rest = out + "{", after
    return out + rest


def organisations(interface: Interface, kind: Type, value: Any) -> Iterator[str]:
    """The slugs that a value mentions, in order, for looking up their names; ill-typed parts are passed over."""
    if kind.kind == "organisation" and type(value) is str:
        yield value
    elif kind.kind == "array" and type(value) is tuple and len(kind.items) == 1:
        for entry in value:
            yield from organisations(interface, kind.items[0], entry)
    elif kind.kind in ("record", "row") and type(value) is tuple:
        for _, part, entry in parts_of(Reader(interface, {}, "en"), kind, value, ""):
            yield from organisations(interface, part, entry)


def organisations_of(interface: Interface, form: Action, args: tuple[Any, ...]) -> list[str]:
    """Each organisation that the arguments of an action mention, once."""
    found: dict[str, None] = {}
    for field, value in zip(form.arguments, args, strict=False):
        found.update(dict.fromkeys(organisations(interface, field.type, value)))
    return list(found)


def summary_digest(suite: Suite, language: str, interface_digest: bytes, text: str) -> bytes:
    return suite.hasher("summary")(encode((language, interface_digest, text)))


def summarise(
    suite: Suite, reader: Reader, action: str, args: tuple[Any, ...], interface_digest: bytes | None = None
) -> tuple[str, Summary]:
    """The sentence and what the transaction's body carries of it. Who signs many hands in the interface's digest, which
    takes longer to compute than all the rest."""
    text = sentence(reader, action, args)
    digest = reader.interface.digest(suite) if interface_digest is None else interface_digest
    return text, Summary(reader.language, digest, summary_digest(suite, reader.language, digest, text))


def act_digest(suite: Suite, contract: str, action: str, arguments: bytes, interface: bytes) -> bytes:
    """What a checker signs of an act that waits: `arguments` is the encoded row, `interface` the digest it was signed
    under. The contract `approval` computes the same."""
    return suite.hasher("contract")(encode(("act", contract, action, arguments, interface)))


def refusal_text(reader: Reader, code: str, numbers: tuple[tuple[str, Any], ...]) -> str | None:
    """The sentence of a refusal that the contract declares, its numbers shown by their kinds; None for another's."""
    for form in reader.interface.refusals:
        if form.code == code:
            kinds = {number.name: number.type for number in form.numbers}
            shown = {name: _show_number(reader, kinds.get(name), value) for name, value in numbers}
            return fill_once(reader.say(form.zh, form.en), shown)
    return None


def _show_number(reader: Reader, kind: Type | None, value: Any) -> str:
    plain = "-" if value is None else choice_in_sentence(visible(str(value)), reader.language)
    try:
        if kind is not None and kind.kind in BYTES_KINDS and type(value) is str:
            # A receipt quotes byte strings as hexadecimal.
            return show_value(reader, kind, bytes.fromhex(value))
        return plain if kind is None or value is None else show_value(reader, kind, value)
    except ValueError:
        return plain
    except Refused:
        # A refusal quotes what disagreed, and that need not be of the kind that was expected.
        return plain
