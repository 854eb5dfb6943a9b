/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Destinations: whether they may get new connections, and how many they have. */
#ifndef XLVS_DEST_H
#define XLVS_DEST_H

#include "maps.h"

static __always_inline __u32 dest_connections(const struct dest *dest)
{
	return dest->active + dest->inactive;
}

static __always_inline int dest_is_usable(const struct dest *dest)
{
	return dest->weight && !dest->overloaded;
}

/* The kernel's rule: overloaded from the upper threshold on, no more once below the lower one or,
 * without one, below three quarters of the upper one. */
static __always_inline void dest_check_relief(struct dest *dest)
{
	__u64 connections = dest_connections(dest);

	if (!dest->overloaded)
		return;
	if (dest->lower_threshold ? connections < dest->lower_threshold :
	    dest->upper_threshold ? connections * 4 < (__u64)dest->upper_threshold * 3 :
				    1)
		dest->overloaded = 0;
}

static __always_inline void dest_check_load(struct dest *dest)
{
	if (dest->upper_threshold && dest_connections(dest) >= dest->upper_threshold)
		dest->overloaded = 1;
}

/* A connection begins, inactive. */
static __always_inline void dest_bind(struct dest *dest)
{
	__sync_fetch_and_add(&dest->inactive, 1);
	dest_check_load(dest);
}

/* A template does not count for the thresholds, but they are looked at, as in the kernel. */
static __always_inline void dest_bind_template(struct dest *dest)
{
	__sync_fetch_and_add(&dest->persistent, 1);
	dest_check_load(dest);
}

static __always_inline void dest_unbind_template(struct dest *dest)
{
	__sync_fetch_and_add(&dest->persistent, -1);
	dest_check_relief(dest);
}

static __always_inline void dest_unbind(struct dest *dest, int inactive)
{
	if (inactive)
		__sync_fetch_and_add(&dest->inactive, -1);
	else
		__sync_fetch_and_add(&dest->active, -1);
	dest_check_relief(dest);
}

/* A connection changes sides. */
static __always_inline void dest_count(struct dest *dest, int active)
{
	__sync_fetch_and_add(&dest->active, active ? 1 : -1);
	__sync_fetch_and_add(&dest->inactive, active ? -1 : 1);
}

#endif
