/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The packet context over tc: the complete path. Its twin is ctx_xdp.h. */
#ifndef XLVS_CTX_H
#define XLVS_CTX_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

typedef struct __sk_buff ctx_t;

#define CTX_IS_XDP 0
#define CTX_PASS TC_ACT_UNSPEC /* other programs on the interface have their turn */
#define CTX_DROP TC_ACT_SHOT
#define CTX_CONSUMED TC_ACT_STOLEN /* dropped, and its sender need not know */
#define LOOPBACK_IFINDEX 1 /* in every network namespace */

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

/* Does the host itself send the packet? One that came in has an interface of arrival. */
static __always_inline int ctx_is_output(const ctx_t *ctx)
{
	return !ctx->ingress_ifindex;
}

/* The interface of arrival; for a packet of the host itself that which the routing table knows as such. */
static __always_inline __u32 ctx_ifindex(const ctx_t *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;

	return ifindex ? ifindex : LOOPBACK_IFINDEX;
}

/* The interface at which the program runs: another one than that of the packet's arrival when it leaves. */
static __always_inline __u32 ctx_device(const ctx_t *ctx)
{
	return ctx->ifindex;
}

/* Is the frame for another host? A switch floods what it has not learned, and the other directors of a service see it
 * as well: the stack drops it, so it is nothing of ours. Addresses of virtual routers (RFC 9568 7.3) are those of a device
 * above this one. */
static __always_inline int ctx_is_strangers(const ctx_t *ctx)
{
	const __u8 *mac = ctx_data(ctx);

	if (ctx->pkt_type != PACKET_OTHERHOST || mac + ETH_ALEN > (const __u8 *)ctx_data_end(ctx))
		return 0;
	return mac[0] || mac[1] || mac[2] != 0x5e || mac[3] || (mac[4] != 1 && mac[4] != 2);
}

/* Length of the frame, link-layer header included. */
static __always_inline __u32 ctx_length(const ctx_t *ctx)
{
	return ctx->len;
}

/* Payload of one segment of a GSO packet, 0 when it is none. */
static __always_inline __u32 ctx_segment(const ctx_t *ctx)
{
	return ctx->gso_size;
}

/* Make the first `length` bytes of the frame readable and writable in place. */
static __always_inline int ctx_pull(ctx_t *ctx, __u32 length)
{
	return bpf_skb_pull_data(ctx, length < ctx->len ? length : ctx->len);
}

/* Copy bytes out of the frame, wherever they lie. */
static __always_inline long ctx_load(ctx_t *ctx, __u32 offset, void *to, __u32 length)
{
	return bpf_skb_load_bytes(ctx, offset, to, length);
}

/* Update the layer-4 checksum at `offset`. `pseudo` is the change of the addresses, `plain` that of
 * the ports: with checksum offload only the first one is in the field yet, which the helper knows.
 * A UDP checksum of zero (IPv4: none) stays, one that becomes zero is written as ffff. */
static __always_inline int ctx_checksum(ctx_t *ctx, __u32 offset, __u32 pseudo, __u32 plain, int udp)
{
	__u64 flags = udp ? BPF_F_MARK_MANGLED_0 : 0;

	if (plain && bpf_l4_csum_replace(ctx, offset, 0, plain, flags))
		return -1;
	return bpf_l4_csum_replace(ctx, offset, 0, pseudo, flags | BPF_F_PSEUDO_HDR);
}

static __always_inline long ctx_fib_lookup(ctx_t *ctx, struct bpf_fib_lookup *params)
{
	return bpf_fib_lookup(ctx, params, sizeof(*params), 0);
}

/* Tell the other end of the detour something, in `tc_index`: the kernel puts the class there if another program behind
 * ours passes the packet. */
static __always_inline void mark_note(ctx_t *ctx, __u16 note)
{
	ctx->tc_index = note;
	ctx->tc_classid = note;
}

#endif
