"""`tls_door.py CERTIFICATE KEY TARGET`: takes TLS connections and hands on to that port what is in them.

A target that is a path is the socket of a PostgreSQL, whose clients ask first whether they may begin TLS. Tells its
own port. A process of its own, so that killing it ends every connection.
"""

import asyncio
import contextlib
import ssl
import sys

MAY_I = bytes.fromhex("0000000804d2162f")  # PostgreSQL's SSLRequest


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _begin_tls(context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """As a PostgreSQL with TLS does; whoever asks for anything else is let down."""
    if await reader.readexactly(len(MAY_I)) != MAY_I:
        writer.close()
        return False
    writer.write(b"S")
    with contextlib.suppress(OSError):
        await writer.start_tls(context)
        return True
    return False


async def main(certificate: str, key: str, target: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    postgres = not target.isdigit()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if postgres and not await _begin_tls(context, reader, writer):
            return
        there = asyncio.open_unix_connection(target) if postgres else asyncio.open_connection("127.0.0.1", target)
        from_target, to_target = await there
        await asyncio.gather(_hand_on(reader, to_target), _hand_on(from_target, writer))

    server = await asyncio.start_server(connected, "localhost", ssl=None if postgres else context)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
