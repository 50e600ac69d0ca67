"""The page in a real browser: on a desk, on a phone, in the dark, in print, and under attack."""

import base64
import json
import re
from itertools import pairwise

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from ibkr.contract.page import render
from ibkr.contract.results import Failure, Frame, Result, Results, Run, Scenario, Step

HOSTILE = "</td></script><script>document.title='taken'</script><img src=//x/y onerror=alert(1)>"
LONG = "W" * 150
WIDTHS = {"desk": 1280, "tablet": 768, "phone": 375, "small phone": 320}

STEPS = tuple(
    Step(keyword="When", text=text, line=3, outcome=outcome, duration_s=0.1)
    for text, outcome in (("I buy", "passed"), (HOSTILE, "failed"), (LONG, "not reached"))
)
TRANSCRIPT = tuple(
    Frame(
        time="2026-01-02T10:00:00.123+00:00",
        client_id=7,
        direction=direction,
        name=name,
        fields=f"order_id={number}, {LONG}, {HOSTILE}",
    )
    for number, (direction, name) in enumerate([("in", "PlaceOrder"), ("out", "OrderStatus")])
)
FAILURE = Failure(phase="call", message=f"AssertionError: {HOSTILE} {LONG}", detail=LONG)


def told(outcomes, *, hostile=False):
    """A scenario for each word; on mock and on two libraries' simulators."""
    for number, outcome in enumerate(outcomes):
        broken = outcome == "failed"
        kinds = [("mock", 0, "passed"), ("simulator", 0, "passed"), ("simulator", 1, outcome)]
        yield Scenario(
            feature="Orders" if number % 2 else "Market data",
            file="orders.feature",
            line=number,
            name=f"{HOSTILE} {LONG}" if hostile and broken else f"Scenario number {number}",
            examples={"side": HOSTILE if hostile else "buy"} if broken else {},
            results=tuple(
                Result(run=run, tier=tier, outcome=each, duration_s=0.25, steps=STEPS,
                       failures=(FAILURE,) if each == "failed" else (),
                       transcript=TRANSCRIPT if each == "failed" else ())
                for tier, run, each in kinds
            ),
        )  # fmt: skip


def results(*outcomes, hostile=False, problems=()) -> Results:
    runs = [
        Run(library=library, library_version="1.0", exit_status=0, collected=1, completed=1,
            problems=problems, python="3.11.7", platform="Linux x86_64")
        for library in ("ib_insync", "ib_async")
    ]  # fmt: skip
    return Results(runs=tuple(runs), scenarios=tuple(told(outcomes, hostile=hostile)))


GOOD = results("passed", "passed", "passed")
BAD = results(
    "passed", "failed", "skipped", "failed", "passed", hostile=True, problems=(HOSTILE, LONG)
)
EMPTY = Results(runs=(), scenarios=())
PAGES = {"good": GOOD, "bad": BAD, "empty": EMPTY}


PATIENCE_S = 10


class Page:
    def __init__(self, browser, path):
        self.browser = browser
        self.path = path

    def show(self, shown: Results, width=1280, **media):
        features = [
            {"name": name.replace("_", "-"), "value": value}
            for name, value in {"prefers_reduced_motion": "reduce", **media}.items()
        ]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.path.write_text(render(shown), encoding="utf-8")
        self.browser.get_log("browser"), self.browser.get_log("performance")
        self.browser.get(self.path.as_uri())

    def ask(self, script):
        return self.browser.execute_script(f"return {script.strip()}")

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def requested(self):
        messages = [
            json.loads(one["message"])["message"] for one in self.browser.get_log("performance")
        ]
        sent = [
            one["params"]["request"]["url"]
            for one in messages
            if one["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in sent if url not in {self.path.as_uri(), "data:,"}]


@pytest.fixture
def page(browser, tmp_path):
    return Page(browser, tmp_path / "index.html")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("shown", PAGES.values(), ids=PAGES)
def test_the_page_is_never_wider_than_the_screen(page, shown, width):
    page.show(shown, width)
    page.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
    root = "document.documentElement"
    assert page.ask(f"[{root}.scrollWidth, {root}.clientWidth]") == [width, width]


def test_on_a_phone_nothing_of_a_failure_or_of_three_tiers_lies_beyond_the_edge(page):
    page.show(BAD, WIDTHS["phone"])
    page.ask("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    wide = """[...document.querySelectorAll('.transcript .scroll, .feature .scroll')]
        .filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => [one.getAttribute('aria-label'), one.scrollWidth, one.clientWidth])"""
    assert page.ask(wide) == []


@pytest.mark.parametrize("shown", PAGES.values(), ids=PAGES)
def test_nothing_is_loaded_and_nothing_is_complained_about(page, shown):
    page.show(shown)
    assert page.browser.get_log("browser") == []
    assert page.requested() == []


def test_hostile_texts_are_text(page):
    page.show(BAD)
    assert page.browser.title == "2 failures – contract report"  # noqa: RUF001 - as typeset
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert page.all(".card h3")[0].text == f"{HOSTILE} {LONG}"


def test_the_policy_of_the_page_stops_what_might_get_in_after_all(page):
    page.show(GOOD)
    page.ask(
        "document.body.insertAdjacentHTML('beforeend', `<img src=x onerror=\"document.title=1\">`)"
    )
    page.ask(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'document.title=2'}))"
    )
    assert page.browser.title == "The contracts hold – contract report"  # noqa: RUF001
    assert "Content Security Policy" in page.browser.get_log("browser")[0]["message"]


def test_verdict_and_numbers_are_those_of_the_results(page):
    page.show(BAD)
    tiles = {one.text.split("\n")[0]: one.text.split("\n")[1] for one in page.all(".tile")}
    assert tiles == {
        "scenarios": "5", "passed": "12", "failed": "2",
        "skipped": "1", "divergences": "2", "seconds": "0.0",
    }  # fmt: skip
    assert page.all("h1")[0].text.endswith("2 failures")
    assert page.all(".problems li")[0].text == f"ib_insync 1.0: {HOSTILE}"
    page.show(GOOD)
    assert page.all("h1")[0].text.endswith("The contracts hold")
    page.show(EMPTY)
    assert page.all("h1")[0].text.endswith("This run proves nothing")


def test_the_filter_finds_scenarios_and_goes_back(page):
    page.show(BAD)
    only, find = page.all("#only")[0], page.all("#find")[0]
    rows = (
        "[...document.querySelectorAll('tr.scenario')].filter(row => row.checkVisibility()).length"
    )
    only.click()
    assert (page.ask(rows), page.all("#shown")[0].text) == (3, "3 scenarios")
    only.click()
    find.send_keys("number 4")
    assert page.ask(rows) == 1
    find.clear()
    find.send_keys(" ")
    assert page.ask(rows) == 5


def test_without_a_script_everything_is_there_but_the_filter(page):
    page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.show(BAD)
        assert not page.all(".filter")[0].is_displayed()
        assert len(page.all(".card")) == 2
        page.all("details.feature summary")[0].click()
        assert len(page.all("tr.scenario")) == 5
    finally:
        page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


CONTRAST = """
(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = one => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.checkVisibility() || one.closest('.hidden, .skip, script')) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(one.outerHTML.slice(0, 80) + ' ' + ratio.toFixed(2));
  }
  return poor;
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast_in_light_and_dark(page, scheme):
    page.show(BAD, prefers_color_scheme=scheme)
    page.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.ask(CONTRAST) == []
    dark = page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"
    assert dark == (scheme == "dark")


def test_tables_have_headers_regions_have_names_and_links_lead_somewhere(page):
    page.show(BAD)
    assert page.ask("[...document.querySelectorAll('th')].every(one => one.scope)")
    assert page.ask("[...document.querySelectorAll('table')].every(one => one.tHead)")
    assert page.ask(
        "[...document.querySelectorAll('.scroll')].every("
        "one => one.tabIndex === 0 && one.getAttribute('aria-label'))"
    )
    assert page.ask(
        "[...document.querySelectorAll('a[href^=\"#\"]')].every("
        "one => document.getElementById(one.hash.slice(1)))"
    )
    ids = page.ask("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    assert [len(page.all(one)) for one in ("header", "main", "footer", "h1", "nav")] == [1] * 5
    levels = page.ask("[...document.querySelectorAll('h1,h2,h3')].map(one => +one.tagName[1])")
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_in_print_everything_is_unfolded_in_dark_ink_on_a4(page):
    page.show(BAD, prefers_color_scheme="dark")
    options = {"preferCSSPageSize": True, "printBackground": True}
    pdf = base64.b64decode(page.browser.execute_cdp_cmd("Page.printToPDF", options)["data"])
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)}
    assert {(round(right), round(top)) for _, _, right, top in boxes} == {(595, 842)}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    unfolded = "[...document.querySelectorAll('.wire tr, tr.scenario')].every(one => one.checkVisibility({contentVisibilityAuto: true}) && one.getBoundingClientRect().height > 0)"
    assert page.ask("document.querySelectorAll('.wire tr').length") == 6
    # the browser turns to print when it draws its next frame
    WebDriverWait(page.browser, PATIENCE_S).until(lambda _: page.ask(unfolded))
    assert page.ask("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.ask(CONTRAST) == []
