/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Keys, values and numbers shared with user space: the only place where a layout is declared.
 * User space reads these layouts from the object's BTF. Multi-byte fields are in host order
 * unless their type is __be16 or __be32. Times are in ticks (a tick
 * is one jiffy, or 2 or 4 of them where the kernel runs at 500 or 1000 Hz, so that 31 days fit
 * a signed 32-bit difference). */
#ifndef XLVS_TYPES_H
#define XLVS_TYPES_H

#include <linux/types.h>
#include <linux/bpf.h>

/* Raised with every change of a layout in this file. */
enum {
	LAYOUT = 7,
};

/* One address type for both families: IPv4 stands in its mapped form ::ffff:a.b.c.d, as it is on
 * the wire. A real IPv6 packet with a mapped address is not ours. */
struct addr {
	union {
		__u8 bytes[16];
		__be32 words[4];
		__u64 halves[2];
	};
};

#include "types_fragment.h"

enum family {
	FAMILY_IPV4 = 2, /* AF_INET */
	FAMILY_IPV6 = 10, /* AF_INET6 */
};

/* Numbers as in <linux/ip_vs.h>, so that they can go on the wire of the sync protocol. */
enum forwarding_method {
	METHOD_MASQUERADE = 0,
	METHOD_LOCAL = 1,
	METHOD_TUNNEL = 2,
	METHOD_DIRECT_ROUTE = 3,
	METHOD_BYPASS = 4,
	METHOD_FULL_NAT = 5,
};

enum scheduler {
	SCHED_NONE = 0,
	SCHED_RR = 1,
	SCHED_WRR = 2,
	SCHED_LC = 3,
	SCHED_WLC = 4,
	SCHED_LBLC = 5,
	SCHED_LBLCR = 6,
	SCHED_DH = 7,
	SCHED_SH = 8,
	SCHED_SED = 9,
	SCHED_NQ = 10,
	SCHED_FO = 11,
	SCHED_OVF = 12,
	SCHED_MH = 13,
	SCHED_TWOS = 14,
};

/* Connection states; TCP's are numbered as in the kernel's sync protocol. */
enum conn_state {
	STATE_NONE = 0,
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	STATE_FIN_WAIT = 4,
	STATE_TIME_WAIT = 5,
	STATE_CLOSE = 6,
	STATE_CLOSE_WAIT = 7,
	STATE_LAST_ACK = 8,
	STATE_LISTEN = 9,
	STATE_SYNACK = 10,
	STATE_TCP_COUNT = 11,
	STATE_UDP = 11, /* UDP has one state */
	STATE_SCTP_INIT1 = 12, /* SCTP's, less STATE_UDP: likewise */
	STATE_SCTP_INIT = 13,
	STATE_SCTP_C_SENT = 14,
	STATE_SCTP_C_REPLIED = 15,
	STATE_SCTP_C_WAIT = 16,
	STATE_SCTP_COOKIE = 17,
	STATE_SCTP_C_ECHOED = 18,
	STATE_SCTP_ESTABLISHED = 19,
	STATE_SCTP_S_SENT = 20,
	STATE_SCTP_S_RECEIVED = 21,
	STATE_SCTP_S_ACK_SENT = 22,
	STATE_SCTP_REJECTED = 23,
	STATE_SCTP_CLOSED = 24,
	STATE_COUNT = 25,
	STATE_SLOTS = 32, /* arrays by state are this long: any 5-bit index is inside */
};

enum conn_life {
	LIFE_FREE = 0, /* not in use */
	LIFE_LIVE = 1,
	LIFE_DEAD = 2, /* out of the index, its memory is given back a moment later */
	LIFE_ENDED = 3, /* ended on command: late packets of it are answered, see ended.h */
	LIFE_BEGUN = 4, /* a companion that is in the index, and whose connection is about to live, see pair.h */
};

/* States of a persistence template. */
enum template_state {
	TEMPLATE_NONE = 0,
	TEMPLATE_ASSURED = 1, /* one of its connections was established; UDP: was answered */
};

enum conn_bits {
	CONN_INACTIVE = 1, /* counted in the destination's `inactive`, not in `active` */
	CONN_NO_ANSWERS = 2, /* no answer has passed the director yet, and none need */
	CONN_OUTDATED = 4, /* a template whose destination is not to be used: found no more */
	CONN_ONE_PACKET = 8, /* for one datagram: in no index, count and list */
	CONN_PLACE_SHIFT = 4, /* from here on where in the index it is linked, enum index_place */
	CONN_PLACE_MASK = 63,
	CONN_COMPANION = 1024, /* not a connection, but the other end of one of full NAT, see pair.h */
	CONN_TOLD = 2048, /* full NAT: the destination has answered what told it the client's address, see toa.h */
	CONN_SYNCED = 2048, /* others: another director told of it; it tells of none with full NAT */
	CONN_PACKETS_SHIFT = 12, /* from here on the number of the client's packets */
	CONN_PACKETS_MASK = 15, /* no more than this are counted */
};

enum index_place {
	PLACE_LEVEL_MAX = 24, /* the level is in the lower bits: a line for each number there can be */
	PLACE_LEVEL_MASK = 31,
	PLACE_SPILLED = 32, /* under its whole keys */
	PLACE_NONE = 64,
};

/* In `protocol` of a connection: it is a persistence template. None that is balanced has this bit, so that a packet
 * never finds a template, whatever its ports. */
#define PROTOCOL_TEMPLATE 0x40
#define OUTDATED_PORT 0xffff /* what an outdated template shows, in either byte order */

/* The part of a connection that packets change. It is one word, so that a change of state and
 * the counters that go with it happen once, whichever processor does it. */
struct conn_word {
	union {
		struct {
			__u32 expires; /* tick at which the connection is gone; once dead, at which it went */
			__u8 state; /* enum conn_state */
			__u8 life; /* enum conn_life */
			__u16 bits; /* enum conn_bits */
		};
		__u64 all;
	};
};

/* Where packets of one direction go on. */
struct hop_note {
	__u16 number; /* of the next hop, 0: none, see hop.h */
	__u16 tick; /* at which the routing table said so, lower bits */
};

/* A connection: one cache line, see conn.h. Of a companion the client is the local address, see pair.h. */
struct conn {
	struct addr client;
	struct addr virtual;
	__be16 cport;
	__be16 vport;
	__be16 dport;
	__u8 protocol;
	__u8 method; /* enum forwarding_method, as it was when the connection began */
	struct conn_word word;
	__u32 dest; /* number of the destination */
	__u32 control; /* number of the persistence template, 0: none; of a template: hash of its Call-ID, 0: none; of a
			* companion: number of its connection; free: the next free number, 0: none */
	union {
		struct hop_note hop[2]; /* by direction */
		struct { /* of full NAT */
			struct hop_note forward_hop;
			__u32 companion; /* its number */
		};
		struct { /* of a companion */
			__u32 local_address; /* its number */
			struct hop_note reply_hop;
		};
		struct { /* of a template */
			__u32 controls; /* how many connections it has */
			__u32 timeout; /* ticks, from each new connection */
		};
	};
};

#define CALL_BYTES 256 /* a Call-ID has 255 at most, as in the kernel; a zero follows */

/* What a persistence engine tells templates by: the Call-ID. */
struct call {
	__u32 hash; /* never 0 */
	__u32 length;
	__u8 bytes[CALL_BYTES];
};

#define BUCKET_SLOTS 15

/* A line of the connection index. A slot is the hash's tag in the upper 8 bits and the number of
 * the connection in the lower 24, 0 when empty. It changes by compare-and-swap. */
struct bucket {
	__u32 spilled; /* connections that found no room here and went on to a later choice */
	__u32 slots[BUCKET_SLOTS];
};

struct service_key {
	struct addr virtual; /* zero for a firewall mark */
	__u32 fwmark; /* 0: none */
	__be16 vport;
	__u8 protocol; /* 0 for a firewall mark */
	__u8 family;
};

enum service_flags {
	SERVICE_LIVE = 1,
	SERVICE_PERSISTENT = 2,
	SERVICE_ONE_PACKET = 4,
	SERVICE_SCHED1 = 8, /* sh-fallback, mh-fallback */
	SERVICE_SCHED2 = 16, /* sh-port, mh-port */
	SERVICE_SCHED3 = 32,
	SERVICE_NO_TOA = 64, /* full NAT tells its destinations no client's address, see toa.h */
};

/* A range of places in the `slots` map, stored and loaded as one word. */
struct range {
	union {
		struct {
			__u32 start;
			__u32 length;
		};
		__u64 all;
	};
};

/* What becomes of a destination's connections when it is deleted, or its weight becomes 0. */
enum end_policy {
	POLICY_DEFAULT = 0, /* as the settings of net.ipv4.vs say */
	POLICY_DROP = 1, /* deleted: their packets are dropped */
	POLICY_KEEP = 2, /* they go on */
	POLICY_MOVE = 3, /* datagrams are scheduled anew, the rest goes on */
	POLICY_RESET = 4, /* TCP is reset, datagrams are scheduled anew */
};

/* A virtual service. The first line is written by user space, the second by the packet path. */
struct service {
	struct service_key key; /* 24 bytes */
	__u32 flags; /* enum service_flags */
	__u8 scheduler; /* enum scheduler */
	__u8 engine; /* persistence engine: 0 none, 1 sip */
	__u16 reserved0;
	struct range list; /* numbers of its destinations, newest first */
	struct range table; /* sh, dh: 256 numbers of destinations, 0: none */
	__u32 persistence_s; /* 0: not persistent */
	__u32 netmask; /* IPv4: mask, most significant byte first; IPv6: prefix length */
	__u32 wrr_max; /* highest current weight of a round */
	__u32 wrr_gcd;
	struct range cursor; /* rr, wrr: start = index of the last one used, ~0: none; length = wrr's current weight */
	__u32 instance; /* tells it from an earlier service of the same key */
	__u32 tenure; /* lblc, lblcr: tells the time with this scheduler from all others */
	__u32 tenure_since; /* lblc, lblcr: tick at which it began */
	__u32 localities; /* lblc, lblcr: addresses that are remembered */
	/* See tree.h. User space counts up the first one: even while it edits what the tree is made of. */
	__u32 shape;
	__u32 tree_climbs; /* shape for which destinations know their places in the tree */
	__u32 tree_ready; /* shape for which the tree is complete */
	__u32 tree_doubted; /* tick at which somebody may have left it wrong, 0: nobody has */
	/* From here on written by user space: seconds, 0: as the director's. */
	__u32 timeout_tcp_s;
	__u32 timeout_tcp_fin_s;
	__u32 timeout_udp_s;
	__u8 on_removed; /* enum end_policy; user space alone acts by it */
	__u8 on_quiesced;
	__u16 local_next; /* full NAT: counts on with every connection: which address has its turn; the packet path writes it */
	struct range local_list; /* full NAT: numbers of its local addresses, in `slots` */
};

/* Lists and tables of destinations' numbers lie one after the other in lines of 16: an array map gives every
 * element at least 8 bytes. */
#define SLOTS_PER_LINE 16
struct slot_line {
	__u32 numbers[SLOTS_PER_LINE];
};

enum dest_flags {
	DEST_USED = 1, /* the slot holds a destination, configured or remembered */
	DEST_AVAILABLE = 2, /* configured: listed in its service */
	DEST_KEPT = 4, /* deleted, and its connections go on */
	DEST_DROPPED = 8, /* deleted, and its connections wait for it, whatever expire_nodest_conn says */
	DEST_FOREIGN = 16, /* not configured: another director's connections go there */
};

/* A destination. The first two lines are written by user space, the third by the packet path. */
struct dest {
	struct addr addr;
	__be16 port;
	__u8 family;
	__u8 method; /* enum forwarding_method for new connections */
	__u32 service; /* number of its service, 0 when it is only remembered for its connections */
	__u32 flags; /* enum dest_flags */
	__u32 weight;
	__u32 upper_threshold;
	__u32 lower_threshold;
	__u8 tunnel_type;
	__u8 tunnel_flags;
	__be16 tunnel_port;
	__u32 deleted_s; /* second (monotonic) at which it was deleted */
	__u32 last_weight; /* last weight that was not 0 (mh) */
	__u32 instance; /* of the service that it belongs or belonged to */
	__u32 generation; /* how many other destinations had this number before */
	__u32 drained; /* 1 + the weight that it is to have again, 0: it is not drained */
	struct service_key service_key; /* whose destination it is: finds it again when it is added back */
	struct addr source; /* not of direct routing: the director's address towards it, for kernels that do not tell */
	__u32 reserved1[6];
	__u32 active;
	__u32 inactive;
	__u32 persistent;
	__u32 overloaded;
	__u32 way; /* of tunnels: number of the way in the upper half, tick of its choice in the lower, see tunnel_way.h */
	__u32 reserved2;
	__u64 hop; /* of the others: struct dest_hop */
	__u32 place; /* 1 + its index in the list of its service, 0: in no tree, see tree.h */
	__u32 node; /* winner of the node whose number is that index: number of a destination, 0: none is usable */
	__u32 ended; /* connections that were ended on command and are still remembered */
	__u32 dry; /* full NAT: tick at which no free pair was found, its lowest bit set; 0: one was given back since */
	__u32 reserved3[4];
};

/* A local address of full NAT: connections of a service go on with it as their source. User space writes it but for
 * `cursor` and `used`. */
struct local_address {
	struct addr addr;
	struct service_key key; /* of its service */
	__u16 first; /* ports that it may use */
	__u16 last;
	__u32 flags; /* enum local_address_flags */
	__u32 cursor; /* ports that were tried so far */
	__u32 used; /* connections that it has */
	__u32 reserved[2];
};

enum local_address_flags {
	LOCAL_ADDRESS_LISTED = 1, /* configured; else it is only remembered for its connections */
};

#define LOCALITY_MEMBERS 64

/* An address that clients of a service ask for. */
struct locality_key {
	struct addr addr;
	__u32 service; /* its number */
	__u32 tenure; /* of its scheduler */
};

/* What lblc and lblcr keep for an address. A member is a destination: its generation in the upper 8 bits, its number in
 * the lower 24. lblc has one. */
struct locality {
	__u32 used; /* tick */
	__u32 changed; /* tick at which a member came or went */
	__u32 lock; /* 1: somebody changes the members */
	__u32 count;
	__u32 members[LOCALITY_MEMBERS]; /* oldest first */
};

struct counters {
	__u64 conns;
	__u64 inpkts;
	__u64 outpkts;
	__u64 inbytes;
	__u64 outbytes;
};

/* What the listings show of a destination or a service: refreshed every 2 seconds, as in the kernel.
 * Index 0 of the maps of estimates and counters is the total of the director. */
struct estimate {
	struct counters seen; /* since the beginning, at the last refresh */
	struct counters zero; /* seen at the last --zero: subtracted when shown */
	struct counters base; /* services: counted by destinations that are deleted now */
	__u64 cps; /* rates, fixed point: << 10 for the first three, << 5 for bytes */
	__u64 inpps;
	__u64 outpps;
	__u64 inbps;
	__u64 outbps;
};

/* Places of the settings of net.ipv4.vs in `sysctls`: the order of src/xlvs/model/sysctl.py, values as there. */
enum sysctl {
	SYSCTL_AM_DROPRATE,
	SYSCTL_AMEMTHRESH,
	SYSCTL_BACKUP_ONLY,
	SYSCTL_CACHE_BYPASS,
	SYSCTL_CONN_REUSE_MODE,
	SYSCTL_CONNTRACK,
	SYSCTL_DROP_ENTRY,
	SYSCTL_DROP_PACKET,
	SYSCTL_EXPIRE_NODEST_CONN,
	SYSCTL_EXPIRE_QUIESCENT_TEMPLATE,
	SYSCTL_IGNORE_TUNNELED,
	SYSCTL_LBLC_EXPIRATION,
	SYSCTL_LBLCR_EXPIRATION,
	SYSCTL_NAT_ICMP_SEND,
	SYSCTL_PMTU_DISC,
	SYSCTL_RUN_ESTIMATION,
	SYSCTL_SCHEDULE_ICMP,
	SYSCTL_SECURE_TCP,
	SYSCTL_SLOPPY_SCTP,
	SYSCTL_SLOPPY_TCP,
	SYSCTL_SNAT_REROUTE,
	SYSCTL_SYNC_PERSIST_MODE,
	SYSCTL_SYNC_PORTS,
	SYSCTL_SYNC_QLEN_MAX,
	SYSCTL_SYNC_REFRESH_PERIOD,
	SYSCTL_SYNC_RETRIES,
	SYSCTL_SYNC_SOCK_SIZE,
	SYSCTL_SYNC_THRESHOLD,
	SYSCTL_SYNC_THRESHOLD_PERIOD,
	SYSCTL_SYNC_VERSION,
	SYSCTL_COUNT,
};
#define SYSCTL_SLOTS 64

/* What user space tells the packet path, and little else. One element. */
struct settings {
	__u32 services_ipv4; /* numbers of virtual services; 0: every packet of the family passes untouched */
	__u32 services_ipv6;
	__u32 service_high; /* no service has a number above this */
	__u32 dest_high;
	__u32 timeouts[STATE_SLOTS]; /* ticks, by state */
	__u32 editing_until; /* tick up to which the estimator waits for an edit to be complete */
	__s32 sysctls[SYSCTL_SLOTS]; /* by enum sysctl */
	/* What follows from some of them and from the memory; defence.h writes it. */
	__s32 drop_rate; /* of so many packets that would begin a connection one is dropped; 0: none */
	__u32 drop_entry; /* 1: connections are ended at random */
	__u32 secure_tcp; /* 1: the other table of states */
	__u64 free_pages_at; /* where the kernel has the number of free pages, 0: not known. User space writes it */
	__u32 free_pages; /* as user space saw it when a defence was set: what is gone by where the above is not known */
	__u32 marks_ipv4; /* 1: netfilter's marks count in this family, see mark.h */
	__u32 marks_ipv6;
	__u32 mark_device; /* its ifindex, 0: none */
	__u32 mark_ranges; /* entries of `mark_ranges`; 0: it is not asked */
	__u32 unprivileged_port; /* net.ipv4.ip_unprivileged_port_start: FTP data connections go to ports from here on */
	__u32 services_engine; /* number of services with a persistence engine */
	__u32 accept_local; /* net.ipv4.conf.all.accept_local: packets from outside may have an address of the host */
	__u32 services_timeouts; /* number of services with a timeout of their own */
	__u32 ended_until; /* tick up to which there may be connections that were ended on command */
	__u32 sync; /* enum sync_roles: the synchronisation daemons that are configured */
	__u32 turn_by_redirect; /* 1: XDP runs on a veth, see xmit_action() */
	__u32 reserved[10];
};

/* Which mark packets have by their address and port: a range of ports is a few prefixes of the port. */
struct mark_range_key {
	__u32 prefix; /* bits of the rest that count */
	__be32 virtual[4]; /* as in struct addr, whose alignment would leave a gap */
	__u8 family;
	__u8 protocol;
	__be16 vport;
};

#define MARK_RANGE_BITS 160

#define SLOT_CLASSES 24

/* What user space alone keeps: its free lists and choices. One element. It can be rebuilt from the other
 * maps, which is done when an editor died amid an edit. */
struct ledger {
	__u64 hash_seed; /* of the connection index, for the next load of the programs */
	__u32 editing; /* 1: an edit is under way, or its editor died */
	__u32 attach_chosen; /* 1: the user named the interfaces; 0: every suitable one */
	__u32 service_free; /* first free number, linked by `list.start`; 0: take service_high + 1 */
	__u32 dest_free; /* likewise, linked by `service` */
	__u32 slot_next; /* slots never used begin here */
	__u32 slot_free[SLOT_CLASSES]; /* free ranges of 2^n slots, linked by their first word; ~0: none */
	__u32 ticks_per_second;
	__u32 instances; /* given to services and their schedulers so far */
	__u32 purged_s; /* second at which deleted destinations were last looked through */
	__u32 layout; /* LAYOUT of who made the maps */
	__u32 local_address_high; /* no local address has a number above this */
};

/* Bits that say «maybe»: most packets are none of ours and are told so from here. */
#define FILTER_WORDS 8192
struct filter {
	__u64 virtual[FILTER_WORDS]; /* addresses of services */
	__u64 dest[FILTER_WORDS]; /* addresses of destinations */
};

/* What the sweeper and the estimator remember between two ticks of the timer. One element. */
struct clockwork {
	struct bpf_timer timer;
	__u32 sweep_next; /* next connection to look at */
	__u32 estimate_next; /* next destination, then service, of this round */
	__u32 estimate_start; /* tick at which the round began */
	__u32 sweep_budget; /* connections per tick of the timer */
	__u32 ticks; /* how often the timer ran: shows that it is alive */
	__u32 icmp_since; /* tick at which the second began in which icmp_sent ICMP errors were sent */
	__u32 icmp_sent;
	__s32 drop_counter; /* packets up to the next one that drop_packet drops */
	__s32 idle_counters[16]; /* likewise of drop_entry, by packets that a connection has had */
	__u32 defended; /* tick at which the defences last looked at the memory */
	__u32 round_level; /* of the index, when a round of the sweeper began; another level begins another round */
	__u32 round_former; /* levels that were searched as well then */
	__u32 round_seen; /* connections looked at in this round */
	__u32 round_left; /* 1: one of them is at another level, and could not be moved */
	struct counters total;
};

#define TICK_CLASSES 32
#define TICK_CLASS_NS 250000

/* How long the ticks of the timer took, stolen time included. User space may set it to zero. One element. */
struct tick_times {
	__u64 longest_ns;
	__u32 by_length[TICK_CLASSES]; /* so many took n times TICK_CLASS_NS and more; the last: or longer */
};

/* The pool of connections, and what is in the maps of localities and path MTUs. One element. */
struct pool {
	__u32 next; /* lowest number never used yet, from 1 on */
	__u32 localities; /* entries of that map */
	__u32 localities_checked; /* tick at which those were last looked for that may go */
	__u32 path_mtus_until; /* tick up to which there may be a live entry in `path_mtus` */
	__u32 reserved0;
	__u32 full; /* tick at which there was last no place for a connection, 0: one was given back since */
	__u64 free; /* numbers that were used before and are free, see pool.h */
	__u32 reserved[8];
};

/* The size of the index, see index.h; a line of its own, which seldom changes. One element. */
struct index_state {
	__u32 risen; /* how many levels above the least one */
	__u32 former; /* bits of other levels at which there may still be connections */
	__u32 moves; /* so many more the sweeper moves in this slice */
	__u32 moved; /* so many it has moved, counted before the former place is taken away */
	__u32 reserved[12];
};

#define SCRATCH_BYTES 16384
struct scratch {
	__u8 bytes[SCRATCH_BYTES];
};

#include "types_sync.h"
#include "types_way.h"

_Static_assert(sizeof(struct hop) == 32, "two next hops share a cache line");
_Static_assert(sizeof(struct tunnel_way) == 80, "no holes: ways are compared word by word");
_Static_assert(sizeof(struct conn) == 64, "a connection is one cache line");
_Static_assert(sizeof(struct bucket) == 64, "a bucket is one cache line");
_Static_assert(sizeof(struct service) == 128, "a service is two cache lines");
_Static_assert(sizeof(struct local_address) == 64, "a local address is one cache line");
_Static_assert(sizeof(struct dest) == 192, "a destination is three cache lines");

#endif
