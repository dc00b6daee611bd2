"""The front door: run a command, render its result, turn every failure into one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import typer

from crmcli.commands import frame
from crmcli.commands.frame import Run
from crmcli.commands.root import app as root_app
from crmcli.commands.root import make_root
from crmcli.config import withheld
from crmcli.domain.text import clip, visible
from crmcli.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CrmError, UsageError
from crmcli.render import out
from crmcli.results import Page

if TYPE_CHECKING:
    from types import FrameType

    from crmcli.context import Context
    from crmcli.results import Rows

#: A reader that has seen enough (`| head -1`): what git, cat and every program killed by SIGPIPE end with.
EXIT_PIPE = 141
#: Of a message that repeats what was given, so much is enough.
LONGEST_LINE = 1000

app = root_app


def run(words: list[str]) -> int:
    """Run one command line and return its exit code. Nothing but the code comes back, whatever happens."""
    if sys.stdout is None:
        print("crm: standard output is closed", file=sys.stderr)
        return EXIT_FAILED
    state = Run(words)
    before = _listen()
    told, sys.stderr = sys.stderr, _Narration(sys.stderr)
    try:
        return _guarded(state, words)
    finally:
        state.close()
        sys.stderr = told
        for number, handler in before.items():
            signal.signal(number, handler)


def _guarded(state: Run, words: list[str]) -> int:
    try:
        code = _command(state, words)
        out.flush()
        return code
    except KeyboardInterrupt:
        return _interrupted(state)
    except BrokenPipeError:
        return _unread()
    except CrmError as error:
        return _failed(str(_aimed(state, error)), error.code)
    except (typer.Abort, EOFError):
        return _failed("nobody there to answer", EXIT_USAGE)
    except SystemExit as error:  # Typer's completion installer leaves this way
        if isinstance(error.__context__, BrokenPipeError):  # and so does Typer itself where a reader went away
            return _unread()
        return error.code if isinstance(error.code, int) else EXIT_FAILED if error.code else EXIT_OK
    except OSError as error:
        return _failed_os(state, error)
    except UnicodeEncodeError as error:
        if not any(_broken(word) for word in words):
            return _bug(error, words)
        return _failed("an argument is not valid Unicode; nothing was saved\n  is its encoding UTF-8?", EXIT_USAGE)
    except RecursionError:
        return _failed("that is nested too deeply", EXIT_FAILED)
    except Exception as error:
        # Typer's own errors are told by what they can do: its classes are private to it.
        if hasattr(error, "exit_code") and hasattr(error, "format_message"):
            return _misused(error)
        damage = state.damage
        return _failed(str(damage), damage.code) if damage else _bug(error, words)


def _command(state: Run, words: list[str]) -> int:
    state.show = lambda rows: _narrate(state, rows)
    state.dashboard = _dashboard
    state.serve = _serve
    root = make_root()
    if os.environ.get("_CRM_COMPLETE"):
        root.main(words, prog_name="crm", complete_var="_CRM_COMPLETE", standalone_mode=False, obj=state)
    result = root.main(words, prog_name="crm", complete_var="", standalone_mode=False, obj=state)
    if isinstance(result, int):
        if result == EXIT_INTERRUPTED:
            raise KeyboardInterrupt
        return int(result)
    _render(state, result)
    return _verdict(state, result)


def _dashboard(context: Context) -> Any:
    if context.rehearsing:
        raise UsageError("the dashboard has no dry run", "there 'u' takes back the last change")
    from crmcli.tui import run as dashboard

    return dashboard(context)


def _serve(context: Context, **options: Any) -> Any:
    if context.rehearsing:
        raise UsageError("serving has no dry run", "'crm calendar export' writes what a feed has")
    from crmcli.serve import run as serve

    return serve(context, **options)


def _verdict(state: Run, result: Any) -> int:
    """A check that found something (`ok` False) and an import that refused rows are failures."""
    bad = state.failed or (isinstance(result, Page) and result.values.get("ok") is False)
    return EXIT_FAILED if bad else EXIT_OK


def _outlet(state: Run, stream: Any) -> out.Outlet:
    return out.Outlet(
        stream,
        colour=str(state.flags.get("color") or "auto"),
        zone=lambda: state.context.env.now.tzinfo,
        calendar=lambda: str(state.context.settings["calendar"]),
        week=lambda: state.context.env.week(),
    )


def _render(state: Run, result: Any) -> None:
    outlet = _outlet(state, sys.stdout)
    pager = None if state.flags.get("no_pager") else lambda: _pager(state)
    out.render(result, outlet, state.output, pager=pager, quiet=state.quiet)
    if outlet.left_out and outlet.terminal and not state.quiet:
        outlet.stream.flush()
        print(clip(f"no room for: {visible(', '.join(outlet.left_out))}", out.size(outlet.stream)[0]), file=sys.stderr)
    cursor = getattr(result, "cursor", "")
    if cursor and not state.quiet:
        outlet.stream.flush()
        print(f"more: --page {visible(cursor)}", file=sys.stderr)
    batch = getattr(result, "batch", 0)
    if batch and getattr(result, "changes", ()) and outlet.terminal and not state.quiet:
        print(f"('{state.context.settings.calling('undo', str(batch))}' takes it back)", file=sys.stderr)


def _narrate(state: Run, rows: Rows) -> None:
    """Show a preview on stderr; where only stdout can carry it, a dry run's preview is the answer itself."""
    if state.dry_run:
        _render(state, rows)
        out.flush()
        return
    out.render(rows, _outlet(state, sys.stderr), "table")
    sys.stderr.flush()


def _pager(state: Run) -> str:
    return str(state.context.settings["pager"]) or os.environ.get("PAGER", "") or "less -FRX"


# --- ends -----------------------------------------------------------------------------------------------------------


def _broken(word: str) -> bool:
    """Whether a word holds bytes that are no text, which Python keeps as lone surrogates."""
    return not word.isascii() and any("\ud800" <= char <= "\udfff" for char in word)


def _failed(message: str, code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        _let_go(sys.stdout)
    lines = withheld(message).split("\n")
    lines = [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…" for line in lines]
    try:
        print(f"crm: {visible(chr(10).join(lines), multiline=True)}", file=sys.stderr)
    except BrokenPipeError:
        _let_go(sys.stderr)
    return code


def _misused(error: Any) -> int:
    """A usage error as Typer words it, with the command's usage line."""
    message = str(error.format_message()).strip()
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message)
        return EXIT_OK
    if context is not None:
        message += f"\n  {context.get_usage().removeprefix('Usage: ')}\n  '{context.command_path} --help' says more"
    return _failed(message[:1].lower() + message[1:], int(error.exit_code))


def _aimed(state: Run, error: CrmError) -> CrmError:
    """The error with its hint's commands on the book that this run was about."""
    if "db" in state.flags:
        error.hint = state.context.settings.aimed(error.hint)
    return error


def _undo(state: Run) -> str:
    """The command that takes back what this run has saved."""
    return f"'{state.context.settings.calling('undo', str(state.saved))}'"


def _failed_os(state: Run, error: OSError) -> int:
    saved = f"\n  what was saved before that stands; {_undo(state)} takes it back" if state.saved else ""
    if error.filename is None:
        _let_go(sys.stdout)
        return _failed(f"the output cannot be written: {error.strerror or error}{saved}", EXIT_FAILED)
    return _failed(f"{error.filename}: {error.strerror}{saved}", EXIT_FAILED)


def _interrupted(state: Run) -> int:
    saved = f"{_undo(state)} takes back what was saved before" if state.saved else "nothing was saved"
    saved = state.unsettled or saved
    try:
        sys.stdout.flush()
    except (OSError, KeyboardInterrupt):
        _let_go(sys.stdout)
    print(f"\ncrm: interrupted; {saved}", file=sys.stderr)
    return EXIT_INTERRUPTED


def _unread() -> int:
    """The reader of what is written has seen enough."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _let_go(stream)
    return EXIT_PIPE


class _Narration:
    """Standard error that loses what cannot be written: a full disk under a log must not end what is told of. A reader
    that went away ends it, as it does on standard output."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except BrokenPipeError:
            raise
        except OSError:
            _let_go(self._stream)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError:
            _let_go(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _let_go(stream: Any) -> None:
    """Stop writing to a stream that takes no more: what is still held for it goes nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass


def _bug(error: Exception, words: list[str]) -> int:
    """An error that nobody foresaw: one line for the user, the traceback in a private file."""
    from crmcli.faults import first_line, traceback_of, write_report

    if os.environ.get("CRM_DEBUG"):
        print(visible(traceback_of(error), multiline=True), file=sys.stderr)
    what = f"this is a bug: {type(error).__name__}: {first_line(error)}"
    path = write_report(f"crm {frame.command_line(words)}", error)
    return _failed(what + (f"\n  a report with the details is in {path}" if path else ""), EXIT_FAILED)


# --- signals --------------------------------------------------------------------------------------------------------


def _listen() -> dict[Any, Any]:
    """Turn SIGTERM and SIGHUP into the exception that Ctrl-C raises, so that transactions roll back and files close;
    a SIGHUP that nohup ignores stays ignored. Returns the handlers that were there."""
    before: dict[Any, Any] = {}

    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends it at once
        raise KeyboardInterrupt

    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, stop)
    except ValueError:  # not the main thread: somebody else minds the signals
        return before
    return before
