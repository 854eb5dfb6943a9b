/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* TCP: the kernel's state machine of a connection whose two directions the director sees, and of one
 * of which it sees the client only. */
#ifndef XLVS_PROTO_TCP_H
#define XLVS_PROTO_TCP_H

#include "conn.h"

#define REUSE_FIN_WAIT 2

enum tcp_event {
	EVENT_SYN = 0,
	EVENT_FIN = 1,
	EVENT_ACK = 2,
	EVENT_RST = 3,
	EVENT_NONE = 4, /* no flag that counts: the connection is closed */
};

#define NO STATE_NONE
#define ES STATE_ESTABLISHED
#define SS STATE_SYN_SENT
#define SR STATE_SYN_RECV
#define FW STATE_FIN_WAIT
#define TW STATE_TIME_WAIT
#define CL STATE_CLOSE
#define CW STATE_CLOSE_WAIT
#define LA STATE_LAST_ACK
#define LI STATE_LISTEN
#define SA STATE_SYNACK

#define SECURE VIEW_COUNT /* the tables of secure_tcp stand behind the others */

/* Next state by view, event and present state. Columns: none, established, syn-sent, syn-recv, fin-wait,
 * time-wait, close, close-wait, last-ack, listen, synack. */
static const __u8 tcp_next_state[2 * VIEW_COUNT][4][STATE_SLOTS] = {
	[VIEW_CLIENT] = {
		[EVENT_SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
		[EVENT_FIN] = { CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
		[EVENT_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR },
	},
	[VIEW_SERVER] = {
		[EVENT_SYN] = { SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR },
		[EVENT_FIN] = { TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES },
		[EVENT_RST] = { CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL },
	},
	[VIEW_CLIENT_ONLY] = {
		[EVENT_SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
		[EVENT_FIN] = { CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
		[EVENT_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
	},
	[SECURE + VIEW_CLIENT] = {
		[EVENT_SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA },
		[EVENT_FIN] = { CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA },
		[EVENT_ACK] = { ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA },
		[EVENT_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
	},
	[SECURE + VIEW_SERVER] = {
		[EVENT_SYN] = { SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA },
		[EVENT_FIN] = { TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES },
		[EVENT_RST] = { CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL },
	},
	[SECURE + VIEW_CLIENT_ONLY] = {
		[EVENT_SYN] = { SA, ES, ES, SR, SA, SA, SA, SA, SA, SA, SA },
		[EVENT_FIN] = { CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
		[EVENT_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
	},
};

#undef NO
#undef ES
#undef SS
#undef SR
#undef FW
#undef TW
#undef CL
#undef CW
#undef LA
#undef LI
#undef SA

static __always_inline __u32 tcp_event_of(__u8 flags)
{
	if (flags & TCP_RST)
		return EVENT_RST;
	if (flags & TCP_SYN)
		return EVENT_SYN;
	if (flags & TCP_FIN)
		return EVENT_FIN;
	return flags & TCP_ACK ? EVENT_ACK : EVENT_NONE;
}

static __always_inline int tcp_state_is_active(__u8 state)
{
	return state == STATE_ESTABLISHED || state == STATE_SYN_SENT || state == STATE_SYN_RECV ||
	       state == STATE_SYNACK;
}

static __always_inline __u8 tcp_step(__u8 state, __u32 view, __u8 flags, int secure)
{
	__u32 event = tcp_event_of(flags), table = secure ? SECURE + view : view;

	if (event == EVENT_NONE)
		return STATE_CLOSE;
	return tcp_next_state[table < 2 * VIEW_COUNT ? table : 0][event & 3][state & (STATE_SLOTS - 1)];
}

/* May the packet begin a connection? A SYN that is no RST. */
static __always_inline int tcp_begins(__u8 flags, const struct settings *set)
{
	if (flags & TCP_RST)
		return 0;
	return flags & TCP_SYN || set->sysctls[SYSCTL_SLOPPY_TCP];
}

/* Has the connection ended, so that a SYN is the first packet of another one? With the bit REUSE_FIN_WAIT of
 * conn_reuse_mode also where the client alone is seen, and has said its last. */
static __always_inline int tcp_is_over(struct conn_word word, __s32 mode)
{
	if (word.state == STATE_FIN_WAIT)
		return mode & REUSE_FIN_WAIT && word.bits & CONN_NO_ANSWERS;
	return word.state == STATE_TIME_WAIT || word.state == STATE_CLOSE;
}

#endif
