// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What the process of a synchronisation daemon runs: connections that it heard of go into the table. */
#include "ipvs/ctx_skb.h"
#include "ipvs/sync_hear.h"

char _license[] SEC("license") = "Dual MIT/GPL";

/* The mark says how many of `heard` are there. */
SEC("tc")
int sync_hear(struct __sk_buff *ctx)
{
	struct hearing hearing = { .now = ticks_now() };

	bpf_loop(ctx->mark, hear_step, &hearing, 0);
	return 0;
}
