"""Keeps what we send out of private networks, unless a channel may go there.

An address in the rules is written by people who may not be the administrators of
this machine. A name is resolved here and the connection made to the very address
that was looked at, so that a second answer of the name server cannot lead elsewhere.
"""

import asyncio
import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult


class PrivateAddress(OSError):
    """An address lies in a private network, on this machine, or is none of one host."""


_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64: an IPv4 address is its end.


def is_private(address: str) -> bool:
    """Whether an IP address is other than one host of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_private(str(inner))
    return not ip.is_global or ip.is_multicast or ip.is_unspecified


async def resolved(host: str, port: int, family: int = socket.AF_UNSPEC, *, allow_private: bool) -> list[ResolveResult]:
    """Return where a host is.

    Raises:
        PrivateAddress: one of its addresses may not be sent to: then none is, for names that answer both ways are
            how such a check is passed by.
        OSError: there is no such host.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, family=socket.AddressFamily(family), type=socket.SOCK_STREAM)
    results: list[ResolveResult] = []
    for kind, _, proto, _, at in found:
        address = str(at[0])
        if not allow_private and is_private(address):
            raise PrivateAddress("lies in a private network")
        results.append(
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST)
        )
    return results


class GuardedResolver(AbstractResolver):
    """What aiohttp asks for the addresses of a name; one written out as numbers it does not ask for."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where a host is; raises as `resolved` does."""
        return await resolved(host, port, family, allow_private=self._allow_private)

    async def close(self) -> None:
        """Nothing is held."""


def refused_literal(host: str, *, allow_private: bool) -> bool:
    """Whether a host is an address written out that may not be sent to."""
    try:
        return not allow_private and is_private(host.strip("[]"))
    except ValueError:
        return False
