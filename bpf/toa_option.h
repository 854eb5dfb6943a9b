/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The TCP option that tells a real server the client's address: the form of LVS's and DPVS's TOA, kind, length, port and
 * address, so that real servers which know those understand ours, and the other way round. Its kind is one of those for
 * experiments (RFC 4727), which a network may use as it likes; 200, another one in use, is nobody's to use. */
#ifndef XLVS_TOA_OPTION_H
#define XLVS_TOA_OPTION_H

#include <linux/types.h>

#define TOA_KIND 254
#define TOA_HEAD 4 /* kind, length, port */
#define TOA_SIZE_IPV4 (TOA_HEAD + 4)
#define TOA_SIZE_IPV6 (TOA_HEAD + 16)

#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define TCP_HEADER_MIN 20
#define TCP_HEADER_MAX 60
#define TCP_OPTIONS_MAX (TCP_HEADER_MAX - TCP_HEADER_MIN)

struct toa_option {
	__u8 kind;
	__u8 length;
	__be16 port;
	__be32 addr[4]; /* IPv4: the first */
};

#endif
