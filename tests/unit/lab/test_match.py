# SPDX-License-Identifier: Apache-2.0
"""Words of a filter become terms."""

import pytest

from xlvs.lab.errors import LabError
from xlvs.lab.match import Kind, Side, Term, from_mac, pack, parse


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("", ()),
        ("tcp", (Term(Kind.PROTOCOL, number=6),)),
        ("proto 112", (Term(Kind.PROTOCOL, number=112),)),
        ("not arp", (Term(Kind.ETHERTYPE, negated=True, number=0x0806),)),
        ("udp port 53", (Term(Kind.PROTOCOL, number=17), Term(Kind.PORT, number=53))),
        ("tcp and dst port 80", (Term(Kind.PROTOCOL, number=6), Term(Kind.PORT, Side.DESTINATION, number=80))),
        ("src host 10.0.0.1", (Term(Kind.HOST, Side.SOURCE, value=b"\n\0\0\1", bits=32),)),
        ("net 10.1.2.3/8", (Term(Kind.HOST, value=b"\n\0\0\0", bits=8),)),
        ("host fe80::/10", (Term(Kind.HOST, value=b"\xfe\x80" + bytes(14), bits=10),)),
        ("ether src host 02:00:00:00:01:0A", (Term(Kind.MAC, Side.SOURCE, value=b"\2\0\0\0\1\n"),)),
    ],
)
def test_words_become_terms(words: str, terms: tuple[Term, ...]) -> None:
    """In one argument or in several."""
    assert parse([words]) == terms
    assert parse(words.split()) == terms


@pytest.mark.parametrize(
    "words",
    [
        "tpc",
        "port",
        "port 65536",
        "port http",
        "host",
        "host x",
        "host 1.2.3.4/33",
        "not",
        "and tcp",
        "tcp and",
        "ether port 5",
        "ether host 02:00",
        "src",
        "src tcp",
        "proto 256",
        "tcp or udp",
        " ".join(["tcp"] * 9),
    ],
)
def test_what_is_no_filter_is_refused(words: str) -> None:
    """With one sentence, never silently taken for something else."""
    with pytest.raises(LabError):
        parse([words])


def test_terms_are_packed_as_the_program_reads_them() -> None:
    """Numbers of the network in its order, the protocol in that of the host, eight terms of 24 bytes."""
    packed = pack([from_mac("02:00:00:00:01:01"), *parse(["tcp not dst port 80 host ::1"])])

    assert len(packed) == 8 * 24
    assert packed[:24] == bytes((5, 1, 0, 0)) + bytes(4) + bytes.fromhex("020000000101") + bytes(10)
    assert packed[24:48] == bytes((2, 0, 0, 0, 6, 0)) + bytes(18)
    assert packed[48:72] == bytes((4, 2, 1, 0, 0, 80)) + bytes(18)
    assert packed[72:96] == bytes((3, 0, 0, 128, 0, 0, 6, 0)) + bytes(15) + b"\1"
    assert packed[96:] == bytes(4 * 24)


def test_the_other_ends_address_counts_as_a_term() -> None:
    """The program has room for eight."""
    with pytest.raises(LabError, match="8 terms at most"):
        pack([from_mac("02:00:00:00:01:01"), *parse(["tcp"] * 8)])
