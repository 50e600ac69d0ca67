"""Faults from plain names and values, as Python, JSON and scenarios give them, and back.

Rule: whatever is wrong is said by the name under which it was given, with what would do.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from simulator.faults.actions import ACTIONS, NAMES, Action, Alter, Error
from simulator.faults.points import BYTES, MESSAGES, NOW, Point, Where, read_point
from simulator.gateway.texts import TEXTS, is_complete
from simulator.messages import REPLIES
from simulator.world_settings import WorldError

MAX_TEXT = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault that was injected.

    `client_id` None: of whichever client; `times` None: without end; `fired` is how often it
    has struck.
    """

    id: int
    action: Action
    at: Point = NOW
    client_id: int | None = None
    times: int | None = 1
    fired: int = 0

    def __post_init__(self) -> None:
        self._check_place()
        if self.client_id is not None and self.client_id < 0:
            raise WorldError(f"client_id must be 0 or more, or None for any, not {self.client_id}")
        if self.client_id is not None and self.at.where in {Where.ACCEPT, Where.HANDSHAKE}:
            raise WorldError(
                f"client_id is not known yet at {self.at}; leave it out, or use rx(StartApi)"
            )
        if self.times is not None and self.times < 1:
            raise WorldError(f"times must be 1 or more, or None for ever, not {self.times}")
        if self.at.where is Where.NOW and self.times != 1:
            raise WorldError(
                "times must be 1 for what happens now; use time+S for what comes again"
            )
        if self.at.where in BYTES and self.at.count == 0 and self.times != 1:
            raise WorldError("times must be 1 before the first byte; count from 1 for more")
        if isinstance(self.action, Error):
            _check_text(self.action)
        if isinstance(self.action, Alter):
            _check_field(self.action, self.at)

    def _check_place(self) -> None:
        name, action = NAMES[type(self.action)], self.action
        if self.at.where not in action.points:
            ways = " or ".join(
                f"{where}(Name)#n" if where in MESSAGES else where
                for where in sorted(action.points)
            )
            raise WorldError(f"at must be {ways} for {name}, not {self.at}")
        if action.only and self.at.name not in action.only:
            names = ", ".join(sorted(action.only))
            raise WorldError(f"at must name {names} for {name}, not {self.at.name}")


def _check_text(error: Error) -> None:
    if not error.text and not is_complete(error.code):
        raise WorldError(
            f"text must be given for code {error.code}, "
            + ("whose text has gaps" if error.code in TEXTS else "which has no text of its own")
        )


def _check_field(alter: Alter, at: Point) -> None:
    if alter.field.isdecimal():
        return
    (message,) = (m for record, m in REPLIES.by_record.items() if record.__name__ == at.name)
    paths = message.layout.paths()
    if alter.field not in paths:
        known = ", ".join(paths)
        raise WorldError(f"field {alter.field!r} is not in {at.name}; use its number or {known}")


def point_of(text: str) -> Point:
    """The point of a text; raises `WorldError` with the ways to write one."""
    try:
        return read_point(text)
    except ValueError as error:
        raise WorldError(str(error)) from None


def action_of(name: str, parameters: Mapping[str, Any]) -> Action:
    """The action of a name; raises `WorldError` for a name or parameter that is none."""
    kind = ACTIONS.get(name)
    if kind is None:
        raise WorldError(f"action {name!r} is not known; use one of {', '.join(ACTIONS)}")
    hints = _hints(kind)
    for given in parameters:
        if given not in hints:
            known = ", ".join(hints) or "none"
            raise WorldError(f"{given!r} is no parameter of {name}; it takes {known}")
    for parameter in dataclasses.fields(kind):
        if parameter.default is MISSING and parameter.name not in parameters:
            raise WorldError(f"{parameter.name} must be given for {name}")
    try:
        return kind(**{key: _read(key, hints[key], value) for key, value in parameters.items()})
    except ValueError as error:
        raise WorldError(f"{error}, for {name}") from None


_COMMON: dict[str, tuple[type, ...]] = {
    "action": (str,),
    "at": (str,),
    "client_id": (int, NoneType),
    "times": (int, NoneType),
    "parameters": (dict,),
}


def plain_fault(plain: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a fault in JSON has in common with all, and the parameters of its action.

    Raises `WorldError` for what is none.
    """
    if not isinstance(plain, Mapping) or "action" not in plain:
        raise WorldError(f"a fault must be an object with an action, not {plain!r}"[:200])
    common = {name: plain[name] for name in _COMMON if name in plain}
    check_common(**common)
    beside = {name: value for name, value in plain.items() if name not in _COMMON}
    return common, {**common.pop("parameters", {}), **beside}


def check_common(**common: Any) -> None:
    """Raises `WorldError` for what all faults have, if it is of another type."""
    for name, value in common.items():
        if type(value) not in _COMMON[name]:
            kinds = ["null" if kind is NoneType else kind.__name__ for kind in _COMMON[name]]
            raise WorldError(f"{name} must be of type {' or '.join(kinds)}, not {value!r}")


def as_plain(action: Action) -> dict[str, Any]:
    """The parameters of an action as plain values, from which it can be made again."""
    return {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in dataclasses.fields(action)
        for value in (getattr(action, field.name),)
    }


def _hints(kind: type[Action]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _read(name: str, hint: Any, value: Any) -> Any:
    """A plain value as its type has it. Raises `ValueError`."""
    if NoneType in get_args(hint):
        if value is None:
            return None
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{name} must be a list of texts, not {value!r}")
        return tuple(_text(name, each) for each in value)
    if issubclass(hint, StrEnum):
        if value not in [*hint]:
            raise ValueError(f"{name} must be one of {', '.join(hint)}, not {value!r}")
        return hint(value)
    if hint is str:
        return _text(name, value)
    return _number(name, hint, value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a number of a field, or a text that is one
    if not isinstance(value, str) or "\0" in value or len(value) > MAX_TEXT:
        raise ValueError(f"{name} must be a text of {MAX_TEXT} letters at most, without NUL")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{name} must be a text of whole letters, without lone surrogates")
    return value


def _number(name: str, hint: Any, value: Any) -> Any:
    """A truth value, a whole number or a number; none of them stands for another."""
    if hint is bool or isinstance(value, bool):
        if hint is not bool or not isinstance(value, bool):
            raise ValueError(f"{name} must be {_KINDS[hint]}, not {value!r}")
        return value
    is_number = isinstance(value, int) or (hint is float and isinstance(value, float))
    if not is_number or not (isinstance(value, int) or math.isfinite(value)):
        raise ValueError(f"{name} must be {_KINDS[hint]}, not {value!r}")
    try:
        return hint(value)
    except OverflowError:
        raise ValueError(
            f"{name} must be a number within reason, not {str(value)[:20]}..."
        ) from None


_KINDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}
