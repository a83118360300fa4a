"""Add what is bundled into the portal to a bill of materials: `portal_components.py FILE`.

It runs with the tools of `make sbom`, which validate the result as they do their own.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

LOCK = Path(__file__).resolve().parents[1] / "portal" / "package-lock.json"
FOLDER = "node_modules/"


def list_components(lock: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the locked packages that come into the bundle, as CycloneDX describes them."""
    return [
        _describe(path.rpartition(FOLDER)[2], package)
        for path, package in sorted(lock["packages"].items())
        if path.startswith(FOLDER) and not package.get("dev")
    ]


def _describe(name: str, package: dict[str, Any]) -> dict[str, Any]:
    algorithm, _, digest = package["integrity"].partition("-")
    assert algorithm == "sha512", f"{name}: a digest of {algorithm}"
    reference = f"pkg:npm/{quote(name, safe='/')}@{package['version']}"
    return {
        "bom-ref": reference,
        "hashes": [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}],
        "licenses": [{"license": {"id": package["license"]}}],
        "name": name,
        "purl": reference,
        "type": "library",
        "version": package["version"],
    }


def add_components(file: Path) -> None:
    """Add the components to the bill in a file. Exits where the result breaks its schema."""
    # Of the tools of `make sbom` alone.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    bill = json.loads(file.read_text())
    components = list_components(json.loads(LOCK.read_text()))
    bill["components"] += components
    bill["dependencies"] += [{"ref": each["bom-ref"]} for each in components]
    text = json.dumps(bill, indent=2) + "\n"
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"the bill of materials does not match its schema: {fault}")
    file.write_text(text)


if __name__ == "__main__":
    add_components(Path(sys.argv[1]))
