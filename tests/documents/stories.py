"""The code blocks of the documentation, as stories: what a reader does from top to bottom.

A story is what stands below one heading of the second level (or above the first one) of a
page. Its blocks run in order, in one empty folder, in which the files are that stand above the
first heading of the page. A comment before a block says what
cannot be seen in it:

    <!-- file: NAME -->      the block is a file of the story, not a command
    <!-- background -->      the command goes on while what follows is run
    <!-- numbers vary -->    an output whose numbers are those of the moment
    <!-- terminal -->        the output is that of a terminal, which is drawn over and over
    <!-- among others -->    the output has these lines, in this order, and others
    <!-- exit: N -->         the command ends with this status
    <!-- needs: TOOL -->     run where that tool is: see TOOLS
    <!-- not run: WHY -->    held in a list by the tests

Knows nothing of how a language is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
OUTPUT = "text"
TOOLS = ("docker", "ib_async", "node")
DIRECTIVES = frozenset(
    {
        "file",
        "background",
        "numbers vary",
        "terminal",
        "among others",
        "exit",
        "needs",
        "not run",
    }
)

_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)


class PageError(ValueError):
    """A page that no reader could follow; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is that of its first line of code, as an editor counts."""

    page: str
    line: int
    language: str
    code: str
    says: dict[str, str] = field(default_factory=dict)
    output: Block | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Story:
    page: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(block.says["needs"] for block in self.blocks if "needs" in block.says)


def pages(root: Path = ROOT) -> list[Path]:
    """The README and every page of the docs folder."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def all_stories(root: Path = ROOT) -> list[Story]:
    return [story for page in pages(root) for story in stories_of(page, root)]


def stories_of(page: Path, root: Path = ROOT) -> list[Story]:
    name = page.relative_to(root).as_posix()
    return list(read_stories(name, page.read_text(encoding="utf-8")))


def read_stories(page: str, text: str) -> Iterator[Story]:
    """The stories of a page that have blocks. Raises `PageError`."""
    title, blocks, comments = "", [], ""
    files: list[Block] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            if blocks:
                yield Story(page, title, (*files, *_with_outputs(blocks)))
            if not title:
                files = [block for block in blocks if "file" in block.says]
            title, blocks = tokens[place + 1].content, []
        elif token.type == "html_block":
            comments += token.content
            continue
        elif token.type == "code_block":
            raise PageError(f"{page}:{token.map[0] + 1}: fence the block and name its language")
        elif token.type == "fence" and not token.info.startswith("{"):
            line = token.map[0] + 2
            says = _directives(page, line, comments)
            blocks.append(_block(page, line, token.info, token.content, says))
        comments = ""
    if blocks:
        yield Story(page, title, (*files, *_with_outputs(blocks)))


def _block(page: str, line: int, info: str, code: str, says: dict[str, str]) -> Block:
    if not info.strip():
        raise PageError(f"{page}:{line}: name the language of the block, `text` for an output")
    return Block(page, line, info.split(maxsplit=1)[0], code, says)


def _directives(page: str, line: int, html: str) -> dict[str, str]:
    """What the comments before a block say, by the words before their colons."""
    says = {}
    for comment in _COMMENT.findall(html):
        word, _, rest = comment.strip().partition(":")
        if word not in DIRECTIVES:
            raise PageError(f"{page}:{line}: {word!r} is none of {', '.join(sorted(DIRECTIVES))}")
        says[word] = rest.strip()
    if says.get("needs", TOOLS[0]) not in TOOLS:
        raise PageError(f"{page}:{line}: needs must be one of {', '.join(TOOLS)}")
    return says


def _with_outputs(blocks: list[Block]) -> Iterator[Block]:
    """Each block of code with the output that stands after it."""
    before: Block | None = None
    for block in blocks:
        if block.language != OUTPUT:
            if before is not None:
                yield before
            before = block
        elif before is None or before.output is not None:
            raise PageError(f"{block.place}: an output must stand after the block it is of")
        else:
            before = Block(
                before.page, before.line, before.language, before.code, before.says, block
            )
    if before is not None:
        yield before
