/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The persistence engine «sip»: finding the Call-ID (RFC 3261, 20.8) of a message in a UDP datagram, as far as the
 * kernel's own reading of SIP goes: what it does not find has no Call-ID here either. */
#ifndef XLVS_CALL_H
#define XLVS_CALL_H

#include "work.h"

enum call_step {
	CALL_LINE = 0, /* on the way to the end of a line */
	CALL_NAME, /* at the beginning of a line */
	CALL_COLON, /* after the name */
	CALL_VALUE, /* after the colon */
	CALL_WORD, /* inside the value, before its @ */
	CALL_DOMAIN, /* behind it */
	CALL_DONE,
	CALL_NONE,
};

struct call_reader {
	const struct scratch *text;
	__u32 length;
	__u32 at;
	__u32 from; /* where the search for a line began: an empty value is gone on behind by a sum, see call_next() */
	__u32 value;
	__u32 domain;
	__u32 folded; /* 1: the header went on in a further line */
	__u32 step; /* enum call_step */
};

#define CALL_NAME_LENGTH 7

static __always_inline __u8 call_byte(const struct call_reader *r, __u32 at)
{
	return at < r->length ? r->text->bytes[bounded(at, SCRATCH_BYTES - 1)] : 0;
}

static __always_inline int is_line_end(__u8 byte)
{
	return byte == '\r' || byte == '\n';
}

static __always_inline int is_blank(__u8 byte)
{
	return byte == ' ' || byte == '\t';
}

/* Letters of Latin-1, as the kernel's tables have them. */
static __always_inline int is_letter(__u8 byte)
{
	if (byte >= 0xc0)
		return byte != 0xd7 && byte != 0xf7;
	return (__u8)((byte | 0x20) - 'a') < 26;
}

/* The characters of a `word` (RFC 3261, 25.1). */
static __always_inline int is_word(__u8 byte)
{
	/* One bit per character from 0x20 to 0x3f: !"%'()*+-./0-9:<>? */
	const __u32 low = 0xd7ffefa6;

	if (byte < 0x20)
		return 0;
	if (byte < 0x40)
		return low >> (byte - 0x20) & 1;
	return is_letter(byte) || (byte >= '[' && byte <= ']') || byte == '_' || byte == '`' || byte == '{' ||
	       byte == '}' || byte == '~';
}

/* Behind the line end at `at`: one, or CR and LF together. */
static __always_inline __u32 call_after_line_end(const struct call_reader *r, __u32 at)
{
	return call_byte(r, at) == '\r' && call_byte(r, at + 1) == '\n' ? at + 2 : at + 1;
}

static __always_inline void call_name(struct call_reader *r)
{
	const char name[] = "call-id";
	__u32 same = 0;

	while (same < CALL_NAME_LENGTH && (call_byte(r, r->at + same) | 0x20) == (name[same] | 0x20) &&
	       (same == 4 ? call_byte(r, r->at + same) == '-' : 1))
		same++;
	r->folded = 0;
	if (same == CALL_NAME_LENGTH) {
		r->at += CALL_NAME_LENGTH;
		r->step = CALL_COLON;
	} else if ((call_byte(r, r->at) | 0x20) == 'i' && r->at + 2 <= r->length &&
		   !is_letter(call_byte(r, r->at + 1))) {
		r->at += 1;
		r->step = CALL_COLON;
	} else {
		/* The first character of a line is never the end of the next one, for the kernel. */
		r->at += 1;
		r->step = CALL_LINE;
	}
}

/* Over blanks, and over one line end that a blank follows. Returns -1 at another line end. */
static __always_inline int call_blank(struct call_reader *r)
{
	__u8 byte = call_byte(r, r->at);

	if (is_blank(byte)) {
		r->at++;
		return 1;
	}
	if (!is_line_end(byte) || r->folded)
		return 0;
	r->folded = 1;
	r->at = call_after_line_end(r, r->at);
	return is_blank(call_byte(r, r->at)) ? 1 : -1;
}

/* The value ends at `at`. An empty one: the search goes on, from where it began and the value's place together. */
static __always_inline void call_next(struct call_reader *r)
{
	__u32 length = r->at - r->value;

	if (r->step == CALL_DOMAIN && r->at == r->domain)
		length = 0;
	if (!length) {
		r->from += r->value;
		r->at = r->from;
		r->step = CALL_LINE;
		return;
	}
	r->step = length < CALL_BYTES && is_line_end(call_byte(r, r->at)) ? CALL_DONE : CALL_NONE;
}

static long call_step(__u32 i, void *data)
{
	struct call_reader *r = data;
	__u8 byte;
	int blank;

	if (r->at >= r->length)
		return 1;
	byte = call_byte(r, r->at);
	switch (r->step) {
	case CALL_LINE:
		if (is_line_end(byte)) {
			r->at = call_after_line_end(r, r->at);
			r->step = CALL_NAME;
		} else {
			r->at++;
		}
		return 0;
	case CALL_NAME:
		call_name(r);
		return 0;
	case CALL_COLON:
	case CALL_VALUE:
		blank = call_blank(r);
		if (blank > 0)
			return 0;
		if (blank < 0 || (r->step == CALL_COLON && byte != ':')) {
			r->step = CALL_NONE;
			return 1;
		}
		if (r->step == CALL_COLON) {
			r->at++;
			r->folded = 0;
			r->step = CALL_VALUE;
		} else {
			r->value = r->at;
			r->step = CALL_WORD;
		}
		return 0;
	case CALL_WORD:
	case CALL_DOMAIN:
		if (is_word(byte)) {
			r->at++;
			return 0;
		}
		if (byte == '@' && r->step == CALL_WORD && r->at > r->value) {
			r->at++;
			r->domain = r->at;
			r->step = CALL_DOMAIN;
			return 0;
		}
		call_next(r);
		return 0;
	}
	return 1;
}

/* Read the Call-ID of a datagram into the one of `calls_at_hand`. Returns 0: it has none. */
__noinline int call_read(ctx_t *ctx, const struct packet *p)
{
	__u32 zero = 0, start, length;
	struct scratch *text = bpf_map_lookup_elem(&scratches, &zero);
	struct call *call = bpf_map_lookup_elem(&calls_at_hand, &zero);
	struct call_reader r = { .text = text };

	if (!p || !text || !call || p->protocol != IPPROTO_UDP)
		return 0;
	start = p->l4 + sizeof(struct udphdr);
	if (start >= ctx_length(ctx))
		return 0;
	length = L3 + p->length < ctx_length(ctx) ? L3 + p->length - start : ctx_length(ctx) - start;
	if ((__s32)length <= 0)
		return 0;
	if (length > SCRATCH_BYTES)
		length = SCRATCH_BYTES;
	r.length = length;
	if (bpf_skb_load_bytes(ctx, start, text->bytes, bounded_size(length, SCRATCH_BYTES)))
		return 0;
	bpf_loop(2 * length + CALL_BYTES, call_step, &r, 0);
	if (r.step != CALL_DONE)
		return 0;
	call->length = r.at - r.value;
	__builtin_memset(call->bytes, 0, sizeof(call->bytes));
	if (bpf_skb_load_bytes(ctx, start + r.value, call->bytes, bounded_size(call->length, CALL_BYTES)))
		return 0;
	call_hash(call);
	return 1;
}

/* The Call-ID of a datagram, null: it has none. */
static __always_inline const struct call *call_of_packet(ctx_t *ctx, const struct packet *p)
{
	__u32 zero = 0;

	return call_read(ctx, p) ? bpf_map_lookup_elem(&calls_at_hand, &zero) : 0;
}

#endif
