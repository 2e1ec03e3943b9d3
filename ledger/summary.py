"""The sentence that a signer is shown and whose digest stands in the signed bytes. The only renderer there is.

The sentence is a pure function of the contract's interface, the action's arguments and the names of the organisations
that the arguments mention. Names come from the genesis or from proven membership records, so a later reader who proves
the same records gets the same text; an organisation without a proven record stands with its slug and says so.

digest = H("summary", CBOR [language, digest of the interface, text]).

Every argument appears, also one that the template leaves out: a template cannot hide what is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from ledger.choices import choice_in_sentence
from ledger.codec import decode, encode
from ledger.crypto import Suite
from ledger.errors import TOKENS, Refused, refuse
from ledger.interface import BYTES_KINDS, Action, Interface, Type
from ledger.language import joined
from ledger.settings import setting_in_words
from ledger.transaction import Summary
from ledger.wording import Reader, has_kind, label_of, parts_of, show_value, statement_in, visible

ACT_BYTES_MAX: Final = 65_536


def sentence(reader: Reader, action: str, args: tuple[Any, ...]) -> str:
    """What the signer of `action` with `args` is shown; raises `Refused` TX-008…010."""
    form = reader.interface.action(action)
    if len(args) != len(form.arguments):
        raise refuse("TX-009", found=len(args), expected=len(form.arguments))
    tell_act = _teller(reader, form, args)
    if tell_act is not None:
        reader = replace(reader, tell_act=tell_act)
    shown = []
    for field, value in zip(form.arguments, args, strict=True):
        setting = setting_in_words((reader.interface.contract, action, field.name), value, reader.language)
        shown.append((field, setting or show_value(reader, field.type, value, field.name)))
    template = reader.say(form.zh, form.en) or form.name
    hidden = [(field, text) for field, text in shown if "{" + field.name + "}" not in template]
    text = fill_once(template, {field.name: text for field, text in shown})
    colon, semicolon = reader.say("：", ": "), reader.say("；", "; ")
    return text + "".join(f"{semicolon}{label_of(field, reader.language)}{colon}{text}" for field, text in hidden)


class Acts(NamedTuple):
    """Of which action the acts are that stand among an action's arguments, and under which interface (its digest)."""

    contract: str
    action: str
    interface: bytes


def acts_called(interface: Interface, form: Action, args: tuple[Any, ...]) -> Acts | None:
    """None where no argument is an act. Acts stand beside arguments of these three names."""
    if not any(has_kind(interface, field.type, "act") for field in form.arguments):
        return None
    given = {field.name: value for field, value in zip(form.arguments, args, strict=False)}
    contract, action, digest = (given.get(name) for name in Acts._fields)
    if type(contract) is not str or type(action) is not str or type(digest) is not bytes:
        raise refuse("TX-010", argument="interface", expected="digest", found="nothing")
    return Acts(contract, action, digest)


def _teller(reader: Reader, form: Action, args: tuple[Any, ...]) -> Callable[[bytes], str] | None:
    """Puts the acts among the arguments into their own words; raises `Refused` TX-013 where their interface is not at
    hand, for nobody signs what nobody can read."""
    acts = acts_called(reader.interface, form, args)
    if acts is None:
        return None
    interface = reader.acts.get(acts.interface)
    if interface is None or interface.contract != acts.contract:
        raise refuse("TX-013", contract=acts.contract, interface=acts.interface.hex())
    # An act inside of an act inside of an act is refused: the innermost has no interfaces to be read by.
    inner = Reader(interface, reader.names, reader.language, reader.words)
    return lambda data: sentence(inner, acts.action, _arguments_in(data))


def _arguments_in(data: bytes) -> tuple[Any, ...]:
    args = decode(data, bytes_max=ACT_BYTES_MAX)
    if type(args) is not tuple:
        raise refuse("TX-010", argument="arguments", expected="array", found="something else")
    return args


def fill_once(template: str, texts: Mapping[str, str]) -> str:
    """Fill `{name}` places in one pass: what an argument's text looks like must not be filled again."""
    out, rest = "", template
    while "{" in rest:
        before, _, after = rest.partition("{")
        name, closed, tail = after.partition("}")
        out = joined(out, before)
        if closed and name in texts:
            out, rest = joined(out, texts[name]), tail
        else:
            out, rest = out + "{", after
    return joined(out, rest)


def parts_of_kind(interface: Interface, kind: Type, value: Any, wanted: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """(kind, value) of every part of these kinds, in order; ill-typed parts are passed over."""
    if kind.kind in wanted:
        yield kind.kind, value
    elif kind.kind == "array" and type(value) is tuple and len(kind.items) == 1:
        for entry in value:
            yield from parts_of_kind(interface, kind.items[0], entry, wanted)
    elif kind.kind in ("record", "row") and type(value) is tuple:
        for _, part, entry in parts_of(Reader(interface, {}, "en"), kind, value, ""):
            yield from parts_of_kind(interface, part, entry, wanted)


def organisations(interface: Interface, kind: Type, value: Any) -> Iterator[str]:
    """The slugs that a value mentions, in order, for looking up their names."""
    for found, part in parts_of_kind(interface, kind, value, ("organisation", "statement")):
        statement = statement_in(part) if found == "statement" and type(part) is bytes else None
        if statement is not None:
            yield statement.bank
        elif found == "organisation" and type(part) is str:
            yield part


def organisations_of(
    interface: Interface, form: Action, args: tuple[Any, ...], interfaces: Mapping[bytes, Interface] | None = None
) -> list[str]:
    """Each organisation that the arguments of an action mention, once; also those in acts among them, as far as
    `interfaces` (by digest) read these."""
    found: dict[str, None] = {}
    for field, value in zip(form.arguments, args, strict=False):
        found.update(dict.fromkeys(organisations(interface, field.type, value)))
    acts = acts_called(interface, form, args)
    inner = None if acts is None or interfaces is None else interfaces.get(acts.interface)
    if acts is not None and inner is not None:
        for field, value in zip(form.arguments, args, strict=False):
            for _, data in parts_of_kind(interface, field.type, value, ("act",)):
                act = _arguments_in(data)
                found.update(dict.fromkeys(organisations_of(inner, inner.action(acts.action), act)))
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
            # A text that tells a state or a reason is one of the words that choices are made of, and is no quotation.
            kinds = {n.name: n.type for n in form.numbers if n.type.kind != "text" or n.name not in TOKENS}
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


def signed_digest(suite: Suite, chain: bytes, contract: str, tag: str, values: Sequence[Any]) -> bytes:
    """What an argument that an action declares as `signed` is a signature over: the contract's own
    `digest(tag, ctx.chain, contract, …)`. With the contract's name in it no other contract that chose the same tag can
    have a wallet make what passes for a signature here."""
    return suite.hasher("contract")(encode((tag, chain, contract, *values)))
