// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A real server's end of the tunnel, at tc ingress: takes the outer headers off packets that a director sent, so that
 * the host's stack sees what the client sent. No tunnel module of the kernel is needed. */
#include "ipvs/ctx_skb.h"
#include "decap/answer.h"
#include "decap/gather.h"
#include "decap/inner.h"
#include "decap/verify.h"

#define OUTER_MAX 62 /* Ethernet, IPv6 and an extension header of 8 bytes */
#define NEXT TC_ACT_UNSPEC /* other programs and filters go on with it */

char _license[] SEC("license") = "Dual MIT/GPL";

static __always_inline void count(enum decap_outcome outcome)
{
	__u32 key = outcome;
	__u64 *counter = bpf_map_lookup_elem(&decap_counts, &key);

	if (counter)
		*counter += 1;
}

/* Make the beginning of the frame readable in place, as long as the frame is. */
static __always_inline int need(struct __sk_buff *ctx, __u32 length)
{
	return ctx->data + length > ctx->data_end && ctx->len > ctx->data_end - ctx->data && ctx_pull(ctx, length);
}

static __always_inline enum decap_outcome outer(struct __sk_buff *ctx, struct tunnel *t)
{
	__be16 protocol = parse_ethernet(ctx);

	return protocol == bpf_htons(ETH_P_IP)   ? outer_ipv4(ctx, t) :
	       protocol == bpf_htons(ETH_P_IPV6) ? outer_ipv6(ctx, t) :
						   DECAP_UNTOUCHED;
}

/* Verified once, by itself: a program of its own size. */
__noinline enum decap_outcome take_off(struct __sk_buff *ctx, struct tunnel *t)
{
	enum decap_outcome outcome;

	if (!t)
		return DECAP_DROP_INTERNAL;
	if (!verify(ctx, t))
		return DECAP_DROP_CHECKSUM;
	outcome = inner_ecn(ctx, t);
	if (outcome != DECAP_DONE)
		return outcome;
	if (t->remote_place && !ctx->gso_size && inner_remote_checksum(ctx, t))
		return DECAP_DROP_INTERNAL;
	return inner_bare(ctx, t);
}

/* What the host's stack would do before it looks into the packet: check the header, put fragments together. */
static __always_inline enum decap_outcome carried(struct __sk_buff *ctx, struct tunnel *t,
						  const struct decap_settings *set)
{
	__u32 type = t->protocol == IPPROTO_UDP ? TUNNEL_GUE : t->protocol == IPPROTO_GRE ? TUNNEL_GRE : TUNNEL_IPIP;

	if (!t->more_fragments && !t->fragment_start)
		return DECAP_DONE;
	if (!(set->types & type))
		return DECAP_UNTOUCHED;
	return verify_header(ctx, t) ? gather(ctx, t, set->gue_port) : DECAP_DROP_CHECKSUM;
}

static __always_inline enum decap_outcome handle(struct __sk_buff *ctx, struct tunnel *t)
{
	struct decap_settings *set = decap_settings_get();
	enum decap_outcome outcome;

	if (!set || need(ctx, OUTER_MAX) || outer(ctx, t) != DECAP_DONE)
		return DECAP_UNTOUCHED;
	if (!bpf_map_lookup_elem(&decap_own, &t->dst))
		return t->protocol == IPPROTO_UDP ? DECAP_UNTOUCHED : DECAP_NOT_OWN;
	/* The host's stack drops a packet that lacks its end, and counts it. */
	if (t->end > ctx->len || need(ctx, HEADERS_MAX))
		return DECAP_UNTOUCHED;
	outcome = carried(ctx, t, set);
	if (outcome != DECAP_DONE)
		return outcome;
	outcome = tunnel_parse(ctx, t, set->gue_port);
	if (outcome != DECAP_DONE)
		return outcome;
	if (!(set->types & t->type))
		return DECAP_TYPE_OFF;
	outcome = inner_check(ctx, t);
	if (outcome == DECAP_DONE && !verify_header(ctx, t))
		return DECAP_DROP_CHECKSUM;
	return outcome == DECAP_DONE ? take_off(ctx, t) : outcome;
}

SEC("tc")
int decap(struct __sk_buff *ctx)
{
	struct tunnel t = {};
	enum decap_outcome outcome;

	outcome = handle(ctx, &t);
	if (outcome == DECAP_UNTOUCHED)
		return NEXT;
	count(outcome);
	if (outcome == DECAP_DONE)
		return TC_ACT_OK;
	return outcome >= DECAP_HELD ? TC_ACT_SHOT : NEXT;
}

/* At tc egress. */
SEC("tc")
int answer(struct __sk_buff *ctx)
{
	struct decap_settings *set = decap_settings_get();

	if (set && set->inner_mtu && !ctx->gso_size && !need(ctx, SYN_MIN))
		answer_clamp(ctx, set->inner_mtu);
	return NEXT;
}
