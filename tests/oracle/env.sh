# SPDX-License-Identifier: Apache-2.0
# Source this, then run the oracle's scenes on this checkout (as root):
#   . tests/oracle/env.sh && ../shared/oracle/oracle --here SCENE...
_oracle_here=$(cd "$(dirname "${BASH_SOURCE:-tests/oracle/env.sh}")" && pwd)
PATH=$_oracle_here/bin:$PATH
ORACLE_TOPO_HOOK="'$_oracle_here/hooks/topo' \"\$@\""
ORACLE_PROC_HOOK="'$_oracle_here/hooks/proc' \"\$@\""
ORACLE_MARK_HOOK="'$_oracle_here/hooks/mark' \"\$@\""
BASH_ENV=$_oracle_here/hooks/cat.bash
export PATH ORACLE_TOPO_HOOK ORACLE_PROC_HOOK ORACLE_MARK_HOOK BASH_ENV
unset _oracle_here
