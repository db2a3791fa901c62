"""Python imports this file at its start in every process of the tests, which may call nobody.

`guard.py` names this folder in ``PYTHONPATH``. Addresses of this machine itself are allowed.
"""

import ipaddress
import socket
import sys
from typing import Any

CALLS: list[str] = []
"""What somebody tried to reach in this process."""


def own_address() -> str:
    """Return the address by which others would reach this machine. Nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(asked.getsockname()[0])


OWN = frozenset({None, "", b"", "localhost", b"localhost", socket.gethostname(), own_address()})


class CalledSomebody(RuntimeError):
    """A test wanted to reach another machine."""


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to look up or to reach anything but this machine."""
    if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
        return  # this sends nothing; Ray asks for its own address in this way
    if event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None  # else a local socket
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if host not in OWN and not is_own(host):
        CALLS.append(f"{event} {host}")
        raise CalledSomebody(f"a test wanted to reach {host}: {event}")


def is_own(host: str | bytes) -> bool:
    """Return whether an address is one of this machine alone."""
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(refuse)
