"""A client of the HTTP API that records every answer, for `tests.races.test_local_api`."""

import random
import threading
from collections import Counter
from typing import Self

import requests

from datamesh.errors.storage import Contended
from tests.e2e import local_run
from tests.meshes import lineage_body, product_body
from tests.races.history import Act, Call, History
from tests.races.lineage_history import Entry, LineageHistory, ListRead

NAMES = ("orders", "returns", "revenue", "customers")
LIMIT = {"limit": 1000}
CONTENDED = {str(Contended(document)) for document in ("products.json", "lineage.json")}


class Records(LineageHistory):
    """Filled by all clients."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.statuses: list[int] = []
        self.contended = 0
        self.lock = threading.Lock()

    def count_answer(self, answer: requests.Response) -> None:
        with self.lock:
            self.statuses.append(answer.status_code)
            self.contended += is_contended(answer)


def is_contended(answer: requests.Response) -> bool:
    return answer.status_code == 409 and answer.json()["message"] in CONTENDED


class ApiClient:
    def __init__(self, url: str, key: str, number: int, records: Records) -> None:
        self._url = url
        self._number = number
        self._records = records
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._writes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def operate(self, draw: random.Random) -> None:
        # More comes than goes, or there would be little to relate.
        changes = (self.register, self.register, self.update, self.delete)
        work = draw.choice((*changes, self.read, self.relate, self.relate, self.list_lineage))
        work(draw)

    def keep(self, draw: random.Random) -> None:
        """A product that nobody else touches."""
        self._register(f"own_{self._number}")

    def register(self, draw: random.Random) -> None:
        self._register(draw.choice(NAMES))

    def _register(self, name: str) -> None:
        value = self._create_value()
        call = self._begin_call()
        answer = self._send("POST", "/register_product", product_body(name=name, owner=value))
        self._record_write(answer, call, name, Act.REGISTERED, value)

    def update(self, draw: random.Random) -> None:
        name, value = draw.choice(NAMES), self._create_value()
        call = self._begin_call()
        answer = self._send("PUT", f"/product/{name}", {"owner": value})
        self._record_write(answer, call, name, Act.UPDATED, value)

    def delete(self, draw: random.Random) -> None:
        name = draw.choice(NAMES)
        call = self._begin_call()
        answer = self._send("DELETE", f"/product/{name}")
        self._record_write(answer, call, name, Act.DELETED, None)

    def read(self, draw: random.Random) -> None:
        name = draw.choice(NAMES)
        call = self._begin_call()
        answer = self._send("GET", f"/product/{name}")
        if answer.status_code == 200:
            call.record(name, Act.READ, answer.json()["owner"])
        elif answer.status_code == 404:
            call.record(name, Act.MISSED)

    def relate(self, draw: random.Random) -> None:
        source, target = draw.sample(NAMES, 2)
        token = self._create_value()
        call = self._begin_call()
        body = lineage_body(source=source, target=target, transformation=token)
        answer = self._send("POST", "/register_lineage", body)
        if answer.status_code in (200, 503):
            known = answer.status_code == 200
            self._records.add_entry(Entry(token, (source, target), call.to_span(known=known)))
        if answer.status_code == 200:
            self._record_ends(call, source, target)

    def list_lineage(self, draw: random.Random | None = None) -> None:
        call = self._begin_call()
        answer = self._send("GET", "/lineage")
        if answer.status_code != 200:
            return
        entries = answer.json()
        for source, target in {(entry["source"], entry["target"]) for entry in entries}:
            self._record_ends(call, source, target)
        tokens = Counter(entry["transformation"] for entry in entries)
        self._records.add_list(ListRead(tokens, call.to_span()))

    def read_everything(self) -> None:
        """The final state; nothing else is going on."""
        call = self._begin_call()
        answer = self._send("GET", "/products")
        owners = {product["name"]: product["owner"] for product in answer.json()}
        for name in self._records.history.by_name():
            call.record(name, Act.READ, owners.get(name))
        self.list_lineage()

    def _record_ends(self, call: Call, source: str, target: str) -> None:
        """Whoever sees an entry sees that its ends are registered."""
        for name in (source, target):
            call.record(name, Act.TAKEN)

    def _record_write(
        self, answer: requests.Response, call: Call, name: str, act: Act, value: str | None
    ) -> None:
        match answer.status_code:
            case 200:
                call.record(name, act, value)
            case 404:
                call.record(name, Act.MISSED)
            case 409 if not is_contended(answer):
                call.record(name, Act.TAKEN)
            case 503:  # unavailable, or unknown
                call.record_unknown(name, act, value)
        if act is Act.DELETED and answer.status_code in (200, 503):
            self._records.add_deletion(name, call.to_span(known=answer.status_code == 200))

    def _send(self, method: str, path: str, body: object = None) -> requests.Response:
        answer = self._session.request(
            method,
            self._url + path,
            params=LIMIT if method == "GET" and path in ("/products", "/lineage") else None,
            json=body,
            timeout=local_run.TIMEOUT_SECONDS,
        )
        self._records.count_answer(answer)
        return answer

    def _begin_call(self) -> Call:
        return self._records.history.begin_call()

    def _create_value(self) -> str:
        self._writes += 1
        return f"{self._number}-{self._writes}"
