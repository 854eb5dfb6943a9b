// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The filter of a capture's packet socket. */
#include "lab/marked.h"
#include "lab/match.h"

#define WHOLE 0xffffffff

char _license[] SEC("license") = "Dual MIT/GPL";

SEC("socket")
int capture(struct __sk_buff *ctx)
{
	/* A fault sends it on its way again: it was seen when it came. */
	if ((ctx->mark & MARKED_MASK) == MARKED)
		return 0;
	return matches(ctx) ? WHOLE : 0;
}
