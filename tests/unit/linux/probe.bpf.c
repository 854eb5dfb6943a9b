// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The object that the tests of xlvs.linux load: each kind of map, program and type once. It includes nothing, so that
// any clang builds it.
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef __u32 __be32;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) __typeof__(value) *name

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_seq_write)(void *seq, const void *data, __u32 length) = (void *)127;

enum verdict { VERDICT_GO_ON = -1, VERDICT_DROP = 2 };

union address {
	__be32 ip;
	__u8 ip6[16];
};

struct end {
	union address address;
	__u16 port;
};

struct entry {
	struct end client;
	struct end servers[3];
	union {
		__u64 both;
		struct {
			__u32 low, high;
		};
	};
	__u32 few : 3, more : 5;
	const char name[2][4];
	struct entry *next;
	volatile enum verdict verdict;
};

struct arguments {
	__u64 in, out;
};

const volatile __u32 answer = 42;
const volatile enum verdict verdict = VERDICT_GO_ON;
__u64 hits = 0;

struct {
	__uint(type, 1);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct entry);
} table SEC(".maps");

struct {
	__uint(type, 2);
	__uint(max_entries, 1000);
	__uint(map_flags, 1 << 10);
	__type(key, __u32);
	__type(value, __u32);
} shared SEC(".maps");

struct {
	__uint(type, 6);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} per_cpu SEC(".maps");

struct packet_context {
	__u32 length;
};

SEC("tc")
int tc_count(struct packet_context *context)
{
	__u32 zero = 0;
	__u32 *count = bpf_map_lookup_elem(&per_cpu, &zero);

	if (count)
		*count += 1;
	__sync_fetch_and_add(&hits, 1);
	return verdict;
}

SEC("tc")
int tc_other(struct packet_context *context)
{
	return answer ? 0 : -1;
}

SEC("xdp")
int xdp_pass(void *context)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shared, &zero) ? 2 : 1;
}

SEC("xdp")
int xdp_other(void *context)
{
	return answer ? 2 : 1;
}

SEC("syscall")
int add(struct arguments *arguments)
{
	arguments->out = arguments->in + answer;
	return -5;
}

struct iteration {
	struct {
		void *seq;
	} *meta;
	void *map;
	__u32 *key;
	struct entry *value;
};

SEC("iter/bpf_map_elem")
int show(struct iteration *context)
{
	__u32 key;

	if (!context->key)
		return 0;
	key = *context->key;
	bpf_seq_write(context->meta->seq, &key, sizeof(key));
	return 0;
}

SEC("?tc")
int refused(struct packet_context *context)
{
	return *(volatile int *)0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
