"""What every command of `ibkr` begins with: the settings, or one line on why it cannot start.

It runs nothing. Rule: only commands read the environment and the secrets of a container.
"""

from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from ibkr.settings import Settings

SECRETS = Path("/run/secrets")


class CannotStart(click.ClickException):
    exit_code = 2


def read_settings(**given: Any) -> Settings:
    """Settings from the environment, with what was given on the command line on top."""
    try:
        return Settings(
            _secrets_dir=SECRETS if SECRETS.is_dir() else None,  # type: ignore[call-arg]
            **{name: value for name, value in given.items() if value is not None},
        )
    except ValidationError as error:
        problems = "; ".join(map(_problem, error.errors()))
        raise CannotStart(f"bad settings: {problems}") from None
    except SettingsError as error:  # a tuple that is no JSON
        name = str(error).partition('"')[2].partition('"')[0]
        raise CannotStart(f'setting {name} cannot be read: write it as JSON, ["a", "b"]') from None
    except UnicodeDecodeError:
        raise CannotStart(
            f".env or a file in {SECRETS} is not UTF-8 text: save it as such, or remove it"
        ) from None


def _problem(found: ErrorDetails) -> str:
    """The setting and what is wrong with it; a rule about several names them itself."""
    reason = found["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, found['loc']))}: {reason}" if found["loc"] else reason
