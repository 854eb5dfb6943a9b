/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Serves TCP and UDP on one port of every address of both families, until it is killed. */
#define _GNU_SOURCE
#include "traffic.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>

#define THREADS 8

static char own_name[NAME_SIZE];

static int serve_echo(int fd, uint64_t size)
{
	char data[NAME_SIZE + ECHO_ROOM];

	if (size > ECHO_ROOM || read_all(fd, data + NAME_SIZE, size))
		return -1;
	memcpy(data, own_name, NAME_SIZE);
	return send_all(fd, data, NAME_SIZE + size);
}

static void serve_connection(int fd)
{
	struct order order;
	uint64_t sum = 0;
	char end;

	be_patient(fd);
	if (read_all(fd, &order, sizeof(order)))
		return;
	if (order.what == ECHO && serve_echo(fd, order.size))
		return;
	if (order.what == UPLOAD && receive_stream(fd, order.size, &sum))
		return;
	if (order.what == DOWNLOAD && send_stream(fd, order.size, &sum))
		return;
	if (order.what != ECHO && send_all(fd, &sum, sizeof(sum)))
		return;
	/* The client closes first, so that ports of the server are not held up. */
	while (recv(fd, &end, 1, 0) > 0)
		;
}

static void *accept_all(void *listener)
{
	for (;;) {
		int fd = accept(*(int *)listener, NULL, NULL);

		if (fd < 0)
			continue;
		serve_connection(fd);
		close(fd);
	}
	return NULL;
}

/* Answer from the address that was asked, which need not be the one that routing would choose. */
static void answer_from(struct end *end, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	end->peer_size = message->msg_namelen;
	end->control_size = 0;
	if (header && header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *information = (struct in6_pktinfo *)CMSG_DATA(header);

		information->ipi6_ifindex = 0;
		end->control_size = CMSG_SPACE(sizeof(*information));
		memcpy(end->control, header, end->control_size);
	}
}

static void serve_datagrams(int fd)
{
	uint64_t count = 0, sum = 0;
	uint32_t session = 0;
	struct end end = { .fd = fd };
	union {
		struct datagram datagram;
		char bytes[ECHO_ROOM];
	} data;

	for (;;) {
		char control[64];
		struct iovec parts[2] = { { own_name, NAME_SIZE }, { &data, sizeof(data) } };
		struct msghdr message = { &end.peer, sizeof(end.peer), parts + 1, 1, control, sizeof(control), 0 };
		struct head *head = &data.datagram.head;
		ssize_t got = recvmsg(fd, &message, 0);

		if (got < (ssize_t)sizeof(*head))
			continue;
		answer_from(&end, &message);
		if (head->what == ECHO) {
			parts[1].iov_len = got;
			message =
				(struct msghdr){ &end.peer, end.peer_size, parts, 2, end.control, end.control_size, 0 };
			sendmsg(fd, &message, 0);
		} else if (head->what == DOWNLOAD) {
			uint64_t sent = 0;

			send_datagrams(&end, head->session, head->value, 1, &sent);
		} else if (head->what == UPLOAD && got == sizeof(data.datagram)) {
			if (head->session != session)
				count = sum = 0;
			session = head->session;
			take(&data.datagram, &count, &sum);
			if (count % BURST == 0 || count == head->value)
				acknowledge(&end, session, count, sum);
		}
	}
}

int serve(const char *name, int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int off = 0, on = 1;
	int listener = socket(AF_INET6, SOCK_STREAM, 0), datagrams = socket(AF_INET6, SOCK_DGRAM, 0);
	pthread_t thread;

	strncpy(own_name, name, NAME_SIZE - 1);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(datagrams, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(datagrams, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	be_patient(datagrams);
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, 1024) ||
	    bind(datagrams, (struct sockaddr *)&any, sizeof(any))) {
		perror("traffic serve");
		return 1;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, accept_all, &listener);
	puts("ready");
	fflush(stdout);
	serve_datagrams(datagrams);
	return 0;
}
