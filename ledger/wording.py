"""Values in plain words, in Chinese and English: amounts, days, names, records as the interface types them.

Signed sentences are made of these words (`ledger.summary`), and so are verdicts, receipts and forms. Therefore the text
depends on no library's tables and on no locale: two machines of different age must agree on every character.

Amounts stand in digits and in Chinese also in capitals, organisations with the tail of their credit code, days with
their weekday. Free text is quoted and its invisible characters are written out, so that it passes for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from ledger.choices import choice_in_sentence
from ledger.errors import Refused, found_name, refuse
from ledger.interface import BYTES_KINDS, INTEGER_KINDS, TEXT_KINDS, Field, Interface, Type
from ledger.money import show
from ledger.statement import Kind, SignedStatement, Statement

EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
DAY_MAX: Final = date.max.toordinal() - EPOCH_ORDINAL
BEIJING_OFFSET_MS: Final = 8 * 3_600_000
DAY_MS: Final = 86_400_000
ITEMS_SHOWN_MAX: Final = 10
ACTS_SHOWN_MAX: Final = 50
TEXT_SHOWN_CHARACTERS_MAX: Final = 400
LINE_SHOWN_CHARACTERS_MAX: Final = 32_000
"""A text of one line is a sentence and is read whole, as the one of an act (fifty acts, too) that a checker approves;
one of several lines is a document, a contract's source, of which the head is shown."""
SEPARATED_FROM: Final = 10_000
"""Smaller whole numbers stand without separators: a year is no amount."""
LIMITS: Final = ("from_amount",)
"""Fields whose amounts are no parts of a whole, so that no total is made of them."""
CREDIT_CODE_TAIL: Final = 6
ID_HEX_SHOWN: Final = 12
DIGEST_HEX_SHOWN: Final = 16
DIGEST_BYTES: Final = 32
ID_BYTES: Final = 34
_HEX: Final = frozenset("0123456789abcdef")
WEEKDAYS: Final = {
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


class Name(NamedTuple):
    """What membership records of an organisation: its names and its unified social credit code."""

    zh: str
    en: str
    credit_code: str


Names = Mapping[str, Name]
"""Proven names by slug."""


DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
PLACES: Final = ("", "拾", "佰", "仟")


def capitals(fen: int) -> str:
    """The amount of CNY in Chinese capitals, as cheques write it.

    Rules of the People's Bank for filling in bills: 整 after a whole number of yuan; one 零 for zeros between digits;
    零 after 元 where the jiao is zero and the fen is not. Where the rules leave 零 free (a zero in front of a group's
    or the yuan's unit, with a digit right behind it) it is left out.
    """
    sign = "负" if fen < 0 else ""
    yuan, minor = divmod(abs(fen), 100)
    jiao, rest = divmod(minor, 10)
    whole = f"{_whole(yuan)}元" if yuan or not minor else ""
    if not minor:
        return f"{sign}{whole}整"
    part = f"{DIGITS[jiao]}角" if jiao else "零" if yuan else ""
    return f"{sign}{whole}{part}" + (f"{DIGITS[rest]}分" if rest else "")


def _whole(number: int) -> str:
    for size, unit in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            return _whole(high) + unit + gap + (_whole(low) if low else "")
    text, zero = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + PLACES[place]
        zero = not digit
    return text or DIGITS[0]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the language, the interface whose types are shown and the names that are proven. `words` label fields
    that the interface does not label, for showing alone: what is signed is made without them. `acts`: the interfaces,
    by digest, of acts inside of acts; `tell_act` puts such an act into words (`ledger.summary` sets it)."""

    interface: Interface
    names: Names
    language: str
    words: Mapping[str, str] = field(default_factory=dict)
    acts: Mapping[bytes, Interface] = field(default_factory=dict)
    tell_act: Callable[[bytes], str] | None = None

    def say(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en


def show_value(reader: Reader, kind: Type, value: Any, where: str = "value") -> str:
    """One value in words; raises `Refused` TX-010 when it is not of this type."""
    if value is None and (kind.optional or kind.kind == "nothing"):
        return reader.say("无", "none")
    if kind.kind in INTEGER_KINDS and type(value) is int:
        return _show_integer(reader, kind.kind, value)
    if kind.kind == "boolean" and type(value) is bool:
        return reader.say("是", "yes") if value else reader.say("否", "no")
    if kind.kind in TEXT_KINDS and type(value) is str:
        return _show_text(reader, kind, value)
    if kind.kind in BYTES_KINDS and type(value) is bytes:
        return _show_bytes(reader, kind.kind, value)
    if kind.kind in ("record", "row", "array") and type(value) is tuple:
        return _show_many(reader, kind, value, where)
    raise _not_of(kind, value, where)


def _not_of(kind: Type, value: Any, where: str) -> Refused:
    return refuse("TX-010", argument=where, expected=kind.kind, found=found_name(value))


def _show_integer(reader: Reader, kind: str, value: int) -> str:
    if kind == "fen":
        digits = show(value)
        return reader.say(f"人民币 {digits} 元（大写：{capitals(value)}）", f"CNY {digits}")
    if kind == "day":
        return show_day(value, reader.language)
    if kind == "time":
        return show_time(value, reader.language)
    if kind == "rate":
        percent, rest = divmod(abs(value), 10_000)
        decimals = f".{rest:04d}".rstrip("0") if rest else ""
        return f"{'-' if value < 0 else ''}{percent}{decimals}%"
    return str(value) if abs(value) < SEPARATED_FROM else f"{value:,}"


def show_day(day: int, language: str) -> str:
    """A day with its weekday. 1970-01-01 was a Thursday."""
    if not -EPOCH_ORDINAL < day <= DAY_MAX:
        return f"第 {day} 日" if language == "zh" else f"day {day}"
    it = date.fromordinal(EPOCH_ORDINAL + day)
    weekday = WEEKDAYS[language][it.weekday()]
    return f"{it.year}年{it.month}月{it.day}日（{weekday}）" if language == "zh" else f"{it.isoformat()} ({weekday})"


def iso_day(day: int) -> str:
    """A day in figures alone, for narrow tables; never signed."""
    return date.fromordinal(EPOCH_ORDINAL + day).isoformat() if -EPOCH_ORDINAL < day <= DAY_MAX else str(day)


def show_time(time_ms: int, language: str) -> str:
    """A moment in Beijing time, to the second."""
    day, rest = divmod(time_ms + BEIJING_OFFSET_MS, DAY_MS)
    seconds = rest // 1000
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if language == "zh":
        return f"{show_day(day, language)}{clock} 北京时间"
    return f"{show_day(day, language)} {clock} Beijing time"


def _show_text(reader: Reader, kind: Type, value: str) -> str:
    if kind.kind == "organisation":
        return show_organisation(reader, value)
    if kind.kind == "choice":
        return choice_in_sentence(visible(value), reader.language, kind.names)
    shown_max = TEXT_SHOWN_CHARACTERS_MAX if "\n" in value else LINE_SHOWN_CHARACTERS_MAX
    left = len(value) - shown_max
    if left <= 0:
        return reader.say(f"「{visible(value)}」", f'"{visible(value)}"')
    head = visible(value[:shown_max])
    return reader.say(f"「{head}」……（其后 {left:,} 字略）", f'"{head}" … ({left:,} more characters)')


def show_organisation(reader: Reader, slug: str) -> str:
    name = reader.names.get(slug)
    if name is None:
        return reader.say(f"{visible(slug)}（名称未经证明）", f"{visible(slug)} (name not proven)")
    tail = name.credit_code[-CREDIT_CODE_TAIL:]
    return reader.say(
        f"{visible(name.zh)}（{visible(slug)}，统一社会信用代码尾号 {visible(tail)}）",
        f"{visible(name.en)} ({visible(slug)}, credit code ending {visible(tail)})",
    )


# Controls, blanks that look like nothing, and marks that turn the direction of reading. By number, not by a Unicode
# table: tables differ between Python versions.
INVISIBLE: Final = (
    (0x00, 0x1F), (0x7F, 0xA0), (0xAD, 0xAD), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180E),
    (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFF), (0xE0000, 0xE0FFF),
)  # fmt: skip
QUOTES: Final = frozenset('「」"\\')


def visible(text: str) -> str:
    """`text` with quotes escaped and characters that nobody can see written out as \\u{…}."""
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    point = ord(character)
    if any(low <= point <= high for low, high in INVISIBLE):
        return f"\\u{{{point:x}}}"
    return f"\\{character}" if character in QUOTES else character


def _show_bytes(reader: Reader, kind: str, value: bytes) -> str:
    if kind == "id":
        return short_id(value)
    if kind == "act" and reader.tell_act is not None:
        return reader.tell_act(value)
    if kind == "statement":
        statement = statement_in(value)
        if statement is not None:
            return _show_statement(reader, statement)
    shown = f"{value.hex()[:DIGEST_HEX_SHOWN]}…" if 2 * len(value) > DIGEST_HEX_SHOWN else value.hex()
    if kind in ("key", "digest", "signature"):
        return shown
    size = reader.say(f"{len(value)} 字节 {shown}".rstrip(), f"{len(value)} bytes {shown}".rstrip())
    return size if kind != "statement" else reader.say(f"（不是银行回单）{size}", f"(no bank's statement) {size}")


def statement_in(value: bytes) -> Statement | None:
    """What a bank's signed statement says; whether the bank has signed it is for the chain to find out."""
    try:
        return Statement.decode(SignedStatement.decode(value).statement)
    except Refused:
        return None


def _show_statement(reader: Reader, statement: Statement) -> str:
    amount = show(statement.amount, statement.currency)
    if statement.currency == "CNY":
        zh_amount, en_amount = f"人民币 {amount} 元（大写：{capitals(statement.amount)}）", f"CNY {amount}"
    else:
        zh_amount = en_amount = f"{statement.currency} {amount}"
    bank, number = show_organisation(reader, statement.bank), statement.number
    day, instruction = show_day(statement.value_day, reader.language), short_id(statement.instruction)
    if statement.kind is Kind.RETURNED:
        zh_kind, en_kind = f"退回第 {statement.earlier} 号付款 ", f"of its payment {statement.earlier} returned"
    else:
        zh_kind, en_kind = "已付 ", "paid"
    return reader.say(
        f"{bank} 第 {number} 号回单，{zh_kind}{zh_amount}，起息日 {day}，付款指令 {instruction}",
        f"statement {number} of {bank}, {en_amount} {en_kind}, value day {day}, instruction {instruction}",
    )


def short_id(identifier: bytes) -> str:
    """A record's id as people write it: the head of its transaction's id and its number in that transaction."""
    if len(identifier) != ID_BYTES:
        return identifier.hex()
    return f"{identifier.hex()[:ID_HEX_SHOWN]}.{int.from_bytes(identifier[32:], 'big')}"


def short_hex(text: str) -> str:
    """An id, a digest or a key that a refusal quotes in full, as people write it; any other text as it is."""
    is_hex = len(text) >= 2 * DIGEST_BYTES and set(text) <= _HEX
    if not is_hex or len(text) % 2:
        return text
    return short_id(bytes.fromhex(text)) if len(text) == 2 * ID_BYTES else f"{text[:DIGEST_HEX_SHOWN]}…"


def parts_of(reader: Reader, kind: Type, value: Any, where: str) -> list[tuple[str, Type, Any]]:
    """The parts of a record or a row as (label, type, value); raises `Refused` TX-010."""
    if kind.kind == "record":
        try:
            fields = reader.interface.record(kind.names[0]).fields
        except (KeyError, IndexError):
            raise _not_of(kind, value, where) from None
        named = [(_label_for(reader, entry), entry.type) for entry in fields]
    else:
        named = [("", item) for item in kind.items]
    if type(value) is not tuple or len(value) != len(named):
        raise _not_of(kind, value, where)
    return [(label, part, entry) for (label, part), entry in zip(named, value, strict=True)]


def _label_for(reader: Reader, entry: Field) -> str:
    label = label_of(entry, reader.language)
    return reader.words.get(entry.name, label) if label == entry.name else label


def label_of(entry: Field, language: str) -> str:
    return (entry.label_zh if language == "zh" else entry.label_en) or entry.name


def _show_many(reader: Reader, kind: Type, value: tuple[Any, ...], where: str) -> str:
    comma, semicolon, colon = reader.say("，", ", "), reader.say("；", "; "), reader.say("：", ": ")
    if kind.kind != "array":
        parts = parts_of(reader, kind, value, where)
        shown = [
            (label + colon if label else "") + show_value(reader, part, entry, where) for label, part, entry in parts
        ]
        return reader.say(f"（{comma.join(shown)}）", f"({comma.join(shown)})")
    [item] = kind.items if len(kind.items) == 1 else (Type("nothing"),)
    rows = [show_value(reader, item, entry, f"{where}[{i}]") for i, entry in enumerate(value)]
    head = reader.say(f"{len(rows)} 项", f"{len(rows)} item" + ("" if len(rows) == 1 else "s"))
    if not rows:
        return head
    shown_max = ITEMS_SHOWN_MAX
    if has_kind(reader.interface, item, "act"):
        rows, shown_max = [f"{number}. {text}" for number, text in enumerate(rows, 1)], ACTS_SHOWN_MAX
    left = len(rows) - shown_max
    more = [reader.say(f"另有 {left} 项", f"{left} more")] if left > 0 else []
    totals = list(_totals(reader, item, value, where))
    return head + colon + semicolon.join(rows[:shown_max] + more + totals)


def has_kind(interface: Interface, kind: Type, wanted: str) -> bool:
    """Whether values of the type have parts of this kind."""
    if kind.kind == "record":
        return any(has_kind(interface, entry.type, wanted) for entry in interface.record(kind.names[0]).fields)
    return kind.kind == wanted or any(has_kind(interface, item, wanted) for item in kind.items)


def _totals(reader: Reader, item: Type, value: tuple[Any, ...], where: str) -> Iterator[str]:
    """The sum of each column of amounts, so that whoever signs many rows sees what they come to."""
    total = reader.say("合计", " total")
    if len(value) < 2:
        return
    if item.kind == "fen":
        yield f"{total} {_show_integer(reader, 'fen', sum(value))}".strip()
    elif item.kind in ("record", "row"):
        tables = [parts_of(reader, item, entry, where) for entry in value]
        names = [entry.name for entry in reader.interface.record(item.names[0]).fields] if item.names else []
        for column, (label, kind, _) in enumerate(tables[0]):
            if kind.kind == "fen" and not (names and names[column] in LIMITS):
                amount = sum(table[column][2] or 0 for table in tables)
                yield f"{label}{total} {_show_integer(reader, 'fen', amount)}".strip()
