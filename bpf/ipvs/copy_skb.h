/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Sending copies of the packet at hand. Only these leave before the program is done with the packet, so only these must
 * be held back where a packet is tried on the programs: they are counted instead. */
#ifndef XLVS_COPY_SKB_H
#define XLVS_COPY_SKB_H

#include "work.h"

static __always_inline long copy_send(ctx_t *ctx, __u32 ifindex, __u64 flags)
{
	struct work *work;

	if (!trial)
		return bpf_clone_redirect(ctx, ifindex, flags);
	work = work_get();
	if (work)
		work->trail.copies++;
	return 0;
}

#endif
