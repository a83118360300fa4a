"""Write functions/platform/openapi.json.

    python -m dev.openapi

Committed, so that a change of the API shows in its review and the platform function needs nobody
else's code; a test compares it with the functions.
"""

from dev.openapi.document import DOCUMENT, render_document

if __name__ == "__main__":
    DOCUMENT.write_text(render_document())
