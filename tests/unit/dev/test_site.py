"""Whatever a page would load from elsewhere is found."""

from pathlib import Path

import pytest

from dev.site import find_loads_from_elsewhere, on_post_build, show_screenshots


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://example.com/a.js"></script>',
        '<link rel="stylesheet" href="https://example.com/a.css">',
        '<link rel="preconnect" href="https://example.com">',
        '<img alt="" src="//example.com/a.png">',
        '<iframe src="http://example.com"></iframe>',
        '<pre class="mermaid"><code>flowchart LR</code></pre>',
    ],
)
def test_an_element_that_loads_from_elsewhere_stops_the_build(tmp_path: Path, element: str) -> None:
    page = tmp_path / "guide" / "index.html"
    page.parent.mkdir()
    page.write_text(f"<html><body>{element}</body></html>")
    [found] = find_loads_from_elsewhere(tmp_path)
    assert found.startswith("guide/index.html loads ")
    with pytest.raises(SystemExit, match="not self-contained"):
        on_post_build({"site_dir": str(tmp_path)})


@pytest.mark.parametrize("rule", ["a{background:url(https://x)}", '@import "https://x/a.css";'])
def test_a_style_sheet_that_loads_from_elsewhere_is_found(tmp_path: Path, rule: str) -> None:
    (tmp_path / "a.css").write_text(rule)
    assert find_loads_from_elsewhere(tmp_path) == ["a.css loads from elsewhere"]


def test_links_and_what_the_site_has_itself_are_not_loaded_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<link rel="canonical" href="https://example.com/"><a href="https://example.com">x</a>'
        '<script src="assets/a.js"></script><img alt="" src="data:image/png;base64,AAAA">'
    )
    (tmp_path / "a.css").write_text("a{background:url(data:image/png;base64,AAAA)}")
    on_post_build({"site_dir": str(tmp_path)})


def test_the_index_of_decisions_has_each_of_them() -> None:
    folder = Path(__file__).parents[3] / "docs" / "adr"
    index = (folder / "README.md").read_text()
    missing = [page.name for page in folder.glob("0*.md") if f"]({page.name})" not in index]
    assert not missing, "add a row to docs/adr/README.md"


def test_pictures_stand_where_their_comments_are_if_they_were_taken(tmp_path: Path) -> None:
    page = "# Portal\n<!-- screenshot home: The home page -->\nText"
    assert show_screenshots(page, tmp_path) == "# Portal\n\nText"
    (tmp_path / "home-dark.png").touch()
    assert show_screenshots(page, tmp_path).splitlines() == [
        "# Portal",
        "![The home page](../screenshots/home-light.png#only-light)",
        "![The home page](../screenshots/home-dark.png#only-dark)",
        "Text",
    ]
