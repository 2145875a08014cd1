"""Answers that leave at once: none waits until the browser has acknowledged the part before."""

import os
import socket
from contextlib import suppress
from stat import S_ISSOCK
from typing import Final

_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


def answer_at_once() -> int:
    """Let whoever connects to this process have each part of an answer as soon as it is written; gives how many
    sockets listen.

    A server writes the head of an answer and then its body. The system keeps the body back until the head is
    acknowledged, and the other side takes 40 ms for that (Nagle's algorithm and delayed acknowledgements), unless it is
    told not to. asyncio tells it of sockets that were made for TCP by name, and Streamlit's was not. What is accepted
    is as the socket that listens.
    """
    listening = 0
    for number in map(int, os.listdir("/dev/fd") if os.path.isdir("/dev/fd") else ()):
        with suppress(OSError):  # the listing itself is among them, and closed by now
            listening += S_ISSOCK(os.fstat(number).st_mode) and _tell(socket.socket(fileno=os.dup(number)))
    return listening


def _tell(found: socket.socket) -> bool:
    with found:
        listens = found.family in _INTERNET and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
        if listens:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listens
