/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of streams that rtpwire-peer runs. Program's only thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

int list_endpoint(const char *text, struct rw_endpoint *out)
{
	const char *colon = strrchr(text, ':');
	char host[RW_IP_TEXT + 2], *end;
	struct rw_endpoint ep = { 0 };
	size_t n = colon ? (size_t)(colon - text) : 0;
	unsigned long port;

	if (n == 0 || n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = 0;
	port = strtoul(colon + 1, &end, 10);
	if (colon[1] == 0 || *end || port == 0 || port > 65535)
		return -EINVAL;
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = 0;
		if (rw_ip_parse(host + 1, &ep.ip) < 0)
			return -EINVAL;
	} else if (rw_ip_parse(host, &ep.ip) < 0) {
		return -EINVAL;
	}
	ep.port_be = htons((uint16_t)port);
	*out = ep;
	return 0;
}

static int read_number(const char *text, uint32_t max, uint32_t *out)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || v > max)
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

static int read_kind(const char *text, enum wire_kind *out)
{
	if (strcmp(text, "rtp") == 0)
		*out = WIRE_RTP;
	else if (strcmp(text, "udptl") == 0)
		*out = WIRE_UDPTL;
	else
		return -EINVAL;
	return 0;
}

static int read_flag(const char *text, bool *out)
{
	uint32_t v;

	if (read_number(text, 1, &v) < 0)
		return -EINVAL;
	*out = v;
	return 0;
}

static int read_seq(const char *text, uint16_t *out)
{
	uint32_t v;

	if (read_number(text, 65535, &v) < 0)
		return -EINVAL;
	*out = (uint16_t)v;
	return 0;
}

static int read_text(const char *text, char *out, size_t size)
{
	if (strlen(text) >= size)
		return -EINVAL;
	strcpy(out, text);
	return 0;
}

static int read_srtp_field(struct stream *s, const char *key, const char *value)
{
	if (strcmp(key, "srtp") == 0)
		return read_text(value, s->suite, sizeof(s->suite));
	if (strcmp(key, "tx-key") == 0)
		return read_text(value, s->tx_key, sizeof(s->tx_key));
	if (strcmp(key, "rx-key") == 0)
		return read_text(value, s->rx_key, sizeof(s->rx_key));
	return -EINVAL;
}

/* Fields of the packets' numbers, whose defaults depend on the id: they stand behind it. */
static int read_number_field(struct stream *s, const char *key, const char *value)
{
	if (strcmp(key, "ssrc") == 0)
		return read_number(value, UINT32_MAX, &s->ssrc);
	if (strcmp(key, "seq") == 0)
		return read_seq(value, &s->rtp_seq);
	if (strcmp(key, "first") == 0) {
		if (read_number(value, WIRE_SEQ_MAX - 1, &s->number) < 0)
			return -EINVAL;
		s->rtcp_number = s->number;
		return 0;
	}
	if (strcmp(key, "renumber") == 0)
		return read_flag(value, &s->renumber);
	return read_srtp_field(s, key, value);
}

static int read_id(struct stream *s, const char *value)
{
	if (read_number(value, UINT32_MAX, &s->id) < 0)
		return -EINVAL;
	s->ssrc = wire_ssrc(s->id);
	s->rtp_seq = wire_first_seq(s->id);
	return 0;
}

static int read_field(struct stream *s, const char *key, const char *value)
{
	if (strcmp(key, "id") == 0)
		return read_id(s, value);
	if (strcmp(key, "expect") == 0)
		return read_number(value, UINT32_MAX, &s->expect);
	if (strcmp(key, "local") == 0)
		return list_endpoint(value, &s->local);
	if (strcmp(key, "remote") == 0)
		return list_endpoint(value, &s->remote);
	if (strcmp(key, "rtcp") == 0)
		return list_endpoint(value, &s->local_rtcp);
	if (strcmp(key, "remote-rtcp") == 0)
		return list_endpoint(value, &s->remote_rtcp);
	if (strcmp(key, "mux") == 0)
		return read_flag(value, &s->mux);
	if (strcmp(key, "send") == 0)
		return read_flag(value, &s->send);
	if (strcmp(key, "kind") == 0)
		return read_kind(value, &s->kind);
	return read_number_field(s, key, value);
}

/* Opens both directions of an SRTP stream. 0, or -EINVAL / -ENOMEM after a message. */
static int open_srtp(struct stream *s)
{
	int ret = 0;

	if (s->suite[0])
		ret = secure_open(s->suite, s->tx_key, true, s->ssrc, &s->tx);
	if (s->suite[0] && ret == 0)
		ret = secure_open(s->suite, s->rx_key, false, 0, &s->rx);
	if (ret == 0)
		return 0;
	fprintf(stderr, "rtpwire-peer: stream %u: %s\n", s->id,
		ret == -ENOMEM ? "out of memory" : "suite or key is not usable");
	secure_free(s->tx);
	return ret == -ENOMEM ? -ENOMEM : -EINVAL;
}

static int read_line(char *line, struct stream *s)
{
	char *save, *word;

	*s = (struct stream){
		.send = true, .fd = -1, .rtcp_fd = -1, .moved_fd = -1, .moved_rtcp_fd = -1
	};
	for (word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = 0;
		if (!value || read_field(s, word, value) < 0) {
			fprintf(stderr, "rtpwire-peer: bad field \"%s=%s\" in the stream list\n",
				word, value ? value : "");
			return -EINVAL;
		}
	}
	if (s->local.port_be == 0 || s->remote.port_be == 0) {
		fprintf(stderr, "rtpwire-peer: stream %u needs local= and remote=\n", s->id);
		return -EINVAL;
	}
	return 0;
}

static int append(struct peer *p, const struct stream *s)
{
	struct stream *grown;

	if (p->stream_count == PEER_STREAMS_MAX) {
		fprintf(stderr, "rtpwire-peer: more than %u streams\n", PEER_STREAMS_MAX);
		return -EINVAL;
	}
	grown = realloc(p->streams, (p->stream_count + 1) * sizeof(*grown));
	if (!grown) {
		fprintf(stderr, "rtpwire-peer: out of memory\n");
		return -ENOMEM;
	}
	p->streams = grown;
	p->streams[p->stream_count++] = *s;
	return 0;
}

int list_read(FILE *in, struct peer *p)
{
	char line[1024];
	struct stream s;
	int ret;

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "#\r\n")] = 0;
		if (strcmp(line, ".") == 0)
			break;
		if (line[strspn(line, " \t")] == 0)
			continue;
		ret = read_line(line, &s);
		if (ret == 0)
			ret = open_srtp(&s);
		if (ret == 0)
			ret = append(p, &s);
		if (ret < 0)
			return ret;
	}
	if (p->stream_count > 0)
		return 0;
	fprintf(stderr, "rtpwire-peer: the stream list is empty\n");
	return -EINVAL;
}
