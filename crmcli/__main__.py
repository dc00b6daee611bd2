"""`crm` and `python -m crmcli`: one run from the process's start to its exit code."""

from __future__ import annotations

import os
import sys

from crmcli import __version__


def main(argv: list[str] | None = None) -> int:
    """Run the program on `argv` and return the exit code; without `argv` on the process's own words, and then leave
    the process as soon as everything is written: nothing is gained by taking the interpreter apart first."""
    if argv is not None:
        return run(argv)
    import gc

    os.umask(0o077)  # what it makes is a person's book: nobody else's business
    gc.disable()  # a one-shot command ends before garbage matters; what runs long turns it on again
    _hold_standard_streams()
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before there was anybody to catch it: while the program was being loaded
        sys.stderr.write("\ncrm: interrupted; nothing was saved\n")
        code = 130
    if "textual" in sys.modules:  # the dashboard leaves by the usual way, its threads and the terminal in order
        return code
    try:
        sys.stderr.flush()
    except OSError:
        pass
    os._exit(code)


def run(words: list[str]) -> int:
    """Two words are answered before anything is loaded: the version, and a shell that asks for completions."""
    if words == ["--version"] and sys.stdout is not None:
        try:
            sys.stdout.write(f"crm {__version__}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            return 141
        except OSError as error:
            print(f"crm: the output cannot be written: {error.strerror}", file=sys.stderr)
            return 1
        return 0
    if os.environ.get("_CRM_COMPLETE", "").startswith("complete_"):
        from crmcli.commands.complete import answer

        return answer(os.environ["_CRM_COMPLETE"].removeprefix("complete_"))
    from crmcli.cli import run as front_door

    return front_door(words)


def _hold_standard_streams() -> None:
    """Give closed standard input and error a place to go, so that a database never gets their numbers."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # the lowest free number: this one
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    sys.exit(main())
