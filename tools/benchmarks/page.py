"""The page on a weak line: what a first visit loads, when its map is drawn, and how it pans.

Run by hand against a running service: python -m tools.benchmarks.page http://127.0.0.1:8000/
It needs playwright and Debian's chromium.
"""

import argparse
from typing import Any, NamedTuple

from playwright.sync_api import CDPSession, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu")
MAP_IS_DRAWN = """() => document.querySelector(".regions path[class]")
  && new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => done(performance.now()))))"""
WATCH = """() => { window.tasks = []; new PerformanceObserver(list => {
  for (const task of list.getEntries()) window.tasks.push(task.duration);
}).observe({ type: "longtask" }); }"""


class Line(NamedTuple):
    """A line and a processor: [kbit/s], [ms] there and back, times slower."""

    name: str
    kbit_s: float
    delay_ms: float
    slower: int


LINES = (
    Line("no limit", 0, 0, 1),
    Line("1.6 Mbit/s, processor 4 times slower", 1600, 150, 4),
    Line("400 kbit/s, processor 4 times slower", 400, 400, 4),
)


def limit(session: CDPSession, line: Line) -> None:
    """Make the browser as slow as a line says."""
    bytes_s = line.kbit_s * 1000 / 8 or -1
    conditions = {"offline": False, "latency": line.delay_ms}
    conditions |= {"downloadThroughput": bytes_s, "uploadThroughput": bytes_s}
    session.send("Network.emulateNetworkConditions", conditions)
    session.send("Emulation.setCPUThrottlingRate", {"rate": line.slower})


def visit(page: Page, address: str, line: Line) -> dict[str, float]:
    """Open the page for the first time: size of what is loaded [kB], and times [ms]."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    limit(session, line)
    page.goto(address, wait_until="commit")
    drawn = page.wait_for_function(MAP_IS_DRAWN, timeout=120_000).json_value()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.wait_for_load_state("networkidle")
    return {"kB": sum(loaded) / 1000, "first paint": paint, "map": drawn}


def change(page: Page) -> dict[str, float]:
    """Choose another month: size of what is loaded [kB], and the time until it is shown [ms]."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    before = page.inner_text("#question")
    start = page.evaluate("performance.now()")
    page.locator("#months label").nth(1).click()
    page.wait_for_function(
        "before => document.getElementById('question').innerText !== before", arg=before
    )
    end = page.evaluate("performance.now()")
    page.wait_for_load_state("networkidle")
    return {"kB": sum(loaded) / 1000, "ms": end - start}


def pan(page: Page, steps: int = 60) -> dict[str, float]:
    """Drag the map across, and zoom in and out: tasks longer than 50 ms, and the longest [ms]."""
    page.evaluate(WATCH)
    box: Any = page.locator(".stage").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(steps):
        page.mouse.move(x + 150 * (step % 20 - 10) / 10, y + step)
    page.mouse.up()
    for factor in (-1, 1):
        for _ in range(8):
            page.mouse.wheel(0, factor * 120)
    page.wait_for_timeout(500)
    tasks: list[float] = page.evaluate("window.tasks")
    return {"tasks over 50 ms": len(tasks), "longest ms": max(tasks, default=0)}


def main() -> None:
    """Measure a page on every line, each with an empty cache."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("address")
    address = parser.parse_args().address
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for line in LINES:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            first, panned = visit(page, address, line), pan(page)
            changed = change(page)
            print(f"\n{line.name}")
            print(f"  first visit   {first['kB']:7.0f} kB")
            print(f"  first paint   {first['first paint']:7.0f} ms")
            print(f"  map drawn     {first['map']:7.0f} ms")
            print(f"  other month   {changed['kB']:7.1f} kB, {changed['ms']:.0f} ms")
            print(
                f"  panning       {panned['tasks over 50 ms']} tasks over 50 ms, "
                f"the longest {panned['longest ms']:.0f} ms"
            )
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
