/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The traffic of the matrix:
 *   traffic serve NAME PORT
 *   traffic short tcp|udp ADDRESS PORT COUNT          connections of one question each, SHORT_AT_ONCE at a time
 *   traffic bulk tcp|udp ADDRESS PORT BYTES up|down   one connection
 * A client ends with 0 and prints seconds and, for short ones, how many each server answered; or it says what went
 * wrong and ends with 1. */
#define _GNU_SOURCE
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHORT_AT_ONCE 4
#define SERVERS 8
#define FIRST_PORT 10000
#define PORTS 20000 /* below those that the kernel chooses from */

struct target {
	int kind; /* SOCK_STREAM or SOCK_DGRAM */
	struct sockaddr_storage address;
	socklen_t size;
};

struct tally {
	const struct target *target;
	uint64_t first, count; /* questions of this thread */
	char names[SERVERS][NAME_SIZE];
	uint64_t answers[SERVERS];
	char complaint[128];
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Connect, from the given port or, with 0, from one that the kernel chooses. */
static int connected(const struct target *target, int port)
{
	struct sockaddr_in6 any = { .sin6_family = target->address.ss_family, .sin6_port = htons(port) };
	int fd = socket(target->address.ss_family, target->kind, 0);

	be_patient(fd);
	/* The ports stand at the same place in addresses of both families. */
	if (port && bind(fd, (struct sockaddr *)&any, target->size))
		perror("bind");
	if (!connect(fd, (const struct sockaddr *)&target->address, target->size))
		return fd;
	close(fd);
	return -1;
}

static int note(struct tally *tally, const char *name)
{
	for (int i = 0; i < SERVERS; i++) {
		if (!tally->names[i][0])
			memcpy(tally->names[i], name, NAME_SIZE);
		if (!memcmp(tally->names[i], name, NAME_SIZE)) {
			tally->answers[i]++;
			return 0;
		}
	}
	return -1;
}

/* One question, small or nearly as large as a frame, on a connection of its own. */
static int ask(struct tally *tally, uint64_t number)
{
	size_t words = number % 2 ? PAYLOAD_WORDS : 8, size = sizeof(struct order) + words * 8, offset;
	char answer[NAME_SIZE + sizeof(struct head) + PAYLOAD_WORDS * 8];
	struct {
		union {
			struct order order;
			struct head head;
		};
		uint64_t words[PAYLOAD_WORDS];
	} question = { 0 };
	int datagram = tally->target->kind == SOCK_DGRAM, failed;
	/* Of datagrams' ports the kernel would choose some twice. */
	int fd = connected(tally->target, datagram ? FIRST_PORT + number % PORTS : 0);

	if (fd < 0)
		return -1;
	question.order = (struct order){ ECHO, 0, words * 8 };
	if (datagram) {
		size = sizeof(struct head) + words * 8;
		question.head = (struct head){ ECHO, number, number, 0 };
	}
	offset = datagram ? 0 : sizeof(struct order);
	fill((uint64_t *)((char *)&question + size - words * 8), words, mix(number));
	failed = send_all(fd, &question, size);
	if (!failed && datagram)
		failed = recv(fd, answer, sizeof(answer), 0) < 0;
	else if (!failed)
		failed = read_all(fd, answer, NAME_SIZE + size - offset);
	if (!failed) {
		errno = EBADMSG;
		failed = memcmp(answer + NAME_SIZE, (char *)&question + offset, size - offset) || note(tally, answer);
	}
	close(fd);
	return failed ? -1 : 0;
}

static void *ask_all(void *argument)
{
	struct tally *tally = argument;

	for (uint64_t i = 0; i < tally->count; i++)
		if (ask(tally, tally->first + i)) {
			snprintf(tally->complaint, sizeof(tally->complaint), "question %llu of %llu: %m",
				 (unsigned long long)i, (unsigned long long)tally->count);
			break;
		}
	return NULL;
}

static int run_short(const struct target *target, uint64_t count)
{
	static struct tally tallies[SHORT_AT_ONCE];
	struct tally total = { 0 };
	pthread_t threads[SHORT_AT_ONCE];
	double begin = seconds();
	int failed = 0;

	for (uint64_t i = 0; i < SHORT_AT_ONCE; i++) {
		uint64_t first = count * i / SHORT_AT_ONCE;

		tallies[i] = (struct tally){ .target = target, .first = first };
		tallies[i].count = count * (i + 1) / SHORT_AT_ONCE - first;
		pthread_create(&threads[i], NULL, ask_all, &tallies[i]);
	}
	for (int i = 0; i < SHORT_AT_ONCE; i++) {
		pthread_join(threads[i], NULL);
		if (tallies[i].complaint[0])
			failed = fprintf(stderr, "%s\n", tallies[i].complaint);
		for (int j = 0; j < SERVERS; j++)
			for (uint64_t k = 0; k < tallies[i].answers[j]; k++)
				note(&total, tallies[i].names[j]);
	}
	printf("%f", seconds() - begin);
	for (int i = 0; i < SERVERS && total.answers[i]; i++)
		printf(" %s=%llu", total.names[i], (unsigned long long)total.answers[i]);
	puts("");
	return failed ? 1 : 0;
}

static int bulk_stream(int fd, uint64_t size, int up)
{
	struct order order = { up ? UPLOAD : DOWNLOAD, 0, size / 8 * 8 };
	uint64_t ours = 0, theirs;

	if (send_all(fd, &order, sizeof(order)) ||
	    (up ? send_stream(fd, order.size, &ours) : receive_stream(fd, order.size, &ours)) ||
	    read_all(fd, &theirs, sizeof(theirs)))
		return -1;
	errno = EBADMSG;
	return ours == theirs ? 0 : -1;
}

static int bulk_datagrams(int fd, uint64_t size, int up)
{
	struct end server = { .fd = fd };
	uint64_t sum = 0, expected = 0, count = (size + sizeof(struct datagram) - 1) / sizeof(struct datagram);
	uint32_t session = time(NULL) << 12 ^ getpid();
	struct head order = { DOWNLOAD, session, 0, count };
	struct datagram datagram;

	if (up)
		return send_datagrams(&server, session, count, 1, &sum);
	if (send_all(fd, &order, sizeof(order)) || receive_datagrams(&server, session, count, &sum))
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		datagram.head.number = i;
		fill(datagram.words, PAYLOAD_WORDS, mix(i));
		take(&datagram, &(uint64_t){ 0 }, &expected);
	}
	errno = EBADMSG;
	return sum == expected ? 0 : -1;
}

static int run_bulk(const struct target *target, uint64_t size, const char *direction)
{
	int up = strcmp(direction, "down");
	double begin = seconds();
	int fd = connected(target, 0);

	if (fd < 0 || (target->kind == SOCK_STREAM ? bulk_stream : bulk_datagrams)(fd, size, up)) {
		perror(fd < 0 ? "connect" : up ? "upload" : "download");
		return 1;
	}
	close(fd);
	printf("%f\n", seconds() - begin);
	return 0;
}

static struct target target_of(const char *protocol, const char *address, int port)
{
	struct target target = { .kind = strcmp(protocol, "udp") ? SOCK_STREAM : SOCK_DGRAM };
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&target.address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&target.address;

	if (inet_pton(AF_INET, address, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons(port);
		target.size = sizeof(*ipv4);
	} else if (inet_pton(AF_INET6, address, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = htons(port);
		target.size = sizeof(*ipv6);
	}
	return target;
}

int main(int argc, char **argv)
{
	struct target target;

	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(argv[2], atoi(argv[3]));
	if (argc >= 6) {
		target = target_of(argv[2], argv[3], atoi(argv[4]));
		if (argc == 6 && !strcmp(argv[1], "short"))
			return run_short(&target, strtoull(argv[5], NULL, 0));
		if (argc == 7 && !strcmp(argv[1], "bulk"))
			return run_bulk(&target, strtoull(argv[5], NULL, 0), argv[6]);
	}
	fputs("usage: see the head of traffic.c\n", stderr);
	return 2;
}
