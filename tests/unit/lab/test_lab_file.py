# SPDX-License-Identifier: Apache-2.0
"""A lab's file: what is read, what is written, and how mistakes are explained."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.lab import lab_file, lab_text
from xlvs.lab.errors import LabFileError
from xlvs.lab.lab_file import Step
from xlvs.lab.play_file import judge
from xlvs.lab.scenes import SCENES
from xlvs.lab.topology import HttpServer, Interface, Node, Topology

EXAMPLES = sorted(Path(__file__, "../../../../examples/lab").resolve().glob("*.toml"))

MANUAL = Path(__file__, "../../../../man/xlvs-lab.5").resolve()

WHOLE = """
name = "mine"
summary = "a client and a server"

[hosts]
www = ["10.0.0.2", "fd00::2"]

[nodes.client]
interfaces.eth0 = { segment = "wire", addresses = ["10.0.0.1/24", "fd00::1/64"] }
routes = ["default via 10.0.0.2"]

[nodes.server]
interfaces.eth0 = { segment = "wire", addresses = ["10.0.0.2/24"] }
sysctls.net.ipv4.ip_forward = 1
sysctls."net.ipv4.ip_local_port_range" = "1024 2048"
setup = ["echo one", "echo two"]
own_run = true
files."a.conf" = "text"
http = [{ }, { port = 443, page = "secret", pages = { "/x" = "y" }, tls = true }]

[[play]]
say = "hello"
node = "client"
run = "xlvs lab get www"
expect = "server"
within = 2.5

[[play]]
node = "server"
run = "true"
"""


def complaints(text: str, name: str = "mine") -> list[str]:
    """What is wrong with a file, without its name."""
    with pytest.raises(LabFileError) as caught:
        lab_file.read(text, "mine.toml", name)
    assert all(each.startswith("mine.toml: ") for each in caught.value.complaints)
    return [each.removeprefix("mine.toml: ") for each in caught.value.complaints]


def test_every_key_is_read() -> None:
    """Each into the value of its name; what is left out has its default."""
    found = lab_file.read(WHOLE, "mine.toml")

    client = Node(
        "client",
        (Interface("eth0", "wire", ("10.0.0.1/24", "fd00::1/64")),),
        ("default via 10.0.0.2",),
    )
    server = Node(
        "server",
        (Interface("eth0", "wire", ("10.0.0.2/24",)),),
        (),
        (("net.ipv4.ip_forward", "1"), ("net.ipv4.ip_local_port_range", "1024 2048")),
        own_run=True,
        files=(("a.conf", "text"),),
        setup=("echo one", "echo two"),
    )
    assert found.topology == Topology(
        "mine",
        "a client and a server",
        (client, server),
        (("10.0.0.2", "www"), ("fd00::2", "www")),
        (HttpServer("server", "server\n"), HttpServer("server", "secret", 443, (("/x", "y"),), tls=True)),
    )
    assert found.play == (
        Step("client", "xlvs lab get www", "hello", ("server",), 2.5),
        Step("server", "true"),
    )


def test_a_file_need_not_say_its_name() -> None:
    """It is the file's own then."""
    text = '[nodes.a]\ninterfaces.eth0 = { segment = "wire" }\n'

    assert lab_file.read(text, "two-sites.toml", "twosites").topology.name == "twosites"
    assert "is not a name" in complaints(text, "")[0]


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_that_is_written_is_read_as_the_same(name: str) -> None:
    """So that anybody may begin from it."""
    topology = SCENES[name]()

    assert lab_file.read(lab_text.write(topology), "shown.toml").topology == topology


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_out_of_its_quotes(text: str) -> None:
    """Quotes, backslashes, newlines and control characters survive, in a line of their own and over several."""
    command = text.replace("\0", "")
    node = Node("a", (Interface("eth0", "wire"),), own_run=True, files=(("f", text),), setup=(command,))
    topology = Topology("t", text, (node,), servers=(HttpServer("a", text, pages=(("/" + text, text),)),))

    assert lab_file.read(lab_text.write(topology), "shown.toml").topology == topology


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_right(path: Path) -> None:
    """Each has something to play."""
    assert lab_file.read(path.read_text(), path.name).play


def test_there_is_an_example() -> None:
    """Lest the test before have nothing to look at."""
    assert EXAMPLES


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x", "this is no TOML: Expected '=' after a key"),
        (f"x = {'9' * 5000}", "this is no TOML: a number is too long"),
        (f"x = {'[' * 5000}", "lists or tables stand in one another too deeply"),
        ("", "nodes: a lab has one node at least (write [nodes.client] and interfaces.eth0"),
        ("node.a = 1", "there is no key node; did you mean nodes? (keys: name summary nodes hosts play)"),
        ("nodes = 1", "nodes: a table is wanted (write [nodes.client])"),
        ("nodes.a = 1", "nodes.a: a table is wanted"),
        ("[nodes.a]\nroute = []", "nodes.a: there is no key route; did you mean routes? (keys: interfaces routes"),
        ("[nodes.a]\nroutes = 'x'", "nodes.a.routes: a list of texts is wanted (write routes = ["),
        ("[nodes.a]\nroutes = ['x\\ny', \"\"]", "nodes.a.routes: '' is not one line"),
        ('[nodes.a]\nroutes = ["x\\naddress flush"]', "nodes.a.routes: 'x\\naddress flush' is not one line"),
        ("[nodes.a]\ninterfaces.e = 1", "nodes.a.interfaces.e: a table is wanted (write { segment"),
        ("[nodes.a]\ninterfaces.e = {}", "nodes.a.interfaces.e: the segment is missing (write segment ="),
        ("[nodes.a]\ninterfaces.e = { segmnt = 'w' }", "interfaces.e: there is no key segmnt; did you mean segment?"),
        ("[nodes.a]\ninterfaces.e = { segment = 'w', addresses = ['10.0.0.1'] }", "'10.0.0.1': an address with its"),
        ("[nodes.a]\ninterfaces.e = { segment = 'w', addresses = ['10.0.0.1/33'] }", "'10.0.0.1/33': an address with"),
        ("[nodes.a]\ninterfaces.'../x' = { segment = 'w' }", "'../x' is not an interface's name"),
        ("[nodes.a]\ninterfaces.e = { segment = 'W' }", "'W' is not a name"),
        ("[nodes.a-b]", "'a-b' is not a name"),
        ("[nodes.a]\nsysctls.kernel.pid_max = 1", "sysctls: 'kernel.pid_max' is no setting of a network"),
        ("[nodes.a]\nsysctls.'net./etc/x' = 1", "sysctls: 'net./etc/x' is no setting of a network"),
        ("[nodes.a]\nsysctls.net.x = true", "nodes.a.sysctls.net.x: a number or a text is wanted"),
        ("[nodes.a]\nown_run = 1", "nodes.a.own_run: true or false is wanted"),
        ("[nodes.a]\nfiles.x = 'y'", "nodes.a.files: files lie in a /run of the node's own (add own_run = true)"),
        ('[nodes.a]\nsetup = ["true \\u0000"]', "nodes.a.setup: 'true \\x00' has a NUL"),
        ('[[play]]\nnode = "a"\nrun = "x\\u0000"\n[nodes.a]', "play[1].run: 'x\\x00' has a NUL"),
        ("[nodes.a]\nown_run = true\nfiles.'../x' = 'y'", "nodes.a.files: '../x' is no plain file name"),
        ("[nodes.a]\nown_run = true\nfiles.x = 1", "nodes.a.files.x: a text is wanted"),
        ("[nodes.a]\nhttp = { port = 80 }", "nodes.a.http: a list of tables is wanted (write [[nodes.a.http]])"),
        ("[nodes.a]\nhttp = [{ port = 0 }]", "nodes.a.http[1].port: a number from 1 to 65535 is wanted"),
        ("[nodes.a]\nhttp = [{ port = 8.5 }]", "nodes.a.http[1].port: a number from 1 to 65535 is wanted"),
        ("[nodes.a]\nhttp = [{ pages = { x = 'y' } }]", "nodes.a.http[1].pages: 'x': a path and its page"),
        ("[nodes.a]\nhttp = [{}, {}]", "two servers of a have the port 80"),
        ("[nodes.a]\n[hosts]\nwww = 'x'", "hosts.www: 'x': an address is wanted"),
        ("[nodes.a]\n[hosts]\n'w w' = '10.0.0.1'", "hosts: 'w w' is not a host's name"),
        ("[nodes.a]\n[[play]]\nrun = 'x'", "play[1]: node is missing"),
        ("[nodes.alpha]\n[[play]]\nrun = 'x'\nnode = 'alfa'", "there is no node alfa; did you mean alpha? (nodes: al"),
        ("[nodes.a]\n[[play]]\nrun = 'x'\nnode = 'a'\nwithin = 999", "play[1].within: a number from 0 to 600 is wanted"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key_and_what_is_allowed(text: str, wanted: str) -> None:
    """One sentence that says where, what and how else."""
    assert any(wanted in each for each in complaints(text))


@pytest.mark.parametrize(
    "key", [*lab_file.KEYS, *lab_file.NODE_KEYS, *lab_file.INTERFACE_KEYS, *lab_file.HTTP_KEYS, *lab_file.STEP_KEYS]
)
def test_every_key_stands_in_the_man_page(key: str) -> None:
    """Each is a word that is set apart there."""
    words = MANUAL.read_text().replace(".", " ").split()

    assert any(before in ("Cm", "Ns") and word == key for before, word in pairwise(words))


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody has to run the command as often as there are mistakes."""
    text = "nmae = 1\n[nodes.a]\nroute = []\ninterfaces.e = { segment = 'w', addresses = ['x'] }"

    assert len(complaints(text)) == 3


@pytest.mark.parametrize(
    ("code", "output", "complaint"),
    [
        (0, "one two", ""),
        (0, "one", "did not print 'two'"),
        (3, "one two", "ended with exit code 3"),
    ],
)
def test_a_step_is_judged_by_exit_code_and_output(code: int, output: str, complaint: str) -> None:
    """Everything that is expected has to be there."""
    assert judge(Step("a", "x", expect=("one", "two")), code, output) == complaint
