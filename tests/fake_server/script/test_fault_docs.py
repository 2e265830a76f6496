"""The table of faults in docs/reference/faults.md, row by row: each client meets what the table says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
import requests

from fake_server import FakeTinker, FakeTinkerServer
from fake_server.core.faults import WIRE_KEYS
from fake_server.script import complete
from fake_server.script.fault_data import wire_from
from fake_server.script.script_yaml import decode_steps, load_yaml
from tests.fake_server.asking import outcome
from tests.support.needs_tools import tool

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "faults.md"
POLL: Final = "/api/v1/retrieve_future"
AFTER: Final = "the poll after "
WAIT, PATIENCE = 5.0, 0.2
SILENT: Final = ("silence", "30}", "hold")
"""What of a step says that its reply does not come."""

FETCH: Final = """
const decoded = async (url, patience) => {
  const signal = AbortSignal.timeout(patience);
  const reply = await fetch(url, { method: 'POST', body: '{"request_id": "f"}', signal });
  const text = await reply.text();
  try { JSON.parse(text); } catch { return `${reply.status}, not JSON`; }
  return String(reply.status);
};
const ends = [];
for (const [url, patience, polls] of JSON.parse(process.argv[1])) {
  await decoded(`${url}/api/v1/asample`, 5000);
  let end;
  // The port closes a moment after the reply: a connection that the system took meanwhile is reset.
  const taken = () => polls > 1 && ['ECONNRESET', 'UND_ERR_SOCKET'].includes(end);
  for (let poll = 0; poll < polls || (poll < 20 && taken()); poll += 1) {
    try {
      end = await decoded(`${url}/api/v1/retrieve_future`, patience);
    } catch (error) {
      end = error.cause?.code ?? error.cause?.message ?? error.name;
    }
  }
  ends.push(end);
}
console.log(JSON.stringify(ends));
"""


@dataclass(frozen=True)
class Row:
    """One step, and how each client reports it."""

    step: str
    httpx: str
    requests: str
    fetch: str

    @property
    def polls(self) -> int:
        return 2 if self.step.startswith(AFTER) else 1

    @property
    def patience(self) -> float:
        return PATIENCE if any(word in self.step for word in SILENT) and "refuse" not in self.step else WAIT

    def engine(self) -> FakeTinker:
        engine = FakeTinker()
        data = load_yaml(f"[{self.step.removeprefix(AFTER).strip('`')}]", "the row")
        engine.add_script([*decode_steps(data, "the row"), complete()], name="f")
        return engine


def rows() -> list[Row]:
    table = PAGE.read_text(encoding="utf-8").partition("| step | httpx |")[2].partition("\n\n")[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return [Row(step, *(cell.strip("`") for cell in cells)) for step, *cells in lines]


PROTOCOL: Final = "Response does not match the HTTP/1.1 protocol"
OF_NODE_24: Final = {
    "`{complete: {}, wire: {content_length: [10, 20]}}`": "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    "`{complete: {}, wire: {chunked: ended_early}}`": PROTOCOL,
    "`{complete: {}, wire: {compress: zstd}}`": "200",
}
"""By step, what Node 24 makes of it where the page says so below its table, which is of Node 20."""
ROWS: Final = rows()


@contextmanager
def served(row: Row) -> Iterator[str]:
    with FakeTinkerServer(row.engine()) as server:
        yield server.url


def meant(cell: str) -> tuple[str, ...]:
    return {"the next step": ("200",), "a broken connection": ("ECONNRESET", "UND_ERR_SOCKET")}.get(
        cell, (cell,)
    )


def is_meant_by_fetch(end: str, row: Row) -> bool:
    """Whether `fetch` ends as the page says."""
    newer = OF_NODE_24.get(row.step, PROTOCOL if row.fetch.startswith("HPE_") else row.fetch)
    return end in meant(row.fetch) or end.startswith(newer)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.step)
def test_httpx_and_requests_meet_what_the_table_says(row: Row) -> None:
    limits = httpx.Timeout(WAIT, read=row.patience)
    with (
        served(row) as url,
        httpx.Client(base_url=url, timeout=limits, follow_redirects=True, trust_env=False) as client,
    ):
        client.post("/api/v1/asample", json={})
        ends = [outcome(lambda: client.post(POLL, json={"request_id": "f"})) for _ in range(row.polls)]
    assert ends[-1] in meant(row.httpx)
    with served(row) as url, requests.Session() as session:
        session.trust_env = False
        session.post(f"{url}/api/v1/asample", json={})
        ends = [
            outcome(
                lambda: session.post(f"{url}{POLL}", json={"request_id": "f"}, timeout=(WAIT, row.patience))
            )
            for _ in range(row.polls)
        ]
    assert ends[-1] in meant(row.requests)


@pytest.mark.needs_tool("node")
def test_fetch_meets_what_the_table_says() -> None:
    servers = [FakeTinkerServer(row.engine()) for row in ROWS]
    try:
        for server in servers:
            server.start()
        asked = [
            [server.url, row.patience * 1000, row.polls] for server, row in zip(servers, ROWS, strict=True)
        ]
        command = [tool("node"), "--input-type=module", "--eval", FETCH, json.dumps(asked)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    finally:
        for server in servers:
            server.stop()
    ends = json.loads(ran.stdout)
    rows = zip(ROWS, ends, strict=True)
    wrong = [f"{row.step}: {end}" for row, end in rows if not is_meant_by_fetch(end, row)]
    assert wrong == []


def test_the_table_shows_every_fault() -> None:
    shown = "".join(row.step for row in ROWS)
    # It only says when `compress` holds, and the row of that shows what a client makes of it.
    assert [key for key in WIRE_KEYS if f"{key}:" not in shown and key != "if_accepted"] == []
    page = PAGE.read_text(encoding="utf-8")
    assert [key for key in WIRE_KEYS if f"`{key}" not in page] == []


def test_the_example_of_faults_together_is_one() -> None:
    text = "{compress: gzip, chunked: whole, slow_body: {bytes: 10, seconds: 0.01}}"
    assert text in PAGE.read_text(encoding="utf-8")
    assert wire_from(load_yaml(text, "page")).name == "slow_body, chunked whole, compress gzip"
