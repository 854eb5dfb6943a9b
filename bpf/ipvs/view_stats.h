/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The views ip_vs_stats and ip_vs_stats_percpu: the director's sums since the last --zero and its rates; what each
 * processor counted, which --zero leaves alone. */
#ifndef XLVS_VIEW_STATS_H
#define XLVS_VIEW_STATS_H

#include "estimate.h"
#include "view_seq.h"

#define ROUND_RATE(rate_) (((rate_) + 0x1ff) >> 10)
#define ROUND_RATE_BYTES(rate_) (((rate_) + 0xf) >> 5)

static __always_inline void view_counters(struct seq_file *seq, const struct counters *c)
{
	BPF_SEQ_PRINTF(seq, "%8llX %8llX %8llX %16llX %16llX\n", c->conns, c->inpkts, c->outpkts, c->inbytes,
		       c->outbytes);
}

static __always_inline void view_total(struct seq_file *seq, const struct estimate *est)
{
	struct counters shown = {
		.conns = est->seen.conns - est->zero.conns,
		.inpkts = est->seen.inpkts - est->zero.inpkts,
		.outpkts = est->seen.outpkts - est->zero.outpkts,
		.inbytes = est->seen.inbytes - est->zero.inbytes,
		.outbytes = est->seen.outbytes - est->zero.outbytes,
	};

	view_counters(seq, &shown);
}

static __always_inline void view_rates(struct seq_file *seq, const struct estimate *est)
{
	BPF_SEQ_PRINTF(seq, "%8llX %8llX %8llX %16llX %16llX\n", ROUND_RATE(est->cps), ROUND_RATE(est->inpps),
		       ROUND_RATE(est->outpps), ROUND_RATE_BYTES(est->inbps), ROUND_RATE_BYTES(est->outbps));
}

static __always_inline void view_stats(struct seq_file *seq, const struct estimate *est)
{
	BPF_SEQ_PRINTF(seq, "   Total Incoming Outgoing         Incoming         Outgoing\n");
	BPF_SEQ_PRINTF(seq, "   Conns  Packets  Packets            Bytes            Bytes\n");
	view_total(seq, est);
	BPF_SEQ_PRINTF(seq, "\n Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n");
	view_rates(seq, est);
}

struct dest_sum {
	__u32 cpu;
	struct counters sum;
};

static long dest_sum_step(__u32 number, void *data)
{
	struct dest_sum *walk = data;
	struct counters *c = bpf_map_lookup_percpu_elem(&dest_counters, &number, walk->cpu);

	if (!c)
		return 1;
	counters_add(&walk->sum, c);
	return 0;
}

/* One line: the sum over all destinations, those that are nobody's any more too. A processor that never counted has
 * none, but for the first: many machines have far more possible processors than real ones. */
static __always_inline void view_cpu(struct seq_file *seq, __u32 cpu, __u32 dest_high)
{
	struct dest_sum walk = { .cpu = cpu };

	bpf_loop(dest_high + 1, dest_sum_step, &walk, 0);
	if (cpu && !(walk.sum.conns | walk.sum.inpkts | walk.sum.outpkts))
		return;
	BPF_SEQ_PRINTF(seq, "%3X ", cpu);
	view_counters(seq, &walk.sum);
}

/* Step by step a processor; the last one is followed by the total. */
static __always_inline void view_stats_percpu(struct seq_file *seq, __u32 step, const struct estimate *est,
					      const struct settings *set)
{
	if (!step) {
		BPF_SEQ_PRINTF(seq, "       Total Incoming Outgoing         Incoming         Outgoing\n");
		BPF_SEQ_PRINTF(seq, "CPU    Conns  Packets  Packets            Bytes            Bytes\n");
	}
	if (step < possible_cpus)
		view_cpu(seq, step, set->dest_high);
	if (step + 1 != possible_cpus)
		return;
	BPF_SEQ_PRINTF(seq, "  ~ ");
	view_total(seq, est);
	BPF_SEQ_PRINTF(seq, "\n     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n    ");
	view_rates(seq, est);
}

#endif
