// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What the candidates for the connection table have in common: reading the packet, and the minimal rewrite.
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define CONNECTIONS (1 << 20)
#define LIFETIME (900 * 250) // ticks
#define VIRTUAL_PORT 80

struct address {
	__u32 w[4];
};

struct packet {
	struct address source, target;
	__u32 ports;  // source port, destination port, as on the wire
	__u32 protocol;
	int is_v6;
};

static __always_inline int read_packet(struct xdp_md *ctx, struct packet *p)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if (data + 54 > end)
		return -1;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		p->is_v6 = 0;
		p->source = (struct address){ { 0, 0, bpf_htonl(0xffff), *(__u32 *)(data + 26) } };
		p->target = (struct address){ { 0, 0, bpf_htonl(0xffff), *(__u32 *)(data + 30) } };
		p->ports = *(__u32 *)(data + 34);
		p->protocol = *(__u8 *)(data + 23);
		return 0;
	}
	if (data + 74 > end)
		return -1;
	p->is_v6 = 1;
	p->source = *(struct address *)(data + 22);
	p->target = *(struct address *)(data + 38);
	p->ports = *(__u32 *)(data + 54);
	p->protocol = *(__u8 *)(data + 20);
	return 0;
}

static __always_inline int swap_and_send(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	unsigned char mac[6];

	if (data + sizeof(*eth) > end)
		return XDP_DROP;
	__builtin_memcpy(mac, eth->h_dest, 6);
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, mac, 6);
	return XDP_TX;
}

// The one destination of these measurements.
static __always_inline struct address destination_of(const struct packet *p)
{
	return p->is_v6 ? (struct address){ { bpf_htonl(0xfc000002), 0, 0, bpf_htonl(1) } } :
			  (struct address){ { 0, 0, bpf_htonl(0xffff), bpf_htonl(0x0a000001) } };
}

#define DESTINATION_PORT bpf_htons(8080)

#endif
