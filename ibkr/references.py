"""Order references: the one name of an order that is ours, unique, and echoed by the gateway.

The reference goes out as TWS's orderRef and comes back in open orders, completed orders and
executions; order ids do not (completed orders carry none) and may be given out again.
Rule: `ibkr-` and at most 27 characters of ASCII, 32 in all, then, behind a slash, what the
caller wrote into `order_ref`: TWS shows both, and callers are shown only their own part.
Assumption: no length is documented; should a gateway cut the text, its start stays ours.
"""

import re
import secrets

_NAMESPACE = "ibkr"
_PATTERN = re.compile(r"(ibkr-[0-9A-Za-z.]{1,27})(?:/(.*))?", re.ASCII)


def random_id() -> str:
    """Unique for all time: 96 random bits."""
    return secrets.token_hex(12)


def make(unique: str) -> str:
    """Raises ValueError for an id that is not 1 to 27 letters, digits or dots."""
    reference = f"{_NAMESPACE}-{unique}"
    if split(reference) != (reference, ""):
        raise ValueError(f"{unique!r} is no unique id: use 1 to 27 ASCII letters, digits and dots")
    return reference


def on_wire(reference: str, caller_text: str) -> str:
    return f"{reference}/{caller_text}" if caller_text else reference


def split(wire_text: str) -> tuple[str | None, str]:
    """Our reference, or None where there is none, and the caller's own text."""
    found = _PATTERN.fullmatch(wire_text)
    return (found[1], found[2] or "") if found else (None, wire_text)
