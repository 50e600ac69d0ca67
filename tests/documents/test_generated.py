"""The pages that are made of tables are what the tables say, and the tables are complete."""

from __future__ import annotations

import pytest

from ibkr.errors import CODE_TABLE, ErrorCode, IBKRError
from ibkr.settings import Settings

from . import generated
from .stories import ROOT


@pytest.mark.parametrize("name", generated.PAGES)
def test_a_page_is_what_its_table_says(name) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generated.PAGES[name](), (
        "run `PYTHONPATH=tests:. python -m documents.generated` and look at the difference"
    )


def test_every_error_says_what_it_means() -> None:
    page = generated.errors()
    assert [row for row in generated._exceptions() if not row[2]] == []
    assert all(f"`{kind.__name__}`" in page for kind in generated._tree(IBKRError))
    assert all(f"`{row.code}`" in page and str(n) in page for n, row in CODE_TABLE.items())
    assert ErrorCode.ORDER_STATE_UNKNOWN in page


def test_every_setting_says_what_it_is() -> None:
    silent = [name for name, info in Settings.model_fields.items() if not info.description]
    assert not silent


def test_every_call_of_the_control_plane_is_there() -> None:
    page = generated.control()
    for call in ("POST /faults", "GET /transcript", "PUT /quotes/{symbol}", "GET /health"):
        assert f"`{call}`" in page
