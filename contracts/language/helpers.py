"""The guarded operations that compiled code calls: each looks at the exact types, bounds what it makes, and charges for
the size of its work. One instance serves one contract on one chain; its public methods are the program's whole world.

What a contract can hold: int, bool, str, bytes, None, tuple, list, dict, range, and records of its own file. Lists and
dicts hold only values that cannot change, so nothing can contain itself and nothing changes under a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from contracts.language.looks import look_of
from contracts.language.meter import ITEMS_PER_UNIT, Meter, OutOfBudget
from contracts.language.sdk_functions import SdkFunctions, wrong_type
from ledger import money
from ledger.codec import INTEGER_MAX, check_value, encode
from ledger.crypto import Hasher
from ledger.errors import Number, Refusal, Refused, found_name, refuse

WIDE_MAX: Final = 2**255
"""Integers are 256 bits wide with their sign."""
TEXT_CHARACTERS_MAX: Final = 65_536
ITEMS_MAX: Final = 16_384
DICT_ITEMS_MAX: Final = 4_096
WEIGHT_MAX: Final = 65_536
LEVELS_MAX: Final = 16
"""Of tuples in tuples, as deep as the encoding goes."""
DIGITS_MAX: Final = 78
RECORD_WEIGHT: Final = 32
VALUE_BYTES_MAX: Final = 256 * 1024
"""Of a record or an event; an evidence file carries none that is larger."""
SHOWN_BYTES_MAX: Final = 4 * 1024 * 1024
BYTES_PER_UNIT: Final = 4
_SEQUENCES: Final = (tuple, list)
_ENDS: Final = (int, type(None))
SCALARS: Final = (int, str, bytes, bool, type(None))


def wrong_count(expected: int, args: tuple[Any, ...]) -> Refused:
    return refuse("TX-009", found=len(args), expected=expected)


def wrong_argument(name: str, kind: str, value: Any) -> Refused:
    return refuse("TX-010", argument=name, expected=kind, found=found_name(value))


def number_of(value: Any) -> Number:
    """What a refusal may quote of a value: bytes as hexadecimal digits, what is too large as digits."""
    if type(value) is bytes:
        return value[:34].hex()
    if type(value) is str:
        return value[:80]
    if type(value) is int and not -INTEGER_MAX <= value <= INTEGER_MAX:
        return str(value)
    if type(value) in SCALARS:
        number: Number = value
        return number
    return type(value).__name__ if type(value) in _SEQUENCES else "record"


def refused(refusal: Refusal, numbers: tuple[tuple[str, Any], ...]) -> Refused:
    return Refused(refusal, **{name: number_of(value) for name, value in numbers})


def wide(value: int) -> int:
    if -WIDE_MAX < value < WIDE_MAX:
        return value
    raise refuse("EXE-002", detail="an integer beyond 256 bits")


def _shape(value: Any) -> Any:
    """The type, or of a tuple the shapes of its parts; as deep as tuples go."""
    return [_shape(part) for part in value] if type(value) is tuple else type(value)


def known(row: Any, count: int) -> Any:
    """The fields that a contract knows of another's record, which an upgrade over there may have given more."""
    return row[:count] if type(row) is tuple and len(row) > count else row


class Helpers(SdkFunctions):
    """`packers`: the records' classes of this contract, each with the function that makes a tuple of one."""

    def __init__(self, meter: Meter, contract_digest: Hasher) -> None:
        self._meter = meter
        self._digest = contract_digest
        self.packers: dict[type, Callable[[Any], tuple[Any, ...]]] = {}
        self.sealed: set[type] = set()
        """Records that only the engine makes."""
        self.heavy: set[type] = set()
        """Records with arrays or records in them, whose tuple is not made at one price."""

    def namespace(self) -> dict[str, Any]:
        """Everything that a program may name, but for its own state. Nothing else of Python is there."""
        own = {name: getattr(self, name) for name in dir(type(self)) if not name.startswith("_")}
        del own["namespace"]
        functions = (wrong_type, wrong_count, wrong_argument, refused, wide, known)
        types = {kind.__name__: kind for kind in (int, str, bytes, bool, tuple)}
        builtins = {"__build_class__": __build_class__, "__name__": "contract"}
        return {
            "__builtins__": builtins,
            "__name__": "contract",
            "meter": self._meter,
            "OutOfBudget": OutOfBudget,
            "make": object.__new__,
            "type": type,
            "len": len,
            "all": all,
            "min": min,
            "max": max,
            "sum": sum,
            **types,
            **{function.__name__: function for function in functions},
            **own,
        }

    def _charge(self, items: int) -> None:
        self._meter[0] -= items // ITEMS_PER_UNIT
        if self._meter[0] < 0:
            raise OutOfBudget

    def take_bytes(self, size: int) -> None:
        """The price of what is stored or announced."""
        if size > VALUE_BYTES_MAX:
            raise refuse("EXE-002", detail=f"{size} bytes are stored or announced, at most {VALUE_BYTES_MAX}")
        self._meter[0] -= size // BYTES_PER_UNIT
        if self._meter[0] < 0:
            raise OutOfBudget

    def shown(self, value: Any) -> Any:
        """`value`, if its encoding is small enough to be sent or digested; nothing is encoded to find out."""
        waiting, left = [value], SHOWN_BYTES_MAX
        while waiting:
            item = waiting.pop()
            kind = type(item)
            if kind in self.packers:
                item, kind = tuple([getattr(item, name) for name in kind.__slots__[1:]]), tuple
            left -= 1 + (len(item) if kind in (str, bytes, tuple) else 0)
            if left < 0:
                raise refuse("EXE-002", detail=f"more than {SHOWN_BYTES_MAX} bytes are returned or digested")
            if kind is tuple:
                self._meter[0] -= 2 * len(item)
                waiting.extend(item)
            elif kind not in SCALARS:
                raise wrong_type("a list or dict leaves the contract", None)
        self._meter[0] -= (SHOWN_BYTES_MAX - left) // BYTES_PER_UNIT
        if self._meter[0] < 0:
            raise OutOfBudget
        return value

    # -- making values

    def frozen(self, value: Any) -> Any:
        """`value`, if it can be put into another: a scalar, a tuple or a record, and not too heavy."""
        kind = type(value)
        if kind in SCALARS or kind in self.packers:
            return value
        if kind is not tuple:
            raise wrong_type("a list or dict inside another value", value)
        self._weigh(value, RECORD_WEIGHT)
        return value

    def _weigh(self, value: tuple[Any, ...], record_weight: int) -> None:
        """Refuse a tuple that is too large or too deep, level by level; what was looked at is paid for."""
        packers, weight = self.packers, 0
        level: list[tuple[Any, ...]] = [value]
        for _ in range(LEVELS_MAX):
            inner: list[tuple[Any, ...]] = []
            for items in level:
                weight += len(items)
                if weight > WEIGHT_MAX:
                    raise refuse("EXE-002", detail="a tuple is too large")
                for item in items:
                    if type(item) is tuple:
                        inner.append(item)
                    elif record_weight > 1 and type(item) in packers:
                        weight += record_weight - 1
            if not inner:
                break
            level = inner
        else:
            raise refuse("EXE-002", detail="a tuple is nested too deeply")
        self._meter[0] -= weight
        if self._meter[0] < 0:
            raise OutOfBudget

    def _rows(self, rows: tuple[tuple[Any, ...], ...]) -> tuple[tuple[Any, ...], ...]:
        """What is put together without passing `frozen`: no heavier than a tuple may be, but for its records."""
        self._weigh(rows, 1)
        return rows

    def sum_of(self, items: tuple[int, ...]) -> int:
        """The sum of an array of tested integers."""
        self._meter[0] -= len(items)
        return sum(items)

    def zip_of(self, weight: int, *values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arrays side by side, each row no heavier than `weight`."""
        rows = tuple(zip(*values, strict=False))
        self._meter[0] -= weight * len(rows)
        if self._meter[0] < 0:
            raise OutOfBudget
        if weight * len(rows) > WEIGHT_MAX:
            raise refuse("EXE-002", detail="a tuple is too large")
        return rows

    def list_of(self, items: list[Any]) -> list[Any]:
        self._charge(len(items))
        return items

    def key(self, value: Any) -> Any:
        """`value`, if it can be a dict's key: no truth values, since Python takes true for 1."""
        parts = value if type(value) is tuple else (value,)
        for part in parts:
            if type(part) not in (int, str, bytes) or (type(part) is int and not -INTEGER_MAX <= part <= INTEGER_MAX):
                raise wrong_type("a dict's key", None)
        return value

    def dict_of(self, pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
        self._charge(len(pairs))
        return dict(pairs)

    def put(self, value: Any, place: Any, item: Any) -> None:
        if type(value) is list and type(place) is int:
            value[place] = item
        elif type(value) is dict:
            value[self.key(place)] = item
            if len(value) > DICT_ITEMS_MAX:
                raise refuse("EXE-002", detail="a dict is too large")
        else:
            raise wrong_type("an assignment to an item", None)

    def replace_any(self, record: Any, changes: tuple[tuple[str, Any], ...]) -> Any:
        kind: Any = type(record)
        if kind not in self.packers:
            raise wrong_type("replace", None)
        if kind in self.sealed:
            raise wrong_type("replace", None)
        fields = {name: getattr(record, name) for name in kind.__slots__[1:]}
        for name, value in changes:
            if name not in fields:
                raise wrong_type("replace", None)
            fields[name] = value
        return kind(**fields)

    def plain(self, value: Any) -> Any:
        """`value` with every record as the tuple of its fields, as it leaves the contract."""
        kind = type(value)
        if kind is tuple:
            self._meter[0] -= 2 * len(value)
            if self._meter[0] < 0:
                raise OutOfBudget
            return tuple([self.plain(item) for item in value])
        if kind in self.packers:
            self._meter[0] -= RECORD_WEIGHT
            return self._fields(value, kind) if kind in self.heavy else self.packers[kind](value)
        if kind not in SCALARS:
            raise wrong_type("a list or dict leaves the contract", None)
        check_value(value)
        return value

    def _fields(self, record: Any, kind: Any) -> tuple[Any, ...]:
        """The tuple of a heavy record, paid for on the way."""
        return tuple([self.plain(getattr(record, name)) for name in kind.__slots__[1:]])

    def same(self, value: Any) -> Any:
        return value

    # -- operators

    def add(self, left: Any, right: Any) -> Any:
        kind = type(left)
        if kind is not type(right):
            raise wrong_type("+", None)
        if kind is int:
            return wide(left + right)
        if kind not in (str, bytes, tuple, list):
            raise wrong_type("+", None)
        size = len(left) + len(right)
        if size > (TEXT_CHARACTERS_MAX if kind in (str, bytes) else ITEMS_MAX):
            raise refuse("EXE-002", detail="+ makes too large a value")
        self._charge(size)
        return left + right

    def subtract(self, left: Any, right: Any) -> int:
        if type(left) is not int or type(right) is not int:
            raise wrong_type("-", None)
        return wide(left - right)

    def multiply(self, left: Any, right: Any) -> int:
        if type(left) is not int or type(right) is not int:
            raise wrong_type("*", None)
        return wide(left * right)

    def divide(self, left: Any, right: Any) -> int:
        if type(left) is not int or type(right) is not int:
            raise wrong_type("//", None)
        return left // right

    def remainder(self, left: Any, right: Any) -> int:
        if type(left) is not int or type(right) is not int:
            raise wrong_type("remainder", None)
        return left % right

    def equal(self, left: Any, right: Any) -> bool:
        kind = type(left)
        if kind is not type(right):
            return False
        if kind in self.packers:
            self._meter[0] -= RECORD_WEIGHT
            return all(self.equal(getattr(left, name), getattr(right, name)) for name in kind.__slots__[1:])
        if kind in _SEQUENCES or kind is dict:
            if len(left) != len(right):
                return False
            self._charge(4 * ITEMS_PER_UNIT * len(left))
            if kind is dict:
                return all(key in right and self.equal(item, right[key]) for key, item in left.items())
            return all(self.equal(a, b) for a, b in zip(left, right, strict=True))
        self._charge(len(left) if kind in (str, bytes) else 1)
        return bool(left == right)

    def _comparable(self, left: Any, right: Any) -> None:
        kind = type(left)
        if kind is not type(right) or kind not in (int, str, bytes, tuple):
            raise wrong_type("a comparison", None)
        if kind is tuple:
            self._charge(4 * ITEMS_PER_UNIT * min(len(left), len(right)))
            for a, b in zip(left, right, strict=False):
                self._comparable(a, b)
        elif kind is not int:
            self._charge(min(len(left), len(right)))

    def below(self, left: Any, right: Any) -> bool:
        self._comparable(left, right)
        return bool(left < right)

    def at_most(self, left: Any, right: Any) -> bool:
        self._comparable(left, right)
        return bool(left <= right)

    def above(self, left: Any, right: Any) -> bool:
        self._comparable(left, right)
        return bool(left > right)

    def at_least(self, left: Any, right: Any) -> bool:
        self._comparable(left, right)
        return bool(left >= right)

    def contains(self, value: Any, item: Any) -> bool:
        kind = type(value)
        if kind is dict:
            return self.key(item) in value
        if kind in (str, bytes):
            if type(item) is not kind:
                raise wrong_type("in", None)
            self._charge(len(value))
            return item in value
        if kind not in (*_SEQUENCES, range):
            raise wrong_type("in", None)
        self._charge(4 * ITEMS_PER_UNIT * len(value))
        return any(self.equal(other, item) for other in value)

    def part(self, value: Any, first: Any, last: Any) -> Any:
        """A slice."""
        if type(value) not in (str, bytes, tuple, list) or type(first) not in _ENDS or type(last) not in _ENDS:
            raise wrong_type("a slice", None)
        self._charge(len(value))
        return value[first:last]

    def each(self, value: Any, units: int) -> Any:
        """What a loop runs over, paid in advance with `units` per item; a copy where the original can change."""
        if type(value) not in (tuple, list, dict, range):
            raise wrong_type("a loop", None)
        self._meter[0] -= units * len(value)
        if self._meter[0] < 0:
            raise OutOfBudget
        return tuple(value) if type(value) in (list, dict) else value

    # -- methods of values

    def method_append(self, value: Any, item: Any) -> None:
        if type(value) is not list or len(value) >= ITEMS_MAX:
            raise wrong_type("append", None)
        value.append(item)

    def method_extend(self, value: Any, items: Any) -> None:
        if type(value) is not list or type(items) not in _SEQUENCES or len(value) + len(items) > ITEMS_MAX:
            raise wrong_type("extend", None)
        self._charge(len(items))
        value.extend(items)

    def method_pop(self, value: Any, *arguments: Any) -> Any:
        if type(value) is list and len(arguments) <= 1 and all(type(place) is int for place in arguments):
            self._charge(len(value))
            return value.pop(*arguments)
        if type(value) is dict and arguments:
            return value.pop(self.key(arguments[0]), *arguments[1:])
        raise wrong_type("pop", None)

    def method_get(self, value: Any, place: Any, default: Any = None) -> Any:
        if type(value) is not dict:
            raise wrong_type("get", None)
        return value.get(self.key(place), default)

    def _dict(self, value: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            raise wrong_type("a dict's method", None)
        self._charge(ITEMS_PER_UNIT * len(value))
        return value

    def method_keys(self, value: Any) -> tuple[Any, ...]:
        return tuple(self._dict(value))

    def method_values(self, value: Any) -> tuple[Any, ...]:
        return tuple(self._dict(value).values())

    def method_items(self, value: Any) -> tuple[Any, ...]:
        return self._rows(tuple(self._dict(value).items()))

    def _same_text(self, value: Any, other: Any) -> None:
        if type(value) not in (str, bytes) or type(other) is not type(value):
            raise wrong_type("a text's method", None)
        self._charge(len(value) + len(other))

    def method_startswith(self, value: Any, other: Any) -> bool:
        self._same_text(value, other)
        return bool(value.startswith(other))

    def method_endswith(self, value: Any, other: Any) -> bool:
        self._same_text(value, other)
        return bool(value.endswith(other))

    def method_split(self, value: Any, separator: Any) -> list[Any]:
        self._same_text(value, separator)
        parts: list[Any] = value.split(separator, ITEMS_MAX)
        return parts

    def method_join(self, value: Any, items: Any) -> Any:
        if type(value) not in (str, bytes) or type(items) not in _SEQUENCES:
            raise wrong_type("join", None)
        self._charge(len(items))
        size = len(value) * len(items)
        for item in items:
            if type(item) is not type(value):
                raise wrong_type("join", None)
            size += len(item)
        if size > TEXT_CHARACTERS_MAX:
            raise refuse("EXE-002", detail="join makes too large a value")
        self._charge(size)
        return value.join(items)

    # -- the few functions of Python

    def _items(self, value: Any) -> tuple[Any, ...]:
        if type(value) not in (tuple, list, dict, range):
            raise wrong_type("a sequence", None)
        self._charge(ITEMS_PER_UNIT * len(value))
        return tuple(value)

    def call_len(self, value: Any) -> int:
        if type(value) not in (str, bytes, tuple, list, dict, range):
            raise wrong_type("len", None)
        return len(value)

    def call_abs(self, value: Any) -> int:
        return abs(self.subtract(value, 0))

    def call_bool(self, value: Any) -> bool:
        return bool(value)

    def call_int(self, value: Any) -> int:
        """Of an integer, a truth value, or decimal digits with an optional minus."""
        if type(value) in (int, bool):
            return int(value)
        if type(value) is not str or len(value) > DIGITS_MAX:
            raise wrong_type("int", None)
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise wrong_type("int", None)
        return wide(int(value))

    def call_str(self, value: Any) -> str:
        if type(value) not in (int, str):
            raise wrong_type("str", None)
        return str(value)

    def call_range(self, *bounds: Any) -> range:
        if any(type(bound) is not int for bound in bounds):
            raise wrong_type("range", None)
        made = range(*bounds)
        if max(abs(bound) for bound in bounds) > INTEGER_MAX or len(made) > ITEMS_MAX:
            raise refuse("EXE-002", detail=f"range has more than {ITEMS_MAX} items")
        return made

    def call_list(self, *values: Any) -> list[Any]:
        return list(self._items(values[0])) if values else []

    def call_tuple(self, *values: Any) -> tuple[Any, ...]:
        return self._items(values[0]) if values else ()

    def call_enumerate(self, value: Any) -> tuple[Any, ...]:
        return self._rows(tuple(enumerate(self._items(value))))

    def call_zip(self, *values: Any) -> tuple[Any, ...]:
        items = [self._items(value) for value in values]
        return self._rows(tuple(zip(*items, strict=False)))

    def call_reversed(self, value: Any) -> tuple[Any, ...]:
        return self._items(value)[::-1]

    def call_all(self, value: Any) -> bool:
        return all(self._items(value))

    def call_any(self, value: Any) -> bool:
        return any(self._items(value))

    def call_sum(self, value: Any) -> int:
        total = 0
        for item in self._items(value):
            if type(item) is not int:
                raise wrong_type("sum", None)
            total += item
        return wide(total)

    def _ordered(self, value: Any) -> tuple[Any, ...]:
        items = self._items(value)
        for item in items[1:]:
            self._comparable(items[0], item)
        if items and type(items[0]) is tuple:
            # Each fits the first, yet two others may not fit one another; which pairs are ever compared is the sorting
            # algorithm's affair, and that differs between versions of Python.
            shape = _shape(items[0])
            if any(_shape(item) != shape for item in items):
                raise wrong_type("a comparison", None)
        return items

    def call_sorted(self, value: Any, reverse: Any = False) -> list[Any]:
        items = self._ordered(value)
        self._charge(ITEMS_PER_UNIT * len(items) * len(items).bit_length())
        return sorted(items, reverse=bool(reverse))

    def call_min(self, *values: Any) -> Any:
        return min(self._ordered(values[0] if len(values) == 1 else values))

    def call_max(self, *values: Any) -> Any:
        return max(self._ordered(values[0] if len(values) == 1 else values))

    # -- the SDK's own

    def apportion(self, total: Any, weights: Any) -> list[int]:
        items = self._items(weights)
        self._charge(8 * ITEMS_PER_UNIT * len(items))
        if type(total) is not int or total < 0 or any(type(item) is not int or item < 0 for item in items):
            raise wrong_type("apportion", None)
        if not sum(items):
            raise wrong_type("apportion", None)
        return money.apportion(total, items)

    def digest(self, tag: Any, *values: Any) -> bytes:
        if type(tag) is not str:
            raise wrong_type("digest", None)
        encoded = encode((tag, *[self.plain(self.shown(self.frozen(value))) for value in values]))
        self._charge(ITEMS_PER_UNIT * len(encoded) // 4)
        return self._digest(encoded)

    def look_of(self, name: Any) -> str:
        if type(name) is not str:
            raise wrong_type("look_of", None)
        self._charge(len(name))
        return look_of(name)
