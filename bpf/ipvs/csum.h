/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Sums are 32 bits wide and
 * not inverted, as the helpers of the kernel take them. */
#ifndef XLVS_CSUM_H
#define XLVS_CSUM_H

#include "types.h"

static __always_inline __u32 csum_add(__u32 a, __u32 b)
{
	__u64 sum = (__u64)a + b;

	return (__u32)sum + (__u32)(sum >> 32);
}

static __always_inline __u16 csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The checksum field after the summed data changed by `change` (new minus old). */
static __always_inline __u16 csum_update(__u16 check, __u32 change)
{
	return ~csum_fold(csum_add((__u16)~check, change));
}

/* What changes in the sum when `old` gives way to `new`. */
static __always_inline __u32 csum_change(__u32 old, __u32 new)
{
	return csum_add(~old, new);
}

static __always_inline __u32 csum_change_addr(const struct addr *old, const struct addr *new)
{
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		sum = csum_add(sum, csum_change(old->words[i], new->words[i]));
	return sum;
}

static __always_inline __u32 csum_change_port(__be16 old, __be16 new)
{
	return csum_add((__u16)~old, new);
}

#endif
