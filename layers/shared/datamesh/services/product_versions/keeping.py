"""Versions are kept as they are replaced: `versions/<product>/<digest>.json` for each.

`products.json` has the version of now, and where the one before it is; each one kept names the one
before. So a product has the versions that led to it, under whatever names, and at any moment
(docs/adr/0040-versions.md).
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from datamesh.errors.storage import OutcomeUnknown, StorageUnavailable
from datamesh.models.access import Visibility
from datamesh.models.json_codec import decode_model, encode_model
from datamesh.models.kept_versions import EarlierVersion, KeptVersion
from datamesh.models.stored_products import StoredProduct
from datamesh.models.values import utc_now
from datamesh.models.version_stamps import VersionStamp
from datamesh.services.product_versions.contents import build_content, hash_content
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.objects import OpenObject, StoredObject
from datamesh.storage.parallel import map_in_parallel
from datamesh.storage.records import ProductRecord

logger = logging.getLogger(__name__)

VERSIONS_FOLDER = "versions/"
MAX_EARLIER = 50
"""How many earlier versions one that is kept remembers: so many are listed by one read."""


@dataclass(frozen=True)
class ProductVersions:
    """The folder of the versions that were replaced."""

    open_object: OpenObject
    backoff: Backoff

    def read_version(self, key: str, deadline: Deadline) -> KeptVersion | None:
        """Return a version that was kept, None if it is there no more. Raises StorageUnavailable.

        Somebody may have deleted it, or have copied the registry without its versions.
        """
        stored = self.open_object(f"{VERSIONS_FOLDER}{key}.json")
        found = self.backoff.read_until_reached(stored.name, stored.get, deadline)
        if not isinstance(found, StoredObject):
            logger.warning("%s is not there any more", stored.name)
            return None
        return decode_model(KeptVersion, found.body)

    def store_version(self, kept: KeptVersion, deadline: Deadline) -> None:
        """Keep a version, with those before it that are known. Raises StorageUnavailable."""
        earlier: list[EarlierVersion] = []
        last = self.read_version(kept.past, deadline) if kept.past else None
        if last:
            earlier = [EarlierVersion(**last.model_dump(include=_SUMMARY)), *last.earlier]
        body = encode_model(kept.model_copy(update={"earlier": (*earlier[:MAX_EARLIER],)}))
        stored = self.open_object(f"{VERSIONS_FOLDER}{kept.key}.json")
        try:
            create_if_absent(stored, body, self.backoff, deadline)
        except OutcomeUnknown as error:
            raise StorageUnavailable(f"{stored.name} may not have been stored") from error


_SUMMARY = {*EarlierVersion.model_fields}


@dataclass
class VersionKeeper:
    """Keeps the versions that one try of a commit replaces."""

    versions: ProductVersions
    principal: str | None
    _replaced: list[KeptVersion] = field(default_factory=list)

    def stamp_product(self, old: ProductRecord, new: ProductRecord) -> ProductRecord:
        """Return a product with its stamp: that of before, or another for other content.

        What a commit has put there does not count, such as that of an older file.
        """
        before, after = old.to_model(), new.to_model()
        stamp = before.versioned
        if hash_content(build_content(before)) != hash_content(build_content(after)):
            at = after.updated_at if after.updated_at > before.updated_at else utc_now()
            stamp = self._replace_version(before, at)
        return ProductRecord.from_model(after.model_copy(update={"versioned": stamp}))

    def store_replaced(self, deadline: Deadline) -> None:
        """Keep the versions that were replaced. Raises StorageUnavailable."""
        map_in_parallel(lambda kept: self.versions.store_version(kept, deadline), self._replaced)

    def _replace_version(self, before: StoredProduct, at: datetime) -> VersionStamp:
        last = before.versioned or VersionStamp()
        if not before.schema_ and before.contract is None:
            # Nobody has said yet what it holds: there is nothing to keep.
            return last.model_copy(update={"at": at, "by": self.principal})
        kept = build_kept_version(before)
        self._replaced.append(kept)
        return VersionStamp(number=last.number + 1, at=at, by=self.principal, past=kept.key)


def build_kept_version(product: StoredProduct) -> KeptVersion:
    """Return the version that a product is, without those before it."""
    stamp = product.versioned or VersionStamp()
    content = build_content(product)
    kept = KeptVersion.model_validate(
        {
            **dict(content),
            "schema": content.schema_,
            "product": product.name,
            "number": stamp.number,
            "digest": hash_content(content),
            "at": stamp.at or product.created_at,
            "by": stamp.by,
            "is_private": product.visibility is Visibility.PRIVATE,
            "domain": product.domain,
            "key": "",
            "past": stamp.past,
        }
    )
    digest = sha256(encode_model(kept)).hexdigest()
    return kept.model_copy(update={"key": f"{product.name}/{digest}"})
