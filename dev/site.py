"""Hooks of the site: pictures of the portal, and nothing that a page loads from elsewhere."""

import re
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

SCREENSHOTS = Path("build/screenshots")
"""The pictures that `make screenshots` takes, of each page in a light and a dark scheme."""
SCREENSHOT = re.compile(r"<!-- screenshot (?P<name>[a-z]+): (?P<words>.+) -->")
"""Where a page has one: a comment, for where the file itself is read there is no picture."""

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


def show_screenshots(markdown: str, folder: Path) -> str:
    """Return a page with the pictures that were taken in the places of their comments."""

    def show(match: re.Match[str]) -> str:
        name, words = match["name"], match["words"]
        if not (folder / f"{name}-dark.png").exists():
            return ""
        return "\n".join(
            f"![{words}](../screenshots/{name}-{scheme}.png#only-{scheme})"
            for scheme in ("light", "dark")
        )

    return SCREENSHOT.sub(show, markdown)


def on_files(files: Any, config: Any) -> Any:
    """Add the pictures to the files of the site (an event of MkDocs)."""
    from mkdocs.structure.files import File  # in the environment of the site alone

    for picture in sorted(SCREENSHOTS.glob("*.png")):
        source = f"screenshots/{picture.name}"
        files.append(File.generated(config, source, abs_src_path=str(picture.resolve())))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Show the pictures of a page (an event of MkDocs)."""
    return show_screenshots(markdown, SCREENSHOTS)


def on_post_build(config: Any, **_: Any) -> None:
    """Check the whole site once it is built (an event of MkDocs)."""
    if found := find_loads_from_elsewhere(Path(config["site_dir"])):
        raise SystemExit("The site is not self-contained:\n" + "\n".join(found))
