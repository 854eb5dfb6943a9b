/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Destinations: whether they may get new connections, and how busy they are. */
#ifndef XLVS_DEST_H
#define XLVS_DEST_H

#include "maps.h"

static __always_inline __u32 dest_connections(const struct dest *dest)
{
	return dest->active + dest->inactive;
}

/* Do the connections that it has go on there? A configured one's do; see enum dest_flags for the others. */
static __always_inline int dest_is_open(const struct dest *dest)
{
	return !!(dest->flags & (DEST_AVAILABLE | DEST_KEPT | DEST_FOREIGN));
}

/* Was it deleted from a service that leaves its connections to expire_nodest_conn? */
static __always_inline int dest_is_lost(const struct dest *dest)
{
	return !dest_is_open(dest) && !(dest->flags & DEST_DROPPED);
}

static __always_inline int dest_is_usable(const struct dest *dest)
{
	return dest->weight && !dest->overloaded;
}

/* How busy lc and wlc take it for: an active connection weighs as much as 256 inactive ones. */
static __always_inline __u64 dest_load(const struct dest *dest)
{
	return ((__u64)dest->active << 8) + dest->inactive;
}

/* How busy sed and nq take it for: inactive connections do not count. */
static __always_inline __u64 dest_delay(const struct dest *dest)
{
	return (__u64)dest->active + 1;
}

#endif
