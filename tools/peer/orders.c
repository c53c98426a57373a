/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What rtpwire-peer is told on stdin while it runs. Program's only thread.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "srtp.h"

#define WORDS_MAX 6u

static struct stream *find_stream(struct peer *p, uint32_t id)
{
	for (unsigned int i = 0; i < p->stream_count; i++)
		if (p->streams[i].id == id)
			return &p->streams[i];
	return NULL;
}

/* The words after the verb and the stream's id, up to the first NULL. 0, or -EINVAL. */
typedef int (*obey_verb)(struct peer *p, struct stream *s, char *const *words);

static int obey_remote(struct peer *p, struct stream *s, char *const *words)
{
	struct rw_endpoint to;

	(void)p;
	if (!words[0] || list_endpoint(words[0], &to) < 0)
		return -EINVAL;
	if (words[1] && list_endpoint(words[1], &s->remote_rtcp) < 0)
		return -EINVAL;
	s->remote = to;
	return 0;
}

static int obey_local(struct peer *p, struct stream *s, char *const *words)
{
	struct rw_endpoint at, rtcp_at = { 0 };

	if (!words[0] || list_endpoint(words[0], &at) < 0)
		return -EINVAL;
	if (words[1] && list_endpoint(words[1], &rtcp_at) < 0)
		return -EINVAL;
	return net_move(p, s, &at, &rtcp_at) < 0 ? -EINVAL : 0;
}

static int obey_send(struct peer *p, struct stream *s, char *const *words)
{
	(void)p;
	if (!words[0])
		return -EINVAL;
	s->send = words[0][0] == '1';
	return 0;
}

/* Pairs of words: tx KEY, rx KEY. */
static int obey_key(struct peer *p, struct stream *s, char *const *words)
{
	(void)p;
	if (!words[0])
		return -EINVAL;
	for (; words[0]; words += 2) {
		struct secure *way = strcmp(words[0], "tx") == 0   ? s->tx
				     : strcmp(words[0], "rx") == 0 ? s->rx
								   : NULL;

		if (!way || !words[1] || secure_rekey(way, words[1]) < 0)
			return -EINVAL;
	}
	return 0;
}

static int obey_forget(struct peer *p, struct stream *s, char *const *words)
{
	(void)p;
	if (!s->rx || words[0])
		return -EINVAL;
	secure_forget_old(s->rx);
	return 0;
}

/* The next packet has this RTP sequence number; packets' own numbers go on. */
static int obey_restart(struct peer *p, struct stream *s, char *const *words)
{
	char *end;
	unsigned long seq = words[0] ? strtoul(words[0], &end, 10) : 65536;

	(void)p;
	if (seq > 65535 || *end)
		return -EINVAL;
	s->rtp_seq = (uint16_t)seq;
	return 0;
}

static const struct verb {
	const char *name;
	obey_verb obey;
} verbs[] = {
	{ "remote", obey_remote }, { "local", obey_local },   { "send", obey_send },
	{ "key", obey_key },	   { "forget", obey_forget }, { "restart", obey_restart },
};

static int obey_words(struct peer *p, char *const *words, unsigned int count)
{
	struct stream *s = count > 1 ? find_stream(p, (uint32_t)strtoul(words[1], NULL, 10)) : NULL;

	for (size_t i = 0; s && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(words[0], verbs[i].name) == 0)
			return verbs[i].obey(p, s, words + 2) < 0 ? -EINVAL : 0;
	return -EINVAL;
}

/* One line. True for "stop". */
static bool obey(struct peer *p, const char *line)
{
	char copy[512], *words[WORDS_MAX + 3] = { NULL }, *save, *word;
	unsigned int count = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &save); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	if (count == 1 && strcmp(words[0], "stop") == 0)
		return true;
	if (obey_words(p, words, count) < 0)
		fprintf(stderr, "rtpwire-peer: cannot obey \"%s\"\n", line);
	else
		printf("done: %s\n", line);
	fflush(stdout);
	return false;
}

bool orders_read(struct peer *p, bool *open)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	static char buffer[512];
	static size_t used;
	bool stop = false;
	ssize_t n;
	char *end;

	while (*open && poll(&pfd, 1, 0) == 1) {
		n = read(STDIN_FILENO, buffer + used, sizeof(buffer) - 1 - used);
		if (n <= 0) {
			*open = false;
			break;
		}
		used += (size_t)n;
		buffer[used] = 0;
		while ((end = strchr(buffer, '\n'))) {
			*end = 0;
			stop |= obey(p, buffer);
			used -= (size_t)(end + 1 - buffer);
			memmove(buffer, end + 1, used + 1);
		}
		if (used == sizeof(buffer) - 1)
			used = 0;
	}
	return stop;
}
