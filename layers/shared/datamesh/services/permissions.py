"""Rules of what a principal may do, as plain comparisons (docs/adr/0032-roles.md)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from datamesh.errors.access import Forbidden, Unauthenticated
from datamesh.models.access import (
    ADMINISTRATOR,
    ALL_DOMAINS,
    Grant,
    Role,
    Visibility,
    is_namespace_granted,
)
from datamesh.models.product_grants import FindRedirects, NamedProduct, ProductGrants
from datamesh.models.read_access import ReadAccess

type LoadGrants = Callable[[], Sequence[Grant]]
"""Returns the grants of the principal that storage has now, none of them expired."""


class ReadableProduct(NamedProduct, Protocol):
    """The part of a product that rules look at."""

    @property
    def visibility(self) -> Visibility:
        """The readers that it is for."""


type Sight = tuple[frozenset[str], frozenset[Grant]]
"""The domains, case-folded, that a caller is a reader of, and grants of single products."""


_OF_STORED = ("is_admin", "sight", "grants", "_stored", "_ranks", "_products")
"""The properties of permissions that are computed from stored grants."""


class Permissions:
    """The grants of one principal, and what follows from them.

    Grants that came with the credentials are looked at first: who needs no others, as anonymous
    callers and administrators, costs no request to storage. The others are loaded when they are
    first needed, and again by each try of a commit (`forget_stored`).
    """

    def __init__(
        self,
        principal: str | None,
        own: Sequence[Grant] = (),
        load: LoadGrants = lambda: (),
        read_access: ReadAccess = ReadAccess.KEYED,
        find_redirects: FindRedirects = dict,
    ) -> None:
        """Keep the grants that came with the credentials, and how to load the others."""
        self.principal = principal
        self.read_access = read_access
        self._own = tuple(own)
        self._load = load
        self._find_redirects = find_redirects

    def forget_stored(self) -> None:
        """Forget the grants that storage had: whoever asks next, asks for those of now."""
        for name in _OF_STORED:
            self.__dict__.pop(name, None)

    def keep_grants(self) -> "Permissions":
        """Return permissions with the grants of now, which look for no others.

        Raises StorageUnavailable if they cannot be read.
        """
        return Permissions(
            self.principal,
            self.grants,
            read_access=self.read_access,
            find_redirects=self._find_redirects,
        )

    @cached_property
    def is_admin_by_credentials(self) -> bool:
        """True if the principal may do everything, whatever grants storage has."""
        return any(each.role is Role.ADMIN for each in self._own)

    @cached_property
    def is_admin(self) -> bool:
        """True if the principal may do everything."""
        return self.is_admin_by_credentials or any(each.role is Role.ADMIN for each in self._stored)

    @cached_property
    def sight(self) -> Sight:
        """The part of the grants that callers share who see the same products."""
        return (frozenset(self._ranks), frozenset(each for each in self.grants if each.product))

    @cached_property
    def _stored(self) -> tuple[Grant, ...]:
        """Raises StorageUnavailable if they cannot be read."""
        return tuple(self._load())

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """The grants of the principal, wherever they are kept.

        Raises StorageUnavailable if they cannot be read.
        """
        return (*self._own, *self._stored)

    @cached_property
    def _ranks(self) -> dict[str, int]:
        """Case-folded domain, or ALL_DOMAINS -> the rank of the highest role there."""
        found: dict[str, int] = {}
        for each in self.grants:
            if each.product is None:
                domain = each.domain.casefold()
                found[domain] = max(found.get(domain, -1), each.role.rank)
        return found

    @cached_property
    def _products(self) -> ProductGrants:
        """The products that the principal is a reader of by themselves."""
        return ProductGrants(self.grants, self._find_redirects)

    def has_role(self, role: Role, domain: str) -> bool:
        """Return whether the principal has the role, or a higher one, in a domain."""
        if self.is_admin:
            return True
        ranks = self._ranks
        return role.rank <= max(ranks.get(ALL_DOMAINS, -1), ranks.get(domain.casefold(), -1))

    def find_known_role(self, domain: str) -> Role | None:
        """Return the highest role in a domain, by the grants that were looked at until now.

        Nothing is loaded for it: it tells what a decision was made by.
        """
        stored: tuple[Grant, ...] = self.__dict__.get("_stored", ())
        places = {ALL_DOMAINS, domain.casefold()}
        roles = [
            each.role
            for each in (*self._own, *stored)
            if each.product is None and each.domain.casefold() in places
        ]
        return max(roles, key=lambda role: role.rank, default=None)

    def check_role(self, role: Role, domain: str) -> None:
        """Raise Forbidden unless the principal has the role, or a higher one, in a domain."""
        if not self.has_role(role, domain):
            raise Forbidden(self.principal, role, domain)

    def check_role_somewhere(self, role: Role) -> None:
        """Raise Forbidden unless the principal has the role, or a higher one, in some domain."""
        if not (self.is_admin or any(role.rank <= rank for rank in self._ranks.values())):
            raise Forbidden(self.principal, role, "")

    def check_admin(self) -> None:
        """Raise Forbidden unless the principal may do everything."""
        if not self.is_admin:
            raise Forbidden(self.principal, Role.ADMIN, ALL_DOMAINS)

    def is_reader(self, product: ReadableProduct) -> bool:
        """Return whether the principal may read what is inside of a product."""
        return self.has_role(Role.READER, product.domain) or self._products.has_grant(product)

    def can_see(self, product: ReadableProduct) -> bool:
        """Return whether the principal may know that a product exists."""
        return product.visibility is not Visibility.PRIVATE or self.is_reader(product)

    def can_read_rows(self, product: ReadableProduct) -> bool:
        """Return whether the principal may read the data of a product that it may see."""
        if product.visibility is Visibility.PRIVATE or self.read_access is not ReadAccess.OPEN:
            return product.visibility is Visibility.PUBLIC or self.is_reader(product)
        return True

    def check_rows(self, product: ReadableProduct) -> None:
        """Raise Unauthenticated, or Forbidden, unless the principal may read a product's data."""
        if self.can_read_rows(product):
            return
        if self.principal is None:
            raise Unauthenticated(
                f"The data of '{product.name}' needs a key here: send it as"
                " `Authorization: Bearer <key>`"
            )
        raise Forbidden(self.principal, Role.READER, product.domain)

    def find_foreign_namespaces(
        self, namespaces: Iterable[str], domains: Mapping[str, str]
    ) -> list[str]:
        """Return the namespaces whose events the principal may not send, each once.

        A contributor of all domains may send all. One of a domain may send those of its grants, and
        those of the domain: by `domains`, from namespace to domain, or else by its name.
        """
        if self.has_role(Role.CONTRIBUTOR, ALL_DOMAINS):
            return []
        granted = [
            name
            for each in self.grants
            if each.role.rank >= Role.CONTRIBUTOR.rank
            for name in each.namespaces
        ]
        return [
            each
            for each in dict.fromkeys(namespaces)
            if not is_namespace_granted(granted, each)
            and not self.has_role(Role.CONTRIBUTOR, domains.get(each, each))
        ]


class UnlimitedPermissions(Permissions):
    """The permissions of the registry itself and its operator: everything, by no grant."""

    def __init__(self, principal: str) -> None:
        """Keep who acts."""
        super().__init__(principal, own=[ADMINISTRATOR])

    def find_known_role(self, domain: str) -> None:
        """Return no role: nobody has granted one."""


def create_unlimited_permissions(principal: str) -> Permissions:
    """Return the permissions of a schedule, a worker, or an operator's command."""
    return UnlimitedPermissions(principal)
