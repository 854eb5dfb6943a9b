/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* SCTP: the kernel's state machine, and the checksum after a change of ports. */
#ifndef XLVS_PROTO_SCTP_H
#define XLVS_PROTO_SCTP_H

#include "conn.h"

/* What moves the state: the chunk, all that are not named count as data. */
enum sctp_event {
	SCTP_EVENT_DATA,
	SCTP_EVENT_INIT,
	SCTP_EVENT_INIT_ACK,
	SCTP_EVENT_COOKIE_ECHO,
	SCTP_EVENT_COOKIE_ACK,
	SCTP_EVENT_SHUTDOWN,
	SCTP_EVENT_SHUTDOWN_ACK,
	SCTP_EVENT_SHUTDOWN_COMPLETE,
	SCTP_EVENT_ERROR,
	SCTP_EVENT_ABORT,
	SCTP_EVENT_COUNT,
	SCTP_EVENT_SLOTS = 16,
};

#define SCTP_EVENT_CHUNKS 15

/* By chunk. (16 bytes would be put into a section of constants that BTF has no words for.) */
static const __u8 sctp_events[SCTP_EVENT_CHUNKS] = {
	[1] = SCTP_EVENT_INIT,         [2] = SCTP_EVENT_INIT_ACK,     [6] = SCTP_EVENT_ABORT,
	[7] = SCTP_EVENT_SHUTDOWN,     [8] = SCTP_EVENT_SHUTDOWN_ACK, [9] = SCTP_EVENT_ERROR,
	[10] = SCTP_EVENT_COOKIE_ECHO, [11] = SCTP_EVENT_COOKIE_ACK,  [14] = SCTP_EVENT_SHUTDOWN_COMPLETE,
};

#define I1 (STATE_SCTP_INIT1 - STATE_UDP)
#define IN (STATE_SCTP_INIT - STATE_UDP)
#define CS (STATE_SCTP_C_SENT - STATE_UDP)
#define CR (STATE_SCTP_C_REPLIED - STATE_UDP)
#define CW (STATE_SCTP_C_WAIT - STATE_UDP)
#define CO (STATE_SCTP_COOKIE - STATE_UDP)
#define CE (STATE_SCTP_C_ECHOED - STATE_UDP)
#define ES (STATE_SCTP_ESTABLISHED - STATE_UDP)
#define SS (STATE_SCTP_S_SENT - STATE_UDP)
#define SR (STATE_SCTP_S_RECEIVED - STATE_UDP)
#define SA (STATE_SCTP_S_ACK_SENT - STATE_UDP)
#define RJ (STATE_SCTP_REJECTED - STATE_UDP)
#define CL (STATE_SCTP_CLOSED - STATE_UDP)

/* Next state by view (enum conn_view), event and present state, numbered as in the kernel's sync protocol. Columns: none,
 * init1, init, c-sent, c-replied, c-wait, cookie, c-echoed, established, s-sent, s-received, s-ack-sent, rejected,
 * closed. */
static const __u8 sctp_next_state[VIEW_COUNT][SCTP_EVENT_SLOTS][16] = {
	[VIEW_CLIENT] = {
		[SCTP_EVENT_DATA] = { ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_INIT] = { I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN },
		[SCTP_EVENT_INIT_ACK] = { CW, CW, CW, CS, CR, CO, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_COOKIE_ECHO] = { CR, IN, IN, CR, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_COOKIE_ACK] = { ES, I1, IN, CS, CR, CW, CO, ES, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_SHUTDOWN] = { SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_SHUTDOWN_ACK] = { CL, IN, IN, CS, CR, CW, CO, CE, ES, CL, SR, CL, RJ, CL },
		[SCTP_EVENT_SHUTDOWN_COMPLETE] = { CL, CL, CL, CS, CR, CW, CO, CE, ES, SS, SR, CL, RJ, CL },
		[SCTP_EVENT_ERROR] = { CL, I1, IN, CS, CR, CW, CO, CL, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_ABORT] = { CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL },
	},
	[VIEW_SERVER] = {
		[SCTP_EVENT_DATA] = { ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_INIT] = { CW, CW, CW, CW, CW, CW, CW, CW, ES, CW, CW, CW, CW, CW },
		[SCTP_EVENT_INIT_ACK] = { CS, CS, CS, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_COOKIE_ECHO] = { CE, CE, CE, CE, CE, CE, CE, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_COOKIE_ACK] = { ES, ES, ES, ES, ES, ES, ES, ES, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_SHUTDOWN] = { SS, SS, SS, SS, SS, SS, SS, SS, SS, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_SHUTDOWN_ACK] = { SA, SA, SA, SA, SA, CW, CO, CE, ES, SA, SA, SA, RJ, CL },
		[SCTP_EVENT_SHUTDOWN_COMPLETE] = { CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_ERROR] = { CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_ABORT] = { CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL },
	},
	[VIEW_CLIENT_ONLY] = {
		[SCTP_EVENT_DATA] = { ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_INIT] = { I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN },
		[SCTP_EVENT_INIT_ACK] = { CE, CE, CE, CE, CE, CE, CE, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_COOKIE_ECHO] = { ES, ES, ES, ES, ES, ES, ES, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_COOKIE_ACK] = { ES, I1, IN, ES, ES, CW, CO, ES, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_SHUTDOWN] = { SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_SHUTDOWN_ACK] = { CL, IN, IN, CS, CR, CW, CO, CE, CL, CL, SR, CL, RJ, CL },
		[SCTP_EVENT_SHUTDOWN_COMPLETE] = { CL, CL, CL, CS, CR, CW, CO, CE, ES, CL, CL, CL, RJ, CL },
		[SCTP_EVENT_ERROR] = { CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
		[SCTP_EVENT_ABORT] = { CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL },
	},
};

#undef I1
#undef IN
#undef CS
#undef CR
#undef CW
#undef CO
#undef CE
#undef ES
#undef SS
#undef SR
#undef SA
#undef RJ
#undef CL

static __always_inline __u32 sctp_event_of(__u8 chunk)
{
	if (chunk == SCTP_CHUNK_ABORT_BEHIND)
		return SCTP_EVENT_ABORT;
	return chunk < SCTP_EVENT_CHUNKS ? sctp_events[chunk] : SCTP_EVENT_DATA;
}

/* A packet without a whole chunk header leaves the state as it is. */
static __always_inline __u8 sctp_step(__u8 state, __u32 view, __u8 chunk)
{
	__u32 event = sctp_event_of(chunk);
	__u32 column = state > STATE_UDP ? (state - STATE_UDP) & 15 : 0;

	if (chunk == SCTP_CHUNK_NONE)
		return state;
	return STATE_UDP + sctp_next_state[view < VIEW_COUNT ? view : 0][event & (SCTP_EVENT_SLOTS - 1)][column];
}

/* May the packet begin a connection? An INIT, with sloppy_sctp every chunk but an ABORT. */
static __always_inline int sctp_begins(__u8 chunk, const struct settings *set)
{
	if (chunk == SCTP_CHUNK_ABORT || chunk == SCTP_CHUNK_NONE)
		return 0;
	return chunk == SCTP_CHUNK_INIT || set->sysctls[SYSCTL_SLOPPY_SCTP];
}

#endif
