# SPDX-License-Identifier: Apache-2.0
"""``xlvs completion bash``: words to complete, generated from the table of commands."""

from __future__ import annotations

from typing import Final

from xlvs.cli.commands import BY_NAME, COMMANDS
from xlvs.explain.question import CHUNKS, MESSAGES
from xlvs.lab.scenes import SCENES
from xlvs.model.errors import UsageError

_SCHEDULERS: Final = "rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh"
_STATES: Final = "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK UDP"
_IPVSADM_OPTIONS: Final = (
    "-A -E -D -C -R -S -a -e -d -L -l -Z -h -v -t -u -f -6 -s -p -M -r -g -i -m -w -x -y -c -n -o -b "
    "--add-service --edit-service --delete-service --clear --restore --save --add-server --edit-server "
    "--delete-server --list --zero --set --start-daemon --stop-daemon --help --version --tcp-service --udp-service "
    "--sctp-service --fwmark-service --ipv6 --scheduler --pe --persistent --netmask --real-server --gatewaying --ipip "
    "--masquerading --fullnat --tun-type --tun-port --tun-nocsum --tun-csum --tun-remcsum --weight --u-threshold --l-threshold "
    "--mcast-interface --syncid --sync-maxlen --mcast-group --mcast-port --mcast-ttl --connection --timeout --daemon "
    "--stats --rate --exact --thresholds --persistent-conn --sort --nosort --ops --numeric --sched-flags"
)

_DAEMON_OPTIONS: Final = (
    "--use-file --vrrp --check --no_bfd --all --dont-fork --dont-respawn --dont-release-vrrp --dont-release-ipvs "
    "--release-vips --namespace --all-config --config-id --umask --core-dump --core-dump-pattern --log-console "
    "--log-detail --log-facility --log-file --flush-log-file --no-syslog --address-monitoring --dump-conf --pid "
    "--vrrp_pid --checkers_pid --bfd_pid --config-test --signum --version --genhash --help"
)

_BASH: Final = """\
# Completion of xlvs and ipvsadm for bash. To load it: source <(xlvs completion bash)
_xlvs() {{
    local word=${{COMP_WORDS[COMP_CWORD]}}
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{commands} --help --version" -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}
        *) COMPREPLY=($(compgen -W "--help" -- "$word")) ;;
    esac
}}
_xlvs_interfaces() {{
    local words="$(ls /sys/class/net) $* --help"
    if [ "${{COMP_WORDS[COMP_CWORD - 1]}}" = --mode ]; then words="auto tc xdp xdp-generic"; fi
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_realserver() {{
    local words="up down status toa --help"
    case ${{COMP_WORDS[2]}} in
        up) words="--vip --method --type --port --interface --dry-run --help" ;;
        down) words="--vip --help" ;;
        status) words="--vip --json --no-probe --help" ;;
        toa) words="--from --cgroup --off --status --json --help" ;;
    esac
    [ "$COMP_CWORD" -gt 2 ] || words="up down status toa --help"
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --method) words="dr tunnel" ;;
        --type) words="ipip gue gre" ;;
        --interface) words="$(ls /sys/class/net)" ;;
        --cgroup) COMPREPLY=($(compgen -d -- "${{COMP_WORDS[COMP_CWORD]}}")); return ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_keepalived() {{
    local words="check status plan --help" files=""
    if [ "$COMP_CWORD" -gt 2 ]; then
        case ${{COMP_WORDS[2]}} in
            check) words="--config-id --no-host --help" files=-f ;;
            status) words="--json --pid --help" ;;
            plan) words="--config-id --json --pid --help" files=-f ;;
        esac
    fi
    case ${{COMP_WORDS[2]}} in -*) words="{daemon}" ;; esac
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --signum) words="STOP RELOAD DATA STATS STATS_CLEAR JSON" ;;
        --use-file | -f | --pid | -p) words="" files=-f ;;
    esac
    COMPREPLY=($(compgen $files -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_laddr() {{
    local words="add del list --help"
    case ${{COMP_WORDS[2]}} in
        add) words="-t -u -f -6 --sctp-service --ports --routed --help" ;;
        del) words="-t -u -f -6 --sctp-service --help" ;;
        list) words="--json --commands --help" ;;
    esac
    [ "$COMP_CWORD" -gt 2 ] || words="add del list --help"
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_mark() {{
    local words="add del list --help"
    case ${{COMP_WORDS[2]}} in
        add | del) words="--vip --proto --ports --mark --help" ;;
        list) words="--mark --json --commands --help" ;;
    esac
    [ "$COMP_CWORD" -gt 2 ] || words="add del list --help"
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --proto) words="tcp udp sctp" ;;
        --ports) words="all" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_connections() {{
    local words="list kill --client --service --server --state --protocol --expires --templates --only-templates --count --plain --json --limit --help"
    case ${{COMP_WORDS[2]}} in
        list) words="--client --service -t -u -f --server --state --protocol --expires --templates --only-templates --count --plain --json --limit --help" ;;
        kill) words="--client --service -t -u -f --server --state --protocol --expires --templates --only-templates --all --silent --dry-run --json --help" ;;
    esac
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --state) words="{states}" ;;
        --protocol) words="tcp udp sctp" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_drain() {{
    COMPREPLY=($(compgen -W "-t -u -f -r --deadline --no-wait --undo --list --json --help" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_service() {{
    local words="set show --help"
    case ${{COMP_WORDS[2]}} in
        set) words="--timeout-tcp --timeout-tcpfin --timeout-udp --on-removed --on-quiesced --toa -t -u -f --help" ;;
        show) words="--json --commands -t -u -f --help" ;;
    esac
    [ "$COMP_CWORD" -gt 2 ] || words="set show --help"
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --on-removed) words="default drop keep reset" ;;
        --on-quiesced) words="default keep move reset" ;;
        --toa) words="on off" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_explain() {{
    local words="--in --own --mark --flags --chunk --type --about --data --length --ttl --tos --may-split --fragment"
    words="$words --json --help"
    [ "$COMP_CWORD" -gt 2 ] || words="tcp udp sctp icmp --help"
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --in) words="$(ls /sys/class/net)" ;;
        --flags) words="S SA A FA R PA" ;;
        --chunk) words="{chunks}" ;;
        --type) words="{messages}" ;;
        --about) words="tcp udp sctp" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_lab_fault() {{
    local words="--lab --for --help"
    case ${{COMP_WORDS[3]}} in
        link) words="--loss --delay --jitter --reorder --duplicate --corrupt --direction --filter --seed --method $words" ;;&
        kill) words="--lab --help" ;;&
        link | cut | stop | freeze | kill) words="$words $(_xlvs_lab_nodes)" ;;
        list) words="--lab --json --help" ;;
        clear) words="--lab --help" ;;
    esac
    [ "$COMP_CWORD" -gt 3 ] || words="link cut stop freeze kill list clear --help"
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --direction) words="in out" ;;
        --method) words="tcx clsact" ;;
        --lab) words="$(_xlvs_labs)" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_lab() {{
    local words="" files=""
    case ${{COMP_WORDS[2]}} in
        up) words="{topologies} --name" files="*.toml" ;;
        show) words="{topologies}" ;;
        play) words="--name --keep" files="*.toml" ;;
        get) words="--count --every --for --keep-alive --timeout" ;;
        down) words="$(_xlvs_labs)" ;;
        shell | exec | log | start | stop) words="--lab $(_xlvs_lab_nodes)" ;;
        capture) words="--lab --write --format --count --for --snaplen $(_xlvs_lab_nodes)" ;;
        fault) [ "$COMP_CWORD" -eq 2 ] || {{ _xlvs_lab_fault; return; }} ;;
        list) ;;
        *) words="--keep --quick --name" ;;
    esac
    [ "$COMP_CWORD" -gt 2 ] || words="{lab}" files=""
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --lab) words="$(_xlvs_labs)" ;;
        --format) words="pcapng pcap" ;;
        -w | --write) words="-" files="*" ;;
    esac
    COMPREPLY=($(compgen -W "$words --help" -- "${{COMP_WORDS[COMP_CWORD]}}"))
    [ -z "$files" ] || COMPREPLY+=($(compgen -f -X "!$files" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_xlvs_labs() {{
    xlvs lab list 2> /dev/null | cut -d: -f1
}}
_xlvs_lab_nodes() {{
    xlvs lab list 2> /dev/null | cut -d: -f2 | cut -d'(' -f1
}}
_xlvs_ipvsadm() {{
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        -s | --scheduler) COMPREPLY=($(compgen -W "{schedulers}" -- "${{COMP_WORDS[COMP_CWORD]}}")) ;;
        *) COMPREPLY=($(compgen -W "{options}" -- "${{COMP_WORDS[COMP_CWORD]}}")) ;;
    esac
}}
complete -F _xlvs xlvs
complete -F _xlvs_ipvsadm ipvsadm
"""


def bash() -> str:
    """The script that bash sources."""
    cases = [
        "        attach) _xlvs_interfaces --mode --connections ;;",
        "        realserver) _xlvs_realserver ;;",
        "        laddr) _xlvs_laddr ;;",
        "        mark) _xlvs_mark ;;",
        "        connections) _xlvs_connections ;;",
        "        drain) _xlvs_drain ;;",
        "        service) _xlvs_service ;;",
        "        explain) _xlvs_explain ;;",
        "        lab) _xlvs_lab ;;",
        "        keepalived) _xlvs_keepalived ;;",
        "        detach) _xlvs_interfaces --yes ;;",
        '        restore) COMPREPLY=($(compgen -f -W "--dry-run --verbose --help" -- "$word")) ;;',
    ]
    cases += [
        f'        {command.name}) COMPREPLY=($(compgen -W "{" ".join(command.words)} --help" -- "$word")) ;;'
        for command in COMMANDS
        if command.words and command.name != "lab"
    ]
    return _BASH.format(
        commands=" ".join(command.name for command in COMMANDS),
        cases="\n".join(cases),
        schedulers=_SCHEDULERS,
        options=_IPVSADM_OPTIONS,
        daemon=_DAEMON_OPTIONS,
        states=_STATES,
        chunks=" ".join(CHUNKS),
        messages=" ".join(MESSAGES),
        lab=" ".join(BY_NAME["lab"].words),
        topologies=" ".join(SCENES),
    )


def main(argv: list[str]) -> int:
    """Print the script for the shell that is named."""
    if argv not in (["bash"], []):
        raise UsageError("completion is written for bash only (use: source <(xlvs completion bash))")
    print(bash(), end="")
    return 0
