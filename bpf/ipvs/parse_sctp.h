/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* SCTP (RFC 9260): the common header, and the chunk that moves the state of a connection. */
#ifndef XLVS_PARSE_SCTP_H
#define XLVS_PARSE_SCTP_H

#include <linux/types.h>
#include <linux/in.h>

enum sctp_chunk {
	SCTP_CHUNK_DATA = 0,
	SCTP_CHUNK_INIT = 1,
	SCTP_CHUNK_ABORT = 6,
	SCTP_CHUNK_COOKIE_ECHO = 10,
	SCTP_CHUNK_COOKIE_ACK = 11,
	/* No types: what a packet can say that is no chunk. Those of the wire with these numbers count as
	 * data, like all that are not named. */
	SCTP_CHUNK_ABORT_BEHIND = 254, /* an ABORT right behind a cookie */
	SCTP_CHUNK_NONE = 255, /* the packet ends before a whole chunk header */
};

/* The common header (RFC 9260 3.1). */
struct sctphdr {
	__be16 source;
	__be16 dest;
	__be32 tag;
	__u32 checksum; /* CRC32c, least significant byte first */
};

struct sctp_chunkhdr {
	__u8 type;
	__u8 flags;
	__be16 length; /* of the chunk, this header included, padding not */
};

static __always_inline int sctp_load_chunk(ctx_t *ctx, __u32 offset, __u32 end, struct sctp_chunkhdr *chunk)
{
	return offset + sizeof(*chunk) > end || ctx_load(ctx, offset, chunk, sizeof(*chunk)) ? -1 : 0;
}

/* The type of the first chunk behind the header at `offset`, in a packet that ends at `end`; no chunk
 * that comes second has a say but an ABORT behind a cookie, as in the kernel. */
__noinline __u32 sctp_chunk_of(ctx_t *ctx, __u32 offset, __u32 end)
{
	struct sctp_chunkhdr chunk = {}, second = {};
	__u32 length;

	offset += sizeof(struct sctphdr);
	if (sctp_load_chunk(ctx, offset, end, &chunk))
		return SCTP_CHUNK_NONE;
	if (chunk.type >= SCTP_CHUNK_ABORT_BEHIND)
		return SCTP_CHUNK_DATA;
	length = bpf_ntohs(chunk.length);
	if (chunk.type != SCTP_CHUNK_COOKIE_ECHO && chunk.type != SCTP_CHUNK_COOKIE_ACK)
		return chunk.type;
	if (length < sizeof(chunk) || sctp_load_chunk(ctx, offset + ((length + 3) & ~3u), end, &second))
		return chunk.type;
	return second.type == SCTP_CHUNK_ABORT ? SCTP_CHUNK_ABORT_BEHIND : chunk.type;
}

#endif
