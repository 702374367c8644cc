"""Presses keys on the page of the workbench, as a coder does; what the tests of the page share."""

from __future__ import annotations

from typing import Any


class Keys:
    """Presses keys and counts them; it has no mouse."""

    def __init__(self, page: Any) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, words: str) -> None:
        self.page.wait_for_selector("dialog[open] :is(input, textarea):focus")
        self.page.keyboard.type(words)
        self.pressed += len(words)

    def to(self, code: str) -> None:
        """Go to a code with j and k."""
        wanted = f"c-{code if ':' in code else f'icd10cm:{code}'}"
        for _ in range(60):
            at = self.page.locator(".s.at").get_attribute("id")
            order = self.page.eval_on_selector_all(".codes .s", "all => all.map((one) => one.id)")
            if at == wanted:
                return
            self.press("j" if order.index(at) < order.index(wanted) else "k")


# The words under the highlights of a kind: these are ranges of the kind that knows only where it begins and ends.
WORDS = """(kind) => [...(CSS.highlights.get(kind) || [])].map((one) => {
  const range = new Range();
  range.setStart(one.startContainer, one.startOffset);
  range.setEnd(one.endContainer, one.endOffset);
  const box = range.getBoundingClientRect();
  return { words: range.toString().toLowerCase(), x: box.left + box.width / 2, y: box.top + box.height / 2 };
})"""


def marked(page: Any, kind: str) -> list[dict[str, Any]]:
    """Tell what is highlighted as a kind, and where on the page."""
    found: list[dict[str, Any]] = page.evaluate(WORDS, kind)
    return found


def until(page: Any, true: str) -> None:
    """Wait for a condition; the page's policy keeps the browser's driver from doing it."""
    for _ in range(200):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(true)


def opened(page: Any, name: str) -> Keys:
    keys = Keys(page)
    page.goto(f"{page.url.split('#')[0]}#/{('visit-1', 'stay-2', 'given-3').index(name)}")
    page.wait_for_selector(".codes .s.at")
    return keys


def saved(page: Any) -> None:
    from playwright.sync_api import expect

    expect(page.locator(".saved")).to_have_text("saved")


def finals(page: Any) -> list[str]:
    saved(page)
    found: list[str] = page.eval_on_selector_all(".final li code", "all => all.map((one) => one.textContent)")
    return found
