"""Stop the build of the site if a page would load anything from elsewhere."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "link": "href",
}
"""Elements that a browser loads something for, and the attribute that says from where."""

NOT_LOADED = {"canonical", "next", "prev", "alternate"}
"""Values of `rel` of a link that a browser only remembers."""


class Loads(HTMLParser):
    """The addresses elsewhere that a page has its browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element loads from elsewhere."""
        attributes = dict(attrs)
        if tag == "link" and attributes.get("rel") in NOT_LOADED:
            return
        address = attributes.get(LOADING.get(tag, "")) or ""
        if address.startswith(("http:", "https:", "//")):
            self.elsewhere.append(address)
        # The theme fetches the renderer of such a diagram from a content delivery network.
        if "mermaid" in (attributes.get("class") or "").split():
            self.elsewhere.append("the renderer of a mermaid diagram")


def find_loads_from_elsewhere(site: Path) -> list[str]:
    """Return a line for each thing that a page or style sheet of the site loads from elsewhere."""
    found = []
    for page in sorted(site.rglob("*.html")):
        loads = Loads()
        loads.feed(page.read_text())
        found += [f"{page.relative_to(site)} loads {address}" for address in loads.elsewhere]
    for sheet in sorted(site.rglob("*.css")):
        text = sheet.read_text()
        if "url(http" in text or "url(//" in text or "@import" in text:
            found.append(f"{sheet.relative_to(site)} loads from elsewhere")
    return found


def on_post_build(config: Any, **_: Any) -> None:
    """Check the whole site once it is built (an event of MkDocs)."""
    if found := find_loads_from_elsewhere(Path(config["site_dir"])):
        raise SystemExit("The site is not self-contained:\n" + "\n".join(found))
