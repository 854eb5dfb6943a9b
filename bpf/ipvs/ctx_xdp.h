/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The packet context over XDP: the accelerator. What it cannot finish it leaves to tc, untouched. */
#ifndef XLVS_CTX_H
#define XLVS_CTX_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "csum.h"

typedef struct xdp_md ctx_t;

#define CTX_IS_XDP 1
#define CTX_PASS XDP_PASS
#define CTX_DROP XDP_DROP
#define LOOPBACK_IFINDEX 1 /* in every network namespace */
#define CHECKSUM_OFFSET_MASK 0x3ff /* a checksum stands behind the beginning of its header, L4_MAX at most */

static __always_inline void *ctx_data(const ctx_t *ctx)
{
	void *data = (void *)(long)ctx->data;

	/* A pointer of 64 bits, which newer compilers would copy as the 32 bits that it is loaded from. */
	asm volatile("" : "+r"(data));
	return data;
}

static __always_inline void *ctx_data_end(const ctx_t *ctx)
{
	void *end = (void *)(long)ctx->data_end;

	asm volatile("" : "+r"(end));
	return end;
}

/* XDP sees what comes in. */
static __always_inline int ctx_is_output(const ctx_t *ctx)
{
	return 0;
}

static __always_inline __u32 ctx_ifindex(const ctx_t *ctx)
{
	return ctx->ingress_ifindex;
}

/* XDP sees what comes in alone: never at the mark device, whose number is 0 where there is none. */
static __always_inline __u32 ctx_device(const ctx_t *ctx)
{
	return ~0u;
}

/* Frames for other hosts are kept away by the card. */
static __always_inline int ctx_is_strangers(const ctx_t *ctx)
{
	return 0;
}

static __always_inline __u32 ctx_length(const ctx_t *ctx)
{
	return ctx->data_end - ctx->data;
}

static __always_inline __u32 ctx_segment(const ctx_t *ctx)
{
	return 0;
}

/* Copy bytes out of the frame. */
static __always_inline long ctx_load(ctx_t *ctx, __u32 offset, void *to, __u32 length)
{
	return bpf_xdp_load_bytes(ctx, offset, to, length);
}

/* In XDP a checksum is always complete: see ctx_skb.h for the arguments. */
static __always_inline int ctx_checksum(ctx_t *ctx, __u32 offset, __u32 pseudo, __u32 plain, int udp)
{
	__u16 *check = ctx_data(ctx) + (offset & CHECKSUM_OFFSET_MASK);

	if ((void *)(check + 1) > ctx_data_end(ctx))
		return -1;
	if (udp && !*check)
		return 0;
	*check = csum_update(*check, csum_add(pseudo, plain));
	if (udp && !*check)
		*check = 0xffff;
	return 0;
}

static __always_inline long ctx_fib_lookup(ctx_t *ctx, struct bpf_fib_lookup *params)
{
	return bpf_fib_lookup(ctx, params, sizeof(*params), 0);
}

#endif
