# SPDX-License-Identifier: Apache-2.0
"""Exit codes of the original's --config-test, recorded from Keepalived 2.2.7 on a host like the made-up one."""

import pytest

from tests.unit.config.texts import PATH, RECORDED, SERVICE, MadeUpHost, Memory, framed
from xlvs.config.files import Identity
from xlvs.keepalived.config_check import examine, exit_code

SECOND = SERVICE + "real_server 10.0.0.3 80 {\n"
SECURE = "global_defs {\n enable_script_security\n script_user root\n}\n"
INSIDE = {
    "HTTP_GET": "url {\npath /\n}\n",
    "SSL_GET": "url {\npath /\n}\n",
    "MISC_CHECK": "misc_path /nope\n",
}


def around(block: str, line: str) -> str:
    """A configuration with a line in a block of the kind."""
    frames = {"top": "T", "global_defs": "G", "vrrp_instance": "V", "virtual_server": "S"}
    if block in frames:
        return framed(frames[block], line)
    simple = {
        "authentication": framed("V", f"authentication {{\nauth_type PASS\nauth_pass x\n{line}\n}}"),
        "vrrp_sync_group": framed("W", f"vrrp_sync_group G {{\n group {{\n V\n W\n }}\n{line}\n}}"),
        "vrrp_script": f"vrrp_script c {{\nscript /bin/true\n{line}\n}}\n{SECURE}",
        "vrrp_track_process": f"vrrp_track_process p {{\nprocess x\n{line}\n}}\n",
        "track_file": f"track_file f {{\nfile /tmp/x\n{line}\n}}\n",
        "garp_group": f"garp_group {{\ngarp_interval 1\n{line}\n}}\n",
        "bfd_instance": f"bfd_instance b {{\nneighbor_ip 10.0.0.1\n{line}\n}}\n",
        "SSL": f"SSL {{\n{line}\n}}\n",
        "real_server": f"{SECOND}{line}\n}}\n}}\n",
        "http_url": f"{SECOND}HTTP_GET {{\nurl {{\npath /\n{line}\n}}\n}}\n}}\n}}\n",
    }
    return simple.get(block) or f"{SECOND}{block} {{\n{INSIDE.get(block, '')}{line}\n}}\n}}\n}}\n"


def code(text: str) -> int:
    """Our exit code."""
    _, problems = examine(PATH, Identity("main"), Memory({PATH: text}), MadeUpHost())
    return exit_code(problems)


@pytest.mark.parametrize("row", (RECORDED / "blocks.txt").read_text(encoding="utf-8").splitlines())
def test_block_ends_the_config_test_as_the_original_does(row: str) -> None:
    """Each row: exit code, frame, what stands in it."""
    expected, kind, *body = row.split(" ", 2)
    assert code(framed(kind, "".join(body))) == int(expected)


def test_values_end_the_config_test_as_the_original_does() -> None:
    """Each row: exit code, block, keyword, value; the limits of every number among them."""
    rows = (RECORDED / "values.txt").read_text(encoding="utf-8").splitlines()
    assert len(rows) > 1000
    wrong = []
    for row in rows:
        expected, block, keyword, *value = row.split(" ", 3)
        found = code(around(block, f"{keyword} {''.join(value)}"))
        if found != int(expected):
            wrong.append(f"{row}: {found}")
    assert wrong == []
