# SPDX-License-Identifier: Apache-2.0
"""Connections as hypothesis draws them."""

from hypothesis import strategies as st

from xlvs.syncwire.entry import TEMPLATE, Entry

PORTS = st.integers(0, 0xFFFF)
_NUMBERS = st.integers(0, 0xFFFFFFFF)


def _entries(width: int) -> st.SearchStrategy[Entry]:
    address = st.binary(min_size=width, max_size=width)
    plain = st.builds(
        Entry,
        protocol=st.sampled_from((6, 17)),
        flags=_NUMBERS.map(lambda flags: flags & ~TEMPLATE),
        state=st.just(0),
        client_port=PORTS,
        virtual_port=PORTS,
        destination_port=PORTS,
        fwmark=_NUMBERS,
        timeout_s=_NUMBERS,
        client=address,
        virtual=address,
        destination=address,
        engine=st.just(b""),
        engine_data=st.just(b""),
    )
    called = st.builds(
        lambda entry, data: entry._replace(flags=entry.flags | TEMPLATE, engine=b"sip", engine_data=data),
        plain,
        st.binary(min_size=1, max_size=255),
    )
    return plain | called


ENTRIES = _entries(4) | _entries(16)
PLAIN_IPV4 = _entries(4).filter(lambda entry: not entry.engine)
