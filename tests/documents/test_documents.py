"""Every code block of the README and of the docs folder is run, and prints what is shown."""

from __future__ import annotations

import re
import tomllib

from simulator.faults.catalogue import CATALOGUE

from .running import CHECKS, COMMANDS, Running
from .stories import ROOT, TOOLS, all_stories

STORIES = all_stories()

NOT_RUN = {
    "docs/order-life-cycle.md": "a picture, held equal to the table by test_life_cycle.py",
}
"""The pages with blocks that nothing runs, and why; one block each."""


def test_a_reader_can_do_what_the_page_says(story, tmp_path) -> None:
    with Running(story, tmp_path, story.needs) as running:
        running.run()


def test_nothing_is_left_out_but_what_is_listed() -> None:
    left_out = [b.page for story in STORIES for b in story.blocks if "not run" in b.says]
    assert left_out == list(NOT_RUN)


def test_every_story_is_run_by_an_environment() -> None:
    environments = (ROOT / "tox.ini").read_text(encoding="utf-8")
    needs = {tool for story in STORIES for tool in story.needs}
    assert [story.title for story in STORIES if len(story.needs) > 1] == []
    assert [tool for tool in needs if f"--with {tool}" not in environments] == []
    assert needs == set(TOOLS)


def test_every_file_of_a_story_is_used_by_a_command_after_it() -> None:
    """Those above the first heading are used by the stories below it."""
    unused = [
        story.blocks[-1].place
        for story in STORIES
        if story.title and "file" in story.blocks[-1].says
    ]
    assert not unused


def test_every_language_of_a_page_is_known() -> None:
    blocks = [block for story in STORIES for block in story.blocks]
    known = {*COMMANDS, *CHECKS}
    strange = [
        b.place for b in blocks if b.language not in known and not set(b.says) & {"file", "not run"}
    ]
    assert not strange
    assert len(blocks) > 20


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    """Those of the pages are followed when they are built."""
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_cookbook_has_a_recipe_for_each_of_the_faults_that_matter_most() -> None:
    page = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
    recipes = re.findall(r"^\*At IBKR\* \((\w+)\)", page, re.MULTILINE)
    assert len(set(recipes)) == len(recipes) == page.count("\n## ") == 25
    assert set(recipes) <= {row.id for row in CATALOGUE}


def test_every_tag_of_the_guide_is_a_marker_and_every_marker_a_tag() -> None:
    page = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    markers = project["tool"]["pytest"]["ini_options"]["markers"]
    tags = re.findall(r"^\| `@(\w+)` \|", page, re.MULTILINE)
    assert tags == [marker.partition(":")[0] for marker in markers]
