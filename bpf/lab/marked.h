/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The mark of a packet that a fault sends on its way again: who sees it knows that it was here before. */
#ifndef XLVS_LAB_MARKED_H
#define XLVS_LAB_MARKED_H

#define MARKED 0x786c0000 /* the number of the fault is in the lower half */
#define MARKED_MASK 0xffff0000

#endif
