// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Loaded by who lists or ends connections: looks at a part of the table, and says which entries are the wanted ones, or
 * ends them. The filter stands here alone, so that what is listed is what would be ended. */
#include "ipvs/ctx_skb.h"
#include "ipvs/pair.h"
#include "ipvs/select.h"

char _license[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int select_now(struct __sk_buff *ctx)
{
	return select_part();
}
