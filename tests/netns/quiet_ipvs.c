// SPDX-License-Identifier: Apache-2.0
// Preloaded into the real Keepalived, whose health checks want a kernel with IPVS: every request is taken,
// and written to standard error as a line "IPVS <hexadecimal netlink message>".

#include <stdio.h>

struct nl_sock;
struct nl_msg;
struct nlmsghdr {
	unsigned int length;
};

typedef int (*callback)(struct nl_msg *message, void *argument);

enum { FINISH = 1, ACK = 4, KINDS = 16, FAMILY = 33 };

static callback callbacks[KINDS];
static void *arguments[KINDS];

struct nlmsghdr *nlmsg_hdr(struct nl_msg *message);

int genl_connect(struct nl_sock *socket)
{
	(void)socket;
	return 0;
}

int genl_ctrl_resolve(struct nl_sock *socket, const char *name)
{
	(void)socket;
	(void)name;
	return FAMILY;
}

int nl_send_auto(struct nl_sock *socket, struct nl_msg *message)
{
	const struct nlmsghdr *header = nlmsg_hdr(message);
	const unsigned char *bytes = (const unsigned char *)header;
	char line[8192];
	unsigned int used = 0;

	(void)socket;
	for (unsigned int at = 0; at < header->length && used + 3 < sizeof(line); at++)
		used += (unsigned int)sprintf(line + used, "%02x", bytes[at]);
	fprintf(stderr, "IPVS %s\n", line);
	return 0;
}

int nl_socket_modify_cb(struct nl_sock *socket, int kind, int set, callback function, void *argument)
{
	(void)socket;
	(void)set;
	if (kind >= 0 && kind < KINDS) {
		callbacks[kind] = function;
		arguments[kind] = argument;
	}
	return 0;
}

int nl_recvmsgs_default(struct nl_sock *socket)
{
	(void)socket;
	for (int kind = FINISH; kind <= ACK; kind += ACK - FINISH)
		if (callbacks[kind])
			callbacks[kind](0, arguments[kind]);
	return 0;
}
