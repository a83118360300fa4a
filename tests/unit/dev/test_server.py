import socket

from dev.server import listen


def test_an_accepted_connection_does_not_wait_to_send_small_packets() -> None:
    """With Nagle's algorithm a kept-alive request waits 40 ms for a delayed acknowledgement."""
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
