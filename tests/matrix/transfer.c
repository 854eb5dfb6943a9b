/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Streams and trains of datagrams, in either direction. All return 0, or -1 with errno (EAGAIN: nothing came). */
#define _GNU_SOURCE
#include "traffic.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>

void be_patient(int fd)
{
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000, .tv_usec = PATIENCE_MS % 1000 * 1000 };
	int room = ROOM;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
}

int send_all(int fd, const void *data, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent < 0)
			return -1;
		data = (const char *)data + sent;
		size -= sent;
	}
	return 0;
}

int read_all(int fd, void *data, size_t size)
{
	while (size) {
		ssize_t got = recv(fd, data, size, 0);

		if (got <= 0) {
			errno = got ? errno : ECONNABORTED;
			return -1;
		}
		data = (char *)data + got;
		size -= got;
	}
	return 0;
}

int send_stream(int fd, uint64_t size, uint64_t *sum)
{
	static _Thread_local uint64_t words[CHUNK / 8];

	for (uint64_t done = 0; done < size; done += CHUNK) {
		size_t piece = size - done < CHUNK ? size - done : CHUNK;

		fill(words, piece / 8, done);
		*sum = sum_on(*sum, words, piece / 8);
		if (send_all(fd, words, piece))
			return -1;
	}
	return 0;
}

int receive_stream(int fd, uint64_t size, uint64_t *sum)
{
	static _Thread_local uint64_t words[CHUNK / 8];

	for (uint64_t done = 0; done < size; done += CHUNK) {
		size_t piece = size - done < CHUNK ? size - done : CHUNK;

		if (read_all(fd, words, piece))
			return -1;
		*sum = sum_on(*sum, words, piece / 8);
	}
	return 0;
}

static void prepare(struct msghdr *message, const struct end *to, struct iovec *part, const void *data, size_t size)
{
	*part = (struct iovec){ (void *)data, size };
	*message = (struct msghdr){ .msg_iov = part, .msg_iovlen = 1 };
	if (to->peer_size) {
		message->msg_name = (void *)&to->peer;
		message->msg_namelen = to->peer_size;
		message->msg_control = to->control_size ? (void *)to->control : NULL;
		message->msg_controllen = to->control_size;
	}
}

/* One call to the kernel, and one buffer cut up by it or by whoever has to: what QUIC servers do. */
static int send_segmented(const struct end *to, const struct datagram *burst, size_t count)
{
	char control[sizeof(to->control) + CMSG_SPACE(sizeof(uint16_t))] = { 0 };
	struct msghdr message;
	struct cmsghdr *header;
	struct iovec part;
	uint16_t size = sizeof(*burst);

	prepare(&message, to, &part, burst, count * sizeof(*burst));
	memcpy(control, to->control, to->control_size);
	header = (struct cmsghdr *)(control + to->control_size);
	header->cmsg_level = SOL_UDP;
	header->cmsg_type = UDP_SEGMENT;
	header->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(header), &size, sizeof(size));
	message.msg_control = control;
	message.msg_controllen = to->control_size + CMSG_SPACE(sizeof(size));
	return sendmsg(to->fd, &message, 0) < 0 ? -1 : 0;
}

static int send_singly(const struct end *to, const struct datagram *burst, size_t count)
{
	struct mmsghdr messages[BURST];
	struct iovec parts[BURST];
	size_t sent = 0;

	for (size_t i = 0; i < count; i++)
		prepare(&messages[i].msg_hdr, to, &parts[i], &burst[i], sizeof(burst[i]));
	while (sent < count) {
		int done = sendmmsg(to->fd, messages + sent, count - sent, 0);

		if (done < 0)
			return -1;
		sent += done;
	}
	return 0;
}

/* The next acknowledgement of this session. */
static int hear(struct end *to, uint32_t session, uint64_t *acknowledged, uint64_t *sum)
{
	for (;;) {
		struct datagram answer;
		ssize_t got = recv(to->fd, &answer, sizeof(answer), 0);

		if (got < 0)
			return -1;
		if ((size_t)got < sizeof(answer.head) || answer.head.what != ACKNOWLEDGE ||
		    answer.head.session != session)
			continue;
		*acknowledged = answer.head.number;
		*sum = answer.head.value;
		return 0;
	}
}

int send_datagrams(struct end *to, uint32_t session, uint64_t count, int segmented, uint64_t *sum)
{
	static struct datagram burst[BURST];
	uint64_t sent = 0, acknowledged = 0, theirs = 0;

	while (acknowledged < count) {
		while (sent < count && sent < acknowledged + WINDOW * BURST) {
			size_t now = count - sent < BURST ? count - sent : BURST;
			int failed = 1;

			for (size_t i = 0; i < now; i++) {
				burst[i].head = (struct head){ UPLOAD, session, sent + i, count };
				fill(burst[i].words, PAYLOAD_WORDS, mix(sent + i));
				take(&burst[i], &(uint64_t){ 0 }, sum);
			}
			if (segmented && (failed = send_segmented(to, burst, now)))
				segmented = 0; /* a device without checksums of its own */
			if (failed && send_singly(to, burst, now))
				return -1;
			sent += now;
		}
		if (hear(to, session, &acknowledged, &theirs))
			return -1;
	}
	errno = EBADMSG;
	return theirs == *sum ? 0 : -1;
}

/* The sum over datagrams is the same in whichever order they come. */
void take(const struct datagram *datagram, uint64_t *count, uint64_t *sum)
{
	*sum += sum_on(mix(datagram->head.number), datagram->words, PAYLOAD_WORDS);
	++*count;
}

int acknowledge(const struct end *to, uint32_t session, uint64_t count, uint64_t sum)
{
	struct head answer = { ACKNOWLEDGE, session, count, sum };
	struct msghdr message;
	struct iovec part;

	prepare(&message, to, &part, &answer, sizeof(answer));
	return sendmsg(to->fd, &message, 0) < 0 ? -1 : 0;
}

int receive_datagrams(struct end *from, uint32_t session, uint64_t count, uint64_t *sum)
{
	uint64_t come = 0;

	while (come < count) {
		struct datagram datagram;
		ssize_t got = recv(from->fd, &datagram, sizeof(datagram), 0);

		if (got < 0)
			return -1;
		if (got != sizeof(datagram) || datagram.head.session != session)
			continue;
		take(&datagram, &come, sum);
		if ((come % BURST == 0 || come == count) && acknowledge(from, session, come, *sum))
			return -1;
	}
	return 0;
}
