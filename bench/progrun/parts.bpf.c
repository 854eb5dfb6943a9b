// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What single operations cost: the lock of a bucket, the free list, the caches for fragments.
#include "table.h"

struct locked {
	struct bpf_spin_lock lock;
	__u32 words[15];
};
struct fragment_key {
	struct address source, target;
	__u32 identification, protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct locked);
} locks SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, CONNECTIONS);
	__uint(value_size, 4);
} stack SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, CONNECTIONS);
	__uint(value_size, 4);
} queue SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct fragment_key);
	__type(value, __u64);
} fragments SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct fragment_key);
	__type(value, __u64);
} fragments_hash SEC(".maps");

static __always_inline __u32 some_line(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	return data + 38 > end ? 0 : *(__u16 *)(data + 34) & 1023;
}

SEC("xdp") int line_plain(struct xdp_md *ctx)
{
	__u32 key = some_line(ctx);
	struct locked *l = bpf_map_lookup_elem(&locks, &key);
	if (!l)
		return XDP_DROP;
	l->words[0]++;
	return XDP_TX;
}
SEC("xdp") int line_locked(struct xdp_md *ctx)
{
	__u32 key = some_line(ctx);
	struct locked *l = bpf_map_lookup_elem(&locks, &key);
	if (!l)
		return XDP_DROP;
	bpf_spin_lock(&l->lock);
	l->words[0]++;
	bpf_spin_unlock(&l->lock);
	return XDP_TX;
}
SEC("xdp") int line_atomic(struct xdp_md *ctx)
{
	__u32 key = some_line(ctx);
	struct locked *l = bpf_map_lookup_elem(&locks, &key);
	if (!l)
		return XDP_DROP;
	return __sync_val_compare_and_swap(&l->words[1], 0, 0) ? XDP_DROP : XDP_TX;
}
SEC("xdp") int stack_push_pop(struct xdp_md *ctx)
{
	__u32 v = 1;
	if (bpf_map_push_elem(&stack, &v, 0))
		return XDP_DROP;
	return bpf_map_pop_elem(&stack, &v) ? XDP_DROP : XDP_TX;
}
SEC("xdp") int stack_pop_empty(struct xdp_md *ctx)
{
	__u32 v = 1;
	return bpf_map_pop_elem(&stack, &v) ? XDP_TX : XDP_DROP;
}
SEC("xdp") int queue_push_pop(struct xdp_md *ctx)
{
	__u32 v = 1;
	if (bpf_map_push_elem(&queue, &v, 0))
		return XDP_DROP;
	return bpf_map_pop_elem(&queue, &v) ? XDP_DROP : XDP_TX;
}

static __always_inline int fragment_of(struct xdp_md *ctx, struct fragment_key *key)
{
	struct packet p;
	if (read_packet(ctx, &p))
		return -1;
	*key = (struct fragment_key){ p.source, p.target, p.ports, p.protocol };
	return 0;
}
SEC("xdp") int fragment_lru_find(struct xdp_md *ctx)
{
	struct fragment_key key;
	if (fragment_of(ctx, &key))
		return XDP_DROP;
	return bpf_map_lookup_elem(&fragments, &key) ? XDP_TX : XDP_PASS;
}
SEC("xdp") int fragment_lru_put(struct xdp_md *ctx)
{
	struct fragment_key key;
	__u64 v = 1;
	if (fragment_of(ctx, &key))
		return XDP_DROP;
	return bpf_map_update_elem(&fragments, &key, &v, BPF_ANY) ? XDP_DROP : XDP_TX;
}
SEC("xdp") int fragment_hash_find(struct xdp_md *ctx)
{
	struct fragment_key key;
	if (fragment_of(ctx, &key))
		return XDP_DROP;
	return bpf_map_lookup_elem(&fragments_hash, &key) ? XDP_TX : XDP_PASS;
}
SEC("xdp") int fragment_hash_put(struct xdp_md *ctx)
{
	struct fragment_key key;
	__u64 v = 1;
	if (fragment_of(ctx, &key))
		return XDP_DROP;
	return bpf_map_update_elem(&fragments_hash, &key, &v, BPF_ANY) ? XDP_DROP : XDP_TX;
}

char _license[] SEC("license") = "Dual MIT/GPL";
