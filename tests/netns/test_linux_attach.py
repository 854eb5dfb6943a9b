# SPDX-License-Identifier: Apache-2.0
"""Programs hang on interfaces without a process, are replaced in place, and leave nothing behind."""

import socket
import subprocess
from collections.abc import Iterator
from errno import EBUSY, EEXIST, ENODEV
from pathlib import Path

import pytest

from tests.unit.linux.probe import build
from tests.unit.linux.scratch import scratch_namespace
from xlvs.linux import bpffs, interface, namespace, tc_attach, xdp_attach
from xlvs.linux.bpf import Link, Object, Program
from xlvs.linux.tc_attach import Method
from xlvs.model.errors import KernelError, NotSupported

pytestmark = pytest.mark.netns


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture
def ifindex() -> Iterator[int]:
    """A veth `in0` (peer `out0`, both up) in a namespace of its own, which the test's thread is in."""
    with scratch_namespace() as name, namespace.entered(name):
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")  # its solicitations would be counted
        _run("ip", "link", "add", "in0", "type", "veth", "peer", "name", "out0")
        _run("ip", "link", "set", "in0", "up")
        _run("ip", "link", "set", "out0", "up")
        yield interface.interface("in0").ifindex


@pytest.fixture
def directory(ifindex: int) -> str:  # noqa: ARG001 - it puts us into the namespace
    """The pins of the director in that namespace."""
    return bpffs.director()


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Object]:
    """The probe object, loaded."""
    with Object.open(str(build(tmp_path))) as loaded:
        loaded.load()
        yield loaded


@pytest.fixture(autouse=True)
def _method_is_supported(request: pytest.FixtureRequest) -> None:
    """Skip a test of TCX on a kernel that has none: it says so by NotSupported."""
    names = getattr(request.node, "callspec", None)
    if names is None or "tcx" not in names.params.values():
        return
    probe, ifindex = request.getfixturevalue("probe"), request.getfixturevalue("ifindex")
    try:
        tc_attach.attach(probe.program("tc_other").fd, ifindex, f"{bpffs.director()}/try", method="tcx")
    except NotSupported as error:
        pytest.skip(error.message)
    tc_attach.detach(ifindex, f"{bpffs.director()}/try")


def send_frames(count: int) -> None:
    """Let `out0` send frames that `in0` receives, of a protocol that nothing else speaks."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("out0", 0))
        for _ in range(count):
            sender.send(b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x88\xb5" + bytes(50))


def received(probe: Object) -> int:
    """How many packets the program `tc_count` has seen."""
    return sum(int.from_bytes(each, "little") for each in probe.map("per_cpu").lookup_cpus(bytes(4)) or [])


def program_id(program: Program) -> int:
    """The kernel-wide number."""
    return program.info.id


def has_clsact() -> bool:
    """Whether `in0` has the qdisc."""
    return "clsact" in _run("tc", "qdisc", "show", "dev", "in0")


@pytest.mark.parametrize("method", ["tcx", "clsact"])
def test_a_tc_program_sees_packets_until_it_is_detached(
    ifindex: int, directory: str, probe: Object, method: Method
) -> None:
    """By both methods; afterwards the interface has neither program nor clsact."""
    pin = f"{directory}/tc_in"
    assert tc_attach.attach(probe.program("tc_count").fd, ifindex, pin, method=method) == method
    assert tc_attach.query(ifindex, pin) == (method, program_id(probe.program("tc_count")))
    before = received(probe)
    send_frames(5)
    assert received(probe) - before >= 5
    assert has_clsact() == (method == "clsact")
    assert tc_attach.detach(ifindex, pin)
    after = received(probe)
    send_frames(5)
    assert received(probe) == after
    assert tc_attach.query(ifindex, pin) is None
    assert not has_clsact()
    assert not any(Path(directory).iterdir())


@pytest.mark.parametrize("method", ["tcx", "clsact"])
@pytest.mark.parametrize("egress", [False, True])
def test_attaching_again_replaces_in_place(
    ifindex: int, directory: str, probe: Object, method: Method, egress: bool
) -> None:
    """One program before, one after, in either direction."""
    pin = f"{directory}/tc"
    tc_attach.attach(probe.program("tc_count").fd, ifindex, pin, egress=egress, method=method)
    tc_attach.attach(probe.program("tc_other").fd, ifindex, pin, egress=egress, method=method)
    expected = (method, program_id(probe.program("tc_other")))
    assert expected == tc_attach.query(ifindex, pin, egress=egress)
    assert tc_attach.detach(ifindex, pin, egress=egress)
    assert not tc_attach.detach(ifindex, pin, egress=egress)


@pytest.mark.parametrize(("first", "second"), [("tcx", "clsact"), ("clsact", "tcx")])
def test_changing_the_method_leaves_one_attachment(
    ifindex: int, directory: str, probe: Object, first: Method, second: Method
) -> None:
    """As when the host is booted into a kernel of the other sort, or the user forces one."""
    pin = f"{directory}/tc"
    tc_attach.attach(probe.program("tc_count").fd, ifindex, pin, method=first)
    tc_attach.attach(probe.program("tc_count").fd, ifindex, pin, method=second)
    before = received(probe)
    send_frames(1)
    assert received(probe) - before == 1
    assert has_clsact() == (second == "clsact")
    tc_attach.detach(ifindex, pin)
    assert not has_clsact()


def test_a_kernel_without_tcx_falls_back(
    ifindex: int, directory: str, probe: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux before 6.6 answers EINVAL to the attach type."""

    def refuse(*_: object, **__: object) -> Link:
        raise KernelError("attaching by TCX", 22)

    monkeypatch.setattr(Link, "tcx", refuse)
    assert tc_attach.attach(probe.program("tc_count").fd, ifindex, f"{directory}/tc") == "clsact"


def test_a_clsact_that_was_there_stays(ifindex: int, directory: str, probe: Object) -> None:
    """Somebody else made it, empty or not."""
    _run("tc", "qdisc", "add", "dev", "in0", "clsact")
    tc_attach.attach(probe.program("tc_count").fd, ifindex, f"{directory}/tc", method="clsact")
    tc_attach.detach(ifindex, f"{directory}/tc")
    assert has_clsact()


def test_a_clsact_of_ours_stays_while_others_use_it(ifindex: int, directory: str, probe: Object) -> None:
    """Their filter came later; it must not go with ours."""
    tc_attach.attach(probe.program("tc_count").fd, ifindex, f"{directory}/tc", method="clsact")
    _run("tc", "filter", "add", "dev", "in0", "egress", "protocol", "all", "prio", "7", "u32", "match", "u32", "0", "0")
    tc_attach.detach(ifindex, f"{directory}/tc")
    assert has_clsact()
    assert "u32" in _run("tc", "filter", "show", "dev", "in0", "egress")
    assert not any(Path(directory).iterdir())


def test_a_clsact_of_ours_goes_with_the_second_direction(ifindex: int, directory: str, probe: Object) -> None:
    """Both directions share it."""
    fd = probe.program("tc_count").fd
    tc_attach.attach(fd, ifindex, f"{directory}/tc_in", method="clsact")
    tc_attach.attach(fd, ifindex, f"{directory}/tc_out", egress=True, method="clsact")
    tc_attach.detach(ifindex, f"{directory}/tc_in")
    assert has_clsact()
    tc_attach.detach(ifindex, f"{directory}/tc_out", egress=True)
    assert not has_clsact()


@pytest.mark.parametrize("mode", ["native", "generic"])
def test_an_xdp_program_is_attached_replaced_and_detached(
    ifindex: int, directory: str, probe: Object, mode: xdp_attach.Mode
) -> None:
    """In both modes."""
    pin = f"{directory}/xdp"
    xdp_attach.attach(probe.program("xdp_pass").fd, ifindex, pin, mode)
    assert xdp_attach.query(ifindex, pin) == (mode, program_id(probe.program("xdp_pass")), True)
    xdp_attach.attach(probe.program("xdp_other").fd, ifindex, pin, mode)
    assert xdp_attach.query(ifindex, pin) == (mode, program_id(probe.program("xdp_other")), True)
    assert xdp_attach.detach(pin)
    assert xdp_attach.query(ifindex, pin) is None
    assert not xdp_attach.detach(pin)
    assert not any(Path(directory).iterdir())


def test_xdp_changes_its_mode(ifindex: int, directory: str, probe: Object) -> None:
    """The kernel has one mode at a time; ours gives way to ours."""
    pin = f"{directory}/xdp"
    fd = probe.program("xdp_pass").fd
    xdp_attach.attach(fd, ifindex, pin, "generic")
    xdp_attach.attach(fd, ifindex, pin, "native")
    found = xdp_attach.query(ifindex, pin)
    assert found is not None
    assert found.mode == "native"


def test_somebody_elses_xdp_program_is_left_alone(ifindex: int, directory: str, probe: Object) -> None:
    """The attempt fails and says so; nothing is pinned."""
    with Link.xdp(probe.program("xdp_pass").fd, ifindex, 4):
        with pytest.raises(KernelError) as caught:
            xdp_attach.attach(probe.program("xdp_other").fd, ifindex, f"{directory}/xdp", "native")
        assert caught.value.errno in (EBUSY, EEXIST)
        assert xdp_attach.query(ifindex, f"{directory}/xdp") == ("native", program_id(probe.program("xdp_pass")), False)
    assert not any(Path(directory).iterdir())


@pytest.mark.parametrize("method", ["tcx", "clsact"])
def test_a_pin_of_a_vanished_interface_gives_way(ifindex: int, directory: str, probe: Object, method: Method) -> None:
    """A new interface may get the same number and the same pin."""
    tc_pin, xdp_pin = f"{directory}/tc", f"{directory}/xdp"
    tc_attach.attach(probe.program("tc_count").fd, ifindex, tc_pin, method=method)
    xdp_attach.attach(probe.program("xdp_pass").fd, ifindex, xdp_pin, "native")
    _run("ip", "link", "delete", "in0")
    assert tc_attach.query(ifindex, tc_pin) is None
    _run("ip", "link", "add", "in0", "index", str(ifindex), "type", "veth", "peer", "name", "out0")
    tc_attach.attach(probe.program("tc_count").fd, ifindex, tc_pin, method=method)
    xdp_attach.attach(probe.program("xdp_pass").fd, ifindex, xdp_pin, "native")
    assert tc_attach.query(ifindex, tc_pin) is not None
    assert xdp_attach.query(ifindex, xdp_pin) is not None


@pytest.mark.parametrize("method", ["tcx", "clsact"])
def test_no_interface_is_an_error(directory: str, probe: Object, method: Method) -> None:
    """ENODEV, with nothing left in the bpffs."""
    with pytest.raises(KernelError) as caught:
        tc_attach.attach(probe.program("tc_count").fd, 999, f"{directory}/tc", method=method)
    assert caught.value.errno == ENODEV
    assert not any(Path(directory).iterdir())


def test_a_veth_is_seen_as_what_it_is(ifindex: int) -> None:
    """Kind, driver, peer; no bus behind it."""
    found = interface.interface("in0")
    peer = interface.interface("out0")
    assert (found.kind, found.physical, found.up, found.lower) == ("veth", False, True, peer.ifindex)
    assert interface.driver("in0") == "veth"
    assert found == interface.interface_by_index(ifindex)
    assert {"lo", "in0", "out0"} <= {each.name for each in interface.interfaces()}
