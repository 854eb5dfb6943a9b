// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The floor under any balancer: parse, one look-up in a table of 64-byte entries, the write of expiry and counter, the
// smallest rewrite (destination address and checksum), send.  No hash, no key to compare, no second table.
// floor_hash.h has the one with a hash table.
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ENTRIES (1 << 20)
// The packets' destinations after the rewrite, which netns/topology.py has routes and neighbours for: 10.72.1.11, fc00:2::11.

struct entry {
	__u64 timer, packets, rest[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct entry);
} table SEC(".maps");

static __always_inline int touch(__u32 address, __u16 port)
{
	__u32 number = ((bpf_ntohl(address) << 15) + bpf_ntohs(port)) & (ENTRIES - 1);
	struct entry *e = bpf_map_lookup_elem(&table, &number);

	if (!e)
		return -1;
	e->timer = bpf_jiffies64() + 225000;
	e->packets++;
	return 0;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

// RFC 1624, equation 3.
static __always_inline void replace(__u16 *check, __u32 from, __u32 to)
{
	*check = ~fold((__u16) ~*check + (__u16)~from + (__u16) ~(from >> 16) + (to & 0xffff) + (to >> 16));
}

static __always_inline int floor_v4(void *data, void *end)
{
	__u32 *target = data + 30, old, new = bpf_htonl(0x0a48010b);

	if (data + 54 > end || *(__u8 *)(data + 14) != 0x45)
		return -1;
	if (touch(*(__u32 *)(data + 26), *(__u16 *)(data + 34)))
		return -1;
	old = *target;
	*target = new;
	replace(data + 24, old, new);
	replace(data + 50, old, new);
	return 0;
}

static __always_inline int floor_v6(void *data, void *end)
{
	__u32 *target = data + 38;

	if (data + 74 > end)
		return -1;
	if (touch(*(__u32 *)(data + 34), *(__u16 *)(data + 54)))
		return -1;
#pragma unroll
	for (int i = 0; i < 4; i++) {
		__u32 old = target[i], new = i == 3 ? bpf_htonl(0x11) : i ? 0 : bpf_htonl(0xfc000002);

		target[i] = new;
		replace(data + 70, old, new);
	}
	return 0;
}

static __always_inline int floor_packet(void *data, void *end)
{
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) > end)
		return -1;
	return eth->h_proto == bpf_htons(ETH_P_IP) ? floor_v4(data, end) : floor_v6(data, end);
}

// What to ask the host's routing table, as any router must for each packet.
static __always_inline int floor_question(void *data, void *end, struct bpf_fib_lookup *fib)
{
	struct ethhdr *eth = data;

	if (data + 54 > end)
		return -1;
	fib->tot_len = 50;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		fib->family = 2;
		fib->ipv4_src = *(__u32 *)(data + 26);
		fib->ipv4_dst = *(__u32 *)(data + 30);
		return 0;
	}
	fib->family = 10;
	__builtin_memcpy(fib->ipv6_src, data + 22, 16);
	__builtin_memcpy(fib->ipv6_dst, data + 38, 16);
	return 0;
}

#endif
