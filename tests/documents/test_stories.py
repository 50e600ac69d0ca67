"""What runs the documentation finds a block that does not work, and a page nobody could follow."""

from __future__ import annotations

import pytest

from .outputs import objection
from .running import Running
from .stories import PageError, read_stories


def run(page: str, folder) -> None:
    (story,) = read_stories("page.md", page)
    with Running(story, folder) as running:
        running.run()


def test_a_block_that_fails_is_found(tmp_path) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:2 ended with status 1"):
        run("```python\nraise SystemExit(1)\n```\n", tmp_path)


def test_an_output_that_is_another_is_found(tmp_path) -> None:
    page = "```sh\necho one 1\n```\n\n```text\none 2\n```\n"
    with pytest.raises(AssertionError, match=r"page\.md:6"):
        run(page, tmp_path)
    run(page.replace("```text", "<!-- numbers vary -->\n```text"), tmp_path)


def test_the_blocks_of_a_story_share_a_folder(tmp_path) -> None:
    run(
        "<!-- file: here.txt -->\n```text\n```\n".replace("text", "toml", 1)
        + "\n```sh\ntest -f here.txt && echo yes\n```\n\n```text\nyes\n```\n",
        tmp_path,
    )


def test_a_command_that_is_only_checked_must_be_right(tmp_path) -> None:
    run("```sh\npip install ibkr-testbed pytest && tox -e unit,lint\n```\n", tmp_path)
    for wrong in ("pip install 'pytest<1'", "tox -e units", "docker compose --profile simm up"):
        with pytest.raises(AssertionError):
            run(f"```sh\n{wrong}\n```\n", tmp_path)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("```\nx\n```\n", "name the language"),
        ("    x\n", "fence the block"),
        ("```text\nx\n```\n", "after the block"),
        ("<!-- fiel: x -->\n```python\n```\n", "'fiel' is none of"),
        ("<!-- needs: cobol -->\n```python\n```\n", "needs must be one of"),
    ],
)
def test_a_page_that_nobody_could_follow_is_refused(page, reason) -> None:
    with pytest.raises(PageError, match=reason):
        list(read_stories("page.md", page))


@pytest.mark.parametrize(
    ("shown", "printed", "says", "fine"),
    [
        ("a ... c", "a b c", (), True),
        ("a", "b", (), False),
        ("1,234.5 x", "7 x", ("numbers vary",), True),
        ("1,234.5 x", "7 y", ("numbers vary",), False),
        ("a\nb", "\x1b[1ma\x1b[0m\nz\nb\n", ("terminal",), True),
        ("b\na", "a\nb", ("terminal",), False),
    ],
)
def test_outputs_are_compared(shown, printed, says, fine) -> None:
    assert (objection(shown, printed, says) == "") is fine
