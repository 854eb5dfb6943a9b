// SPDX-License-Identifier: MIT OR GPL-2.0-only
// BPF_PROG_TEST_RUN hands the same packet buffer to every repetition, so a program that rewrites its packet would see
// its own output from the second one on.  The wrapper runs first each time: it takes off what a tunnelling program put
// before the packet, writes the headers back from a template, steps to the next connection, and tail-calls the program
// under test.
#ifndef BENCH_WRAP_H
#define BENCH_WRAP_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

// The only variable in .bss: harness.py writes it through shared memory.
struct wrap_config {
	__u32 length; // bytes of the packet
	__u32 mask; // connections - 1; 0 is one connection
	__u32 counter; // packets so far
	__u32 order; // an odd number: in which order connections come
	__u32 targets; // addresses in a row that are asked for, by the programs that step through them
	__u32 unused;
	__u64 head[10]; // the first 80 bytes of the packet
};
volatile struct wrap_config config;

#define OUTER_IPV4 20
#define OUTER_IPV6 40

// An odd multiplier permutes the masked counter: every connection once, in scattered order.
static __always_inline __u32 next_connection(void)
{
	__u32 counter = config.counter;

	config.counter = counter + 1;
	return (counter * config.order) & config.mask;
}

// The low 15 bits of the connection's number go into the port, the rest is added to the address.
static __always_inline int rewrite(void *data, void *end, int words, int address, int port, int asked)
{
	__u64 *word = data;
	__u32 number = next_connection();

	if (data + words * 8 > end)
		return -1;
#pragma unroll
	for (int i = 0; i < words; i++)
		word[i] = config.head[i];
	*(__u32 *)(data + address) = bpf_htonl(bpf_ntohl(*(__u32 *)(data + address)) + (number >> 15));
	*(__u16 *)(data + port) = bpf_htons(1024 + (number & 0x7fff));
	if (asked && config.targets)
		*(__u32 *)(data + asked) = bpf_htonl(bpf_ntohl(*(__u32 *)(data + asked)) + number % config.targets);
	return 0;
}

#endif
