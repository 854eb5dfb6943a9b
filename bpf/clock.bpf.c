// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Read before anything else is loaded: the kernel's jiffies, from which the loader learns how many there
 * are in a second, which the kernel tells nobody. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int jiffies_read(struct __sk_buff *ctx)
{
	return (int)bpf_jiffies64();
}
