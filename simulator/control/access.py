"""Who may reach the control plane: the address it listens on, its token, its names.

Whoever reaches a control plane moves money and time, so beyond loopback it answers only to
a bearer token. Rule: the token is compared in constant time and shown nowhere.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = "127.0.0.1"
MIN_TOKEN_LENGTH = 16


class AccessError(ValueError):
    """The control plane would be open to others that way."""


@dataclass(frozen=True, slots=True)
class ControlAccess:
    """Where the control plane listens, and to whom it answers.

    `allowed_hosts` are names it answers to besides those of loopback, `*` any. Raises
    `AccessError` for an address beyond loopback without a token.
    """

    host: str = LOOPBACK
    token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise AccessError(
                f"the control plane moves money and time, and {self.host} is not a loopback "
                "address: give a token with --control-token-file, or leave out --control-host"
            )

    def admits(self, authorization: bytes) -> bool:
        """Whether a call with this `Authorization` header may be answered."""
        if self.token is None:
            return True
        scheme, _, credentials = authorization.partition(b" ")
        return scheme.lower() == b"bearer" and secrets.compare_digest(
            credentials.strip(), self.token.encode("ascii")
        )


def token_of(path: Path) -> str:
    """The token a file holds. Raises `AccessError` if it holds none that will do."""
    try:
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise AccessError(f"cannot read the token from {path}: {reason}") from None
    if len(token) < MIN_TOKEN_LENGTH or not token.isprintable() or " " in token:
        raise AccessError(
            f"{path} must hold one token of at least {MIN_TOKEN_LENGTH} printable characters, "
            "such as `openssl rand -hex 32` makes"
        )
    return token


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
