/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Part of types.h: what synchronisation shares with user space. */
#ifndef XLVS_TYPES_SYNC_H
#define XLVS_TYPES_SYNC_H

/* In `sync` of the settings. */
enum sync_roles {
	SYNC_MASTER = 1,
	SYNC_BACKUP = 2,
};

/* A connection as directors tell each other of it: the entry of an IPv6 connection in a message of the kernel's
 * protocol, version 1, with addresses in one form for both families. */
struct sync_entry {
	__u8 type; /* 1: IPv6 */
	__u8 protocol; /* 0 where a firewall mark has a template */
	__be16 size; /* on the wire, without options */
	__be32 flags; /* enum wire_flags */
	__be16 state; /* numbered as in the kernel, by protocol */
	__be16 cport;
	__be16 vport;
	__be16 dport;
	__be32 fwmark;
	__be32 timeout_s;
	struct addr client;
	struct addr virtual;
	struct addr dest;
	__u32 number; /* told: the connection's; heard: the destination's */
	__u32 call; /* told: 1 for a template with a Call-ID; heard: place in `heard_calls`, from 1 on */
};

/* What was told of a connection; kept while a master daemon is configured. */
struct sync_track {
	__u32 packets; /* of the client; of a template's connections */
	__u32 end; /* tick at which it would end as told last; the lower two bits count repetitions */
	__u8 state; /* as told last */
	__u8 known; /* 1: `packets` is exact */
	__u8 told; /* 1: `end` is set */
	__u8 reserved;
};

enum sync_daemon_state {
	SYNC_NONE = 0,
	SYNC_STARTING = 1, /* wanted, and not taken up by the process yet */
	SYNC_CONFIGURED = 2,
	SYNC_REFUSED = 3, /* `error` says why */
};

#define SYNC_KEY_BYTES 32

/* A synchronisation daemon as it was asked for. Index 0: master, 1: backup. */
struct sync_daemon {
	__u32 state; /* enum sync_daemon_state */
	__u32 error; /* errno */
	__u8 interface[16];
	struct addr group;
	__u32 maxlen; /* bytes of the longest message */
	__u16 port;
	__u8 ttl;
	__u8 syncid;
	__u32 keyed; /* 1: messages are authenticated */
	__u8 key[SYNC_KEY_BYTES];
	__u32 dump; /* raised by who wants the whole table sent */
	__u32 lost; /* connections that found no room on their way to the process */
	__u32 reserved;
};

_Static_assert(sizeof(struct sync_track) == 12, "user space makes their map");
_Static_assert(sizeof(struct sync_entry) == 80, "72 bytes of it are what is on the wire");

#endif
