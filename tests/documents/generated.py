"""The pages that are made of tables in the code: `PYTHONPATH=tests:. python -m documents.generated`.

A test fails if a page is not what its table says. Knows how a table is written as Markdown,
and nothing of what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import getdoc
from typing import Any, get_args

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ibkr.app import http_status
from ibkr.errors import CODE_TABLE, CodeRow, Effect, ErrorCode, IBKRError
from ibkr.settings import Settings
from simulator import World
from simulator.control.api import create_control

from .stories import ROOT

NOTE = "<!-- Made by `python -m documents.generated`; do not edit. -->"
Row = tuple[str, ...]

EFFECTS = {
    Effect.REJECT: "the request failed; an order that was not acknowledged yet is not live",
    Effect.NOTICE: "nothing ends",
    Effect.CONNECTIVITY: "about the gateway's own link to IB",
    Effect.UNKNOWN: "not in the table: a data request failed, an order is not decided",
}


def errors() -> str:
    """The exceptions of the client, the codes of the gateway, and the statuses of the app."""
    return _page(
        "Errors",
        "Every failure is an `IBKRError`. Branch on its `code`: it is ours and stays as it is, "
        "whatever words a gateway uses. `gateway_code` has the number the gateway sent.",
        "## What the client raises",
        _table(("exception", "`code`", "what it says", "status of the app"), _exceptions()),
        "## What the codes of a gateway mean",
        "One row for each meaning. A code that is not here is treated with caution: 2100 to 2199 "
        "are notices, any other failed a data request and decides nothing about an order.",
        _table(("`code`", "exception", "effect", "codes of the gateway"), _codes()),
        "The effects:",
        _table(("effect", "what it does"), ((f"{e}", text) for e, text in EFFECTS.items())),
    )


def settings() -> str:
    """All settings, with their variables, limits and defaults."""
    fields = Settings.model_fields.items()
    return _page(
        "Settings",
        "Arguments of `Settings`, environment variables, or lines of a file `.env` in the folder "
        "where the program starts; the first that is there counts, in this order. A bad value is "
        "refused at the start, with its name. Times are in seconds.",
        _table(("variable", "default", "limits", "what it is"), (_setting(*f) for f in fields)),
    )


def control() -> str:
    """The routes of the control plane."""
    paths = create_control(World()).openapi()["paths"]
    return _page(
        "Control plane",
        "HTTP and JSON, at the address in the ready line of `ibkr-sim serve` (`control`), or at "
        "`--control-port`. What cannot be is answered with 409 and the reason, as problem details; "
        "nothing has changed then. The running gateway has the whole of it, with every field, at "
        "`/openapi.json` and as pages at `/docs`. From Python use "
        "`simulator.control.client.ControlClient` ([API](api.md)).",
        "It listens on loopback. `--control-host` takes another address, and then a token is "
        "needed: `--control-token-file FILE` and `Authorization: Bearer`.",
        _table(("call", "what it does", "body"), _routes(paths)),
    )


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors,
    "settings.md": settings,
    "control.md": control,
}


# --- rows ---


def _exceptions() -> Iterator[Row]:
    for kind in _tree(IBKRError):
        depth = len(kind.__mro__) - len(IBKRError.__mro__)
        name = "&nbsp;&nbsp;" * depth + f"`{kind.__name__}`"
        own = kind.__doc__ if "__doc__" in vars(kind) else None
        said = (getdoc(kind) or "").split("\n\n")[0] if own else _said_in_tree(kind.__name__)
        yield name, f"`{kind.default_code}`", said, str(http_status(kind("")))


def _tree(kind: type[IBKRError]) -> Iterator[type[IBKRError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


def _said_in_tree(name: str) -> str:
    """What the drawing at the head of `ibkr.errors` says of a class."""
    import ibkr.errors  # noqa: PLC0415 - the module, not its names

    for line in (ibkr.errors.__doc__ or "").splitlines():
        words = line.strip("│├└─ ").split(maxsplit=1)
        if words and words[0] == name and len(words) > 1:
            return words[1]
    return ""


def _codes() -> Iterator[Row]:
    groups: dict[tuple[ErrorCode, str, Effect], list[CodeRow]] = {}
    for row in CODE_TABLE.values():
        groups.setdefault((row.code, row.error.__name__, row.effect), []).append(row)
    for (code, error, effect), rows in groups.items():
        numbers = ", ".join(str(row.gateway_code) for row in rows)
        yield f"`{code}`", f"`{error}`", str(effect), numbers


def _setting(name: str, info: FieldInfo) -> Row:
    default = "" if info.default in {None, "", PydanticUndefined} else f"`{info.default}`"
    said = (info.description or "").replace("|", "\\|")
    return f"`IBKR_{name.upper()}`", default, _limits(info), said


_SIGNS: dict[type, tuple[str, str]] = {
    Ge: ("ge", "≥"),
    Gt: ("gt", ">"),
    Le: ("le", "≤"),
    Lt: ("lt", "<"),
}


def _limits(info: FieldInfo) -> str:
    """The limits of a field, also those that stand inside of an optional one."""
    inner = [each for part in get_args(info.annotation) for each in _metadata(part)]
    said = []
    for limit in (*info.metadata, *inner):
        if isinstance(limit, MinLen):
            said.append("not empty")
        elif type(limit) in _SIGNS:
            attribute, sign = _SIGNS[type(limit)]
            said.append(f"{sign} {getattr(limit, attribute)}")
    choices = [repr(c) for c in get_args(info.annotation) if isinstance(c, str | int)]
    return ", ".join([*said, " ".join(f"`{c}`" for c in choices)] if choices else said)


def _metadata(part: Any) -> Iterable[Any]:
    for each in getattr(part, "__metadata__", ()):
        yield from getattr(each, "metadata", (each,))


def _routes(paths: dict[str, dict[str, Any]]) -> Iterator[Row]:
    for path, methods in paths.items():
        for method, route in methods.items():
            content = route.get("requestBody", {}).get("content", {}).get("application/json", {})
            reference = content.get("schema", {}).get("$ref", "")
            body = f"`{reference.rpartition('/')[2]}`" if reference else ""
            yield f"`{method.upper()} {path}`", route["summary"], body


# --- Markdown ---


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", NOTE, *parts)) + "\n"


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    for file, make in PAGES.items():
        (ROOT / "docs" / file).write_text(make(), encoding="utf-8")
