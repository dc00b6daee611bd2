"""Many processes of the program at the same time."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from tests.faults import forked
from tests.support.program import Finished

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def together(commands: Sequence[Sequence[str]], env: Mapping[str, str | None] | None = None) -> list[Finished]:
    """Run commands at once, each as a process of its own; what each left, in order."""
    return queues([[words] for words in commands], env)


def queues(lists: Sequence[Sequence[Sequence[str]]], env: Mapping[str, str | None] | None = None) -> list[Finished]:
    """Run lists of commands at once: the commands of one list one after another."""
    shells = []
    with tempfile.TemporaryDirectory() as folder:
        for number, commands in enumerate(lists):
            shell = os.fork()
            if not shell:
                _one_after_another(commands, os.path.join(folder, str(number)), env)
            shells.append(shell)
        for shell in shells:
            assert forked.wait(shell, 120) == 0
        return [
            _read(os.path.join(folder, f"{number}-{place}"), words)
            for number, commands in enumerate(lists)
            for place, words in enumerate(commands)
        ]


def _one_after_another(commands: Sequence[Sequence[str]], path: str, env: Mapping[str, str | None] | None) -> None:
    """In a child: run commands and leave what they said in files beside `path`."""
    code = 1
    try:
        for place, words in enumerate(commands):
            done = forked.run(words, env=env)
            with open(f"{path}-{place}.out", "wb") as out, open(f"{path}-{place}.err", "wb") as err:
                out.write(done.stdout_bytes)
                err.write(done.stderr_bytes)
            with open(f"{path}-{place}.code", "w") as file:
                file.write(str(done.returncode))
        code = 0
    finally:
        os._exit(code)


def _read(path: str, words: Sequence[str]) -> Finished:
    with open(f"{path}.out", "rb") as out, open(f"{path}.err", "rb") as err, open(f"{path}.code") as code:
        return Finished(words, int(code.read()), out.read(), err.read())
