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

/* Options as they are, and as they are without claims; zero behind them. Then how far a walk over them has come. */
struct claim_options {
	__u8 before[CLAIM_BYTES];
	__u8 after[CLAIM_BYTES];
	__u32 length;
	__u32 next; /* where the next option begins */
	__u32 claim; /* 1: the present one is a claim */
	__u32 found; /* 1: there was one */
};

static __always_inline struct claim_options *claim_options_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

/* Overwrite the byte at `i` in `after` where it is a claim's. A list is read as servers read it: up to its end, or to what
 * makes no sense. A callback, since unrolled it would be most of what the verifier has to look at. */
static long claim_step(__u32 i, void *data)
{
	struct claim_options *options = claim_options_get();
	__u32 at = bounded(i, CLAIM_BYTES - 1), size;
	__u8 kind;

	if (!options || at >= CLAIM_BYTES - 1)
		return 1;
	kind = options->before[at];
	if (at == options->next) {
		size = kind == TCP_OPTION_NOP ? 1 : options->before[at + 1];
		if (kind == TCP_OPTION_END || !size || (kind != TCP_OPTION_NOP && size < 2) ||
		    at + size > options->length)
			return 1;
		options->claim = kind == TOA_KIND;
		options->found |= options->claim;
		options->next = at + size;
	}
	if (options->claim)
		options->after[at] = TCP_OPTION_NOP;
	return 0;
}

/* Read the options of a segment into the processor's scratch, with and without claims. Returns their length in bytes
 * where there is a claim, 0: there is none, -1: nobody can tell, since they go on in another fragment. */
__noinline int toa_claims(ctx_t *ctx, const struct packet *p)
{
	struct claim_options *options = claim_options_get();
	__u32 length;
	__u8 header;

	if (!p || !options || p->l4 > L4_MAX || ctx_load(ctx, p->l4 + TCP_DATA_OFFSET, &header, sizeof(header)))
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
	options->length = length;
	options->next = 0;
	options->claim = 0;
	options->found = 0;
	bpf_loop(length, claim_step, 0, 0);
	return options->found ? length : 0;
}

#endif
