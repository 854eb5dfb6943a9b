// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Candidate A: preallocated BPF hash maps.  NAT takes two elements per connection: the forward one holds the
// connection, the reply one the key of the forward one.
#include "table.h"

struct key4 {
	__u32 source, target, ports, protocol;
};
struct key6 {
	struct address source, target;
	__u32 ports, protocol;
};

struct value4 {
	__u64 timer;
	__u64 packets;
	__u32 destination, address, port_flags, spare;
};
struct value6 {
	__u64 timer;
	__u64 packets;
	__u32 destination, port_flags;
	struct address address;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct key4);
	__type(value, struct value4);
} forward4 SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct key4);
	__type(value, struct key4);
} reply4 SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct key6);
	__type(value, struct value6);
} forward6 SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct key6);
	__type(value, struct key6);
} reply6 SEC(".maps");

static __always_inline __u64 timer_now(void)
{
	return bpf_jiffies64() + LIFETIME;
}

static __always_inline struct key4 key4_of(const struct packet *p)
{
	return (struct key4){ p->source.w[3], p->target.w[3], p->ports, p->protocol };
}
static __always_inline struct key6 key6_of(const struct packet *p)
{
	return (struct key6){ p->source, p->target, p->ports, p->protocol };
}
static __always_inline __u32 reply_ports(__u32 ports)
{
	return (ports << 16) | DESTINATION_PORT;
}

SEC("xdp") int hash4_known(struct xdp_md *ctx)
{
	struct packet p;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	struct key4 key = key4_of(&p);
	struct value4 *v = bpf_map_lookup_elem(&forward4, &key);
	if (!v || v->timer < bpf_jiffies64())
		return XDP_PASS;
	v->timer = timer_now();
	v->packets++;
	return swap_and_send(ctx);
}

SEC("xdp") int hash4_reply(struct xdp_md *ctx)
{
	struct packet p;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	struct key4 key = key4_of(&p);
	struct key4 *f = bpf_map_lookup_elem(&reply4, &key);
	if (!f)
		return XDP_PASS;
	struct value4 *v = bpf_map_lookup_elem(&forward4, f);
	if (!v || v->timer < bpf_jiffies64())
		return XDP_PASS;
	v->timer = timer_now();
	v->packets++;
	return swap_and_send(ctx);
}

SEC("xdp") int hash4_new(struct xdp_md *ctx)
{
	struct packet p;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	struct key4 key = key4_of(&p);
	if (bpf_map_lookup_elem(&forward4, &key))
		return XDP_PASS;
	struct key4 back = { destination_of(&p).w[3], key.source, reply_ports(key.ports), key.protocol };
	struct value4 v = { .timer = timer_now(), .packets = 1, .destination = 1, .address = back.source };
	if (bpf_map_update_elem(&forward4, &key, &v, BPF_NOEXIST))
		return XDP_DROP;
	if (bpf_map_update_elem(&reply4, &back, &key, BPF_NOEXIST))
		return XDP_DROP;
	return swap_and_send(ctx);
}

SEC("xdp") int hash6_known(struct xdp_md *ctx)
{
	struct packet p;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	struct key6 key = key6_of(&p);
	struct value6 *v = bpf_map_lookup_elem(&forward6, &key);
	if (!v || v->timer < bpf_jiffies64())
		return XDP_PASS;
	v->timer = timer_now();
	v->packets++;
	return swap_and_send(ctx);
}

SEC("xdp") int hash6_reply(struct xdp_md *ctx)
{
	struct packet p;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	struct key6 key = key6_of(&p);
	struct key6 *f = bpf_map_lookup_elem(&reply6, &key);
	if (!f)
		return XDP_PASS;
	struct value6 *v = bpf_map_lookup_elem(&forward6, f);
	if (!v || v->timer < bpf_jiffies64())
		return XDP_PASS;
	v->timer = timer_now();
	v->packets++;
	return swap_and_send(ctx);
}

SEC("xdp") int hash6_new(struct xdp_md *ctx)
{
	struct packet p;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	struct key6 key = key6_of(&p);
	if (bpf_map_lookup_elem(&forward6, &key))
		return XDP_PASS;
	struct key6 back = { destination_of(&p), key.source, reply_ports(key.ports), key.protocol };
	struct value6 v = { .timer = timer_now(), .packets = 1, .destination = 1, .address = back.source };
	if (bpf_map_update_elem(&forward6, &key, &v, BPF_NOEXIST))
		return XDP_DROP;
	if (bpf_map_update_elem(&reply6, &back, &key, BPF_NOEXIST))
		return XDP_DROP;
	return swap_and_send(ctx);
}

// Sweeping: context is {now in ticks, elements seen, elements given back}.
struct bpf_map;
struct sweep {
	__u64 now, seen, freed;
};

static long sweep4(struct bpf_map *map, struct key4 *key, struct value4 *v, struct sweep *s)
{
	s->seen++;
	if (v->timer > s->now)
		return 0;
	struct key4 back = { v->address, key->source, reply_ports(key->ports), key->protocol };
	struct key4 front = *key;
	bpf_map_delete_elem(&reply4, &back);
	bpf_map_delete_elem(&forward4, &front);
	s->freed++;
	return 0;
}
static long sweep6(struct bpf_map *map, struct key6 *key, struct value6 *v, struct sweep *s)
{
	s->seen++;
	if (v->timer > s->now)
		return 0;
	struct key6 back = { v->address, key->source, reply_ports(key->ports), key->protocol };
	struct key6 front = *key;
	bpf_map_delete_elem(&reply6, &back);
	bpf_map_delete_elem(&forward6, &front);
	s->freed++;
	return 0;
}
SEC("syscall") int hash4_sweep(struct sweep *s)
{
	struct sweep own = { bpf_jiffies64() + s->now };
	bpf_for_each_map_elem(&forward4, sweep4, &own, 0);
	s->seen = own.seen;
	s->freed = own.freed;
	return 0;
}
SEC("syscall") int hash6_sweep(struct sweep *s)
{
	struct sweep own = { bpf_jiffies64() + s->now };
	bpf_for_each_map_elem(&forward6, sweep6, &own, 0);
	s->seen = own.seen;
	s->freed = own.freed;
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
