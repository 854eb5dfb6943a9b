# SPDX-License-Identifier: Apache-2.0
"""Objects are loaded, maps read and written, programs run, through the real kernel."""

import os
import struct
from collections.abc import Iterator
from errno import E2BIG, EEXIST, ENOENT
from pathlib import Path

import pytest

from tests.unit.linux.probe import build
from xlvs.linux import bpffs
from xlvs.linux.bpf import EXIST, NO_EXIST, TYPE_HASH, Link, Map, Object, possible_cpus
from xlvs.model.errors import KernelError

pytestmark = pytest.mark.netns

FRAME = b"\xff" * 12 + b"\x88\xb5" + bytes(50)


def key(number: int) -> bytes:
    """A key of the maps here."""
    return struct.pack("<I", number)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of the probe object."""
    return str(build(tmp_path_factory.mktemp("probe")))


@pytest.fixture
def probe(image: str) -> Iterator[Object]:
    """The probe object, loaded."""
    with Object.open(image) as loaded:
        loaded.load()
        yield loaded


@pytest.fixture
def numbers() -> Iterator[Map]:
    """A hash map of 32-bit numbers."""
    with Map.create(TYPE_HASH, "numbers", 4, 8, 1000) as created:
        yield created


@pytest.fixture
def directory() -> Iterator[str]:
    """A directory for pins."""
    path = f"{bpffs.root()}/test_{os.getpid()}"
    bpffs.make_directory(path)
    yield path
    bpffs.remove(path)


def test_constants_are_set_before_loading(image: str) -> None:
    """The program returns what `verdict` was set to; the other constants keep their values."""
    with Object.open(image) as opened:
        opened.set_constants({"verdict": struct.pack("<i", 7)})
        opened.load()
        assert opened.program("tc_count").test_run(FRAME).retval == 7
        assert opened.program("add").call(struct.pack("<QQ", 1, 0)).context == struct.pack("<QQ", 1, 43)


@pytest.mark.parametrize(("name", "value", "error"), [("missing", b"", KeyError), ("answer", b"\0", ValueError)])
def test_a_wrong_constant_is_refused(image: str, name: str, value: bytes, error: type[Exception]) -> None:
    """Unknown, or of the wrong size."""
    with Object.open(image) as opened, pytest.raises(error):
        opened.set_constants({name: value})


def test_an_object_tells_what_it_holds(image: str) -> None:
    """Without being loaded."""
    with Object.open(image) as opened:
        assert {"table", "shared", "per_cpu"} <= set(opened.map_names())
        assert {"tc_count", "xdp_pass", "add"} <= set(opened.program_names())
        assert opened.btf().layout("entry").size == 120
        assert opened.btf().variables(".rodata").member("answer").size == 4


def test_a_resized_map_holds_as_many(image: str) -> None:
    """One more is refused as E2BIG and nothing changes."""
    with Object.open(image) as opened:
        opened.resize("table", 3)
        opened.load()
        table = opened.map("table")
        assert table.max_entries == 3
        for number in range(3):
            table.update(key(number), bytes(table.value_size))
        with pytest.raises(KernelError) as caught:
            table.update(key(3), bytes(table.value_size))
        assert caught.value.errno == E2BIG
        assert len(list(table.keys())) == 3


def test_a_refused_program_shows_the_verifiers_words(image: str) -> None:
    """In `details`, not on the terminal."""
    with Object.open(image) as opened:
        opened.set_autoload("refused", enabled=True)
        with pytest.raises(KernelError, match="loading probe") as caught:
            opened.load()
        assert any("refused" in line for line in caught.value.details)


def test_a_missing_file_and_a_missing_name_are_errors(probe: Object) -> None:
    """With ENOENT."""
    for action in (lambda: Object.open("/nonexistent.o"), lambda: probe.map("none"), lambda: probe.program("none")):
        with pytest.raises(KernelError) as caught:
            action()
        assert caught.value.errno == ENOENT


def test_entries_come_and_go(numbers: Map) -> None:
    """One by one."""
    assert numbers.lookup(key(1)) is None
    numbers.update(key(1), b"abcdefgh", NO_EXIST)
    assert numbers.lookup(key(1)) == b"abcdefgh"
    with pytest.raises(KernelError) as caught:
        numbers.update(key(1), bytes(8), NO_EXIST)
    assert caught.value.errno == EEXIST
    assert numbers.pop(key(1)) == b"abcdefgh"
    assert numbers.pop(key(1)) is None
    assert not numbers.delete(key(1))
    with pytest.raises(KernelError) as caught:
        numbers.update(key(1), bytes(8), EXIST)
    assert caught.value.errno == ENOENT


def test_a_wrong_length_never_reaches_the_kernel(numbers: Map) -> None:
    """It would read beyond the buffer."""
    for action in (
        lambda: numbers.lookup(b"abc"),
        lambda: numbers.update(key(1), b"short"),
        lambda: numbers.update_batch(b"abcde", bytes(16)),
        lambda: numbers.update_batch(key(1), bytes(16)),
        lambda: numbers.delete_batch(b"abc"),
    ):
        with pytest.raises(ValueError, match="numbers"):
            action()


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_batches_carry_every_entry_once(numbers: Map, chunk: int) -> None:
    """However small the chunk; it grows when a bucket holds more."""
    expected = {key(number): struct.pack("<Q", number * 3) for number in range(500)}
    assert numbers.update_batch(b"".join(expected), b"".join(expected.values())) == 500
    assert dict(numbers.items(chunk)) == expected
    assert sorted(numbers.keys()) == sorted(expected)
    assert numbers.delete_batch(key(3) + key(5000) + key(4)) == 2
    assert sum(len(keys) // 4 for keys, _ in numbers.batches(chunk, delete=True)) == 498
    assert list(numbers.keys()) == []


def test_an_empty_map_and_an_empty_batch_do_nothing(numbers: Map) -> None:
    """No error comes of them."""
    assert list(numbers.items()) == []
    assert numbers.update_batch(b"", b"") == 0
    assert numbers.delete_batch(b"") == 0
    numbers.clear()


def test_keys_may_be_deleted_while_they_are_listed(numbers: Map) -> None:
    """The one last given."""
    for number in range(50):
        numbers.update(key(number), bytes(8))
    assert sum(numbers.delete(each) for each in numbers.keys()) == 50  # noqa: SIM118 - a map is no dict


def test_a_map_holds_the_keys_that_are_wanted(numbers: Map) -> None:
    """Others go, new ones come, and one that stays keeps its value."""
    numbers.update(key(1), b"leaves!!")
    numbers.update(key(2), b"remains!")
    numbers.hold([key(2), key(3)], b"new here")
    assert dict(numbers.items()) == {key(2): b"remains!", key(3): b"new here"}


def test_shared_memory_is_the_map(probe: Object) -> None:
    """Both ways, without a system call; entries lie `stride` bytes apart."""
    shared = probe.map("shared")
    with shared.memory() as memory:
        memory[2 * shared.stride : 2 * shared.stride + 4] = b"abcd"
        assert shared.lookup(key(2)) == b"abcd"
        shared.update(key(999), b"last")
        assert memory[999 * shared.stride : 999 * shared.stride + 4] == b"last"


def test_per_cpu_values_come_apart(probe: Object) -> None:
    """One per possible CPU."""
    values = [struct.pack("<I", number + 1) for number in range(possible_cpus())]
    probe.map("per_cpu").update_cpus(key(0), values)
    assert probe.map("per_cpu").lookup_cpus(key(0)) == values


def test_a_program_runs_on_a_packet(probe: Object) -> None:
    """As often as told, and its globals can be read."""
    outcome = probe.program("tc_count").test_run(FRAME, repeat=3)
    assert (outcome.retval, outcome.data) == (-1, FRAME)
    assert probe.map(".bss").lookup(key(0)) == struct.pack("<Q", 3)
    assert probe.program("xdp_pass").test_run(FRAME).retval == 2


def test_a_context_comes_back(probe: Object) -> None:
    """A tc program's `__sk_buff` with the priority that was set."""
    context = bytearray(192)
    context[32:36] = b"\x05\0\0\0"
    assert probe.program("tc_count").test_run(FRAME, context=bytes(context)).context[32:36] == b"\x05\0\0\0"


def test_a_syscall_program_returns_and_writes_back(probe: Object) -> None:
    """A negative result stays negative."""
    outcome = probe.program("add").call(struct.pack("<QQ", 8, 0))
    assert outcome.retval == -5
    assert struct.unpack("<QQ", outcome.context) == (8, 50)


def test_a_second_load_takes_over_pinned_maps(image: str, directory: str) -> None:
    """Contents stay, by path and by descriptor."""
    pin = f"{directory}/table"
    with Object.open(image) as first:
        first.set_pin_path("table", pin)
        first.load()
        first.map("table").update(key(1), b"\x07" * 120)
    with Object.open(image) as second, Map.from_pin(pin) as pinned, Object.open(image) as third:
        second.set_pin_path("table", pin)
        second.load()
        assert second.map("table").lookup(key(1)) == b"\x07" * 120
        third.reuse("table", pinned)
        third.load()
        assert third.map("table").info.id == pinned.info.id


def test_a_pinned_map_of_another_shape_is_refused(image: str, directory: str) -> None:
    """And the reason is in the details."""
    with Map.create(TYPE_HASH, "table", 4, 4, 8) as other:
        other.pin(f"{directory}/table")
    with Object.open(image) as opened:
        opened.set_pin_path("table", f"{directory}/table")
        with pytest.raises(KernelError) as caught:
            opened.load()
        assert any("mismatch" in line for line in caught.value.details)


def test_a_pinned_iterator_is_a_file(probe: Object, directory: str) -> None:
    """Each pass gives the entries of that moment, by the file and by the link."""
    table = probe.map("table")
    with Link.map_iterator(probe.program("show").fd, table.fd) as link:
        link.pin(f"{directory}/view")
        for number in range(3):
            table.update(key(number), bytes(table.value_size))
        assert sorted(Path(f"{directory}/view").read_bytes()) == sorted(key(0) + key(1) + key(2))
        table.delete(key(0))
        with link.read() as view:
            assert sorted(view.read()) == sorted(key(1) + key(2))


def test_objects_are_found_by_their_numbers(probe: Object) -> None:
    """A program tells its maps."""
    program = probe.program("tc_count").info
    assert program.name == "tc_count"
    assert probe.map("per_cpu").info.id in program.map_ids
    with Map.from_id(probe.map("table").info.id) as table:
        assert table.info.name == "table"


def test_every_descriptor_is_given_back(image: str) -> None:
    """After the object is closed, and after an error."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Object.open(image) as opened:
        opened.load()
        Map.from_id(opened.map("table").info.id).close()
        Link.map_iterator(opened.program("show").fd, opened.map("table").fd).close()
        with pytest.raises(KernelError):
            Map.from_pin("/nonexistent")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
