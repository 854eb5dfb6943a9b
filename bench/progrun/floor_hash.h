// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The floor under balancers that tunnel and keep their connections in a BPF hash table: parse, one look-up of a 64-byte
// entry by the packet's ends, the write of expiry and counter, the smallest encapsulation in IP, send.  Known and new
// connections differ in the one operation on the table.
#ifndef BENCH_FLOOR_HASH_H
#define BENCH_FLOOR_HASH_H

#include "floor.h"

#define ENTRIES_V6 (1 << 17)
#define OUTER_IPV4 20
#define OUTER_IPV6 40

struct ends_v4 {
	__u32 source, target, ports, protocol;
};
struct ends_v6 {
	__u32 source[4], target[4], ports, protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, struct ends_v4);
	__type(value, struct entry);
} known_v4 SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES_V6);
	__type(key, struct ends_v6);
	__type(value, struct entry);
} known_v6 SEC(".maps");

enum { ABSENT = 0, IS_IPV4 = OUTER_IPV4, IS_IPV6 = OUTER_IPV6, BROKEN = -1 };

static __always_inline int meet(void *map, const void *key, int begin)
{
	struct entry fresh = { .timer = bpf_jiffies64() + 225000, .packets = 1 }, *e;

	if (begin)
		return bpf_map_update_elem(map, key, &fresh, BPF_ANY);
	e = bpf_map_lookup_elem(map, key);
	if (!e)
		return -1;
	e->timer = fresh.timer;
	e->packets++;
	return 0;
}

static __always_inline int meet_v4(void *data, void *end, int begin)
{
	struct ends_v4 key;

	if (data + 38 > end || *(__u8 *)(data + 14) != 0x45)
		return BROKEN;
	key = (struct ends_v4){ *(__u32 *)(data + 26), *(__u32 *)(data + 30), *(__u32 *)(data + 34),
				*(__u8 *)(data + 23) };
	return meet(&known_v4, &key, begin) ? ABSENT : IS_IPV4;
}

static __always_inline int meet_v6(void *data, void *end, int begin)
{
	struct ends_v6 key;

	if (data + 58 > end)
		return BROKEN;
	__builtin_memcpy(key.source, data + 22, 32);
	key.ports = *(__u32 *)(data + 54);
	key.protocol = *(__u8 *)(data + 20);
	return meet(&known_v6, &key, begin) ? ABSENT : IS_IPV6;
}

// How many bytes the outer header of this packet takes; ABSENT: it is of no connection.
static __always_inline int floor_meet(void *data, void *end, int begin)
{
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) > end)
		return BROKEN;
	return eth->h_proto == bpf_htons(ETH_P_IP) ? meet_v4(data, end, begin) : meet_v6(data, end, begin);
}

// Ethernet and outer IP header, for which there is room: to 10.72.1.11 from 10.72.1.1, fc00:2::11 from fc00:2::1.
static __always_inline int wrap_v4(void *data, void *end)
{
	__u32 *word = data + 14, sum = 0, length;

	if (data + 54 > end)
		return BROKEN;
	length = bpf_ntohs(*(__u16 *)(data + 36)) + OUTER_IPV4;
	word[0] = bpf_htonl(0x45000000 | length);
	word[1] = 0;
	word[2] = bpf_htonl(0x40040000);
	word[3] = bpf_htonl(0x0a480101);
	word[4] = bpf_htonl(0x0a48010b);
#pragma unroll
	for (int i = 0; i < 5; i++)
		sum += (word[i] & 0xffff) + (word[i] >> 16);
	*(__u16 *)(data + 24) = ~fold(sum);
	*(__u16 *)(data + 12) = bpf_htons(ETH_P_IP);
	return 0;
}

static __always_inline int wrap_v6(void *data, void *end)
{
	__u32 *word = data + 14;

	if (data + 94 > end)
		return BROKEN;
	word[0] = bpf_htonl(0x60000000);
	word[1] = bpf_htonl((__u32)(bpf_ntohs(*(__u16 *)(data + 58)) + OUTER_IPV6) << 16 | 41 << 8 | 64);
	word[2] = word[6] = bpf_htonl(0xfc000002);
	word[3] = word[4] = word[7] = word[8] = 0;
	word[5] = bpf_htonl(1);
	word[9] = bpf_htonl(0x11);
	*(__u16 *)(data + 12) = bpf_htons(ETH_P_IPV6);
	return 0;
}

static __always_inline int floor_wrap(void *data, void *end, int outer)
{
	__u32 *mac = data;

	if (data + 14 > end)
		return BROKEN;
	mac[0] = bpf_htonl(0x02000000);
	mac[1] = bpf_htonl(0x00030200);
	mac[2] = bpf_htonl(0x00000001);
	return outer == IS_IPV4 ? wrap_v4(data, end) : wrap_v6(data, end);
}

#endif
