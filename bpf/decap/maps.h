/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a real server's decapsulation knows. User space writes all but the counts; an empty table means that no
 * packet is touched. */
#ifndef XLVS_DECAP_MAPS_H
#define XLVS_DECAP_MAPS_H

#include <bpf/bpf_helpers.h>
#include "../ipvs/types.h"

/* What became of a tunnel packet. Packets that are no tunnel's are not counted. */
enum decap_outcome {
	DECAP_DONE, /* the inner packet went on to the host's stack */
	DECAP_NOT_OWN, /* passed: the outer destination is not ours */
	DECAP_NOT_VIP, /* passed: the inner destination is none of the virtual addresses */
	DECAP_TYPE_OFF, /* passed: a kind of tunnel that was not asked for */
	DECAP_HELD, /* a fragment, kept until its datagram is whole */
	DECAP_DROP_FRAGMENTS, /* fragments that contradict each other, or are too long or too many */
	DECAP_DROP_MALFORMED, /* headers that contradict each other, or options that nobody knows */
	DECAP_DROP_CHECKSUM, /* the outer header's, or that of GRE or UDP, does not hold */
	DECAP_DROP_ECN, /* congestion was marked on the way, and the inner sender does not know ECN (RFC 6040) */
	DECAP_DROP_INTERNAL, /* the kernel refused a step */
	DECAP_OUTCOME_COUNT,
	DECAP_UNTOUCHED, /* no tunnel packet at all */
};

enum tunnel_type {
	TUNNEL_IPIP = 1,
	TUNNEL_GUE = 2,
	TUNNEL_GRE = 4,
};

struct decap_settings {
	__u32 types; /* enum tunnel_type, or-ed */
	__be16 gue_port;
	__u16 inner_mtu; /* longest packet that fits through the tunnel; 0: leave the MSS of answers alone */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct decap_settings);
} decap_settings SEC(".maps");

#define ADDRESSES_MAX 4096

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ADDRESSES_MAX);
	__type(key, struct addr);
	__type(value, __u32);
} decap_vips SEC(".maps");

/* The host's own addresses, to which tunnel packets may be sent. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ADDRESSES_MAX);
	__type(key, struct addr);
	__type(value, __u32);
} decap_own SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DECAP_OUTCOME_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} decap_counts SEC(".maps");

#define CHUNK 512 /* most that bpf_csum_diff takes */

struct chunk {
	__u8 bytes[CHUNK + 4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct chunk);
} decap_chunks SEC(".maps");

static __always_inline struct decap_settings *decap_settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&decap_settings, &zero);
}

#endif
