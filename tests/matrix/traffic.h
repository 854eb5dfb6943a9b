/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What client and server of the matrix agree upon: orders, data that tells its own place, and how datagrams are
 * kept from outrunning their receiver. A lost, doubled, changed or misplaced byte shows in the sum. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

enum what { ECHO = 'E', UPLOAD = 'U', DOWNLOAD = 'D', ACKNOWLEDGE = 'A' };

#define NAME_SIZE 16
#ifndef PATIENCE_MS
#define PATIENCE_MS 5000
#endif
#define CHUNK (256 * 1024)
#define BURST 32       /* datagrams that are sent at once, and acknowledged by one */
#define WINDOW 4       /* bursts on the way */
#define ROOM (8 << 20) /* for what waits in a socket: far more than WINDOW bursts */

/* The first thing on a TCP connection. */
struct order {
	uint32_t what, reserved;
	uint64_t size; /* bytes that follow or are asked for */
};

/* The head of each datagram. */
struct head {
	uint32_t what, session;
	uint64_t number; /* of this one; in an acknowledgement: how many have come */
	uint64_t value;  /* how many there are in all; in an acknowledgement: their sum */
};

#define PAYLOAD_WORDS 171
#define ECHO_ROOM 8192

struct datagram {
	struct head head;
	uint64_t words[PAYLOAD_WORDS];
};

/* Where datagrams go, and from which of our addresses: an answer comes from where the question went. */
struct end {
	int fd;
	struct sockaddr_storage peer;
	socklen_t peer_size; /* 0: the socket is connected */
	char control[64];
	size_t control_size;
};

static inline uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93ull;
	return value ^ (value >> 29);
}

/* The sum over a stream goes on word by word, so the order counts. */
static inline uint64_t sum_on(uint64_t sum, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ull + (sum >> 31);
	return sum;
}

static inline void fill(uint64_t *words, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		seed += 0x9e3779b97f4a7c15ull;
		words[i] = seed ^ (seed >> 17);
	}
}

int serve(const char *name, int port);
int send_all(int fd, const void *data, size_t size);
int read_all(int fd, void *data, size_t size);
int send_stream(int fd, uint64_t size, uint64_t *sum);
int receive_stream(int fd, uint64_t size, uint64_t *sum);
int send_datagrams(struct end *to, uint32_t session, uint64_t count, int segmented, uint64_t *sum);
int receive_datagrams(struct end *from, uint32_t session, uint64_t count, uint64_t *sum);
void take(const struct datagram *datagram, uint64_t *count, uint64_t *sum);
int acknowledge(const struct end *to, uint32_t session, uint64_t count, uint64_t sum);
void be_patient(int fd);

#endif
