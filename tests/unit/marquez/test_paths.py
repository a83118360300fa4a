"""Paths below namespaces, whose parts hold slashes: the ways to read one, and which counts."""

import pytest

from datamesh.http.marquez.paths import (
    PathReading,
    build_canonical_path,
    decode_segment,
    encode_segment,
)
from datamesh.models.products import DatasetName
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import assert_marquez_problem
from tests.meshes import add_product, resources

ROOT = "/api/v1/namespaces"


def canonical(path: str, *known: PathReading) -> str:
    return build_canonical_path(path, lambda reading: reading in known)


@pytest.mark.parametrize("part", ["a", "a/b", "100%", "%2F", "%25", "%252F", "", "größe a"])
def test_a_part_is_what_it_was_before_it_became_a_segment(part: str) -> None:
    assert decode_segment(encode_segment(part)) == part
    assert "/" not in encode_segment(part)


@pytest.mark.parametrize(
    ("path", "read"),
    [
        (f"{ROOT}/s3://lake", f"{ROOT}/s3:%2F%2Flake"),
        (f"{ROOT}/s3://lake/", f"{ROOT}/s3:%2F%2Flake"),
        (f"{ROOT}/s3://lake/datasets", f"{ROOT}/s3:%2F%2Flake/datasets"),
        (f"{ROOT}/s3://lake/datasets/", f"{ROOT}/s3:%2F%2Flake/datasets"),
        (f"{ROOT}/a/datasets/b/c", f"{ROOT}/a/datasets/b%2Fc"),
        (f"{ROOT}/a/datasets/b/versions", f"{ROOT}/a/datasets/b/versions"),
        (f"{ROOT}/a/datasets/b/c/versions/1", f"{ROOT}/a/datasets/b%2Fc/versions/1"),
        (f"{ROOT}/a/datasets/b/c/tags/PII", f"{ROOT}/a/datasets/b%2Fc/tags/PII"),
        (f"{ROOT}/a/datasets/b/fields/x/y/tags/T", f"{ROOT}/a/datasets/b/fields/x%2Fy/tags/T"),
        (f"{ROOT}/a/datasets/b/c/tags/x/y", f"{ROOT}/a/datasets/b%2Fc/tags/x%2Fy"),
        (f"{ROOT}/a/datasets/b/fields/c/tags/x/y", f"{ROOT}/a/datasets/b/fields/c/tags/x%2Fy"),
        (f"{ROOT}/a/jobs/b/tags/x/y/", f"{ROOT}/a/jobs/b/tags/x%2Fy"),
        (f"{ROOT}/a/jobs/b/c/runs", f"{ROOT}/a/jobs/b%2Fc/runs"),
        (f"{ROOT}/a/jobs/100%", f"{ROOT}/a/jobs/100%25"),
        ("/api/v1/lineage/", "/api/v1/lineage"),
        ("/api/v1/sources/s3://lake/", "/api/v1/sources/s3:%2F%2Flake"),
        ("/api/v1/jobs/runs/run/7/facets", "/api/v1/jobs/runs/run%2F7/facets"),
        ("/api/v1/jobs/runs/run/7/", "/api/v1/jobs/runs/run%2F7"),
        ("/products", "/products"),
    ],
)
def test_a_path_of_what_is_unknown_is_read_with_the_shortest_names(path: str, read: str) -> None:
    assert canonical(path) == read


@pytest.mark.parametrize(
    ("path", "known", "read"),
    [
        (
            f"{ROOT}/a/datasets/b/versions",
            PathReading("a", "datasets", "b/versions"),
            f"{ROOT}/a/datasets/b%2Fversions",
        ),
        (
            f"{ROOT}/a/datasets/b/datasets/c",
            PathReading("a/datasets/b", "datasets", "c"),
            f"{ROOT}/a%2Fdatasets%2Fb/datasets/c",
        ),
        (f"{ROOT}/a/datasets", PathReading("a/datasets"), f"{ROOT}/a%2Fdatasets"),
        (f"{ROOT}/s3://", PathReading("s3://"), f"{ROOT}/s3:%2F%2F"),
        (
            f"{ROOT}/a/datasets/dir/",
            PathReading("a", "datasets", "dir/"),
            f"{ROOT}/a/datasets/dir%2F",
        ),
    ],
)
def test_what_is_known_decides(path: str, known: PathReading, read: str) -> None:
    assert canonical(path, known) == read


def test_of_two_that_are_known_the_one_with_the_shorter_name_counts() -> None:
    both = (
        PathReading("a", "datasets", "b/versions"),
        PathReading("a", "datasets", "b", ("versions",)),
    )
    assert canonical(f"{ROOT}/a/datasets/b/versions", *both) == f"{ROOT}/a/datasets/b/versions"


def test_a_path_of_thousands_of_parts_is_read_at_once() -> None:
    asked: list[PathReading] = []

    def is_known(reading: PathReading) -> bool:
        asked.append(reading)
        return False

    build_canonical_path(ROOT + "/datasets/fields/tags" * 400, is_known)
    assert 0 < len(asked) <= 400


@pytest.mark.parametrize("end", ["", "/"])
def test_reads_take_a_slash_at_the_end(serve: Serve, registry: Registry, end: str) -> None:
    add_product(registry, "p", openlineage=[DatasetName(namespace="s3://lake", name="a/b")])
    client = serve("marquez", resources(registry))
    for path, query in (
        ("lineage", {"nodeId": "dataset:s3://lake:a/b"}),
        ("namespaces", {}),
        ("namespaces/s3://lake/datasets", {}),
        ("search", {"q": "a"}),
    ):
        assert client.get(f"/api/v1/{path}{end}", **query).status == 200


def test_an_error_has_the_fields_of_marquez(serve: Serve) -> None:
    client = serve("marquez")
    answer = client.get("/api/v1/nothing")
    assert_marquez_problem(answer, 404, "Not Found")
    answer = client.get("/api/v1/lineage")
    assert (answer.status, answer.body["code"]) == (422, 422)
    assert answer.body["details"] == "nodeId: Field required"
    assert answer.body["errors"] == [
        {"field": "nodeId", "location": "query", "message": "Field required"}
    ]


def test_nodes_that_would_share_an_id_have_their_own(serve: Serve, registry: Registry) -> None:
    for name, namespace, own in (("p", "a", "b:c"), ("q", "a:b", "c"), ("r", "a%3Ab", "c")):
        add_product(registry, name, openlineage=[DatasetName(namespace=namespace, name=own)])
    client = serve("marquez", resources(registry))
    found = client.get("/api/v1/search", q="c").body["results"]
    assert [(each["namespace"], each["name"], each["nodeId"]) for each in found] == [
        ("a", "b:c", "dataset:a:b:c"),
        ("a%3Ab", "c", "dataset:a%3Ab:c"),
        ("a:b", "c", "dataset:a%3Ab:c%"),
    ]
    for each in found:
        [node] = client.get("/api/v1/lineage", nodeId=each["nodeId"]).body["graph"]
        assert node["id"] == each["nodeId"]
        assert node["data"]["id"] == {"namespace": each["namespace"], "name": each["name"]}
