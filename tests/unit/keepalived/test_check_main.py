# SPDX-License-Identifier: Apache-2.0
"""How the process of the health checks reads its file."""

from pathlib import Path

import pytest

from xlvs.keepalived.check_main import read_plan
from xlvs.model.errors import UsageError

SERVICE = "virtual_server 10.0.0.1 80 {\n lb_algo rr\n lbKind NAT\n protocol TCP\n include servers/*.conf\n}\n"


def test_real_servers_may_stand_in_included_files(tmp_path: Path) -> None:
    """And wrong spellings that are in circulation are read, each named once."""
    (tmp_path / "servers").mkdir()
    for last in (2, 3):
        text = f"real_server 10.0.0.{last} 80 {{\n TCP_CHECK {{\n }}\n}}\n"
        (tmp_path / "servers" / f"{last}.conf").write_text(text, encoding="ascii")
    path = tmp_path / "keepalived.conf"
    path.write_text(SERVICE, encoding="ascii")
    plan, problems = read_plan(path, "main")
    (service,) = plan.health.servers
    assert len(service.servers) == 2
    assert [problem.remedy for problem in problems] == ["write lvs_method"]


def test_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(UsageError, match="No such file"):
        read_plan(tmp_path / "nope", "main")
