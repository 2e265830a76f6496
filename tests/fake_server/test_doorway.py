"""A doorway that is closed, or told to refuse, while it opens again."""

import asyncio
import gc
import socket

import pytest

from fake_server.doorway import Doorway


def listen(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen()
    return sock


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("after", range(6))
@pytest.mark.parametrize("again", [False, True], ids=["close", "refuse, close"])
def test_it_may_be_closed_at_any_moment(after: int, again: bool) -> None:
    faults: list[object] = []

    async def tried() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
        doorway = Doorway(asyncio.Protocol, listen(0), listen, 10)
        await doorway.open()
        doorway.refuse(0.0)
        await turns(after)
        if again:
            doorway.refuse(60.0)
            await turns(4)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", doorway._port))
        doorway.close()
        await turns(3)
        assert doorway._listening.fileno() == -1
        gc.collect()

    asyncio.run(tried())
    assert faults == []
