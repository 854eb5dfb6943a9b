// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Candidate B: an index of 64-byte buckets before a dense pool of 64-byte entries.  A slot is an 8-bit tag and a 24-bit
// entry number; one entry is linked under two keys, forward (client, virtual) and reply (client, destination).
// With -DLOCK_FREE the bucket has 15 slots and no lock: slots change by compare-and-swap (candidate C).  With -DJENKINS the
// hash is Bob Jenkins' lookup3 with a secret start value (candidate D) in place of multiplications.
#include "table.h"

#define BUCKETS (CONNECTIONS / 4)
#define CHOICES 4 // buckets a key may stand in; the later ones only while the earlier overflow
#ifdef LOCK_FREE
#define SLOTS 15
struct bucket {
	__u32 overflow;
	__u32 slot[SLOTS];
};
#else
#define SLOTS 14
struct bucket {
	struct bpf_spin_lock lock;
	__u32 overflow;
	__u32 slot[SLOTS];
};
#endif

struct entry {
	struct address client, virtual;
	__u16 client_port, virtual_port, destination_port;
	__u8 protocol, flags;
	__u32 expires; // ticks
	__u8 state, pad[3];
	__u32 destination, packets;
	__u64 spare;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BUCKETS);
	__type(key, __u32);
	__type(value, struct bucket);
} index_map SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONNECTIONS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct entry);
} pool SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, CONNECTIONS);
	__uint(value_size, 4);
} freed SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct address);
} destinations SEC(".maps");

volatile struct {
	__u32 used, refused, later, unused;
} state;
const volatile __u64 seed = 0x7c15a3f98b9d02e1;

// A place in the index: bucket number and tag; the tag is never 0, so an empty slot matches none.
struct place {
	__u32 bucket, tag;
};

#ifdef JENKINS
#define ROTATE(x, n) (((x) << (n)) | ((x) >> (32 - (n))))

static __always_inline void stir(__u32 *a, __u32 *b, __u32 *c)
{
	*a -= *c;
	*a ^= ROTATE(*c, 4);
	*c += *b;
	*b -= *a;
	*b ^= ROTATE(*a, 6);
	*a += *c;
	*c -= *b;
	*c ^= ROTATE(*b, 8);
	*b += *a;
	*a -= *c;
	*a ^= ROTATE(*c, 16);
	*c += *b;
	*b -= *a;
	*b ^= ROTATE(*a, 19);
	*a += *c;
	*c -= *b;
	*c ^= ROTATE(*b, 4);
	*b += *a;
}

static __always_inline __u64 hash_of(const struct address *x, const struct address *y, __u32 ports, __u32 protocol,
				     int is_v6)
{
	__u32 a = x->w[3] + (__u32)seed, b = y->w[3] + (__u32)(seed >> 32), c = ports + protocol;

	if (is_v6) {
		stir(&a, &b, &c);
		a += x->w[0];
		b += x->w[1];
		c += x->w[2];
		stir(&a, &b, &c);
		a += y->w[0];
		b += y->w[1];
		c += y->w[2];
	}
	c ^= b;
	c -= ROTATE(b, 14);
	a ^= c;
	a -= ROTATE(c, 11);
	b ^= a;
	b -= ROTATE(a, 25);
	c ^= b;
	c -= ROTATE(b, 16);
	a ^= c;
	a -= ROTATE(c, 4);
	b ^= a;
	b -= ROTATE(a, 14);
	c ^= b;
	c -= ROTATE(b, 24);
	return (__u64)c << 32 | b;
}
#else
static __always_inline __u64 mix(__u64 h, __u64 w)
{
	h = (h ^ w) * 0x9FB21C651E98DF25ULL;
	return h ^ (h >> 35);
}

static __always_inline __u64 hash_of(const struct address *x, const struct address *y, __u32 ports, __u32 protocol,
				     int is_v6)
{
	__u64 h = mix(seed, ((__u64)x->w[3] << 32) | y->w[3]);
	if (is_v6) {
		h = mix(h, ((__u64)x->w[0] << 32) | x->w[1]);
		h = mix(h, ((__u64)x->w[2] << 32) | y->w[0]);
		h = mix(h, ((__u64)y->w[1] << 32) | y->w[2]);
	}
	return mix(h, ((__u64)ports << 32) | protocol) * 0xD6E8FEB86659FD93ULL;
}
#endif

static __always_inline struct place place_of(const struct address *a, const struct address *b, __u32 ports,
					     __u32 protocol, int is_v6)
{
	__u64 h = hash_of(a, b, ports, protocol, is_v6);
	return (struct place){ (__u32)(h >> 40) & (BUCKETS - 1), (((__u32)(h >> 20) & 0xff) ?: 1) << 24 };
}

// The next choice follows from bucket and tag alone, so a slot can be found again without its key.
static __always_inline __u32 next_bucket(__u32 bucket, __u32 tag)
{
	return (bucket + ((tag >> 24) * 0x5bd1e995u | 1)) & (BUCKETS - 1);
}

// The two keys of a connection, as a packet shows them.
enum way { FORWARD, REPLY };

static __always_inline int same(const struct address *a, const struct address *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;
	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline int matches(const struct entry *e, const struct packet *p, enum way way)
{
	if (way == FORWARD)
		return *(__u32 *)&e->client_port == p->ports && e->protocol == p->protocol &&
		       same(&e->client, &p->source) && same(&e->virtual, &p->target);
	if (e->client_port != p->ports >> 16 || e->destination_port != (p->ports & 0xffff) ||
	    e->protocol != p->protocol || !same(&e->client, &p->target))
		return 0;
	__u32 number = e->destination;
	struct address *d = bpf_map_lookup_elem(&destinations, &number);
	return d && same(d, &p->source);
}

static __always_inline struct entry *find_in(struct bucket *b, __u32 tag, const struct packet *p, enum way way)
{
#pragma unroll
	for (int i = 0; i < SLOTS; i++) {
		__u32 slot = *(volatile __u32 *)&b->slot[i];

		if ((slot ^ tag) >> 24)
			continue;
		slot &= 0xffffff;
		struct entry *e = bpf_map_lookup_elem(&pool, &slot);
		if (e && matches(e, p, way))
			return e;
	}
	return 0;
}

static __always_inline struct place place_for(const struct packet *p, enum way way)
{
	return way == FORWARD ?
		       place_of(&p->source, &p->target, p->ports, p->protocol, p->is_v6) :
		       place_of(&p->target, &p->source, (p->ports >> 16) | (p->ports << 16), p->protocol, p->is_v6);
}

static __always_inline int overflowed(const struct bucket *b)
{
	return *(volatile __u32 *)&b->overflow;
}

static __noinline struct entry *find_further(const struct packet *p, enum way way, __u32 bucket, __u32 tag)
{
	for (int i = 1; i < CHOICES; i++) {
		bucket = next_bucket(bucket, tag);
		struct bucket *b = bpf_map_lookup_elem(&index_map, &bucket);
		if (!b)
			return 0;
		struct entry *e = find_in(b, tag, p, way);
		if (e || !overflowed(b))
			return e;
	}
	return 0;
}

static __always_inline struct entry *find(const struct packet *p, enum way way, struct place *at)
{
	*at = place_for(p, way);
	struct bucket *b = bpf_map_lookup_elem(&index_map, &at->bucket);
	if (!b)
		return 0;
	struct entry *e = find_in(b, at->tag, p, way);
	return e || !overflowed(b) ? e : find_further(p, way, at->bucket, at->tag);
}

#ifndef LOCK_FREE
static __always_inline int put(struct bucket *b, __u32 slot)
{
	int done = 0;
	bpf_spin_lock(&b->lock);
#pragma unroll
	for (int i = 0; i < SLOTS; i++)
		if (!done && !b->slot[i]) {
			b->slot[i] = slot;
			done = 1;
		}
	bpf_spin_unlock(&b->lock);
	return done;
}
static __always_inline int take(struct bucket *b, __u32 slot)
{
	int done = 0;
	bpf_spin_lock(&b->lock);
#pragma unroll
	for (int i = 0; i < SLOTS; i++)
		if (b->slot[i] == slot) {
			b->slot[i] = 0;
			done = 1;
		}
	bpf_spin_unlock(&b->lock);
	return done;
}
#else
static __always_inline int put(struct bucket *b, __u32 slot)
{
#pragma unroll
	for (int i = 0; i < SLOTS; i++)
		if (!b->slot[i] && !__sync_val_compare_and_swap(&b->slot[i], 0, slot))
			return 1;
	return 0;
}
static __always_inline int take(struct bucket *b, __u32 slot)
{
#pragma unroll
	for (int i = 0; i < SLOTS; i++)
		if (b->slot[i] == slot && __sync_val_compare_and_swap(&b->slot[i], slot, 0) == slot)
			return 1;
	return 0;
}
#endif

static __noinline int unlink(__u32 bucket, __u32 tag, __u32 number)
{
	for (int i = 0; i < CHOICES; i++) {
		struct bucket *b = bpf_map_lookup_elem(&index_map, &bucket);
		if (!b)
			return 0;
		if (take(b, tag | number))
			return 1;
		__sync_fetch_and_add(&b->overflow, -1);
		bucket = next_bucket(bucket, tag);
	}
	return 0;
}

static __noinline int insert(__u32 bucket, __u32 tag, __u32 number)
{
	__u32 first = bucket;

	for (int i = 0; i < CHOICES; i++) {
		struct bucket *b = bpf_map_lookup_elem(&index_map, &bucket);
		if (!b)
			return 0;
		if (put(b, tag | number)) {
			if (i)
				__sync_fetch_and_add(&state.later, 1);
			return 1;
		}
		__sync_fetch_and_add(&b->overflow, 1);
		bucket = next_bucket(bucket, tag);
	}
	unlink(first, tag, number);
	return 0;
}

static __always_inline int touch(struct xdp_md *ctx, struct entry *e)
{
	__u32 now = bpf_jiffies64();
	if (!e || (__s32)(e->expires - now) < 0)
		return XDP_PASS;
	e->expires = now + LIFETIME;
	e->packets++;
	return swap_and_send(ctx);
}

SEC("xdp") int index_known(struct xdp_md *ctx)
{
	struct packet p;
	struct place at;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	return touch(ctx, find(&p, FORWARD, &at));
}

SEC("xdp") int index_reply(struct xdp_md *ctx)
{
	struct packet p;
	struct place at;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	return touch(ctx, find(&p, REPLY, &at));
}

static __always_inline int allocate(__u32 *number)
{
	if (!bpf_map_pop_elem(&freed, number))
		return 0;
	if (state.used >= CONNECTIONS)
		return -1;
	*number = __sync_fetch_and_add(&state.used, 1);
	return *number >= CONNECTIONS;
}

static __always_inline struct packet reply_of(const struct packet *p)
{
	return (struct packet){ destination_of(p), p->source, (p->ports << 16) | DESTINATION_PORT, p->protocol,
				p->is_v6 };
}

SEC("xdp") int index_new(struct xdp_md *ctx)
{
	struct packet p;
	struct place at;
	__u32 number;
	if (read_packet(ctx, &p))
		return XDP_DROP;
	if (find(&p, FORWARD, &at))
		return XDP_PASS;
	if (allocate(&number))
		return XDP_DROP;
	struct entry *e = bpf_map_lookup_elem(&pool, &number);
	if (!e)
		return XDP_DROP;
	e->client = p.source;
	e->virtual = p.target;
	*(__u32 *)&e->client_port = p.ports;
	e->destination_port = DESTINATION_PORT;
	e->protocol = p.protocol;
	e->flags = p.is_v6;
	e->expires = bpf_jiffies64() + LIFETIME;
	e->state = 1;
	e->destination = p.is_v6 ? 2 : 1;
	e->packets = 1;
	struct packet back = reply_of(&p);
	struct place other = place_for(&back, REPLY);
	int linked = insert(at.bucket, at.tag, number);
	if (!linked || !insert(other.bucket, other.tag, number)) {
		if (linked)
			unlink(at.bucket, at.tag, number);
		__sync_fetch_and_add(&state.refused, 1);
		e->state = 0;
		bpf_map_push_elem(&freed, &number, 0);
		return XDP_DROP;
	}
	return swap_and_send(ctx);
}

struct sweep {
	__u64 now, seen, freed;
};

static long sweep_one(__u32 number, struct sweep *s)
{
	struct entry *e = bpf_map_lookup_elem(&pool, &number);
	if (!e || !e->state)
		return 0;
	s->seen++;
	if ((__s32)(e->expires - (__u32)s->now) > 0)
		return 0;
	struct packet p = { e->client, e->virtual, *(__u32 *)&e->client_port, e->protocol, e->flags };
	struct packet back = reply_of(&p);
	struct place one = place_for(&p, FORWARD), two = place_for(&back, REPLY);
	unlink(one.bucket, one.tag, number);
	unlink(two.bucket, two.tag, number);
	e->state = 0;
	bpf_map_push_elem(&freed, &number, 0);
	s->freed++;
	return 0;
}

SEC("syscall") int index_sweep(struct sweep *s)
{
	struct sweep own = { bpf_jiffies64() + s->now };
	bpf_loop(CONNECTIONS, sweep_one, &own, 0);
	s->seen = own.seen;
	s->freed = own.freed;
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
