import socket

import pytest

from dev.server import Address, open_listener, read_address


def test_an_accepted_connection_does_not_wait_to_send_small_packets() -> None:
    """With Nagle's algorithm a kept-alive request waits 40 ms for a delayed acknowledgement."""
    with (
        open_listener("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
    ):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(("host", "is_loopback"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_an_address_can_be_opened_and_says_who_reaches_it(host: str, is_loopback: bool) -> None:
    with open_listener(host, 0) as listener:
        address = read_address(listener)
        port = listener.getsockname()[1]
        assert address == Address(f"http://127.0.0.1:{port}", is_loopback)
