"""What stands in for the commands that a test must not run: they are checked instead.

`pip` and `tox` would change the environment that runs the tests or run the tests again, and
`docker compose` is not everywhere where an engine is. Rule: a command that could not work as
it is written ends with status 2 and the reason.
"""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = "ibkr-testbed"
NOT_OURS = frozenset({"tox"})
"""What is installed by a page and not by our environments."""

Arguments = list[str]


def pip(arguments: Arguments) -> None:
    """Whatever is asked for is installed, in a version that would do, with extras that exist."""
    if arguments[:1] != ["install"]:
        raise SystemExit(f"pip {arguments[0]} is not what a page should ask for")
    for word in arguments[1:]:
        if word in {"-e", "--editable"} or word in NOT_OURS:
            continue
        wanted = Requirement(word.replace(".", PROJECT, 1) if word.startswith(".") else word)
        found = metadata.distribution(wanted.name)  # raises PackageNotFoundError
        if not wanted.specifier.contains(found.version, prereleases=True):
            raise SystemExit(f"pip would install {wanted}, tested is {found.version}")
        unknown = wanted.extras - set(found.metadata.get_all("Provides-Extra") or ())
        if unknown:
            raise SystemExit(f"{wanted.name} has no extra {', '.join(sorted(unknown))}")


def tox(arguments: Arguments) -> None:
    """Its environments are those of tox.ini; it says what tox says when all is well."""
    ini = configparser.ConfigParser()
    ini.read(ROOT / "tox.ini")
    known = {section.removeprefix("testenv:") for section in ini.sections()}
    names = ini["tox"]["env_list"].split()
    given = iter(arguments)
    for word in given:
        if word == "--":
            break
        names = next(given).split(",") if word == "-e" else [word]
        if unknown := set(names) - known:
            raise SystemExit(f"tox has no environment {', '.join(sorted(unknown))}")
    for name in names:
        print(f"  {name}: OK (0.00=setup[0.00]+cmd[0.00] seconds)")
    print("  congratulations :) (0.00 seconds)")


def docker(arguments: Arguments) -> None:
    """`docker compose` with profiles, services and files that are there."""
    if arguments[:1] != ["compose"]:
        raise SystemExit("mark the block with <!-- needs: docker -->, so that an engine runs it")
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    profiles = {name for service in services.values() for name in service.get("profiles", ())}
    words = [word for word in arguments[1:] if not word.startswith("-")]
    given = iter(arguments)
    for word in given:
        if word == "--profile":
            name = next(given)
            words.remove(name)
            if name not in profiles:
                raise SystemExit(f"docker-compose.yml has no profile {name}")
    if unknown := set(words[1:]) - set(services):
        raise SystemExit(f"docker-compose.yml has no service {', '.join(sorted(unknown))}")


STAND_INS: dict[str, Callable[[Arguments], None]] = {"pip": pip, "tox": tox, "docker": docker}

if __name__ == "__main__":
    STAND_INS[sys.argv[1]](sys.argv[2:])
