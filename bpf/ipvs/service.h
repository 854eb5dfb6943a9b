/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Finding the virtual service of a packet. */
#ifndef XLVS_SERVICE_H
#define XLVS_SERVICE_H

#include "maps.h"
#include "parse.h"

/* Number of the service of protocol, address and port, else of the address alone (port 0); 0: none. */
static __always_inline __u32 service_find(const struct packet *p)
{
	struct service_key key = {
		.virtual = p->dst,
		.vport = p->dport,
		.protocol = p->protocol,
		.family = p->family,
	};
	__u32 *number = bpf_map_lookup_elem(&service_numbers, &key);

	if (!number) {
		key.vport = 0;
		number = bpf_map_lookup_elem(&service_numbers, &key);
	}
	return number ? *number : 0;
}

#endif
