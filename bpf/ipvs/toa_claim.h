/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Options of a client's segment that look like those by which a director tells the client's address: a server would
 * believe them, since they come from a director. Where ours stands before them nobody reads them; in a segment without
 * ours they are overwritten. */
#ifndef XLVS_TOA_CLAIM_H
#define XLVS_TOA_CLAIM_H

#include "../toa_option.h"
#include "work.h"

#define TCP_DATA_OFFSET 12 /* of the byte that says how long the header is */
#define CLAIM_BYTES 64 /* a power of two, and more than any options */

/* Options as they are, and as they are without claims; zero behind them. */
struct claim_options {
	__u8 before[CLAIM_BYTES];
	__u8 after[CLAIM_BYTES];
};

/* Overwrite claims in `after`. Returns whether there was one. A list is read as servers read it: up to its end, or to what
 * makes no sense. */
static __always_inline int claim_blank(struct claim_options *options, __u32 length)
{
	__u32 next = 0, claim = 0, found = 0, size;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < TCP_OPTIONS_MAX; i++) {
		__u8 kind = options->before[i];

		if (i >= length)
			break;
		if (i == next) {
			size = kind == TCP_OPTION_NOP ? 1 : options->before[i + 1];
			if (kind == TCP_OPTION_END || !size || (kind != TCP_OPTION_NOP && size < 2) ||
			    i + size > length)
				break;
			claim = kind == TOA_KIND;
			found |= claim;
			next = i + size;
		}
		if (claim)
			options->after[i] = TCP_OPTION_NOP;
	}
	return found;
}

/* Read the options of a segment into the processor's scratch, with and without claims. Returns their length in bytes
 * where there is a claim, 0: there is none, -1: nobody can tell, since they go on in another fragment. */
__noinline int toa_claims(ctx_t *ctx, const struct packet *p)
{
	__u32 zero = 0, length;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	struct claim_options *options = (void *)scratch;
	__u8 header;

	if (!p || !scratch || p->l4 > L4_MAX || ctx_load(ctx, p->l4 + TCP_DATA_OFFSET, &header, sizeof(header)))
		return 0;
	length = (header >> 4) * 4;
	/* Of a whole packet the server's own stack sees it. */
	if (length > p->length - (p->l4 - L3))
		return p->part == FRAGMENT_FIRST ? -1 : 0;
	if (length <= TCP_HEADER_MIN)
		return 0;
	length -= TCP_HEADER_MIN;
	__builtin_memset(options->before, 0, sizeof(options->before));
	if (ctx_load(ctx, p->l4 + TCP_HEADER_MIN, options->before, bounded_size(length, CLAIM_BYTES)))
		return 0;
	__builtin_memcpy(options->after, options->before, sizeof(options->after));
	return claim_blank(options, length) ? length : 0;
}

#endif
