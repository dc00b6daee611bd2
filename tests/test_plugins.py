"""Plugins: what they may do, and that none of them, however bad, costs a write."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from crmcli import plugins
from crmcli.__main__ import main
from crmcli.commands import root
from crmcli.commands.words import PLUGGED
from crmcli.config import Settings, config_dir
from crmcli.context import Context
from crmcli.domain.entities import LEAD
from crmcli.errors import EXIT_REFUSED, CrmError, NotFoundError, RefusedError
from crmcli.plugins import bringing
from crmcli.services import plugging, records
from tests.support.program import Finished, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(path for path in (ROOT / "plugins").glob("*/*.py"))

#: A command of the program: save a lead, then print what the book holds as JSON.
DRIVER = """
import json, sys, threading
from crmcli.context import Context
from crmcli.domain.entities import LEAD
from crmcli.plugins import guard
from crmcli.services import records
guard.LIMIT = 0.8
def work():
    ctx = Context()
    for name in sys.argv[2:]:
        records.add(ctx, LEAD, {"name": name})
    print(json.dumps([row["name"] for row in records.list_records(ctx, LEAD, sort="id").rows]))
    ctx.close()
if sys.argv[1] == "thread":
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
else:
    work()
"""
MARK = "from crmcli.api import Context, Note, RefusedError, Report, hookimpl, select\n"

Write = Callable[..., str] if TYPE_CHECKING else Any


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No plugin of an earlier test is loaded."""
    monkeypatch.setattr(plugins, "STATE", plugins._State())
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if name.startswith("plugged_"):
            del sys.modules[name]


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write plugins and enable them through the environment: `plug(name=source)`."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def write(**sources: str) -> str:
        for name, source in sources.items():
            (folder / f"plugged_{name}.py").write_text(MARK + source, encoding="utf-8")
        text = ",".join(f"{name}=plugged_{name}" for name in sources)
        monkeypatch.setenv("CRM_PLUGINS", text)
        return text

    return write


@pytest.fixture
def book() -> Iterator[Context]:
    """A new book, opened with the plugins of the environment."""
    Context(plugins=False, quiet=True).create(Settings().database)
    context = Context()
    yield context
    context.close()


@pytest.fixture
def run(book: Context, tmp_path: Path) -> Callable[..., Finished]:
    """Save leads in a process of its own with the plugins that are enabled."""

    def start(*names: str, where: str = "main") -> Finished:
        env = environment(extra={"PYTHONPATH": f"{ROOT}:{tmp_path / 'site'}"})
        words = [sys.executable, "-c", DRIVER, where, *names]
        done = subprocess.run(words, capture_output=True, env=env, timeout=60, check=False, stdin=subprocess.DEVNULL)
        return Finished(words, done.returncode, done.stdout, done.stderr)

    return start


def names(context: Context) -> list[str]:
    return [row["name"] for row in records.list_records(context, LEAD, sort="id").rows]


# --- plugins that behave -------------------------------------------------------------------------------------------


def test_before_change_amends_and_after_change_learns(plug: Write, book: Context) -> None:
    plug(good="""
seen = []
@hookimpl
def before_change(change):
    if change.entity == "lead":
        return change._replace(after={**change.after, "name": change.after["name"].title()})
@hookimpl
def after_change(changes):
    seen.extend((c.entity, c.after["name"]) for c in changes if c.entity == "lead")
""")  # fmt: skip
    changed = records.add(book, LEAD, {"name": "ada lovelace"})
    assert names(book) == ["Ada Lovelace"]
    assert book.reader.value("SELECT name_key FROM opportunity") == "ada lovelace"
    assert [c.after["name"] for c in changed.changes if c.entity == "lead" and c.after] == ["Ada Lovelace"]
    assert sys.modules["plugged_good"].seen == [("lead", "Ada Lovelace")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lead", "add", "ada"], "added lead:2 ADA"),
        (["log", "call", "lead:1", "hello"], "logged call with lead:1 old: HELLO"),
        (["lead", "convert", "1", "--name", "engine"], "lead:1 is now deal:1 ENGINE\nmade contact:1 OLD"),
        (["user", "add", "grace"], "added user GRACE"),
        (["tag", "rename", "vip", "best"], "tag vip is now BEST"),
        (["view", "save", "mine", "is:any", "--for", "lead"], "saved view MINE for leads"),
        (["stage", "add", "offer"], "added stage OFFER"),
        (["stage", "edit", "New", "name=fresh"], "changed stage FRESH"),
        (["pipeline", "add", "second"], "added pipeline SECOND"),
    ],
)
def test_messages_say_what_a_plugin_made_of_it(
    words: list[str], said: str, plug: Write, book: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(book, LEAD, {"name": "old", "tags": "vip"})
    plug(loud="""
@hookimpl
def before_change(change):
    texts = {c: v.upper() for c, v in (change.after or {}).items() if c in ("name", "body") and v}
    return change._replace(after={**change.after, **texts}) if texts else None
""")  # fmt: skip
    assert main(words) == 0
    assert said in "".join(capsys.readouterr())


def test_veto_saves_nothing_and_names_the_plugin(plug: Write, book: Context) -> None:
    plug(strict="""
@hookimpl
def before_change(change):
    if change.entity == "lead":
        raise RefusedError("no leads on Sundays", "come back on Monday")
""")  # fmt: skip
    with pytest.raises(RefusedError, match="'strict' refused the lead: no leads on Sundays") as caught:
        records.add(book, LEAD, {"name": "Ada", "source": "brand new"})
    assert caught.value.code == EXIT_REFUSED
    assert "come back on Monday" in str(caught.value)
    assert names(book) == []
    assert book.reader.value("SELECT count(*) FROM source WHERE name = 'brand new'") == 0


def test_select_in_a_hook_reads_the_book_as_it_was(plug: Write, book: Context) -> None:
    plug(counting="""
seen = []
@hookimpl
def before_change(change):
    if change.entity == "lead":
        seen.append(select("SELECT count(*) AS n FROM v_lead WHERE name <> ?", ["x"])[0]["n"])
@hookimpl
def after_change():
    seen.append(select("SELECT count(*) AS n FROM v_lead")[0]["n"])
""")  # fmt: skip
    records.add(book, LEAD, {"name": "Ada"})
    records.add(book, LEAD, {"name": "Grace"})
    assert sys.modules["plugged_counting"].seen == [0, 1, 1, 2]


def test_select_cannot_write(plug: Write, book: Context, capsys: pytest.CaptureFixture[str]) -> None:
    plug(writing="""
@hookimpl
def after_change():
    select("DELETE FROM opportunity")
""")  # fmt: skip
    records.add(book, LEAD, {"name": "Ada"})
    assert names(book) == ["Ada"]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_only_a_refusal_refuses(
    engine: str,
    plug: Write,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if engine == "postgresql":
        monkeypatch.setenv("CRM_DB", request.getfixturevalue("pg_url"))
    Context(plugins=False, quiet=True).create(Settings().database)
    plug(asking="""
from crmcli.api import UsageError
@hookimpl
def before_change(change):
    name = change.after["name"] if change.entity == "lead" else ""
    if name == "Ada":
        select("SELECT nosuch FROM v_lead")
    if name == "Grace":
        select("DELETE FROM opportunity")
    if name == "Edith":
        raise UsageError("not that way")
""")  # fmt: skip
    told = {
        "Ada": "StoreError: .*nosuch",
        "Grace": "ReadOnlyError: a SELECT only reads",
        "Edith": "UsageError: not that way",
    }
    for name, why in told.items():
        assert main(["lead", "add", name]) == 0
        assert re.search(f"warning: the plugin 'asking' failed in before_change: {why}", capsys.readouterr().err)
    context = Context(plugins=False)
    assert names(context) == list(told)
    context.close()


def test_session_is_typed_and_read_only(book: Context) -> None:
    from sqlalchemy.exc import DBAPIError
    from sqlmodel import select

    from crmcli import api

    records.add(book, LEAD, {"name": "Ada", "tags": "vip"})
    with api.session(book) as session:
        found = session.exec(select(api.Opportunity)).one()
        assert (found.name, found.kind, found.created_at.tzinfo is not None) == ("Ada", "lead", True)
        session.add(api.Tag(name="sneaked in"))
        with pytest.raises(DBAPIError, match="readonly"):
            session.commit()


def test_session_and_select_on_postgresql(pg_url: str, plug: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import DBAPIError
    from sqlmodel import select

    from crmcli import api

    monkeypatch.setenv("CRM_DB", pg_url)
    plug(pg="""
seen = []
@hookimpl
def after_change():
    seen.extend(select("SELECT name FROM v_lead WHERE name = ?", ["Ada"]))
""")  # fmt: skip
    Context(plugins=False, quiet=True).create(pg_url)
    context = Context()
    try:
        records.add(context, LEAD, {"name": "Ada"})
        assert sys.modules["plugged_pg"].seen == [{"name": "Ada"}]
        with api.session(context) as session:
            assert session.exec(select(api.Opportunity)).one().name == "Ada"
            session.add(api.Tag(name="sneaked in"))
            with pytest.raises(DBAPIError, match="read-only"):
                session.commit()
    finally:
        context.close()


def test_every_name_of_the_api_is_there() -> None:
    from crmcli import api

    assert [name for name in api.__all__ if getattr(api, name, None) is None] == []
    with pytest.raises(AttributeError, match="Nonsense"):
        api.Nonsense  # noqa: B018


def test_a_hook_that_writes_by_itself_does_not_call_itself(plug: Write, run: Callable[..., Finished]) -> None:
    plug(again="""
from crmcli.domain.entities import LEAD
from crmcli.services import records
@hookimpl
def after_change():
    context = Context()
    records.add(context, LEAD, {"name": "by the hook"})
    context.close()
""")  # fmt: skip
    done = run("Ada")
    assert (done.returncode, json.loads(done.stdout)) == (0, ["Ada", "by the hook"]), done


# --- plugins that do not -------------------------------------------------------------------------------------------

BAD = {
    "raises": ("def {hook}: raise ValueError('boom')", "ValueError: boom"),
    "exits": ("import sys\ndef {hook}: sys.exit(9)", "SystemExit: 9"),
    "interrupts_itself": ("def {hook}: raise GeneratorExit", "GeneratorExit"),
    "recurses": ("def {hook}: {call}", "RecursionError"),
    "sleeps": ("import time\ndef {hook}: time.sleep(30)", "longer than 0.8 seconds"),
    "stubborn": (
        "import time\ndef {hook}:\n    try: time.sleep(30)\n    except Exception: time.sleep(30)",
        "longer than 0.8 seconds",
    ),
}


@pytest.mark.parametrize("hook", ["before_change(change)", "after_change(changes)"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_hook_costs_a_warning(name: str, hook: str, plug: Write, run: Callable[..., Finished]) -> None:
    source, told = BAD[name]
    head, mark, body = source.rpartition("def {hook}")
    plug(**{name: f"{head}@hookimpl\n{mark}{body}".format(hook=hook, call=hook)})
    done = run("Ada")
    assert (done.returncode, json.loads(done.stdout)) == (0, ["Ada"]), done
    assert f"the plugin '{name}' failed in {hook.partition('(')[0]}: " in done.stderr
    assert told in done.stderr
    assert f"'crm plugin disable {name}'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "act",
    [
        "print('noise')",
        "os.write(1, b'noise')",
        "os.system('echo noise')",
        "sys.stdout.write('noise\\x1b[2J'); sys.stdout.close()",
        "sys.__stdout__.write('noise') and sys.__stdout__.flush()",
        "os.close(1)",
        "os.close(1); open(os.devnull)",
    ],
)
@pytest.mark.parametrize("hook", ["before_change", "after_change", ""])
def test_stdout_stays_clean_and_open(act: str, hook: str, plug: Write, run: Callable[..., Finished]) -> None:
    body = f"@hookimpl\ndef {hook}(): {act}\n" if hook else f"{act}\n"
    plug(noisy=f"import os, sys\n{body}")
    done = run("Ada")
    assert (done.returncode, json.loads(done.stdout)) == (0, ["Ada"]), done
    assert "\x1b" not in done.stderr
    if "noise" in act:
        assert "noise" in done.stderr


def test_a_hook_that_ends_the_process_after_the_commit_loses_nothing(
    plug: Write, run: Callable[..., Finished], book: Context
) -> None:
    plug(killer="import os\n@hookimpl\ndef after_change(): os._exit(7)")
    assert run("Ada").returncode == 7
    assert names(book) == ["Ada"]


def test_a_hook_that_ends_the_process_before_the_commit_leaves_a_sound_book(
    plug: Write, run: Callable[..., Finished], book: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(killer="import os\n@hookimpl\ndef before_change(): os._exit(7)")
    assert run("Ada").returncode == 7
    assert names(book) == []
    monkeypatch.delenv("CRM_PLUGINS")
    assert run("Grace").returncode == 0
    assert names(book) == ["Grace"]


def test_slow_hooks_outside_the_main_thread_are_named_afterwards(plug: Write, run: Callable[..., Finished]) -> None:
    plug(slow="import time\n@hookimpl\ndef after_change(): time.sleep(1)")
    done = run("Ada", "Grace", where="thread")
    assert (done.returncode, json.loads(done.stdout)) == (0, ["Ada", "Grace"]), done
    assert done.stderr.count("'slow' failed in after_change: it took longer than 0.8 seconds") == 1


def test_a_hook_that_keeps_failing_is_left_out(plug: Write, run: Callable[..., Finished]) -> None:
    plug(broken="@hookimpl\ndef after_change(): 1 / 0")
    done = run("A", "B", "C", "D", "E")
    assert json.loads(done.stdout) == ["A", "B", "C", "D", "E"]
    assert done.stderr.count("ZeroDivisionError") == plugins.FAILURES
    assert done.stderr.count("it is left out from now on") == 1


def test_one_bad_plugin_does_not_stop_the_others(plug: Write, run: Callable[..., Finished]) -> None:
    upper = """
@hookimpl
def before_change(change):
    if change.entity == "lead":
        return change._replace(after={**change.after, "name": change.after["name"] + "!"})
"""
    plug(first=upper, bad="@hookimpl\ndef before_change(): raise SystemExit", last=upper)
    done = run("Ada")
    assert json.loads(done.stdout) == ["Ada!!"]


def test_altering_a_change_in_place_alters_nothing(plug: Write, run: Callable[..., Finished]) -> None:
    plug(vandal="""
@hookimpl
def before_change(change):
    change.after.clear()
@hookimpl
def after_change(changes):
    changes[0].after.clear()
    changes.clear()
""")  # fmt: skip
    done = run("Ada")
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, ["Ada"], ""), done


def test_an_answer_that_may_not_be_given_is_left_out(plug: Write, run: Callable[..., Finished]) -> None:
    plug(forger="@hookimpl\ndef before_change(change): return change._replace(id=99)")
    done = run("Ada")
    assert json.loads(done.stdout) == ["Ada"]
    assert "the plugin 'forger' failed in before_change: it may amend only what is in 'after'" in done.stderr


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import nonsense_module", "No module named 'nonsense_module'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def (", "SyntaxError"),
        ("import time; time.sleep(30)", "longer than 0.8 seconds"),
        ("@hookimpl\ndef befor_change(change): pass", "there is no hook 'befor_change'"),
        ("@hookimpl\ndef before_change(deal): pass", "PluginValidationError"),
        ("@hookimpl(wrapper=True)\ndef before_change(change): return (yield)", "hook wrappers are not supported"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_a_warning(
    source: str, told: str, plug: Write, run: Callable[..., Finished]
) -> None:
    plug(broken=source)
    done = run("Ada", "Grace")
    assert (done.returncode, json.loads(done.stdout)) == (0, ["Ada", "Grace"]), done
    assert done.stderr.count("the plugin 'broken' (plugged_broken) cannot be loaded: ") == 1
    assert told in done.stderr
    assert "'crm plugin disable broken'" in done.stderr


def test_plugins_can_be_left_out(plug: Write, book: Context) -> None:
    plug(strict="@hookimpl\ndef before_change(): raise RefusedError('no')")
    context = Context(plugins=False)
    records.add(context, LEAD, {"name": "Ada"})
    context.close()
    assert names(book) == ["Ada"]
    assert "plugged_strict" not in sys.modules


def test_without_plugins_nothing_is_loaded(book: Context, run: Callable[..., Finished]) -> None:
    assert plugins.hooks_for(Settings(), print, lambda _changes: pytest.fail("nothing to fit")) == (None, None, None)
    probe = """
import sys
from crmcli import plugins
from crmcli.config import Settings, config_dir
from crmcli.plugins import bringing
plugins.hooks_for(Settings(), print, None)
bringing.reports(Settings(), print)
bringing.add_commands(None, Settings(), print)
print(sorted({"pluggy", "importlib.metadata", "crmcli.hookspecs", "typer"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, env=environment(), check=True, text=True)
    assert done.stdout == "[]\n"


# --- commands and reports ------------------------------------------------------------------------------------------

#: A group, a command of its own and one that the program has already.
TALK = """
import typer
@hookimpl
def register_commands(app):
    group = typer.Typer(help="Talk to people.")
    @group.command()
    def hello(name: str): return Note(f"hello {name}")
    @group.command()
    def boom(): 1 / 0
    @group.command()
    def leave(): raise typer.Exit(4)
    app.add_typer(group, name="talk")
    other = typer.Typer()
    @other.command()
    def aloud(): return Note("aloud")
    app.add_typer(other, name="sing", help="Sing to people")
    @app.command()
    def whisper_it():
        'Say it quietly.'
        return Note("hush")
    @app.command("lead")
    def mine(): return Note("mine")
"""


@pytest.fixture
def bare(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """The front door before any plugin has brought commands."""
    monkeypatch.setattr(root, "app", typer.Typer(help="A CRM."))


def test_commands_become_part_of_the_program(plug: Write, capsys: pytest.CaptureFixture[str]) -> None:
    plug(
        talk=TALK,
        bad="@hookimpl\ndef register_commands(app): raise ValueError('boom')",
    )
    app = typer.Typer()

    @app.command()
    def lead() -> None: ...

    said: list[str] = []
    assert sorted(bringing.add_commands(app, Settings(), said.append)) == ["sing", "talk", "whisper-it"]
    assert len(said) == 2
    assert "'talk' has a command 'lead', but crm has one already" in "".join(said)
    assert "'bad' failed in register_commands: ValueError: boom" in "".join(said)
    command = typer.main.get_command(app)
    assert command.main(["talk", "hello", "Ada"], standalone_mode=False).text == "hello Ada"
    assert command.main(["talk", "leave"], standalone_mode=False) == 4
    with pytest.raises(CrmError, match="the plugin 'talk' failed: ZeroDivisionError"):
        command.main(["talk", "boom"], standalone_mode=False)


def test_stdout_is_for_what_a_command_returns(plug: Write, bare: None, capfd: pytest.CaptureFixture[str]) -> None:
    plug(loud="""
import os, sys, typer
from crmcli.api import Column, Rows
@hookimpl
def register_commands(app):
    group = typer.Typer()
    @group.callback()
    def first(): print("noise")
    @group.command()
    def count():
        print("noise")
        typer.echo("noise")
        os.system("echo noise")
        return Rows((Column("n", None, "N"),), [{"n": 1}])
    app.add_typer(group, name="loud")
""")  # fmt: skip
    assert main(["loud", "count", "-o", "json"]) == 0
    out, err = capfd.readouterr()
    assert (json.loads(out), err.count("noise")) == ([{"n": 1}], 4)


def test_help_says_what_the_commands_of_plugins_do(plug: Write, bare: None, capsys: pytest.CaptureFixture[str]) -> None:
    plug(talk=TALK)
    assert main(["--help"]) == 0
    out, err = capsys.readouterr()
    section = out.partition("From plugins:\n")[2].partition("\n\n")[0]
    assert [line.split(None, 1) for line in section.splitlines()] == [
        ["whisper-it", "Say it quietly"],
        ["talk", "Talk to people"],
        ["sing", "Sing to people"],
    ]
    assert err.count("the plugin 'talk' has a command 'lead', but crm has one already; it is left out") == 1


GROUP = """
import typer
from crmcli.api import Note
def names(incomplete: str): return [(name, "A choir") for name in ("alto", "bass", "basso profondo")]
asked = dict(autocompletion=names)
@hookimpl
def register_commands(app):
    group = typer.Typer(help="Sing to people.", epilog="Examples:\\n  crm sing loud alto")
    @group.command("loud", help="Sing so that everybody in the house and in the street before it hears every word.")
    def loud(choirs: list[str] = typer.Argument(**asked), hall: str = typer.Option("", **asked)):
        print("noise")
        return Note(" ".join(choirs))
    @group.command("low", help="Sing so that nobody hears it.")
    def low(): pass
    inner = typer.Typer(help="Choirs that sing.")
    @inner.command("list", help="List them.")
    def choirs(): pass
    group.add_typer(inner, name="choir")
    app.add_typer(group, name="sing")
"""


def test_a_group_of_commands_of_a_plugin_is_as_those_of_the_program(
    plug: Write, bare: None, capsys: pytest.CaptureFixture[str]
) -> None:
    plug(sing=GROUP)
    assert main(["sing", "--help"]) == 0
    out = capsys.readouterr().out
    parts = re.split(r"\n(?:Verbs|Nouns):\n|(?<=\n)(?='crm)", out)[1:]
    verbs, nouns, end = (part.partition("\n\n")[0] for part in parts)
    assert " ".join(verbs.split()) == (
        "loud Sing so that everybody in the house and in the street before it hears every word low Sing so that nobody"
        " hears it"
    )
    assert nouns.split() == ["choir", "Choirs", "that", "sing"]
    assert end == "'crm sing VERB --help' has options and examples."
    assert out.endswith("Examples:\n  crm sing loud alto\n")
    assert "Commands:" not in out
    assert main(["sing", "choir", "--help"]) == 0
    assert "'crm sing choir VERB --help'" in capsys.readouterr().out
    assert main(["sing", "lod"]) == 2
    assert capsys.readouterr().err.endswith("crm: 'crm sing lod' is not a command\n  did you mean 'crm sing loud'?\n")
    assert main(["sing", "-q", "-o", "json", "loud", "alto"]) == 0
    assert capsys.readouterr().out == '"alto"\n'


def test_tab_asks_what_a_plugin_offers(
    plug: Write, bare: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plug(sing=GROUP)

    def tab(*words: str) -> list[str]:
        monkeypatch.setenv("_CRM_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(["crm", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        assert main([]) == 0
        return capsys.readouterr().out.splitlines()

    assert tab("si") == ["sing"]
    assert tab("sing", "l") == ["loud", "low"]
    assert tab("sing", "loud", "b") == ["bass", "basso\\ profondo"]
    assert tab("sing", "loud", "alto", "bass", "") == ["alto", "bass", "basso\\ profondo"]
    assert tab("sing", "loud", "--hall", "al") == ["alto"]
    assert tab("sing", "loud", "--ha") == ["--hall"]
    assert tab("sing", "low", "") == []


@pytest.mark.parametrize("word", list(PLUGGED))
def test_the_word_of_a_plugin_that_does_not_run_says_which(
    word: str, bare: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, package = PLUGGED[word]
    told = f"crm: 'crm {word}' comes with the plugin '{name}'\n  "
    monkeypatch.setattr(plugging, "_installed", list)
    assert main([word, "--help"]) == 2
    assert capsys.readouterr().err == f"{told}pip install ./plugins/{package}, then 'crm plugin enable {name}'\n"
    there = plugging.Found(name, "x", package, "1", "", None)
    monkeypatch.setattr(plugging, "_installed", lambda: [there])
    assert main([word]) == 2
    assert capsys.readouterr().err == f"{told}'crm plugin enable {name}' lets it run\n"
    monkeypatch.setenv("CRM_PLUGINS", f"{name}=plugged_nowhere")
    assert main(["--no-plugins", word]) == 2
    assert capsys.readouterr().err == f"{told}leave out --no-plugins\n"
    assert main([word]) == 2
    assert capsys.readouterr().err.endswith(f"{told}'crm plugin show {name}' says what is known of it\n")


def test_it_is_known_which_words_the_plugins_of_the_project_bring(
    monkeypatch: pytest.MonkeyPatch, book: Context
) -> None:
    found = {}
    for project in sorted((ROOT / "plugins").glob("*/pyproject.toml")):
        described = tomllib.loads(project.read_text("utf-8"))["project"]
        monkeypatch.syspath_prepend(str(project.parent))
        for name, module in described["entry-points"]["crmcli"].items():
            monkeypatch.setenv("CRM_PLUGINS", f"{name}={module}")
            words = bringing.add_commands(typer.Typer(), Settings(), pytest.fail)
            found.update(dict.fromkeys(words, (name, described["name"])))
    assert found == PLUGGED


def test_reports_bring_sql_or_a_file(plug: Write, tmp_path: Path) -> None:
    file = tmp_path / "r.sql"
    file.write_text("SELECT 2", encoding="utf-8")
    plug(
        one=f"""
@hookimpl
def register_reports():
    return [Report("a", "A", "SELECT 1"), Report("b", "B", {str(file)!r})]
""",
        two="@hookimpl\ndef register_reports(): return [Report('c', 'C', '/not/there.sql')]",
        three="@hookimpl\ndef register_reports(): return 5",
    )
    said: list[str] = []
    found = bringing.reports(Settings(), said.append)
    assert [tuple(report) for report in found] == [("a", "A", "SELECT 1"), ("b", "B", "SELECT 2")]
    assert sorted(line.split("'")[1] for line in said) == ["three", "two"]


def test_a_report_of_the_program_is_not_replaced(
    plug: Write, book: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    plug(figures="""
@hookimpl
def register_reports(): return [Report(name, "Mine", "SELECT 1 AS one") for name in ("funnel", "own")]
""")  # fmt: skip
    assert main(["report", "-o", "json"]) == 0
    out, err = capsys.readouterr()
    origins = {row["name"]: row["origin"] for row in json.loads(out)}
    assert (origins["funnel"], origins["own"]) == ("crm", "plugin")
    assert "the plugin 'figures' has a report 'funnel', but crm has one already; it is left out" in err


def test_a_bad_report_does_not_take_the_others_away(
    plug: Write, book: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Path(config_dir()) / "reports"
    own.mkdir(parents=True)
    (own / "mine.sql").write_text("-- Mine\nSELECT 1", encoding="utf-8")
    (own / "latin.sql").write_bytes(b"-- caf\xe9\nSELECT 1")
    (own / "empty.sql").touch()
    (own / "folder.sql").mkdir()
    (own / "dangling.sql").symlink_to(own / "nowhere")
    (own / "._mine.sql").write_bytes(b"\x00")
    plug(
        hollow="@hookimpl\ndef register_reports(): return [Report('hollow', '', '')]",
        nameless="@hookimpl\ndef register_reports(): return [Report('', '', '')]",
        failing="@hookimpl\ndef register_reports(): 1 / 0",
    )
    assert main(["report", "-o", "tsv"]) == 0
    said = capsys.readouterr()
    assert [line.split("\t")[0] for line in said.out.splitlines()[1:]] == [
        "funnel", "mine", "pipeline", "sources", "win-loss"
    ]  # fmt: skip
    warned = [line for line in said.err.splitlines() if line.startswith("warning: ")]
    assert [sum(name in line for line in warned) for name in ("latin", "empty", "folder.sql", "dangling")] == [1] * 4
    assert [sum(name in line for line in warned) for name in ("hollow", "nameless", "failing")] == [1] * 3
    assert len(warned) == 7


# --- enabling ------------------------------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages as an installer leaves them; the returned file appears when one of them is imported."""
    site, trace = tmp_path / "installed", tmp_path / "was-imported"
    for name in ("alpha", "beta"):
        info = site / f"crm_{name}-1.2.dist-info"
        info.mkdir(parents=True)
        head = f"Metadata-Version: 2.1\nName: crm-{name}\nVersion: 1.2\nSummary: The {name} plugin\n"
        (info / "METADATA").write_text(head, encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[crmcli]\n{name} = plugged_{name}.hooks\n", encoding="utf-8")
        (site / f"plugged_{name}").mkdir()
        (site / f"plugged_{name}" / "__init__.py").write_text(f"open({str(trace)!r}, 'w').close()\n", encoding="utf-8")
        source = f"{MARK}@hookimpl\ndef after_change(): pass\ndef before_change(): pass\n"
        (site / f"plugged_{name}" / "hooks.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))
    return trace


def test_enable_list_info_disable(installed: Path, book: Context) -> None:
    rows = {row["name"]: row for row in plugging.plugins(book).rows}
    assert {"alpha", "beta"} <= set(rows)
    assert rows["alpha"]["distribution"] == "crm-alpha"
    assert (rows["alpha"]["version"], rows["alpha"]["hooks"]) == ("1.2", "after_change")
    assert rows["alpha"]["enabled"] is False
    shown = plugging.info(book, "alpha")
    assert shown.values["summary"] == "The alpha plugin"
    records.add(book, LEAD, {"name": "Ada"})
    assert not installed.exists()

    assert "enabled the plugin 'alpha' (crm-alpha 1.2)" in plugging.enable(book, "alpha").text
    assert installed.exists()
    assert "enabled already" in plugging.enable(book, "alpha").text
    plugging.enable(book, "beta")
    assert Settings()["plugins"] == "alpha=plugged_alpha.hooks,beta=plugged_beta.hooks"
    assert [row["enabled"] for row in plugging.plugins(book).rows if row["name"] in ("alpha", "beta")] == [True, True]

    plugging.disable(book, "alpha")
    assert Settings()["plugins"] == "beta=plugged_beta.hooks"
    plugging.disable(book, "beta")
    assert Settings().find("plugins") == ("", "default")


def test_enabling_says_which_commands_are_out_of_reach(
    installed: Path, book: Context, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "app", typer.Typer(help="A CRM."))
    hooks = installed.parent / "installed" / "plugged_alpha" / "hooks.py"
    commands = "@hookimpl\ndef register_commands(app):\n    @app.command('lead')\n    def mine(): pass\n"
    hooks.write_text(MARK + commands, encoding="utf-8")
    assert main(["plugin", "enable", "alpha", "--dry-run"]) == 0
    assert not Settings()["plugins"]
    assert main(["plugin", "enable", "alpha", "--yes"]) == 0
    said = capsys.readouterr().err
    assert "the plugin 'alpha' has a command 'lead', but crm has one already; it is left out" in said


def test_what_cannot_be_loaded_is_not_enabled(installed: Path, book: Context) -> None:
    (installed.parent / "installed" / "plugged_alpha" / "hooks.py").unlink()
    with pytest.raises(CrmError, match=r"'alpha' \(plugged_alpha.hooks\) cannot be loaded: ModuleNotFoundError"):
        plugging.enable(book, "alpha")
    assert Settings().find("plugins") == ("", "default")


def test_what_is_not_there_is_said(installed: Path, book: Context) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'alpha'"):
        plugging.enable(book, "alpa")
    with pytest.raises(NotFoundError, match="is not enabled"):
        plugging.disable(book, "alpha")
    with pytest.raises(NotFoundError):
        plugging.info(book, "nonsense")


def test_an_enabled_plugin_that_is_gone_can_be_seen_and_disabled(book: Context) -> None:
    from crmcli import config

    config.write("plugins", "gone=not_there_any_more")
    context = Context()
    rows = [row for row in plugging.plugins(context).rows if row["name"] == "gone"]
    assert (rows[0]["enabled"], rows[0]["distribution"], rows[0]["hooks"]) == (True, "(not installed)", "(not found)")
    plugging.disable(context, "gone")
    context.close()
    assert Settings()["plugins"] == ""


def test_the_environment_is_not_overridden(installed: Path, book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PLUGINS", "beta=plugged_beta.hooks")
    with pytest.raises(CrmError, match="set by CRM_PLUGINS"):
        plugging.enable(Context(), "alpha")
    for words in (("enable", "alpha"), ("disable", "beta")):
        assert main(["plugin", *words, "--dry-run"]) == main(["plugin", *words, "-y"]) == 2


# --- the contract --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_plugins_import_only_the_api(path: Path) -> None:
    imported = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.module == "crmcli":
                imported += [f"crmcli.{alias.name}" for alias in node.names]
            else:
                imported.append(node.module or ".")
    ours = {name for name in imported if name.split(".")[0] in ("crmcli", "tests")}
    assert ours == {"crmcli.api"}


def test_there_are_shipped_plugins() -> None:
    assert SHIPPED
