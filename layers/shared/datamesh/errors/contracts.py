"""Data contracts: what is wrong with a document, and what it cannot be registered as."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from datamesh.errors.base import MeshError

if TYPE_CHECKING:  # the authorizer imports this room, and no pydantic
    from datamesh.models.contracts import ContractFault

MAX_SHOWN_OBJECTS = 20
"""How many objects of a contract an error names."""


class InvalidContract(MeshError):
    """A contract cannot be read, or is not what the standard says."""

    def __init__(self, faults: "Sequence[ContractFault]") -> None:
        """Keep the faults, of which the text has the first."""
        first = faults[0]
        line = "" if first.line is None else f"line {first.line}"
        place = f"{first.pointer} ({line})" if first.pointer and line else first.pointer or line
        more = f"; and {len(faults) - 1} more" if len(faults) > 1 else ""
        text = f"{place}: {first.message}" if place else first.message
        super().__init__(f"Invalid contract: {text}{more}")
        self.faults = faults


class ObjectNotChosen(MeshError):
    """A contract has several objects, or not the one that was asked for."""

    def __init__(self, objects: Sequence[str], asked: str | None, *, fans_out: bool = True) -> None:
        """Keep the objects; `fans_out` if each of them may become a product."""
        shown = ", ".join(f"'{name}'" for name in objects[:MAX_SHOWN_OBJECTS]) or "none"
        more = len(objects) - MAX_SHOWN_OBJECTS
        listed = f"{shown} and {more} more" if more > 0 else shown
        if asked is not None:
            text = f"The contract has no object '{asked[:100]}'; it has {listed}"
        else:
            whole = ", or register each as a product with `fan_out=true`" if fans_out else ""
            count = len(objects)
            text = f"The contract has {count} objects: choose one with `object`{whole}: {listed}"
        super().__init__(text)


class ContractIdTaken(MeshError):
    """A product of another name has the contract."""

    def __init__(self, contract_id: str, product: str) -> None:
        super().__init__(
            f"The contract '{contract_id[:100]}' is that of the product '{product}': replace it"
            f" with PUT /product/{product}/contract, or give this one another id"
        )


class ContractNotFound(MeshError):
    """No product has the contract."""

    def __init__(self, contract_id: str) -> None:
        super().__init__(f"No product has the contract '{contract_id[:100]}'")
