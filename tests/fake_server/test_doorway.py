"""The listening socket of a server while it opens and closes."""

import asyncio
import socket

import pytest

from fake_server.doorway import Doorway


def listening(port: int = 0) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen()
    return made


@pytest.mark.parametrize("turns", range(8))
def test_it_can_close_in_any_turn_of_the_loop_while_it_opens_again(turns: int) -> None:
    made = [listening()]
    told: list[object] = []

    def listen(port: int) -> socket.socket:
        made.append(listening(port))
        return made[-1]

    async def closed_after_turns() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        doorway = Doorway(asyncio.Protocol, made[0], listen, backlog=1)
        await doorway.open()
        doorway.refuse(0.0)
        for _ in range(turns):
            await asyncio.sleep(0)
        await doorway.close()
        await asyncio.sleep(0)

    asyncio.run(closed_after_turns())
    assert {sock.fileno() for sock in made} == {-1}
    assert not told
