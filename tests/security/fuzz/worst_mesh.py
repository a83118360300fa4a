"""A registry of odd names over broken files, for readers to fail on."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from dev.storage.s3 import S3Access
from tests.e2e import local_run
from tests.e2e.api import Api
from tests.e2e.local_run import Run
from tests.events import column_lineage, dataset, run_event
from tests.security.fuzz.plan import Subject
from tests.tables import parquet

DOMAIN = "worst"
GOOD = parquet("SELECT i AS id, 'x' || i AS text FROM range(3) t(i)")
BOUNDS = parquet(
    "SELECT 170141183460469231731687303715884105727 AS id, 'NaN'::DOUBLE AS text, "
    "'infinity'::TIMESTAMP AS moment, '-infinity'::DATE AS day, INTERVAL 999999 YEAR AS span"
)
NESTED = parquet("SELECT [[1], NULL] AS id, {'a': MAP {'k': [1]}} AS text, 'x'::BLOB AS raw")


@dataclass(frozen=True)
class BadDataset:
    """A product of `id` and `text` whose files are not what they should be."""

    files: Mapping[str, bytes]
    format: str = "csv"
    schema: Mapping[str, str] | None = None
    partitions: tuple[str, ...] = ()


DATASETS: dict[str, BadDataset] = {
    "no_files": BadDataset({}),
    "empty_file": BadDataset({"a.csv": b""}),
    "header_alone": BadDataset({"a.csv": b"id,text\n"}),
    "nul_bytes": BadDataset({"a.csv": b"id,text\n1,\0\n\0,2\n"}),
    "no_utf8": BadDataset({"a.csv": b"id,text\n1,\xff\xfe\n\xed\xa0\x80,2\n"}),
    "open_quote": BadDataset({"a.csv": b'id,text\n1,"never closed\n2,x\n' * 9}),
    "ragged": BadDataset({"a.csv": b"id,text\n1\n1,2,3,4\n,,,,,,\n"}),
    "twice_a_column": BadDataset({"a.csv": b"id,id,text\n1,2,3\n"}),
    "long_line": BadDataset({"a.csv": b"id,text\n1," + b"x" * 3_000_000 + b"\n"}),
    "utf16": BadDataset({"a.csv": "id,text\n1,x\n".encode("utf-16")}),
    "no_gzip": BadDataset({"a.csv.gz": b"id,text\n1,x\n"}),
    "cut_gzip": BadDataset({"a.csv.gz": gzip.compress(b"id,text\n1,x\n" * 999, mtime=0)[:60]}),
    "cut_zstd": BadDataset({"a.jsonl.zst": b"\x28\xb5\x2f\xfd\x04"}, "jsonl"),
    "no_json": BadDataset({"a.jsonl": b'{"id": 1}\n{"id": \n[1]\nnull\n{"id": NaN}\n'}, "jsonl"),
    "deep_json": BadDataset({"a.jsonl": b'{"id": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"}, "jsonl"),
    "surrogate": BadDataset({"a.jsonl": b'{"id": 1, "text": "\\ud800"}\n'}, "jsonl"),
    "huge_number": BadDataset({"a.jsonl": b'{"id": 1e999, "text": %s}\n' % (b"9" * 400)}, "jsonl"),
    "no_parquet": BadDataset({"a.parquet": b"PAR1 and nothing else PAR1"}, "parquet"),
    "cut_parquet": BadDataset({"a.parquet": GOOD[:-20]}, "parquet"),
    "hollow_parquet": BadDataset({"a.parquet": b"PAR1" + b"\0" * 90 + GOOD[-90:]}, "parquet"),
    "one_bad_of_two": BadDataset({"a.parquet": GOOD, "b.parquet": GOOD[:40]}, "parquet"),
    "no_rows": BadDataset({"a.parquet": parquet("SELECT 1 AS id WHERE false")}, "parquet"),
    "bounds": BadDataset({"a.parquet": BOUNDS}, "parquet"),
    "nested": BadDataset({"a.parquet": NESTED}, "parquet"),
    "bad_days": BadDataset(
        {"day=2026-02-30/a.csv": b"id,text\n1,x\n", "day=/b.csv": b"id,text\n", "c.csv": b"id\n"},
        schema={"id": "integer", "day": "date"},
        partitions=("day",),
    ),
    "odd_columns": BadDataset(
        {"a.csv": '"\uff1d1+1","a\'b","x"";--","\uff29\uff24"\n1,2,3,4\n'.encode()},
        schema={"\uff1d1+1": "integer", "a'b": "text", 'x";--': "date", "%_gte": "decimal(38,0)"},
    ),
    "odd_types": BadDataset(
        {"a.csv": b"id,text\n1,x\n"},
        schema={"id": "decimal(99,98)", "text": "struct<a:array<", "\uff05": "time with zone"},
    ),
    "ill_typed": BadDataset(
        {"a.csv": b"id,text\n99999999999999999999999,2026-02-30\nx,y\n"},
        schema={"id": "integer", "text": "timestamp"},
    ),
}
DOMAINS = (
    "..",
    '"]<img onerror>',
    "a/b",
    "\uff052F",
    "=1+1",
    "\uff37\uff2f\uff32\uff33\uff34",
    "🦆" * 50,
    "İ",
    "a?b#c",
    "%00",
)
"""Names of domains that mean something else to some reader."""
NAMESPACES = ("s3://lake/..", "a:b:c", "%2F", "\uff1d1+1", "🦆", "/", "'; --", "x" * 900)


def fill(run: Run, s3: S3Access, key: str) -> list[Subject]:
    """Register the products, put their files, and return what requests may be about."""
    client = s3.create_client()
    for name, bad in DATASETS.items():
        for file, body in bad.files.items():
            at = f"domains/{DOMAIN}/{name}/{file}"
            client.put_object(Bucket=s3.bucket, Key=at, Body=body)
        port = {
            "location": f"domains/{DOMAIN}/{name}/",
            "format": bad.format,
            "partitions": [*bad.partitions],
        }
        _register(run, key, name, DOMAIN, schema=_schema_of(bad), output_port=port)
    for number in range(len(DOMAINS)):
        _register(run, key, f"odd_{number}", DOMAIN, tags=["\uff1d1+1", "'; --"])
    _join_in_a_circle(run, key)
    _send_events(run, key)
    _store_odd_domains(s3)
    answer = requests.get(f"{run.url}/product/odd_0", timeout=60)
    assert answer.json()["domain"] == DOMAINS[0]
    return [*_list_subjects()]


def _store_odd_domains(s3: S3Access) -> None:
    """Move products to domains that are refused today, and that a registry may hold from before."""
    client = s3.create_client()
    stored = client.get_object(Bucket=s3.bucket, Key="products.json")
    file = json.loads(gzip.decompress(stored["Body"].read()))
    for number, domain in enumerate(DOMAINS):
        file["products"][f"odd_{number}"]["domain"] = domain
    client.put_object(
        Bucket=s3.bucket,
        Key="products.json",
        Body=gzip.compress(json.dumps(file).encode()),
        ContentType="application/json",
        ContentEncoding="gzip",
        IfMatch=stored["ETag"],
    )


def _schema_of(bad: BadDataset) -> dict[str, str]:
    return dict(bad.schema or {"id": "integer", "text": "string"})


def _register(run: Run, key: str, name: str, domain: str, **more: Any) -> None:
    answer = local_run.register(run.url, key, local_run.product(name, domain=domain, **more))
    assert answer.status_code == 200, (name, answer.text)


def _post(run: Run, key: str, path: str, body: object) -> None:
    content = json.dumps(body)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = requests.post(run.url + path, content, headers=headers, timeout=60)
    assert answer.status_code in (200, 201), (path, answer.text)


def _join_in_a_circle(run: Run, key: str) -> None:
    """Register lineage that ends where it begins, with texts that some format may trip over."""
    names = [*DATASETS, *(f"odd_{number}" for number in range(len(DOMAINS)))]
    for source, target in zip(names, [*names[1:], names[0]], strict=True):
        entry = {
            "source": source,
            "target": target,
            "transformation": '\uff1d1+1\r\n"]--><script>',
            "metadata": {"\uff05s": ["\x00", "]]>", {"a": 1e308}]},
        }
        _post(run, key, "/register_lineage", entry)


def _send_events(run: Run, key: str) -> None:
    for number, namespace in enumerate(NAMESPACES):
        source = dataset("in:put/..", namespace)
        facets = column_lineage(id=[("in:put/..", "\uff1did", "IDENTITY")])
        target = dataset("out'; --", namespace, facets=facets)
        event = run_event([source], [target], run=number + 1, job=f'job {number}:"]')
        _post(run, key, "/api/v1/lineage", event)
    Api(run.url, key).wait_until_derived()


def _list_subjects() -> list[Subject]:
    found = []
    for number, (name, bad) in enumerate(DATASETS.items()):
        namespace = quote(NAMESPACES[number % len(NAMESPACES)], safe="")
        columns = [*_schema_of(bad)]
        found.append(_about(name, DOMAIN, namespace, columns[number % len(columns)]))
    for number, domain in enumerate(DOMAINS):
        found.append(_about(f"odd_{number}", quote(domain, safe=""), "sales", "id"))
    return found


def _about(name: str, domain: str, namespace: str, column: str) -> Subject:
    names = dict.fromkeys(("name", "product", "product_name", "dataset", "source"), name)
    node = f"dataset:{namespace}:in:put/.."
    found = {"domain": domain, "namespace": namespace, "nodeId": node, "target": "no_files"}
    return names | found | {"column": quote(column, safe=""), "columns": quote(column, safe="")}
