/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* SCTP's checksum after a change of two bytes, without another look at the rest.
 *
 * CRC32c (RFC 9260, appendix A) is linear: what the checksum changes by is the remainder of the change, a polynomial over
 * GF(2), times x for each bit that follows. That power of x is a product of x^(8 * 2^i), one factor for each bit of the
 * number of bytes that follow: 16 multiplications at most, whatever the length of the packet. */
#ifndef XLVS_CSUM_CRC32C_H
#define XLVS_CSUM_CRC32C_H

#include "types.h"

#define CRC32C_POLYNOMIAL 0x82f63b78u /* bit 31 is x^0, bit 0 is x^31 */

/* x^(8 * 2^i) modulo the polynomial. */
static const __u32 crc32c_powers[16] = {
	0x00800000, 0x00008000, 0x82f63b78, 0x6ea2d55c, 0x18b8ea18, 0x510ac59a, 0xb82be955, 0xb8fdb1e7,
	0x88e56f72, 0x74c360a4, 0xe4172b16, 0x0d65762a, 0x35d73a62, 0x28461564, 0xbf455269, 0xe2ea32dc,
};

/* Product of two polynomials modulo that of CRC32c. No branch: the verifier follows each one both ways. */
static __always_inline __u32 crc32c_multiply(__u32 a, __u32 b)
{
	__u32 product = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 32; i++) {
		product ^= b & -(a >> 31);
		a <<= 1;
		b = b >> 1 ^ (CRC32C_POLYNOMIAL & -(b & 1));
	}
	return product;
}

/* What the checksum (as a little-endian word) of a message changes by when two of its bytes change by `change` (old
 * exclusive-or new, in memory's order) and `length` bytes, at most 65,535, lie from the first of them to the end. */
__noinline __u32 crc32c_change(__u32 change, __u32 length)
{
#pragma clang loop unroll(disable)
	for (int i = 0; i < 16; i++)
		if (length >> i & 1)
			change = crc32c_multiply(change, crc32c_powers[i]);
	return change;
}

#endif
