"""How a record becomes plain JSON values and a record again, by the types of its fields.

A new field needs no code here; a type without a form is refused when the form is made. What
equals its default is left out, so a new field with a default reads what was written before
there was one. Decimals are text, digit by digit as they were; the records of a union stand
under their class name; an instrument is its contract id. Reading is strict: what does not
fit is a `MisfitError` that names the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from simulator.instruments import Instrument
from simulator.records import Contract, Order
from simulator.state.reading import MisfitError, Source

Read = Callable[[Any, Source], Any]
_REPEATED = frozenset({Order, Contract})
"""What stands in every event of an order: made once, as it was before it was written."""


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type are written as JSON and read from it."""

    write: Callable[[Any], Any]
    read: Read


def _exact(kind: type, name: str) -> Form:
    def same(value: Any, _: object = None) -> Any:
        if type(value) is not kind:
            raise MisfitError(f"{value!r} is no {name}")
        return value

    return Form(same, same)


def _write_text(value: Any) -> str:
    if not isinstance(value, str):
        raise MisfitError(f"{value!r} is no text")
    return str(value)


def _write_decimal(value: Any) -> str:
    if type(value) is not Decimal:
        raise MisfitError(f"{value!r} is no decimal")
    return str(value)


def _read_decimal(text: Any, _: Source) -> Decimal:
    try:
        value = Decimal(text) if type(text) is str else None
    except InvalidOperation:
        value = None
    if value is None or str(value) != text:
        raise MisfitError(f"{text!r} is no decimal")
    return value


def _write_instrument(value: Any) -> int:
    if type(value) is not Instrument:
        raise MisfitError(f"{value!r} is no instrument")
    return value.con_id


_INTEGER = _exact(int, "integer")
_INSTRUMENT = Form(
    _write_instrument, lambda data, source: source.instrument(_INTEGER.read(data, source), None)
)
_FORMS: dict[Any, Form] = {
    bool: _exact(bool, "truth value"),
    int: _INTEGER,
    str: Form(_write_text, _exact(str, "text").read),
    Decimal: Form(_write_decimal, _read_decimal),
    Instrument: _INSTRUMENT,
}


@cache
def form_of(hint: Any) -> Form:
    """The form of a type. Raises `TypeError` for one that no journal can hold."""
    if hint in _FORMS:
        return _FORMS[hint]
    if get_origin(hint) in {Union, UnionType}:
        return _union(get_args(hint))
    if get_origin(hint) is tuple:
        return _tuple(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    raise TypeError(f"no journal can hold a {hint}; give it a form in {__name__}")


def _enum(kind: type[Enum]) -> Form:
    members = {member.value: member for member in kind}

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise MisfitError(f"{value!r} is no {kind.__name__}")
        return value.value

    def read(data: Any, _: Source) -> Any:
        if type(data) not in {str, int} or data not in members:
            raise MisfitError(f"{data!r} is no {kind.__name__}; known are {[*members]}")
        return members[data]

    return Form(write, read)


def _tuple(hints: tuple[Any, ...]) -> Form:
    """Any number of one type, or one each of some types."""
    each = form_of(hints[0]) if hints[-1] is ... else None
    forms = [] if each else [form_of(hint) for hint in hints]

    def pairs(kind: type[Sequence[Any]], values: Any) -> Iterator[tuple[str, Form, Any]]:
        if not isinstance(values, kind):
            raise MisfitError(f"{values!r} is no list")
        if not each and len(values) != len(forms):
            raise MisfitError(f"{values!r} has {len(values)} members, not {len(forms)}")
        for index, value in enumerate(values):
            yield str(index), each or forms[index], value

    def write(values: Any) -> list[Any]:
        return [_within(name, form.write, value) for name, form, value in pairs(tuple, values)]

    def read(values: Any, source: Source) -> tuple[Any, ...]:
        return tuple(
            _within(name, form.read, value, source) for name, form, value in pairs(list, values)
        )

    return Form(write, read)


def _union(hints: tuple[Any, ...]) -> Form:
    """One type or several records, which are told apart by their names; or nothing."""
    kinds = [hint for hint in hints if hint is not NoneType]
    form = form_of(kinds[0]) if len(kinds) == 1 else _tagged(kinds)
    return form if len(kinds) == len(hints) else _optional(form)


def _tagged(kinds: list[Any]) -> Form:
    if not all(is_dataclass(kind) for kind in kinds):
        raise TypeError(f"no journal can tell the types {kinds} apart; use records")
    forms = {kind: form_of(kind) for kind in kinds}
    names = {kind.__name__: kind for kind in kinds}

    def write(value: Any) -> dict[str, Any]:
        kind = type(value)
        if kind not in forms:
            raise MisfitError(f"{value!r} is none of {[*names]}")
        return {kind.__name__: _within(kind.__name__, forms[kind].write, value)}

    def read(data: Any, source: Source) -> Any:
        if type(data) is not dict or len(data) != 1 or not names.keys() >= data.keys():
            raise MisfitError(f"{data!r} is none of {[*names]}")
        ((name, value),) = data.items()
        return _within(name, forms[names[name]].read, value, source)

    return Form(write, read)


def _optional(form: Form) -> Form:
    return Form(
        lambda value: None if value is None else form.write(value),
        lambda data, source: None if data is None else form.read(data, source),
    )


def _record(kind: type[Any]) -> Form:
    hints = get_type_hints(kind)
    forms = {field.name: form_of(hints[field.name]) for field in fields(kind)}
    slots = [(f.name, forms[f.name], _default(f), _written(f, forms)) for f in fields(kind)]
    needed = {name for name, _, default, _ in slots if default is MISSING}

    def write(record: Any) -> dict[str, Any]:
        if type(record) is not kind:
            raise MisfitError(f"{record!r} is no {kind.__name__}")
        written: dict[str, Any] = {}
        for name, form, default, default_written in slots:
            value = getattr(record, name)
            if value is default:
                continue
            data = _within(name, form.write, value)
            if data != default_written:  # Decimal(0) and Decimal("0.00") are not the same text
                written[name] = data
        return written

    def read(data: Any, source: Source) -> Any:
        if type(data) is not dict:
            raise MisfitError(f"{data!r} is no {kind.__name__}")
        for name in sorted(data.keys() - forms.keys()):
            raise MisfitError(f"is no field of {kind.__name__}", name)
        for name in sorted(needed - data.keys()):
            raise MisfitError("is missing", name)
        return kind(**_read_fields(data, forms, source))

    return Form(write, _once(kind, read) if kind in _REPEATED else read)


def _once(kind: type[Any], read: Read) -> Read:
    return lambda data, source: source.once(kind, data, lambda: read(data, source))


def _read_fields(data: dict[str, Any], forms: dict[str, Form], source: Source) -> dict[str, Any]:
    """Instruments come last: what was made for a contract is found by the contract."""
    values: dict[str, Any] = {}
    for name, written in data.items():
        if forms[name] is not _INSTRUMENT:
            values[name] = _within(name, forms[name].read, written, source)
    for name in sorted(data.keys() - values.keys()):
        con_id = _within(name, _INTEGER.read, data[name], source)
        values[name] = _within(name, source.instrument, con_id, values.get("contract"))
    return values


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _written(field: Field[Any], forms: dict[str, Form]) -> Any:
    default = _default(field)
    return MISSING if default is MISSING else forms[field.name].write(default)


def _within(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except MisfitError as misfit:
        raise misfit.under(name) from None
