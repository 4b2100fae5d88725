"""The report in a real browser: what a person would notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

BROWSER = "/usr/bin/chromium"
THEMES = ("light", "dark")
WIDTHS = (1366, 3840)
LEAST_CONTRAST = 4.5  # WCAG 2.2, AA

CHARTS = """() => [...document.querySelectorAll('[id^=chart-]')].map(of => ({
  id: of.id, marks: of.querySelectorAll('svg path, svg rect, svg circle').length,
  wide: of.clientWidth, high: of.clientHeight, text: of.textContent,
}))"""
WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
# Every element with text of its own against the nearest background that is not transparent.
CONTRAST = """() => {
  const numbers = (of) => of.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (of) => { const [r, g, b] = of.map(linear); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const found = [];
  for (const of of document.querySelectorAll('body *:not(script):not(style):not(svg *)')) {
    if (![...of.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !of.checkVisibility()) continue;
    let behind = of;
    while (behind && (numbers(getComputedStyle(behind).backgroundColor)[3] === 0)) behind = behind.parentElement;
    const colours = [getComputedStyle(of).color, getComputedStyle(behind || document.body).backgroundColor];
    const [front, back] = colours.map(numbers).map(light);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    found.push([ratio, of.tagName + '.' + of.className + ': ' + of.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""


@dataclass
class Seen:
    """What the browser said while a page was open."""

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def charts(self) -> list[dict[str, Any]]:
        return list(self.page.evaluate(CHARTS))

    def theme(self) -> str:
        return str(self.page.evaluate("document.documentElement.dataset.theme"))

    def drawn(self) -> int:
        return int(self.page.evaluate("document.documentElement.dataset.drawn"))

    def faint(self) -> list[str]:
        """Texts with too little contrast."""
        return [text for ratio, text in self.page.evaluate(CONTRAST) if ratio < LEAST_CONTRAST]


@contextmanager
def opened(address: str, theme: str = "light", width: int = 1366, height: int = 900) -> Iterator[Seen]:
    """The page in Debian's browser, as somebody has it who prefers that theme."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
            seen = Seen(page)
            page.on("console", lambda of: seen.errors.append(of.text) if of.type in ("error", "warning") else None)
            page.on("pageerror", lambda of: seen.errors.append(str(of)))
            page.on("request", lambda of: seen.asked.append(of.url))
            page.goto(address)
            page.wait_for_selector("html[data-drawn]", state="attached")
            yield seen
        finally:
            browser.close()


def check(address: str, theme: str, width: int, pictures: Path) -> None:
    """Nothing is wrong with the page; a picture of it is kept."""
    with opened(address, theme, width) as seen:
        charts = seen.charts()
        pictures.mkdir(parents=True, exist_ok=True)
        seen.page.screenshot(path=pictures / f"{theme}-{width}.png")
        assert seen.errors == []
        assert [url for url in seen.asked if not url.startswith(("data:", address.partition("?")[0]))] == []
        assert seen.theme() == theme
        assert len(charts) == seen.drawn() > 0
        assert [of for of in charts if not of["marks"] or not of["wide"] or not of["high"]] == []
        assert [of for of in charts if "NaN" in of["text"] or "undefined" in of["text"]] == []
        assert seen.page.evaluate(WIDE) == 0, "the page is wider than the window"
        assert seen.faint() == []
        ids = set(seen.page.evaluate("[...document.querySelectorAll('[id]')].map(of => of.id)"))
        links = seen.page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(of => of.hash.slice(1))")
        assert links
        assert set(links) <= ids
