/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Every map: who writes it, who reads it, what a missing entry means. All are pinned by name and
 * outlive every process and every program. Sizes are set by the loader at creation. */
#ifndef XLVS_MAPS_H
#define XLVS_MAPS_H

#include <bpf/bpf_helpers.h>
#include "types.h"
#include "verdict.h"

/* Set by the loader before the programs are loaded, constant for the verifier. */
const volatile __u32 tick_shift; /* jiffies per tick, as a power of two */
const volatile __u32 ticks_per_second = 250;
const volatile __u32 conn_entries = 1024; /* size of `conns` */
const volatile __u32 bucket_level = 8; /* size of `buckets`, as a power of two */
const volatile __u32 possible_cpus = 1;
const volatile __u32 trial; /* 1: packets are tried on these programs, and nothing leaves */
const volatile __u32 memory_readable; /* 1: the kernel lets programs read its memory */
const volatile __u64 hash_seed = 0x9e3779b97f4a7c15ULL; /* random, kept for the life of the index */

#define LARGE_ARRAY(name_, value_, entries_)       \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, entries_);     \
		__type(key, __u32);                \
		__type(value, value_);             \
	} name_ SEC(".maps")

/* User space writes, the packet path reads. */
LARGE_ARRAY(settings, struct settings, 1);
LARGE_ARRAY(filter, struct filter, 1);
LARGE_ARRAY(ledger, struct ledger, 1); /* the packet path does not read it */
LARGE_ARRAY(services, struct service, 64); /* number -> service; 0 is nobody's */
LARGE_ARRAY(dests, struct dest, 256); /* number -> destination; 0 is nobody's; counts by the packet path */
LARGE_ARRAY(local_addresses, struct local_address,
	    64); /* number -> local address of full NAT; 0 is nobody's; counts by the packet path */
LARGE_ARRAY(slots, struct slot_line, 256); /* lists and tables of destinations' numbers */

/* The packet path writes, user space reads; --zero writes `zero` of an estimate. */
#define HOPS 4096
LARGE_ARRAY(hops, struct hop, HOPS); /* 0 is nobody's; user space empties it when XDP comes or goes */
LARGE_ARRAY(conns, struct conn, 1024); /* number -> connection; 0 is nobody's */
LARGE_ARRAY(pool, struct pool, 1);
LARGE_ARRAY(ticks_taken, struct tick_times, 1); /* user space may set it to zero */
LARGE_ARRAY(service_estimates, struct estimate, 64);
LARGE_ARRAY(dest_estimates, struct estimate, 256);

/* Ways of tunnels; 0 is nobody's. Only the packet path touches them. */
#define TUNNEL_WAYS 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TUNNEL_WAYS);
	__type(key, __u32);
	__type(value, struct tunnel_way);
} tunnel_ways SEC(".maps");

/* Host -> MTU of the path to it. Missing: that of the route. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct addr);
	__type(value, struct path_mtu);
} path_mtus SEC(".maps");

/* Service key -> number. Missing: no such service. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__type(key, struct service_key);
	__type(value, __u32);
} service_numbers SEC(".maps");

/* The mark of packets by their address and port. Missing: none. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct mark_range_key);
	__type(value, __u32);
} mark_ranges SEC(".maps");

/* The index of the connections: only the packet path and its sweeper touch it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct index_state);
} index_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

/* Number of a persistence template -> the Call-ID that is part of its key. Missing: it has none. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

/* The Call-ID of the packet at hand, one place per processor. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call);
} calls_at_hand SEC(".maps");

/* What lblc and lblcr keep for an address. Missing: nothing yet, or forgotten. Entries take memory only while they are
 * there; where there is no room for one its address is scheduled anew each time. */
#define LOCALITIES 65536
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LOCALITIES);
	__type(key, struct locality_key);
	__type(value, struct locality);
} localities SEC(".maps");

/* Index 0 holds what destinations counted whose slots serve others now. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct counters);
} dest_counters SEC(".maps");

/* Packets by verdict. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

/* Which connection a fragment belongs to, told by the first one; 0: they are dropped. Missing: not
 * ours. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct fragment_key);
	__type(value, struct fragment);
} fragments SEC(".maps");

/* Datagrams of which fragments are missing, in groups of DATAGRAM_WAYS. */
#define DATAGRAMS 1024
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DATAGRAMS);
	__type(key, __u32);
	__type(value, struct datagram);
} datagrams SEC(".maps");

/* The fragments that are here: 4 MiB, as much as the kernel keeps (ipfrag_high_thresh). What was not used for
 * longest makes room; its datagram is never complete then, and forgotten in time. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, struct piece_key);
	__type(value, struct piece);
} pieces SEC(".maps");

LARGE_ARRAY(sync_daemons, struct sync_daemon, 2); /* by role; user space writes it */

/* What a synchronisation daemon needs takes memory only while one is configured: the maps within are made by who starts
 * it. `sync_rings` has the way of changed connections to the process, `sync_tracks` an entry per connection. */
struct sync_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct sync_track_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct sync_track));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct sync_ring);
} sync_rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct sync_track_table);
} sync_tracks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clockwork);
} clockworks SEC(".maps");

/* Room for a packet's bytes while it is summed or split: one per processor, used within one packet. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* `value & mask`, where the compiler must not reason the mask away: the verifier wants to see it. */
static __always_inline __u32 bounded(__u32 value, __u32 mask)
{
	value &= mask;
	asm volatile("" : "+r"(value));
	return value;
}

/* A size from 1 to `most` (a power of two), seen as such by the verifier of Linux 6.1, which does not learn
 * from a comparison with 0 that a size is not 0. */
static __always_inline __u32 bounded_size(__u32 size, __u32 most)
{
	return bounded(size - 1, most - 1) + 1;
}

static __always_inline struct settings *settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct pool *pool_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pool, &zero);
}

static __always_inline struct conn *conn_get(__u32 number)
{
	return bpf_map_lookup_elem(&conns, &number);
}

/* Has another director told of it? */
static __always_inline int conn_is_synced(const struct conn *conn)
{
	return conn->method != METHOD_FULL_NAT && !!(conn->word.bits & CONN_SYNCED);
}

static __always_inline struct dest *dest_get(__u32 number)
{
	return bpf_map_lookup_elem(&dests, &number);
}

static __always_inline struct service *service_get(__u32 number)
{
	return bpf_map_lookup_elem(&services, &number);
}

static __always_inline struct local_address *local_address_get(__u32 number)
{
	return bpf_map_lookup_elem(&local_addresses, &number);
}

static __always_inline __u32 slot_get(__u32 index)
{
	__u32 line_number = index / SLOTS_PER_LINE;
	struct slot_line *line = bpf_map_lookup_elem(&slots, &line_number);

	return line ? line->numbers[bounded(index, SLOTS_PER_LINE - 1)] : 0;
}

static __always_inline __u32 ticks_now(void)
{
	return (__u32)(bpf_jiffies64() >> tick_shift);
}

static __always_inline void verdict_count(__u32 verdict)
{
	__u64 *count = bpf_map_lookup_elem(&verdicts, &verdict);

	if (count)
		*count += 1;
}

#endif
