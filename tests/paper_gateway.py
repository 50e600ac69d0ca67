"""IB Gateway in a container, with a paper login: ghcr.io/gnzsnz/ib-gateway (testcontainers).

It is told who logs in by the environment of whoever runs the tests, and always that the
login is for paper. Rule: the password is a file on both sides, never an argument or a
variable of the container.

What the image expects, from its documentation: TWS_USERID, TWS_PASSWORD_FILE, TRADING_MODE,
READ_ONLY_API, TWOFA_TIMEOUT_ACTION; the API of a paper login is on port 4004.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from simulator.containers import Attended

IMAGE = "ghcr.io/gnzsnz/ib-gateway:10.37.1n"
PAPER_PORT = 4004
PASSWORD_IN_CONTAINER = "/run/ibkr-testbed/tws_password"  # noqa: S105 - a path
LOGIN_TIMEOUT_S = 300.0
HELLO = b"API\0" + len(b"v157..178").to_bytes(4, "big") + b"v157..178"


class NoLogin(Exception):  # noqa: N818 - a state of things, not a mistake
    """The environment does not say who logs in; the text says what to set."""


@dataclass(frozen=True, slots=True)
class PaperLogin:
    """The user of a paper account, and the file with the password."""

    user: str
    password_file: Path

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The login that TWS_USERID and TWS_PASSWORD_FILE name, or `NoLogin`."""
        user = environment.get("TWS_USERID", "")
        path = Path(environment.get("TWS_PASSWORD_FILE", ""))
        if not user:
            raise NoLogin("set TWS_USERID to the user name of your paper account")
        if environment.get("TWS_PASSWORD"):
            raise NoLogin(
                "write the password into a file, name it in TWS_PASSWORD_FILE, and unset "
                "TWS_PASSWORD: variables are seen by every process and end in logs"
            )
        if not path.is_file():
            raise NoLogin("set TWS_PASSWORD_FILE to a file with the password of your paper account")
        if not path.read_text().strip():
            raise NoLogin(f"{path} is empty: write the password of your paper account into it")
        return cls(user, path)


class PaperGatewayContainer(Attended):
    """A gateway that logs in when it starts, which may take minutes and a second factor.

    `ready` means that its API answers a client's hello: the port alone opens long before.
    Raises `ContainerUnavailable` with the last lines of its log if it does not.
    """

    remedy = f"`docker pull {IMAGE}`, or start a gateway yourself and give --host and --port"

    def __init__(
        self,
        login: PaperLogin,
        image: str = IMAGE,
        *,
        read_only: bool = False,
        start_timeout_s: float = LOGIN_TIMEOUT_S,
    ) -> None:
        super().__init__(image, ports=(PAPER_PORT,), start_timeout_s=start_timeout_s)
        password = login.password_file.read_text().strip().encode()
        self.with_copy_into_container(password, PASSWORD_IN_CONTAINER, 0o444)
        self.with_envs(
            TWS_USERID=login.user,
            TWS_PASSWORD_FILE=PASSWORD_IN_CONTAINER,
            TRADING_MODE="paper",
            READ_ONLY_API="yes" if read_only else "no",
            TWOFA_TIMEOUT_ACTION="exit",
            EXISTING_SESSION_DETECTED_ACTION="secondary",
        )

    @property
    def port(self) -> int:
        """The port clients connect to."""
        return self.published(PAPER_PORT)

    def probe(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as peer:
                peer.sendall(HELLO)
                return bool(peer.recv(4))
        except OSError:
            return False
