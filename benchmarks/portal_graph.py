"""The graph of lineage in a browser: CPU of the thread that draws it, and of a frame of a move."""

import gzip
import json
import random
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, CDPSession, Page

from benchmarks.measure import Row, at_most
from tests.e2e.portal.browser import find_chromium, running
from tests.template import ROOT

STATIC = ROOT / "functions/portal/static"
DEPTH = 10
PRODUCT = {"domain": "domain_0", "status": "active", "version": "1.0.0"}
"""The fields that the head of the page shows."""
SIZES = {(200, 400): 200, (1_000, 4_000): 600}
"""Products and edges -> the most milliseconds of the thread that draws."""
FRAME_MILLISECONDS = 50
ROUNDS = 3
MOVES = 30


def rows() -> list[Row]:
    executable = find_chromium()
    if executable is None:
        print("no chromium, so no figures of the portal: apt-get install chromium", file=sys.stderr)
        return []
    with _serving() as root, running(executable) as browser:
        plain = _measure(browser, root, 2, 1)[0]
        found = {size: _measure(browser, root, *size) for size in SIZES}
    against = "the same page with two products, which is taken off"
    return [
        row
        for (nodes, edges), (drawn, frame) in found.items()
        for row in (
            Row(
                f"{nodes:,} products, {edges:,} edges drawn",
                "ms CPU",
                drawn - plain,
                plain,
                against,
                at_most(SIZES[nodes, edges]),
            ),
            Row(
                f"a frame of a move, {nodes:,} products",
                "ms CPU",
                frame,
                target=at_most(FRAME_MILLISECONDS),
            ),
        )
    ]


def build_graph(nodes: int, edges: int) -> dict[str, Any]:
    """Return products in layers below one; none has so many neighbours that some are hidden."""
    chance = random.Random(7)
    first = min(nodes - 1, 20)
    rest = list(range(1 + first, nodes))
    step = max(1, -(-len(rest) // (DEPTH - 1)))
    layers = [[0], list(range(1, 1 + first))]
    layers += [rest[start : start + step] for start in range(0, len(rest), step)]
    distance = {node: number for number, layer in enumerate(layers) for node in layer}
    pairs = {
        (above[position % len(above)], node)
        for above, layer in pairwise(layers)
        for position, node in enumerate(layer)
    }
    while len(pairs) < edges:
        source = chance.randrange(nodes)
        if distance[source] + 1 < len(layers):
            pairs.add((source, chance.choice(layers[distance[source] + 1])))
    return {
        "product": _name(0),
        "nodes": [_describe(node, distance[node]) for node in range(nodes)],
        "edges": [_join(source, target) for source, target in sorted(pairs)],
        "cycles": [],
        "hidden_neighbours": {},
        "truncated": False,
    }


def _name(node: int) -> str:
    return f"product_number_{node}"


def _describe(node: int, distance: int) -> dict[str, Any]:
    return {
        "name": _name(node),
        "domain": f"domain_{node % 9}",
        "owner": "team@example.com",
        "status": "active",
        "distance": distance,
        "path_confidence": 1.0,
        "direction": "downstream" if node else None,
    }


def _join(source: int, target: int) -> dict[str, Any]:
    return {
        "id": f"{source}-{target}",
        "source": _name(source),
        "target": _name(target),
        "lineage_type": "derived",
        "confidence": 0.9,
    }


def _measure(browser: Browser, root: str, nodes: int, edges: int) -> tuple[float, float]:
    """Return the milliseconds of CPU until the graph is drawn, and those of a frame of a move."""
    found = [_measure_once(browser, root, nodes, edges) for _ in range(ROUNDS)]
    drawn, frames = zip(*found, strict=True)
    return statistics.median(drawn), statistics.median(frames)


def _measure_once(browser: Browser, root: str, nodes: int, edges: int) -> tuple[float, float]:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    try:
        thread = page.context.new_cdp_session(page)
        thread.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(f"{root}/ui/p/{_name(0)}/lineage?depth={DEPTH}&edges={edges}&nodes={nodes}")
        page.locator("svg a[data-name]").nth(nodes - 1).wait_for(state="attached")
        shown = f"{nodes:,} products and {edges:,} edge"
        assert shown in (page.get_by_role("status").first.text_content() or "")
        rest(page)
        drawn = read_milliseconds(thread)
        return drawn, _move(page, thread)
    finally:
        page.close()


def _move(page: Page, thread: CDPSession) -> float:
    """Drag the graph, each step a frame."""
    box = page.locator(".graph > svg").bounding_box()
    assert box
    x, y = box["x"] + 20, box["y"] + box["height"] - 20
    page.mouse.move(x, y)
    page.mouse.down()
    before = read_milliseconds(thread)
    for step in range(MOVES):
        page.mouse.move(x + 4 * step, y - 2 * step)
        rest(page, frames=1)
    page.mouse.up()
    return (read_milliseconds(thread) - before) / MOVES


def rest(page: Page, frames: int = 20) -> None:
    """Wait until so many frames were drawn."""
    page.evaluate(
        "async (count) => { while (count--) await new Promise(requestAnimationFrame); }", frames
    )


def read_milliseconds(thread: CDPSession) -> float:
    """Return how long the thread that draws has worked, in milliseconds."""
    metrics = thread.send("Performance.getMetrics")["metrics"]
    seconds: float = next(each["value"] for each in metrics if each["name"] == "TaskDuration")
    return 1000 * seconds


class _Portal(BaseHTTPRequestHandler):
    """The pages as they were built, and of the API what the page of lineage asks."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asset = STATIC / f"{address.path.rpartition('/')[2]}.gz"
        if asset.exists():
            script = address.path.endswith(".js")
            kind = "text/javascript" if script else "text/css"
            self._answer(gzip.decompress(asset.read_bytes()), kind)
        elif address.path.startswith("/ui"):
            page = (STATIC / "index.html").read_text().replace("{ui}", "/ui/")
            self._answer(page.encode(), "text/html")
        elif address.path.startswith("/lineage/graph/"):
            self._answer(json.dumps(self._find_graph()).encode(), "application/json")
        elif address.path.startswith("/product/"):
            self._answer(json.dumps(PRODUCT).encode(), "application/json")
        else:
            empty = {"total": 0, "results": [], "last_success": None, "last_failure": None}
            self._answer(json.dumps(empty).encode(), "application/json")

    def _find_graph(self) -> dict[str, Any]:
        """The address of the page says how large it is."""
        asked = parse_qs(urlsplit(self.headers["Referer"]).query)
        return build_graph(int(asked["nodes"][0]), int(asked["edges"][0]))

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def _serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Portal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
