# SPDX-License-Identifier: Apache-2.0
"""A file of rules becomes a desired set, or is refused with the line that is wrong."""

import pytest

from xlvs.cli.restore import Rules
from xlvs.control.restore import BadRule, desired_set, summary
from xlvs.ipvs.memory import MemoryTables
from xlvs.ipvsadm.values import ValueReader
from xlvs.model.diff import ConfiguredService, diff
from xlvs.model.difference import line


class NoNames:
    """A host that knows no names."""

    def host_address(self, name: str, family: int) -> bytes | None:
        """None."""

    def host_name(self, address: bytes) -> str | None:
        """None."""

    def service_port(self, name: str, protocol: str) -> int | None:
        """None."""

    def service_name(self, port: int, protocol: str) -> str | None:
        """None."""


def wanted(*lines: str) -> list[ConfiguredService]:
    """The set that these lines of the file `rules` stand for."""
    return desired_set(lines, "rules", Rules(ValueReader(NoNames())).carry_out, MemoryTables())


def differences(before: list[str], after: list[str]) -> list[str]:
    """What a dry run prints between two files."""
    return [line(operation) for operation in diff(wanted(*before), wanted(*after))]


SAVED = [
    "-A -t 10.0.0.1:80 -s rr -p 300",
    "-a -t 10.0.0.1:80 -r 10.2.0.1:80 -m -w 1",
    "-A -f 7 -s sh -b sh-port",
]


def test_comments_empty_lines_and_the_program_s_name_are_allowed() -> None:
    """As ipvsadm-restore allows them."""
    assert wanted("# the web", "", f"ipvsadm {SAVED[0]}", *SAVED[1:]) == wanted(*SAVED)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("-a -t 10.0.0.9:80 -r 10.2.0.1 -m", "Service not defined"),
        ("-A -t 10.0.0.1:80 -s rr", "Service already exists"),
        ("-A -t 10.0.0.2:80 -s best", "Scheduler or persistence engine not found"),
        ("-a -t 10.0.0.1:80 -r 224.0.0.1 -m", "Invalid operation"),
        ("-A -t nowhere:80", "illegal"),
        ("-C", "-C is no rule"),
        ("-E -t 10.0.0.1:80 -s wlc", "-E is no rule"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(rule: str, why: str) -> None:
    """Place, cause, the line itself, and that nothing was done."""
    with pytest.raises(BadRule) as caught:
        wanted(*SAVED, "", rule)

    first, second = caught.value.message.split("\n")
    assert first.startswith("rules, line 5: ")
    assert why in first
    assert first.endswith("; nothing was changed")
    assert second == f"  {rule}"


def test_a_file_that_is_no_text_harms_no_terminal() -> None:
    """What is shown of the line can be printed, and is short."""
    with pytest.raises(BadRule) as caught:
        wanted("\x1b[31mELF\udcd0" + 200 * "x")

    assert caught.value.message == (
        "rules, line 1: this does not begin with a command of ipvsadm; nothing was changed\n  ?[31mELF?" + 91 * "x"
    )


def test_a_dry_run_shows_what_comes_changes_and_goes() -> None:
    """With the values before and after."""
    after = [
        "-A -t 10.0.0.1:80 -s wlc",
        "-a -t 10.0.0.1:80 -r 10.2.0.1:80 -m -w 5 -x 100",
        "-a -t 10.0.0.1:80 -r 10.2.0.2:80 -m",
    ]

    assert differences(SAVED, after) == [
        "+ TCP 10.0.0.1:80 -> 10.2.0.2:80  forward Masq, weight 1",
        "~ TCP 10.0.0.1:80  scheduler rr -> wlc, persistent 300 -> none",
        "~ TCP 10.0.0.1:80 -> 10.2.0.1:80  weight 1 -> 5, upper none -> 100",
        "- FWM 7",
    ]


def test_new_services_show_what_is_not_by_default() -> None:
    """Netmask, engine, one packet, tunnels."""
    after = [
        "-A -t [2001:db8::1]:80 -s rr -p 60 -M 64",
        "-a -t [2001:db8::1]:80 -r 10.2.0.1:80 -i --tun-type gue --tun-port 6080",
        "-A -u 10.0.0.1:53 -s rr -o",
        "-A -f 7 -6 -s sh -b sh-port",
    ]

    assert differences([], after) == [
        "+ TCP [2001:db8::1]:80  scheduler rr, persistent 60, mask 64",
        "+ TCP [2001:db8::1]:80 -> 10.2.0.1:80  forward Tunnel, weight 1, tunnel gue:6080",
        "+ UDP 10.0.0.1:53  scheduler rr, ops yes",
        "+ FWM 7 IPv6  scheduler sh, flags 0x10",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (SAVED, SAVED, "no difference"),
        ([], SAVED, "3 to add, 0 to change, 0 to delete"),
        (SAVED, [], "0 to add, 0 to change, 2 to delete"),
    ],
)
def test_the_summary_counts(before: list[str], after: list[str], expected: str) -> None:
    """One line at the end."""
    assert summary(diff(wanted(*before), wanted(*after))) == expected


@pytest.mark.parametrize(
    "line",
    [
        "ipvsadm --set 1 2 3",
        "xlvs sysctl expire_nodest_conn=1",
        "xlvs sysctl 'sync_threshold=3 50'",
        "xlvs mark add --vip 10.0.0.1 --proto tcp --ports 80,443 --mark 7",
        "xlvs laddr add -t 10.0.0.1:80 --ports 1-2 --routed 10.0.0.9",
        "xlvs laddr add tcp:10.0.0.1:80 --ports 1-2 --routed 10.0.0.9 10.0.0.10",
        "xlvs laddr add -f 7 -6 --ports 5-5 --routed 2001:db8::1",
        "xlvs service set tcp:10.0.0.1:80 --timeout-tcp 5",
    ],
)
def test_what_xlvs_save_has_besides_is_no_part_of_the_set(line: str) -> None:
    """It is done after the rules."""
    assert wanted(*SAVED, line) == wanted(*SAVED)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("xlvs service set tcp:10.0.0.1:80 --timeout-tcp never", "'never' is not a time"),
        ("xlvs service set tcp:10.0.0.1 --timeout-tcp 5", "has no port"),
        ("xlvs service set tcp:10.0.0.1:80", "say what the service is to have"),
        ("xlvs sysctl expire_nodest_con=1", "there is no setting expire_nodest_con; did you mean"),
        ("xlvs sysctl expire_nodest_conn=x", "does not take 'x'"),
        ("xlvs laddr add tcp:10.0.0.1:80 --ports 1-2 --routed 10.0.0.900", "'10.0.0.900' is not an IPv4"),
        ("xlvs laddr add tcp:10.0.0.1:80 --ports 1-2 --routed", "which local addresses"),
        ("xlvs mark add --vip 10.0.0.1 --proto tcp --ports 80", "the following arguments are required: --mark"),
        ("xlvs detach", "of xlvs a file has sysctl, mark add, laddr add, service set only"),
        ("xlvs laddr del -t 10.0.0.1:80 10.0.0.9", "of xlvs a file has"),
        ("xlvs sysctl 'a", "no words of a shell"),
        ("xlvs", "of xlvs a file has"),
        ("ipvsadm -C", "-C is no rule"),
    ],
)
def test_a_wrong_line_of_ours_is_refused_before_anything_is_done(line: str, says: str) -> None:
    """With its number."""
    with pytest.raises(BadRule, match=f"rules, line 4: .*{says}"):
        wanted(*SAVED, line)
