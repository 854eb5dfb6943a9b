/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Fragments follow their first one, which alone has the ports. One that comes before it, or after the
 * memory of it is gone, is none of ours. */
#ifndef XLVS_FRAGMENT_H
#define XLVS_FRAGMENT_H

#include "conn.h"

/* As long as the kernel waits for the rest of a fragmented packet (ipfrag_time). */
#define FRAGMENT_LIFE_S 30

static __always_inline void fragment_key_of(struct fragment_key *key, const struct packet *p)
{
	key->src = p->src;
	key->dst = p->dst;
	key->id = p->fragment_id;
	key->protocol = p->protocol;
}

static __noinline int fragment_remember(const struct packet *p, __u32 number, __u32 direction, __u32 now)
{
	struct fragment fragment = { .conn = number, .reply = direction, .seen = now };
	struct fragment_key key = {};

	if (!p)
		return -1;
	fragment_key_of(&key, p);
	return bpf_map_update_elem(&fragments, &key, &fragment, BPF_ANY);
}

static enum verdict reply(ctx_t *ctx, struct packet *p, __u32 number, const struct settings *set, __u32 now);
static enum verdict forward(ctx_t *ctx, struct packet *p, __u32 number, const struct settings *set, __u32 now);

static __always_inline enum verdict handle_fragment(ctx_t *ctx, struct packet *p, const struct settings *set, __u32 now)
{
	struct fragment_key key = {};
	struct fragment *fragment;
	struct conn *conn;

	fragment_key_of(&key, p);
	fragment = bpf_map_lookup_elem(&fragments, &key);
	if (!fragment || now - fragment->seen > FRAGMENT_LIFE_S * ticks_per_second)
		return VERDICT_PASS;
	conn = conn_get(fragment->conn);
	if (!conn || !conn_is_live(conn, now) || !addr_equal(&conn->client, fragment->reply ? &p->dst : &p->src))
		return VERDICT_PASS;
	return fragment->reply ? reply(ctx, p, fragment->conn, set, now) : forward(ctx, p, fragment->conn, set, now);
}

#endif
