"""The kill switch: a file, and while it is there no new order is sent.

It knows neither clients nor settings. Anybody who can make a file can stop trading, and
nothing but its removal starts it again: no restart does, nor does any code of ours.
Rule: what is in doubt is a halt. A file that cannot be looked for, or whose directory is not
there, could not be made either, and stops trading too.
"""

from contextlib import suppress
from pathlib import Path

_LONGEST_REASON = 200


def halted_because(path: Path) -> str | None:
    """Why trading is halted, as one line; None where it is not."""
    try:
        path.lstat()  # a link to nowhere is there, too
    except FileNotFoundError:
        if path.parent.is_dir():
            return None
        return "its directory is not there"
    except OSError as error:
        return f"it cannot be looked for: {error.strerror}"
    return _first_line(path) or "no reason is given"


def halt(path: Path, reason: str) -> None:
    """Make the file, or give it another reason. Raises OSError."""
    path.touch(mode=0o644)  # the halt itself comes first: a full disk may take no reason
    path.write_text(reason + "\n", "utf-8")


def resume(path: Path) -> bool:
    """Remove the file; False where there was none. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _first_line(path: Path) -> str:
    text = ""
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        text = file.readline(_LONGEST_REASON)
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()
