// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Faults of a lab's link, at tc of one of its ends: packets are lost, come twice, or go to a process that holds them for
 * a while. Each direction has programs of its own. */
#include <linux/pkt_cls.h>
#include "lab/marked.h"
#include "lab/match.h"

#define NEXT TC_ACT_UNSPEC /* other programs and filters go on with it */
#define STEP 0x9e3779b97f4a7c15ULL

char _license[] SEC("license") = "Dual MIT/GPL";

/* Chances are parts of 2^32, so that one that is certain fits too. */
struct fault_settings {
	__u64 seed;
	__u64 lose;
	__u64 duplicate;
	__u64 overtake; /* is not held, where others are */
	__u32 ifindex; /* where this hangs */
	__u32 holder; /* the device whose reader holds packets; 0: nothing is held */
	__u32 mark;
	__u32 again; /* flags of bpf_redirect that put a packet where it was taken: 0 (egress) or BPF_F_INGRESS */
};

const volatile struct fault_settings settings = {};

/* Shared with the process that holds the fault. */
struct fault_state {
	__u64 until_ns; /* of bpf_ktime_get_ns; put off again and again while that process lives */
	__u64 seen;
	__u64 passed;
	__u64 lost;
	__u64 duplicated;
	__u64 held;
	__u64 overtook;
	__u64 overflowed; /* the last two are written by the process: came while it held too much */
	__u64 corrupted;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fault_state);
} fault_states SEC(".maps");

/* A number that depends on the seed and on which packet it is alone, so that a run can be repeated on any processor
 * (the finalizer of splitmix64, public domain). */
static __always_inline __u32 chance(__u64 packet, __u32 what)
{
	__u64 z = settings.seed + (packet * 4 + what + 1) * STEP;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) >> 32;
}

static __always_inline void add(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

/* A second one takes the same way, without meeting this program. */
static __always_inline void duplicate(struct __sk_buff *ctx, __u32 holder)
{
	__u32 mark = ctx->mark;

	if (holder) {
		bpf_clone_redirect(ctx, holder, 0);
		return;
	}
	ctx->mark = settings.mark;
	bpf_clone_redirect(ctx, settings.ifindex, settings.again);
	ctx->mark = mark;
}

static __always_inline int suffer(struct __sk_buff *ctx, struct fault_state *state)
{
	__u64 packet = __sync_fetch_and_add(&state->seen, 1);
	__u32 holder = settings.holder;

	if (chance(packet, 0) < settings.lose) {
		add(&state->lost);
		return TC_ACT_SHOT;
	}
	if (holder && chance(packet, 1) < settings.overtake) {
		add(&state->overtook);
		holder = 0;
	}
	if (chance(packet, 2) < settings.duplicate) {
		add(&state->duplicated);
		duplicate(ctx, holder);
	}
	if (!holder) {
		add(&state->passed);
		return NEXT;
	}
	add(&state->held);
	return bpf_redirect(holder, 0);
}

SEC("tc")
int fault(struct __sk_buff *ctx)
{
	struct fault_state *state;
	__u32 zero = 0;

	if ((ctx->mark & MARKED_MASK) == MARKED) {
		/* Here for the second time. What other faults sent again has been here before, or is for those behind. */
		if (ctx->mark == settings.mark)
			ctx->mark = 0;
		return NEXT;
	}
	state = bpf_map_lookup_elem(&fault_states, &zero);
	if (!state || bpf_ktime_get_ns() > state->until_ns || !matches(ctx))
		return NEXT;
	return suffer(ctx, state);
}

/* At ingress of the holder's device: what was held goes on from where it was taken. */
SEC("tc")
int fault_again(struct __sk_buff *ctx)
{
	ctx->mark = settings.mark;
	return bpf_redirect(settings.ifindex, settings.again);
}
