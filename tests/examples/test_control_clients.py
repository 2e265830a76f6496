"""The clients of the control plane: each one's own test runs against the program, as the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.toolchains import LANGUAGES, TOOLCHAINS, built
from tests.support.needs_tools import tool

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "examples/control_client"
PAGE = (ROOT / "docs/how-to/fake-server-from-another-language.md").read_text(encoding="utf-8")
SECONDS = 120
ROWS = {
    language: (file, build.strip("`"), command)
    for language, file, build, command in re.findall(
        r"^\| `(\w+)` \| `(.+?)` \| (.*?) ?\| `(.+?)` \|$", PAGE, re.MULTILINE
    )
}


def test_the_page_names_every_client_and_each_is_one_file() -> None:
    assert set(ROWS) == {path.name for path in CLIENTS.iterdir() if path.is_dir()} == set(TOOLCHAINS)
    for language, (file, _, _) in ROWS.items():
        assert (CLIENTS / language / file).is_file()


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_own_test_passes_and_leaves_nothing(language: str, tmp_path: Path) -> None:
    _, build, command = ROWS[language]
    program = f"{sys.executable} -m fake_server"
    environment = {**os.environ, "FAKE_TINKER": program, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    words = shlex.split(command)
    if words[0] == "python":
        # The page's `python` has pytest; the options keep the kit's own plugin and settings out.
        words = [sys.executable, *words[1:], "-p", "no:cacheprovider", "-p", "no:asyncio", "-c", os.devnull]
    if language == "java":
        words.insert(1, f"-Djava.io.tmpdir={tmp_path}")
    done = subprocess.run(
        words,
        cwd=built(CLIENTS / language, build),
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^.*[1-9]\d* passed|^\S+ pass [1-9]|^ok\s", done.stdout, re.MULTILINE), done.stdout
    assert not list(tmp_path.glob("fake-tinker-*"))


@pytest.mark.needs_tool("node", "npm")
def test_the_snippet_on_the_page_runs(tmp_path: Path) -> None:
    [snippet] = re.findall(r"```typescript\n(.*?)```", PAGE, re.DOTALL)
    sdk = """
        const post = (path, body) =>
          fetch(`${test.baseUrl}/api/v1/${path}`, { method: 'POST', body: JSON.stringify(body) });
        const future = await (await post('asample', {})).json();
        for (const _ of [1, 2]) await post('retrieve_future', future);
    """
    assert snippet.count("// your SDK, at test.baseUrl") == 1
    client = built(CLIENTS / "typescript", ROWS["typescript"][1]) / "dist/fake-tinker.js"
    source = f"import {{ FakeTinker }} from '{client.as_uri()}';\n"
    source += snippet.replace("// your SDK, at test.baseUrl", sdk) + "console.log('done');\n"
    environment = {**os.environ, "FAKE_TINKER": f"{sys.executable} -m fake_server", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [tool("node"), "--input-type=module", "--eval", source],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
