"""How fast the workbench is: `python tests/review/measure.py` prints it. A quiet machine, Debian's Chromium."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import uvicorn
from playwright.sync_api import Page, Route, sync_playwright

import leadterm
from leadterm.decisions.decision_store import DecisionStore
from leadterm.review import guard
from leadterm.review.app import make_app
from leadterm.review.serve import _bind
from leadterm.review.workbench import Workbench
from leadterm.schema import Encounter, Note

TOKEN = "a-token-to-measure"
PLAN = """ASSESSMENT AND PLAN
Type 2 diabetes mellitus with chronic kidney disease stage 3. Essential hypertension, on lisinopril. Osteoarthritis of
the right knee; an injection may follow. Hyperlipidemia, continue atorvastatin.

"""
HISTORY = """HISTORY OF PRESENT ILLNESS
She walks every morning and sleeps well. The cough of last week has gone. She takes her tablets, and her daughter helps
with the shopping. No fever, no chest pain, no swelling of the legs.

"""
FRAME = "new Promise((go) => requestAnimationFrame(go))"
PAINTED = "new Promise((go) => requestAnimationFrame(() => setTimeout(go)))"
OPEN = f"""async (n) => {{
  const began = performance.now();
  location.hash = `#/${{n}}`;
  while (!document.querySelector(".codes .s.at") || !CSS.highlights?.get("active")?.size) await {FRAME};
  await {PAINTED};
  const took = performance.now() - began;
  location.hash = "#/";
  while (!document.querySelector("tbody a")) await {FRAME};
  return took;
}}"""
PRESS = f"""async (key) => {{
  const began = performance.now();
  dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true }}));
  await {PAINTED};
  return performance.now() - began;
}}"""
WATCH = """() => {
  const ask = window.fetch;
  window.fetch = async (...given) => {
    const answer = await ask(...given), json = answer.json.bind(answer);
    answer.json = async () => { const told = await json(); window.told = performance.now(); return told; };
    return answer;
  };
}"""
SEARCH = f"""async (text) => {{
  const field = document.querySelector("dialog input"), began = performance.now();
  window.told = 0;
  field.value = text;
  field.dispatchEvent(new Event("input", {{ bubbles: true }}));
  while (!window.told) await new Promise((go) => setTimeout(go));
  const told = window.told - began;
  await {PAINTED};
  return [told, performance.now() - began];
}}"""
WORDS = ("osteoarthritis right knee", "heel ulcer diabetic", "fracture of femur", "gout", "E11.6")


def note(words: int) -> str:
    """A made-up note of so many words."""
    text = ""
    while len(text.split()) < words:
        text += PLAN if len(text) % 3 else HISTORY
    return text


def told(name: str, times: list[float], wanted: str = "") -> None:
    """Print the middle and the slow end."""
    times = sorted(times)
    slow = times[min(len(times) - 1, round(0.95 * len(times)))]
    print(f"{name:58} median {statistics.median(times):7.1f} ms   p95 {slow:7.1f} ms   n {len(times):4}   {wanted}")


def more_marks(route: Route) -> None:
    """Let an encounter have a thousand marks, which no model gives it."""
    answer = route.fetch()
    told = answer.json()
    note, codes = told["notes"][0], told["codes"]
    for place in range(1000):
        mention = {**codes[0]["evidence"][0], "note": note["id"], "spans": [[100 * place, 100 * place + 9]], "cues": []}
        codes[place % len(codes)]["evidence"].append(mention)
    route.fulfill(response=answer, json=told)


def measure_page(page: Page, base: str) -> None:
    """Opening, keys, search."""
    page.goto(f"{base}/?token={TOKEN}")
    page.wait_for_selector("tbody a")
    for n, size, wanted in ((0, "1,500", "200"), (1, "20,000", "1,000")):
        page.evaluate(OPEN, n)
        times = [page.evaluate(OPEN, n) for _ in range(20)]
        told(f"open, suggested and painted, {size} words, warm", times, f"<= {wanted} ms")
    page.route("**/api/encounters/1", lambda route: more_marks(route))
    page.goto(f"{base}/#/1")
    page.wait_for_selector(".codes .s.at")
    near = page.evaluate("[...CSS.highlights.values()].reduce((sum, one) => sum + one.size, 0)")
    name = f"key to paint with 1,000 marks, {near} near the window"
    for key in "jk" * 4:
        page.evaluate(PRESS, key)
    told(name, [page.evaluate(PRESS, "jk"[i // 8 % 2]) for i in range(60)], "<= 33 ms")
    page.evaluate(WATCH)
    page.keyboard.press("/")
    page.wait_for_selector("dialog input:focus")
    typed = [word[:length] for word in WORDS for length in range(3, len(word) + 1)]
    times = [page.evaluate(SEARCH, one) for one in typed]
    told("keystroke to search result, first time", [one for one, _ in times], "<= 30 ms")
    told("the same, painted", [one for _, one in times])


def measure_load(base: str) -> None:
    """Suggesting over the API: clients at the same time, a bounded number of requests."""
    text, headers = note(300), {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=base, headers=headers, timeout=60) as client:

        def ask(_: int) -> float:
            began = time.perf_counter()
            client.post("/api/suggest", json={"text": text}).raise_for_status()
            return 1000 * (time.perf_counter() - began)

        ask(0)
        for clients in (1, 4, 16):
            began = time.perf_counter()
            with ThreadPoolExecutor(clients) as pool:
                times = list(pool.map(ask, range(48)))
            rate = 48 / (time.perf_counter() - began)
            told(f"POST /api/suggest, 300 words, {clients} clients", times, f"{rate:.1f} requests a second")


def measure(base: str) -> None:
    """Print all of a server at an address."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        measure_page(browser.new_page(viewport={"width": 1280, "height": 800}), base)
        browser.close()
    measure_load(base)


def main() -> None:
    """Start a server; what asks it runs in a process of its own, as a coder's browser does."""
    guard.MOST_REQUESTS = 10**9
    encounters = [Encounter(f"e{words}", (Note("n", note(words)),)) for words in (1500, 20_000)]
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench(encounters, leadterm.load("default"), DecisionStore(Path(folder)), "ana")
        bench.read_all()
        held = _bind(0)
        server = uvicorn.Server(uvicorn.Config(make_app(bench, TOKEN), log_level="critical", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [held]})
        thread.start()
        base = f"http://127.0.0.1:{held.getsockname()[1]}"
        subprocess.run([sys.executable, __file__, base], check=True)
        server.should_exit = True
        thread.join()
        bench.store.close()


if __name__ == "__main__":
    sys.exit(measure(sys.argv[1]) if sys.argv[1:] else main())
