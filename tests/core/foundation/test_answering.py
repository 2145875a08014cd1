"""Whoever connects gets what is written at once, through sockets that were there before."""

from __future__ import annotations

import os
import socket

from core.foundation.answering import answer_at_once


def waits(connection):
    return not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def accepted(server):
    with socket.create_connection(server.getsockname()[:2]):
        connection, _ = server.accept()
    return connection


def test_what_is_accepted_afterwards_does_not_wait():
    with socket.socket(socket.AF_INET) as server, socket.socket(socket.AF_INET) as silent:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with accepted(server) as before:
            assert waits(before), "or there would be nothing to do"
        files = sorted(os.listdir("/dev/fd"))
        assert answer_at_once() >= 1
        assert sorted(os.listdir("/dev/fd")) == files, "nothing stays open"
        with accepted(server) as after:
            assert not waits(after)
        assert waits(silent), "it does not listen"


def test_without_a_socket_that_listens_nothing_is_done():
    before = answer_at_once()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM):
        assert answer_at_once() == before
