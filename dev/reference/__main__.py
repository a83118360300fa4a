"""Write the reference pages.

    python -m dev.reference

They are committed, so that they can be read without building the site and a change of the
interface shows in its review; a test compares them with the code.
"""

from dev.reference.pages import render_pages

if __name__ == "__main__":
    for path, text in render_pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
