/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What XDP does not do itself: fragments, ICMP, packets that need an answer or must be split. Its twins at
 * tc are fragment.h, split.h, icmp.h, icmp_send.h, mark_skb.h and toa.h. */
#ifndef XLVS_OFFPATH_H
#define XLVS_OFFPATH_H

#include "mark.h"
#include "xmit_nat.h"

static __always_inline enum verdict handle_fragment(ctx_t *ctx, struct work *work, const struct settings *set,
						    __u32 now)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict handle_icmp(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	return VERDICT_HAND_UP;
}

static __always_inline const struct call *call_of_packet(ctx_t *ctx, const struct packet *p)
{
	return 0;
}

static __always_inline enum verdict server_request(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict ended_turn(ctx_t *ctx, struct work *work, __u32 number, const struct settings *set)
{
	return VERDICT_HAND_UP;
}

static __always_inline void fragment_remember(const struct packet *p, __u32 number, __u32 direction, __u32 now)
{
}

static __always_inline void fragment_judged(const struct packet *p, enum verdict verdict, __u32 now)
{
}

static __always_inline enum verdict mark_leave(ctx_t *ctx, struct work *work, const struct settings *set)
{
	return VERDICT_PASS;
}

static __always_inline void mark_arrive(ctx_t *ctx, struct packet *p)
{
}

static __always_inline void mark_undo(ctx_t *ctx, struct packet *p)
{
}

static __always_inline enum verdict split_translated(ctx_t *ctx, struct packet *p, const struct nat *nat,
						     struct bpf_fib_lookup *fib)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict refuse_stray(ctx_t *ctx, struct work *work, const struct settings *set)
{
	return VERDICT_HAND_UP;
}

static __always_inline __u32 toa_size(const struct packet *p)
{
	return 0;
}

static __always_inline int toa_insert(ctx_t *ctx, struct packet *p)
{
	return -1;
}

static __always_inline int toa_disclaim(ctx_t *ctx, const struct packet *p)
{
	return -1;
}

static __always_inline int toa_make_room(ctx_t *ctx, const struct packet *p)
{
	return -1;
}

static __always_inline void local_begin(ctx_t *ctx, struct packet *p)
{
}

static __always_inline enum verdict local_forward(ctx_t *ctx, struct work *work)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict local_reply(ctx_t *ctx, struct work *work, long rc, const struct settings *set)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict answer_no_route(ctx_t *ctx, struct packet *p)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict answer_ttl(ctx_t *ctx, struct packet *p)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict answer_too_big(ctx_t *ctx, struct packet *p, __u32 mtu)
{
	return VERDICT_HAND_UP;
}

static __always_inline enum verdict answer_unreachable(ctx_t *ctx, struct packet *p)
{
	return VERDICT_HAND_UP;
}

#endif
