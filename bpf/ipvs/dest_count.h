/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counting the connections of destinations, with what follows from their numbers. */
#ifndef XLVS_DEST_COUNT_H
#define XLVS_DEST_COUNT_H

#include "dest.h"
#include "tree.h"

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

/* Its load has changed: the tree in which it stands follows. `number` is that of the destination. */
static __always_inline void dest_changed(const struct dest *dest, __u32 number)
{
	if (dest->place)
		tree_climb(number);
}

/* A connection begins, inactive. The tree is told when its first packet is through, and most have made it active. */
static __always_inline void dest_bind(struct dest *dest)
{
	__sync_fetch_and_add(&dest->inactive, 1);
	dest_check_load(dest);
}

/* A template does not count for the thresholds, but they are looked at, as in the kernel. */
static __always_inline void dest_bind_template(struct dest *dest, __u32 number)
{
	__u32 overloaded = dest->overloaded;

	__sync_fetch_and_add(&dest->persistent, 1);
	dest_check_load(dest);
	if (dest->overloaded != overloaded)
		dest_changed(dest, number);
}

static __always_inline void dest_unbind_template(struct dest *dest, __u32 number)
{
	__u32 overloaded = dest->overloaded;

	__sync_fetch_and_add(&dest->persistent, -1);
	dest_check_relief(dest);
	if (dest->overloaded != overloaded)
		dest_changed(dest, number);
}

static __always_inline void dest_unbind(struct dest *dest, __u32 number, int inactive)
{
	if (inactive)
		__sync_fetch_and_add(&dest->inactive, -1);
	else
		__sync_fetch_and_add(&dest->active, -1);
	dest_check_relief(dest);
	dest_changed(dest, number);
}

/* A connection changes sides. */
static __always_inline void dest_count(struct dest *dest, __u32 number, int active)
{
	__sync_fetch_and_add(&dest->active, active ? 1 : -1);
	__sync_fetch_and_add(&dest->inactive, active ? -1 : 1);
	dest_changed(dest, number);
}

#endif
