// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The floor under balancers that keep a table of connections: for each packet one line of an index, and for the first
// packet of a connection an entry of 64 bytes at the next place and one slot of that line; addresses, link-layer ones too,
// rewritten, and sent on to one of two servers.  No states, no expiry, no second key, no service, no counters.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ENTRIES (1 << 20)
#define LINES (ENTRIES / 8)
#define SLOTS 15
#define NUMBER_BITS 24
#define SERVERS 2

struct line {
	__u32 unused;
	__u32 slots[SLOTS]; // tag and number, 0: free
};
struct entry {
	__u64 client, ports; // both ends' addresses, both ports
	__u64 server, packets, rest[4];
};
struct server {
	__u32 address;
	__u32 macs[3]; // destination and source, as in the frame
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LINES);
	__type(key, __u32);
	__type(value, struct line);
} lines SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, SERVERS);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

// The only variable in .bss: balancers.py writes it through shared memory.
struct config {
	struct server servers[SERVERS];
	__u32 virtual;
	__u32 next; // number of the last entry
};
volatile struct config config;

// The entry of a packet's ends; null: a line is full, which the measurement never comes to.
static __always_inline struct entry *meet(__u64 client, __u64 both)
{
	__u64 hash = ((client ^ both << 29) + both) * 0x9e3779b97f4a7c15ULL;
	__u32 tag = hash >> 56, at = hash >> 32 & (LINES - 1), number;
	struct line *line = bpf_map_lookup_elem(&lines, &at);
	__u32 *place = 0;
	struct entry *e;

	if (!line)
		return 0;
	for (int i = 0; i < SLOTS; i++) {
		__u32 slot = line->slots[i];

		if (!slot && !place)
			place = &line->slots[i];
		if (!slot || slot >> NUMBER_BITS != tag)
			continue;
		number = slot & ((1 << NUMBER_BITS) - 1);
		e = bpf_map_lookup_elem(&entries, &number);
		if (e && e->client == client && e->ports == both)
			return e;
	}
	if (!place)
		return 0;
	number = __sync_fetch_and_add(&config.next, 1) + 1;
	e = bpf_map_lookup_elem(&entries, &number);
	if (!e)
		return 0;
	*e = (struct entry){ .client = client, .ports = both, .server = number % SERVERS };
	__sync_val_compare_and_swap(place, 0, tag << NUMBER_BITS | number);
	return e;
}

// RFC 1624, equation 3, for the header's sum: the address changes, and the hops become one less.
static __always_inline __u16 updated(__u16 check, __u32 from, __u32 to)
{
	__u32 sum = (__u16)~check + (__u16)~from + (__u16) ~(from >> 16) + (to & 0xffff) + (to >> 16);

	sum += (__u16)~bpf_htons(0x0100);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

SEC("xdp") int floor_new(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 *words = data, from, to, number;
	volatile struct server *server;
	struct entry *e;

	// UDP over IPv4 without options, its checksum not in use.
	if (data + 42 > end || *(__u16 *)(data + 12) != bpf_htons(0x0800) || *(__u8 *)(data + 14) != 0x45 ||
	    *(__u8 *)(data + 23) != 17 || *(__u16 *)(data + 40))
		return XDP_PASS;
	from = *(__u32 *)(data + 30);
	if (from != config.virtual)
		return XDP_PASS;
	e = meet(*(__u64 *)(data + 26), *(__u32 *)(data + 34));
	if (!e)
		return XDP_DROP;
	e->packets++;
	number = e->server & (SERVERS - 1);
	server = &config.servers[number];
	to = server->address;
	for (int i = 0; i < 3; i++)
		words[i] = server->macs[i];
	*(__u16 *)(data + 24) = updated(*(__u16 *)(data + 24), from, to);
	*(__u32 *)(data + 30) = to;
	*(__u8 *)(data + 22) -= 1;
	return bpf_redirect_map(&ports, number, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
