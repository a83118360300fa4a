"""The names of products that events register.

`<slug>-<digest>`: what is readable of the dataset's name, its end if that is long, and 16
hexadecimal digits of the SHA-256 over namespace and name. Names that slug alike, or are equal in
two namespaces, differ in the digest.
"""

import re
from hashlib import sha256

from datamesh.models.json_codec import encode_for_digest
from datamesh.models.products import DatasetName

MAX_SLUG_LENGTH = 80
DIGEST_LENGTH = 16
UNSUITABLE_CHARACTERS = re.compile(r"[^a-zA-Z0-9_]+")


def build_product_name(dataset: DatasetName) -> str:
    """Return the name of the product that a dataset is registered as.

    `shop.public.orders` of `postgres://db` -> `shop-public-orders-` and 16 hexadecimal digits.
    """
    slug = UNSUITABLE_CHARACTERS.sub("-", dataset.name)[-MAX_SLUG_LENGTH:].strip("-") or "dataset"
    text = encode_for_digest([dataset.namespace, dataset.name], ascii_only=False)
    return f"{slug}-{sha256(text).hexdigest()[:DIGEST_LENGTH]}"
