// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The views that the kernel's IPVS has below /proc/net, in its format: BPF iterators, pinned as files that `cat`
 * reads. Each is bound to the map in whose steps it walks. */
#include "ipvs/view_conns.h"
#include "ipvs/view_services.h"
#include "ipvs/view_stats.h"

char _license[] SEC("license") = "Dual MIT/GPL";

/* Bound to `dests`. */
SEC("iter/bpf_map_elem")
int ip_vs(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 step = view_step(ctx);

	if (step != ~0u)
		view_services(ctx->meta->seq, ctx->meta->session_id, step);
	return 0;
}

/* Bound to `services`, as the following. */
SEC("iter/bpf_map_elem")
int ip_vs_conn(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 step = view_step(ctx);

	if (step != ~0u)
		view_conns(ctx->meta->seq, step, 0);
	return 0;
}

SEC("iter/bpf_map_elem")
int ip_vs_conn_sync(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 step = view_step(ctx);

	if (step != ~0u)
		view_conns(ctx->meta->seq, step, 1);
	return 0;
}

/* Bound to `settings`, which has one element. */
SEC("iter/bpf_map_elem")
int ip_vs_stats(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 zero = 0;
	struct estimate *est = bpf_map_lookup_elem(&service_estimates, &zero);

	if (view_step(ctx) == 0 && est)
		view_stats(ctx->meta->seq, est);
	return 0;
}

/* Bound to `services`. */
SEC("iter/bpf_map_elem")
int ip_vs_stats_percpu(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 step = view_step(ctx), zero = 0;
	struct estimate *est = bpf_map_lookup_elem(&service_estimates, &zero);
	struct settings *set = settings_get();

	if (step != ~0u && est && set)
		view_stats_percpu(ctx->meta->seq, step, est, set);
	return 0;
}
