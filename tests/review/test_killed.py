"""Killed while it saves, a process has lost and doubled nothing that it had acknowledged: in SQLite and PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadterm.decisions.accounts import Accounts
from leadterm.decisions.changes import Change, Entry
from leadterm.decisions.decision_store import Conflict, DecisionStore

RUNS = 100
WRITER = """
import os, sys
from pathlib import Path
from leadterm.decisions.changes import Change, Entry
from leadterm.decisions.decision_store import DecisionStore
where = sys.argv[1]
DecisionStore(where if "://" in where else Path(where)).close()
print("ready", flush=True)
for run in sys.stdin:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        print("dead", flush=True)
        continue
    print("child", os.getpid(), flush=True)
    store = DecisionStore(where if "://" in where else Path(where))
    for i in range(100000):
        name = f"{run.strip()}-{i}"
        store.append(Entry(name, "", "ana", "e1", "0f", (Change("comment", value="x" * 3000),)))
        os.write(1, (name + "\\n").encode())  # whole, or not at all
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of Debian on a free port, in a folder of its own."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL below /usr/lib/postgresql")
    folder = tmp_path_factory.mktemp("postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    who: dict[str, object] = {}
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        user = pwd.getpwnam("postgres")
        who = {"user": user.pw_uid, "group": user.pw_gid}
        for above in (folder, *folder.parents):
            if above.stat().st_uid == 0 and above != Path("/") and str(above) != "/tmp":
                above.chmod(above.stat().st_mode | 0o011)
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    made = [str(found[-1] / "initdb"), "-D", "data", "-U", "ana", "-A", "trust", "-E", "UTF8"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **who)  # type: ignore[call-overload]
    options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(folder)]
    command = [str(found[-1] / "postgres"), "-D", "data", *options]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **who)  # type: ignore[call-overload]
    for _ in range(600):
        with socket.socket() as tried:
            if not tried.connect_ex(("127.0.0.1", port)):
                break
        time.sleep(0.1)
    yield f"postgresql://ana@127.0.0.1:{port}/postgres"
    running.send_signal(signal.SIGQUIT)
    running.wait()


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("server"))


def opened(where: str) -> DecisionStore:
    return DecisionStore(where if "://" in where else Path(where))


def test_killed_while_it_saves_it_has_all_that_it_acknowledged(where: str) -> None:
    opened(where).close()
    told: list[str] = []
    command = [sys.executable, "-c", WRITER, where]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin
        assert parent.stdout
        assert parent.stdout.readline() == "ready\n"
        for run in range(RUNS):
            print(run, file=parent.stdin, flush=True)
            child = int(parent.stdout.readline().split()[1])
            told += [parent.stdout.readline().strip() for _ in range(1 + run % 3)]
            time.sleep(run % 7 / 2000)  # now here, now there in a save
            os.kill(child, signal.SIGKILL)
            while (line := parent.stdout.readline().strip()) != "dead":
                assert line, "the writer itself has ended"
                told.append(line)
        parent.stdin.close()
    store = opened(where)
    kept = [one.id for one in store.entries(("e1", "0f"))]
    store.close()
    assert len(set(kept)) == len(kept)
    assert set(told) <= set(kept)
    assert len(kept) <= len(told) + RUNS  # one at most a run was on its way


def test_two_servers_see_each_other_and_neither_overwrites(where: str) -> None:
    ana, ben = opened(where), opened(where)
    key = ("e2", "0f")

    def entry(id: str, who: str) -> Entry:
        return Entry(f"two-{id}", "", who, *key, (Change("finish"),))

    ana.append(entry("1", "ana"), seen=0)
    with pytest.raises(Conflict, match="ana decided"):
        ben.append(entry("2", "ben"), seen=0)
    ben.append(entry("2", "ben"), seen=1)
    ben.append(entry("2", "ben"), seen=1)
    ana.refresh()
    assert [one.who for one in ana.entries(key)] == ["ana", "ben"]
    ana.looked("ana", "encounter", "e2")
    assert ben.looks()[0]["who"] == "ana"
    token = Accounts(ana).invite("eve", "auditor")
    person = Accounts(ben).person(token)
    assert person is not None
    assert (person.name, person.audits) == ("eve", True)
    assert Accounts(ben).person("eve:wrong") is None
    ana.close()
    ben.close()
