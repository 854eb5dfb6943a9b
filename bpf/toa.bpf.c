// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A real server behind full NAT: getpeername(2) and accept(2) say the client's address, which the director tells in a TCP
 * option. It is read once, from the segment that establishes the connection, and kept with the socket. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "ipvs/types.h"
#include "toa_option.h"

#define OPTIONS_SEEN_MAX 24 /* more than there is room for in sensible headers */
#define ADDR_BITS 128
#define TCP_FLAG_OF_SYN 2

char _license[] SEC("license") = "Dual MIT/GPL";

/* Set by the loader: other network namespaces are none of ours, although the programs see their sockets. */
const volatile __u64 own_netns;

enum toa_outcome {
	TOA_KNOWN, /* the client's address is known */
	TOA_MISSING, /* from a director, without the option */
	TOA_NOT_TRUSTED, /* the option from somebody who is no director: not believed */
	TOA_OUTCOME_COUNT,
};

struct toa_peer {
	struct addr addr;
	__be16 port;
};

struct director_key {
	__u32 prefix;
	__u8 addr[16];
};

/* Whose option is believed: the local addresses of directors. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct director_key);
	__type(value, __u32);
} toa_directors SEC(".maps");

/* A socket's client. Missing: it is what the kernel says. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct toa_peer);
} toa_peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TOA_OUTCOME_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} toa_counts SEC(".maps");

static __always_inline void count(enum toa_outcome outcome)
{
	__u32 key = outcome;
	__u64 *counter = bpf_map_lookup_elem(&toa_counts, &key);

	if (counter)
		*counter += 1;
}

static __always_inline int is_director(const struct bpf_sock_ops *ops)
{
	struct director_key key = { .prefix = ADDR_BITS };
	const volatile struct bpf_sock_ops *own = ops; /* no member by way of a computed address */
	__u32 *words = (__u32 *)key.addr;

	words[0] = own->remote_ip6[0];
	words[1] = own->remote_ip6[1];
	words[2] = own->remote_ip6[2];
	words[3] = own->remote_ip6[3];
	if (own->family == FAMILY_IPV4) {
		words[0] = 0;
		words[1] = 0;
		words[2] = bpf_htonl(0xffff);
		words[3] = own->remote_ip4;
	}
	return !!bpf_map_lookup_elem(&toa_directors, &key);
}

/* Read the option at hand, of `length` bytes. Returns 0, or -1 when it is none. */
static __always_inline int read_option(const __u8 *at, const __u8 *end, __u8 length, struct toa_peer *peer)
{
	if (length == TOA_SIZE_IPV4 && at + TOA_SIZE_IPV4 <= end) {
		peer->addr.words[0] = 0;
		peer->addr.words[1] = 0;
		peer->addr.words[2] = bpf_htonl(0xffff);
		__builtin_memcpy(&peer->addr.words[3], at + TOA_HEAD, 4);
	} else if (length == TOA_SIZE_IPV6 && at + TOA_SIZE_IPV6 <= end) {
		__builtin_memcpy(&peer->addr, at + TOA_HEAD, 16);
	} else {
		return -1;
	}
	__builtin_memcpy(&peer->port, at + 2, 2);
	return 0;
}

/* Look for the option in the header that established the connection. Ours is the first, so that no client can put one
 * of its own before it. Returns 0, or -1 when there is none. */
static __always_inline int find_option(const struct bpf_sock_ops *ops, struct toa_peer *peer)
{
	const __u8 *end = ops->skb_data_end, *header = ops->skb_data;
	__u32 offset = TCP_HEADER_MIN;

	for (int i = 0; i < OPTIONS_SEEN_MAX; i++) {
		const __u8 *at = header + (offset & 63);
		__u8 kind, length;

		if (offset > TCP_HEADER_MAX - 2 || at + 2 > end)
			return -1;
		kind = at[0];
		length = at[1];
		if (kind == TOA_KIND)
			return read_option(at, end, length, peer);
		if (kind == TCP_OPTION_END || (kind != TCP_OPTION_NOP && length < 2))
			return -1;
		offset += kind == TCP_OPTION_NOP ? 1 : length;
	}
	return -1;
}

SEC("sockops")
int toa_sockops(struct bpf_sock_ops *ops)
{
	struct toa_peer peer = {}, *kept;
	struct bpf_sock *sk;
	int found;

	if (ops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB || bpf_get_netns_cookie(ops) != own_netns)
		return 1;
	/* One of TCP Fast Open is the client's own as it was: a director tells nothing in it. */
	found = !(ops->skb_tcp_flags & TCP_FLAG_OF_SYN) && !find_option(ops, &peer);
	if (!is_director(ops)) {
		if (found)
			count(TOA_NOT_TRUSTED);
		return 1;
	}
	sk = ops->sk;
	kept = found && sk ? bpf_sk_storage_get(&toa_peers, sk, 0, BPF_SK_STORAGE_GET_F_CREATE) : 0;
	if (kept)
		*kept = peer;
	count(kept ? TOA_KNOWN : TOA_MISSING);
	return 1;
}

static __always_inline struct toa_peer *peer_of(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	return sk ? bpf_sk_storage_get(&toa_peers, sk, 0, 0) : 0;
}

SEC("cgroup/getpeername4")
int toa_getpeername4(struct bpf_sock_addr *ctx)
{
	struct toa_peer *peer = peer_of(ctx);

	if (peer && !peer->addr.halves[0] && peer->addr.words[2] == bpf_htonl(0xffff)) {
		ctx->user_ip4 = peer->addr.words[3];
		ctx->user_port = peer->port;
	}
	return 1;
}

/* A socket for both families has IPv4 addresses in their mapped form, as they stand here. */
SEC("cgroup/getpeername6")
int toa_getpeername6(struct bpf_sock_addr *ctx)
{
	struct toa_peer *peer = peer_of(ctx);

	if (peer) {
		ctx->user_ip6[0] = peer->addr.words[0];
		ctx->user_ip6[1] = peer->addr.words[1];
		ctx->user_ip6[2] = peer->addr.words[2];
		ctx->user_ip6[3] = peer->addr.words[3];
		ctx->user_port = peer->port;
	}
	return 1;
}
