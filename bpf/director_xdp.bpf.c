// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The director in XDP: the same code, for the packets that it can finish. */
#include "ipvs/ctx_xdp.h"
#include "ipvs/offpath_xdp.h"
#include "ipvs/xmit_xdp.h"
#include "ipvs/encap_xdp.h"
#include "ipvs/core.h"

char _license[] SEC("license") = "Dual MIT/GPL";

SEC("xdp")
int director_xdp(struct xdp_md *ctx)
{
	struct work *work = work_begin();

	return work ? conclude(&work->packet, handle(ctx, work)) : CTX_PASS;
}
