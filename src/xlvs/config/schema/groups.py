# SPDX-License-Identifier: Apache-2.0
"""Keywords: Groups and tracks."""

from __future__ import annotations

from xlvs.config.schema.keyword import C, E, Keyword, R, Repeat
from xlvs.config.schema.lines import TRACK_LINE
from xlvs.config.schema.special import INIT_FILE, USER
from xlvs.config.values import Bool, Choice, Flag, Number, ScriptValue, Seconds, Text, Texts, Weighted

VRRP_SYNC_GROUP = (
    Keyword("group", E, "members", lines=Texts("NAME..."), repeat=Repeat.FIRST),
    Keyword("notify_master", E, "run when the group enters MASTER", ScriptValue(), command=True, repeat=Repeat.FIRST),
    Keyword("notify_backup", E, "run when the group enters BACKUP", ScriptValue(), command=True, repeat=Repeat.FIRST),
    Keyword("notify_fault", E, "run when the group enters FAULT", ScriptValue(), command=True, repeat=Repeat.FIRST),
    Keyword("notify_stop", R, "run when VRRP stops", ScriptValue(), command=True, repeat=Repeat.FIRST),
    Keyword(
        "notify",
        C,
        "run on any change of state, with GROUP, name, state and 0 appended",
        ScriptValue(),
        command=True,
        repeat=Repeat.FIRST,
    ),
    Keyword("smtp_alert", C, "mail on group change", Bool(), default="[global, else false]"),
    Keyword("track_interface", C, "applies to all members", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_script", C, "scripts tracked for all members", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_file", R, "files tracked for all members", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_process", R, "processes tracked for all members", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_bfd", R, "BFD sessions tracked for all members", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("notify_priority_changes", R, "FIFO lines on priority change of members", Bool(), default="[global]"),
    Keyword("global_tracking", R, "deprecated", Flag(), deprecated="it is no longer needed"),
    Keyword("sync_group_tracking_weight", R, "let members keep weighted tracking", Flag()),
)

VRRP_SCRIPT = (
    Keyword(
        "script",
        E,
        "command run periodically, exit 0 = OK; not run if nobody tracks it",
        ScriptValue(names_user=False),
        command=True,
        goes_on=True,
    ),
    Keyword("interval", E, "seconds between runs", Seconds("0", "4294967"), default="1"),
    Keyword("timeout", C, "then SIGTERM, after 2 s SIGKILL; counts as failure", Seconds(), default="0"),
    Keyword("weight", E, "priority change instead of FAULT", Weighted(-253, 253), default="0"),
    Keyword("fall", E, "consecutive failures", Number(1, 2**31 - 1), default="1"),
    Keyword("rise", E, "consecutive successes", Number(1, 2**31 - 1), default="1"),
    Keyword("user", C, "user/group to run it as", USER, default="[script_user]"),
    Keyword(
        "init_fail",
        R,
        "start in failed state",
        Flag(),
        without_effect="a router waits for the first result of its scripts with it and without it",
    ),
)

VRRP_TRACK_PROCESS = (
    Keyword(
        "process",
        E,
        "exact match on /proc/PID/comm (15 chars), or cmdline with args",
        Texts("NAME [ARGUMENT...]"),
        command=True,
        repeat=Repeat.FIRST,
    ),
    Keyword(
        "param_match",
        R,
        "how given parameters match: exact prefix of parameters, or last one may be longer",
        Choice(("initial", "partial")),
        default="[exact]",
        goes_on=True,
    ),
    Keyword(
        "weight",
        C,
        "priority change instead of FAULT",
        Weighted(-254, 254),
        default="0",
        goes_on=True,
        repeat=Repeat.FIRST,
    ),
    Keyword("quorum", C, "minimum number of processes", Number(1, 65535), default="1"),
    Keyword("quorum_max", R, "maximum number; 0 = fail if it runs at all", Number(0, 65535), default="[unlimited]"),
    Keyword("delay", C, "sets both below", Seconds("0.000001", "3600"), default="[0]"),
    Keyword("terminate_delay", R, "debounce after loss of quorum", Seconds("0.000001", "3600"), default="[0]"),
    Keyword("fork_delay", R, "debounce after gain of quorum", Seconds("0.000001", "3600"), default="[0]"),
    Keyword("full_command", R, "match the whole command line", Flag()),
)

TRACK_FILE = (
    Keyword("file", E, "inotify-watched file with a number", Text("PATH"), goes_on=True, repeat=Repeat.FIRST),
    Keyword(
        "weight",
        C,
        "value×weight added; weight 0: non-zero value = failure; result < -253 → FAULT",
        Weighted(-254, 254),
        default="1",
        goes_on=True,
        repeat=Repeat.FIRST,
    ),
    Keyword("init_file", R, "create/initialise", INIT_FILE, default="0"),
)

TRACK_GROUP = (
    Keyword(
        "group",
        R,
        "instances that go to FAULT when a static item of this group is lost",
        lines=Texts("NAME..."),
        repeat=Repeat.FIRST,
    ),
)

GARP_GROUP = (
    Keyword("garp_interval", R, "gap between GARPs", Seconds("0", "2147.483647"), default="[global]"),
    Keyword("gna_interval", R, "gap between unsolicited NAs", Seconds("0", "2147.483647"), default="[global]"),
    Keyword("interface", R, "one of interface/interfaces", Text("INTERFACE")),
    Keyword("interfaces", R, "interfaces sharing one budget", lines=Texts("NAME..."), repeat=Repeat.ALL),
)
