/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Layouts of fragments and of the datagrams that they make up; a part of types.h. */
#ifndef XLVS_TYPES_FRAGMENT_H
#define XLVS_TYPES_FRAGMENT_H

struct fragment_key {
	struct addr src;
	struct addr dst;
	__be32 id;
	__u32 protocol;
};

struct fragment {
	__u32 conn;
	__u32 reply; /* 1: from the destination */
	__u32 seen; /* tick */
};

#define DATAGRAM_WAYS 4 /* places where a datagram may be gathered */
#define DATAGRAM_SPANS 128 /* 64 KiB over links with the smallest MTU that every host must cope with, 576 */

/* Part of a datagram's payload: bytes from `start` up to, not including, `end`. */
struct span {
	__u16 start;
	__u16 end;
};

/* A datagram whose fragments are being gathered. Changed under the lock of its ways only. */
struct datagram {
	struct fragment_key key;
	__u32 lock; /* 1: taken. That in the first of its ways counts */
	__u32 serial; /* tells the fragments from those of former datagrams in this place */
	__u32 since; /* tick of the first arrival */
	__u32 total; /* length of the payload, 0: the last fragment is not here yet */
	__u32 reached; /* highest end of a span */
	__u32 received; /* sum of the spans' lengths: none overlaps another */
	__u32 count; /* of spans; 0: the place is free */
	struct span spans[DATAGRAM_SPANS];
};

/* A held fragment lies in pieces of this size, cut from its IP header on. */
#define PIECE_BYTES 2048

struct piece_key {
	__u32 datagram; /* place in `datagrams` */
	__u32 serial;
	__u32 start; /* of the fragment in the datagram's payload */
	__u32 number; /* of the piece in the fragment, from 0 on */
};

struct piece {
	__u32 length; /* of the fragment's IP packet */
	__u32 header; /* what of that is not payload */
	__u8 bytes[PIECE_BYTES];
};

#endif
