/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The view ip_vs: services in table order, their destinations newest first. A service may have more destinations
 * than one step can print, so each reading remembers how far it has come. */
#ifndef XLVS_VIEW_SERVICES_H
#define XLVS_VIEW_SERVICES_H

#include "view_seq.h"

/* The kernel shows persistence timeouts in its ticks. How many are in a second depends on the kernel's build; we show
 * the 100 of the kernels whose output is our model. */
#define SHOWN_TICKS_PER_SECOND 100

struct place {
	__u32 service;
	__u32 line; /* 0: the service itself, from 1 on its destinations */
};

/* One reading: the last step that was shown, where it began and where it ended. */
struct reading {
	__u32 step;
	struct place from;
	struct place to;
};

/* Session of an iterator -> its reading. Missing: it has just begun, or so many others did meanwhile that it was
 * pushed out, and its text ends there. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct reading);
} readings SEC(".maps");

struct service_walk {
	struct seq_file *seq;
	struct place at;
	__u32 high;
};

static __always_inline void view_title(struct seq_file *seq)
{
	BPF_SEQ_PRINTF(seq, "IP Virtual Server version 1.2.1 (size=%u)\n", conn_entries);
	BPF_SEQ_PRINTF(seq, "Prot LocalAddress:Port Scheduler Flags\n");
	BPF_SEQ_PRINTF(seq, "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n");
}

static const char one_packet_names[2][8] = { "", "ops " };

static __always_inline void view_service(struct seq_file *seq, struct service *svc)
{
	const struct service_key *key = &svc->key;
	__u64 scheduler = (__u64)scheduler_names[bounded(svc->scheduler, 15)];
	__u64 ops = (__u64)one_packet_names[svc->flags & SERVICE_ONE_PACKET ? 1 : 0];
	__u64 protocol = protocol_name(key->protocol);
	__u32 port = __builtin_bswap16(key->vport);

	if (key->fwmark)
		BPF_SEQ_PRINTF(seq, "FWM  %08X %s %s", key->fwmark, scheduler, ops);
	else if (key->family == FAMILY_IPV6)
		BPF_SEQ_PRINTF(seq, "%s  [%pI6]:%04X %s ", protocol, &key->virtual, port, scheduler);
	else
		BPF_SEQ_PRINTF(seq, "%s  %08X:%04X %s %s ", protocol, addr_ipv4(&key->virtual), port, scheduler, ops);
	if (svc->flags & SERVICE_PERSISTENT) {
		/* The kernel turns a prefix length over as if it were an IPv4 mask. */
		__u32 mask = key->family == FAMILY_IPV6 ? __builtin_bswap32(svc->netmask) : svc->netmask;

		BPF_SEQ_PRINTF(seq, "persistent %u %08X", svc->persistence_s * SHOWN_TICKS_PER_SECOND, mask);
	}
	BPF_SEQ_PRINTF(seq, "\n");
}

static __always_inline void view_dest(struct seq_file *seq, struct dest *dest)
{
	__u64 method = (__u64)method_names[bounded(dest->method, 7)];
	__u32 port = __builtin_bswap16(dest->port);

	if (dest->family == FAMILY_IPV6)
		BPF_SEQ_PRINTF(seq, "  -> [%pI6]:%04X      %-7s %-6d %-10u %-10u\n", &dest->addr, port, method,
			       dest->weight, dest->active, dest->inactive);
	else
		BPF_SEQ_PRINTF(seq, "  -> %08X:%04X      %-7s %-6d %-10u %-10u\n", addr_ipv4(&dest->addr), port, method,
			       dest->weight, dest->active, dest->inactive);
}

/* A line of a service, or on to the next one. */
static long service_line(__u32 i, void *data)
{
	struct service_walk *walk = data;
	struct service *svc;
	struct range list;

	if (walk->at.service > walk->high)
		return 1;
	svc = service_get(walk->at.service);
	if (!svc)
		return 1;
	list.all = svc->list.all;
	if (svc->flags & SERVICE_LIVE && !walk->at.line) {
		view_service(walk->seq, svc);
		walk->at.line = 1;
	} else if (svc->flags & SERVICE_LIVE && walk->at.line <= list.length) {
		struct dest *dest = dest_get(slot_get(list.start + walk->at.line - 1));

		if (dest && dest->service == walk->at.service)
			view_dest(walk->seq, dest);
		walk->at.line++;
	} else {
		walk->at.service++;
		walk->at.line = 0;
	}
	return 0;
}

static __always_inline struct reading *reading_at(__u64 session, __u32 step)
{
	struct reading fresh = { .to = { .service = 1 } };
	struct reading *found = bpf_map_lookup_elem(&readings, &session);

	if (!found && !step) {
		fresh.from = fresh.to;
		bpf_map_update_elem(&readings, &session, &fresh, BPF_ANY);
		return bpf_map_lookup_elem(&readings, &session);
	}
	if (found && found->step != step) {
		found->step = step;
		found->from = found->to;
	}
	return found;
}

static __always_inline void view_services(struct seq_file *seq, __u64 session, __u32 step)
{
	struct reading *reading = reading_at(session, step);
	struct service_walk walk = { .seq = seq };
	struct settings *set = settings_get();

	if (!step)
		view_title(seq);
	if (!reading || !set)
		return;
	walk.at = reading->from;
	walk.high = set->service_high;
	if (walk.at.service > walk.high)
		return;
	bpf_loop(STEP_LINES, service_line, &walk, 0);
	reading->to = walk.at;
}

#endif
