"""Runs a story: in an empty folder, on free ports, with real programs.

Where a block speaks of port 4002 and nothing was started there, a simulated gateway is.
Knows nothing of pages. Rule: what a story started ends with it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from shutil import which
from types import TracebackType
from typing import Self

import yaml

from .outputs import objection
from .stand_ins import STAND_INS
from .stories import ROOT, Block, Story

GATEWAY_PORT = 4002
PORTS = (GATEWAY_PORT, 4003, 4080, 8000)
"""The ports of the pages; each story has others instead."""

CHECKOUT = "~/ibkr-testbed"
"""Where the pages have a checkout of this project."""

_LIKE_A_READERS = "-p no:randomly -o asyncio_default_fixture_loop_scope=function"
"""A pytest as a reader has it, without what ours does by its plugins."""

FIRST = f"{shlex.quote(sys.executable)} -m simulator serve --port {GATEWAY_PORT} --seed 7"
BASH = which("bash") or "bash"
PATIENCE_S = 90
POLL_S = 0.05


class Running:
    """One story while it runs."""

    def __init__(self, story: Story, folder: Path, tools: frozenset[str] = frozenset()) -> None:
        self._story, self._folder, self._tools = story, folder, tools
        self._ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self._begun: set[int] = set()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def run(self) -> None:
        """Do what the story says; raises AssertionError for what does not work out."""
        for block in self._story.blocks:
            if "not run" in block.says:
                continue
            code = self._local(block.code)
            if "file" in block.says:
                file = self._folder / block.says["file"]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(code, encoding="utf-8")
                CHECKS.get(block.language, lambda _: None)(code)
            elif block.language in CHECKS:
                CHECKS[block.language](code)
            elif "background" in block.says:
                self._begin(block, code)
            else:
                self._execute(block, code)

    # --- inside ---

    def _execute(self, block: Block, code: str) -> None:
        if block.language not in COMMANDS:
            raise AssertionError(f"{block.place}: nothing runs {block.language} here")
        if self._speaks_of_gateway(block) and GATEWAY_PORT not in self._begun:
            self._start("the gateway of the story", self._local(FIRST), [GATEWAY_PORT])
        command = COMMANDS[block.language](self._folder, block.line, code, self._tools)
        if block.output is not None and "terminal" in block.output.says:
            command = [sys.executable, "-c", _IN_TERMINAL, *command]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment(), timeout=PATIENCE_S, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        wanted = int(block.says.get("exit", 0))
        assert done.returncode == wanted, (
            f"{block.place} ended with status {done.returncode}, not {wanted}:\n{done.stdout}"
        )
        if block.output is not None:
            self._compare(block.output, done.stdout)

    def _begin(self, block: Block, code: str) -> None:
        ports = [port for port in PORTS if str(port) in block.code]
        log = self._start(block.place, code, ports)
        if block.output is None:
            return
        deadline = time.monotonic() + PATIENCE_S
        while objection(*self._told(block.output, log)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        self._compare(block.output, log.read_text(encoding="utf-8"))

    def _told(self, output: Block, log: Path) -> tuple[str, str, dict[str, str]]:
        return self._local(output.code), log.read_text(encoding="utf-8"), output.says

    def _start(self, name: str, code: str, ports: list[int]) -> Path:
        """Start a program that stays; return its output once it listens at its ports."""
        self._begun.update(ports)
        log = self._folder / f".output-{len(self._begun)}"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [BASH, "-c", f"exec {code.strip()}"], cwd=self._folder, stdout=output,
                stderr=subprocess.STDOUT, env=self._environment(),
            )  # fmt: skip
        self._stack.callback(_end, process)
        deadline = time.monotonic() + PATIENCE_S
        while not all(listens(self._ports[port]) for port in ports):
            running = process.poll() is None and time.monotonic() < deadline
            assert running, f"{name} does not listen:\n{log.read_text(encoding='utf-8')}"
            time.sleep(POLL_S)
        return log

    def _compare(self, output: Block, printed: str) -> None:
        found = objection(self._local(output.code), printed, output.says)
        assert not found, f"{output.place}:\n{found}"

    def _speaks_of_gateway(self, block: Block) -> bool:
        """Whether it, or a file of the story, connects to the gateway."""
        files = [each.code for each in self._story.blocks if "file" in each.says]
        return any(re.search(rf"\b{GATEWAY_PORT}\b", code) for code in (block.code, *files))

    def _local(self, code: str) -> str:
        for shown, port in self._ports.items():
            code = re.sub(rf"\b{shown}\b", str(port), code)
        return code.replace(CHECKOUT, shlex.quote(str(ROOT)))

    def _environment(self) -> dict[str, str]:
        here = str(Path(sys.executable).parent)
        paths = [str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
        own = {name: value for name, value in os.environ.items() if not _ours(name)}
        return (
            own
            | {
                "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": os.pathsep.join(path for path in paths if path),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTEST_ADDOPTS": _LIKE_A_READERS,
                "COLUMNS": "100",
            }
            | ({} if _is_installed() else {"PYTEST_PLUGINS": "simulator.pytest_plugin"})
        )


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [each.getsockname()[1] for each in sockets]


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _ours(name: str) -> bool:
    """Variables of the run that runs the stories, which a reader does not have."""
    return name.startswith(("PYTEST_", "IBKR_", "COV_"))


def _is_installed() -> bool:
    """Whether the package is; where it may not be, its plugin is named instead of found."""
    return any(metadata.distributions(name="ibkr-testbed"))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(PATIENCE_S)


# --- languages ---

_IN_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

Command = Callable[[Path, int, str, frozenset[str]], list[str]]


def _python(folder: Path, line: int, code: str, tools: frozenset[str]) -> list[str]:
    is_test = re.search(r"^(async )?def test_", code, re.MULTILINE)
    file = folder / f"{'test_' if is_test else ''}block_{line}.py"
    file.write_text(code, encoding="utf-8")
    return [sys.executable, *(("-m", "pytest", "-q") if is_test else ()), file.name]


def _shell(folder: Path, line: int, code: str, tools: frozenset[str]) -> list[str]:
    stand_ins = [
        f'{name}() {{ {shlex.quote(sys.executable)} -m documents.stand_ins {name} "$@"; }}\n'
        for name in STAND_INS
        if name not in tools
    ]
    return [BASH, "-euo", "pipefail", "-c", "".join(stand_ins) + code]


def _node(folder: Path, line: int, code: str, tools: frozenset[str]) -> list[str]:
    file = folder / f"block_{line}.mjs"
    file.write_text(code, encoding="utf-8")
    return ["node", file.name]


COMMANDS: dict[str, Command] = {"python": _python, "sh": _shell, "javascript": _node}

CHECKS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}
"""What is read where it is not run; a file of a story is also read by what the story runs."""
